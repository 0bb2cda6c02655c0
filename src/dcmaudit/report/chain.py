"""The chain of records of a release: one line of JSON a file, each tied to all before it.

A line is ``{"record": {...}, "link": hex, "made": {...}}``. ``link`` is the SHA-256 of the link before it (64 zeros for
the first) and of the record as canonical JSON: keys sorted, no blanks, ASCII. ``made`` says when and by whom and is in
no digest, so that a run that was broken off and resumed has the same chain as one that was not. The root is the last
link. ``check_release.py`` reads the same without this program.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcmaudit.errors import ListError

START = "0" * 64
_KEYS = {"record", "link", "made"}


def canonical(record: Mapping[str, Any]) -> bytes:
    """The record as the bytes of which a digest is taken."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def next_link(link: str, record: Mapping[str, Any]) -> str:
    """The link of a record that follows the one with ``link``."""
    return hashlib.sha256(link.encode("ascii") + canonical(record)).hexdigest()


@dataclass(frozen=True, slots=True)
class Chained:
    """One line of a chain that was read and is right."""

    record: Mapping[str, Any]
    link: str
    end: int
    """Where the line ends in the file, in bytes."""


def read_chain(path: Path) -> Iterator[Chained]:
    """Every whole line, checked; a last line without its end is torn and left out.

    ListError for a line that is no record or does not follow from those before it.
    """
    link, end = START, 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            # Written in one go with its end: without that the program or the machine stopped in between.
            if not line.endswith(b"\n"):
                return
            try:
                data = json.loads(line)
            except ValueError as error:
                raise ListError("it is no JSON", file=f"{path} line {number}") from error
            if not isinstance(data, dict) or set(data) != _KEYS or not isinstance(data["record"], dict):
                raise ListError("it is no record of a release", file=f"{path} line {number}")
            link = next_link(link, data["record"])
            if data["link"] != link:
                raise ListError("it does not follow from the lines before it", file=f"{path} line {number}")
            end += len(line)
            yield Chained(data["record"], link, end)
