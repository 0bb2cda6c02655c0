"""Shorthands for tests: what the product writes in larger steps, said in one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dcmaudit.model import DeviceFacts, HowSeen, PlaneAddress, PlaneSpan
from dcmaudit.model.records import DoneRecord, Look
from dcmaudit.store import Store, TagChange, file_rows


def put_seen(store: Store, filename: str, how: HowSeen, planes: Iterable[PlaneAddress | PlaneSpan]) -> None:
    """The user has seen the planes in this way."""
    spans = [plane if isinstance(plane, PlaneSpan) else PlaneSpan.of(plane) for plane in planes]
    store.put_sights(filename, {how: spans})


def put_look(store: Store, filename: str, look: Look) -> None:
    """A look at the whole file ended so, and found nothing to store."""
    store.put_results([replace(file_rows(filename, []), look=look)])


def set_marked(store: Store, filename: str, device: DeviceFacts, *, marked: bool) -> None:
    """Tag or untag the file, leaving its comment."""
    store.finish(filename, device, change=TagChange(marked=marked))


def set_comment(store: Store, filename: str, comment: str, device: DeviceFacts) -> None:
    """Write the comment, leaving the mark."""
    store.finish(filename, device, change=TagChange(comment=comment))


def done_record(store: Store, filename: str) -> DoneRecord | None:
    """How far the file was looked at when it was done; None where nobody noted it."""
    return next((record for record in store.done_records() if record.filename == filename), None)
