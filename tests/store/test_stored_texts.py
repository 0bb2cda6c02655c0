"""The texts and numbers that the database has for each plane and suggestion: other versions read them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from dcmaudit.model import Box, Coverage, DeviceFacts, Everywhere, HowSeen, Judged, Size, group_of, parse_key
from dcmaudit.model.learning import parse_kind
from dcmaudit.store import NewRect, SeenPart, open_store
from dcmaudit.store.location import FILE_NAME
from support.stored import put_seen

KEYS = ("f0", "f7", "o6002.3", "b12.1", "i0", "i4", "t2.1")
BOX = Box(1, 2, 30, 40)


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    raw = sqlite3.connect(folder / FILE_NAME)
    try:
        return raw.execute(query).fetchall()
    finally:
        raw.close()


def test_the_texts_and_numbers_of_every_kind_of_plane(tmp_path: Path) -> None:
    planes = [parse_key(key) for key in KEYS]
    kinds = ("exact/1/7/marked", "size scaled/few/9", "own/none/0/bare", "elsewhere/many/3/text")
    with open_store(tmp_path, user="ada") as store:
        store.add_rects("a", [NewRect(BOX, scope) for scope in (*planes, *Everywhere)])
        put_seen(store, "a", HowSeen.SEEN, [*planes, parse_key("x3")])
        part = Coverage(Size(64, 48)).with_box(Box(0, 0, 9, 9))
        store.put_sights("a", {}, [SeenPart(parse_key(key), part) for key in ("i9", "o6000.2", "t5.0")])
        store.mark_done("a", DeviceFacts("US"))
        judged = [Judged(planes[1], BOX, parse_kind(kind), 0.7, accepted=True) for kind in kinds]
        store.learn("a", DeviceFacts("US"), frames=8, groups=map(group_of, planes), judged=judged)
    assert rows(tmp_path, 'SELECT frame, overlay FROM "DicomRects" ORDER BY id') == [(0, -1), (7, -1), (3, 1), (-1, -1)]
    assert rows(tmp_path, "SELECT scope FROM dcmaudit_rects ORDER BY id") == [
        ("b12.1",), ("i0",), ("i4",), ("t2.1",), ("all frames",), ("all overlays",)
    ]  # fmt: skip
    assert rows(tmp_path, "SELECT plane_group, ranges FROM dcmaudit_seen ORDER BY id") == [
        ("f", "0,7"), ("o6002", "3"), ("b12", "1"), ("i", "0,4"), ("t1", "2"), ("x", "3")
    ]  # fmt: skip
    assert rows(tmp_path, "SELECT plane_group, number FROM dcmaudit_parts ORDER BY id") == [
        ("i", 9), ("o6000", 2), ("t0", 5)
    ]  # fmt: skip
    assert rows(tmp_path, "SELECT plane_groups FROM dcmaudit_kinds") == [("b12 f i0 i4 o6002 t1",)]
    assert rows(tmp_path, "SELECT plane, kind FROM dcmaudit_judged ORDER BY id") == [("f7", kind) for kind in kinds]
