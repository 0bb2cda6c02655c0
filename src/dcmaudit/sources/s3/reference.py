"""An object as an input."""

from __future__ import annotations

from dataclasses import dataclass
from io import BufferedReader
from typing import BinaryIO, cast

from dcmaudit.errors import SourceError
from dcmaudit.sources.s3.client import client_for
from dcmaudit.sources.s3.names import ObjectName
from dcmaudit.sources.s3.reader import ObjectReader, head_of, modified_ns_of


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """One object. ``name`` is ``s3://bucket/key`` or the like; a reference can be made from it alone at any time.

    No credentials are in it: they are looked up when it is opened, also in worker processes.
    """

    name: str

    def open(self) -> BinaryIO:
        """A new seekable reader that fetches the bytes that are read, closed by the caller.

        SourceNotFoundError where there is no such object or bucket, SourceUnreadableError where credentials are
        missing, refused, or the server cannot be reached; MissingExtraError without the extra ``s3``.
        """
        place = ObjectName.parse(self.name)
        raw = ObjectReader(client_for(place.bucket, place.provider), place.key, self.name)
        return cast("BinaryIO", BufferedReader(raw))

    def stamp(self) -> tuple[int, int] | None:
        """Size in bytes and time of change in nanoseconds, in one request for no content; None where that fails.

        Whoever reads the object then is told why.
        """
        place = ObjectName.parse(self.name)
        try:
            meta = head_of(client_for(place.bucket, place.provider), place.key, self.name)
        except SourceError:
            return None
        modified = modified_ns_of(meta)
        return None if modified is None else (int(meta["size"]), modified)
