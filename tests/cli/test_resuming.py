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
        expected |= {other_input: 4, side_gone: 4}
        assert done == expected[change] if change in expected else True
    assert done >= 3


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
