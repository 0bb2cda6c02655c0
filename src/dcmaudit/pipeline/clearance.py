"""Whether it is known that every plane of a file was looked at: what lets a file be copied as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from dcmaudit.dicom import Instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import (
    Content,
    FrameRange,
    GroupAddress,
    HowSeen,
    PlaneGroup,
    PlaneKind,
    PlaneList,
    PlaneSpan,
    ReviewState,
    Verdict,
    frame_of,
)
from dcmaudit.model.counts import counted
from dcmaudit.model.effort import Effort
from dcmaudit.model.records import IdentityRecord, Look, SeenRecord
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, RedactionOptions

if TYPE_CHECKING:
    from dcmaudit.store import Store


class AcceptedText(Enum):
    """What text an engine may have found in a file that is copied although no person has looked at it."""

    NONE = "none"
    HARMLESS = "harmless"
    """Only text that was read and judged harmless."""

    def allows(self, worst: Verdict | None) -> bool:
        """Whether a file whose worst text is ``worst`` (None: no text) may be copied."""
        return worst is None or (self is AcceptedText.HARMLESS and worst is Verdict.HARMLESS)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the database knows of looks at one file. ``rectangles`` counts its stored rows that have a place."""

    state: ReviewState = ReviewState.NOT_REVIEWED
    rectangles: int = 0
    seen: tuple[SeenRecord, ...] = ()
    identity: IdentityRecord | None = None
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class Clearance:
    """Who is known to have looked at every plane, for the record; or in words why nobody is.

    ``by`` is empty exactly where ``reasons`` is not.
    """

    by: tuple[dict[str, Any], ...] = ()
    reasons: tuple[str, ...] = ()


def ledger_of(store: Store, name: str) -> Ledger:
    """The ledger of one file; StoreError where the database cannot be read."""
    return Ledger(
        store.states([name])[name],
        sum(row.box is not None or row.problem is not None for row in store.rects(name)),
        tuple(store.seen(name)),
        store.identity(name),
        tuple(store.looks(name)),
    )


def clear(
    instance: Instance,
    content: Content,
    ledger: Ledger | None,
    options: RedactionOptions,
    accepted: AcceptedText,
) -> Clearance:
    """Who is known to have looked at every plane of the file as it is now.

    A person: the file is done, what was noted of its content is still so, and every plane that stays was seen. Or an
    engine that reached every plane of these very bytes, where no engine found text in them beyond ``accepted``.
    """
    if ledger is None:
        return Clearance(reasons=(_nobody("there is no database that says who did"),))
    # A tag says "look again": it counts more than any look before.
    if ledger.state is ReviewState.TAGGED:
        return Clearance(reasons=("it is tagged for another look",))
    # Somebody saw text there: a copy would carry it out, whoever has looked.
    if ledger.rectangles:
        text = "the database has rectangles for it that are not asked for now; --from-db blacks them"
        return Clearance(reasons=(text,))
    by_person, of_person = _person(instance, content, ledger, options)
    by_engine, of_engine = _engine(content, ledger.looks, accepted)
    by = (*by_person, *by_engine)
    return Clearance(by) if by else Clearance(reasons=(_nobody(f"{of_person}; {of_engine}"),))


def _nobody(why: str) -> str:
    return f"nobody is known to have looked at every plane of it, so it is not copied: {why}"


# --- a person -----------------------------------------------------------------------------------------------------


def _person(
    instance: Instance, content: Content, ledger: Ledger, options: RedactionOptions
) -> tuple[tuple[dict[str, Any], ...], str]:
    # Planes may have been on the screen by leafing past them; only "done" says that somebody judged them.
    if ledger.state is not ReviewState.DONE:
        return (), f"in the database it is {_STATES[ledger.state]}"
    known, why = _known_groups(instance, content, ledger.identity)
    seen = [record for record in ledger.seen if record.how.is_seen]
    records = [record for record in seen if any(map(known, record.spans))]
    spans = [span for record in records for span in record.spans if known(span)]
    missing = _missing(instance.planes, spans, options)
    if missing:
        return (), f"it is done, but {why or _not_seen(missing, len(instance.planes))}"
    kinds = sorted({record.how.value for record in records})
    people = sorted({record.by for record in records})
    planes = sum(len(group.frames) for group in _shown(instance.planes))
    return ({"who": "person", "by": people, "how": kinds, "planes": planes},), ""


def planes_by_look(instance: Instance, content: Content, ledger: Ledger) -> dict[HowSeen, int]:
    """How many planes people have looked at in each way, of what is in the file still as it was then."""
    known, _ = _known_groups(instance, content, ledger.identity)
    found: dict[HowSeen, int] = {}
    for how in HowSeen:
        spans = [span for record in ledger.seen if record.how is how for span in record.spans if known(span)]
        ranges: dict[GroupAddress, list[FrameRange]] = {}
        for span in spans:
            ranges.setdefault(span.group, []).append(span.frames)
        planes = sum(
            _holds(ranges.get(group.where, ()), frame) for group in _shown(instance.planes) for frame in _frames(group)
        )
        if planes:
            found[how] = planes
    return found


def _not_seen(missing: Sequence[str], planes: int) -> str:
    first = "; ".join(missing[:3]) + ("; ..." if len(missing) > 3 else "")
    return f"not all of its {counted(planes, 'plane')} were seen ({first})"


class _Groups:
    """The groups of planes whose content is still what was seen: all, those of the pixels, or none."""

    def __init__(self, *, all_: bool = False, pixels: bool = False) -> None:
        self._all, self._pixels = all_, pixels

    def __call__(self, span: PlaneSpan) -> bool:
        return self._all or (self._pixels and span.group.is_of_pixels)


def _known_groups(instance: Instance, content: Content, noted: IdentityRecord | None) -> tuple[_Groups, str]:
    """Which groups are still what was seen, and in words why not all."""
    if noted is None:
        return _Groups(), "nothing is noted of what the file held then"
    now = instance.identity()
    # A file without pixels, or with ones that cannot be digested, has none.
    has_digest = noted.identity.pixel_digest is not None
    # Tools that set all times alike make files of one series equal in size and time.
    is_instance = now.sop_instance_uid == noted.identity.sop_instance_uid
    if not is_instance or (has_digest and now.pixel_digest != noted.identity.pixel_digest):
        return _Groups(), "it is another file than when it was looked at"
    if not has_digest and noted.size is None:
        return _Groups(), "nothing is noted of what its pixels were then"
    # The same bytes as far as size and time of change tell: all planes are known, not only those of the pixels.
    if noted.size is not None and (noted.size, noted.modified_ns) == (content.size, content.modified_ns):
        return _Groups(all_=True), ""
    if has_digest:
        return _Groups(pixels=True), "" if _is_all_pixels(instance.planes) else (
            "the file was changed since it was looked at: its pixels are the same, its other planes are not known"
        )
    return _Groups(), "the file was changed since it was looked at"


def _is_all_pixels(planes: PlaneList) -> bool:
    return all(group.where.is_of_pixels for group in _shown(planes))


def _shown(planes: PlaneList) -> list[PlaneGroup]:
    return [group for group in planes.groups if group.kind is not PlaneKind.UNSHOWN]


def _missing(planes: PlaneList, spans: Sequence[PlaneSpan], options: RedactionOptions) -> list[str]:
    """The groups that stay in the output and of which some plane was not seen, each in words."""
    seen: dict[GroupAddress, list[FrameRange]] = {}
    for span in spans:
        seen.setdefault(span.group, []).append(span.frames)
    found = []
    for group in _shown(planes):
        # What is taken out cannot leave with the copy.
        if _goes(group, options):
            continue
        left = sum(not _holds(seen.get(group.where, ()), frame) for frame in _frames(group))
        if left:
            found.append(f"{left} of {group.title}" if len(group.frames) > 1 else group.title)
    return found


def _goes(group: PlaneGroup, options: RedactionOptions) -> bool:
    """Whether the options take the whole group out, so that nobody need have seen it."""
    kinds = {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY}
    return (
        (group.kind in kinds and options.overlays is OverlayPolicy.REMOVE)
        or (group.kind is PlaneKind.ICON and options.icons is IconPolicy.REMOVE)
        or (group.kind is PlaneKind.STRAY_BIT and options.remove_high_bits)
    )


def _frames(group: PlaneGroup) -> Iterable[int]:
    return (frame_of(group.address(position)) for position in range(len(group.frames)))


def _holds(ranges: Iterable[FrameRange], frame: int) -> bool:
    return any(frame in one for one in ranges)


# --- an engine ----------------------------------------------------------------------------------------------------


_LEAST = Effort(judges=())
"""What a look must have been asked: of the quick mode, and of other finders alone, nobody measured what they miss."""


def _engine(content: Content, looks: Sequence[Look], accepted: AcceptedText) -> tuple[tuple[dict[str, Any], ...], str]:
    if not looks:
        return (), "ocr has not looked at it, or an earlier version that noted nothing (dcmaudit ocr --review looks)"
    # Looks are of a file's bytes: those at an earlier state say nothing of this one.
    here = [look for look in looks if look.digest == content.digest]
    whole = [look for look in here if look.complete]
    if not whole:
        return (), "; ".join(dict.fromkeys(_why_not(look, content) for look in looks))
    hard = [look for look in whole if look.effort is None or look.effort.covers(_LEAST)]
    if not hard:
        how = whole[0].effort.words() if whole[0].effort is not None else ""
        return (), f"ocr looked at it with {how}, too little to copy it (dcmaudit ocr looks harder)"
    # All of them, also those that were not complete: text that one engine found is there, whatever another missed.
    if not all(accepted.allows(look.worst) for look in here):
        limit = "" if accepted is AcceptedText.NONE else " that is not harmless"
        return (), f"ocr found text in it{limit}, and no person has seen all of it"
    return tuple(_engine_record(look) for look in hard), ""


def _why_not(look: Look, content: Content) -> str:
    if look.digest is not None and look.digest != content.digest:
        return "the file was changed since ocr looked at it"
    if look.reasons:
        return f"ocr could not look at all of it: {look.outcome.value}: {look.reasons[0]}"
    return "ocr left planes or places of it out, as it was asked to"


def _engine_record(look: Look) -> dict[str, Any]:
    text = "none" if look.worst is None else look.worst.name.lower()
    at = None if look.at is None else look.at.isoformat(timespec="seconds")
    record = {"who": "ocr", "engine": int(look.engine), "by": look.by, "at": at, "planes": look.planes, "text": text}
    # Of a look of an earlier version nobody noted it.
    return record if look.effort is None else record | {"how": look.effort.words()}


_STATES = {
    ReviewState.NOT_REVIEWED: "not known by this name, or not reviewed",
    ReviewState.IN_WORK: "not done",
    ReviewState.DONE: "done",
    ReviewState.TAGGED: "tagged for another look",
}


def require_decoded(instance: Instance) -> int:
    """Decode every plane that can be shown, one at a time; how many there are.

    Raises DecodeError, UnsupportedError or TruncatedError with the plane and the reason where a decoder refuses one.
    """
    count = 0
    for plane in instance.all_planes():
        if plane.kind is not PlaneKind.UNSHOWN:
            instance.read(plane.address)
            count += 1
    return count


def undecoded(instance: Instance) -> str | None:
    """Why the file cannot be copied: no decoder reads one of its planes, or it has none. None where all are read."""
    try:
        count = require_decoded(instance)
    except DcmauditError as error:
        return f"no decoder reads all of it, so it is not copied: {error.words}"
    return None if count else "nothing in it can be shown, so nobody can have looked at it and it is not copied"
