"""What a reviewer's screen showed black when a file was finished: the areas, and what was done with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dcmaudit.model.geometry import Box
from dcmaudit.model.regions import Origin, Scope
from dcmaudit.model.shapes import Shape
from dcmaudit.model.travel import Travels


class PreviewPolicy(Enum):
    """What happens, when a file is finished, to areas that were black on the screen and not stored."""

    ASK = "ask"
    """The reviewer is asked."""
    STORE = "store"
    """They are stored as marks. The default: what was black on the screen is what is written."""
    LEAVE = "leave"
    """They stay as they are in the file, and the database says so."""


@dataclass(frozen=True, slots=True)
class ShownArea(Travels):
    """One area that was black without being a mark: ``box`` in the pixels of the planes that ``scope`` means."""

    box: Box
    scope: Scope
    origin: Origin
    shape: Shape | None = None
    """Of a suggestion that was hidden: the shape that was suggested."""


@dataclass(frozen=True, slots=True)
class Screen(Travels):
    """What rules and ultrasound regions showed black on any plane of a file when it was finished.

    ``policy`` is what was done with it: STORE or LEAVE. ``options`` names the options that were on. Without areas
    nothing was black but marks.
    """

    policy: PreviewPolicy
    options: tuple[str, ...] = ()
    areas: tuple[ShownArea, ...] = ()
