"""What holds for every command and action, whoever adds the next one: lost outputs, odd names, empty lists, Ctrl+C."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.helping import actions_of
from dcmaudit.cli.program import parsers
from support import everycommand
from support.everycommand import ELSEWHERE, FAULT, WORDS, words_of
from support.lostoutput import Output, closed, closed_pipe, full_device
from support.rights import modes_count

NAMES = sorted(WORDS)
TAKES_INPUTS = [name for name in NAMES if "scans" in WORDS[name]]
LISTS = sorted(name for name, parser in parsers() if "--files-from" in parser._option_string_actions)

RESUMED = ".dcmaudit-release"
"""The sign of a folder that release goes on with."""
INPUTS = {"drawn1", "drawn2", "found1.csv", "found2.csv", "scans", "scans/a.dcm", "out", "other.db", "--all"}
"""The words of the command lines that a list takes the place of."""

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("furnished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DCMAUDIT_DB", str(folder / "db"))
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        everycommand.furnish(folder)
    return folder


@pytest.fixture
def work(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = everycommand.copied(furnished, tmp_path / "work")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DCMAUDIT_DB", str(folder / "db"))
    return folder


def test_each_command_and_action_has_a_command_line_here() -> None:
    assert set(WORDS) | ELSEWHERE == {name for name, parser in parsers() if not actions_of(parser)}


# --- standard output that takes nothing ---------------------------------------------------------------------------


def prints(name: str, capsys: pytest.CaptureFixture[str]) -> bool:
    """Whether the command writes to standard output, which is asked in the folder next door."""
    before = Path.cwd()
    everycommand.copied(before, before.with_name("asked"))
    os.chdir(before.with_name("asked"))
    try:
        assert main(words_of(name)) == 0, capsys.readouterr().err
    finally:
        os.chdir(before)
    return bool(capsys.readouterr().out)


@pytest.mark.parametrize("output", [full_device, closed, closed_pipe])
@pytest.mark.parametrize("name", NAMES)
def test_lost_output_is_no_success(
    name: str,
    output: Output,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    loses = prints(name, capsys)
    with output() as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        code = main(words_of(name))
        monkeypatch.undo()
    said = capsys.readouterr().err
    assert not FAULT.search(said), said
    if not loses:
        assert code == 0, said
    elif output is closed_pipe:
        assert code == 141, said
    else:
        assert code == 1, said
        assert "standard output" in said


@pytest.mark.parametrize("output", [full_device, closed_pipe])
@pytest.mark.parametrize("name", NAMES)
def test_messages_that_nobody_can_read_change_no_exit_code_for_the_better(
    name: str, output: Output, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with output() as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        code = main(words_of(name))
        monkeypatch.undo()
    assert code in {0, 1, 141}


# --- names that are odd -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TAKES_INPUTS)
def test_a_name_that_is_not_utf_8_is_an_input_like_any_other(
    name: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = b"caf\xe9 \xff\n"
    (work / "scans" / "a.dcm").rename(work / "scans" / os.fsdecode(odd + b".dcm"))
    (work / "out" / "a.redacted.dcm").rename(work / "out" / os.fsdecode(odd + b".redacted.dcm"))
    # The answer key of score goes on naming a.dcm, which is not there any more.
    expected = 1 if name == "score" else 0
    assert main(words_of(name)) == expected, capsys.readouterr().err
    out, said = capsys.readouterr()
    assert not FAULT.search(said), said
    assert "\\udc" not in out + said  # told by its bytes, as ``\xe9``, inputs and outputs alike
    is_csv = name in {"ocr", "sample draw"}  # where a quoted name may have lines
    assert "\n.dcm" not in (said if is_csv else out + said)


@pytest.mark.parametrize("name", TAKES_INPUTS)
def test_an_input_that_may_not_be_read_is_named_and_the_others_are_done(
    name: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "scans" / "a.dcm").chmod(0)
    with modes_count():
        code = main(words_of(name))
    out, said = capsys.readouterr()
    assert not FAULT.search(said), said
    assert code == 1
    assert "a.dcm" in out + said


@pytest.mark.parametrize("name", TAKES_INPUTS)
def test_a_folder_that_may_not_be_listed_is_named(name: str, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "scans").chmod(0)
    with modes_count():
        code = main(words_of(name))
    (work / "scans").chmod(0o700)
    out, said = capsys.readouterr()
    assert not FAULT.search(said), said
    assert code in {1, 2}
    assert "scans" in out + said


@pytest.mark.parametrize("name", [name for name in LISTS if name])
@pytest.mark.parametrize("way", ["files-from", "-"])
@pytest.mark.parametrize("content", ["", "\n\n", "filename\n"])
def test_an_empty_list_is_said_to_be_empty(
    name: str, way: str, content: str, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "names").write_text(content)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    words = [word for word in WORDS.get(name, name.split()) if word not in INPUTS]
    code = main([*words, *(["--files-from", "names"] if way == "files-from" else ["-"])])
    out, said = capsys.readouterr()
    assert code in {1, 2}, out + said
    assert not FAULT.search(said), said
    assert "this list names no file" in out + said


# --- Ctrl+C -------------------------------------------------------------------------------------------------------

interrupts: list[Callable[[str], None]] = []
"""What is called with the name of each file that is opened; an audit hook cannot be taken away again."""


def on_event(event: str, args: tuple[object, ...]) -> None:
    if event == "open" and interrupts and isinstance(args[0], str):
        interrupts[-1](args[0])


sys.addaudithook(on_event)


@pytest.mark.parametrize("opening", [1, 2, 5, 12, 30])
@pytest.mark.parametrize("name", NAMES)
def test_ctrl_c_ends_every_command_with_130_and_leaves_nothing_half_done(
    name: str, opening: int, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is pressed when the command opens the nth file of its folder."""
    words = words_of(name)
    before = set(work.rglob("*"))
    opened: list[str] = []

    def press(path: str) -> None:
        if not path.startswith("/") or path.startswith(str(work)):
            opened.append(path)
            if len(opened) == opening:
                signal.raise_signal(signal.SIGINT)

    interrupts.append(press)
    try:
        code = main(words)
    finally:
        interrupts.pop()
    _, said = capsys.readouterr()
    assert not FAULT.search(said), said
    if len(opened) < opening:
        pytest.skip("it opens fewer files")
    assert code in {130, 0}, said
    assert code != 130 or "interrupted" in said
    new = {path.name for path in work.rglob("*")} - {path.name for path in before} - {RESUMED}
    assert not [one for one in new if one.startswith(".") or one.endswith((".part", ".tmp", "-journal"))], new
