"""What was asked of an output, and what lay there then: by it a run that goes on tells what is done from what is not.

A name says nothing of that: an output may be cut short, may have been made with fewer rectangles, or of an input that
lies there no longer. So a run notes a seal of each output: a digest of what was asked, of size and time of the input
and of the output. The same seal now means that all of it is as it was when the output was proved.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from dcmaudit import __version__
from dcmaudit.errors import SourceError
from dcmaudit.model import Reference
from dcmaudit.model.redaction import Request
from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
from dcmaudit.pipeline.remote import Remote, Target
from dcmaudit.plainfile import read_regular
from dcmaudit.sources import s3
from dcmaudit.sources.s3.names import ObjectName

Stamp = tuple[int | str, ...]
"""Size in bytes and what else tells whether something changed: times in nanoseconds, or what a server calls it."""


def run_digest(job: RedactionJob) -> bytes:
    """A digest of what a run asks of all its files: options, what rules hold, and the version of the program.

    How fast it works, where outputs go and what lies beside them is not in it; whether partly audited ones may lie
    among the others is. OSError where rules cannot be read.
    """
    said = (
        __version__, repr(job.options), _contents(job.rules), job.ultrasound, job.uid_key is not None, job.copy_clean,
        job.accepted.value, job.allow_unstored, _contents(job.reviewer_rules), job.naming.mixed,
    )  # fmt: skip
    return blake2b(repr(said).encode(), digest_size=16).digest()


def seal_of(asked: bytes, task: RedactionTask, input_: Stamp, target: Target | str, output: Stamp) -> bytes:
    """Eight bytes that stand for an output: what was asked of it, and the stamps of input and output.

    ``asked`` is ``run_digest``.
    """
    digest = blake2b(asked, digest_size=8)
    digest.update(repr((_asked(task), input_, str(target), output)).encode("utf-8", "surrogatepass"))
    return digest.digest()


def task_digest(task: RedactionTask) -> str:
    """A digest of all that is asked of one file, in hexadecimal digits."""
    return blake2b(repr(_asked(task)).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _asked(task: RedactionTask) -> tuple[Any, ...]:
    noted = None if task.noted is None else repr(task.noted.identity)
    # What is only told (notes) changes no output; a problem or a file that is not done is refused and has none.
    said = (
        task.reference.name, [_words(one) for one in task.requests], task.problems, task.undone, noted,
        task.is_unrecorded, None if task.screen is None else repr(task.screen),
        None if task.ledger is None else repr(task.ledger),
    )  # fmt: skip
    if task.marks is None:
        return said
    # As they came from the database: rows of whole numbers, of which the requests are made.
    rects = task.marks.rects
    return (*said, rects.rows, rects.marks, rects.total, task.marks.keeps_harmless, task.marks.unreviewed)


def lies(target: Target) -> Stamp | None:
    """Size and time of what lies at a place; None where that is no file, or nobody can tell."""
    if isinstance(target, Remote):
        found = s3.object_at(target.place)
        return None if found is None else (found.size, found.etag or str(found.modified))
    try:
        return stamp(os.stat(target)) if target.is_file() else None  # noqa: PTH116 - of each of many files
    except (OSError, ValueError):
        return None


def stamp(status: os.stat_result) -> Stamp:
    """The stamp of an output of this machine."""
    return status.st_size, status.st_mtime_ns


def stamp_of_input(status: os.stat_result) -> Stamp:
    """The stamp of an input of this machine, also by when it got its name or its bytes last.

    What is copied or unpacked over it may bring along size and time of change from long ago.
    """
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def input_stamp(reference: Reference) -> Stamp | None:
    """The stamp of an input, of an object in one request; None where there is none."""
    if getattr(reference, "stamp", None) is not None:
        try:
            # By what the server calls the content: its times are of whole seconds.
            return lies(Remote(ObjectName.parse(reference.name)))
        except SourceError:
            return None
    path = getattr(reference, "path", None)
    try:
        return None if path is None else stamp_of_input(os.stat(path))  # noqa: PTH116 - of each of many files
    except (OSError, ValueError):
        return None


def _contents(paths: Iterable[str]) -> list[str]:
    # Rules by what they hold: a file of the same name may say something else now.
    return [blake2b(read_regular(path), digest_size=16).hexdigest() for path in paths if Path(path).exists()]


def _words(request: Request) -> tuple[Any, ...]:
    box = request.box
    edges = None if box is None else (box.left, box.top, box.right, box.bottom)
    return edges, _said(request.scope), request.origin.value, request.reason, _said(request.shape)


@lru_cache(maxsize=4096)
def _said(value: object) -> str:
    """The words of a scope or a shape: records of numbers, of which a batch has few different ones."""
    return repr(value)
