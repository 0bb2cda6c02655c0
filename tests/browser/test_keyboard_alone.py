"""What a person has who uses no mouse, or hears the page instead of seeing it, or wants nothing to move."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from support.face import Face, StartFace
from support.numbered import cine, write

CONTROLS = {
    "button", "checkbox", "combobox", "link", "listbox", "menu", "menubar", "menuitem", "menuitemcheckbox",
    "menuitemradio", "option", "radio", "searchbox", "slider", "spinbutton", "switch", "tab", "tabpanel", "textbox",
    "dialog", "application", "region", "PopUpButton", "ToggleButton", "DisclosureTriangle",
}  # fmt: skip
DIALOGS = {
    "?": "dialog-help", "i": "dialog-tags", "c": "dialog-comment", "#": "dialog-number", "W": "dialog-windows",
    "K": "dialog-keys", "Control+o": "dialog-open", "Control+d": "dialog-open", "Control+s": "dialog-s3-open",
    "Control+3": "dialog-s3-credentials",
}  # fmt: skip
"""Keys and the dialogs that they open."""
ENTRIES = {"Database…": "dialog-open", "Download from S3…": "dialog-s3-download", "Redacted files": "dialog-outputs"}
MENUS = ("File", "Options", "Mark", "Go", "View", "Help")


def spoken(face: Face) -> list[tuple[str, str]]:
    """Role and name of every control, as a screen reader is told them."""
    session = face.page.context.new_cdp_session(face.page)
    try:
        nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    finally:
        session.detach()
    found = []
    for node in nodes:
        role = str(node.get("role", {}).get("value", ""))
        focusable = any(one["name"] == "focusable" and one["value"].get("value") for one in node.get("properties", ()))
        if not node.get("ignored") and (role in CONTROLS or focusable) and role != "RootWebArea":
            found.append((role, str(node.get("name", {}).get("value", "")).strip()))
    return found


def nameless(face: Face) -> list[tuple[str, str]]:
    controls = spoken(face)
    assert len(controls) > 1
    return [one for one in controls if not one[1] or one[0] in {"generic", "none", "GenericContainer"}]


_BY_MOUSE_ALONE = """() => {
  const reached = "a[href], button, input, select, textarea, summary, label, [tabindex], [role=option], " +
    "[role=menuitem], [role=menuitemcheckbox], [role=menuitemradio], [role=tab]";
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.checkVisibility() && getComputedStyle(one).cursor === "pointer" && !one.closest(reached))
    .map((one) => one.outerHTML.slice(0, 120));
}"""

_FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const parent = one.closest("dialog[open]");
  return {
    key: one.id ? `#${one.id}` : one.outerHTML.slice(0, 160),
    seen: box.width > 0 && box.height > 0 && one.checkVisibility() && box.bottom > 0 && box.top < innerHeight,
    ring: style.outlineStyle !== "none" || style.boxShadow !== "none" || one.matches("canvas"),
    dialog: parent ? parent.id : null,
  };
}"""


def stops(face: Face, key: str = "Tab", most: int = 60) -> list[dict[str, Any]]:
    """Where the focus goes, until it comes back to where it was."""
    found: list[dict[str, Any]] = []
    for _ in range(most):
        face.press(key)
        now = face.page.evaluate(_FOCUSED)
        if now is None:
            continue
        if found and now["key"] == found[0]["key"]:
            return found
        found.append(now)
    raise AssertionError(f"the focus does not come round: {[one['key'] for one in found]}")


@pytest.fixture
def face(start: StartFace, tmp_path: Path) -> Face:
    write(tmp_path / "one.dcm", cine(3))
    write(tmp_path / "two.dcm", cine(2))
    (tmp_path / "none.dcm").write_bytes(b"no DICOM")
    face = start(tmp_path / "one.dcm", tmp_path / "two.dcm", tmp_path / "none.dcm")
    face.plane("frame 1/3")
    expect(face.at("#listproblems")).to_be_visible()
    return face


@contextmanager
def opened(face: Face, dialog: str, keys: str | None, entry: str | None = None) -> Iterator[None]:
    if keys is not None:
        face.press(keys)
    else:
        assert entry is not None
        face.at("#menubar").get_by_role("menuitem", name="File", exact=True).click()
        face.at("[role=menu][aria-label=File]").get_by_text(entry, exact=True).click()
    expect(face.at(f"#{dialog}")).to_be_visible()
    yield
    face.press("Escape")
    expect(face.at(f"#{dialog}")).to_be_hidden()


EVERY = [
    *((dialog, keys, None) for keys, dialog in DIALOGS.items()),
    *((d, None, entry) for entry, d in ENTRIES.items()),
]


def test_everything_that_can_be_used_has_a_role_and_a_name(face: Face) -> None:
    face.press("r")
    expect(face.at("#panel")).to_contain_text("stored in the database")
    assert nameless(face) == []
    for menu in MENUS:
        face.at("#menubar").get_by_role("menuitem", name=menu, exact=True).first.click()
        expect(face.at(f"[role=menu][aria-label={menu}]")).to_be_visible()
        assert nameless(face) == [], menu
        face.press("Escape")
    for dialog, keys, entry in EVERY:
        with opened(face, dialog, keys, entry):
            assert nameless(face) == [], dialog
    for keys in ("g", "j"):
        face.press(keys)
        face.page.wait_for_timeout(300)
        assert nameless(face) == [], keys
        face.press("Escape")


def test_the_plane_and_the_file_are_told_when_they_change(face: Face) -> None:
    assert face.at("#spoken").evaluate("(one) => one.closest('[role=status], [aria-live]') !== null")
    face.press("n")
    expect(face.at("#spoken")).to_have_text("1 of 2, frame 2/3")
    face.press("Escape")
    expect(face.at("#spoken")).to_have_text("2 of 2, frame 1/2")


HEARD = """() => {
    globalThis.heard = [];
    const region = document.getElementById("spoken");
    new MutationObserver(() => region.textContent && globalThis.heard.push(region.textContent)).observe(
        region, { childList: true, characterData: true, subtree: true });
}"""


def heard(face: Face) -> list[str]:
    found: list[str] = face.page.evaluate("globalThis.heard.splice(0)")
    return found


def test_the_keys_of_the_stage_pass_a_screen_reader_from_the_start(face: Face) -> None:
    # Orca lets single letters pass where the focus is on an application inside of another one that holds some text.
    assert face.page.evaluate("document.activeElement.id") == "stage"
    assert face.at("#stage").get_attribute("role") == "application"
    assert face.at("#stage").evaluate("(one) => one.parentElement.getAttribute('role')") == "application"
    assert face.at("#stage").evaluate("(one) => one.contains(document.getElementById('spoken'))")


def test_where_the_rectangle_lies_and_what_was_marked_is_told(face: Face) -> None:
    face.page.evaluate(HEARD)
    face.press("ArrowRight", "ArrowRight")
    expect(face.at("#spoken")).to_have_text(re.compile(r"^Rectangle at \d+, \d+, \d+ by \d+ pixels\.$"))
    face.press("r")
    expect(face.at("#spoken")).to_have_text("1 mark on this plane.")
    face.press("Control+z")
    expect(face.at("#spoken")).to_have_text("No marks on this plane.")
    assert len(heard(face)) == 3


def test_what_was_told_while_a_key_was_held_is_told_again(face: Face) -> None:
    face.page.evaluate(HEARD)
    told = face.at("#messagetext")
    for _ in range(100):  # of three planes: the end is reached, and told, while the key is still down
        face.page.keyboard.down("n")
        face.page.wait_for_timeout(100)
        if "last plane of the file" in (told.text_content() or ""):
            break
    expect(face.at("#spoken")).to_have_text("1 of 2, frame 3/3")
    before = heard(face)
    face.page.keyboard.up("n")
    expect(face.at("#spoken")).to_have_text(re.compile(r"^1 of 2, frame 3/3\. This is the last plane of the file\."))
    face.page.wait_for_timeout(600)
    assert len(heard(face)) == 1  # and not again and again
    assert len(before) <= 3


def test_what_lies_behind_a_dialog_is_not_told_again_once_it_closes(face: Face) -> None:
    face.press("n")
    expect(face.at("#spoken")).to_have_text("1 of 2, frame 2/3")
    face.press("?")
    expect(face.at("#spoken")).to_have_text("")
    face.press("Escape")
    assert (
        face.at("#statussaved, #fresh").evaluate_all(
            "(found) => found.filter((one) => one.closest('[role=status], [role=alert], [aria-live]')).length"
        )
        == 0
    )
    face.press("n")
    expect(face.at("#spoken")).to_have_text("1 of 2, frame 3/3")


def test_who_mistyped_the_folder_of_the_database_sees_it_until_it_is_called_right(
    start: StartFace, tmp_path: Path
) -> None:
    face = start(write(tmp_path / "one.dcm", cine(3)), db=tmp_path / "tema", is_new=True)
    face.plane("frame 1/3")
    expect(face.at("#fresh")).to_contain_text(f"was made just now: {tmp_path / 'tema'}")
    face.press("n", "r")
    expect(face.at("#panel")).to_contain_text("stored in the database")
    expect(face.at("#fresh")).to_be_visible()
    face.focus("#freshclose")
    face.press("Enter")
    expect(face.at("#fresh")).to_be_hidden()
    assert face.page.evaluate(_FOCUSED)["key"] == "#stage"
    face.press("p")
    face.plane("frame 1/3")
    expect(face.at("#fresh")).to_be_hidden()


def test_nothing_is_reached_by_the_mouse_alone(face: Face) -> None:
    face.press("r")
    expect(face.at("#panel")).to_contain_text("stored in the database")
    assert face.page.evaluate(_BY_MOUSE_ALONE) == []
    for dialog, keys, entry in EVERY:
        with opened(face, dialog, keys, entry):
            assert face.page.evaluate(_BY_MOUSE_ALONE) == [], dialog
    for keys in ("g", "j"):
        face.press(keys)
        face.page.wait_for_timeout(300)
        assert face.page.evaluate(_BY_MOUSE_ALONE) == [], keys
        face.press("Escape")


def test_the_focus_goes_round_the_page_in_the_order_of_what_is_seen_and_back(face: Face) -> None:
    forth = stops(face)
    assert [one["key"] for one in forth if not one["seen"]] == []
    assert [one["key"] for one in forth if not one["ring"]] == []
    keys = [one["key"] for one in forth]
    places = [keys.index(one) for one in ("#theme", "#listtext", "#list", "#stage", "#tab-plane", "#markbutton")]
    start = places.index(min(places))  # where the round began
    assert places[start:] + places[:start] == sorted(places)
    back = stops(face, "Shift+Tab")
    assert sorted(one["key"] for one in back) == sorted(one["key"] for one in forth)


@pytest.mark.parametrize(("dialog", "keys", "entry"), EVERY)
def test_a_dialog_holds_the_focus_and_gives_it_back(
    face: Face, dialog: str, keys: str | None, entry: str | None
) -> None:
    face.focus("#stage")
    with opened(face, dialog, keys, entry):
        first = face.page.evaluate(_FOCUSED)
        assert first is not None
        assert first["dialog"] == dialog
        held = stops(face, most=300)
        assert {one["dialog"] for one in held} == {dialog}, held
    assert face.page.evaluate(_FOCUSED)["key"] == "#stage"


def test_nothing_moves_for_who_wants_nothing_to_move(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(3)), reduced_motion="reduce")
    face.plane("frame 1/3")
    moving = """() => {
      for (const one of document.querySelectorAll("[hidden]")) one.hidden = false;
      for (const one of document.querySelectorAll("dialog:not([open])")) { one.show(); }
      return [...document.querySelectorAll("*")].flatMap((one) => [null, "::before", "::after"].map((part) => {
        const style = getComputedStyle(one, part);
        const still = (text) => text.split(",").every((time) => parseFloat(time) === 0);
        const runs = style.animationName !== "none" && !still(style.animationDuration);
        const moves = runs || !still(style.transitionDuration) || style.scrollBehavior === "smooth";
        return moves ? one.outerHTML.slice(0, 80) : null;
      })).filter(Boolean).concat(document.getAnimations().map((one) => one.animationName ?? "animation"));
    }"""
    assert face.page.evaluate(moving) == []
    plain = start(write(tmp_path / "two.dcm", cine(3)))
    assert plain.page.evaluate(moving) != []  # the question sees what moves


def test_a_folder_a_database_and_a_list_are_told_from_a_file_in_words(start: StartFace, tmp_path: Path) -> None:
    (tmp_path / "in" / "below").mkdir(parents=True)
    write(tmp_path / "in/one.dcm", cine(2))
    (tmp_path / "in/names.csv").write_text("filename\n")
    (tmp_path / "in/marks.db").write_bytes(b"")
    face = start()
    face.press("Control+o")
    face.at("#open-path").fill(str(tmp_path / "in"))
    face.press("Enter")
    expect(face.at(".entry")).to_have_count(4)
    told = {name.split(",")[0].split(" ")[0]: name for role, name in spoken(face) if role == "option"}
    assert told["below"].endswith(" folder") and told["names.csv"].endswith(" list")
    assert told["marks.db"].endswith(" database") and told["one.dcm"].endswith("B")
    expect(face.at("#open-entries")).to_have_accessible_name("Open files: folder content")
    expect(face.at("#open-note")).to_have_text(f"{tmp_path / 'in'}: 1 folder, 3 files")


def test_that_a_button_makes_a_folder_is_said_and_not_only_written_on_it(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.plane("frame 1/2")
    face.page.get_by_role("menuitem", name="File").click()
    face.page.locator('.item[data-command="redact-file"]').click()
    face.at("#open-path").fill(str(tmp_path / "new"))
    face.watch.allowed.append("404")
    face.at("#open-do").click()
    face.shows("#open-do", "Make this folder, redact into it")
    expect(face.at("#open-note")).to_contain_text("The button makes this folder and redacts into it.")


def test_without_a_file_the_stage_does_not_speak_of_a_plane(start: StartFace, tmp_path: Path) -> None:
    face = start()
    expect(face.at("#start")).to_be_visible()
    expect(face.at("#stage")).to_have_accessible_name(re.compile("^No file is open: Tab goes through"))
    face.press("Control+o")
    face.at("#open-path").fill(str(write(tmp_path / "one.dcm", cine(2))))
    face.press("Enter")
    face.plane("frame 1/2")
    expect(face.at("#stage")).to_have_accessible_name(re.compile("^Plane: n and p step"))
