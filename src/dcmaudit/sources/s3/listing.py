"""What is in a bucket, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dcmaudit.errors import SourceNotFoundError
from dcmaudit.sources.s3.client import client_for, is_missing, require_obstore, translated
from dcmaudit.sources.s3.names import ObjectName, Provider
from dcmaudit.sources.s3.waiting import waited

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Listing:
    """One object as the list has it."""

    key: str
    size: int
    modified: datetime
    etag: str


def list_objects(
    bucket: str, prefix: str = "", *, after: str = "", provider: Provider = Provider.S3
) -> Iterator[Listing]:
    """Every object below ``prefix`` (whole parts between slashes), in the server's order, page by page.

    With ``after`` only keys that come behind it. Raises SourceError as it goes where the server refuses.
    """
    where = str(ObjectName(bucket, prefix, provider))
    client = client_for(bucket, provider)
    try:
        pages = iter(require_obstore().list(client, prefix.strip("/") or None, offset=after or None, chunk_size=PAGE))
        while (page := waited(lambda: next(pages, None))) is not None:  # an empty page is not the end
            yield from map(_listing, page)
    except GeneratorExit:
        raise
    except Exception as error:
        raise translated(error, where) from None


def list_folder(bucket: str, prefix: str = "", provider: Provider = Provider.S3) -> tuple[list[str], list[Listing]]:
    """The parts one level below ``prefix`` (without a slash at the end), and the objects there."""
    where = str(ObjectName(bucket, prefix, provider))
    client = client_for(bucket, provider)
    try:
        result = waited(lambda: require_obstore().list_with_delimiter(client, prefix.strip("/") or None))
    except Exception as error:
        raise translated(error, where) from None
    return sorted(result["common_prefixes"]), [_listing(entry) for entry in result["objects"]]


def object_at(name: ObjectName) -> Listing | None:
    """What the server says of one object, None where there is none; SourceError where it refuses or has no bucket."""
    client = client_for(name.bucket, name.provider)
    try:
        return _listing(waited(lambda: require_obstore().head(client, name.key)))
    except Exception as error:
        if is_missing(error):
            return None
        raise translated(error, str(name)) from None


def require_object(name: ObjectName) -> Listing:
    """As ``object_at``; SourceNotFoundError where there is none."""
    found = object_at(name)
    if found is None:
        raise SourceNotFoundError("there is no object of this name", file=str(name), hint="capitals count")
    return found


def _listing(entry: Any) -> Listing:
    return Listing(str(entry["path"]), int(entry["size"]), entry["last_modified"], str(entry["e_tag"] or ""))
