"""One open file: its planes as arrays and pictures, what is written on them, what would be blacked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from dcmaudit.api.redaction import plan_of
from dcmaudit.api.references import BytesReference, Source, reference_of
from dcmaudit.api.search import text_search
from dcmaudit.api.suggestions import learned_regions
from dcmaudit.audit import TextLook, header_rectangles
from dcmaudit.detect.rules import RuleSet
from dcmaudit.dicom import Instance as OpenInstance
from dcmaudit.dicom import open_instance
from dcmaudit.dicom.mark import mark_of
from dcmaudit.errors import UsageError
from dcmaudit.model import (
    Everywhere,
    FrameAddress,
    InstanceFacts,
    Origin,
    Plane,
    PlaneAddress,
    PlaneKind,
    PlaneList,
    PlaneReading,
    Reference,
    Region,
    Scope,
    View,
    parse_key,
)
from dcmaudit.model.records import NewRect, shape_rect
from dcmaudit.model.redaction import RedactionOptions, RedactionPlan, Request
from dcmaudit.model.shapes import Shape
from dcmaudit.pipeline.content import stamp_of
from dcmaudit.pipeline.planelooks import run_starts
from dcmaudit.render import render
from dcmaudit.store import OcrEngine, Store

_FULL = View()


class Instance:
    """One open DICOM file. Use it in a ``with`` block, from one thread at a time."""

    def __init__(self, instance: OpenInstance) -> None:
        self._instance = instance
        self._searched = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._instance.close()

    @property
    def name(self) -> str:
        """What the file is called in messages and in a database."""
        return self._instance.reference.name

    @property
    def reference(self) -> Reference:
        """What the file was opened from."""
        return self._instance.reference

    @property
    def facts(self) -> InstanceFacts:
        """What the header says of device, size and encoding; nothing of a person."""
        return self._instance.facts

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks about the header that keep nothing from being shown."""
        return self._instance.notes

    @property
    def planes(self) -> PlaneList:
        """Every plane, in order: frames, overlays, stray bits, icons, thumbnails, and what cannot be shown.

        The first call looks at the cells of every frame, for bits that no attribute tells of.
        """
        if not self._searched:
            self._instance.scan_frames()
            self._searched = True
        return self._instance.planes

    @property
    def unshown(self) -> tuple[tuple[str, str], ...]:
        """Names and reasons of what nobody can look at; a file with none of these is wholly shown.

        >>> with dcmaudit.open(example_file) as instance:
        ...     instance.unshown
        ()
        """
        return tuple(
            (group.name, group.reason or "") for group in self.planes.groups if group.kind is PlaneKind.UNSHOWN
        )

    def read(self, plane: Plane | PlaneAddress | str) -> npt.NDArray[np.generic]:
        """The stored values of a plane: (rows, columns), or (rows, columns, 3) for colour, in the cell's own dtype.

        Overlays and stray bits are uint8 of 0 and 1. DicomError where it cannot be decoded, UsageError where the
        file has no such plane.

        >>> with dcmaudit.open(example_file) as instance:
        ...     array = instance.read("f0")
        >>> array.shape, array.dtype.name
        ((48, 64), 'uint8')
        """
        return self._instance.read(self._plane(plane).address).array

    def picture(self, plane: Plane | PlaneAddress | str, view: View = _FULL) -> npt.NDArray[np.uint8]:
        """The plane as people see it, uint8 of (rows, columns) or (rows, columns, 3). Errors as for ``read``.

        >>> with dcmaudit.open(example_file) as instance:
        ...     shown = instance.picture("f0", dcmaudit.View(inverted=True))
        >>> int(shown.max())
        255
        """
        return render(self._instance.read(self._plane(plane).address), view)

    def find_text(
        self,
        planes: Iterable[Plane | PlaneAddress | str] | None = None,
        *,
        engine: str = "rapidocr",
        mode: str = "default",
        read: bool = True,
        judges: str = "header,patterns,allowlist",
    ) -> list[PlaneReading]:
        """What is written on ``planes`` (default: all), each place with a verdict; what ``dcmaudit ocr`` finds.

        ``read`` False finds text and does not read it. ``judges`` as for ``--pii``. A plane that cannot be looked at
        has its ``reason``. EngineError or MissingExtraError where the engine cannot be used.

        >>> with dcmaudit.open(example_file) as instance:
        ...     readings = instance.find_text(read=False)
        >>> [len(reading.findings) for reading in readings]
        [0]
        """
        search = text_search(engine, mode, judges, read=read)
        look = TextLook(search, search.make_finder(), self._instance, in_order=planes is None)
        if planes is not None:
            return [_looked(look, self._plane(plane)) for plane in planes]
        readings, starts = [], run_starts(len(self._instance.first_planes))
        for place, plane in enumerate(self.planes):
            if place in starts:
                look.forget()
            readings.append(_looked(look, plane))
        return readings

    def header_rectangles(self, rules: RuleSet | None = None, *, ultrasound: bool = True) -> tuple[Region, ...]:
        """What deid rules and the ultrasound regions of the header would have blacked in every frame.

        >>> with dcmaudit.open(example_file) as instance:
        ...     instance.header_rectangles()
        ()
        """
        return header_rectangles(self._instance, rules, ultrasound=ultrasound).regions

    def plan(
        self,
        requests: Iterable[Request] = (),
        *,
        rules: str | Sequence[str] = (),
        ultrasound: bool = False,
        options: RedactionOptions | None = None,
    ) -> RedactionPlan:
        """What a redaction would do, with ``problems`` where it cannot be done as asked. Nothing is written.

        ``rules`` are files of deid rules or CTP scripts. RuleError where one has an error.

        >>> with dcmaudit.open(example_file) as instance:
        ...     plan = instance.plan([dcmaudit.black((0, 0, 20, 10), "f0")])
        >>> plan.problems, [str(box) for box in plan.boxes(plan.listing[0])]
        ((), ['Box(left=0, top=0, right=20, bottom=10)'])
        """
        return plan_of(self._instance, requests, rules, options or RedactionOptions(), ultrasound=ultrasound)

    def suggestions(self, store: Store, plane: Plane | PlaneAddress | str) -> list[Region]:
        """Where text is likely on a plane, learned from what was marked on similar files and finished.

        >>> with dcmaudit.open_store(empty_folder, user="me", read_only=True) as store:
        ...     with dcmaudit.open(example_file) as instance:
        ...         instance.suggestions(store, "f0")
        []
        """
        return learned_regions(store, self._instance, self._plane(plane))

    def mark(self, store: Store, requests: Iterable[Request], *, done: bool = False) -> None:
        """Store rectangles for the file, in one step; ``done``: and mark it as finished, so that others learn from it.

        StoreError where the database cannot be written. UsageError for a request without its box, a box that reaches
        outside of its plane, a shape that blacks nothing, and for bytes that were opened without a ``name``: the
        database keeps marks by names.
        """
        if isinstance(self.reference, BytesReference) and not self.reference.is_named:
            raise UsageError(
                "bytes have no name to keep marks under", hint="open them with name=..., or the file by its path"
            )
        rects = [self._rect(one) for one in requests]
        self._note_content(store)
        store.add_rects(self.name, rects)
        if done:
            store.mark_done(self.name, self.facts.device, self.facts.sop_class_uid)

    def _note_content(self, store: Store) -> None:
        """Note what the marks are about, before they are there: a name may lead to another file one day."""
        stamp, identity = stamp_of(self.reference), self._instance.identity()
        # Digest and time must be of one content: the file may have been exchanged since it was opened.
        with self.reference.open() as stream:
            is_open = mark_of(stream) == self._instance.mark
        if stamp is None or not is_open:
            store.put_identity(self.name, identity)
        else:
            store.put_identity(self.name, identity, size=stamp[0], modified_ns=stamp[1])

    def _rect(self, request: Request) -> NewRect:
        if request.shape is not None:
            return shape_rect(
                self._sized(request.shape, request.scope), request.scope, frames=self._frames(request.scope)
            )
        if request.box is None:
            raise UsageError("a rectangle to be stored needs its box", file=self.name, hint="give left, top, ...")
        size = self._plane(FrameAddress(0)).size if request.scope is Everywhere.ALL_FRAMES else None
        if not isinstance(request.scope, Everywhere):
            size = self._plane(request.scope).size
        if size is not None and not request.box.is_inside(size):
            words = f"the rectangle {request.box.text} reaches outside of its plane"
            raise UsageError(words, file=self.name, hint=f"it has {size.width} x {size.height} pixels")
        engine = OcrEngine.RULE if request.origin is Origin.RULE else OcrEngine.NONE
        return NewRect(request.box, request.scope, engine)

    def _sized(self, shape: Shape, scope: Scope) -> Shape:
        """The shape with the size of its plane."""
        plane = self._plane(FrameAddress(0) if isinstance(scope, Everywhere) else scope)
        if plane.size is None or shape.size not in {None, plane.size}:
            raise UsageError("the shape is of a plane of another size", file=self.name, hint=f"it is {plane.size}")
        return shape.on(plane.size)

    def _frames(self, scope: Scope) -> int | None:
        return self.facts.number_of_frames if scope is Everywhere.ALL_FRAMES else None

    def _plane(self, plane: Plane | PlaneAddress | str) -> Plane:
        if isinstance(plane, Plane):
            return plane
        address = parse_key(plane) if isinstance(plane, str) else plane
        index = self._instance.planes.find(address)
        index = self.planes.find(address) if index is None else index
        if index is None:
            words = getattr(address, "key", repr(address))  # a number, say: planes have keys
            raise UsageError(f"the file has no plane {words}", file=self.name, hint="its planes are in .planes")
        return self._instance.planes[index]


def _looked(look: TextLook, plane: Plane) -> PlaneReading:
    from dcmaudit.errors import DcmauditError

    if plane.kind is PlaneKind.UNSHOWN:
        return PlaneReading(plane.address, plane.title, reason=plane.group.reason or "it cannot be shown")
    try:
        return look.look_at(plane)
    except DcmauditError as error:
        return PlaneReading(plane.address, plane.title, reason=error.words)


def open(source: Source, *, name: str | None = None) -> Instance:  # noqa: A001 - read as dcmaudit.open
    """Open a DICOM file: a path, its bytes, or a binary file object. ``name`` is what it is called in messages.

    NotDicomError, TruncatedError or HeaderError for what is no usable DICOM file, SourceError for what cannot be read.

    >>> with open(example_file, "rb") as stream:
    ...     instance = dcmaudit.open(stream, name="from a socket")
    >>> with instance:
    ...     instance.name, len(instance.planes)
    ('from a socket', 1)
    """
    return Instance(open_instance(reference_of(source, name)))
