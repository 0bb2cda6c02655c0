"""What all inputs of a release have in common, and one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dcmaudit.model import Reference, ReviewState
from dcmaudit.model.redaction import NewUids, PrivatePolicy, RedactionOptions
from dcmaudit.pipeline.clearance import Ledger
from dcmaudit.pipeline.jobs import RedactionTask
from dcmaudit.pipeline.ocr import OcrJob
from dcmaudit.pipeline.release.policy import Policy


@dataclass(frozen=True, slots=True)
class ReleaseJob:
    """What all inputs of a release have in common; picklable. ``uid_key`` makes new UIDs, ``record_key`` the keyed
    digests of inputs. ``staging`` is a folder beside the outputs where nothing is released yet."""

    policy: Policy
    look: OcrJob
    rules: tuple[str, ...]
    uid_key: bytes
    record_key: bytes
    staging: Path

    @property
    def options(self) -> RedactionOptions:
        """How files are redacted beside their rectangles, as the policy says."""
        return RedactionOptions(
            overlays=self.policy.overlays, icons=self.policy.icons, private=self.policy.private,
            remove_high_bits=self.policy.remove_high_bits, uids_of=NewUids.ALL, plain_meta=True,
            remove_private_bulk=self.policy.private is PrivatePolicy.REMOVE,
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
