"""What the writing of one redacted file works with: the original's parts, the plan, and what is done to frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dcmaudit.dicom.blobs import is_safe_private
from dcmaudit.dicom.header import Header, PixelElement
from dcmaudit.dicom.instance import Instance
from dcmaudit.dicom.parts import Parts
from dcmaudit.model.redaction import RedactionPlan, Removal
from dcmaudit.redact.elements.strip import Stripper
from dcmaudit.redact.frame_edits import FrameEdits
from dcmaudit.redact.frames.codestreams import TRANSCODED, FrameWork
from dcmaudit.redact.paint import Painter

NewUid = Callable[[str], str]


@dataclass(slots=True)
class Written:
    """What the writer did beside the plan: ``notes`` in words for the report, ``removals`` what it left out."""

    transfer_syntax_uid: str
    notes: list[str] = field(default_factory=list)
    removals: tuple[Removal, ...] = ()
    uids: dict[str, str] = field(default_factory=dict)
    """Old UIDs that were replaced anywhere in the data set, with the new ones."""


@dataclass(slots=True)
class Draft:
    """One file on its way. ``work`` is None where there is no image.

    ``transcode``: every frame becomes lossless JPEG. ``stripper`` leaves elements out, None where nothing is to be.
    """

    parts: Parts
    plan: RedactionPlan
    painter: Painter
    new_uid: NewUid | None
    edits: FrameEdits
    stripper: Stripper | None
    work: FrameWork | None
    transcode: bool
    written: Written

    @classmethod
    def of(cls, instance: Instance, plan: RedactionPlan, painter: Painter, new_uid: NewUid | None) -> Draft:
        """The draft of one file; errors as of ``FrameEdits`` and ``FrameWork``."""
        parts = instance.parts
        header, image, edits = parts.header, parts.image, FrameEdits(parts, plan)
        work, transcode = None, False
        if image is not None:
            work = FrameWork(image, header, painter, parts.overlays, clean=plan.blacks)
            transcode = work.needs_transcoding(edits.touched(image.count))
        written = Written(TRANSCODED.value if transcode else header.syntax.uid)
        return cls(parts, plan, painter, new_uid, edits, _stripper(plan), work, transcode, written)

    @property
    def header(self) -> Header:
        """The original's header."""
        return self.parts.header

    @property
    def image_element(self) -> PixelElement | None:
        """The pixel data element of the image that is shown."""
        return None if self.work is None else self.work.reader.element


def _stripper(plan: RedactionPlan) -> Stripper | None:
    """Who leaves elements out, None where nothing is to be left out."""
    # A copy in which nothing was blacked has no secret that could be elsewhere in it.
    if not plan.blacks and not plan.options.remove_private_bulk:
        return None
    return Stripper(plan.options.private, plan.options.icons, whole=plan.blacks, safe=is_safe_private)
