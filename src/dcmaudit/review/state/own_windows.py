"""Windows that a user has saved under a name, each for the modality of the file that it was saved on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from dcmaudit.errors import UsageError
from dcmaudit.model.counts import counted

LONGEST_NAME = 40
MOST = 50


@dataclass(frozen=True, slots=True)
class OwnWindow:
    """A window in the units of the file (PS3.3 C.11.2.1.2): ``width`` is 1 or more; ``modality`` may be empty."""

    name: str
    modality: str
    center: float
    width: float

    def kept(self) -> dict[str, object]:
        """As it is kept for the next start."""
        return asdict(self)


def checked(name: str, modality: str, center: float, width: float) -> OwnWindow:
    """A window of that name; UsageError for an empty or long name, or a width below 1."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise UsageError(f"the name of a window has 1 to {LONGEST_NAME} characters, not {len(name)}")
    if not width >= 1:
        raise UsageError(f"the width of a window is {width:g}", hint="it is 1 or more")
    return OwnWindow(name, modality, center, width)


def with_window(windows: Iterable[OwnWindow], new: OwnWindow) -> tuple[OwnWindow, ...]:
    """``windows`` with ``new``, instead of one of the same name and modality; UsageError where there are too many."""
    others = without(windows, new.name, new.modality)
    if len(others) >= MOST:
        raise UsageError(f"there are {counted(len(others), 'window')} already", hint="forget one first")
    return (*others, new)


def without(windows: Iterable[OwnWindow], name: str, modality: str) -> tuple[OwnWindow, ...]:
    """``windows`` without the one of that name and modality."""
    return tuple(one for one in windows if (one.name, one.modality) != (name, modality))


def windows_from(kept: object) -> tuple[OwnWindow, ...]:
    """What was kept before; entries that are not understood are left out."""
    return tuple(one for one in (_window(entry) for entry in kept) if one) if isinstance(kept, list) else ()


def _window(entry: object) -> OwnWindow | None:
    if not isinstance(entry, dict):
        return None
    name, modality, center, width = (entry.get(each) for each in ("name", "modality", "center", "width"))
    if not isinstance(name, str) or not isinstance(modality, str):
        return None
    if not isinstance(center, int | float) or not isinstance(width, int | float):
        return None
    if not (math.isfinite(center) and math.isfinite(width)) or width < 1:
        return None
    return OwnWindow(name, modality, float(center), float(width))
