"""The two folders of a release: OUT, whose files may leave the house, and HELD, whose lists may not."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import hmac
import io
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dcmaudit.errors import UsageError
from dcmaudit.pipeline.release.ending import Release
from dcmaudit.report.chain import START, next_link, read_chain
from dcmaudit.settings.privatefile import make_private, read_private

RECORDS, REPORT, PAGE, SIGNATURE = "records.jsonl", "report.json", "report.html", "signature.json"
CHECKER = "check_release.py"
_LOCK, _STAGING = ".dcmaudit-release", ".dcmaudit-staging"
_OWN = {RECORDS, REPORT, PAGE, SIGNATURE, _LOCK, _STAGING, CHECKER}
_HOUSE = "house.jsonl"
_HELD = ("input", "outcome", "why", "details")


class Key:
    """The secret of a house: new UIDs and keyed digests come from it, the same in every run that has it."""

    def __init__(self, secret: bytes) -> None:
        self.uids = hmac.digest(secret, b"dcmaudit release: uids", hashlib.sha256)
        self.records = hmac.digest(secret, b"dcmaudit release: records", hashlib.sha256)

    @classmethod
    def of(cls, path: Path) -> tuple[Key, bool]:
        """The key of a file, and whether it was made now; UsageError where others may read it, or it is no key."""
        try:
            make_private(path, secrets.token_hex(32).encode() + b"\n")
        except FileExistsError:
            return cls(_secret(path)), False
        return cls(_secret(path)), True


def _secret(path: Path) -> bytes:
    text = read_private(path).strip()
    if len(text) < 32:
        raise UsageError("it is no key: 32 characters or more are needed", file=str(path))
    return text


class ReleaseFolders:
    """Both folders while one run writes into them; another run waits for nobody and is refused."""

    def __init__(self, out: Path, held: Path, *, about: Mapping[str, Any], resume: bool, user: str) -> None:
        self.out, self.held, self._user = out, held, user
        _require_apart(out, held)
        is_new = not out.exists() or not any(out.iterdir())
        if not is_new and not (out / _LOCK).exists():
            raise UsageError(f"{out} holds files of something else", hint="name a new folder")
        if not is_new and (out / RECORDS).exists() and not resume:
            raise UsageError(f"{out} holds a release already", hint="--resume goes on with it, or name a new folder")
        if is_new and (held / _HOUSE).exists():
            raise UsageError(f"{held} holds the lists of another release", hint="name a new folder")
        for folder, mode in ((out, 0o755), (held, 0o700)):
            folder.mkdir(parents=True, exist_ok=True, mode=mode)
        held.chmod(0o700)
        self.staging = out / _STAGING
        self.link, self.count = START, 0
        self.records: list[Mapping[str, Any]] = []
        self._places: dict[str, int] = {}
        with ExitStack() as opened:
            lock = opened.enter_context((out / _LOCK).open("a+b"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UsageError(f"another run is writing into {out}", hint="wait for it") from error
            with suppress(FileNotFoundError):
                shutil.rmtree(self.staging)  # what a killed run left was never released
            self.staging.mkdir(mode=0o700)
            opened.callback(shutil.rmtree, self.staging, ignore_errors=True)
            self._opened(about, opened)
            self._house = _House(held, self.count, opened)
            self._close = opened.pop_all().close

    def _opened(self, about: Mapping[str, Any], opened: ExitStack) -> None:
        """The chain, cut behind its last whole line; UsageError where it is that of another policy or key."""
        path = self.out / RECORDS
        end = 0
        if path.exists():
            for chained in read_chain(path):
                if end == 0 and chained.record.get("about") != dict(about):
                    raise UsageError(
                        f"the release in {self.out} was begun with another policy, key or version",
                        hint="name a new folder",
                    )
                self._take(chained.record)
                self.link, end = chained.link, chained.end
        self._stream = opened.enter_context(path.open("r+b" if path.exists() else "w+b"))
        self._stream.truncate(end)
        self._stream.seek(end)
        if end == 0:
            self._write({"about": dict(about)})

    def _take(self, record: Mapping[str, Any]) -> None:
        if "about" in record:
            return
        self.count += 1
        self.records.append(record)
        if record.get("output"):
            self._places[str(record["output"])] = self.count

    def _write(self, record: Mapping[str, Any]) -> None:
        self.link = next_link(self.link, record)
        made = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": self._user}
        line = {"record": record, "link": self.link, "made": made}
        self._stream.write(json.dumps(line, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def is_done(self, number: int, name: str) -> bool:
        """Whether input ``number`` (from 0) was done by the run before; UsageError where it was another input."""
        if number >= self.count:
            return False
        if self._house.names[number] != name:
            raise UsageError(
                f"input {number + 1} is not what it was in the run before", file=name,
                hint="name the same inputs in the same order, or a new folder",
            )  # fmt: skip
        return True

    def take(self, release: Release) -> Mapping[str, Any]:
        """One input that ended: its output gets its name, then its record is written. The record."""
        from dcmaudit.pipeline.release.ending import Ending, Why

        if release.staged is not None and release.place in self._places:
            release.staged.unlink(missing_ok=True)
            release.ending, release.why, release.staged, release.place = Ending.HELD, Why.TWIN, None, None
        if release.staged is not None and release.place is not None:
            target = self.out / release.place
            target.parent.mkdir(parents=True, exist_ok=True)
            release.staged.replace(target)
            _sync(target.parent)
        record = self._record(release)
        self._house.add(release)  # before the record: what a killed run wrote too much is cut
        self._write(record)
        self._take(record)
        return record

    def _record(self, release: Release) -> dict[str, Any]:
        is_out = release.ending.is_released
        return {
            "n": self.count + 1,
            "input": release.input_digest,
            "outcome": release.ending.value,
            "why": None if release.why is None else release.why.value,
            "output": release.place if is_out else None,
            "output_sha256": release.output_digest if is_out else None,
            "plan": release.plan_digest if is_out else None,
            "proof": release.proof_digest if is_out else None,
            "device": self._house.device(release.device),
            "planes": release.planes,
            "looked_at_by": list(release.seen_by),
            "in_sample": release.is_in_sample,
            "missed_by_machine": release.missed,
            "text_blacked": release.found["blacked"],
            "text_kept": release.found["kept"],
            "rectangles": dict(sorted(release.sources.items())) if is_out else {},
            "left_out": release.removals if is_out else 0,
        }

    def write_lists(self, *, uid_map: Path | None) -> int:
        """The lists of the house, made of what it noted: held.csv, devices.csv, and that of old and new UIDs where it
        is asked for. How many inputs are held back or failed."""
        return self._house.write_lists(uid_map=uid_map)

    @property
    def names(self) -> list[str]:
        """The names of the inputs, in the order of their records."""
        return self._house.names

    def strangers(self) -> Iterator[str]:
        """Files of OUT that no record names: nobody knows how they came there."""
        for folder, _, names in os.walk(self.out):
            for name in names:
                below = Path(folder, name).relative_to(self.out)
                if below.parts[0] not in _OWN and below.as_posix() not in self._places:
                    yield below.as_posix()

    def close(self) -> None:
        """Let both folders go."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _House:
    """What stays in the house, a line an input: its name, why it is held, its device, its UIDs. Mode 0600.

    A line is written before the record of the chain. ``done`` is how many records there are: lines beyond them, and a
    torn one, are cut off.
    """

    def __init__(self, folder: Path, done: int, opened: ExitStack) -> None:
        self._folder = folder
        self.names: list[str] = []
        self._devices: dict[tuple[str, str], int] = {}
        number = os.open(folder / _HOUSE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.fchmod(number, 0o600)
        self.stream = opened.enter_context(os.fdopen(number, "r+b"))
        for _ in range(done):
            try:
                entry = json.loads(self.stream.readline())
                self.names.append(entry["input"])
                self.device(tuple(entry["device"]))
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(
                    "the notes of the run before are not whole, so that it cannot go on",
                    file=str(folder / _HOUSE), hint="name new folders",
                ) from error  # fmt: skip
        self.stream.truncate(self.stream.tell())

    def add(self, release: Release) -> None:
        """Note one input, on disk before this returns."""
        entry = {
            "input": release.name, "outcome": release.ending.value,
            "why": "" if release.why is None else release.why.value, "details": list(release.details),
            "device": list(release.device), "uids": [list(pair) for pair in release.uids],
            "released": release.ending.is_released,
        }  # fmt: skip
        self.stream.write(json.dumps(entry).encode("ascii") + b"\n")
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.names.append(release.name)

    def device(self, device: tuple[str, str]) -> int:
        """The device's number: its name is a value of the header, and stays in the house."""
        return self._devices.setdefault(device, len(self._devices) + 1)

    def write_lists(self, *, uid_map: Path | None) -> int:
        """See ``ReleaseFolders.write_lists``."""
        held = [one for one in self._entries() if not one["released"]]
        self._write("held.csv", _HELD, (
            (one["input"], one["outcome"], one["why"], "; ".join(one["details"])) for one in held
        ))  # fmt: skip
        self._write("devices.csv", ("device", "modality", "model"), (
            (number, *device) for device, number in self._devices.items()
        ))  # fmt: skip
        if uid_map is not None:
            pairs = dict.fromkeys((a, b) for one in self._entries() if one["released"] for a, b in one["uids"])
            _write_list(uid_map, ("id_old", "id_new"), pairs)
        return len(held)

    def _entries(self) -> Iterator[dict[str, Any]]:
        self.stream.seek(0)
        for line in self.stream:
            yield json.loads(line)

    def _write(self, name: str, titles: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
        _write_list(self._folder / name, titles, rows)


def _write_list(path: Path, titles: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """A list that is there wholly or not at all, for this user alone."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(titles)
    writer.writerows(rows)
    write_whole(path, text.getvalue(), mode=0o600)


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """A text that is there wholly or not at all, in place of an older one."""
    new = path.with_name(f".{path.name}.new")
    number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(number, "w", newline="", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)
    _sync(path.parent)


def _require_apart(out: Path, held: Path) -> None:
    one, other = Path(os.path.realpath(out)), Path(os.path.realpath(held))
    if one == other or one in other.parents or other in one.parents:
        raise UsageError(
            "OUT and --held lie in each other", hint="keep apart what may leave the house and what may not"
        )


def require_apart_from_inputs(names: list[str], *folders: Path) -> None:
    """UsageError where a folder of outputs lies in a folder of inputs, or the other way round."""
    for folder in folders:
        place = Path(os.path.realpath(folder))
        for name in names:
            real = Path(os.path.realpath(name))
            if place == real or real in place.parents or place in real.parents:
                raise UsageError(f"{folder} and the input {name} lie in each other", hint="name another folder")


def require_outside(out: Path, path: Path, what: str) -> None:
    """UsageError where a file that must not leave the house lies in OUT, or would."""
    place, folder = Path(os.path.realpath(path)), Path(os.path.realpath(out))
    if place == folder or folder in place.parents:
        raise UsageError(f"{what} {path} lies in {out}, which may leave the house", hint="name another place")


def _sync(folder: Path) -> None:
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
