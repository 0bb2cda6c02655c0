"""Everything that commands and the page may ask for, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.review.services.allowed_folders import AllowedFolders
from dcmaudit.review.services.class_survey import ClassSurveys
from dcmaudit.review.services.database import CurrentDatabase
from dcmaudit.review.services.database_opening import DatabaseChange
from dcmaudit.review.services.end import ProgramEnd
from dcmaudit.review.services.examples import ExampleFiles
from dcmaudit.review.services.file_opening import FileOpening
from dcmaudit.review.services.file_records import FileRecords
from dcmaudit.review.services.gaps import FileGaps
from dcmaudit.review.services.learning import Learning
from dcmaudit.review.services.output_runs import OutputRuns
from dcmaudit.review.services.picture_cache import PictureCache
from dcmaudit.review.services.plane_stacks import PlaneStacks
from dcmaudit.review.services.preferences import Preferences
from dcmaudit.review.services.protocols import (
    Background,
    ContentCheck,
    Instances,
    SeenLedger,
    Sessions,
    Suggestions,
    TextReader,
)
from dcmaudit.review.services.seen_planes import SeenReports
from dcmaudit.review.services.series_reader import SeriesReader
from dcmaudit.review.services.tickets import Tickets
from dcmaudit.review.services.watcher import Watcher
from dcmaudit.review.services.worklist_filler import WorklistFiller
from dcmaudit.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """What the sessions of one program share."""

    settings: Settings
    database: CurrentDatabase
    database_change: DatabaseChange
    preferences: Preferences
    sessions: Sessions
    worklists: WorklistFiller
    folders: AllowedFolders
    examples: ExampleFiles
    files: FileOpening
    records: FileRecords
    instances: Instances
    pictures: PictureCache
    stacks: PlaneStacks
    tickets: Tickets
    content: ContentCheck
    gaps: FileGaps
    seen: SeenReports
    ledger: SeenLedger
    suggestions: Suggestions
    learning: Learning
    text_reader: TextReader
    series_reader: SeriesReader
    watcher: Watcher
    outputs: OutputRuns
    classes: ClassSurveys
    background: Background
    end: ProgramEnd
