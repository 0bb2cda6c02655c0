"""DICOM: bytes to a data set, an instance and its planes. The only part of the program that knows pydicom."""

from dcmaudit.codecs.samples import Lut, Palette, Samples, Window
from dcmaudit.dicom import quiet as _quiet  # first, so that nothing is printed while the rest is imported
from dcmaudit.dicom.examination import Examination, examine
from dcmaudit.dicom.instance import Instance
from dcmaudit.dicom.opener import open_instance
from dcmaudit.dicom.tags import TagRow

__all__ = [
    "Examination",
    "Instance",
    "Lut",
    "Palette",
    "Samples",
    "TagRow",
    "Window",
    "examine",
    "open_instance",
]

del _quiet
