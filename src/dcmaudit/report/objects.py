"""Objects of a bucket that were listed or copied: as lines and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object by its address, with its bytes, when it was changed, and the server's mark of its content."""

    name: str
    size: int
    modified: datetime
    etag: str | None

    def record(self) -> dict[str, Any]:
        """What ``s3 list --json`` prints."""
        return {"name": self.name, "size": self.size, "modified": self.modified.isoformat(), "etag": self.etag}

    def line(self) -> str:
        """The same for people."""
        return f"{self.size:>14}  {self.modified:%Y-%m-%d %H:%M:%S}  {printable(self.name)}"


@dataclass(frozen=True, slots=True)
class CopiedObject:
    """An object that is now the file ``path``; ``resumed`` of its bytes were there before. ``compared``: by what."""

    name: str
    path: str
    size: int
    compared: str
    resumed: int

    def record(self) -> dict[str, Any]:
        """What ``s3 get --json`` prints."""
        return {"name": self.name, "file": self.path, "size": self.size, "compared": self.compared, "error": None}

    def line(self) -> str:
        """The same for people."""
        resumed = f", {self.resumed} of them from before" if self.resumed else ""
        return f"{printable(self.path)}: {self.size} bytes{resumed}; compared: {self.compared}"


def folder_record(name: str) -> dict[str, Any]:
    """What ``s3 list --json`` prints for a folder."""
    return {"folder": name}


def folder_line(name: str) -> str:
    """The same for people, in the columns of the objects."""
    return f"{'folder':>14}  {'':19}  {printable(name)}"


def failed_record(name: str, error: str) -> dict[str, Any]:
    """What ``s3 get --json`` prints for an object of which there is no copy."""
    return {"name": name, "file": None, "size": None, "compared": None, "error": error}


def listed_line(objects: int, size: int) -> str:
    """How many objects a listing has, and their bytes."""
    return f"{counted(objects, 'object')}, {counted(size, 'byte')}"
