"""Marks and who made them, in SQLite or PostgreSQL. The only package that knows SQLAlchemy."""

from dcmaudit.store.location import is_database_missing
from dcmaudit.store.records import (
    HistoryEntry,
    IdentityRecord,
    Marks,
    NerEngine,
    NewRect,
    OcrEngine,
    RectId,
    RectRow,
    SeenRecord,
    SeenSpan,
    StoreInfo,
    TagRecord,
)
from dcmaudit.store.store import Store, open_store

__all__ = [
    "HistoryEntry",
    "IdentityRecord",
    "Marks",
    "NerEngine",
    "NewRect",
    "OcrEngine",
    "RectId",
    "RectRow",
    "SeenRecord",
    "SeenSpan",
    "Store",
    "StoreInfo",
    "TagRecord",
    "is_database_missing",
    "open_store",
]
