"""Writing frames exactly: codestreams and native bytes."""

from dcmaudit.codecs.encode.frames import encode_frame
from dcmaudit.codecs.encode.native import NativeLayout, native_bytes
from dcmaudit.codecs.encode.parameters import Family, OriginalParameters, Progression, original_parameters
from dcmaudit.codecs.encode.spec import EncodeSpec, Target, needed_precision

__all__ = [
    "EncodeSpec",
    "Family",
    "NativeLayout",
    "OriginalParameters",
    "Progression",
    "Target",
    "encode_frame",
    "native_bytes",
    "needed_precision",
    "original_parameters",
]
