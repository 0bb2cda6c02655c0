"""What all inputs of a release have in common, and one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dcmaudit import __version__
from dcmaudit.dicom import Instance
from dcmaudit.dicom.header_view import header_view
from dcmaudit.model import Reference, ReviewState
from dcmaudit.model.redaction import Marking, NewUids, PrivatePolicy, RedactionOptions
from dcmaudit.pipeline.clearance import Ledger
from dcmaudit.pipeline.jobs import RedactionTask
from dcmaudit.pipeline.ocr import OcrJob
from dcmaudit.pipeline.release.house import Noted
from dcmaudit.pipeline.release.policy import Clean, Policy

_LONGEST_VERSION = 22
"""With the policy's name a value of Deidentification Method then has 64 characters at most (PS3.5 6.2, LO)."""


@dataclass(frozen=True, slots=True)
class ReleaseJob:
    """What all inputs of a release have in common; picklable. ``rule_digests`` are those of the files of
    ``rules``, sorted. ``uid_key`` makes new UIDs, ``record_key`` the keyed digests of inputs. ``staging`` is a folder
    beside the outputs where nothing is released yet."""

    policy: Policy
    look: OcrJob
    rules: tuple[str, ...]
    rule_digests: tuple[str, ...]
    uid_key: bytes
    record_key: bytes
    staging: Path

    def lists(self, instance: Instance) -> bool:
        """Whether the list of known identifiers, where there is one, is about the patient of this file."""
        cohort = self.look.plan.cohort
        return cohort is None or cohort.names(next(iter(header_view(instance).get("PatientID") or ()), None))

    def options(self, *, is_seen: bool) -> RedactionOptions:
        """How a file is redacted beside its rectangles, as the policy says; ``is_seen``: by a person, and all of it."""
        policy = self.policy
        is_clean = policy.clean is Clean.MEASURE or (policy.clean is Clean.PERSON and is_seen)
        version = __version__[:_LONGEST_VERSION]
        return RedactionOptions(
            overlays=policy.overlays, icons=policy.icons, private=policy.private,
            remove_high_bits=policy.remove_high_bits, remove_private_bulk=policy.private is PrivatePolicy.REMOVE,
            uids_of=NewUids.ALL, plain_meta=True,
            marking=Marking(f"dcmaudit {version}; policy {policy.title}", version, policy.codes, is_clean),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReleaseTask:
    """One input, and what the database knows of it. ``in_sample``: it was drawn, so that a person has to see it."""

    reference: Reference
    asked: RedactionTask
    state: ReviewState = ReviewState.NOT_REVIEWED
    ledger: Ledger | None = None
    in_sample: bool = False
    position: int = 0
    """Its place among all inputs, of all parts where there are some; from 1."""
    noted: Noted | None = None
    """What it was, and what the database asked of it, before it was looked at."""
