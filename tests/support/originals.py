"""Databases as the original tool leaves them, built here."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

RECTS = """CREATE TABLE "DicomRects"(
    "id" INTEGER PRIMARY KEY AUTOINCREMENT, "filename" CHAR(512),
    "top" INTEGER, "bottom" INTEGER, "left" INTEGER, "right" INTEGER, "frame" INTEGER, "overlay" INTEGER,
    "ocrengine" INTEGER, "ocrtext" CHAR(512), "nerengine" INTEGER, "nerpii" INTEGER,
    "last_modified" TIMESTAMP, "last_modified_by" CHAR(512){more})"""
TAGS = """CREATE TABLE "DicomTags"(
    "id" INTEGER PRIMARY KEY AUTOINCREMENT, "filename" CHAR(512) UNIQUE, "mark" CHAR(1), "comment" CHAR(512),
    "modality" CHAR(512), "imagetype" CHAR(512), "manufacturermodelname" CHAR(512), "burnedinannotation" CHAR(512),
    "rows" INTEGER, "columns" INTEGER, "last_modified" TIMESTAMP, "last_modified_by" CHAR(512))"""
OLD = ', "source" CHAR(512), "ocr" CHAR(512), "ispii" INTEGER, "sourcepii" CHAR(512)'

RECT = {
    "filename": "/archive/a.dcm", "top": 1, "bottom": 2, "left": 3, "right": 4, "frame": 0, "overlay": -1,
    "ocrengine": -1, "ocrtext": "", "nerengine": -1, "nerpii": -1,
    "last_modified": "2021-03-04 05:06:07", "last_modified_by": "someone",
}  # fmt: skip
TAG = {
    "filename": "/archive/a.dcm", "mark": "F", "comment": None, "modality": "US", "imagetype": '["DERIVED", "PRIMARY"]',
    "manufacturermodelname": "M", "burnedinannotation": "NoBIA", "rows": 10, "columns": 20,
    "last_modified": "2021-03-04 05:06:07", "last_modified_by": "someone",
}  # fmt: skip


def make_original(
    path: Path,
    rects: Sequence[Mapping[str, object]] = (),
    tags: Sequence[Mapping[str, object]] = (),
    *,
    old_columns: bool = False,
) -> Path:
    """A database with these rows; each needs only what differs from ``RECT`` and ``TAG``."""
    connection = sqlite3.connect(path)
    connection.execute(RECTS.format(more=OLD if old_columns else ""))
    connection.execute(TAGS)
    for table, usual, wanted in (("DicomRects", RECT, rects), ("DicomTags", TAG, tags)):
        for change in wanted:
            row = {**usual, **change}
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" * len(row))
            connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(row.values()))  # noqa: S608
    connection.commit()
    connection.close()
    return path
