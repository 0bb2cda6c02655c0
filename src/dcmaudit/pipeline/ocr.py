"""Text on every plane of one file: opened, looked at plane by plane, with how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable

from dcmaudit.dicom import open_instance
from dcmaudit.dicom.mark import Mark
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Content, DeviceFacts, FileReading, Identity, Outcome, PlaneReading, Reference, Result
from dcmaudit.pipeline.content import content_of, instance_key, stamp_of
from dcmaudit.pipeline.planelooks import FileLook, OcrJob, Ultrasound

__all__ = ["OcrJob", "Ultrasound", "read_file"]


def read_file(job: OcrJob, reference: Reference, *, stop: Callable[[], bool] | None = None) -> FileReading:
    """Find and judge the text on every plane of one file.

    Nothing raises but what no input can cause: what fails is the reason of its plane, or of the file. DONE means
    that every plane was looked at (with ``overlays`` off: every other plane). Other processes may help with a long
    file, but for ``stop``.
    """
    started, stamp = time.monotonic(), stamp_of(reference)
    content: Content | None = None
    identity: Identity | None = None
    instance_of: bytes | None = None
    mark: Mark | None = None
    planes: list[PlaneReading] = []
    device, work, failure = DeviceFacts(), None, None
    notes: tuple[str, ...] = ()
    try:
        job.make_finder()  # a missing engine is said whatever the file is
        with open_instance(reference) as instance:
            device, notes = instance.facts.device, instance.notes
            instance_of = instance_key(instance.facts.sop_instance_uid)
            work = FileLook(job, instance, stop)
            planes.extend(work.run())
            # While it is open, for the digest is of the pixels that were looked at.
            identity = instance.identity() if job.notes_content else None
            mark = instance.mark
        if job.notes_content:
            content = content_of(reference, mark)
            # Planes of two states of a file were looked at: the look is of neither.
            if stamp != stamp_of(reference):
                failure, content = "it changed while it was looked at", None
    except DcmauditError as error:
        failure = error.words
    except MemoryError:
        failure = "there is not enough memory for it"
    more = work.notes if work is not None else []
    return FileReading(
        _outcome(reference.name, planes, failure),
        tuple(planes),
        device,
        (*notes, *more),
        len(work.looked_at) if work is not None else 0,
        time.monotonic() - started,
        content,
        identity if content is not None else None,
        instance_of,
    )


def _outcome(name: str, planes: list[PlaneReading], failure: str | None) -> Result:
    reasons = [f"{plane.title}: {plane.reason}" for plane in planes if plane.reason]
    if failure is not None:
        reasons.append(failure)
    seen = any(plane.reason is None for plane in planes)
    if seen or (not reasons and not planes and failure is None):
        return Result(name, Outcome.PARTLY if reasons else Outcome.DONE, tuple(reasons))
    if failure is None:
        return Result(name, Outcome.REFUSED, tuple(reasons))
    return Result(name, Outcome.FAILED, tuple(reasons))
