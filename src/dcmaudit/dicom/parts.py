"""What an open instance is made of, for the parts of this package that write it again."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.header import Header
from dcmaudit.dicom.icons import Icon
from dcmaudit.dicom.overlays import FoundOverlays


@dataclass(frozen=True, slots=True)
class Parts:
    """Header, frames, overlays and icons of one instance. Nothing of it may be changed; copy what you edit."""

    header: Header
    image: FrameReader | None
    overlays: FoundOverlays
    icons: tuple[Icon, ...]
