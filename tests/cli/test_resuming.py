"""``redact --resume`` says the same of an input whether names tell all or everything is looked at closely."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.pipeline.output import PlainPlaces
from support.files import gradient, reference


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
    expected = {nothing: 4, link: 4, partly: 4, two_of_one_name: 3, gone: 3, lost_link: 3, directory: 3, same_file: 3}
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
