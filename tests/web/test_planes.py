"""Planes as the page gets them: values, tables and tickets, alone and one after the other."""

from __future__ import annotations

import io
import json
import struct
import time
from contextlib import closing
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from support.apps import wait_for
from support.pages import Page


def _records(data: bytes) -> list[tuple[dict[str, Any], bytes]]:
    """The records in an answer, each with both its heads in one."""
    stream, found = io.BytesIO(data), []

    def head() -> dict[str, Any]:
        (length,) = struct.unpack("<I", stream.read(4))
        return dict(json.loads(stream.read(length)))

    while stream.tell() < len(data):
        own = head()
        if own.get("end"):
            found.append((own, b""))
            continue
        both = {**head(), **own}
        found.append((both, stream.read(both["bytes"])))
    return found


def _levels(head: dict[str, Any], body: bytes, view: str) -> np.ndarray[Any, Any]:
    """What a page paints of a grey plane in a view."""
    dtype = f"<u{head['bits'] // 8}"
    count = head["width"] * head["height"] * head["channels"]
    values = np.frombuffer(body, dtype, count).reshape(head["height"], head["width"])
    start = values.nbytes
    for name, each in head["views"].items():
        if name == view:
            table = np.frombuffer(body, np.uint8, each["entries"], start)
            return table[values.astype(int) - head["first"]]
        start += each["entries"] * each["channels"]
    raise AssertionError(view)


def _png(tab: Page, path: str) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(tab.get(path).content)))


def test_values_with_their_table_are_the_picture(tab: Page) -> None:
    head, body = _records(tab.get("plane/0/f2?rendering=full").content)[0]
    assert (head["plane"], head["stored"], head["bits"]) == ("0/f2", True, 8)
    for view in ("full", "voi"):
        assert np.array_equal(_levels(head, body, view), _png(tab, f"image/0/f2?rendering={view}"))
    local, levels = _records(tab.get("plane/0/f2?rendering=local").content)[0]
    assert (list(local["views"]), local["stored"]) == (["local"], False)
    assert np.array_equal(np.frombuffer(levels, np.uint8), _png(tab, "image/0/f2?rendering=local").ravel())


def test_a_packed_plane_is_the_same_plane(tab: Page) -> None:
    plain = _records(tab.get("plane/0/f1?rendering=full").content)[0]
    head, body = _records(tab.get("plane/0/f1?rendering=full&packed=1").content)[0]
    rows = np.frombuffer(body, np.uint8, head["width"] * head["height"]).reshape(head["height"], -1)
    assert head.pop("up") is True
    added = np.cumsum(rows, axis=0, dtype=np.uint8).tobytes() + body[rows.size :]
    assert ({**head, "tickets": 0}, added) == ({**plain[0], "tickets": 0}, plain[1])


def test_a_plane_that_is_not_there_is_refused_in_words(tab: Page) -> None:
    assert tab.get("plane/0/f2?rendering=none").status_code == 400
    assert tab.get("plane/0/zzz").status_code == 400
    assert tab.get("plane/0/f77").status_code == 422
    assert tab.get("plane/55/f0").status_code in {404, 409}
    assert tab.get("walk/55?from=0").status_code in {404, 409}
    assert tab.get("walk/0?from=x").status_code == 400


def test_a_walk_sends_every_plane_with_what_it_changes_and_then_its_end(tab: Page) -> None:
    total = tab.state()["file"]["planes"]
    found = _records(tab.get("walk/0?from=1").content)
    assert found[-1][0] == {"end": True}
    assert [head["step"]["plane"]["index"] for head, _ in found[:-1]] == list(range(1, total))
    for head, _body in found[:-1]:
        key = head["step"]["plane"]["key"]
        assert head["plane"] == f"0/{key}"
        assert set(head["step"]) == {"plane", "rects", "handled", "can"}
    back = _records(tab.get("walk/0?from=2&back=1").content)
    assert [head["plane"] for head, _ in back[:-1]] == ["0/f2", "0/f1", "0/f0"]
    assert np.array_equal(_levels(*back[0], "full"), _png(tab, "image/0/f2"))


def _sight(head: dict[str, Any], view: str) -> dict[str, Any]:
    box = [0, 0, head["width"], head["height"]]
    file_id, _, key = head["plane"].partition("/")
    place = {"scale": 1.0, "stage": [800, 600], "boxes": [box]}
    return {"file_id": int(file_id), "key": key, "ticket": head["tickets"][view], **place}


@pytest.mark.parametrize(
    ("query", "view", "counts"),
    [("", "full", True), ("", "window", False), ("&width=400&height=300", "full", False)],
)
def test_only_a_picture_without_losses_in_a_view_that_hides_nothing_counts(
    tab: Page, query: str, view: str, counts: bool
) -> None:
    head, _body = _records(tab.get(f"walk/0?from=1{query}").content)[0]
    tab.do("walk", painted=[_sight(head, view)], file_id=0, key="f1")
    wait_for(lambda: tab.state()["groups"][0]["seen" if counts else "glanced"] == [[1, 2]])
    assert tab.state()["groups"][0]["glanced" if counts else "seen"] == []
    assert tab.state()["plane"]["key"] == "f1"


def test_a_ticket_holds_for_its_plane_alone(tab: Page) -> None:
    head, _body = _records(tab.get("walk/0?from=1").content)[0]
    tab.do("seen", painted=[{**_sight(head, "full"), "key": "f2"}], file_id=0)
    other = Page(tab.client, tab.client.post("/api/documents").json()["doc"])
    other.do("seen", painted=[_sight(head, "full")], file_id=0)
    time.sleep(0.4)
    assert tab.state()["file"]["seen"] == 0


def test_a_small_picture_is_a_jpeg_that_fits_the_stage(tab: Page) -> None:
    head, body = _records(tab.get("walk/0?from=1&width=32&height=30").content)[0]
    picture = Image.open(io.BytesIO(body))
    assert (picture.format, head["jpeg"], picture.width <= 32, picture.height <= 30) == ("JPEG", True, True, True)


def test_a_walk_that_nobody_reads_to_its_end_is_given_up(tab: Page, client: httpx.Client) -> None:
    with client.stream("GET", tab.url("walk/0?from=1")) as answer, closing(answer):
        next(answer.iter_raw())
    assert tab.do("next-frame").json()["plane"]["key"] == "f1"


def test_a_walk_follows_the_open_file_alone(tab: Page) -> None:
    tab.do("next-file")
    assert _records(tab.get("walk/0?from=1").content) == [({"end": True}, b"")]
    tab.do("walk", file_id=0, key="f1")
    assert tab.state()["plane"]["index"] == 0
