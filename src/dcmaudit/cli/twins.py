"""Inputs of one run that are the same instance: two files with one SOP Instance UID (PS3.5 section 9: it is unique)."""

from __future__ import annotations

from dcmaudit.model.counts import counted
from dcmaudit.model.known_names import KnownNames


class Twins:
    """Keeps by which name each instance was met first. Takes digests of UIDs, for a UID is a value of a file."""

    def __init__(self) -> None:
        self._known = KnownNames()
        self.count = 0

    def meet(self, name: str, instance: bytes | None) -> str | None:
        """What is to be said where another input was the same instance."""
        if instance is None:
            return None
        first = self._known.meet(instance, name)
        if first is None or first == name:
            return None
        self.count += 1
        other = first or "an input met before"
        return f"{name}: it has the SOP Instance UID of {other}: one of them may be a copy of the other"

    def words(self) -> str:
        """What is to be said at the end, nothing where there were none."""
        files = counted(self.count, "file has", "files have")
        return f"{files} the SOP Instance UID of another input, named above" if self.count else ""
