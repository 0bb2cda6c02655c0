"""What a part of a batch says of its list (``--shard`` with ``--json`` or ``--csv FILE``), and lists put together.

JSON lines of a part end with a line that says which part they are of what; beside a CSV list ``LIST.part`` says it.
Both are written when the run has ended. So a part that is missing, cut off, named twice or made otherwise is noticed
when all are put together.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from pydantic import Field, field_validator

from dcmaudit.errors import ListError, UsageError
from dcmaudit.model.counts import counted
from dcmaudit.model.known_names import KnownNames
from dcmaudit.model.shards import Shard
from dcmaudit.plainfile import open_regular
from dcmaudit.report.jsonlines import SCHEMAS, json_line
from dcmaudit.report.read_lines import Count, ReadLine

PART = "part"
SUFFIX = ".part"
HEADER_OPTION = "csv_header"
"""The option of a part whose CSV list begins with the names of its columns."""
_MOST_LINE = 256 << 20
"""Bytes of a line of JSON: thousands of planes, each with some places."""
_CHUNK = 1 << 20
_ALIKE = "the parts of one run are made alike"


class PartNote(ReadLine):
    """What a part says of itself."""

    schema_name: ClassVar[str] = PART

    part: str
    command: str
    version: str
    options: dict[str, str]
    """Digests of what was asked, by option."""
    settings: dict[str, str] | None = None
    """Digests of what else decides what a line says, by what it is; None in parts of earlier versions."""
    inputs: Count
    mine: Count
    names: str | None = None
    """A sum over the names of the inputs of all parts (``Shard.names``); None in parts of earlier versions."""
    code: int
    digest: str | None = Field(default=None, alias="list")
    """The SHA-256 of the CSV list that it stands beside."""

    @field_validator("part")
    @classmethod
    def _parsed(cls, text: str) -> str:
        try:
            Shard.parse(text)
        except UsageError as error:
            raise ValueError(error.message) from error
        return text

    @cached_property
    def shard(self) -> Shard:
        """Which part it is."""
        return Shard.parse(self.part)

    def line(self) -> str:
        """The line of JSON that says it, without its end."""
        return json_line(PART, self.model_dump(by_alias=True, exclude_none=True))


def note_beside(path: Path) -> Path:
    """Where it is said of a CSV list which part it is."""
    return Path(f"{path}{SUFFIX}")


def is_note(path: Path) -> bool:
    """Whether the file is what a part said of its list, also in an earlier version; OSError as ``open_regular``."""
    with open_regular(path) as stream:
        return f'"{SCHEMAS[PART].title}"' in stream.readline(_CHUNK).decode("utf-8", "replace")


def list_digest(path: Path) -> str:
    """The SHA-256 of a list; OSError as ``open_regular``."""
    with open_regular(path) as stream:
        return _digest(stream)


def _digest(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while data := stream.read(_CHUNK):
        digest.update(data)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Part:
    """A list of a part, and what it says of itself."""

    path: Path
    note: PartNote

    @property
    def is_csv(self) -> bool:
        """Whether it is a CSV list; else it is lines of JSON."""
        return self.note.digest is not None

    def lines(self) -> Iterator[bytes]:
        """The lines of inputs, whole, each held against the part."""
        yield from _csv_lines(self) if self.is_csv else _json_lines(self)


def join(paths: Sequence[Path], out: BinaryIO, *, ended: AbstractSet[int]) -> list[Part]:
    """Write the lines of all parts, in the order of the parts; those that did not end with exit code 0 come back.

    ``ended`` are exit codes of runs that answered for every input. ListError, with the name of the part, where one is
    missing, comes twice, is cut off, has been changed, was broken off, was made otherwise than the others, or holds an
    input of another part or two answers for one.
    """
    parts = [_part(path, ended) for path in paths]
    first = parts[0]
    seen: dict[int, Path] = {}
    for part in parts:
        _require_like(part, first)
        shard = part.note.shard
        if shard.number in seen:
            raise ListError(f"it is part {shard} as {seen[shard.number]} is", file=str(part.path),
                            hint="name every part once")  # fmt: skip
        seen[shard.number] = part.path
    count = first.note.shard.count
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in seen]
    if missing:
        told = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
        raise ListError(f"these parts are missing: {told}", hint="nothing is put together of some of them")
    in_order = sorted(parts, key=lambda one: one.note.shard.number)
    header = b""
    for part in in_order:
        lines = part.lines()
        if part.is_csv and HEADER_OPTION in first.note.options:
            own = next(lines, b"")
            if header and own != header:
                raise ListError("its first line is another than that of the other parts", file=str(part.path))
            if not header:
                out.write(own)
            header = own
        out.writelines(lines)
    return [part for part in in_order if part.note.code]


def _part(path: Path, ended: AbstractSet[int]) -> Part:
    beside = note_beside(path)
    try:
        with open_regular(beside if beside.exists() else path) as stream:
            note = PartNote.of(_last_line(stream))
    except OSError as error:
        raise ListError(f"the part cannot be read: {error.strerror}", file=str(path)) from error
    if note is None or beside.exists() != (note.digest is not None):
        raise ListError(
            "no whole list of a part: it was cut off, its run was not ended, or it is none", file=str(path),
            hint=f"a run with --shard and --json ends its lines with what they are part of; with --csv FILE it writes "
            f"FILE{SUFFIX} beside it",
        )  # fmt: skip
    if note.code not in ended:
        raise ListError(f"part {note.shard} was broken off (exit code {note.code})", file=str(path),
                        hint="let it go on to its end first")  # fmt: skip
    # Whether it was made as the others were cannot be told: nothing is put together on trust.
    if note.settings is None or note.names is None:
        raise ListError(f"part {note.shard} does not say with which settings and of which names it was made",
                        file=str(path), hint="an earlier version wrote it: make this part again")  # fmt: skip
    return Part(path, note)


def _last_line(stream: BinaryIO) -> bytes:
    """The last line, with its end where it has one."""
    size = stream.seek(0, os.SEEK_END)
    tail, at = b"", size
    while at and tail.count(b"\n") < 2 and len(tail) < _CHUNK:
        step = min(4096, at)
        at -= step
        stream.seek(at)
        tail = stream.read(step) + tail
    return tail[tail.rfind(b"\n", 0, -1) + 1 :]


def _require_like(part: Part, first: Part) -> None:
    mine, its = part.note, first.note
    for what, one, other in (
        ("of the command", mine.command, its.command), ("by version", mine.version, its.version),
        ("in as many parts", mine.shard.count, its.shard.count), ("in the form", _form(part), _form(first)),
    ):  # fmt: skip
        if one != other:
            raise ListError(f"it was not made {what} {other} as {first.path} was", file=str(part.path), hint=_ALIKE)
    others = [f"--{name.replace('_', '-')}" for name in _other(mine.options, its.options)]
    others += _other(mine.settings or {}, its.settings or {})
    if others:
        raise ListError(f"it was made with another {', '.join(others)} than {first.path}", file=str(part.path),
                        hint=_ALIKE)  # fmt: skip
    # Of another folder, without -r, or of an archive that grew: what no part has met nothing may be said about.
    hint = "make all parts of the same names"
    if mine.inputs != its.inputs:
        raise ListError(f"it met {counted(mine.inputs, 'input')} of all parts, and {first.path} met {its.inputs}",
                        file=str(part.path), hint=hint)  # fmt: skip
    if mine.names != its.names:
        raise ListError(f"it met inputs with other names than {first.path}", file=str(part.path), hint=hint)


def _other(mine: Mapping[str, str], its: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*mine, *its} if mine.get(name) != its.get(name))


def _form(part: Part) -> str:
    return "CSV" if part.is_csv else "JSON"


def _json_lines(part: Part) -> Iterator[bytes]:
    """The lines of inputs; a summary is that of its part, and is left out."""
    names, answers, note = KnownNames(0), KnownNames(0), part.note
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
    if names.count != note.mine:
        raise ListError(f"it has answers for {names.count} of its {counted(note.mine, 'input')}", file=str(part.path),
                        hint="lines are gone: make this part again")  # fmt: skip


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _csv_lines(part: Part) -> Iterator[bytes]:
    """Every line of a list that is what its run left."""
    with open_regular(part.path) as stream:
        if _digest(stream) != part.note.digest:
            raise ListError("it is not what its run left: it was cut off or changed", file=str(part.path),
                            hint="make this part again")  # fmt: skip
        stream.seek(0)
        held = list[bytes]()
        rows = csv.reader(line.decode("utf-8-sig", "surrogateescape") for line in _kept(stream, held))
        is_first = HEADER_OPTION in part.note.options
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


def _require_mine(part: Part, name: str) -> None:
    if not part.note.shard.holds(name):
        raise ListError(f"it names a file that is not in part {part.note.shard}", file=str(part.path))
