"""The composition root: makes every service, knows the sessions, and ends all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from dcmaudit.errors import DcmauditError
from dcmaudit.model import PlaneList, Reference
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.dispatch import perform
from dcmaudit.review.page.page_state import page_state
from dcmaudit.review.page.shapes import ViewState
from dcmaudit.review.services.allowed_folders import AllowedFolders
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.class_survey import ClassSurveys
from dcmaudit.review.services.content_check import ContentCheck
from dcmaudit.review.services.database import CurrentDatabase
from dcmaudit.review.services.database_opening import DatabaseChange
from dcmaudit.review.services.end import ProgramEnd
from dcmaudit.review.services.examples import ExampleFiles
from dcmaudit.review.services.file_opening import FileOpening
from dcmaudit.review.services.file_records import FileRecords
from dcmaudit.review.services.frame_search import HiddenPlaneSearch
from dcmaudit.review.services.gaps import FileGaps
from dcmaudit.review.services.header_rules import HeaderRules
from dcmaudit.review.services.instance_cache import InstanceCache
from dcmaudit.review.services.learning import Learning
from dcmaudit.review.services.output_runs import OutputRuns, Redactor
from dcmaudit.review.services.page_words import told
from dcmaudit.review.services.picture_cache import PictureCache
from dcmaudit.review.services.plane_stacks import PlaneStacks
from dcmaudit.review.services.preferences import Preferences
from dcmaudit.review.services.readings import Readings
from dcmaudit.review.services.removals import remember_removals
from dcmaudit.review.services.seen_ledger import SeenLedger
from dcmaudit.review.services.seen_planes import SeenReports
from dcmaudit.review.services.series_reader import SeriesReader
from dcmaudit.review.services.series_search import SeriesSearch
from dcmaudit.review.services.sessions import OpenSessions
from dcmaudit.review.services.suggestions import SuggestionSearch
from dcmaudit.review.services.text_reader import TextReader, reading_search
from dcmaudit.review.services.text_under import InkMaps
from dcmaudit.review.services.threads import BackgroundThreads
from dcmaudit.review.services.tickets import Tickets
from dcmaudit.review.services.watcher import Watcher
from dcmaudit.review.services.worklist_filler import WorklistFiller
from dcmaudit.review.state.kept import Keeps
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.sight import Sight
from dcmaudit.settings import Settings
from dcmaudit.sources import NameList
from dcmaudit.store import Store, is_database_missing


class ReviewApp:
    """The reviewer without a browser: what all sessions of one program share, and the sessions.

    ``names`` is what the command line named; ``chosen`` are options that it set and that win over those the
    user kept. ``viewer`` promises that nothing at all is written. ``redactor`` does what the page asks of redaction;
    without one it does nothing of that. ``keeps`` is the policy of a release, whose kept text is outlined. Closing ends
    every thread.
    """

    def __init__(
        self,
        settings: Settings,
        names: Sequence[str | NameList],
        *,
        store: Store,
        viewer: bool = False,
        chosen: Mapping[str, bool] | None = None,
        recursive: bool = False,
        redactor: Redactor | None = None,
        keeps: Keeps | None = None,
    ) -> None:
        self._sessions = OpenSessions()
        self._threads = BackgroundThreads(self._tell_failure)
        self._redactor, self._keeps = redactor, keeps
        database = CurrentDatabase(
            store,
            user=settings.user,
            viewer=viewer,
            is_named=not settings.is_database_free,
            is_missing=is_database_missing(settings.database),
        )
        self.services = self._made(settings, database, chosen or {})
        self.services.watcher.start()
        self._ledger.start()
        self.first = self.services.worklists.begin(names, recursive=recursive)
        """The list that the program was started with."""

    def _made(self, settings: Settings, database: CurrentDatabase, chosen: Mapping[str, bool]) -> Services:
        """Every service, each with those that it needs: the order shows that none needs itself."""
        end, background, sessions = ProgramEnd(), self._threads, self._sessions
        instances, text_maps, learning = InstanceCache(), InkMaps(), Learning()
        tickets, folders = Tickets(), AllowedFolders(settings.browse_roots)
        self._instances, self._output_files = instances, InstanceCache(limit=4)
        pictures = PictureCache(instances)
        stacks = PlaneStacks(instances, text_maps.strokes, mappers=text_maps.nets)
        preferences = Preferences(database, pictures, background, settings.previews, chosen)
        worklists = WorklistFiller(settings, database, folders, pictures, end)
        content = ContentCheck(database, instances, sessions, background)
        records = FileRecords(database, content, sessions, background)
        self._ledger = ledger = SeenLedger(content, records)
        suggestions = SuggestionSearch(
            database, instances, pictures, text_maps, HeaderRules(settings), learning, background, end
        )
        readings = Readings(suggestions, instances, database, cache(lambda: reading_search(settings).method))
        self._reader = TextReader(settings, instances, readings, end)
        series_reader = SeriesReader(self._reader, readings, instances, sessions, end)
        gaps = FileGaps(pictures)
        files = FileOpening(
            database=database,
            instances=instances,
            pictures=pictures,
            content=content,
            records=records,
            ledger=ledger,
            suggestions=suggestions,
            search=HiddenPlaneSearch(instances, pictures, background, end),
            gaps=gaps,
            series=SeriesSearch(background, pictures, end),
            readings=readings,
            background=background,
        )
        change = DatabaseChange(
            database=database,
            sessions=sessions,
            files=files,
            records=records,
            suggestions=suggestions,
            learning=learning,
            worklists=worklists,
            preferences=preferences,
            background=background,
        )
        self._classes = ClassSurveys(settings, database, sessions, pictures, end)
        self._outputs = OutputRuns(database, self._output_files, sessions, self._redactor)
        return Services(
            settings=settings,
            database=database,
            database_change=change,
            preferences=preferences,
            sessions=sessions,
            worklists=worklists,
            folders=folders,
            examples=ExampleFiles(),
            files=files,
            records=records,
            instances=instances,
            pictures=pictures,
            stacks=stacks,
            tickets=tickets,
            content=content,
            gaps=gaps,
            seen=SeenReports(tickets, pictures, stacks, ledger),
            ledger=ledger,
            suggestions=suggestions,
            learning=learning,
            text_reader=self._reader,
            series_reader=series_reader,
            watcher=Watcher(database, sessions, content, suggestions, worklists),
            outputs=self._outputs,
            classes=self._classes,
            background=background,
            end=end,
        )

    def _tell_failure(self, error: Exception) -> None:
        """Let every page say that work in the background was not finished: nobody waits for it, so nobody would know.

        The message of a foreign exception may hold a value of a file: only its kind is told.
        """
        if isinstance(error, DcmauditError):
            text = told(error)
        else:
            text = (
                f"A fault of the program ended work in the background ({type(error).__name__}): something may be "
                "missing here. Read the file again; if it comes back, report it without any data."
            )
        for session in self._sessions.all():
            with session.lock:
                session.say_too(text, "warning")
            session.bump()

    # Sessions

    def open_session(self) -> Session:
        """A new session on the list that the program was started with."""
        session, old = self._sessions.add(self.first, self.services.preferences.options())
        session.keeps = self._keeps
        self.services.files.begin(session)
        remember_removals(session, self.services.database)
        # There is room for so many sessions: the one unused longest makes way.
        if old is not None:
            self.services.files.end(old)
        return session

    def session(self, identifier: str) -> Session:
        """The session with that id; ReviewError where there is none."""
        return self._sessions.get(identifier)

    def perform(self, session: Session, name: str, arguments: Arguments, painted: Iterable[Sight] = ()) -> None:
        """Carry a command out, after noting what was ``painted``; errors as ``dispatch.perform`` raises them."""
        perform(session, self.services, name, arguments, painted)

    def state(self, session: Session) -> ViewState:
        """Everything that the page of a session shows."""
        return page_state(session, self.services)

    def referrer(self, session: Session, file_id: int) -> Callable[[], Reference]:
        """How to get at a file of the session's open list; ReviewError for any other."""
        return session.worklist.referrer(session.worklist.place(file_id))

    def planes_of(self, session: Session, file_id: int) -> PlaneList:
        """The planes of a file of the session's open list, as far as they are known; errors as of opening it."""
        reference = self.referrer(session, file_id)
        with session.lock:
            if session.file is not None and session.file.file_id == file_id and not session.file.opening:
                return session.file.planes
        with self.services.instances.lease(file_id, reference) as instance:
            return instance.planes

    # The end

    @property
    def is_ending(self) -> bool:
        """Whether the program is about to end."""
        return self.services.end.is_near

    def end_is_near(self) -> None:
        """Note that the program ends; whatever takes long gives up. It is no more than a flag: a signal may set it."""
        self.services.end.is_near = True

    def on_quit(self, stop: Callable[[], None]) -> None:
        """Have ``stop`` called when somebody quits."""
        self.services.end.on_quit = stop

    def quit(self) -> None:
        """Ask the server to end."""
        self.services.end.begin(self._sessions)

    def close(self) -> None:
        """Store what was seen, end every thread, close every file and the database."""
        services = self.services
        services.end.is_near = True
        # In this order: first whoever begins work, then those who do it, at last what they read and write.
        services.watcher.stop()
        self._outputs.close()
        self._classes.close()
        self._ledger.stop()
        for session in self._sessions.all():
            services.files.end(session)
        services.worklists.stop()
        services.stacks.close()
        services.pictures.close()
        self._reader.stop()
        self._threads.stop()
        self._instances.close()
        self._output_files.close()
        services.examples.remove()
        services.database.store.close()
