"""``redact --resume`` says the same of an input whether names tell all or everything is looked at closely."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.pipeline.output import PlainPlaces
from dcmaudit.store import NewRect, TagChange, open_store
from support.files import dataset, file_bytes, gradient, reference


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.dcm", "b.dcm", "c.dcm", "d"):
        (folder / name).write_bytes(reference(gradient()).data)
    return folder


def nothing(_folder: Path) -> None:
    """As a run left it."""


def link(folder: Path) -> None:
    (folder / "moved").mkdir()
    (folder / "a.redacted.dcm").rename(folder / "moved" / "x")
    (folder / "a.redacted.dcm").symlink_to(folder / "moved" / "x")


def lost_link(folder: Path) -> None:
    (folder / "a.redacted.dcm").unlink()
    (folder / "a.redacted.dcm").symlink_to(folder / "nowhere")


def directory(folder: Path) -> None:
    (folder / "a.redacted.dcm").unlink()
    (folder / "a.redacted.dcm").mkdir()


def partly(folder: Path) -> None:
    other = folder.with_name("out.partly")
    other.mkdir()
    for path in list(folder.glob("a.redacted.*")):
        path.rename(other / path.name)


def same_file(folder: Path) -> None:
    (folder / "b.redacted.dcm").unlink()
    os.link(folder.parent / "in" / "b.dcm", folder / "b.redacted.dcm")


def other_input(folder: Path) -> None:
    (folder / "c.redacted.dcm").unlink()
    os.link(folder.parent / "in" / "b.dcm", folder / "c.redacted.dcm")


def gone(folder: Path) -> None:
    (folder / "d.redacted.dcm").unlink()


def side_gone(folder: Path) -> None:
    (folder / "b.redacted.json").unlink(missing_ok=True)


def two_of_one_name(folder: Path) -> None:
    other = folder.parent / "in" / "sub"
    other.mkdir()
    (other / "d").write_bytes(reference(gradient()).data)
    (folder / "d.redacted.dcm").unlink()


@pytest.mark.parametrize("sides", [[], ["--sidecar", "--proof"]])
@pytest.mark.parametrize(
    "change",
    [nothing, link, lost_link, directory, partly, same_file, other_input, gone, side_gone, two_of_one_name],
)
def test_names_alone_and_a_closer_look_say_the_same(
    inputs: Path, sides: list[str], change: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = inputs.parent / "out"
    words = ["redact", "-r", "--rect", "1,1,5,5", "-j", "1", "-o", str(out), *sides, str(inputs)]
    assert main(words) == 0
    change(out)  # type: ignore[operator]
    capsys.readouterr()
    told = []
    for is_quick in (True, False):
        # Dry, so that the second run meets what the first one met; all that is asked of names comes before.
        if not is_quick:
            monkeypatch.setattr(PlainPlaces, "look", lambda _self, _reference: None)
        for more in (["--dry-run"], ["--dry-run", "--json"]):
            code = main([*words, "--resume", *more])
            said = capsys.readouterr()
            told.append((is_quick, (code, sorted(said.out.splitlines()), sorted(said.err.splitlines()))))
    quick = [one for is_quick, one in told if is_quick]
    assert quick == [one for is_quick, one in told if not is_quick]
    done = sum('"outcome": "done before"' in line for line in quick[1][1])
    # One that lies where no run put it is proved again.
    expected = {nothing: 4, link: 4, partly: 3, two_of_one_name: 3, gone: 3, lost_link: 3, directory: 3, same_file: 3}
    if not sides:
        # A file from before the output cannot be it; and an input that got another name is looked at anew.
        expected |= {other_input: 2, side_gone: 4}
        assert done == expected[change] if change in expected else True
    assert done >= (2 if change is other_input else 3)


def test_of_many_that_are_done_hardly_anything_is_looked_at_closely(
    inputs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dcmaudit.pipeline.output import Naming

    words = ["redact", "--rect", "1,1,5,5", "-j", "1", "-o", str(inputs.parent / "out"), "--sidecar", str(inputs)]
    assert main(words) == 0
    asked: list[object] = []
    whole = Naming.places_for
    monkeypatch.setattr(Naming, "places_for", lambda self, one: (asked.append(one), whole(self, one))[1])
    assert main([*words, "--resume"]) == 0
    assert "4 done before" in capsys.readouterr().err
    assert len(asked) == 1  # of a folder, once


def resumed(inputs: Path, *words: str) -> int:
    """The exit code of going on with a run into ``out`` beside the inputs."""
    out = str(inputs.parent / "out")
    return main(["redact", "-r", "--rect", "1,1,5,5", "-j", "1", "-o", out, "--resume", *words])


@pytest.mark.parametrize("is_quick", [True, False])
def test_an_input_never_passes_for_done_by_the_output_of_another_one(
    inputs: Path, *, is_quick: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = inputs / "sub"
    other.mkdir()
    (other / "a.dcm").write_bytes(reference(gradient()[::-1]).data)
    if not is_quick:
        monkeypatch.setattr(PlainPlaces, "look", lambda _self, _reference: None)
    both = (str(inputs / "a.dcm"), str(other / "a.dcm"))
    for _ in range(2):  # the first run refused it, and so does every further one
        assert resumed(inputs, *both) == 1
        told = capsys.readouterr().err
        assert f"{both[1]}: refused: its output" in told
        assert f"is also that of {both[0]}" in told


@pytest.mark.parametrize("is_quick", [True, False])
@pytest.mark.parametrize("sides", [[], ["--sidecar"]])
@pytest.mark.parametrize("how", ["unpacked over it", "written again", "empty output", "equal"])
def test_an_input_that_is_another_one_since_its_output_was_written_is_not_done(
    inputs: Path,
    how: str,
    sides: list[str],
    *,
    is_quick: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, output = inputs / "a.dcm", inputs.parent / "out" / "a.redacted.dcm"
    former = path.stat()
    assert resumed(inputs, *sides, str(path)) == 0
    if how == "empty output":
        output.write_bytes(b"")
    else:
        fresh = inputs / "fresh"
        fresh.write_bytes(path.read_bytes() if how == "equal" else reference(gradient()[::-1]).data)
        # As an archive keeps it: from before the output.
        if how == "unpacked over it":
            os.utime(fresh, ns=(former.st_atime_ns, former.st_mtime_ns - 10**9))
        fresh.replace(path)
    before = output.read_bytes()
    if not is_quick:
        monkeypatch.setattr(PlainPlaces, "look", lambda _self, _reference: None)
    capsys.readouterr()
    assert resumed(inputs, *sides, str(path)) == (0 if how == "equal" else 1)
    told = capsys.readouterr().err
    assert (
        "its output was there and was proved again" if how == "equal" else "is there and is not what is asked for"
    ) in told
    assert output.read_bytes() == before


def test_of_two_outputs_of_one_input_neither_counts(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = inputs / "a.dcm", inputs.parent / "out"
    assert resumed(inputs, str(path)) == 0
    partly(out)
    (out / "a.redacted.dcm").write_bytes((out.with_name("out.partly") / "a.redacted.dcm").read_bytes())
    assert resumed(inputs, str(path)) == 1
    assert "refused" in capsys.readouterr().err


def cut_short(output: Path) -> None:
    os.truncate(output, output.stat().st_size - 100)


def overwritten(output: Path) -> None:
    output.write_text("something")


def bytes_changed(output: Path) -> None:
    data = bytearray(output.read_bytes())
    data[-5] ^= 255
    output.write_bytes(data)


@pytest.mark.parametrize("is_quick", [True, False])
@pytest.mark.parametrize("damage", [cut_short, overwritten, bytes_changed])
def test_an_output_that_is_no_longer_what_was_proved_is_not_done(
    inputs: Path,
    damage: Callable[[Path], None],
    *,
    is_quick: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert resumed(inputs, str(inputs)) == 0
    damage(inputs.parent / "out" / "b.redacted.dcm")
    if not is_quick:
        monkeypatch.setattr(PlainPlaces, "look", lambda _self, _reference: None)
    capsys.readouterr()
    for _ in range(2):
        assert resumed(inputs, str(inputs)) == 1
        told = capsys.readouterr().err
        assert "b.redacted.dcm is there and is not what is asked for now" in told
        assert "1 refused, 3 done before" in told


@pytest.mark.parametrize(
    "more",
    [["--rect", "1,1,9,9"], ["--rect", "1,1,9,9", "--everywhere"], ["--whole"], ["--shape", "polygon 1,1 30,1 1,20"]],
)
def test_what_was_made_with_less_than_is_asked_now_is_not_done(
    inputs: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert resumed(inputs, str(inputs)) == 0
    capsys.readouterr()
    assert resumed(inputs, str(inputs), *more) == 1
    told = capsys.readouterr().err
    assert told.count("is not what is asked for now") == 4
    assert "4 refused" in told
    # Asked as before, nothing has to be opened again.
    assert resumed(inputs, str(inputs)) == 0
    assert "4 done before" in capsys.readouterr().err


def test_what_is_asked_in_other_words_is_proved_again_once(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert resumed(inputs, str(inputs)) == 0
    capsys.readouterr()
    for again in (4, 0):
        assert resumed(inputs, str(inputs), "--icons", "remove") == 0
        told = capsys.readouterr().err
        assert told.count("its output was there and was proved again") == again


@pytest.mark.parametrize("source", ["list", "rules"])
def test_a_list_or_rules_that_say_something_else_now_are_asked_anew(
    inputs: Path, source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = tmp_path / "asked"
    rows = {"list": "filename,left,top,right,bottom,frame,overlay\n{0},1,1,{1},5,-1,-1\n",
            "rules": "FORMAT dicom\n%filter graylist\nLABEL a\n  present Rows\n  coordinates 1,1,{1},6\n"}  # fmt: skip
    names = [inputs / "a.dcm"]
    options = {"list": ["--csv", str(asked)], "rules": ["--deid", "--deid-rules", str(asked), str(names[0])]}[source]
    words = ["redact", "-j", "1", "-o", str(tmp_path / "out"), *options]
    for width, code in ((5, 0), (9, 1)):
        asked.write_text(rows[source].format(names[0], width))
        assert main([*words, *(["--resume"] if width == 9 else [])]) == code, capsys.readouterr().err
    assert "is not what is asked for now" in capsys.readouterr().err


def test_marks_that_came_after_the_output_are_not_passed_over(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database, names = tmp_path / "db", [str(path) for path in sorted(inputs.iterdir())]
    words = ["redact", "--from-db", "--db", str(database), "-j", "1", "-o", str(tmp_path / "out"), *names]

    def mark(name: str, box: Box) -> None:
        with open_store(database, user="me") as store:
            store.add_rects(name, [NewRect(box, FrameAddress(0))])
            store.finish(name, DeviceFacts(), change=TagChange(marked=False, comment=""))

    for name in names:
        mark(name, Box(1, 1, 6, 6))
    assert main(words) == 0
    assert main([*words, "--resume"]) == 0
    assert "4 done before" in capsys.readouterr().err
    mark(names[2], Box(10, 10, 20, 20))
    assert main([*words, "--resume"]) == 1
    told = capsys.readouterr().err
    assert "c.redacted.dcm is there and is not what is asked for now" in told
    assert "1 refused, 3 done before" in told


def test_where_nothing_is_noted_outputs_are_proved_again_and_noted(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert resumed(inputs, str(inputs)) == 0
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "of another user"))
    capsys.readouterr()
    for again in (4, 0):
        assert resumed(inputs, str(inputs)) == 0
        told = capsys.readouterr().err
        assert told.count("its output was there and was proved again") == again
        assert ("4 done before" in told) == (not again)


def test_where_nothing_can_be_noted_all_is_proved_again(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no folder").write_bytes(b"")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "no folder"))
    for again in (0, 4, 4):
        capsys.readouterr()
        assert resumed(inputs, str(inputs)) == 0
        assert capsys.readouterr().err.count("its output was there and was proved again") == again


def test_a_partly_audited_output_among_the_others_is_not_done_where_they_are_kept_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = dataset(gradient())
    data.EncapsulatedDocument = b"x" * 4096
    path, out = tmp_path / "a.dcm", tmp_path / "out"
    path.write_bytes(file_bytes(data))
    words = ["redact", "--rect", "1,1,5,5", "-j", "1", "-o", str(out), str(path)]
    assert main([*words, "--allow-partly"]) == 1
    assert main([*words, "--allow-partly", "--resume"]) == 1
    assert "1 done before, 1 of all these partly audited" in capsys.readouterr().err
    assert main([*words, "--resume"]) == 1
    assert "no longer belongs" in capsys.readouterr().err
    assert (out / "a.redacted.dcm").exists()
    (out / "a.redacted.dcm").unlink()
    for _ in range(2):
        assert main([*words, "--resume"]) == 1
        assert (out.with_name("out.partly") / "a.redacted.dcm").exists()


def test_new_uids_of_two_runs_are_told(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--new-uids-of", "study", str(inputs)]
    assert resumed(inputs, *words) == 0
    assert "earlier run" not in capsys.readouterr().err
    (inputs.parent / "out" / "a.redacted.dcm").unlink()
    assert resumed(inputs, *words) == 0
    assert "have the new UIDs of an earlier run" in capsys.readouterr().err
