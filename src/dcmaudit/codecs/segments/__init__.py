"""What lies in the codestream of a frame beside the frame: segments, boxes, trailing bytes, and thumbnails in them."""

from dcmaudit.codecs.segments.pieces import Piece, pieces_of
from dcmaudit.codecs.segments.thumbnails import Thumbnail, thumbnails_in

__all__ = ["Piece", "Thumbnail", "pieces_of", "thumbnails_in"]
