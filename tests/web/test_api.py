"""The page's contract with the server, as docs/web-api.md describes it."""

from __future__ import annotations

import csv
import io
import re
import threading
import time
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from dcmaudit.dicom import Instance, Samples
from dcmaudit.errors import DecodeError
from dcmaudit.model import Box, FrameAddress, HowSeen, PlaneAddress
from dcmaudit.review import COMMANDS, ReviewApp
from dcmaudit.review.commands.command import Where
from dcmaudit.review.services.tickets import Tickets
from dcmaudit.review.state.sight import Fidelity, Issued, Sight, way_seen
from dcmaudit.web import browse
from support.apps import text_everywhere, wait_for
from support.pages import Page
from support.where import told

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_command_table_is_what_the_reviewer_has(client: httpx.Client) -> None:
    rows = client.get("/api/commands").json()
    assert [row["name"] for row in rows] == [command.name for command in COMMANDS]
    assert set(rows[0]) >= {"name", "key", "keys", "label", "help", "menu", "group", "writes", "where", "toggles"}


def test_the_position_is_there_from_the_first_state(tab: Page) -> None:
    worklist = tab.do("next-file").json()["worklist"]
    assert (worklist["number"], worklist["total"], worklist["growing"]) == (2, 3, False)


ARGUMENTS = {
    "apply-one": None, "reject-one": None, "remove-rect": None, "redo": None,
    "go-file": {"index": 1}, "go-plane": {"key": "o6000.1"}, "comment": {"text": "look"},
    "cursor": {"box": [1, 2, 3, 4]}, "cursor-drag": {"handle": "se", "start": [1, 2, 9, 9], "dx": 3, "dy": 3},
    "set-option": {"name": "show-rules", "value": False}, "rendering": {"value": "voi"},
    "mark-group": {"file_id": 0, "group": 0, "box": [1, 2, 9, 9]},
    "seen": {"file_id": 0, "shown": ["f1"]}, "filter": {"status": "", "text": "US"},
    "come-back": {"mark": "0" * 16, "key": "f0"}, "done-next": {"confirm": True}, "walk": {"file_id": 0, "key": "f1"},
    "save-window": {"name": "w", "center": 40, "width": 400}, "forget-window": {"name": "w"}, "set-keys": {"keys": {}},
    "mark-shape": {"text": "polygon 5,5 40,8 20,30"},
    "decide": {"value": "done", "shown": [1, 2]},
}  # fmt: skip
OPENING = {
    "open-examples",
    "open-files",
    "open-folder",
    "open-folder-recursive",
    "open-database",
    "set-database",
    "quit",
    "ocr",
    "ocr-all",
}


OF_SERIES = {"done-series", "skip-series"}
"""Refused for a file that is looked at alone; tests/review/test_stack.py carries them out."""


def test_every_command_is_answered_with_the_state_after_it(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    text_everywhere(monkeypatch)
    names = [c.name for c in COMMANDS if c.where is Where.SERVER and c.name not in OPENING | OF_SERIES]
    assert len(names) > 30
    for name in names:
        tab = Page(client, client.post("/api/documents").json()["doc"])
        _carry_out(tab, name)
        if name.startswith("toggle-"):
            tab.do(name)
        tab.do("clear-file")
        tab.do("go-file", index=0)
        tab.do("clear-file")


def _carry_out(tab: Page, name: str) -> None:
    arguments = ARGUMENTS.get(name, {})
    if name in {"undo", "redo"}:
        tab.do("mark")
    if name == "redo":
        tab.do("undo")
    if name == "forget-window":
        tab.do("save-window", **ARGUMENTS["save-window"])
    if name == "remove-rect":
        arguments = {"id": tab.do("mark").json()["rects"][0]["id"]}
    if name in {"apply-one", "reject-one"}:
        tab.do("mark")
        tab.do("done-next", confirm=True)
        wait_for(lambda: tab.state()["rects"])
        arguments = {"id": tab.state()["rects"][0]["id"]}
    before = tab.state()
    if name == "mark-group":  # a file that was read again has another number
        arguments = arguments | {"file_id": before["file"]["file_id"]}
    answer = tab.do(name, **(arguments or {}))
    assert answer.status_code == 200, (name, answer.text)
    assert answer.json()["revision"] > before["revision"]


def test_the_opening_commands_change_the_list(tab: Page, app: ReviewApp, files: list[Path], tmp_path: Path) -> None:
    folder = files[0].parent
    for name, arguments, total in (
        ("open-files", {"names": [str(files[0]), str(files[2])]}, 2),
        ("open-folder", {"path": str(folder)}, 3),
        ("open-folder-recursive", {"path": str(tmp_path)}, 3),
    ):
        assert tab.do(name, **arguments).status_code == 200
        wait_for(lambda: not tab.state()["worklist"]["growing"])
        assert tab.state()["worklist"]["total"] == total
    tab.do("tag")
    tab.do("set-option", name="ignore-done", value=False)
    tab.do("open-database", path=str(tmp_path / "database" / "dcmaudit.sqlite.db"))
    wait_for(lambda: not tab.state()["worklist"]["growing"])
    assert tab.state()["worklist"]["total"] == 1
    other = tmp_path / "other"
    other.mkdir()
    assert tab.do("set-database", path=str(other)).json()["database"]["location"].startswith(str(other))
    ended = []
    app.on_quit(lambda: ended.append(True))
    tab.do("quit")
    assert ended == [True]


def test_the_page_names_all_of_its_modules_at_once(client: httpx.Client) -> None:
    text = client.get("/").text
    named = set(re.findall(r'rel="modulepreload" href="/static/js/([a-z0-9]+\.js)"', text))
    imported, left = set[str](), ["app.js"]
    while left:
        name = left.pop()
        if name not in imported:
            imported.add(name)
            source = client.get(f"/static/js/{name}").text
            left += re.findall(r'^import [^;]*?"\./([a-z0-9]+\.js)";', source, re.MULTILINE)
    assert named == imported


REFUSED: list[tuple[str, dict[str, object], int]] = [
    ("no-such-command", {}, 400),
    ("help", {}, 400),
    ("go-file", {"index": 99}, 400),
    ("go-file", {"index": "1"}, 400),
    ("go-file", {"index": True}, 400),
    ("go-file", {}, 400),
    ("go-plane", {"key": "f99"}, 400),
    ("go-plane", {"key": "../etc"}, 400),
    ("go-plane", {"index": 99}, 409),
    ("mark", {"box": [5, 5, 5, 5]}, 400),
    ("mark", {"box": [1e300, 0, 1, 1]}, 400),
    ("mark", {"box": "all"}, 400),
    ("mark", {"scope": "everything"}, 400),
    ("remove-rect", {"id": "r'; DROP TABLE"}, 400),
    ("comment", {"text": 5}, 400),
    ("comment", {"text": "x" * 20_000}, 400),
    ("set-option", {"name": "nothing", "value": True}, 400),
    ("set-option", {"name": "show-rules", "value": "yes"}, 400),
    ("rendering", {"value": "x-ray"}, 400),
    ("cursor-drag", {"handle": "up", "start": [0, 0, 1, 1], "dx": 1, "dy": 1}, 400),
    ("seen", {"file_id": 0, "shown": [5]}, 400),
    ("seen", {"file_id": 0, "group": 0, "ticket": "max.lossless.00", "shown": [64, 48]}, 409),
    ("filter", {"status": "lost"}, 400),
    ("undo", {}, 409),
    ("open-files", {"names": []}, 400),
    ("open-folder", {"path": "/no/such/folder"}, 404),
    ("open-folder", {"path": "nul\0"}, 400),
    ("open-files", {"names": ["nul\0"]}, 400),
]


def test_a_refused_command_says_why_and_changes_nothing(tab: Page) -> None:
    before = tab.state()
    for command, arguments, status in REFUSED:
        answer = tab.do(command, **arguments)
        assert answer.status_code == status, (command, answer.text)
        assert answer.json()["error"]["message"]
        after = answer.json()["state"]
        for part in ("plane", "rects", "worklist", "handled", "options", "view"):
            assert after[part] == before[part], (command, part)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nonsense", b'{"command": 5}', b'{"command": "invert", "args": []}',
             b'{"command": "invert", "painted": 3}', b'{"command": "invert", "painted": [[0, "f0"]]}', b"[" * 100_000]
)  # fmt: skip
def test_a_request_of_another_shape_is_refused(tab: Page, body: bytes) -> None:
    answer = tab.client.post(tab.url("do"), content=body)
    assert (answer.status_code, set(answer.json())) == (400, {"error"})


def test_a_picture_is_a_png_that_names_its_plane(tab: Page) -> None:
    plane = tab.do("next-frame").json()["plane"]
    assert plane["image"] == tab.url("plane/0/f1?rendering=full")
    answer = tab.get("image/0/f1")
    assert answer.status_code == 200
    assert (answer.headers["content-type"], answer.headers["x-plane"]) == ("image/png", "0/f1")
    assert answer.content.startswith(PNG)
    for rendering in ("full", "voi", "local"):
        plain, inverted = (tab.get(f"image/0/f1?rendering={rendering}&inverted={value}").content for value in (0, 1))
        assert (plain[:8], inverted[:8], plain == inverted) == (PNG, PNG, False)
    assert tab.get("image/0/f1?rendering=none").status_code == 400
    assert tab.get("image/0/zzz").status_code == 400
    assert tab.get("image/0/f77").status_code == 422


def test_thumbnails_and_projections_are_pictures_too(tab: Page) -> None:
    thumb = tab.get("thumb/0/o6000.1")
    assert (thumb.headers["x-plane"], thumb.content[:8]) == ("0/o6000.1", PNG)
    for how in ("max", "min", "mean", "range", "text"):
        answer = tab.get(f"projection/0/0?how={how}")
        assert (answer.status_code, answer.headers["x-plane"], answer.headers["x-left-out"]) == (200, "0/g0", "0")
    assert tab.get("projection/0/9").status_code == 400
    assert tab.get("projection/0/nothing").status_code == 400
    assert tab.get("projection/0/series").status_code == 409  # its series is not walked through as one
    assert tab.get("projection/0/0?how=sum").status_code == 400
    assert tab.get("drill/0/0?how=max&x=5&y=5").json() == {"index": 3, "title": "frame 4/4", "file_id": 0, "key": "f3"}
    assert tab.get("drill/0/0?how=min&x=5&y=5").json() == {"index": 0, "title": "frame 1/4", "file_id": 0, "key": "f0"}
    wait_for(lambda: tab.get("alone/0/0").json() == {"total": 0, "planes": [], "complete": True})


def test_classes_and_tiles_are_answered_once_files_were_looked_at(tab: Page) -> None:
    assert tab.get("classes").status_code == 409
    tab.do("survey")
    wait_for(lambda: tab.state()["classes"]["complete"] and not tab.state()["classes"]["running"])
    shown = tab.get("classes").json()
    assert (shown["total"], shown["rows"][0]["files"], shown["rows"][0]["planes"]) == (1, 3, 21)
    assert tab.get("class/0/files").json()["ids"] == tab.get("files").json()["ids"] == [0, 1, 2]
    assert tab.get("class/7/files").json() == {"ids": [], "apart": 0, "total": 0}
    tiles = tab.get("tiles?ids=2,0").json()["rows"]
    assert [row["file_id"] for row in tiles] == [2, 0]
    for kind in ("max", "min", "mean", "range", "text"):
        answer = tab.get(f"class/0/spread?kind={kind}")
        assert (answer.content[:8], answer.headers["cache-control"]) == (PNG, "no-store")
    assert tab.get("class/0/spread?kind=sum").status_code == 400
    assert tab.get("class/9/spread").status_code == 409
    assert tab.get("tiles?ids=0,9").status_code == 409
    assert tab.get("tiles?ids=-1").status_code == 400
    assert tab.get("thumb/0/f0?edge=320").content[:8] == PNG
    assert tab.get("thumb/0/f0?edge=999").status_code == 400


def test_a_projection_is_a_glance_of_its_kind_and_only_of_one_that_was_fetched(tab: Page) -> None:
    assert tab.do("seen", file_id=0, group=0, ticket="", shown=[64, 48]).status_code == 409
    ticket = tab.get("projection/0/0?how=min").headers["x-ticket"]
    tab.do("seen", file_id=0, group=0, ticket=ticket, shown=[32, 24])
    tab.do("seen", file_id=0, group=0, ticket=tab.get("projection/0/0?how=max").headers["x-ticket"], shown=[31, 48])
    wait_for(lambda: tab.state()["groups"][0]["glanced"] == [[0, 4]])
    assert tab.state()["file"]["seen"] == 0
    asked = tab.do("done-next").json()["question"]["text"]
    assert "3 only in a minimum projection, 1 only at less than half size, 3 never shown" in asked


def _painted(tab: Page, of: str = "f0", **changed: object) -> dict[str, object]:
    ticket = tab.get(f"image/0/{of}").headers["x-ticket"]
    whole = {"file_id": 0, "key": of, "ticket": ticket, "scale": 1, "stage": [800, 600], "boxes": [[0, 0, 64, 48]]}
    return {**whole, **changed}


def test_what_the_page_painted_is_recorded_once_it_is_stored(tab: Page, app: ReviewApp, files: list[Path]) -> None:
    reports = [_painted(tab), _painted(tab, "f1"), _painted(tab, file_id=77)]
    assert tab.do("next-frame", painted=reports).status_code == 200
    wait_for(lambda: tab.state()["groups"][0]["seen"] == [[0, 2]])
    rows = app.services.database.store.seen(str(files[0]))
    assert [(row.how, told(row.spans)) for row in rows] == [(HowSeen.SEEN, (("f", 0, 2),))]


@pytest.mark.parametrize(
    ("changed", "how"),
    [
        ({"scale": 0.49}, "glanced"),
        ({"boxes": [[0, 0, 64, 47]]}, "partly"),
        ({"boxes": []}, "nothing"),
        ({"ticket": "full.lossless.0123456789abcdef0123456789abcdef"}, "nothing"),
        ({"ticket": ""}, "nothing"),
        ({"key": "f1"}, "nothing"),
        ({"file_id": 1}, "nothing"),
    ],
)
def test_a_report_is_worth_what_it_proves(tab: Page, changed: dict[str, object], how: str) -> None:
    tab.do("invert", painted=[_painted(tab, **changed)])
    if how != "nothing":
        wait_for(lambda: tab.state()["groups"][0][how])
    tab.do("done-next")  # stores what was reported before it asks
    group = tab.state()["groups"][0]
    assert group["seen"] == []
    assert bool(group["glanced"]) == (how == "glanced")
    assert bool(group["partly"]) == (how == "partly")


def test_a_ticket_of_another_document_proves_nothing(client: httpx.Client, tab: Page) -> None:
    other = Page(client, client.post("/api/documents").json()["doc"])
    wait_for(lambda: other.state()["plane"] is not None)
    tab.do("done-next", painted=[_painted(other)])
    assert tab.state()["file"]["seen"] == 0


def test_the_voi_window_is_a_glance_and_a_ticket_cannot_be_changed() -> None:
    ticket = Tickets().issue("d", 0, "f0", "voi")
    assert Tickets().read(ticket, "d", 0, "f0") is None, "every server has its own secret"
    own = Tickets()
    ticket = own.issue("d", 0, "f0", "voi")
    assert own.read(ticket, "d", 0, "f0") == Issued("voi", Fidelity.LOSSLESS)
    assert own.read(ticket.replace("voi", "full"), "d", 0, "f0") is None
    whole = Sight(0, FrameAddress(0), ticket, 1.0, (Box(0, 0, 64, 48),))
    assert way_seen(whole, Issued("voi", Fidelity.LOSSLESS)) is HowSeen.WINDOW
    assert way_seen(whole, Issued("full", Fidelity.LOSSY)) is HowSeen.LOSSY
    assert way_seen(whole, Issued("local", Fidelity.LOSSLESS)) is HowSeen.SEEN


@pytest.mark.parametrize(
    "changed",
    [
        {"scale": 0}, {"scale": -1}, {"scale": True}, {"scale": "1"}, {"stage": [0, 600]}, {"stage": [800]},
        {"stage": [800, 10**9]}, {"boxes": [[0, 0, 0, 5]]}, {"boxes": [[0, 0, 5]]}, {"boxes": [[0, 0, 5, True]]},
        {"boxes": [[0, 0, 1, 1]] * 17}, {"boxes": None}, {"scale": 20, "boxes": [[0, 0, 64, 48]]},
    ],
)  # fmt: skip
def test_a_report_that_contradicts_itself_is_refused(tab: Page, changed: dict[str, object]) -> None:
    answer = tab.do("invert", painted=[_painted(tab, **changed)])
    assert (answer.status_code, "error" in answer.json()) == (400, True)


def test_the_planes_of_a_file_come_in_pages(tab: Page) -> None:
    answer = tab.get("planes/1?start=3&count=2").json()
    assert answer["total"] == 7
    assert [(row["index"], row["key"], row["group"]) for row in answer["planes"]] == [(3, "f3", 0), (4, "o6000.0", 1)]


def test_the_list_of_files_comes_in_pages_with_states(tab: Page, files: list[Path]) -> None:
    tab.do("tag")
    rows = tab.get("worklist?start=0&count=2").json()
    assert (rows["total"], rows["growing"]) == (3, False)
    assert [(row["index"], row["name"], row["state"], row["tagged"]) for row in rows["rows"]] == [
        (0, str(files[0]), "tagged", True),
        (1, str(files[1]), "not reviewed", False),
    ]
    assert [row["index"] for row in tab.get("worklist?text=us0003").json()["rows"]] == [2]
    assert [row["index"] for row in tab.get("worklist?status=tagged").json()["rows"]] == [0]
    # A file that became done stays in the list that is walked, so it is also found by its name.
    assert [row["index"] for row in tab.get("worklist?text=us0001").json()["rows"]] == [0]
    assert tab.get("worklist?status=x").status_code == 400
    assert tab.get("worklist?start=-1").status_code == 400


def test_files_that_the_options_leave_out_are_found_by_state_and_can_be_opened(tab: Page) -> None:
    tab.do("tag")
    tab.do("next-file")
    tab.do("set-option", name="ignore-done", value=True)
    assert tab.state()["worklist"]["total"] == 2
    row = tab.get("worklist?status=tagged").json()["rows"][0]
    assert (row["index"], row["file_id"]) == (None, 0)
    after = tab.do("go-file", file_id=0).json()
    assert (after["file"]["file_id"], after["worklist"]["number"], after["worklist"]["total"]) == (0, 1, 3)
    assert tab.do("go-file", file_id=77).status_code == 409


def test_the_tags_of_a_file_are_rows(tab: Page) -> None:
    rows = tab.get("tags/0").json()["rows"]
    found = {row["tag"]: row for row in rows}
    assert found["(0010,0010)"]["value"] == "Doe^Jane"
    assert set(found["(0010,0010)"]) == {"depth", "tag", "name", "vr", "value"}


def test_both_tables_are_exported_as_csv(tab: Page, files: list[Path]) -> None:
    tab.do("mark", box=[1, 2, 11, 12])
    tab.do("comment", text='say "no",\nplease')
    answer = tab.get("export/rects.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="dcmaudit-rects.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["filename"], row["left"], row["right"], row["bottom"]) for row in rows] == [
        (str(files[0]), "1", "10", "11")
    ]
    tags = list(csv.DictReader(io.StringIO(tab.get("export/tags.csv").text, newline="")))
    assert [row["comment"] for row in tags] == ['say "no",\nplease']
    tab.do("mark", scope="all frames")
    assert len(list(csv.reader(io.StringIO(tab.get("export/rects.csv").text)))) == 1 + 1 + 4


def test_the_browser_gets_a_long_answer_only_when_something_changed(tab: Page) -> None:
    revision = tab.state()["revision"]
    start = time.monotonic()
    same = tab.get(f"state?after={revision}&wait=1").json()
    assert same["revision"] == revision
    assert time.monotonic() - start >= 0.9
    timer = threading.Timer(0.2, lambda: tab.do("invert"))
    timer.start()
    newer = tab.get(f"state?after={revision}&wait=20").json()
    timer.join()
    assert (newer["revision"] > revision, newer["view"]["inverted"]) == (True, True)


def test_two_documents_at_once_keep_their_own_place(tab: Page) -> None:
    other = Page(tab.client, tab.client.post("/api/documents").json()["doc"])
    tab.do("next-file")
    tab.do("mark")
    assert (tab.state()["worklist"]["number"], other.state()["worklist"]["number"]) == (2, 1)
    other.do("next-file")
    wait_for(lambda: len(other.state()["rects"]) == 1)
    other.do("clear-file")
    wait_for(lambda: tab.state()["rects"] == [])


def test_a_document_that_is_not_there_is_refused(tab: Page) -> None:
    assert tab.client.get("/api/d/nothing/state").status_code == 409


def test_a_picture_that_fails_says_why_and_the_state_remembers_it(tab: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise DecodeError("frame 1: the codestream ends early", file="/a/b/c/d.dcm", hint="transfer it again")

    monkeypatch.setattr("dcmaudit.dicom.Instance.read", broken)
    tab.do("go-plane", key="o6002.0")
    answer = tab.get("image/0/o6002.0")
    assert answer.status_code == 422
    assert answer.json()["error"] == {
        "message": "b/c/d.dcm: frame 1: the codestream ends early",
        "hint": "transfer it again",
    }
    assert tab.state()["plane"]["error"]["hint"] == "transfer it again"


def test_a_tile_without_a_picture_is_no_error_and_says_why(tab: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise DecodeError("frame 1: the codestream ends early", file="/a/b/c/d.dcm")

    monkeypatch.setattr("dcmaudit.dicom.Instance.read", broken)
    answer = tab.get("thumb/0/o6002.0")
    assert (answer.status_code, answer.content, answer.headers["x-plane"]) == (204, b"", "0/o6002.0")
    assert unquote(answer.headers["x-note"]) == "frame 1: the codestream ends early"
    # what is no plane of the file is asked for by mistake
    assert tab.get("thumb/0/f77").status_code == 422
    assert tab.get("thumb/0/f77?guess=1").status_code == 204
    assert tab.get("thumb/0/f77?guess=no").status_code == 400
    assert tab.get("thumb/77/f0").status_code >= 400
    assert tab.get("thumb/77/f0?guess=1").status_code >= 400


def test_folders_are_browsed_for_the_dialogs(tab: Page, files: list[Path]) -> None:
    answer = tab.client.get("/api/browse", params={"path": str(files[0].parent)}).json()
    assert [(entry["name"], entry["kind"]) for entry in answer["entries"]] == [
        ("US0001.dcm", "file"), ("US0002.dcm", "file"), ("US0003.dcm", "file"),
    ]  # fmt: skip
    assert answer["parent"] == str(files[0].parent.parent)
    assert tab.client.get("/api/browse", params={"path": "/no/such"}).status_code == 404
    assert tab.client.get("/api/browse", params={"path": "nul\0"}).status_code == 400


def test_a_slow_file_holds_nobody_up(tab: Page, app: ReviewApp, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    opener = app.services.instances._opener

    def slow(reference: object) -> object:
        gate.wait(20)
        return opener(reference)  # type: ignore[arg-type]

    monkeypatch.setattr(app.services.instances, "_opener", slow)
    start = time.monotonic()
    state = tab.do("go-file", index=2).json()
    assert (state["file"]["opening"], state["plane"]) == (True, None)
    other = Page(tab.client, tab.client.post("/api/documents").json()["doc"])
    assert other.state()["worklist"]["total"] == 3
    back = tab.do("go-file", index=0)
    assert back.status_code == 200
    assert time.monotonic() - start < 5
    gate.set()
    tab.do("go-file", index=2)
    wait_for(lambda: tab.state()["plane"] is not None)
    assert tab.state()["file"]["opening"] is False


def test_a_slow_picture_can_be_left_and_holds_nobody_up(
    tab: Page, app: ReviewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, read = threading.Event(), Instance.read

    def slow(self: Instance, address: PlaneAddress) -> Samples:
        if address == FrameAddress(3):
            gate.wait(20)
        return read(self, address)

    monkeypatch.setattr(Instance, "read", slow)
    try:
        with pytest.raises(httpx.ReadTimeout):
            tab.get("image/0/f3", timeout=0.4)
        assert tab.get("image/0/f1").status_code == 200
        assert tab.do("next-file").status_code == 200
        # The server notices that nobody waits any more.
        wait_for(lambda: not app.services.pictures._waiting)
    finally:
        gate.set()
    assert tab.do("previous-file").status_code == 200
    assert tab.get("image/0/f3").status_code == 200


def test_a_folder_of_very_many_files_is_listed_in_part_and_says_so(
    tab: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse, "FILES", 3)
    folder = tmp_path / "many"
    for number in range(7):
        (folder / f"folder{number}").mkdir(parents=True)
        (folder / f"{number}.dcm").touch()
    found = tab.client.get("/api/browse", params={"path": str(folder)}).json()
    kinds = [entry["kind"] for entry in found["entries"]]
    assert (kinds.count("folder"), kinds.count("file"), found["left_off"]) == (7, 3, 4)
