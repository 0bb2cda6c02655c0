"""The policy of a release as plain values: what its report prints, and what its digest is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmaudit.model import Verdict

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def policy_record(policy: DataclassInstance) -> dict[str, Any]:
    """Every value as plain text, numbers and lists, sorted by name."""
    return {name: _plain(getattr(policy, name)) for name in sorted(one.name for one in fields(policy))}


TABLES = {
    "people": ("modalities", "models"),
    "look": ("mode", "engine"),
    "black": ("text", "keep", "rules", "ultrasound", "marks"),
    "file": ("overlays", "icons", "private", "remove_high_bits"),
    "hold": ("modalities", "models", "classes", "forms", "confidence", "doubts", "unlisted", "sample"),
    "claim": ("clean", "measure", "codes"),
}
"""The keys of the policy's file by table; those of no table are ``name``, ``eyes`` and ``headers``."""

_OTHER_NAMES = {
    "seen_modalities": "people.modalities", "seen_models": "people.models", "black": "black.text",
    "hold_forms": "hold.forms", "hold_unlisted": "hold.unlisted", "needs_marks": "black.marks was written",
}  # fmt: skip


def policy_rows(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a person reads of a policy: each key as its file has it, and its value, in the order of the file."""
    # Keys of the same name in two tables are told apart by the record's own names.
    names = {key: f"{table}.{key}" for table, keys in TABLES.items() for key in keys} | _OTHER_NAMES
    order = ["name", "eyes", "headers", *(f"{table}.{key}" for table, keys in TABLES.items() for key in keys)]
    rows = {names.get(key, key): value for key, value in record.items()}
    for name in sorted(rows, key=lambda one: (order.index(one) if one in order else len(order), one)):
        value = rows[name]
        if isinstance(value, list):
            yield name, ", ".join(value) or "(none named)"
        elif isinstance(value, bool):
            yield name, "true" if value else "false"
        else:
            yield name, "(not said)" if value in {"", None} else str(value)


def _plain(value: object) -> object:
    if isinstance(value, frozenset | tuple):
        return sorted(str(_plain(one)) for one in value)
    if isinstance(value, Verdict):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    # Not the folder: the report is given away.
    return value.name if isinstance(value, Path) else value
