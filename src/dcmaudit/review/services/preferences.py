"""What is kept for one user between two starts: the options, and the lists that were opened last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from dcmaudit.errors import DcmauditError
from dcmaudit.model.screen import PreviewPolicy
from dcmaudit.review.services.protocols import Background, Database, Pictures
from dcmaudit.review.state.options import Options
from dcmaudit.store import Store

_OPTIONS, _RECENT = "options", "recent"
_RECENT_KEPT = 8
_NAMES_KEPT = 100


class Preferences:
    """``chosen`` are options that the command line set: they win over those the user kept, until one is changed."""

    def __init__(
        self,
        database: Database,
        pictures: Pictures,
        background: Background,
        previews: PreviewPolicy,
        chosen: Mapping[str, bool],
    ) -> None:
        self._database, self._pictures, self._background = database, pictures, background
        self._previews = previews
        self._chosen = dict(chosen)
        self._recent: list[list[object]] | None = None

    def options(self) -> Options:
        """The options that a new session starts with."""
        kept: object = None
        with suppress(DcmauditError):
            kept = self._database.store.preferences().get(_OPTIONS)
        options = Options(kept if isinstance(kept, dict) else None, self._previews)
        for name, value in self._chosen.items():
            options.set(name, value)
        return options

    def keep_options(self, options: Options) -> None:
        """Keep the options for this user, where the database can be written."""
        self._chosen = {}
        if self._database.may_write:
            with suppress(DcmauditError):
                self._database.store.put_preference(_OPTIONS, options.values())

    def recent(self) -> list[list[object]]:
        """The lists that this user opened last, newest first: names, and whether with subfolders."""
        if self._recent is None:
            kept: object = None
            with suppress(DcmauditError):
                kept = self._database.store.preferences().get(_RECENT)
            self._recent = [entry for entry in kept if _is_recent(entry)] if isinstance(kept, list) else []
        return self._recent

    def keep_recent(self, names: Sequence[str], *, recursive: bool) -> None:
        """Remember a list that was opened, for the start page of this user."""
        entry: list[object] = [list(names[:_NAMES_KEPT]), recursive]
        if not names or len(names) > _NAMES_KEPT:
            return
        self._recent = [entry, *(old for old in self.recent() if old != entry)][:_RECENT_KEPT]
        if self._database.may_write:
            # In another thread: the reviewer waits for the first picture, and not for a note about the list.
            self._background.soon(partial(self._note_recent, self._database.store, self._recent))

    def forget_recent(self) -> None:
        """Another database was opened: it has a list of its own."""
        self._recent = None

    def _note_recent(self, store: Store, recent: list[list[object]]) -> None:
        self._pictures.let_through()
        with suppress(DcmauditError):
            store.put_preference(_RECENT, recent)


def _is_recent(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], list) and isinstance(entry[1], bool)
