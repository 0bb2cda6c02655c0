"""Which folders may be opened from the page, where the settings name some."""

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dcmaudit.errors import SourceUnreadableError, UsageError
from dcmaudit.model import Reference
from dcmaudit.model.paths import home_path
from dcmaudit.sources import Found, LocalReference, ObjectReference, Problem, reference_to

_HINT = "choose one of the folders on offer"
_OUTSIDE = "lies outside the folders that may be opened"


@dataclass(frozen=True, slots=True)
class ConfinedReference(LocalReference):
    """A file that is read only while it really lies below one of ``roots``: a name can become a link at any time."""

    roots: tuple[Path, ...]

    def open(self) -> BinaryIO:
        """As any file; SourceUnreadableError where what was opened lies elsewhere."""
        stream = LocalReference.open(self)
        opened = Path(f"/proc/self/fd/{stream.fileno()}")  # what was really opened, whatever the name means by now
        real = Path(os.path.realpath(opened if opened.exists() else self.path))
        # Asked of what was opened: between a look at the name and the opening it can become a link.
        if not any(real.is_relative_to(root) for root in self.roots):
            stream.close()
            raise SourceUnreadableError(_OUTSIDE, file=self.name)
        return stream


class AllowedFolders:
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
        """``path`` made absolute; UsageError where it may not be opened, or nothing can be called so."""
        _require_possible(path)
        if not self.allows(path):
            raise UsageError("this may not be opened here", hint=_HINT)
        return str(home_path(path).absolute())

    def names(self, names: Iterable[str]) -> list[str]:
        """``names`` as they are; UsageError where one, or the folder of a wildcard, may not be opened."""
        checked = list(names)
        for name in checked:
            _require_possible(name)
            fixed = Path(name)
            # The longest part that is no pattern decides; a file that is really called with a star is itself.
            while glob.has_magic(str(fixed)) and not fixed.exists():
                fixed = fixed.parent
            if not self.allows(fixed):
                raise UsageError("this may not be opened here", hint=_HINT)
        return checked

    def found(self, found: Iterable[Found]) -> Iterator[Found]:
        """What was found, with a problem instead of each file that lies elsewhere (by a link, or named by a list)."""
        for item in found:
            outside = isinstance(item, LocalReference) and not self.allows(item.path)
            # Where folders are confined, buckets are outside of all of them.
            if outside or (self._roots and isinstance(item, ObjectReference)):
                error = SourceUnreadableError(_OUTSIDE, file=item.name)
                yield Problem(item.name, error)
            else:
                yield item

    def reference(self, name: str) -> Reference:
        """The reference of a name that was listed, which is asked again where it lies when it is read."""
        made = reference_to(name)
        if self._roots and isinstance(made, LocalReference):
            return ConfinedReference(made.name, tuple(self._roots))
        return made


def _require_possible(path: str) -> None:
    """UsageError where the system knows no such name: too long, or letters that no name has."""
    try:
        os.lstat(home_path(path))
    except ValueError as error:
        raise UsageError("this can be the name of no file") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError("this is too long for the name of a file") from error
