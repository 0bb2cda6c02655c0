"""The whole proof of one file: what was written, read again and compared with the original and the plan."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Reference
from dcmaudit.model.proof import PlaneProof, Proof
from dcmaudit.model.redaction import RedactionPlan
from dcmaudit.verify.comparison import compare
from dcmaudit.verify.longproof import Divide, LongProof
from dcmaudit.verify.pair import Pair
from dcmaudit.verify.record import Record
from dcmaudit.verify.shapes import with_shapes
from dcmaudit.verify.side import Side

_CHUNK = 256 << 10


def prove(
    before: Reference,
    after: Reference,
    plan: RedactionPlan,
    *,
    new_uids: bool = False,
    digests: bool = True,
    threads: int = 1,
    divide: Divide | None = None,
) -> Proof:
    """What a comparison of a written file with its original and its plan found.

    Both files are opened anew and read to their last byte. Everything that the plan does not ask for must be as it was:
    stored values, other bits, frames, overlays, icons, elements; everything that it asks for must be black as
    rendered, and hold one value. The frames that changed are decoded by a second library where there is one. Nothing
    of the redactor or the writer is used. At most ``threads`` compressed frames are read at a time. ``divide``: who has
    the frames of a long file compared run by run; what is found is the same whoever compares them.

    ``new_uids`` says that a new SOP Instance UID was asked for. ``digests``: whether the proof names both files by
    their SHA-256. Nothing is proved by them, for the files are compared with each other; they tie a record that is
    kept to its files, and take several times as long as comparing native pixels.

    Never raises for what a file holds: a file that cannot be read or compared is a finding. PS3.3 C.7.6.3, PS3.5
    annex A, PS3.10 7.1.
    """
    record = Record()
    planes: list[PlaneProof] = []
    found = ["", ""]
    try:
        with ExitStack() as stack:
            files = [Side.open(stack, reference) for reference in (before, after)]
            # Hashing leaves the interpreter to others, so that it goes on beside the comparison.
            pool = stack.enter_context(ThreadPoolExecutor(2))
            hashing = [pool.submit(_digest, file.source) for file in files] if digests else []
            try:
                pair = Pair(files[0], files[1], plan, record, new_uids)
                work = LongProof.of(files[0], files[1], plan)
                planes = compare(pair, threads=threads, work=work, divide=divide)
                planes = [with_shapes(plane, plan) for plane in planes]
            finally:
                found = [digest.result() for digest in hashing] or found
    except DcmauditError as error:
        record.fail("reading", "the file", error.message)
    except OSError as error:
        record.fail("reading", "the file", f"it cannot be read: {error.strerror}")
    except Exception as error:  # a proof that breaks off has not passed
        record.fail("reading", "the file", f"the comparison broke off ({type(error).__name__})")
    return Proof(
        plan.name, found[0], found[1], dict(record.checks), record.findings(), tuple(planes), tuple(record.notes)
    )


def _digest(source: ByteSource) -> str:
    digest = hashlib.sha256()
    for at in range(0, source.size, _CHUNK):
        digest.update(source.read_at(at, min(_CHUNK, source.size - at)))
    return f"sha256:{digest.hexdigest()}"
