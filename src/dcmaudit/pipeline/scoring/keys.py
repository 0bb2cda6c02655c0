"""Answer keys: what should be hidden in which file, as MIDI-B, presidio and our own lists say it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from dcmaudit.errors import ListError
from dcmaudit.model import Box, Everywhere, Scope

_SQLITE = b"SQLite format 3\0"
_UID = re.compile(r"[0-9.]{1,64}")
_MD5 = re.compile(r"[0-9a-fA-F]{32}")


class KeyFormat(Enum):
    """Whose answer key it is."""

    LIST = "csv"
    """Our list of rectangles: filename, frame, overlay, left, top, right, bottom."""
    PRESIDIO = "presidio"
    """JSON of presidio's image redactor: a file's name, and its boxes with label, left, top, width and height."""
    MIDI_B = "midi-b"
    """SQLite of the MIDI-B challenge: the table ``answer_data``, a row an instance."""


@dataclass(slots=True)
class Answer:
    """What the key says of one file. ``places`` are strings that must be hidden.

    ``unplaced`` counts strings that must be hidden and whose place the key does not tell. ``md5`` is the digest that
    the value of the pixel data must keep, where the key asks for it.
    """

    places: list[tuple[Scope, Box]] = field(default_factory=list)
    unplaced: int = 0
    md5: str | None = None


Key = dict[str, Answer]
"""Answers by the name of the file or, in a key of MIDI-B, by its SOP Instance UID."""


def kind_of(path: Path) -> KeyFormat:
    """Whose key a file is, by its beginning; ListError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise ListError(f"it cannot be read: {error.strerror}", file=str(path)) from error
    if head.startswith(_SQLITE):
        return KeyFormat.MIDI_B
    return KeyFormat.PRESIDIO if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else KeyFormat.LIST


def key_of_rows(rows: Iterable[tuple[str, Scope, Box]]) -> Key:
    """The answers of a list of rectangles: name of the file, planes and box of each string."""
    key: Key = {}
    for name, scope, box in rows:
        key.setdefault(name, Answer()).places.append((scope, box))
    return key


def read_key(path: Path, kind: KeyFormat) -> Key:
    """The answers of presidio's or MIDI-B's key. ListError where it cannot be used to its end.

    A key that is read in part would make what it does not name look hidden, so that any odd row is an error.
    """
    return _of_midi_b(path) if kind is KeyFormat.MIDI_B else _of_presidio(path)


# presidio


def _of_presidio(path: Path) -> Key:
    try:
        data = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ListError("it cannot be read as JSON", file=str(path)) from error
    if not isinstance(data, dict):
        raise ListError("it is no object of file names", file=str(path), hint="needed is {name: [boxes]}")
    return {_name(name, path): _presidio_answer(name, boxes, path) for name, boxes in data.items()}


def _name(name: str, path: Path) -> str:
    if not name.strip():
        raise ListError("it has an entry without the name of a file", file=str(path))
    return name


def _presidio_answer(name: str, boxes: Any, path: Path) -> Answer:
    if isinstance(boxes, dict):  # {"name": {"boxes": [...]}} is written, too
        boxes = boxes.get("boxes", boxes.get("pii"))
    if not isinstance(boxes, list):
        raise ListError(f"the entry of {name} is no list of boxes", file=str(path))
    answer = Answer()
    for box in boxes:
        edges = [box.get(edge) if isinstance(box, dict) else None for edge in ("left", "top", "width", "height")]
        if any(isinstance(edge, bool) or not isinstance(edge, int | float) for edge in edges):
            raise ListError(f"a box of {name} has no left, top, width and height that are numbers", file=str(path))
        left, top, width, height = (float(edge) for edge in edges if edge is not None)
        if width < 1 or height < 1:
            raise ListError(f"a box of {name} holds no pixel", file=str(path))
        place = Box(int(left), int(top), round(left + width), round(top + height))
        answer.places.append((Everywhere.ALL_FRAMES, place))
    return answer


# MIDI-B


def _of_midi_b(path: Path) -> Key:
    """The rows of ``answer_data``: SOPInstanceUID, and AnswerData, an object of rows with ``action`` and
    ``action_text``."""
    key: Key = {}
    try:
        # Opened so that nothing is written beside it, whoever left it in whatever mode.
        base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            for uid, text in base.execute("select SOPInstanceUID, AnswerData from answer_data"):
                _add_midi_b(key, str(uid or ""), text, path)
        finally:
            base.close()
    except (sqlite3.Error, OverflowError) as error:
        hint = "needed is the table answer_data with the columns SOPInstanceUID and AnswerData"
        raise ListError("it cannot be read as a key of MIDI-B", file=str(path), hint=hint) from error
    return key


def _add_midi_b(key: Key, uid: str, text: Any, path: Path) -> None:
    if not _UID.fullmatch(uid):
        raise ListError("a row has no SOP Instance UID", file=str(path))
    try:
        data = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise ListError("the AnswerData of a row are no JSON", file=str(path)) from error
    rows = list(data.values()) if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ListError("the AnswerData of a row are no object of actions", file=str(path))
    answer = key.setdefault(uid, Answer())
    for row in rows:
        action = str(row.get("action", "")).strip("<>")
        said = str(row.get("action_text") or "").strip("<>")
        if action == "pixels_hidden":
            answer.unplaced += 1
        elif action == "pixels_retained":
            if not _MD5.fullmatch(said):
                raise ListError("a row asks to keep the pixels, and gives no MD5 of them", file=str(path))
            answer.md5 = said.lower()
