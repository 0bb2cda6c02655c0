"""DICOM files with burned-in strings whose ink is known to the pixel, in two halves that share nothing."""
