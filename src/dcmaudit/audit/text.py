"""Text on the planes of one instance: find, read, judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from dcmaudit.audit.pictures import pictures_of
from dcmaudit.audit.search import TextSearch
from dcmaudit.detect.ocr import Line, Memory, Picture, TextFinder, forms, still
from dcmaudit.detect.ocr.spots import grey_of
from dcmaudit.detect.pii import NOT_READ, Chain
from dcmaudit.dicom import Instance, Lut, Samples
from dcmaudit.dicom.header_view import header_view
from dcmaudit.errors import DcmauditError
from dcmaudit.model import (
    Box,
    Doubt,
    Finding,
    Judgement,
    Plane,
    PlaneGroup,
    PlaneKind,
    PlaneReading,
    Size,
    Verdict,
    worst,
)
from dcmaudit.model.engines import NerEngine, OcrEngine
from dcmaudit.render import pictures_for_text

_KEPT = 4096
"""Different planes of one file whose answers are kept for later planes that are the same."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Resting:
    """What rests in the frames of one instance."""

    lines: tuple[still.StillLine, ...]


class TextLook:
    """One open instance while text is looked for on its planes. Not to be used from two threads at once.

    What rests in a cine is looked for once for all of its frames, whichever is asked for first. ``in_order``: the
    planes are asked for one after the other, so that of a cine only what changed since the frame before is looked at;
    the edge of a box may then lie a pixel or two from where a look at all of the frame has it. ``resting`` is what
    rests in the frames, where another look has found it before.
    """

    def __init__(
        self,
        search: TextSearch,
        finder: TextFinder,
        instance: Instance,
        *,
        in_order: bool = False,
        resting: Resting | None = None,
    ) -> None:
        self._finder, self._instance, self._in_order = finder, instance, in_order
        self._stop = _never
        self._mode = search.mode
        # Where nothing is read nobody judges, and neither judges nor the header are made ready for it.
        self._chain = search.plan.chain(header_view(instance)) if search.read else Chain(())
        self._known: dict[bytes, tuple[tuple[Finding, ...], tuple[Doubt, ...]]] = {}
        self._resting = resting
        self._still: list[still.StillLine] = []
        self._still_of: PlaneGroup | None = None
        self._memory: Memory | None = None
        self._memory_of: PlaneGroup | None = None
        self.looked_at: set[bytes] = set()
        """Digests of the planes that an engine really looked at; the others were empty, or the same as one of those."""

    def look_at(self, plane: Plane, *, stop: Callable[[], bool] = _never) -> PlaneReading:
        """What is written on ``plane``, in the pixels of the plane.

        ``stop`` is asked between looks; once it says True, the answer is what was found until then, and is not kept.
        DecodeError, UnsupportedError or TruncatedError where the plane cannot be read, EngineError where an engine
        fails, MemoryError where there is too little of it.
        """
        samples = self._instance.read(plane.address)
        key = _digest(samples)
        known = self._known.get(key)
        if known is None:
            self._stop = stop
            known = self._look(plane, samples, key)
            if stop():
                self._still_of = self._memory_of = None
            elif len(self._known) < _KEPT:
                self._known[key] = known
        findings, doubts = known
        whole = worst(finding.judgement for finding in findings)
        return PlaneReading(plane.address, plane.title, findings, whole, doubts=doubts)

    def forget(self) -> None:
        """What was seen on planes says nothing of those that come; what rests in the frames is kept."""
        self._known, self._memory_of = {}, None

    def resting(self, group: PlaneGroup) -> Resting:
        """What rests in the frames of ``group``, for other looks at the same instance; errors as ``look_at``."""
        return Resting(tuple(self._still_in(group)))

    def _look(self, plane: Plane, samples: Samples, key: bytes) -> tuple[tuple[Finding, ...], tuple[Doubt, ...]]:
        pictures = pictures_of(samples, self._mode)
        if not pictures:
            return (), ()
        self.looked_at.add(key)
        resting = self._still_lines(plane, pictures[0])
        seen = self._finder.look(pictures, known=resting, memory=self._remembered(plane), stop=self._stop)
        doubts = tuple(Doubt(line.box, line.score) for line in seen.rejected)
        return self._judged(pictures[0], seen.lines), doubts

    def _judged(self, picture: Picture, lines: list[Line]) -> tuple[Finding, ...]:
        engine = self._finder.engine
        by = OcrEngine.LINES if engine is None else engine.kind
        judgements = [NOT_READ] * len(lines)
        if engine is not None:
            judgements = self._chain.judge_all(
                [line.text for line in lines], [line.box for line in lines], [line.confidence for line in lines]
            )
        findings = [
            Finding(line.box, line.text, line.confidence, judgement, by)
            for line, judgement in zip(lines, judgements, strict=True)
        ]
        if forms.is_form(picture, lines):
            findings.insert(0, _form(picture, lines))
        return tuple(findings)

    def _remembered(self, plane: Plane) -> Memory | None:
        """What is kept from frame to frame of the group that the plane is in."""
        if not self._in_order or len(plane.group.frames) < 2:
            return None
        if self._memory_of is not plane.group:
            self._memory_of, self._memory = plane.group, Memory()
        return self._memory

    def _still_lines(self, plane: Plane, picture: Picture) -> list[Line]:
        if plane.kind is not PlaneKind.FRAME or len(plane.group.frames) < still.FEWEST_FRAMES:
            return []
        lines = self._still_in(plane.group) if self._resting is None else self._resting.lines
        grey = grey_of(picture) if lines else picture
        return [line.line for line in lines if line.is_in(grey)]

    def _still_in(self, group: PlaneGroup) -> list[still.StillLine]:
        if self._still_of is not group:
            self._still_of, self._still = group, self._find_still(group)
        return self._still

    def _find_still(self, group: PlaneGroup) -> list[still.StillLine]:
        frames: list[Picture] = []
        area = group.size.area if group.size else 1
        for place in still.sampled(len(group.frames), area):
            if self._stop():
                return []
            try:
                frames += pictures_for_text(self._instance.read(group.address(place)), quick=True)
            except DcmauditError:
                continue  # it is named when its turn comes
        return still.find_still(self._finder, frames) if len(frames) >= still.FEWEST_FRAMES else []


def _form(picture: Picture, lines: list[Line]) -> Finding:
    """One rectangle over the whole of a page of text: handwriting on it is read badly or not at all."""
    rows, columns = picture.shape[:2]
    whole = Box.whole(Size(int(columns), int(rows)))
    sure = forms.is_read(lines)
    verdict, judge = (Verdict.IDENTIFYING, NerEngine.FORM) if sure else (Verdict.UNKNOWN, NerEngine.NONE)
    reason = Judgement(verdict, forms.reason(lines), judge)
    return Finding(whole, "", None, reason, OcrEngine.FORM, is_form=True)


def _digest(samples: Samples) -> bytes:
    """The same for two planes that look the same in every rendering."""
    digest = blake2b(samples.array.tobytes(), digest_size=16)
    looks = (samples.array.shape, samples.array.dtype.str, samples.photometric, samples.windows)
    digest.update(repr(looks).encode())
    palette = samples.palette
    tables = (*samples.voi_luts, *((palette.red, palette.green, palette.blue) if palette else ()))
    for table in (samples.modality, *tables):
        digest.update(repr((table.first, table.bits)).encode() if isinstance(table, Lut) else repr(table).encode())
        digest.update(table.data.tobytes() if isinstance(table, Lut) else b"")
    return digest.digest()
