"""Frozen records that travel between processes, packed as a call of their own class.

A frozen dataclass with slots is packed as a list of values, and unpacked by looking up its fields each time: for what
a batch sends of a small file that takes longer than all else that is done with it.
"""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import Any


class Travels:
    """Base of frozen dataclasses whose fields are all arguments of the class, in their order."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        kind: Any = type(self)
        return kind, _values(kind)(self)


@cache
def _values(kind: Any) -> Any:
    names: tuple[str, ...] = kind.__match_args__  # what every dataclass has
    found = attrgetter(*names)
    # Of one name attrgetter gives the value itself.
    return found if len(names) > 1 else lambda record: (found(record),)
