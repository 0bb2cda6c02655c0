"""What a caller has, as something that can be opened again and again."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from dcmaudit.errors import UsageError
from dcmaudit.model import Reference
from dcmaudit.sources import LocalReference, reference_to

Source = str | os.PathLike[str] | bytes | BinaryIO | Reference
"""A path or an ``s3://`` name, the bytes of a file, a seekable binary file object, or a reference of ``sources``."""


@dataclass(frozen=True, slots=True)
class BytesReference:
    """The bytes of a file that has no name of its own. ``is_named``: the caller gave it one."""

    name: str
    data: bytes = field(repr=False)
    is_named: bool = False

    def open(self) -> BinaryIO:
        """A new reader over the bytes."""
        return io.BytesIO(self.data)


def reference_of(source: Source, name: str | None = None) -> Reference:
    """The reference of ``source``; ``name`` is what it is called in messages, and in a database.

    A file object is read to its end from where it stands. UsageError for what is none of these.
    """
    if isinstance(source, bytes):
        return BytesReference(name or "<bytes>", source, is_named=bool(name))
    if isinstance(source, (str, os.PathLike)):
        text = os.fspath(source)
        return reference_to(text) if "://" in text else LocalReference.at(text)
    if hasattr(source, "read"):
        given = getattr(source, "name", None)
        return BytesReference(
            name or (given if isinstance(given, str) else "<stream>"), source.read(), is_named=bool(name)
        )
    if hasattr(source, "open") and hasattr(source, "name"):
        return source
    raise UsageError(
        f"{type(source).__name__} is nothing that can be opened",
        hint="allowed: a path, the bytes of a file, a binary file object",
    )


def paths_of(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
    """The paths as texts; one alone stands for itself, and is not taken letter by letter."""
    return tuple(os.fspath(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths))
