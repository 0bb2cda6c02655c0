"""The two folders of a release: OUT, whose files may leave the house, and HELD, whose lists may not."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from dcmaudit.errors import UsageError
from dcmaudit.pipeline.release.commits import Commits, certain_records, committed_records
from dcmaudit.pipeline.release.ending import Ending, Release, Why
from dcmaudit.pipeline.release.house import NOTES, House, Noted, require_same
from dcmaudit.pipeline.release.outputs import outputs_at
from dcmaudit.pipeline.release.pictures import OfficerPages
from dcmaudit.pipeline.remote import Remote, Target
from dcmaudit.report.chain import START, canonical, next_link, read_chain
from dcmaudit.settings.privatefile import make_private, read_private
from dcmaudit.sources.s3.names import is_object_name

RECORDS, REPORT, PAGE, SIGNATURE = "records.jsonl", "report.json", "report.html", "signature.json"
CHECKER, FILES, DEVICES = "check_release.py", "files.csv", "devices.csv"
WRITTEN = (RECORDS, REPORT, PAGE, CHECKER, FILES, DEVICES)
"""What a finished release holds beside its files, and what is signed."""
MARK, LEAVING, _STAGING = ".dcmaudit-release", "leaving", ".dcmaudit-staging"
"""The mark is there while a run is not finished; whoever holds its lock may write."""


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
    """Both folders while one run writes into them; another run waits for nobody and is refused.

    Where OUT is in a bucket, records and report are made in HELD and sent when all is done. ``out`` is where they lie
    on this machine. Records are on disk alone, so that memory stays flat however many there are.
    """

    def __init__(self, out: Target, held: Path, *, about: Mapping[str, Any], resume: bool, user: str) -> None:
        self.place, self.held, self._user = out, held, user
        self.out = held / LEAVING if isinstance(out, Remote) else out
        self.outputs = outputs_at(out)
        _require_startable(out, self.out, held, resume=resume)
        for folder, mode in ((held, 0o700), (self.out, 0o755)):
            folder.mkdir(parents=True, exist_ok=True, mode=mode)
        # A folder that was there already may have had other rights.
        held.chmod(0o700)
        self.staging = self.out / _STAGING
        self.link, self.count, self._is_finished = START, 0, False
        self._leftover: set[str] = set()
        with ExitStack() as opened:
            opened.enter_context(_locked(self.out / MARK))
            with suppress(FileNotFoundError):
                shutil.rmtree(self.staging)  # what a killed run left was never released
            self.staging.mkdir(mode=0o700)
            opened.callback(shutil.rmtree, self.staging, ignore_errors=True)
            self._commits = Commits(held, self._sync)
            self._opened(about, opened)
            self._house = House(held, self.count, opened)
            self._pages = OfficerPages(held, self.count, committed_records(held))
            self.commit()
            opened.callback(self._commit_rest)
            if self.count or resume:
                # Outputs that a killed run had named and not recorded: they are made again.
                self._leftover = set(self.strangers(self._known()))
            self._close = opened.pop_all().close

    def _opened(self, about: Mapping[str, Any], opened: ExitStack) -> None:
        """The chain, cut behind its last whole line, or where a loss of power leaves no more for certain; UsageError
        where it is that of another policy or key."""
        path = self.out / RECORDS
        end, certain, committed = 0, certain_records(self.held), committed_records(self.held)
        if path.exists():
            for chained in islice(read_chain(path), None if certain is None else certain + 1):
                # The first record says what the release is made by; two policies in one chain would be worth nothing.
                if end == 0 and chained.record.get("about") != dict(about):
                    raise UsageError(
                        f"the release in {self.place} was begun with another policy, key or version",
                        hint="name a new folder",
                    )
                self.count += end > 0
                self.link, end = chained.link, chained.end
                # Written after the last commit: whether its bytes are on the disk nobody knows, so they are brought
                # there.
                is_open = committed is not None and self.count > committed
                if is_open and chained.record["output"] is not None:
                    self.outputs.touch(chained.record["output"])
        self._stream = opened.enter_context(path.open("r+b" if path.exists() else "w+b"))
        self._stream.truncate(end)
        self._stream.seek(end)
        if end == 0:
            self._write({"about": dict(about)})

    def _write(self, record: Mapping[str, Any]) -> None:
        self.link = next_link(self.link, record)
        made = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": self._user}
        self._stream.write(canonical({"record": record, "link": self.link, "made": made}) + b"\n")
        self._stream.flush()  # a process that is killed does not lose it

    def _sync(self) -> None:
        self.outputs.sync()
        self._pages.sync()
        self._house.sync()
        os.fsync(self._stream.fileno())

    def commit(self) -> None:
        """Bring everything so far to the disk."""
        self._commits.commit(self.count)

    def _commit_rest(self) -> None:
        if not self._is_finished:
            self.commit()

    def is_done(self, number: int, name: str, now: Callable[[], Noted]) -> bool:
        """Whether input ``number`` (from 0, asked for in order) was done by the run before; UsageError where it was
        another input, or where ``now``, asked for what was released alone, is not what was noted then."""
        before = self._house.before() if number < self.count else None
        if before is None:
            return False
        if before["input"] != name:
            raise UsageError(
                f"input {number + 1} is not what it was in the run before", file=name,
                hint="name the same inputs in the same order, or a new folder",
            )  # fmt: skip
        # What was held back stays so; what left must not pass for what lies there, or is asked, now.
        if before["released"]:
            require_same(before, now(), number, name)
        return True

    def take(self, release: Release, position: int, noted: Noted | None = None) -> Mapping[str, Any]:
        """One input that ended: its output gets its name, then its record is written. The record.

        ``position`` is its place among all inputs, of all parts where there are some; ``noted`` what it was, and what
        the database asked of it, before it was looked at.
        """
        if release.staged is None or release.place is None:
            if release.ending.is_released:
                # A record must not say that a file left of which there is none.
                release.fail(Why.FAULT, "nothing was written of it")
        elif not self._placed(release.staged, release.place):
            release.hold(Why.TWIN, _twin(release.place))
            release.staged = release.place = None
        if release.section and release.ending.is_released:
            self._pages.add(self.count + 1, release.section)
        self._house.add(
            release, position, noted or Noted()
        )  # before the record: what a killed run wrote too much is cut
        return self._recorded(_record(release, self.count + 1, self._house.device(release.device)))

    def take_from_part(self, record: dict[str, Any], entry: dict[str, Any], staged: Path | None, section: str) -> None:
        """One input of a part of this release, by the part's record and note; ``staged`` is its output, ``section``
        what the officer's pages have of it."""
        if staged is not None and not self._placed(staged, record["output"]):
            twin = {"outcome": Ending.HELD.value, "why": Why.TWIN.value}
            entry |= {**twin, "details": [_twin(record["output"])], "released": False}
            record |= {**twin, "output": None, "output_sha256": None, "plan": None, "proof": None,
                       "rectangles": {}, "left_out": 0}  # fmt: skip
        if section and record["output"] is not None:
            self._pages.add(self.count + 1, section)
        self._house.write(entry)
        device = self._house.device(tuple(entry["device"]))
        self._recorded({**record, "n": self.count + 1, "device": device})

    def _placed(self, staged: Path, place: str) -> bool:
        """Give an output its name; False, and it is gone, where another one has it."""
        # Two inputs with the same UIDs: the first one stays, for its record is written.
        if self.outputs.holds(place) and place not in self._leftover:
            staged.unlink(missing_ok=True)
            return False
        self.outputs.put(staged, place)
        self._leftover.discard(place)
        return True

    def _recorded(self, record: dict[str, Any]) -> dict[str, Any]:
        self._write(record)
        self.count += 1
        self._commits.written(self.count)
        return record

    def records(self) -> Iterator[dict[str, Any]]:
        """The record of every input in order, read from the file while it is asked for."""
        with (self.out / RECORDS).open("rb") as stream:
            next(stream, None)
            for line in stream:
                yield json.loads(line.decode())["record"]

    def entries(self) -> Iterator[dict[str, Any]]:
        """What the house knows of every input, in the same order."""
        return self._house.entries()

    def lists(self, *, uid_map: Path | None) -> AbstractContextManager[Callable[[dict[str, Any]], None]]:
        """The lists of the house, and that of old and new UIDs where it is asked for, as a function that takes what is
        known of every input in order."""
        return self._house.lists(uid_map=uid_map)

    def write_pages(self, counts: Mapping[str, int]) -> None:
        """The first of the officer's pages."""
        self._pages.finish(counts)

    def _known(self) -> set[bytes]:
        return {short(record["output"]) for record in self.records() if record["output"] is not None}

    def strangers(self, known: set[bytes]) -> list[str]:
        """Names among the outputs whose digest (``short``) is not known: nobody knows how they came there.

        Those that are there are taken out of ``known``; what is left of it is missing.
        """
        own, found = {*WRITTEN, SIGNATURE, MARK}, list[str]()
        for name in self.outputs.names():
            if name in own or name.startswith(f"{_STAGING}/"):
                continue
            digest = short(name)
            if digest in known:
                known.remove(digest)  # each name comes once
            else:
                found.append(name)
        return sorted(found)

    def finished(self) -> None:
        """All is written: send what lies here to the bucket, where OUT is one; and take the mark away."""
        if isinstance(self.place, Remote):
            for name in WRITTEN:
                (self.place / name).receive(self.out / name, overwrite=True)
        self.commit()
        self._commits.forget()
        self._is_finished = True
        (self.out / MARK).unlink(missing_ok=True)

    def close(self) -> None:
        """Let both folders go."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _twin(place: str) -> str:
    """Where the other one is to be found: in files.csv, and by its number in the notes of the house."""
    return f"its output would be {place}"


def short(name: str) -> bytes:
    """The digest by which the name of an output is known, where there may be millions of them."""
    return hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=16).digest()


def _record(release: Release, number: int, device: int) -> dict[str, Any]:
    """What may leave of one input."""
    is_out = release.ending.is_released
    return {
        "n": number,
        "input": release.input_digest,
        "outcome": release.ending.value,
        "why": None if release.why is None else release.why.value,
        "output": release.place if is_out else None,
        "output_sha256": release.output_digest if is_out else None,
        "plan": release.plan_digest if is_out else None,
        "proof": release.proof_digest if is_out else None,
        "device": device,
        "planes": release.planes,
        "looked_at_by": list(release.seen_by),
        "looks": dict(sorted(release.looks.items())),
        "in_sample": release.is_in_sample,
        "missed_by_machine": release.missed,
        "text_found": dict(sorted(release.verdicts.items())),
        "text_blacked": release.found["blacked"],
        "text_kept": release.found["kept"],
        "rules": list(release.rules),
        "rectangles": dict(sorted(release.sources.items())) if is_out else {},
        "left_out": release.removals if is_out else 0,
    }


def _require_startable(out: Target, local: Path, held: Path, *, resume: bool) -> None:
    """UsageError where a run may not begin to write there."""
    if not isinstance(out, Remote):
        _require_apart(out, held)
    # The mark is made before anything else, and a finished release has its records.
    has_begun = (local / MARK).exists() or (local / RECORDS).exists()
    is_new = not any(local.iterdir()) if local.is_dir() else not local.exists()
    if isinstance(out, Remote) and not has_begun:
        is_new = next(iter(outputs_at(out).names()), None) is None
    if not is_new and not has_begun:
        raise UsageError(f"{out} holds files of something else", hint="name a new folder")
    # Lists of two releases in one file would tell the house wrong things of both.
    if is_new and (held / NOTES).exists():
        raise UsageError(f"{held} holds the lists of another release", hint="name a new folder")
    if (local / RECORDS).exists() and not resume:
        raise UsageError(f"{out} holds a release already", hint="--resume goes on with it, or name a new folder")


def _locked(mark: Path) -> IO[bytes]:
    """The mark, locked; UsageError where another run holds it, or has just finished."""
    stream = mark.open("a+b")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The run that held the lock may have taken the mark away in the meantime: then the lock is on a file without
        # a name.
        is_there = mark.exists() and mark.stat().st_ino == os.fstat(stream.fileno()).st_ino
    except OSError as error:
        stream.close()
        raise UsageError(f"another run is writing into {mark.parent}", hint="wait for it") from error
    if not is_there:
        stream.close()
        raise UsageError(f"another run is writing into {mark.parent}", hint="wait for it")
    return stream


def _require_apart(out: Path, held: Path) -> None:
    one, other = Path(os.path.realpath(out)), Path(os.path.realpath(held))
    if one == other or one in other.parents or other in one.parents:
        raise UsageError(
            "OUT and --held lie in each other", hint="keep apart what may leave the house and what may not"
        )


def require_apart_from_inputs(names: list[str], *folders: Target) -> None:
    """UsageError where a folder of outputs lies in a folder of inputs, or the other way round."""
    for folder in folders:
        if isinstance(folder, Remote):
            for name in names:
                one, other = f"{name.rstrip('/')}/", f"{folder}/"
                if one.startswith(other) or other.startswith(one):
                    raise UsageError(f"{folder} and the input {name} lie in each other", hint="name another place")
            continue
        place = Path(os.path.realpath(folder))
        for name in names:
            if is_object_name(name):
                continue
            real = Path(os.path.realpath(name))
            if place == real or real in place.parents or place in real.parents:
                raise UsageError(f"{folder} and the input {name} lie in each other", hint="name another folder")


def require_outside(out: Path, path: Path, what: str) -> None:
    """UsageError where a file that must not leave the house lies in OUT, or would."""
    place, folder = Path(os.path.realpath(path)), Path(os.path.realpath(out))
    if place == folder or folder in place.parents:
        raise UsageError(f"{what} {path} lies in {out}, which may leave the house", hint="name another place")
