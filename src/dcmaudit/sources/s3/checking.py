"""Trying credentials out."""

from __future__ import annotations

from typing import Any

from dcmaudit.sources.s3.client import make_client, require_obstore, translated
from dcmaudit.sources.s3.credentials import Credentials
from dcmaudit.sources.s3.waiting import waited


def check_connection(credentials: Credentials) -> str:
    """In words what these credentials are good for in their bucket; SourceError that says why for nothing at all."""
    name = f"s3://{credentials.bucket}"
    obstore = require_obstore()
    client = make_client(credentials)
    try:
        first: list[Any] = waited(lambda: next(iter(obstore.list(client, chunk_size=1)), []))
        if not first:
            return "the bucket can be listed; it is empty"
        # No range of an empty object can be had: the server would answer 416.
        if first[0]["size"]:
            waited(lambda: obstore.get(client, first[0]["path"], options={"range": (0, 1)}).bytes())
    except Exception as error:
        raise translated(error, name) from None
    return "the bucket can be listed and its objects read"
