"""The planes of the two files, and the plan's overlays and icons."""

from __future__ import annotations

from dcmaudit.dicom.overlays import ClassicOverlay
from dcmaudit.model import FrameAddress, OverlayAddress, PlaneGroup, PlaneKind
from dcmaudit.model.proof import PlaneProof
from dcmaudit.model.redaction import IconPolicy
from dcmaudit.verify.dataset import Element
from dcmaudit.verify.demands import Boxes
from dcmaudit.verify.elements import icon_places
from dcmaudit.verify.overlays import compare_icon, compare_overlay, is_plain_icon, length_of
from dcmaudit.verify.pair import Pair
from dcmaudit.verify.shapes import asked_boxes

_SHOWN = (PlaneKind.FRAME, PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY, PlaneKind.ICON)


def require_icons(pair: Pair) -> None:
    """A plan that blacks frames must black icons too, unless it is told to keep or remove them."""
    frames = any(group.kind is PlaneKind.FRAME and pair.boxes(number)
                 for number, group in enumerate(pair.plan.listing.groups))  # fmt: skip
    frames |= any(isinstance(address, FrameAddress) and items for address, items in pair.plan.planes.items())
    # Whoever asked for icons to be kept or removed has been told what that means.
    if not frames or pair.plan.options.icons is not IconPolicy.REDACT:
        return
    for group in pair.plan.listing.groups:
        if group.kind is PlaneKind.ICON:
            pair.record.require("plan", group.title, "frames are blacked and it is not",
                                holds=bool(pair.icon_boxes(group.number)))  # fmt: skip


def compare_planes(pair: Pair) -> None:
    """The same planes are there, in the same order and size, but for those that the plan removes."""
    removed = pair.removed_overlays()
    old = [group for group in pair.before.instance.planes.groups if group.kind in _SHOWN]
    new = [group for group in pair.after.instance.planes.groups if group.kind in _SHOWN]
    planned = [group for group in pair.plan.listing.groups if group.kind in _SHOWN]
    pair.record.require("planes", "the plan", "it was made for other planes than the original has",
                        holds=planned == old)  # fmt: skip
    for group in old:
        if group in new:
            pair.record.require("planes", group.title, "its place in the order is another", holds=True)
        # Icons that are gone are judged with the elements that held them.
        elif group.kind is not PlaneKind.ICON:
            pair.record.require("planes", group.title, "it is missing, or of another size, place or number of "
                                "frames", holds=group.number in removed)  # fmt: skip
    kept = [group for group in old if group in new]
    others = [group for group in new if group not in old and group.kind is not PlaneKind.ICON]
    pair.record.require("planes", "the list of planes", "planes are there that the original does not have",
                        holds=not others)  # fmt: skip
    pair.record.require("planes", "the list of planes", "their order is another",
                        holds=[group for group in new if group in old] == kept)  # fmt: skip
    names = {group.name for group in pair.before.instance.planes.groups if group.kind is PlaneKind.UNSHOWN}
    if removed:
        names.add("the whole instance")  # where overlays were all there was to look at
    unread = [group.name for group in pair.after.instance.planes.groups
              if group.kind is PlaneKind.UNSHOWN and group.name not in names]  # fmt: skip
    pair.record.require("planes", "the list of planes", f"cannot be looked at any more: {', '.join(unread)}",
                        holds=not unread)  # fmt: skip


def compare_overlays(pair: Pair) -> tuple[list[PlaneProof], set[int]]:
    """Compare the overlays that the plan touches; what was compared comes back, and the tags of their data."""
    single: dict[int, dict[int, Boxes]] = {}
    for address, items in pair.plan.planes.items():
        if isinstance(address, OverlayAddress) and items:
            single.setdefault(address.group, {})[address.frame] = asked_boxes(items)
    proofs: list[PlaneProof] = []
    found: set[int] = set()
    for number, group in enumerate(pair.plan.listing.groups):
        if group.kind is not PlaneKind.OVERLAY or group.number in pair.removed_overlays():
            continue
        everywhere, own = pair.boxes(number), single.get(group.number, {})
        # What stands behind its last frame goes wherever something is blacked.
        if everywhere or own or (pair.plan.blacks and _has_rest(pair, group)):
            old, new = pair.before.instance.parts, pair.after.instance.parts
            proofs += compare_overlay(pair.record, old, new, group, everywhere, own)
            if isinstance(new.overlays.places.get(group.number), ClassicOverlay):
                found.add(group.number << 16 | 0x3000)
    return proofs, found


def _has_rest(pair: Pair, group: PlaneGroup) -> bool:
    """Whether bits of an overlay belong to none of its frames."""
    place = pair.before.instance.parts.overlays.places.get(group.number)
    return isinstance(place, ClassicOverlay) and 8 * length_of(place.value) > len(group.frames) * place.frame_bits


def compare_icons(
    pair: Pair, elements: tuple[dict[int, Element], dict[int, Element]]
) -> tuple[list[PlaneProof], set[int]]:
    """Compare the icons that the plan touches; what was compared comes back, and their numbers in the original."""
    old, new = pair.before.instance.parts.icons, pair.after.instance.parts.icons
    kept = list(old)
    if len(new) < len(old):  # whether those that are gone may be, is judged with the elements
        left = {place.path for place in icon_places(pair.after.data, elements[1])}
        places = icon_places(pair.before.data, elements[0])
        kept = [icon for icon, place in zip(old, places, strict=False) if place.path in left]
    if not pair.record.require("icons", "icons", f"there are {len(new)}, {len(kept)} were expected",
                               holds=len(new) == len(kept)):  # fmt: skip
        return [], set()
    proofs: list[PlaneProof] = []
    touched: set[int] = set()
    for was, now in zip(kept, new, strict=True):
        boxes = pair.icon_boxes(was.number)
        whole = pair.plan.options.icons is IconPolicy.REMOVE
        if not boxes and not whole:
            continue
        touched.add(was.number)
        proof = compare_icon(pair.record, was, now, boxes, whole=whole)
        proofs += [proof] if proof is not None else []
    return proofs, touched


def removable_icons(pair: Pair, elements: dict[int, Element]) -> frozenset[int]:
    """Where the sequences of icons begin that may be left out: asked for, or not to be redacted where they lie."""
    options, parts = pair.plan.options, pair.before.instance.parts
    places = icon_places(pair.before.data, elements)
    if options.icons is IconPolicy.REMOVE:
        return frozenset(place.sequence.start for place in places)
    if options.icons is IconPolicy.KEEP or pair.plan.is_empty:
        return frozenset()
    return frozenset(
        place.sequence.start
        for icon, place in zip(parts.icons, places, strict=False)
        if not is_plain_icon(icon, place.elements)
    )
