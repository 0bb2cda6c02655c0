"""A reference to one input: what people call it, and how to get at its bytes."""

from __future__ import annotations

from typing import BinaryIO, Protocol


class Reference(Protocol):
    """One input that a source has named. Opening happens later, and perhaps never.

    ``name`` is what people see and what the database keeps: an absolute path, or ``s3://bucket/key`` (``az://``, ``gs://``).
    """

    @property
    def name(self) -> str:
        """The name for people and the database."""
        ...

    def open(self) -> BinaryIO:
        """A new seekable reader over the bytes; SourceNotFoundError or SourceUnreadableError where that fails."""
        ...
