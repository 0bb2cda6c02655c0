"""Everything about one file in one go: is it shown, partly shown or refused, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dcmaudit.dicom.instance import Instance
from dcmaudit.dicom.opener import open_instance
from dcmaudit.errors import DcmauditError, NotDicomError, SourceError, UnsupportedError
from dcmaudit.model import Outcome, PlaneKind, Reference, Result


@dataclass(frozen=True, slots=True)
class Examination:
    """What came of reading every plane of one file.

    ``planes`` counts by kind the planes that could be read, ``refused`` those that could not (unshown entries
    are not counted: their reasons are in ``result``). ``notes`` are remarks about planes that are shown.
    ``transfer_syntax_uid`` and ``photometric_interpretation`` are None where the header could not be read.
    """

    result: Result
    planes: dict[PlaneKind, int]
    refused: int = 0
    notes: tuple[str, ...] = ()
    transfer_syntax_uid: str | None = None
    photometric_interpretation: str | None = None


def examine(reference: Reference) -> Examination:
    """Open the file, read every plane once, and say what came of it; errors of the tree become the outcome.

    DONE: every plane was read. PARTLY: some were. REFUSED: the file is no image that can be shown (no DICOM, no
    pixels, a syntax without decoder). FAILED: it should be one, and is damaged or cannot be reached.
    """
    try:
        with open_instance(reference) as instance:
            return _examined(instance)
    except DcmauditError as error:
        refused = isinstance(error, NotDicomError | UnsupportedError)
        outcome = Outcome.REFUSED if refused and not isinstance(error, SourceError) else Outcome.FAILED
        return Examination(Result(reference.name, outcome, (error.message,)), {})


def _examined(instance: Instance) -> Examination:
    counts: Counter[PlaneKind] = Counter()
    reasons: Counter[str] = Counter()
    damaged, refused = int(instance.is_damaged), 0
    for plane in instance.all_planes():
        if plane.kind is PlaneKind.UNSHOWN:
            reasons[f"{plane.group.name}: {plane.group.reason}"] += 1
            continue
        try:
            instance.read(plane.address)
        except DcmauditError as error:
            refused += 1
            damaged += not isinstance(error, UnsupportedError)
            # The same fault in a thousand frames is one reason: what lies under the error that names the frame.
            fault = error.__cause__ if isinstance(error.__cause__, DcmauditError) else error
            reasons[fault.message] += 1
        else:
            counts[plane.kind] += 1
    outcome = Outcome.DONE
    if reasons:
        outcome = Outcome.PARTLY if counts else Outcome.FAILED if damaged else Outcome.REFUSED
    return Examination(
        Result(instance.reference.name, outcome, tuple(_counted(reasons))),
        dict(counts),
        refused,
        instance.notes,
        instance.facts.transfer_syntax_uid,
        instance.facts.photometric_interpretation,
    )


def _counted(reasons: Counter[str]) -> list[str]:
    return [reason if count == 1 else f"{reason} ({count} planes)" for reason, count in reasons.items()]
