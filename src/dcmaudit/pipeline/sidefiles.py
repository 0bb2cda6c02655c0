"""What lies beside an output: a word for users, and the record of the proof.

Output and side files are one act. The output gets its name first, and with that it is done; a killed run can leave an
output without its side files, which ``--resume`` makes by proving the output again, but never a side file without
output. One that is there all the same, as earlier versions left them, is known by what is in it and replaced.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from dcmaudit import __version__
from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model.redaction import Blackened, RedactionOptions, RedactionPlan
from dcmaudit.pipeline.holding import hold
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


# --- the record ---------------------------------------------------------------------------------------------------


def record_of(proof: Mapping[str, Any], plan: RedactionPlan, run: Mapping[str, Any], user: str) -> dict[str, Any]:
    """The record of a proof with what it is a proof of: the version, the options, the source of each rectangle.

    ``digest`` is that of everything but itself and ``made``, which says when and by whom: so a proof that is made
    again of the same output has the same digest. ``run`` are the options that are not in the plan.
    """
    record = {
        **proof,
        "version": f"dcmaudit {__version__}",
        "options": {**_options(plan.options), **run},
        "rectangles": _rectangles(plan),
    }
    digest = hashlib.sha256(json.dumps(record, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    made = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": user}
    return {**record, "digest": f"sha256:{digest}", "made": made}


def _options(options: RedactionOptions) -> dict[str, Any]:
    values = asdict(options)
    return {each.name: _plain(values[each.name]) for each in fields(options)}


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _rectangles(plan: RedactionPlan) -> list[dict[str, Any]]:
    """What is blacked where and on whose word; ``planes`` is a plane's key, or a group's name for all of its planes."""
    found = [
        {"planes": f"every plane of {group.title}", **_rectangle(item)}
        for group in plan.listing.groups
        for item in plan.for_group(group)
    ]
    found += [{"planes": address.key, **_rectangle(item)} for address, items in plan.planes.items() for item in items]
    return found


def _rectangle(item: Blackened) -> dict[str, Any]:
    box = item.box
    edges = [box.left, box.top, box.last_x, box.last_y]
    return {"box": edges, "source": item.origin.value, "reason": item.reason}


def differs(output: Target, findings: str) -> UsageError:
    """The error of an output that is there without its side files, and is not what is asked for now."""
    return UsageError(
        f"its output {output} is there without its side files and is not what is asked for now: {findings}",
        hint="--overwrite makes it again",
    )
