"""Arguments of commands as they come from outside, checked before use."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dcmaudit.errors import UsageError
from dcmaudit.model import Box

Arguments = Mapping[str, object]

KINDS: dict[str, object] = {
    "box": tuple[int, int, int, int],
    "center": float,
    "check_text": bool,
    "confirm": bool,
    "dx": int,
    "dy": int,
    "file_id": int,
    "group": int,
    "handle": str,
    "id": str,
    "index": int,
    "key": str,
    "keys": dict[str, list[str]],
    "mark": str,
    "name": str,
    "names": list[str],
    "opened": bool,
    "password": str,
    "path": str,
    "previews": str,
    "recursive": bool,
    "scope": str,
    "shown": list[str] | list[int],
    "start": tuple[int, int, int, int],
    "status": str | None,
    "text": str,
    "ticket": str,
    "value": str | bool,
    "width": float,
}
"""What every argument of a command is, by its name: the page's types are made from this."""

TEXT_LIMIT = 10_000
_NUMBER_LIMIT = 2**40


def text(arguments: Arguments, name: str) -> str:
    """The argument as text; UsageError where it is missing, no text or too long."""
    value = arguments.get(name)
    if not isinstance(value, str) or "\0" in value:
        raise UsageError(f"{name} must be text without NUL characters")
    if len(value) > TEXT_LIMIT:
        raise UsageError(f"{name} has {len(value)} characters", hint=f"at most {TEXT_LIMIT} are allowed")
    return value


def number(arguments: Arguments, name: str) -> int:
    """The argument as a whole number; UsageError where it is missing or anything else."""
    return _whole(arguments.get(name), name)


def decimal(arguments: Arguments, name: str) -> float:
    """The argument as a number; UsageError where it is missing, none, or not finite."""
    value = arguments.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{name} must be a number")
    return float(value)


def lists_of_texts(arguments: Arguments, name: str) -> dict[str, list[str]]:
    """The argument as an object of lists of texts; UsageError for anything else."""
    value = arguments.get(name)
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{name} must be an object of lists of texts")
    return {each: texts(value, each) for each in value}


def flag(arguments: Arguments, name: str) -> bool:
    """The argument as yes or no, False where it is missing; UsageError for anything else."""
    value = arguments.get(name, False)
    if not isinstance(value, bool):
        raise UsageError(f"{name} must be true or false")
    return value


def texts(arguments: Arguments, name: str) -> list[str]:
    """The argument as a list of texts; UsageError for anything else."""
    value = arguments.get(name)
    if not isinstance(value, list):
        raise UsageError(f"{name} must be a list of texts")
    return [text({name: item}, name) for item in value]


def numbers(arguments: Arguments, name: str) -> list[int]:
    """The argument as a list of whole numbers, empty where it is missing; UsageError for anything else."""
    value = arguments.get(name, [])
    if not isinstance(value, list):
        raise UsageError(f"{name} must be a list of whole numbers")
    return [_whole(item, name) for item in value]


def sizes(arguments: Arguments, name: str) -> list[tuple[str, int, int]]:
    """The argument as a list of ``[key, width, height]``; UsageError for anything else."""
    value = arguments.get(name)
    if not isinstance(value, list) or not all(isinstance(item, list) and len(item) == 3 for item in value):
        raise UsageError(f"{name} must be a list of plane key, width and height")
    return [(text({name: key}, name), _whole(width, name), _whole(height, name)) for key, width, height in value]


def box(arguments: Arguments, name: str) -> Box:
    """The argument ``[left, top, right, bottom]`` as a box; UsageError for anything else."""
    value = arguments.get(name)
    if not isinstance(value, list) or len(value) != 4:
        raise UsageError(f"{name} must be [left, top, right, bottom] in pixels of the plane, right and bottom excluded")
    left, top, right, bottom = (_whole(item, name) for item in value)
    return Box(left, top, right, bottom)


def _whole(value: object, name: str) -> int:
    # JavaScript knows one kind of number: 3 may arrive as 3.0.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # True is an int to Python, and never a number that somebody meant.
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{name} must be a whole number")
    if abs(value) > _NUMBER_LIMIT:
        raise UsageError(f"{name} is {value}", hint="that is larger than any image")
    return value
