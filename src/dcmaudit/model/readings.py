"""What was found on the planes of a file: places of text, each with a judgement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dcmaudit.model.addresses import PlaneAddress
from dcmaudit.model.engines import NerEngine, OcrEngine
from dcmaudit.model.facts import DeviceFacts, Identity
from dcmaudit.model.geometry import Box
from dcmaudit.model.regions import Keep, Verdict
from dcmaudit.model.states import Result


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason. ``reason`` names kinds of attributes and patterns, never the text itself.

    ``judge`` is who said so. ``keep``: what kind of harmless text it is, None for any other and where nobody knows.
    """

    verdict: Verdict
    reason: str
    judge: NerEngine = NerEngine.NONE
    keep: Keep | None = None


_ORDER = {Verdict.IDENTIFYING: 0, Verdict.UNKNOWN: 1, Verdict.HARMLESS: 2}


def worst(judgements: Iterable[Judgement]) -> Judgement | None:
    """The judgement that decides about all of them together; None where there are none."""
    return min(judgements, key=lambda judgement: _ORDER[judgement.verdict], default=None)


@dataclass(frozen=True, slots=True)
class Finding:
    """A place of text on a plane, or an area that stands for one.

    ``box`` is in the pixels of the plane, ``confidence`` between 0 and 1, None where nobody measured it. ``engine``
    is who found it. ``is_form``: it is the whole of a page of text.
    """

    box: Box
    text: str = field(repr=False)
    confidence: float | None
    judgement: Judgement
    engine: OcrEngine
    is_form: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """A place that was looked at and not taken for text, with how likely it is text, 0 to 1."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class PlaneReading:
    """What was found on one plane; ``reason`` says why it could not be looked at, None where it was.

    ``whole`` is the judgement of all its text together, None where there is none. ``doubts`` are what the detector
    saw and did not count, the likeliest first.
    """

    address: PlaneAddress
    title: str
    findings: tuple[Finding, ...] = ()
    whole: Judgement | None = None
    reason: str | None = None
    doubts: tuple[Doubt, ...] = ()

    @property
    def text(self) -> str:
        """The whole text of the plane, line after line."""
        return " ".join(finding.text for finding in self.findings if finding.text)

    @property
    def is_form(self) -> bool:
        """Whether the plane is a page of text: the first finding is then all of it."""
        return any(finding.is_form for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held when it was looked at.

    ``digest`` is ``sha256:`` and the hexadecimal digest of every byte of the file, ``size`` counts them.
    ``modified_ns`` is the time of change of a file of this machine, None for an object of a bucket.
    """

    digest: str
    size: int
    modified_ns: int | None


@dataclass(frozen=True, slots=True)
class FileReading:
    """What was found in one file. ``notes`` are remarks that keep nothing from being found."""

    result: Result
    planes: tuple[PlaneReading, ...] = ()
    device: DeviceFacts = field(default_factory=DeviceFacts)
    notes: tuple[str, ...] = ()
    looked_at: int = 0
    """Planes that an engine really looked at; the others were empty, or the same as one of those."""
    seconds: float = 0.0
    content: Content | None = None
    """What was looked at; None where nobody asked for it, or it could not be told."""
    identity: Identity | None = None
    """What stays the same when the file is moved; None as for ``content``."""
    instance: bytes | None = None
    """What tells two files of one instance, ``instance_key``."""

    @property
    def boxes(self) -> int:
        """How many places of text were found."""
        return sum(len(plane.findings) for plane in self.planes)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that counts for the whole file; None where no text was found."""
        decided = worst(finding.judgement for plane in self.planes for finding in plane.findings)
        return None if decided is None else decided.verdict
