"""The original tool's programs by their names, as thin entries over our commands.

``programs`` holds one function for each name, ``differences`` the one table of what is not the same here: the help of
each program, the page about the original in the documentation and the notes at run time are made of it.
"""

from dcmaudit.cli.original.programs import (
    dbrects_to_deid_rules,
    dcmaudit,
    dicom_ocr,
    dicom_pixel_anon,
    dicom_redact,
    pydicom_images,
)

__all__ = [
    "dbrects_to_deid_rules",
    "dcmaudit",
    "dicom_ocr",
    "dicom_pixel_anon",
    "dicom_redact",
    "pydicom_images",
]
