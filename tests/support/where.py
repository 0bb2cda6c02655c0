"""Groups and runs of planes by their short text, for tests: ``span("o6000", 0, 3)``."""

from __future__ import annotations

from dcmaudit.model import FrameRange, GroupAddress, PlaneSpan
from dcmaudit.model.addresstexts import parse_group


def group(key: str) -> GroupAddress:
    """The group with that key."""
    return parse_group(key)


def groups(*keys: str) -> frozenset[GroupAddress]:
    """The groups with these keys."""
    return frozenset(map(parse_group, keys))


def span(key: str, start: int, stop: int) -> PlaneSpan:
    """The frames ``start`` to ``stop`` (not included) of a group."""
    return PlaneSpan(parse_group(key), FrameRange(start, stop))


def told(spans: tuple[PlaneSpan, ...]) -> tuple[tuple[str, int, int], ...]:
    """The same as group, start and stop."""
    return tuple((each.group.key, each.frames.start, each.frames.stop) for each in spans)
