"""How hard the files of a CSV list were looked at: the list itself says that of no line.

It is noted beside it, in the user's own state folder: for each list and each way of looking one file of seals, a seal
being a digest of all lines of one file, and another one of these lines and of the file as it was looked at: of a file
without text the lines are the same whatever is in it. Lines that somebody changed have none, and a list that was moved
has none either; of such lines nobody knows how they were made.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import platformdirs

from dcmaudit.model.effort import Effort
from dcmaudit.model.engines import OcrEngine, ocr_engine
from dcmaudit.pipeline.output_notes import KEPT_DAYS, OutputNotes
from dcmaudit.plainfile import read_text
from dcmaudit.wholefile import whole_text

_WAY = ".json"

Stamp = tuple[int, ...]
"""Size and times of a file by which it is told from another one under its name."""


@dataclass(frozen=True, slots=True)
class ListedLook:
    """One way of looking: who read, or found lines where nobody read, and what was asked."""

    engine: OcrEngine | int
    effort: Effort

    def words(self) -> str:
        """What the look was, for people."""
        label = self.engine.label if isinstance(self.engine, OcrEngine) else str(self.engine)
        return f"engine {label}; {self.effort.words()}"

    def text(self) -> str:
        """What is kept of it."""
        return json.dumps({"engine": int(self.engine), "effort": self.effort.text()})

    @classmethod
    def parse(cls, text: str) -> ListedLook | None:
        """What ``text`` made; None for anything else."""
        try:
            found = json.loads(text)
            return cls(ocr_engine(int(found["engine"])), Effort.parse(str(found["effort"])))
        except (ValueError, KeyError, TypeError):
            return None


def looks_folder(path: Path) -> Path:
    """Where it is noted how the lines of that list were made; it need not exist."""
    name = blake2b(os.fsencode(os.path.realpath(path)), digest_size=16).hexdigest()
    return platformdirs.user_state_path("dcmaudit", appauthor=False) / "lists" / name


class ListLooks:
    """The looks that made the lines of one list, and that of this run, ``now``.

    Where they cannot be read or written, nothing is known.
    """

    def __init__(self, path: Path, now: ListedLook) -> None:
        self._folder, self._now = looks_folder(path), now
        self._name = blake2b(now.text().encode(), digest_size=8).hexdigest()
        self._known: list[tuple[ListedLook, OutputNotes]] = []
        self._mine: OutputNotes | None = None

    def begin(self) -> None:
        """The list is new: what was noted is about another one."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                path.unlink()

    def go_on(self) -> None:
        """The list is gone on with: read what was noted."""
        with suppress(OSError):
            for path in sorted(self._folder.glob(f"*{_WAY}")):
                look = ListedLook.parse(read_text(path))
                if look is not None:
                    self._known.append((look, OutputNotes(path.with_suffix(""), reads=True, writes=False)))

    def of(self, lines: bytes, stamp: Stamp | None) -> tuple[ListedLook, ...] | None:
        """The looks at a file that made just these lines, which have this ``digest_of``; None where nobody noted that.

        Those at what had another stamp do not count: where there are no others, it is another file now.
        """
        made, now = _seal(lines), _seal(lines, stamp)
        known = [(look, seals) for look, seals in self._known if made in seals]
        return tuple(look for look, seals in known if now in seals) if known else None

    def note(self, files: Iterable[tuple[str, Stamp | None]]) -> None:
        """Note the lines of each of these files, and its stamp, before they are written: a kill between leaves a seal
        of nothing.
        """
        if self._mine is None:
            self._mine = OutputNotes(self._folder / self._name, reads=False, writes=True)
            with suppress(OSError):
                self._make()
        for lines, stamp in files:
            if lines:
                digest = digest_of(lines.encode("utf-8", "surrogateescape"))
                self._mine.add(_seal(digest))
                self._mine.add(_seal(digest, stamp))
        self._mine.flush()

    def _make(self) -> None:
        if not self._folder.exists():
            _forget_old(self._folder.parent)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_text(self._folder / f"{self._name}{_WAY}", mode=0o600) as stream:
            stream.write(self._now.text())


def digest_of(lines: bytes) -> bytes:
    """What the lines of a file are known by."""
    return blake2b(lines, digest_size=16).digest()


def _seal(lines: bytes, *stamps: Stamp | None) -> bytes:
    return blake2b(lines + repr(stamps).encode(), digest_size=8).digest()


def _forget_old(folder: Path) -> None:
    """Take away what was noted of lists that no run has gone on with for more than a year."""
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for one in folder.iterdir() if folder.exists() else ():
        with suppress(OSError):
            parts = list(one.iterdir())
            if all(part.stat().st_mtime < oldest for part in (*parts, one)):
                for part in parts:
                    part.unlink()
                one.rmdir()
