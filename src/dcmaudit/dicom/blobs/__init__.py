"""Values outside the pixel data in which a picture could hide: found, and told from what cannot be one."""

from dcmaudit.dicom.blobs.blob import Blob
from dcmaudit.dicom.blobs.elements import blobs_of_frames, find_blobs
from dcmaudit.dicom.blobs.safe_private import SAFE_PRIVATE, is_safe_private
from dcmaudit.dicom.blobs.signatures import Look, has_signature, looks_like, small_picture, text_that_is_none

__all__ = [
    "SAFE_PRIVATE",
    "Blob",
    "Look",
    "blobs_of_frames",
    "find_blobs",
    "has_signature",
    "is_safe_private",
    "looks_like",
    "small_picture",
    "text_that_is_none",
]
