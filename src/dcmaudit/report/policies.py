"""The policy of a release as plain values: what its report prints, and what its digest is made of."""

from __future__ import annotations

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


def _plain(value: object) -> object:
    if isinstance(value, frozenset | tuple):
        return sorted(str(_plain(one)) for one in value)
    if isinstance(value, Verdict):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    # Not the folder: the report is given away.
    return value.name if isinstance(value, Path) else value
