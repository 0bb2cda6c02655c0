"""What a batch of redactions is asked, what one file of it is asked, and how one file ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dcmaudit.model import Reference, Result
from dcmaudit.model.packed import PackedRects
from dcmaudit.model.records import IdentityRecord
from dcmaudit.model.redaction import RedactionOptions, Request
from dcmaudit.model.screen import Screen
from dcmaudit.model.travel import Travels
from dcmaudit.pipeline.clearance import AcceptedText, Ledger
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.remote import Target
from dcmaudit.pipeline.sidefiles import RECORD, WORD, SideFiles


@dataclass(frozen=True, slots=True)
class RedactionJob:
    """What all files of a batch have in common.

    ``rules`` are files of deid rules or CTP scripts, () for none. ``uid_key`` is the secret of the run from which
    new SOP Instance UIDs are made, None to keep them. ``copy_clean``: a file for which nothing is asked is copied
    as it is, where it is known that every plane was looked at; by an engine, where it found no text beyond
    ``accepted``. ``check_text``: every plane of what was written is looked at for text that is left.
    ``allow_unstored``: what a reviewer's screen showed black and is not in the plan is no reason to refuse a file.
    ``reviewer_rules``: the files of rules that a reviewer's screen shows black by default, for files of which no record
    says what was black.
    ``keeps_record``: the caller keeps the record of the proof, which then names both files by their digests; side files
    always do.
    ``threads``: how many frames of one file may be compared at once, where nobody else works in this process's stead.
    ``resume``: an output that is there is proved again, and gets the side files that it lacks. ``asked`` is the
    ``run_digest`` with which outputs are sealed, empty where nobody keeps seals. ``user`` is noted in records.
    """

    naming: Naming
    options: RedactionOptions = field(default_factory=RedactionOptions)
    rules: tuple[str, ...] = ()
    ultrasound: bool = False
    uid_key: bytes | None = None
    sidecar: bool = False
    proof_file: bool = False
    copy_clean: bool = False
    accepted: AcceptedText = AcceptedText.NONE
    dry_run: bool = False
    check_text: bool = False
    allow_unstored: bool = False
    reviewer_rules: tuple[str, ...] = ()
    keeps_record: bool = True
    threads: int = 1
    resume: bool = False
    asked: bytes = b""
    user: str = ""

    @property
    def sides(self) -> SideFiles:
        """The files that are to lie beside each output."""
        wanted = {WORD: self.sidecar, RECORD: self.proof_file}
        return SideFiles(tuple(suffix for suffix, is_wanted in wanted.items() if is_wanted))


@dataclass(frozen=True, slots=True)
class PackedMarks(Travels):
    """Rectangles of the database that whoever works on the file makes requests of, see ``stored_marks.unpacked``.

    ``keeps_harmless``: those whose text was judged harmless are not asked for. ``unreviewed``: without a rectangle
    nothing of the database counts. ``notes`` are said where the rectangles are those that were stored.
    """

    rects: PackedRects
    keeps_harmless: bool = False
    unreviewed: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactionTask(Travels):
    """One file: its reference, what was asked for it, and what is wrong with what was asked.

    ``ledger`` is what the database knows of looks at it; None where nobody asked, or there is no database. ``undone``
    is why the file may not be redacted by the database; a copy, of which something else is asked, may be made.
    ``noted`` is what the marks of the database, or its being done there, are about; None where nobody noted that, or
    nothing of the database counts. ``screen`` is what a reviewer's screen showed black when the file was finished; None
    where nobody knows, and ``is_unrecorded`` says that it was finished all the same, by an earlier version or another
    program. ``marks`` are asked for, too, and have yet to be looked at.
    """

    reference: Reference
    requests: tuple[Request, ...] = ()
    problems: tuple[str, ...] = ()
    ledger: Ledger | None = None
    undone: str | None = None
    screen: Screen | None = None
    notes: tuple[str, ...] = ()
    """What has to be said of the file whatever becomes of it."""
    is_unrecorded: bool = False
    noted: IdentityRecord | None = None
    marks: PackedMarks | None = None


@dataclass(frozen=True, slots=True)
class RedactionReport(Travels):
    """How one file ended. ``output`` exists only where the proof passed; ``plan`` lines are for people."""

    result: Result
    output: Target | None = None
    plan: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    proof: dict[str, Any] | None = None
    partly: bool = False
    """The file holds parts that nobody could look at, whatever its outcome."""
    instance: bytes | None = None
    """What tells two files of one instance, ``instance_key``."""
    uids: dict[str, str] = field(default_factory=dict)
    """Old UIDs with the new ones in their place."""
    seal: bytes = b""
    """What the output is known by to a run that goes on, see ``dcmaudit.pipeline.asked``; empty for none."""
