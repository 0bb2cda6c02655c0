"""Redacted files in memory with what their proof needs, and ways to damage them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames

from dcmaudit.dicom import open_instance
from dcmaudit.model import Box, Origin, Reference, Scope
from dcmaudit.model.proof import Proof
from dcmaudit.model.redaction import RedactionOptions, RedactionPlan, Request
from dcmaudit.pipeline.painter import BlackPainter
from dcmaudit.redact import make_plan, write_redacted
from dcmaudit.verify import prove
from support.files import MemoryReference

Damage = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Redacted:
    """A file, its plan, and the file that the writer made of it."""

    before: Reference
    plan: RedactionPlan
    after: bytes
    how: dict[str, Any] = field(default_factory=dict)

    def proof(self, data: bytes | None = None, **how: Any) -> Proof:
        """The proof of the writer's file, or of ``data`` in its place."""
        written = MemoryReference("written.dcm", self.after if data is None else data)
        return prove(self.before, written, self.plan, **(self.how | how))


def ask(box: tuple[int, int, int, int] | None, scope: Scope) -> Request:
    """A request for a box given as left, top, right, bottom (half-open)."""
    return Request(None if box is None else Box(*box), scope, Origin.COMMAND, "asked by a test")


def redacted(
    before: Reference, *requests: Request, options: RedactionOptions | None = None, new_uid: str | None = None
) -> Redacted:
    """``before`` redacted by the program's own writer."""
    with open_instance(before) as instance:
        plan = make_plan(before.name, instance.scan_frames(), requests, options)
        assert not plan.problems, plan.problems
        out = io.BytesIO()
        maker = None if new_uid is None else (lambda _old: new_uid)
        write_redacted(instance, plan, out, BlackPainter(), new_uid=maker)
    return Redacted(before, plan, out.getvalue(), {} if new_uid is None else {"new_uids": True})


def edited(change: Callable[[Dataset], object]) -> Damage:
    """A damage that pydicom makes: ``change`` is given the data set of the written file."""

    def damage(data: bytes) -> bytes:
        found = dcmread(io.BytesIO(data))
        change(found)
        out = io.BytesIO()
        found.save_as(out, enforce_file_format=True)
        return out.getvalue()

    return damage


def reframed(change: Callable[[list[bytes]], Sequence[bytes]], **table: Any) -> Damage:
    """A damage of the frames of encapsulated pixel data; they are encapsulated anew with a right offset table."""

    def put(found: Dataset) -> None:
        frames = list(generate_frames(found.PixelData, number_of_frames=int(found.get("NumberOfFrames", 1))))
        found.PixelData = encapsulate(list(change(frames)), **table)
        found["PixelData"].is_undefined_length = True

    return edited(put)


def cells_changed(change: Callable[[np.ndarray[Any, Any]], object], dtype: str = "<u2") -> Damage:
    """A damage of native pixel data: ``change`` edits its cells, flat."""

    def put(found: Dataset) -> None:
        cells = np.frombuffer(found.PixelData, dtype).copy()
        change(cells)
        found.PixelData = cells.tobytes()

    return edited(put)


def replaced(old: bytes, new: bytes, *, last: bool = False) -> Damage:
    """A damage of bytes: ``old``, which must be there, becomes ``new``."""

    def damage(data: bytes) -> bytes:
        at = data.rfind(old) if last else data.find(old)
        assert at >= 0
        return data[:at] + new + data[at + len(old) :]

    return damage


def element_start(data: bytes, tag: int) -> int:
    """Where the last element of that tag begins in a little endian file."""
    at = data.rfind(struct.pack("<HH", tag >> 16, tag & 0xFFFF))
    assert at >= 0
    return at
