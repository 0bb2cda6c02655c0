"""What is kept for one user between two starts: the options, and the lists that were opened last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from dcmaudit.errors import DcmauditError
from dcmaudit.model.screen import PreviewPolicy
from dcmaudit.review.services.protocols import Background, Database, Pictures
from dcmaudit.review.state.options import Options
from dcmaudit.review.state.own_windows import OwnWindow, windows_from
from dcmaudit.store import Store

_OPTIONS, _RECENT, _KEYS, _WINDOWS = "options", "recent", "keys", "windows"
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
        self._keys: dict[str, list[str]] | None = None
        self._windows: tuple[OwnWindow, ...] | None = None

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
        # From now on it is the user's own choice, also where it is what the command line said.
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

    def forget(self) -> None:
        """Another database was opened: it has preferences of its own."""
        self._recent = self._keys = self._windows = None

    def keys(self) -> dict[str, list[str]]:
        """The keys that this user gave to commands instead of those of the table, by the command's name."""
        if self._keys is None:
            kept = self._kept(_KEYS)
            entries = kept.items() if isinstance(kept, dict) else ()
            self._keys = {name: keys for name, keys in entries if _is_texts(keys)}
        return self._keys

    def keep_keys(self, keys: dict[str, list[str]]) -> None:
        """Keep these keys for this user, where the database can be written."""
        self._keys = keys
        self._put(_KEYS, keys)

    def windows(self) -> tuple[OwnWindow, ...]:
        """The windows that this user has saved, in the order in which that was done."""
        if self._windows is None:
            self._windows = windows_from(self._kept(_WINDOWS))
        return self._windows

    def keep_windows(self, windows: tuple[OwnWindow, ...]) -> None:
        """Keep these windows for this user, where the database can be written."""
        self._windows = windows
        self._put(_WINDOWS, [window.kept() for window in windows])

    def _kept(self, name: str) -> object:
        with suppress(DcmauditError):
            return self._database.store.preferences().get(name)
        return None

    def _put(self, name: str, value: object) -> None:
        if self._database.may_write:
            with suppress(DcmauditError):
                self._database.store.put_preference(name, value)

    def _note_recent(self, store: Store, recent: list[list[object]]) -> None:
        self._pictures.let_through()
        with suppress(DcmauditError):
            store.put_preference(_RECENT, recent)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_recent(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], list) and isinstance(entry[1], bool)
