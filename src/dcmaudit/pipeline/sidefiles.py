"""What lies beside an output: a word for users, and the record of the proof.

Output and side files are one act. The output gets its name first, and with that it is done; a killed run can leave an
output without its side files, which ``--resume`` makes by proving the output again, but never a side file without
output. One that is there all the same, as earlier versions left them, is known by what is in it and replaced.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.pipeline.hold import hold
from dcmaudit.pipeline.output import Draft, draft, require_free
from dcmaudit.pipeline.remote import Target
from dcmaudit.sources import reference_to

WORD, RECORD = ".json", ".proof.json"
"""The suffixes of the word for users and of the record of the proof."""

_MOST_BYTES = 64 << 20
_KNOWN_BY = {WORD: {"redacted", "edges", "file"}, RECORD: {"file", "passed", "before", "after", "checks", "planes"}}

Content = Mapping[str, dict[str, Any]]
"""What is written into the side file of each suffix."""


@dataclass(frozen=True, slots=True)
class SideFiles:
    """The side files that a run wants: by their suffix, in the order in which they are made."""

    suffixes: tuple[str, ...] = ()

    def of(self, output: Target) -> dict[str, Target]:
        """Their places."""
        return {suffix: output.with_suffix(suffix) for suffix in self.suffixes}

    def missing(self, output: Target) -> list[str]:
        """The suffixes of those that are not there."""
        return [suffix for suffix, place in self.of(output).items() if not place.exists()]

    def require_room(self, output: Target, *, overwrite: bool, clear: bool) -> None:
        """UsageError where a file is in the way that is not ours. Those of ours whose output is gone are taken away.

        ``clear`` False: they stay, for nothing is going to be written.
        """
        for suffix, place in self.of(output).items():
            if place.exists() and not overwrite and not output.exists() and _is_ours(place, suffix):
                if not clear:
                    continue
                place.unlink(missing_ok=True)
            require_free(place, overwrite=overwrite)

    def keep(self, unfinished: Draft, output: Target, content: Content, *, overwrite: bool) -> None:
        """Give the output its name, and then each side file; where one cannot be, all of them are taken back."""
        with ExitStack() as beside:
            drafts = self._drafts(output, content, beside, overwrite=overwrite)
            hold.begin()  # from here on it is done, and must be told
            if overwrite:  # an older record never stands beside a newer output
                for place in drafts:
                    place.unlink(missing_ok=True)
            unfinished.keep(output, overwrite=overwrite, synced=True)
            _name_all(drafts, [output])

    def complete(self, output: Target, content: Content) -> None:
        """Make those that are missing beside an output that is there."""
        wanted = SideFiles(tuple(self.missing(output)))
        with ExitStack() as beside:
            drafts = wanted._drafts(output, content, beside, overwrite=False)
            hold.begin()
            _name_all(drafts, [])

    def _drafts(self, output: Target, content: Content, beside: ExitStack, *, overwrite: bool) -> dict[Target, Draft]:
        drafts = {}
        for suffix, place in self.of(output).items():
            drafts[place] = beside.enter_context(draft(place, overwrite=overwrite))
            drafts[place].stream.write(json.dumps(content[suffix], indent=1).encode() + b"\n")
            drafts[place].sync()
        return drafts


def _name_all(drafts: Mapping[Target, Draft], named: list[Target]) -> None:
    try:
        for place, side in drafts.items():
            side.keep(place, overwrite=False, synced=True)
            named.append(place)
    except BaseException:
        for place in reversed(named):
            place.unlink(missing_ok=True)
        raise


def _is_ours(place: Target, suffix: str) -> bool:
    """Whether a file is a side file that a run of ours made."""
    try:
        with reference_to(str(place)).open() as stream:
            found = json.loads(stream.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError, DcmauditError):
        return False
    return isinstance(found, dict) and _KNOWN_BY[suffix] <= found.keys()


def differs(output: Target, findings: str) -> UsageError:
    """The error of an output that was proved again, and is not what is asked for now."""
    return UsageError(
        f"its output {output} is there and is not what is asked for now: {findings}",
        hint="--overwrite makes it again",
    )
