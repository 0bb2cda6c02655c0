"""The texts of addresses, each written once: what one function writes another reads, and nothing else.

===============  =====================================  ====================================
where            text                                   functions
===============  =====================================  ====================================
page, URL, JSON  ``f3 o6000.3 b12.3 i0 t3.0 x0``        ``PlaneAddress.key``, ``parse_key``
table of kinds   ``f o6000 b12 i0 t0 x0``               ``GroupAddress.key``, ``parse_group``
shared table     ``frame`` and ``overlay``              ``shared_columns``, ``parse_shared``
own tables       a key, or ``all frames`` ...           ``scope_text``, ``parse_scope``
what was seen    ``f o6000 b12 t0 i x`` and numbers     ``sight_columns``, ``parse_sight``
CSV lists        ``frame``, ``overlay`` (or a text)     ``csv_columns``, ``parse_csv``
===============  =====================================  ====================================

Every reader raises UsageError, with what was found and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from dcmaudit.errors import UsageError
from dcmaudit.model.addresses import (
    FRAMES,
    AddressKind,
    FrameAddress,
    FrameRange,
    GroupAddress,
    IconAddress,
    OverlayAddress,
    PlaneAddress,
    PlaneSpan,
    StrayBitAddress,
    ThumbnailAddress,
    UnshownAddress,
    frame_of,
)
from dcmaudit.model.regions import Everywhere, Scope

MOST = 2**31 - 1
"""The largest number of a frame: NumberOfFrames is an IS (PS3.5 6.2)."""

_MOST_SINGLE = 1 << 16
"""So many icons, or things that cannot be shown, a row may name."""

# Numbers as we write them: no sign, no leading zero, no digits of other scripts. One plane has one text, or what was
# stored under the one would not be found under the other.
_N = "(?:0|[1-9][0-9]{0,9})"
_SMALL = "(?:0|[1-9][0-9]{0,3})"
_BIT = "(?:0|[1-5]?[1-9]|[1-5]0|6[0-3])"
# Overlay groups are even, odd ones are private. The standard ends at 601E (PS3.5 7.6); some writers go on.
_OVERLAY = "60[0-9A-F][02468ACE]"
_KEY = re.compile(
    rf"f(?P<f>{_N})|o(?P<g>{_OVERLAY})\.(?P<o>{_N})|b(?P<n>{_BIT})\.(?P<b>{_N})|i(?P<i>{_N})"
    rf"|t(?P<f2>{_N})\.(?P<t>{_SMALL})|x(?P<x>{_N})"
)
_GROUP = re.compile(rf"(?P<k>f)|o(?P<g>{_OVERLAY})|(?P<l>[bitx])(?P<n>{_N})")
_KEYS = "f3, o6000.3, b12.3, i0, t3.0, x0 (frame, overlay, bit, icon, thumbnail, unshown)"


# --- keys -----------------------------------------------------------------------------------------------------------


def parse_key(key: str) -> PlaneAddress:
    """The plane with that ``key``."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise UsageError(f"{key!r} is no plane", hint=f"allowed: {_KEYS}")
    part = found.groupdict()
    if part["f"] is not None:
        return FrameAddress(int(part["f"]))
    if part["g"] is not None:
        return OverlayAddress(int(part["g"], 16), int(part["o"]))
    if part["n"] is not None:
        return StrayBitAddress(int(part["n"]), int(part["b"]))
    if part["i"] is not None:
        return IconAddress(int(part["i"]))
    if part["t"] is not None:
        return ThumbnailAddress(int(part["f2"]), int(part["t"]))
    return UnshownAddress(int(part["x"]))


def parse_group(key: str) -> GroupAddress:
    """The group with that ``GroupAddress.key``."""
    found = _GROUP.fullmatch(key)
    if found is None:
        hint = "allowed: f, o6000, b12, i0, t0, x0 (frames, overlay, bit, icon, thumbnail, unshown)"
        raise UsageError(f"{key!r} is no group of planes", hint=hint)
    if found["k"]:
        return FRAMES
    if found["g"]:
        return GroupAddress(AddressKind.OVERLAY, int(found["g"], 16))
    return GroupAddress(AddressKind(found["l"]), int(found["n"]))


# --- the database ---------------------------------------------------------------------------------------------------

_EVERYWHERE = {scope.value: scope for scope in Everywhere}


def shared_columns(scope: Scope) -> tuple[int, int] | None:
    """``frame`` and ``overlay`` of the shared table, None for what these two have no numbers for.

    Overlays count from 0 for group 6000; overlay -1 is the image, and -1 in both means every plane.
    """
    match scope:
        case FrameAddress(frame):
            return frame, -1
        case OverlayAddress(group, frame):
            return frame, (group - 0x6000) // 2
        case Everywhere.ALL_PLANES:
            return -1, -1
        case _:
            return None


@lru_cache(maxsize=4096)
def parse_shared(frame: int, overlay: int) -> Scope:
    """What ``frame`` and ``overlay`` of the shared table mean."""
    if overlay == -1:
        if frame == -1:
            return Everywhere.ALL_PLANES
        if 0 <= frame <= MOST:
            return FrameAddress(frame)
    # 127 is group 60FE, see above. The table has no number for "every frame of an overlay": there -1 is a fault.
    elif 0 <= overlay <= 127 and 0 <= frame <= MOST:
        return OverlayAddress(0x6000 + 2 * overlay, frame)
    raise UsageError(
        f"frame {frame}, overlay {overlay} is no plane; allowed are frames from 0, overlays 0 to 127, overlay -1 for "
        "the image, and -1 for both for every plane"
    )


def scope_text(scope: Scope) -> str:
    """The scope in a column of its own; UsageError for what has no pixels to mark."""
    if isinstance(scope, UnshownAddress):
        raise UsageError(f"{scope.key} cannot be shown, so no rectangle can lie on it")
    return scope.value if isinstance(scope, Everywhere) else scope.key


def parse_scope(text: str) -> Scope:
    """The scope with that text."""
    if text in _EVERYWHERE:
        return _EVERYWHERE[text]
    if _KEY.fullmatch(text) is None or text.startswith(AddressKind.UNSHOWN.value):
        allowed = f"{', '.join(_EVERYWHERE)}, or a plane: f3, o6000.3, b12.3, i0, t3.0"
        raise UsageError(f"{text!r} is no place on a file", hint=f"allowed: {allowed}")
    return parse_key(text)


def sight_columns(span: PlaneSpan) -> tuple[str, FrameRange]:
    """``plane_group`` and the numbers of the tables of what was seen.

    There all icons are one group, and their numbers take the place of frames; so do those of what
    cannot be shown.
    """
    group = span.group
    if group.kind.has_frames:
        return group.key, span.frames
    # A file may have hundreds of icons: as frames of one group their rows join into ranges.
    return group.kind.value, FrameRange.of(group.number)


def parse_sight(text: str, numbers: FrameRange) -> Iterator[PlaneSpan]:
    """The planes that these two columns mean."""
    if text not in {AddressKind.ICON.value, AddressKind.UNSHOWN.value}:
        group = parse_group(text)
        if not group.kind.has_frames:
            raise UsageError(f"{text!r} is no group of planes that were seen", hint="allowed: f, o6000, b12, t0, i, x")
        yield PlaneSpan(group, numbers)
        return
    if len(numbers) > _MOST_SINGLE:  # a damaged row must not become a billion planes
        raise UsageError(f"no file has {len(numbers)} of {text!r}", hint=f"allowed: up to {_MOST_SINGLE}")
    for number in numbers:
        yield PlaneSpan(GroupAddress(AddressKind(text), number), FrameRange.of(0))


# --- CSV lists ------------------------------------------------------------------------------------------------------


def csv_columns(scope: Scope) -> tuple[int | str, int | str]:
    """``frame`` and ``overlay`` of a list of findings or rectangles.

    What the original tool has no numbers for has its text in the place of an overlay's number: the key of a
    plane beside its frame, or ``all frames`` beside none. What cannot be shown has frame -1.
    """
    shared = shared_columns(scope)
    if shared is not None:
        return shared
    if isinstance(scope, Everywhere):
        return "", scope.value
    return -1 if isinstance(scope, UnshownAddress) else frame_of(scope), scope.key


def parse_csv(frame: str, overlay: str, scope: str = "") -> Scope:
    """What ``frame`` and ``overlay`` of a list say, or ``scope`` (``dcmaudit_scope`` of our own export).

    A line with a scope has nothing in the other two. A text in ``overlay`` goes with the frame that it
    names, or with none.
    """
    frame, overlay, scope = frame.strip(), overlay.strip(), scope.strip()
    if scope:
        if frame or overlay:
            raise UsageError(
                f"dcmaudit_scope {scope} and frame {frame or 'empty'}, overlay {overlay or 'empty'} both say where",
                hint="leave frame and overlay empty, or dcmaudit_scope",
            )
        return parse_scope(scope)
    # Keys and scopes begin with a letter; what does not is the original tool's number, empty or not.
    if not overlay[:1].isalpha():
        return parse_shared(whole_number(frame, "frame"), whole_number(overlay, "overlay"))
    named = _EVERYWHERE[overlay] if overlay in _EVERYWHERE else parse_key(overlay)
    own = csv_columns(named)[0]
    # Both columns may say where, as long as they say the same.
    if frame and (own == "" or whole_number(frame, "frame") != own):
        raise UsageError(
            f"frame {frame} and overlay {overlay} name two places",
            hint="leave frame empty" if own == "" else f"frame is {own} there, or empty",
        )
    return named


def whole_number(text: str, column: str) -> int:
    """The number in a column of a list; spreadsheets write whole numbers as 20.0."""
    found = re.fullmatch(r"([+-]?[0-9]{1,10})(?:[.,]0*)?", text)
    if found is None:
        raise UsageError(f"{column} is no whole number")
    return int(found[1])
