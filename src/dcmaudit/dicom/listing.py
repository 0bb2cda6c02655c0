"""The list of all planes of an instance, in the order that the program promises (``model.planes``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dcmaudit.dicom.extras import FrameExtras
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.iconparts import IconPart
from dcmaudit.dicom.icons import Icon
from dcmaudit.dicom.overlays import FoundOverlays
from dcmaudit.dicom.stray import StrayScan
from dcmaudit.dicom.unshown import unshown_blobs
from dcmaudit.model import PlaneGroup, PlaneKind, PlaneList, UnshownKind
from dcmaudit.model.planes import Unshown


def plane_list(
    image: FrameReader | None,
    overlays: FoundOverlays,
    icons: Sequence[Icon],
    parts: Sequence[IconPart],
    unshown: Iterable[Unshown],
    *,
    stray: StrayScan | None,
    extras: FrameExtras | None,
) -> PlaneList:
    """Every plane that is known so far; ``stray`` and ``extras`` are None before the frames were searched for them.

    ``parts`` are the further planes of icons, ``unshown`` what the header tells that cannot be shown.
    """
    groups: list[PlaneGroup] = []
    if image is not None:
        groups.append(PlaneGroup(PlaneKind.FRAME, 0, range(image.count), image.layout.size))
    groups.extend(overlays.groups)
    if stray is not None and image is not None:
        groups.extend(
            PlaneGroup(PlaneKind.STRAY_BIT, bit, frames, image.layout.size)
            for bit, frames in sorted(stray.bits.items())
        )
    groups.extend(
        PlaneGroup(PlaneKind.ICON, icon.number, range(1), icon.reader.layout.size)
        for icon in icons
        if icon.reader is not None
    )
    groups.extend(
        PlaneGroup(PlaneKind.ICON, len(icons) + place, range(1), part.size, name=part.name)
        for place, part in enumerate(parts)
    )
    if extras is not None:
        groups.extend(PlaneGroup(PlaneKind.THUMBNAIL, index, frames, size) for index, size, frames in extras.groups())
    groups.extend(
        PlaneGroup(PlaneKind.UNSHOWN, i, range(1), None, reason=it.reason, name=it.name, unshown=it.kind)
        for i, it in enumerate([*unshown, *_found_in_frames(stray, extras)])
    )
    return PlaneList(groups)


def _found_in_frames(stray: StrayScan | None, extras: FrameExtras | None) -> list[Unshown]:
    """What the search of the frames found and cannot be shown."""
    found: list[Unshown] = []
    if extras is not None:
        found += unshown_blobs(extras.blobs)
        found += [Unshown(UnshownKind.THUMBNAIL, *words) for words in extras.unshown]
        found += [Unshown(UnshownKind.CODESTREAM, *words) for words in extras.pieces]
    if stray is not None:
        found += [Unshown(UnshownKind.UNUSED_BITS, "unused bits", reason) for reason in stray.problems]
    return found
