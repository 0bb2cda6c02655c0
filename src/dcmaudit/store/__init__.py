"""Marks and who made them, in SQLite or PostgreSQL. The only package that knows SQLAlchemy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmaudit.lazy import deferred
from dcmaudit.model.engines import NerEngine, OcrEngine
from dcmaudit.model.records import (
    DoneRecord,
    FileRows,
    FinishMark,
    HistoryEntry,
    IdentityRecord,
    Look,
    Looked,
    MarkedFile,
    Marks,
    NewRect,
    PartRecord,
    RectId,
    RectRow,
    Removal,
    RemovalKind,
    SeenPart,
    SeenRecord,
    StoreInfo,
    TagRecord,
)

if TYPE_CHECKING:
    from dcmaudit.store.finishing import Finished, TagChange, TakenBack
    from dcmaudit.store.gaps import gap_words
    from dcmaudit.store.intake import KnownPlaces, ListedRect, listed_tag
    from dcmaudit.store.location import has_password, is_database_missing, is_server, name_of, with_password
    from dcmaudit.store.postgres import load_driver
    from dcmaudit.store.rows import file_rows, rects_of
    from dcmaudit.store.store import Store, open_store
    from dcmaudit.store.upkeep import Forgotten

__all__ = [
    "DoneRecord",
    "FileRows",
    "FinishMark",
    "Finished",
    "Forgotten",
    "HistoryEntry",
    "IdentityRecord",
    "KnownPlaces",
    "ListedRect",
    "Look",
    "Looked",
    "MarkedFile",
    "Marks",
    "NerEngine",
    "NewRect",
    "OcrEngine",
    "PartRecord",
    "RectId",
    "RectRow",
    "Removal",
    "RemovalKind",
    "SeenPart",
    "SeenRecord",
    "Store",
    "StoreInfo",
    "TagChange",
    "TagRecord",
    "TakenBack",
    "file_rows",
    "gap_words",
    "has_password",
    "is_database_missing",
    "is_server",
    "listed_tag",
    "load_driver",
    "name_of",
    "open_store",
    "rects_of",
    "with_password",
]

__getattr__ = deferred(
    __name__,
    {
        "finishing": (
            "Finished",
            "TagChange",
            "TakenBack",
        ),
        "gaps": ("gap_words",),
        "intake": (
            "KnownPlaces",
            "ListedRect",
            "listed_tag",
        ),
        "location": (
            "has_password",
            "is_database_missing",
            "is_server",
            "name_of",
            "with_password",
        ),
        "postgres": ("load_driver",),
        "rows": (
            "file_rows",
            "rects_of",
        ),
        "store": (
            "Store",
            "open_store",
        ),
        "upkeep": ("Forgotten",),
    },
)
