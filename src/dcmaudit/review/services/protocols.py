"""What services and commands need of each other, and no more: every service is reached through one of these."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from dcmaudit.codecs.samples import Samples
from dcmaudit.dicom import Instance
from dcmaudit.model import Plane, PlaneAddress, Reference, Region
from dcmaudit.review.services.text_under import InkMap
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.series_plan import Stamp
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.worklist import Worklist
from dcmaudit.store import Store

T = TypeVar("T")


class Database(Protocol):
    """The database that is open at the moment. ``viewer`` promises that nothing at all is written."""

    @property
    def store(self) -> Store: ...
    @property
    def user(self) -> str: ...
    @property
    def viewer(self) -> bool: ...
    @property
    def may_write(self) -> bool: ...


class End(Protocol):
    """Whether the program is about to end."""

    @property
    def is_near(self) -> bool: ...


class Background(Protocol):
    """Threads for what must not hold anybody up."""

    def open_file(self, job: Callable[[], T]) -> Future[T]: ...
    def soon(self, job: Callable[[], None]) -> None: ...
    def at_length(self, job: Callable[[], None]) -> None: ...


class Instances(Protocol):
    """Open instances by file id."""

    def lease(self, file_id: int, reference: Callable[[], Reference]) -> AbstractContextManager[Instance]: ...
    def has_changed(self, file_id: int, reference: Reference) -> bool: ...
    def stamp(self, file_id: int) -> Stamp | None: ...
    def drop(self, file_id: int) -> None: ...


class Pictures(Protocol):
    """What those need of pictures who do not look at them."""

    def let_through(self) -> None: ...
    def undecodable(self, file_id: int) -> Collection[PlaneAddress]: ...
    def forget_errors(self, file_id: int) -> None: ...
    def drop(self, file_id: int) -> None: ...


class TextMaps(Protocol):
    """What the text detector sees on a plane; None where it cannot say."""

    def of(self, file_id: int, address: PlaneAddress, samples: Samples) -> InkMap | None: ...


class Sessions(Protocol):
    """Every page that is open."""

    def all(self) -> list[Session]: ...
    def others(self, session: Session) -> list[Session]: ...


class ContentCheck(Protocol):
    """Whether the file behind a name is what was looked at; keeps what was seen of it."""

    @property
    def is_kept(self) -> bool: ...
    def has_changed(self, file: OpenFile) -> bool: ...
    def load(self, file: OpenFile) -> None: ...
    def keep(self, file: OpenFile) -> bool: ...
    def identify(self, file: OpenFile) -> None: ...
    def identify_file(self, file_id: int, name: str, referrer: Callable[[], Reference]) -> None: ...


class SeenLedger(Protocol):
    """Stores what was seen, soon."""

    def soon(self, session: Session, file: OpenFile) -> None: ...


class Suggestions(Protocol):
    """Looks for suggestions, and takes in those that others found."""

    def begin(self, session: Session, file: OpenFile) -> None: ...
    def complete(self, file: OpenFile) -> None: ...
    def complete_all(self, file: OpenFile) -> None: ...
    def replace_read(
        self, file: OpenFile, address: PlaneAddress, regions: Sequence[Region], rejected: Sequence[Region] = ()
    ) -> None: ...


class TextReader(Protocol):
    """Looks for text on one plane when it is asked."""

    def ask(self, session: Session, file: OpenFile, plane: Plane) -> None: ...


class States(Protocol):
    """Asks the database for the states of files in a list."""

    def refresh(self, worklist: Worklist, places: Sequence[int]) -> None: ...
    def go_on(self) -> bool: ...
