"""The end of a release: what follows from all records, as the report and the lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcmaudit.pipeline.release.ending import Why
from dcmaudit.pipeline.release.folder import CHECKER, DEVICES, FILES, PAGE, REPORT, ReleaseFolders, short
from dcmaudit.pipeline.release.house import csv_file, write_csv, write_whole
from dcmaudit.pipeline.release.policy import folded
from dcmaudit.report import check_release
from dcmaudit.report.release_page import page
from dcmaudit.report.releases import DEVICE_COLUMNS, FILE_COLUMNS, Tally, device_rows, file_row
from dcmaudit.sources.sampling import CONFIDENCE, joint_bound

Sample = Mapping[str, tuple[str, int]]
"""The drawn files: stratum, and how many series that has."""


_OPEN = {Why.TAGGED.value, Why.UNSTORED.value}


@dataclass(frozen=True, slots=True)
class Concluded:
    """``held`` counts inputs that were not released; ``strangers`` are names among the outputs that no record names,
    ``unknown`` names in the list of the sample that are no inputs."""

    held: int
    strangers: tuple[str, ...]
    lost: tuple[str, ...]
    """Outputs that were there when their records were written, and are not any more."""
    unknown: tuple[str, ...]
    report: Mapping[str, Any]
    """What the report says, as ``report.json`` has it."""
    unmet: tuple[str, ...] = ()
    """Modalities and models of which the policy wants people's eyes, and which no input has: a name may be misspelt."""

    @property
    def is_all(self) -> bool:
        """Whether every input was released, and nothing else is there."""
        return not (self.held or self.strangers or self.lost or self.unknown)


def conclude(
    folders: ReleaseFolders, about: Mapping[str, Any], sample: Sample | None, *, uid_map: Path | None,
    is_mine: Callable[[str], bool] = lambda _name: True,
) -> Concluded:  # fmt: skip
    """Write report and lists once every input has ended; records are read one by one. ``is_mine`` says whether a name
    belongs to this part, where the release is made in parts."""
    tally, drawn = Tally(), None if sample is None else _Drawn(sample)
    known: set[bytes] = set()
    met: set[str] = set()
    held = 0
    # One pass over what is on disk: of a million inputs it is more than a gigabyte.
    with folders.lists(uid_map=uid_map) as note, csv_file(folders.out / FILES, FILE_COLUMNS) as add:
        for record, entry in zip(folders.records(), folders.entries(), strict=True):
            tally.add(record)
            met.update(map(folded, entry["device"]))
            if drawn is not None:
                drawn.add(entry["input"], record)
            if record["output"] is not None:
                # Digests instead of names: there may be millions.
                known.add(short(record["output"]))
            held += not entry["released"]
            note(entry)
            add(file_row(record))
    data = tally.summary(about, folders.link, None if drawn is None else drawn.conclusion())
    write_csv(folders.out / DEVICES, DEVICE_COLUMNS, device_rows(data))
    write_whole(folders.out / REPORT, json.dumps(data, indent=1, sort_keys=True) + "\n")
    write_whole(folders.out / PAGE, page(data))
    write_whole(folders.out / CHECKER, Path(check_release.__file__).read_text(encoding="utf-8"))
    folders.write_pages(data["outcomes"])
    strangers = tuple(folders.strangers(known))
    # Only where some are missing another pass is made for their names.
    outputs = (record["output"] for record in folders.records() if known and record["output"] is not None)
    lost = tuple(name for name in outputs if short(name) in known)
    folders.finished()
    unknown = () if drawn is None else tuple(filter(is_mine, drawn.unknown()))
    wanted = (*about["policy"]["seen_modalities"], *about["policy"]["seen_models"])
    unmet = tuple(name for name in wanted if folded(name) not in met)
    return Concluded(held, strangers, lost, unknown, data, unmet)


class _Drawn:
    """What follows for all series from those that were drawn and seen by a person (one image of each series)."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._left = set(sample)
        self._strata: dict[str, list[int]] = {}
        for stratum, size in sample.values():
            self._strata.setdefault(stratum, [size, 0, 0])

    def add(self, name: str, record: Mapping[str, Any]) -> None:
        """One input that ended."""
        if name not in self._sample:
            return
        self._left.discard(name)
        counts = self._strata[self._sample[name][0]]
        # Somebody saw something there, and nobody knows what: left out, just those with text would be missing.
        is_open = record["why"] in _OPEN
        # Else what was drawn and not looked at says nothing, and widens the bound.
        if is_open or "person" in record["looked_at_by"]:
            counts[1] += 1
            counts[2] += is_open or record["missed_by_machine"] > 0

    def unknown(self) -> tuple[str, ...]:
        """Names of the list that were no inputs."""
        return tuple(sorted(self._left))

    def conclusion(self) -> dict[str, Any]:
        """Numbers of series, and the share of all that can have text left at most."""
        every = [(size, looked, found) for size, looked, found in self._strata.values()]
        return {
            "series": sum(size for size, _, _ in every), "drawn": len(self._sample),
            "looked_at": sum(looked for _, looked, _ in every),
            "with_missed_text": sum(found for _, _, found in every), "strata": len(every),
            "confidence": CONFIDENCE, "bound": joint_bound(every, confidence=CONFIDENCE),
        }  # fmt: skip
