"""Writing frames exactly: codestreams, native bytes, and the items and tables around them."""

from dcmaudit.dicom.encode.encapsulate import BasicTable, FragmentWriter, OffsetTables
from dcmaudit.dicom.encode.frames import encode_frame
from dcmaudit.dicom.encode.native import NativeLayout, native_bytes, native_length
from dcmaudit.dicom.encode.parameters import Family, OriginalParameters, Progression, original_parameters
from dcmaudit.dicom.encode.spec import EncodeSpec, Target, needed_precision

__all__ = [
    "BasicTable",
    "EncodeSpec",
    "Family",
    "FragmentWriter",
    "NativeLayout",
    "OffsetTables",
    "OriginalParameters",
    "Progression",
    "Target",
    "encode_frame",
    "native_bytes",
    "native_length",
    "needed_precision",
    "original_parameters",
]
