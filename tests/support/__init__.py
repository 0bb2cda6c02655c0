"""What several test packages share: builders of DICOM files and the list of real ones."""
