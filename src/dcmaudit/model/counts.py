"""Counts in words: the one place that knows when a noun, and its verb, are singular."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None) -> str:
    """``1 plane``, ``2 planes``, ``0 planes``: the count with ``one``, else with ``many`` (``one`` and an s).

    A verb, or what stands between, is given along: ``counted(n, "file is", "files are")``.
    """
    return f"{count} {one if count == 1 else many if many is not None else f'{one}s'}"
