"""Parts of a release that were made apart (``--shard``), put together: the same chain as one run would have made."""

from __future__ import annotations

import hashlib
import heapq
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcmaudit.errors import ListError, UsageError
from dcmaudit.model.counts import counted
from dcmaudit.pipeline.release.folder import LEAVING, MARK, RECORDS, REPORT, ReleaseFolders
from dcmaudit.pipeline.release.house import NOTES, write_whole
from dcmaudit.pipeline.release.pictures import sections
from dcmaudit.pipeline.remote import Remote, Target
from dcmaudit.report.chain import read_chain
from dcmaudit.sources.s3.transfer import fetch

NOTE = "part.json"
"""How many inputs all parts have, and the drawn sample, as a part knew them; in its folder of what stays."""


@dataclass(frozen=True, slots=True)
class Part:
    """One finished part: its two folders, and what its chain stands on. ``local`` is where its records lie on this
    machine, also where its outputs are in a bucket."""

    out: Target
    local: Path
    held: Path
    about: Mapping[str, Any]

    @classmethod
    def of(cls, out: Target, held: Path) -> Part:
        """ListError where the folders hold no finished part."""
        local = out if isinstance(out, Path) else held / LEAVING
        try:
            about = next(read_chain(local / RECORDS)).record["about"]
            has_notes = (held / NOTES).exists() and (held / NOTE).exists()
            is_finished = (local / REPORT).exists() and not (local / MARK).exists() and has_notes
        except (OSError, StopIteration, KeyError) as error:
            raise ListError("it holds no release", file=str(out), hint="dcmaudit release makes one") from error
        if not isinstance(about.get("part"), str):
            raise ListError("it is a whole release, and no part of one", file=str(out))
        if not is_finished:
            hint = "finish it with --resume, and name its own --held folder"
            raise ListError("this part is not finished", file=str(out), hint=hint)
        return cls(out, local, held, about)

    @property
    def number(self) -> tuple[int, int]:
        """Which part of how many it is."""
        number, _, count = self.about["part"].partition("/")
        return int(number), int(count)

    def lines(self) -> Iterator[tuple[int, dict[str, Any], dict[str, Any], str, Part]]:
        """Position, record, note and the officer's section of each input, in order; ListError where chain and notes do
        not fit."""
        pages = sections(self.held)
        number, section = next(pages, (0, ""))
        with (self.held / NOTES).open("rb") as notes:
            chain = read_chain(self.local / RECORDS)
            next(chain)
            for chained in chain:
                try:
                    entry = json.loads(notes.readline())
                    position = int(entry["at"])
                except (ValueError, KeyError, TypeError) as error:
                    raise ListError("it does not fit its records", file=str(self.held / NOTES)) from error
                is_shown = number == chained.record["n"]
                yield position, dict(chained.record), entry, section if is_shown else "", self
                if is_shown:
                    number, section = next(pages, (0, ""))

    def inputs(self) -> int:
        """How many inputs it met, those of other parts among them."""
        return int(self._note()["inputs"])

    def sample(self) -> dict[str, tuple[str, int]] | None:
        """The list of the drawn sample that it was made with."""
        found = self._note()["sample"]
        return None if found is None else {name: (stratum, size) for name, (stratum, size) in found.items()}

    def _note(self) -> dict[str, Any]:
        try:
            note = json.loads((self.held / NOTE).read_bytes())
            return {"inputs": note["inputs"], "sample": note["sample"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ListError("it is no note of a part", file=str(self.held / NOTE)) from error


def note_part(held: Path, inputs: int, sample: Mapping[str, tuple[str, int]] | None) -> None:
    """Keep what those need to know who put the parts together."""
    write_whole(held / NOTE, json.dumps({"inputs": inputs, "sample": sample}, sort_keys=True) + "\n", mode=0o600)


def common_about(parts: Sequence[Part]) -> dict[str, Any]:
    """What the whole stands on. ListError where the parts contradict each other, and where one is missing or is there
    twice: both are named."""
    first, count = parts[0], parts[0].number[1]
    found: dict[int, Part] = {}
    for part in parts:
        number, of = part.number
        if of != count:
            raise ListError(f"it is one of {of} parts, and {first.out} one of {count}", file=str(part.out))
        if number in found:
            raise ListError(
                f"part {number}/{count} is there twice", file=str(part.out), hint=f"also {found[number].out}"
            )
        found[number] = part
        for name, value in _whole(part).items():
            if _whole(first).get(name) != value:
                reason = f"it was made with another {_WORDS.get(name, name)} than {first.out}"
                raise ListError(reason, file=str(part.out), hint="make it anew with the same one")
    if missing := [f"{number}/{count}" for number in range(1, count + 1) if number not in found]:
        raise UsageError(f"parts are missing: {', '.join(missing)}", hint="name each with --part OUT HELD")
    for part in parts:
        if part.sample() != first.sample():
            raise ListError(f"it was made with another sample than {first.out}", file=str(part.out))
        if part.inputs() != first.inputs():
            reason = f"it met {counted(part.inputs(), 'input')}, and {first.out} met {first.inputs()}"
            raise ListError(reason, file=str(part.out), hint="make all parts of the same names")
    return _whole(first)


_WORDS = {"program": "version", "versions": "version", "rules_sha256": "set of rules", "has_database": "database"}


def _whole(part: Part) -> dict[str, Any]:
    return {name: value for name, value in part.about.items() if name != "part"}


def merge(parts: Sequence[Part], folders: ReleaseFolders) -> None:
    """Take every input of every part into ``folders``, in the order of the inputs. Outputs are linked where that can
    be, else copied, and compared with their records.

    ListError where an output was changed, and where the parts were not made of the same inputs.
    """
    expected = 0
    lines = heapq.merge(*(part.lines() for part in parts), key=lambda line: line[0])
    for expected, (position, record, entry, section, part) in enumerate(lines, 1):
        if position != expected:
            hint = "make all parts of the same names in the same order"
            word = "no part has" if position > expected else "two parts have"
            raise ListError(f"{word} input {min(position, expected)}", file=str(part.out), hint=hint)
        staged = None if record["output"] is None else _staged(part, record, folders.staging / "output.dcm")
        folders.take_from_part(record, entry, staged, section)
    # A chain that was cut behind a whole record follows from itself to its end.
    if expected != parts[0].inputs():
        reason = (
            f"the parts have {counted(expected, 'input')}, and each of them says that there were {parts[0].inputs()}"
        )
        raise ListError(reason, file=str(parts[0].out), hint="compare each part with `dcmaudit report check`")


def _staged(part: Part, record: Mapping[str, Any], staged: Path) -> Path:
    """The output of a part under another name, its content compared with its record."""
    source = part.out / record["output"]
    try:
        with suppress(FileNotFoundError):
            staged.unlink()
        _bring(source, staged)
        with staged.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            # A copy may be in memory alone; of a link all is there already.
            os.fsync(stream.fileno())
    except OSError as error:
        raise ListError(f"it cannot be read: {error.strerror}", file=str(source)) from error
    if digest != record["output_sha256"]:
        raise ListError("it is not what its record says", file=str(source), hint="make this part anew")
    return staged


def _bring(source: Target, staged: Path) -> None:
    if isinstance(source, Remote):
        fetch(source.place, staged)
        return
    if source.is_symlink():
        raise ListError("it is a link", file=str(source))
    try:
        os.link(source, staged)
    except OSError:
        shutil.copyfile(source, staged)
