"""How hard an engine looked for text: by it a look that was asked for less is told from one that is asked for now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from dcmaudit.model.travel import Travels

_MODES = ("fast", "default", "thorough")
"""From the least to the most."""


@dataclass(frozen=True, slots=True)
class Effort(Travels):
    """What a look was asked: ``mode``, who found lines, who judged, and what was left out.

    ``finders`` are words of ``--finder``, without "both". ``judges`` are those of ``--pii``, with their models, empty
    where nothing was read or judged; ``lists`` is a digest of the lists that they use, "" for none. ``left_out`` says
    in words what an option kept from being looked at or stored; ``regions``: areas outside of ultrasound regions were
    reported as well. ``detector`` is the digest of the weights, "" where nobody knows.
    """

    mode: str = "default"
    finders: tuple[str, ...] = ("own",)
    judges: tuple[str, ...] = ("header", "patterns", "allowlist")
    lists: str = ""
    left_out: tuple[str, ...] = ()
    regions: bool = False
    detector: str = ""

    def covers(self, asked: Effort) -> bool:
        """Whether a look that was asked this much leaves nothing to do for one that is asked ``asked``.

        Another detector or another list is no reason to look again: ``changed`` tells of it, and people decide.
        """
        judged = set(asked.judges) <= set(self.judges)
        return (
            _rank(self.mode) >= _rank(asked.mode)
            and set(asked.finders) <= set(self.finders)
            and judged
            and set(self.left_out) <= set(asked.left_out)
            and (self.regions or not asked.regions)
        )

    def changed(self, now: Effort) -> str | None:
        """What is another one ``now`` than in this look, which ``covers`` it otherwise; None for nothing."""
        others = {"an earlier detector": self.detector and self.detector != now.detector}
        others["other lists of harmless or known texts"] = bool(now.judges and self.judges and self.lists != now.lists)
        return " and ".join(words for words, is_other in others.items() if is_other) or None

    def words(self) -> str:
        """What the look was asked, for people."""
        finders = "both" if {"own", "rapidocr"} <= set(self.finders) else ", ".join(self.finders)
        told = [f"mode {self.mode}", f"finder {finders}", f"judges {', '.join(self.judges) or 'none'}"]
        told += [f"without {what}" for what in self.left_out]
        return "; ".join([*told, *(["with the areas outside of ultrasound regions"] if self.regions else [])])

    def text(self) -> str:
        """The words that a database keeps."""
        return json.dumps({name: getattr(self, name) for name in self.__match_args__}, separators=(",", ":"))

    @classmethod
    def parse(cls, stored: str | None) -> Effort:
        """What ``text`` made; of a look of which nobody noted it, what is asked by default.

        Words that this version does not know count as the least that can be asked.
        """
        if stored is None:
            return cls()
        try:
            found = json.loads(stored)
            return cls(
                _word(found["mode"]), _words(found["finders"]), _words(found["judges"]), _word(found["lists"]),
                _words(found["left_out"]), found["regions"] is True, _word(found["detector"]),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError):
            return cls("", (), (), "?", ("everything",))


def _rank(mode: str) -> int:
    return _MODES.index(mode) if mode in _MODES else 0


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_word(one) for one in value)
