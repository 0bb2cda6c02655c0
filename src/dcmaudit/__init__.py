"""Find, show and remove text burned into the pixels of DICOM images."""

__version__ = "0.1.0"
