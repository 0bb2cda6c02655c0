"""Finding text and proposing rectangles: rules, ultrasound regions, text detectors. Knows no DICOM library."""
