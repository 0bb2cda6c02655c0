"""Which folders may be opened from the page, where the settings name some."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dcmaudit.errors import SourceUnreadableError, UsageError
from dcmaudit.model.paths import home_path
from dcmaudit.sources import Found, LocalReference, ObjectReference, Problem

_HINT = "choose one of the folders on offer"


class Confined:
    """The folders of ``roots`` and what lies below them, links followed; everything where there are none."""

    def __init__(self, roots: Sequence[str | Path]) -> None:
        self._roots = [home_path(root).resolve() for root in roots]

    def allows(self, path: str | Path) -> bool:
        """Whether ``path`` may be opened."""
        if not self._roots:
            return True
        try:
            real = home_path(path).resolve()
        except (OSError, RuntimeError, ValueError):
            return False
        return any(real.is_relative_to(root) for root in self._roots)

    def path(self, path: str) -> str:
        """``path`` made absolute; UsageError where it may not be opened."""
        if not self.allows(path):
            raise UsageError("this may not be opened here", hint=_HINT)
        return str(home_path(path).absolute())

    def names(self, names: Iterable[str]) -> list[str]:
        """``names`` as they are; UsageError where one, or the folder of a wildcard, may not be opened."""
        checked = list(names)
        for name in checked:
            fixed = Path(name)
            while glob.has_magic(str(fixed)) and not fixed.exists():
                fixed = fixed.parent
            if not self.allows(fixed):
                raise UsageError("this may not be opened here", hint=_HINT)
        return checked

    def found(self, found: Iterable[Found]) -> Iterator[Found]:
        """What was found, with a problem instead of each file that lies elsewhere (by a link, or named by a list)."""
        for item in found:
            outside = isinstance(item, LocalReference) and not self.allows(item.path)
            if outside or (self._roots and isinstance(item, ObjectReference)):
                error = SourceUnreadableError("lies outside the folders that may be opened", file=item.name)
                yield Problem(item.name, error)
            else:
                yield item
