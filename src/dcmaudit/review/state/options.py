"""The eight settings of the Options menu, in their three groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dcmaudit.errors import UsageError
from dcmaudit.model.screen import PreviewPolicy


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its words, its group in the menu and its value where nobody chose another."""

    name: str
    label: str
    help: str
    group: str
    default: bool


OPTIONS: tuple[Option, ...] = (
    Option("ignore-done", "Leave out done files", "Files that are marked as done are not shown again.", "images",
           default=True),
    Option("tagged-only", "Only tagged files", "Show only the files that were tagged for another look.", "images",
           default=False),
    # Rules blacken and are outlined by default, as the guide has it; ultrasound regions mostly repeat what a rule says.
    Option("redact-rules", "Redact by rules", "Black out what the deid rules for this kind of image name.", "redaction",
           default=True),
    Option("redact-ultrasound", "Redact outside ultrasound regions",
           "Black out what lies outside the ultrasound regions of the header.", "redaction", default=False),
    Option("show-stored", "Rectangles of the database", "Outline the rectangles that the database has for this file.",
           "rectangles", default=True),
    Option("show-similar", "Rectangles of similar images",
           "Suggest the rectangles of similar done files, and places learned from related ones.", "rectangles",
           default=True),
    Option("show-rules", "Rectangles of rules", "Suggest the rectangles of matching deid rules.", "rectangles",
           default=True),
    Option("show-ultrasound", "Rectangles of ultrasound regions",
           "Suggest what lies outside the ultrasound regions of the header.", "rectangles", default=False),
)  # fmt: skip

PREVIEWS = "previews"
ADVANCE = "advance"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a setting of the hands, with its words; the first one of a setting holds where nobody chose."""

    setting: str
    value: str
    label: str
    help: str


CHOICES: tuple[Choice, ...] = (
    Choice("held", "line", "As the line allows",
           "While n or p is held down, planes come whole; over a slow line small, which does not count as seen."),
    Choice("held", "whole", "Whole planes", "While n or p is held down, every plane comes whole and counts as seen."),
    Choice("held", "small", "Small pictures",
           "While n or p is held down, planes come as small pictures with losses, which do not count as seen."),
    Choice(ADVANCE, "plane", "Goes on to the next of the plane",
           "Once a suggestion is accepted or rejected, the next one of the plane is chosen."),
    Choice(ADVANCE, "file", "Goes on through the file",
           "After the last suggestion of a plane comes the next plane that has some; what lies between is not seen."),
    Choice(ADVANCE, "stay", "Stays", "Nothing is chosen after a decision; the next key chooses."),
    Choice("series", "files", "Files one by one", "n and p stay in the file; N and Esc go to the next one."),
    Choice("series", "stack", "A series as one stack",
           "n, p and the wheel go on into the next file of the series, in the order of the series."),
    Choice("wheel", "planes", "Steps through planes", "The wheel goes from plane to plane; with Ctrl it zooms."),
    Choice("wheel", "zoom", "Zooms", "The wheel zooms in and out; with Ctrl it goes from plane to plane."),
    Choice("cine", "file", "As fast as the file says",
           "A cine plays at the rate of the file; 15 a second where it has none."),
    *(
        Choice("cine", str(rate), f"{rate} planes a second",
               f"A cine plays {rate} planes a second, whatever the file says.")
        for rate in (2, 5, 10, 15, 30, 60)
    ),
)  # fmt: skip

_DEFAULTS = {option.name: option.default for option in OPTIONS}


class Options:
    """The values of the settings for one reviewer.

    ``previews`` is what becomes of areas that rules show black when a file is finished; the argument of that name is
    its value where the reviewer chose none.
    """

    def __init__(
        self, chosen: Mapping[str, object] | None = None, previews: PreviewPolicy = PreviewPolicy.STORE
    ) -> None:
        self._values = dict(_DEFAULTS)
        kept = (chosen or {}).get(PREVIEWS)
        self.previews = PreviewPolicy(kept) if kept in {policy.value for policy in PreviewPolicy} else previews
        self.choices = {one.setting: one.value for one in reversed(CHOICES)}
        self.choices |= {one.setting: one.value for one in CHOICES if (chosen or {}).get(one.setting) == one.value}
        for name, value in (chosen or {}).items():
            # Kept by an older or newer version, perhaps: what is not understood is left at its default.
            if name in self._values and isinstance(value, bool):
                self._values[name] = value

    def __getitem__(self, name: str) -> bool:
        return self._values[name]

    def set(self, name: str, value: object) -> None:
        """Change one setting; UsageError for a name or value that there is not."""
        if name not in self._values:
            raise UsageError(f"there is no option {name!r}", hint=f"allowed: {', '.join(self._values)}")
        if not isinstance(value, bool):
            raise UsageError(f"the option {name} is either on or off", hint="allowed: true, false")
        self._values[name] = value

    def choose(self, choice: Choice) -> None:
        """Choose one value of a setting of the hands."""
        self.choices[choice.setting] = choice.value

    def values(self) -> dict[str, object]:
        """Name and value of every setting, as they are kept for the next start."""
        return {**self._values, **self.choices, PREVIEWS: self.previews.value}
