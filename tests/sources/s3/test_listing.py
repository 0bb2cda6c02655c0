"""What the library's pages of a bucket come to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from dcmaudit.sources.s3 import listing


def test_an_empty_page_is_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(key: str) -> dict[str, Any]:
        return {"path": key, "size": 1, "last_modified": datetime(2026, 1, 1, tzinfo=UTC), "e_tag": None}

    def pages(*_: object, **__: object) -> Iterator[list[dict[str, Any]]]:
        return iter([[entry("a")], [], [entry("b")]])

    monkeypatch.setattr(listing, "client_for", lambda *_: None)
    monkeypatch.setattr(listing, "require_obstore", lambda: SimpleNamespace(list=pages))
    assert [one.key for one in listing.list_objects("bucket")] == ["a", "b"]
