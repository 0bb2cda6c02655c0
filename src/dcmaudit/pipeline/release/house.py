"""What stays in the house: a line an input in house.jsonl, and the lists that are made of these lines. Mode 0600."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from dcmaudit.errors import UsageError
from dcmaudit.pipeline.release.ending import Release
from dcmaudit.pipeline.release.outputs import sync_folder

NOTES = "house.jsonl"
_HELD = ("input", "outcome", "why", "details")


class House:
    """The notes of one run. A line is written before the record of the chain: lines beyond the ``done`` records, and a
    torn one, are cut off. UsageError where there are fewer lines than records."""

    def __init__(self, folder: Path, done: int, opened: ExitStack) -> None:
        self._folder, self._path = folder, folder / NOTES
        self._devices: dict[tuple[str, str], int] = {}
        number = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.fchmod(number, 0o600)
        self._stream = opened.enter_context(os.fdopen(number, "r+b"))
        end = 0
        for entry, size in _entries(self._stream, done, self._path):
            end += size
            self.device(tuple(entry["device"]))
        self._stream.seek(end)
        self._stream.truncate()
        before = opened.enter_context(self._path.open("rb"))
        self._before = (entry["input"] for entry, _ in _entries(before, done, self._path))

    def name_before(self) -> str | None:
        """The name of the next input that the run before had done; None behind the last one."""
        return next(self._before, None)

    def add(self, release: Release, position: int) -> None:
        """Note one input, on disk before this returns. ``position`` is its place among all inputs of all parts."""
        entry = {
            "input": release.name, "at": position, "outcome": release.ending.value,
            "why": "" if release.why is None else release.why.value, "details": list(release.details),
            "device": list(release.device), "uids": [list(pair) for pair in release.uids],
            "released": release.ending.is_released,
        }  # fmt: skip
        self.write(entry)

    def write(self, entry: dict[str, Any]) -> None:
        """Write one line as it is, on disk before this returns."""
        self._stream.write(json.dumps(entry).encode("ascii") + b"\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def device(self, device: tuple[str, ...]) -> int:
        """The device's number: its name is a value of the header, and stays in the house."""
        modality, model = device
        return self._devices.setdefault((modality, model), len(self._devices) + 1)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every line in order, read from the file while it is asked for."""
        with self._path.open("rb") as stream:
            for line in stream:
                yield json.loads(line)

    def write_lists(self, *, uid_map: Path | None) -> int:
        """held.csv, devices.csv, and the list of UIDs where it is asked for; how many inputs were not released."""
        held = 0

        def rows() -> Iterator[tuple[object, ...]]:
            nonlocal held
            for one in self.entries():
                if not one["released"]:
                    held += 1
                    yield one["input"], one["outcome"], one["why"], "; ".join(one["details"])

        write_csv(self._folder / "held.csv", _HELD, rows(), mode=0o600)
        devices = ((number, *device) for device, number in self._devices.items())
        write_csv(self._folder / "devices.csv", ("device", "modality", "model"), devices, mode=0o600)
        if uid_map is not None:
            write_csv(uid_map, ("id_old", "id_new"), self._uids(), mode=0o600)
        return held

    def _uids(self) -> Iterator[tuple[str, str]]:
        """Each pair once, told by its digest: there are more of them than there are inputs."""
        told: set[bytes] = set()
        for one in self.entries():
            if not one["released"]:
                continue
            for old, new in one["uids"]:
                digest = blake2b(f"{old} {new}".encode(), digest_size=16).digest()
                if digest not in told:
                    told.add(digest)
                    yield old, new


def _entries(stream: IO[bytes], count: int, path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """So many lines, each with its length in bytes; UsageError where they are not there."""
    for _ in range(count):
        line = stream.readline()
        try:
            entry = json.loads(line)
            if not isinstance(entry["input"], str) or len(entry["device"]) != 2:
                raise TypeError  # noqa: TRY301
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                "the notes of the run before are not whole, so that it cannot go on", file=str(path),
                hint="name new folders",
            ) from error  # fmt: skip
        yield entry, len(line)


def write_csv(path: Path, titles: Iterable[str], rows: Iterable[Iterable[object]], *, mode: int = 0o644) -> None:
    """A list that is there wholly or not at all, in place of an older one."""

    def texts() -> Iterator[str]:
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(titles)
        for row in rows:
            writer.writerow(row)
            if text.tell() > 1 << 16:
                yield text.getvalue()
                text.seek(0)
                text.truncate()
        yield text.getvalue()

    write_whole(path, texts(), mode=mode)


def write_whole(path: Path, texts: str | Iterable[str], *, mode: int = 0o644) -> None:
    """A text that is there wholly or not at all, in place of an older one."""
    new = path.with_name(f".{path.name}.new")
    number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(number, "w", newline="", encoding="utf-8", errors="backslashreplace") as stream:
        for text in [texts] if isinstance(texts, str) else texts:
            stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)
    sync_folder(path.parent)
