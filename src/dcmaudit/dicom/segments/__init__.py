"""What lies in the codestream of a frame beside the frame: segments, boxes, trailing bytes, and thumbnails in them."""

from dcmaudit.dicom.segments.pieces import Piece, pieces_of
from dcmaudit.dicom.segments.scan import FrameExtras, scan_extras, thumbnail_of
from dcmaudit.dicom.segments.thumbnails import Thumbnail, thumbnails_in

__all__ = ["FrameExtras", "Piece", "Thumbnail", "pieces_of", "scan_extras", "thumbnail_of", "thumbnails_in"]
