"""What stays in the house: a line an input in house.jsonl, and the lists that are made of these lines. Mode 0600."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, TextIO

from dcmaudit.errors import UsageError
from dcmaudit.pipeline.release.ending import Release
from dcmaudit.plainfile import AS_BYTES
from dcmaudit.wholefile import whole_text

NOTES = "house.jsonl"
_HELD = ("input", "outcome", "why", "details")


@dataclass(frozen=True, slots=True)
class Noted:
    """What an input was before it was looked at, None for what nobody can tell.

    ``stamp``: its size and times. ``marks``: a digest of what the database asks of it and says of it.
    """

    stamp: tuple[int | str, ...] | None = None
    marks: str | None = None


def require_same(before: Mapping[str, Any], now: Noted, number: int, name: str) -> None:
    """UsageError where an input that was released is another one now, or something else is asked of it."""
    stamp, marks = before.get("stamp"), before.get("marks")
    # Notes of an earlier version have the first two numbers, or none.
    if stamp is not None and now.stamp is not None and list(now.stamp[: len(stamp)]) != stamp:
        raise UsageError(
            f"input {number + 1} was changed since it was released by the run before", file=name,
            hint="name a new folder, for what left was made of its former content",
        )  # fmt: skip
    if marks is not None and now.marks is not None and now.marks != marks:
        raise UsageError(
            f"the database has other marks of input {number + 1} than when it was released by the run before",
            file=name, hint="name a new folder, for what left was made with the former marks",
        )  # fmt: skip


class House:
    """The notes of one run. A line is written before the record of the chain: lines beyond the ``done`` records, and a
    torn one, are cut off. UsageError where there are fewer lines than records."""

    def __init__(self, folder: Path, done: int, opened: ExitStack) -> None:
        self._folder, self._path = folder, folder / NOTES
        self._devices: dict[tuple[str, str], int] = {}
        number = os.open(self._path, os.O_RDWR | os.O_CREAT | AS_BYTES, 0o600)
        os.fchmod(number, 0o600)
        self._stream = opened.enter_context(os.fdopen(number, "r+b"))
        end = 0
        for entry, size in _entries(self._stream, done, self._path):
            end += size
            self.device(tuple(entry["device"]))
        self._stream.seek(end)
        self._stream.truncate()
        before = opened.enter_context(self._path.open("rb"))
        self._before = (entry for entry, _ in _entries(before, done, self._path))

    def before(self) -> dict[str, Any] | None:
        """The note of the next input that the run before had done; None behind the last one."""
        return next(self._before, None)

    def add(self, release: Release, position: int, noted: Noted) -> None:
        """Note one input. ``position`` is its place among all inputs of all parts."""
        entry = {
            "input": release.name, "at": position, "outcome": release.ending.value,
            "why": "" if release.why is None else release.why.value, "details": list(release.details),
            "device": list(release.device), "uids": [list(pair) for pair in release.uids],
            "released": release.ending.is_released, "stamp": noted.stamp,
            "marks": noted.marks,
        }  # fmt: skip
        self.write(entry)

    def write(self, entry: dict[str, Any]) -> None:
        """Write one line as it is: a process that is killed then does not lose it, a machine only after ``sync``."""
        self._stream.write(json.dumps(entry).encode("ascii") + b"\n")
        self._stream.flush()

    def sync(self) -> None:
        """Bring every line to the disk."""
        os.fsync(self._stream.fileno())

    def device(self, device: tuple[str, ...]) -> int:
        """The device's number: its name is a value of the header, and stays in the house."""
        modality, model = device
        return self._devices.setdefault((modality, model), len(self._devices) + 1)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every line in order, read from the file while it is asked for."""
        with self._path.open("rb") as stream:
            for line in stream:
                yield json.loads(line.decode())

    @contextmanager
    def lists(self, *, uid_map: Path | None) -> Iterator[Callable[[dict[str, Any]], None]]:
        """held.csv, devices.csv, and the list of UIDs where it is asked for: a function that takes every line in
        order. They are there when all were taken."""
        devices = ((number, *device) for device, number in self._devices.items())
        write_csv(self._folder / "devices.csv", ("device", "modality", "model"), devices, mode=0o600)
        with ExitStack() as opened:
            held = opened.enter_context(csv_file(self._folder / "held.csv", _HELD, mode=0o600))
            uids = None if uid_map is None else opened.enter_context(
                csv_file(uid_map, ("id_old", "id_new"), mode=0o600)
            )  # fmt: skip
            told: set[bytes] = set()

            def take(one: dict[str, Any]) -> None:
                if not one["released"]:
                    held((one["input"], one["outcome"], one["why"], "; ".join(one["details"])))
                elif uids is not None:
                    _tell(one["uids"], told, uids)

            yield take


def _tell(pairs: Iterable[tuple[str, str]], told: set[bytes], add: Callable[[Iterable[object]], None]) -> None:
    """Each pair once, known by its digest: there are more of them than there are inputs."""
    for old, new in pairs:
        digest = blake2b(f"{old} {new}".encode(), digest_size=16).digest()
        if digest not in told:
            told.add(digest)
            add((old, new))


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
    with csv_file(path, titles, mode=mode) as add:
        for row in rows:
            add(row)


@contextmanager
def csv_file(path: Path, titles: Iterable[str], *, mode: int = 0o644) -> Iterator[Callable[[Iterable[object]], None]]:
    """A function that adds a line; the list takes the place of an older one when all went well."""
    with _whole(path, mode) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(titles)
        yield writer.writerow


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """A text that is there wholly or not at all, in place of an older one."""
    with _whole(path, mode) as stream:
        stream.write(text)


def _whole(path: Path, mode: int) -> AbstractContextManager[TextIO]:
    # Names of inputs may be bytes that are no UTF-8: the list keeps them in view rather than failing.
    return whole_text(path, mode=mode, own=True, errors="backslashreplace")
