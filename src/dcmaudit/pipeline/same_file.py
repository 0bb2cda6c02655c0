"""Whether a file is still the one that marks in the database were made for: a name says little about its content."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.dicom import Instance
from dcmaudit.model import PlaneKind
from dcmaudit.model.records import IdentityRecord
from dcmaudit.pipeline.content import may_be_other, stamp_of

_WAY_OUT = (
    "look at it again in the reviewer, or with ocr; if the marks fit all the same, dcmaudit db identify notes that"
)
_OTHER = f"it is another file than when it was marked or looked at: its pixel data differ ({_WAY_OUT})"


@dataclass(frozen=True, slots=True)
class Sameness:
    """``problem`` says why marks of the name are not those of this file, ``note`` what nobody can know; or None."""

    problem: str | None = None
    note: str | None = None


def sameness(noted: IdentityRecord, instance: Instance) -> Sameness:
    """Compare an open file with what was noted when it was marked, or looked at last.

    Size, time of change and SOP Instance UID are those of then, and nothing was put in its place since: it is the same.
    Else the pixel data decide, which are read once for that: where they are equal, so are frames and what lies in them;
    overlays and icons need not be. An object of a bucket has no time of change that could be compared.
    """
    stamp, former = stamp_of(instance.reference), noted.identity
    is_instance = instance.sop_instance_uid == former.sop_instance_uid
    # Tools that set all times alike make files of one series equal in both: without a UID nothing tells them apart.
    is_named = former.sop_instance_uid is not None or former.pixel_digest is None
    is_stamped = stamp is not None and stamp == (noted.size, noted.modified_ns) and is_instance and is_named
    if is_stamped and (former.pixel_digest is None or not may_be_other(instance.reference, noted.at)):
        return Sameness()
    # Of an object that was only looked at no more than its UID was noted.
    if former.pixel_digest is None and noted.size is None and is_instance:
        return Sameness()
    if former.pixel_digest is None:
        # A file without pixel data has no digest either, and one by UID alone was noted by nobody who saw it.
        why = "and what its pixels were is not noted" if is_instance else "with another SOP Instance UID"
        return Sameness(f"it was changed since it was marked or looked at, {why} ({_WAY_OUT})")
    if instance.identity().pixel_digest != former.pixel_digest:
        return Sameness(_OTHER)
    # A file that was moved is no other one, nor are its overlays. Else an equal number of bytes says nothing: overlays
    # and icons with another text have as many.
    if is_stamped or _is_all_pixels(instance):
        return Sameness()
    return Sameness(
        note="it was changed or copied since it was marked or looked at: its pixel data are the same, of its overlays "
        "and icons that is not known"
    )


def _is_all_pixels(instance: Instance) -> bool:
    groups = instance.planes.groups
    return all(group.where.is_of_pixels for group in groups if group.kind is not PlaneKind.UNSHOWN)
