"""The policy of a release; every default is the careful one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dcmaudit.model import Judgement, Keep, Verdict
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, PrivatePolicy
from dcmaudit.report.policies import policy_record


class Eyes(Enum):
    """Whose eyes a release needs. There is no default: somebody has to say it."""

    ALL = "all"
    """A person has seen every plane of every file."""
    SAMPLE = "sample"
    """A person has seen every plane of the files of a drawn sample (``dcmaudit sample draw``)."""
    NONE = "none"
    """No person; the detector and the rules alone."""


class Headers(Enum):
    """What is known of identifying attributes in headers, which this program does not clean."""

    REFUSE = "refuse"
    """A file with a filled identifying attribute is held back."""
    BEFORE = "cleaned-before"
    """Another program cleaned them before; the report repeats that."""
    AFTER = "cleaned-after"
    """Another program will clean them; the report repeats that."""


class Clean(Enum):
    """Who stands for it that no identifying text is left, so that a file may say so (PS3.15 E.3.1)."""

    NOBODY = "nobody"
    """No file says so."""
    PERSON = "person"
    """A file says so of which a person has seen every plane."""
    MEASURE = "measure"
    """Every file says so; the policy states the measure."""


KINDS = {"marker": Keep.MARKER, "scale": Keep.SCALE, "measurement": Keep.MEASUREMENT, "label": Keep.LABEL}
"""Kinds of harmless text by the words of a policy; ``other`` is harmless text of no kind, such as a site's own list."""
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is looked at, what is blacked, what is held back. Immutable; ``policy_record`` is what the report prints."""

    eyes: Eyes
    headers: Headers = Headers.REFUSE
    name: str = ""
    """What released files call it; empty: the beginning of its digest."""
    mode: str = "default"
    engine: str = "rapidocr"
    black: frozenset[Verdict] = frozenset({Verdict.IDENTIFYING, Verdict.UNKNOWN})
    """Text with these verdicts is blacked."""
    keep: frozenset[str] = frozenset({"marker", "measurement", "label", OTHER})
    """Kinds of harmless text that are kept; those of other kinds are blacked. Scales are, as the default: of them the
    least is measured (``bench/judge``)."""
    rules: bool = True
    ultrasound: bool = True
    marks: bool = True
    """Rectangles that people stored count."""
    needs_marks: bool = False
    """The policy says itself that they count: without a database there is no release."""
    overlays: OverlayPolicy = OverlayPolicy.NONE
    icons: IconPolicy = IconPolicy.REDACT
    private: PrivatePolicy = PrivatePolicy.REMOVE
    remove_high_bits: bool = False
    modalities: frozenset[str] = frozenset()
    """Only files of these modalities are released; empty: any that names one."""
    models: frozenset[str] = frozenset()
    """Only files of these devices (Manufacturer's Model Name) are released; empty: any."""
    classes: frozenset[str] = frozenset()
    """Only files of these SOP classes (UIDs) are released; empty: any."""
    hold_forms: bool = True
    """A page of text is held back and not blacked whole."""
    confidence: float = 0.85
    """A file is held back in which text is to be kept that was read with less confidence than this."""
    doubts: float = 1.0
    """A file is held back in which the detector saw a place that is at least so likely text, and did not count it."""
    hold_unlisted: bool = True
    """With a list of known identifiers: a file of a patient that it does not name is held back."""
    sample: Path | None = None
    """The list of the sample, with ``eyes`` SAMPLE."""
    clean: Clean = Clean.NOBODY
    measure: str = ""
    """What the claim stands on, with ``clean`` MEASURE: the report repeats it."""
    codes: tuple[str, ...] = ()
    """Codes of CID 7050 that somebody who cleaned the headers before stands for."""
    seen_modalities: frozenset[str] = frozenset()
    """A person must have seen every file of these modalities, whatever ``eyes`` says of others."""
    seen_models: frozenset[str] = frozenset()
    """A person must have seen every file of these devices (Manufacturer's Model Name), too."""

    @property
    def needs_people(self) -> bool:
        """Whether a person must have seen some file."""
        return self.eyes is not Eyes.NONE or bool(self.seen_modalities or self.seen_models)

    def needs_person(self, modality: str, model: str, *, in_sample: bool) -> bool:
        """Whether a person must have seen all of this file."""
        if self.eyes is Eyes.ALL or _may_be(modality, self.seen_modalities) or _may_be(model, self.seen_models):
            return True
        return self.eyes is Eyes.SAMPLE and in_sample

    def blacks(self, judgement: Judgement) -> bool:
        """Whether text with this judgement is blacked."""
        if judgement.verdict in self.black:
            return True
        names = {kind: name for name, kind in KINDS.items()}
        kind = OTHER if judgement.keep is None else names[judgement.keep]
        return judgement.verdict is Verdict.HARMLESS and kind not in self.keep

    @property
    def title(self) -> str:
        """What released files call the policy."""
        return self.name or self.digest[:12]

    @property
    def digest(self) -> str:
        """The SHA-256 of what it says, in hexadecimal."""
        return hashlib.sha256(json.dumps(policy_record(self), sort_keys=True).encode()).hexdigest()


def _may_be(value: str, named: frozenset[str]) -> bool:
    """Whether the value of a header is one of these, in whatever case and with whatever blanks.

    One that is not there may be any of them: it must not be what spares a file a person's eyes.
    """
    return bool(named) and (not value.strip() or folded(value) in map(folded, named))


def folded(text: str) -> str:
    """A name of a device as names are compared: case and blanks do not count."""
    return "".join(text.split()).casefold()
