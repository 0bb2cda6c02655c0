"""The store as the rest of the program sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self, TextIO

from dcmaudit.errors import UsageError
from dcmaudit.model import DeviceFacts, PlaneAddress, Region, ReviewState
from dcmaudit.model.records import FinishMark, HistoryEntry, StoreInfo
from dcmaudit.store import exports, journal, names, rows, soundness
from dcmaudit.store import similar as similar_images
from dcmaudit.store.blocks import Blocks
from dcmaudit.store.database import Database
from dcmaudit.store.filefacts import FileFacts
from dcmaudit.store.filemarks import FileMarks
from dcmaudit.store.finishing import Finishing
from dcmaudit.store.hiding import Hiding
from dcmaudit.store.intake import Intake
from dcmaudit.store.merger import MergedFile, Merger
from dcmaudit.store.overview import overview
from dcmaudit.store.searches import Searches
from dcmaudit.store.sqlite import SqliteBackend
from dcmaudit.store.upkeep import Upkeep

_PAGE = 5000


def open_store(
    location: str | Path, *, user: str, read_only: bool = False, timeout: float = 10.0, check: bool = True
) -> Store:
    """The store at a folder, a database file or a postgresql:// address.

    Nothing that exists is changed before the first write. ``user`` is noted on every row written. ``timeout`` is
    how many seconds another process may hold the database. UsageError for a location that is none;
    StoreCorruptError, StoreNewerError or StoreError for one that cannot be used; MissingExtraError where
    PostgreSQL needs an extra. A database that is missing is made, but with ``read_only`` it is simply empty.

    A file is looked at for damage first (every page, every index, the sums of every file's marks), once for each of
    its changes; a damaged one is a StoreCorruptError. ``check`` False leaves that out: for one who looks at damage, or
    has just had it looked for.
    """
    if not user:
        raise UsageError("the database needs the name of its user")
    return Store(Database(location, read_only=read_only, timeout=timeout, check=check), user)


class Store(FileMarks, Blocks, Finishing, Hiding, FileFacts, Searches, Intake, Merger, Upkeep):
    """Marks of files, who made them, and what was seen. Safe to use from several threads and processes.

    Every method that writes is one transaction: when it has returned, what it wrote survives kill -9. All of them
    raise StoreReadOnlyError or StoreLockedError, and StoreError for whatever else the database refuses.
    """

    def __repr__(self) -> str:
        return f"Store({self.location!r}, user={self.user!r}, writable={self.is_writable})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def warm_up(self) -> None:
        """Have ready in memory what the first write will need: half a second where the database is new."""
        self._database.warm_up()

    @property
    def location(self) -> str:
        """Where it is, for people: a path, or server and database without user and password."""
        return self._database.name

    @property
    def is_writable(self) -> bool:
        """Whether writing is possible as far as can be told without trying."""
        return self._database.backend.refusal is None

    @property
    def is_new(self) -> bool:
        """Whether there was no database file here before it was opened: who mistyped its folder has to hear it."""
        return self._database.backend.is_new

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what is unusual: a network file system, rights that were too wide, reading only."""
        refusal = self._database.backend.refusal
        return (*((f"nothing can be written: {refusal}",) if refusal else ()), *self._database.backend.notes)

    # --- many files ---------------------------------------------------------------------------------------------

    def states(self, filenames: Iterable[str]) -> dict[str, ReviewState]:
        """The review state of every name, in one query."""
        with self._database.reading() as session:
            return names.states(session, filenames)

    def states_to_review(self, filenames: Iterable[str]) -> dict[str, ReviewState]:
        """The same for whoever reviews: a done file that was replaced since is in work, for nobody finished that."""
        with self._database.reading() as session:
            return names.states_to_review(session, filenames)

    def finishers(self, filenames: Iterable[str]) -> dict[str, str]:
        """Who finished those of the files that are done, in one query."""
        with self._database.reading() as session:
            return names.finishers(session, filenames)

    def newest_finish(self) -> FinishMark:
        """The present, to be asked about later."""
        with self._database.reading() as session:
            return names.newest_finish(session)

    def finished_since(self, mark: FinishMark) -> set[str]:
        """Files that were finished, tagged or opened again after ``mark``, by whomever."""
        with self._database.reading() as session:
            return names.finished_since(session, mark)

    def filenames(self) -> Iterator[str]:
        """Every name with marks or a look of an engine, sorted, each once, page by page; not those of nameless rows."""
        after: str | None = None
        while True:
            with self._database.reading() as session:
                page = names.filenames(session, after, _PAGE)
            yield from (name for name in page if rows.is_readable_name(name))
            if len(page) < _PAGE:
                return
            after = page[-1]

    def nameless_rows(self, most: int = 20) -> list[str]:
        """Sentences that name rows of marks whose file name is empty or no text: no file will ever get these marks."""
        with self._database.reading() as session:
            return names.unreadable(session, most)

    def similar(
        self, filename: str, device: DeviceFacts, address: PlaneAddress, sop_class_uid: str | None = None
    ) -> list[Region]:
        """Rectangles that done files of the same device, type and size have on the same frame and overlay."""
        with self._database.reading() as session:
            return similar_images.similar(session, filename, device, address, sop_class_uid)

    # --- export -------------------------------------------------------------------------------------------------

    def dump_json(self, out: TextIO) -> list[str]:
        """Write both tables as one JSON object with ``rects`` and ``tags``, one row a line.

        Returns the files with a rectangle on all frames that could not be written one row a frame, for nobody has
        noted how many frames they have; it is in a third list then.
        """
        with self._database.reading() as session:
            return exports.dump_json(session, out)

    def count_shapes(self) -> int:
        """How many marks are shapes; exports have rectangles that cover them."""
        with self._database.reading() as session:
            return exports.count_shapes(session)

    def export_rects(self, out: TextIO) -> int:
        """Write every rectangle as CSV that ``redact --csv`` takes, lines ending in CR LF; the number of rows."""
        with self._database.reading() as session:
            return exports.export_rects(session, out)

    def export_tags(self, out: TextIO) -> int:
        """Write DicomTags as CSV, lines ending in CR LF; the number of rows."""
        with self._database.reading() as session:
            return exports.export_tags(session, out)

    # --- history, preferences ----------------------------------------------------------------------------------

    def history(self, filename: str | None = None) -> Iterator[HistoryEntry]:
        """Who did what and when, the newest first, of one file or of all."""
        before: int | None = None
        while True:
            with self._database.reading() as session:
                page = journal.read_history(session, filename, before, _PAGE) if session.has_own else []
            yield from page
            if len(page) < _PAGE:
                return
            before = page[-1].id

    def preferences(self) -> dict[str, object]:
        """Everything this user prefers."""
        with self._database.reading() as session:
            return dict(journal.read_preferences(session, self.user)) if session.has_own else {}

    def put_preference(self, name: str, value: object) -> None:
        """Keep one preference of this user, anything that JSON can hold; None takes it away."""
        with self._database.writing() as session:
            journal.write_preference(session, self.user, name, value)

    def merge_from(self, other: Store) -> Iterator[MergedFile]:
        """Take over what another store knows, see ``Merger.merge``."""
        return self.merge(other._database)

    # --- about itself -------------------------------------------------------------------------------------------

    def info(self) -> StoreInfo:
        """Counts, version and everything unusual. Reads every rectangle once to count those not understood.

        Not where that was counted within a day, and nothing has changed in the database since.
        """
        path = self._path()
        before = soundness.state_of(path) if path is not None else []
        known = soundness.known_problems(path, before) if path is not None else None
        with self._database.reading() as session:
            found = overview(session, self._database, self.notes, known)
        if path is not None and known is None and soundness.state_of(path) == before:
            soundness.note_problems(path, before, found.problems)
        return found

    def check(self) -> list[str]:
        """Sentences about damage: of pages, indexes, the log, and of files whose marks are not those stored.

        Reads everything; a second or two for a million rectangles.
        """
        return soundness.checked(self._database, self._path())

    def is_known_sound(self) -> bool:
        """Whether the database was looked at for damage within a day, and nothing has changed in it since."""
        path = self._path()
        return path is not None and soundness.is_sound(self._database, path)

    def _path(self) -> Path | None:
        backend = self._database.backend
        return backend.path if isinstance(backend, SqliteBackend) else None
