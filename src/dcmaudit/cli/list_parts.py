"""What a part of a batch says of its list (``--shard`` with ``--json`` or ``--csv FILE``), and lists put together.

JSON lines of a part end with a line that says which part they are of what; beside a CSV list ``LIST.part`` says it.
Both are written when the run has ended. So a part that is missing, cut off, named twice or made otherwise is noticed
when all are put together (``report join``).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dcmaudit import __version__
from dcmaudit.cli.common import Exit, say
from dcmaudit.errors import ListError, UsageError
from dcmaudit.model.counts import counted
from dcmaudit.report.jsonlines import SCHEMAS, json_line
from dcmaudit.settings.plainfile import open_regular
from dcmaudit.wholefile import whole_file

if TYPE_CHECKING:
    from dcmaudit.sources.shards import Shard

PART = "part"
SUFFIX = ".part"
_MOST_LINE = 256 << 20
"""Bytes of a line of JSON: thousands of planes, each with some places."""
_CHUNK = 1 << 20
_HERE = frozenset({
    "append", "ca_bundle", "config", "csv", "dask", "db", "debug", "environment", "files", "files_from", "files_needed",
    "jobs", "json", "names", "ordered", "output", "overwrite", "pairs", "partly", "progress", "quiet", "recursive",
    "resume", "shard", "user", "verbose",
})  # fmt: skip
"""Arguments that two parts of one batch may differ in: where, how fast, with which words, of which names (these are
counted)."""


def begin_part(args: argparse.Namespace) -> None:
    """Before a run: UsageError where the place of what it will say of its list is another file's.

    What an earlier run said stays until then: it holds as long as the list is what that run left.
    """
    beside = _beside(args)
    if beside is None or not os.path.lexists(beside):
        return
    with suppress(OSError), open_regular(beside) as stream:
        if SCHEMAS[PART].title in stream.readline(_CHUNK).decode("utf-8", "replace"):
            return
    raise UsageError(f"{beside} is in the way: what the part is of what will stand there", hint="take it away first")


def end_part(command: str, args: argparse.Namespace, code: int) -> None:
    """After a run that got to its end: say which part its list is; nothing where there is no list, or no part."""
    shard: Shard | None = getattr(args, "shard", None)
    if shard is None:
        return
    said = {
        "part": str(shard), "command": command, "version": __version__, "options": _options(args),
        "inputs": shard.mine + shard.others, "mine": shard.mine, "code": int(code),
    }  # fmt: skip
    # The parts of a sample say it in their first line, for they are drawn from, and those of a release in its records.
    if getattr(args, "json", False) and command not in {"sample", "release"}:
        print(json_line(PART, said))
    beside = _beside(args)
    if beside is None or not Path(args.csv).is_file():  # a pipe is no list that can be put together
        return
    with open_regular(Path(args.csv)) as stream:
        said["list"] = _digest(stream)
    with whole_file(beside, mode=0o600) as out:
        out.write(f"{json_line(PART, said)}\n".encode())


def _digest(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while data := stream.read(_CHUNK):
        digest.update(data)
    return digest.hexdigest()


def _beside(args: argparse.Namespace) -> Path | None:
    name = getattr(args, "csv", None)
    is_list = _writes_list(args) and name not in {None, "-", "stdout"}
    return Path(f"{name}{SUFFIX}") if is_list else None


def _writes_list(args: argparse.Namespace) -> bool:
    # Of other commands --csv is an input, or only says how to print.
    return hasattr(args, "csv_header")


def _options(args: argparse.Namespace) -> dict[str, str]:
    """What the run was asked, as digests: a value may be a name that nobody else should read."""
    return {
        name: hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        for name, value in sorted(vars(args).items())
        if value not in (None, False, [], ()) and (name not in _HERE or (name == "csv" and not _writes_list(args)))
    }


# --- putting together ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Head:
    """What a part says of itself."""

    shard: Shard
    command: str
    version: str
    options: dict[str, str]
    inputs: int
    mine: int
    code: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class _Part:
    """A list of a part, and what it says of itself."""

    path: Path
    head: _Head

    @property
    def is_csv(self) -> bool:
        return self.head.digest is not None

    def lines(self) -> Iterator[bytes]:
        """The lines of inputs, whole, each held against the part."""
        yield from _csv_lines(self) if self.is_csv else _json_lines(self)


def join(paths: Sequence[Path], out: BinaryIO) -> int:
    """Write the lines of all parts, in the order of the parts; the exit code of all of them comes back.

    ListError, with the name of the part, where one is missing, comes twice, is cut off, has been changed, was broken
    off, was made otherwise than the others, or holds an input of another part or two answers for one.
    """
    parts = [_part(path) for path in paths]
    first = parts[0]
    seen: dict[int, Path] = {}
    for part in parts:
        _require_like(part, first)
        shard = part.head.shard
        if shard.number in seen:
            raise ListError(f"it is part {shard} as {seen[shard.number]} is", file=str(part.path),
                            hint="name every part once")  # fmt: skip
        seen[shard.number] = part.path
    count = first.head.shard.count
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in seen]
    if missing:
        told = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
        raise ListError(f"these parts are missing: {told}", hint="nothing is put together of some of them")
    codes, header = set[int](), b""
    for part in sorted(parts, key=lambda one: one.head.shard.number):
        lines = part.lines()
        if part.is_csv and "csv_header" in first.head.options:
            own = next(lines, b"")
            if header and own != header:
                raise ListError("its first line is another than that of the other parts", file=str(part.path))
            if not header:
                out.write(own)
            header = own
        out.writelines(lines)
        if part.head.code:
            codes.add(part.head.code)
            say(f"{part.path}: part {part.head.shard} ended with exit code {part.head.code}: look there for what is "
                "not done")  # fmt: skip
    return _worst(codes)


def _worst(codes: set[int]) -> int:
    return Exit.GOOD if not codes else next(iter(codes)) if codes == {Exit.TEXT_LEFT} else Exit.NOT_ALL


def _part(path: Path) -> _Part:
    beside = Path(f"{path}{SUFFIX}")
    try:
        with open_regular(beside if beside.exists() else path) as stream:
            head = _head(path, _last_line(stream))
    except OSError as error:
        raise ListError(f"the part cannot be read: {error.strerror}", file=str(path)) from error
    if beside.exists() != (head.digest is not None):
        raise _none(path)
    # 1 and 4 are answers of inputs; anything else ended the run before all of them were answered.
    if head.code not in {Exit.GOOD, Exit.NOT_ALL, Exit.TEXT_LEFT}:
        raise ListError(f"part {head.shard} was broken off (exit code {head.code})", file=str(path),
                        hint="let it go on to its end first")  # fmt: skip
    return _Part(path, head)


def _last_line(stream: BinaryIO) -> bytes:
    """The last line; b"" where it does not end."""
    size = stream.seek(0, os.SEEK_END)
    tail, at = b"", size
    while at and tail.count(b"\n") < 2 and len(tail) < _CHUNK:
        step = min(4096, at)
        at -= step
        stream.seek(at)
        tail = stream.read(step) + tail
    return tail.removesuffix(b"\n").rpartition(b"\n")[2] if tail.endswith(b"\n") else b""


def _head(path: Path, line: bytes) -> _Head:
    from dcmaudit.sources.shards import Shard

    found = _object(line)
    if found.get("schema") != SCHEMAS[PART].title:
        raise _none(path)
    texts = [found.get(key) for key in ("part", "command", "version")]
    numbers = [found.get(key) for key in ("inputs", "mine", "code")]
    options, digest = found.get("options"), found.get("list")
    is_like_ours = all(isinstance(one, str) for one in texts) and all(type(one) is int for one in numbers)
    if not is_like_ours or not isinstance(options, dict) or not (digest is None or isinstance(digest, str)):
        raise _none(path)
    try:
        shard = Shard.parse(str(texts[0]))
    except UsageError:
        raise _none(path) from None
    inputs, mine, code = (int(number or 0) for number in numbers)
    return _Head(shard, str(texts[1]), str(texts[2]), options, inputs, mine, code, digest)


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _none(path: Path) -> ListError:
    return ListError(
        "no whole list of a part: it was cut off, its run was not ended, or it is none", file=str(path),
        hint=f"a run with --shard and --json ends its lines with what they are part of; with --csv FILE it writes "
        f"FILE{SUFFIX} beside it",
    )  # fmt: skip


def _require_like(part: _Part, first: _Part) -> None:
    mine, its = part.head, first.head
    for what, one, other in (
        ("of the command", mine.command, its.command), ("by version", mine.version, its.version),
        ("in as many parts", mine.shard.count, its.shard.count), ("in the form", _form(part), _form(first)),
    ):  # fmt: skip
        if one != other:
            raise ListError(f"it was not made {what} {other} as {first.path} was", file=str(part.path),
                            hint="the parts of one run are made alike")  # fmt: skip
    other_options = sorted(
        name for name in {*mine.options, *its.options} if mine.options.get(name) != its.options.get(name)
    )
    if other_options:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in other_options)
        raise ListError(f"it was made with another {names} than {first.path}", file=str(part.path),
                        hint="the parts of one run are made alike")  # fmt: skip
    # Of another folder, without -r, or of an archive that grew: what no part has met nothing may be said about.
    if mine.inputs != its.inputs:
        raise ListError(f"it met {counted(mine.inputs, 'input')} of all parts, and {first.path} met {its.inputs}",
                        file=str(part.path), hint="make all parts of the same names")  # fmt: skip


def _form(part: _Part) -> str:
    return "CSV" if part.is_csv else "JSON"


def _json_lines(part: _Part) -> Iterator[bytes]:
    """The lines of inputs; a summary is that of its part, and is left out."""
    from dcmaudit.sources.known import KnownNames

    names, answers, head = KnownNames(0), KnownNames(0), part.head
    with open_regular(part.path) as stream:
        while line := stream.readline(_MOST_LINE):
            found = _object(line)
            if found.get("schema") == SCHEMAS[PART].title:
                if stream.read(1):
                    raise ListError("it holds the lines of two runs", file=str(part.path), hint="keep the last run")
                break
            name = found.get("file", found.get("filename"))
            if "summary" in found and name is None:
                continue
            if not isinstance(name, str) or not line.endswith(b"\n"):
                raise ListError("a line of it is no answer for an input", file=str(part.path),
                                hint="make this part again")  # fmt: skip
            _require_mine(part, name)
            # Of one original the outputs of several tools may be held against it: each pair is an input of verify.
            after = found.get("after_file")
            is_new = names.meet(f"{name}\0{after}" if isinstance(after, str) else name, "") is None
            if answers.meet(name.encode("utf-8", "surrogatepass") + b"\0" + line, "") is not None:
                continue  # the very same again
            if not is_new:
                raise ListError("it has two answers for one input", file=str(part.path), hint="make this part again")
            yield line
    if names.count != head.mine:
        raise ListError(f"it has answers for {names.count} of its {counted(head.mine, 'input')}", file=str(part.path),
                        hint="lines are gone: make this part again")  # fmt: skip


def _csv_lines(part: _Part) -> Iterator[bytes]:
    """Every line of a list that is what its run left."""
    with open_regular(part.path) as stream:
        if _digest(stream) != part.head.digest:
            raise ListError("it is not what its run left: it was cut off or changed", file=str(part.path),
                            hint="make this part again")  # fmt: skip
        stream.seek(0)
        held = list[bytes]()
        rows = csv.reader(line.decode("utf-8-sig", "surrogateescape") for line in _kept(stream, held))
        is_first = "csv_header" in part.head.options
        for row in rows:
            whole = b"".join(held)
            held.clear()
            if row and not is_first:
                _require_mine(part, row[0])
            is_first = False
            yield whole


def _kept(stream: BinaryIO, held: list[bytes]) -> Iterator[bytes]:
    """The lines of a file, which also go into ``held``: a field may have several."""
    for line in stream:
        held.append(line)
        yield line


def _require_mine(part: _Part, name: str) -> None:
    if not part.head.shard.holds(name):
        raise ListError(f"it names a file that is not in part {part.head.shard}", file=str(part.path))
