"""One data set without its pixel values: what was read of it, where its pixels lie, and what was left in the file."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from dcmaudit.codecs.syntaxes import TransferSyntax
from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.fragments import Fragments
from dcmaudit.dicom.framegroups import FrameGroups

FLOAT_PIXELS, DOUBLE_PIXELS, PIXELS = 0x7FE00008, 0x7FE00009, 0x7FE00010
PIXEL_TAGS = (FLOAT_PIXELS, DOUBLE_PIXELS, PIXELS)
UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that was left in the file: where it lies in the body, and how it is written."""

    tag: int
    vr: str | None
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where one pixel data element lies in the body. ``length`` is what is there, ``declared`` what was promised.

    ``fragments`` is set when the value is encapsulated; ``declared`` is then None.
    """

    tag: int
    vr: str | None
    offset: int
    length: int
    declared: int | None
    fragments: Fragments | None = None


@dataclass(slots=True)
class Header:
    """One data set without its pixel values. ``body`` holds the bytes that all offsets refer to."""

    body: ByteSource
    syntax: TransferSyntax
    meta: Dataset
    dataset: Dataset
    pixels: list[PixelElement] = field(default_factory=list)
    kept: dict[int, Kept] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    loose_ends: list[str] = field(default_factory=list)
    """What could not be read at the end of the file: things that are not audited."""

    frame_groups: FrameGroups | None = None
    end: int | None = None
    """Where the last element ends that could be read, where pixel data are before it; None where that is not known."""
    behind: str | None = None
    """The one of ``loose_ends`` that is about what stands behind ``end``."""

    is_mended: bool = False
    """Whether ``body`` is not the file but a copy with stray delimiters and items taken out."""

    @property
    def attributes(self) -> Attributes:
        """The data set, decoded on demand; without what ``kept`` and ``frame_groups`` name."""
        return Attributes(self.dataset)

    def value_of(self, tag: int) -> bytes | None:
        """The raw value of an element, fetched from the file where it was left there; None where absent."""
        kept = self.kept.get(tag)
        if kept is not None:
            return self.body.read_at(kept.offset, kept.length)
        return self.attributes.raw(tag)
