"""Stored samples to pictures: rendering, projections, contact sheets and their files. Arrays in, arrays out."""

from dcmaudit.dicom.render.encode import encode_png, encode_tiff
from dcmaudit.dicom.render.view import Shown, render, shown_as

__all__ = ["Shown", "encode_png", "encode_tiff", "render", "shown_as"]
