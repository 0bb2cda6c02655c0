"""What the proof of a written file found."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.model.addresses import PlaneAddress
from dcmaudit.model.counts import counted
from dcmaudit.model.geometry import Box
from dcmaudit.model.shapes import Shape


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be. ``check`` names the rule, ``where`` the plane, element or file part."""

    check: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.check}]"


@dataclass(frozen=True, slots=True)
class PlaneProof:
    """What was compared in one plane: ``asked`` are the plan's boxes, ``changed`` the boxes of what may have changed.

    ``changed`` is larger than ``asked`` where an encoding has no smaller parts (blocks of a JPEG, shared chroma).
    ``decoders`` names who decoded the written plane; ``alone`` says why that is only one, where a second one could not
    be asked, or is no judge.
    """

    address: PlaneAddress
    asked: tuple[Box, ...]
    changed: tuple[Box, ...]
    decoders: tuple[str, ...] = ()
    alone: str = ""
    around: tuple[Box, ...] = ()
    """Boxes of what may look a little different around ``changed``, because decoders interpolate subsampled colour."""
    shapes: tuple[Shape, ...] = ()
    """Shapes that were asked for, each with the size of its plane; ``asked`` has their boxes among the others."""
    rectangles: tuple[Box, ...] = ()
    """Of a plane with shapes: what of ``asked`` was no shape."""

    @property
    def is_exact(self) -> bool:
        """Whether just what was asked for changed."""
        return self.changed == self.asked


@dataclass(frozen=True, slots=True)
class TextLeft:
    """Places of one plane of a written file on which text is seen outside of what was blacked."""

    address: PlaneAddress
    title: str
    boxes: tuple[Box, ...]

    def __str__(self) -> str:
        shown = "; ".join(box.text for box in self.boxes[:_SHOWN])
        more = f"; and {len(self.boxes) - _SHOWN} more" if len(self.boxes) > _SHOWN else ""
        return f"{self.title}: text is left in {counted(len(self.boxes), 'place')}: {shown}{more}"


@dataclass(frozen=True, slots=True)
class TextCheck:
    """What a look at every plane of a written file gave: ``left`` is seen there, ``unseen`` could not be looked at.

    That nothing is left is no proof that there is none: a detector saw none.
    """

    planes: int
    left: tuple[TextLeft, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether every plane was looked at and no text was seen."""
        return not self.left and not self.unseen


_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of comparing a written file with its original and its plan.

    ``checks`` counts what was compared, by rule. ``before`` and ``after`` are ``sha256:`` digests of the two files,
    empty where nobody keeps the record.
    ``touched`` lists the planes in which something was blacked. A proof with any finding has failed. ``text`` is what
    a look for text gave, where one was asked for: it makes no proof fail.
    """

    name: str
    before: str
    after: str
    checks: dict[str, int]
    findings: tuple[Finding, ...]
    touched: tuple[PlaneProof, ...] = ()
    notes: tuple[str, ...] = ()
    text: TextCheck | None = None

    @property
    def passed(self) -> bool:
        """Whether everything that was compared is as it must be, and something was compared at all."""
        return not self.findings and sum(self.checks.values()) > 0
