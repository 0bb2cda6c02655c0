"""Help in two lengths: ``-h`` fits a screen, ``--help`` says all, and the examples of both really run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from dcmaudit.cli import main, registry
from dcmaudit.cli.common import Exit
from dcmaudit.cli.helping import HELP, actions_of, summary_of, usage_of
from dcmaudit.cli.program import command_parser, parsers, top_parser
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.store import NewRect, open_store
from support.files import dataset, file_bytes, gradient

SCREEN = (24, 80)
"""Lines and columns of the smallest terminal that people use."""


ROOT = Path(__file__).parents[2]
NAMES = [name for name, _ in parsers()]
EXAMPLES = [words for one in HELP.values() for words, _ in one.examples]


def test_every_command_has_an_example() -> None:
    assert set(HELP) == set(NAMES)
    assert [name for name in NAMES if not HELP[name].examples] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_short_help_fits_a_screen_and_leads_to_the_long_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split(), "-h"]) == 0
    got = capsys.readouterr()
    lines = got.out.splitlines()
    assert got.err == ""
    assert len(lines) <= SCREEN[0]
    assert max(map(len, lines)) <= SCREEN[1]
    assert lines[0].startswith("usage: dcmaudit")
    assert lines[-1] == f"dcmaudit{' ' * bool(name)}{name} --help lists everything."
    for words, _ in HELP[name].examples:
        assert words in got.out


@pytest.mark.parametrize("name", NAMES)
def test_the_long_help_has_every_option_and_every_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split(), "--help"]) == 0
    out = capsys.readouterr().out
    parser = dict(parsers())[name]
    for action in parser._actions:
        for option in action.option_strings:
            assert option in out
    for words, _ in HELP[name].examples:
        assert f"  {words}" in out


def test_the_commands_are_listed_on_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    main(["-h"])
    out = capsys.readouterr().out
    for name in registry.available():
        assert f"  {name} " in out
        assert registry.command(name).SUMMARY in out


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_says_what_it_is_and_none_is_called_by_its_name_in_the_code(name: str) -> None:
    parser = dict(parsers())[name]
    for action in parser._actions:
        assert action.help or action.nargs == "A...", action
        assert action.option_strings or str(action.metavar).upper() == str(action.metavar) or "://" in action.metavar
    assert all(summary_of(parser, action) for action in actions_of(parser))


@pytest.mark.parametrize("name", NAMES)
def test_the_short_help_says_how_the_command_is_called(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = dict(parsers())[name]
    usage = usage_of(parser)
    main([*name.split(), "-h"])
    assert " ".join(capsys.readouterr().out.split()).startswith(f"usage: {usage} ")
    for action in parser._actions:
        if action.required and action.option_strings:
            assert f" {action.option_strings[0]}" in usage
    needs = [one for one in parser._actions if one.required and one.nargs not in {"*", "?"}]
    if name and needs:
        assert main(name.split()) == 2
        assert "required" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_the_man_page_says_all_that_the_long_help_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = ROOT / "packaging" / "man" / f"{' '.join(['dcmaudit', *name.split()]).replace(' ', '-')}.1"
    text = " ".join(re.sub(r"(?m)^\.\w+ ?|\\&", "", page.read_text("utf-8")).replace("\\-", "-").split())
    parser = dict(parsers())[name]
    assert usage_of(parser) in text
    for action in parser._actions:
        assert ", ".join(action.option_strings) in text
        assert " ".join((action.help or "").replace("%%", "%").split()) in text
    for action in actions_of(parser):
        assert summary_of(parser, action) in text
    for words, told in HELP[name].examples:
        assert f"{words} {told}" in text
    for other in re.findall(r"(\S+)\(1\)", text):
        assert (page.parent / f"{other}.1").exists(), other


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the names of the examples lead somewhere, and a database of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DCMAUDIT_DB", str(tmp_path / "db"))
    for name in ("scans/before.dcm", "before.dcm"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(file_bytes(dataset(gradient(60, 700))))
    with open_store(tmp_path / "db", user="anna") as store:
        device = DeviceFacts("US", ("ORIGINAL",), "MADE UP 1", None, 60, 700)
        name = str(tmp_path / "scans" / "before.dcm")
        store.add_rects(name, [NewRect(Box(0, 0, 640, 40), FrameAddress(0))])
        store.mark_done(name, device)
    for words in (
        ["db", "export", "list"],
        ["redact", "-q", "--rect", "0,0,639,39", "-o", "after.dcm", "before.dcm"],
        ["redact", "-q", "--rect", "0,0,639,39", "-o", "proved", "scans"],
        ["sample", "draw", "scans", "-o", "list.csv"],
        ["sample", "draw", "scans", "--seed", "7", "--shard", "1/2", "-o", "part1.json"],
        ["sample", "draw", "scans", "--seed", "7", "--shard", "2/2", "-o", "part2.json"],
        *(["ocr", "--no-read", "scans", "--shard", f"{number}/2", "--csv", f"part{number}.csv"] for number in (1, 2)),
    ):  # fmt: skip
        assert main(words) == 0
    for name in ("all.db", "part1.db", "part2.db"):
        assert main(["db", "backup", name]) == 0
    for name in ("rects.csv", "tags.csv"):
        (tmp_path / name).write_bytes((tmp_path / "list" / name).read_bytes())
    return tmp_path


NEEDS_A_SERVER = [words for words in EXAMPLES if "BUCKET" in words]
OPENS_A_PAGE = [words for words in EXAMPLES if " -i " in words]
CODES = {"dcmaudit doctor": {0, 1}, "dcmaudit rules check --strict scans/": {1}, "dcmaudit db recount": {0},
         "dcmaudit release": {1}, "dcmaudit report join": {0}, "dcmaudit report": {1, 2}}  # fmt: skip
"""Examples that may end otherwise than with 0 here."""


@pytest.mark.parametrize("words", [one for one in EXAMPLES if one not in {*NEEDS_A_SERVER, *OPENS_A_PAGE}])
def test_an_example_does_what_it_says(words: str, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if "list/" in words and "export" in words:
        for path in (workplace / "list").iterdir():
            path.unlink()
    if words.endswith(("-o list.csv", "-o part2.json")):
        (workplace / words.rpartition(" ")[2]).unlink()
    if words == "dcmaudit score scans/ out/ --key strings.csv":
        (workplace / "strings.csv").write_text(
            "filename,frame,overlay,left,top,right,bottom\nscans/before.dcm,0,-1,0,0,639,39\n"
        )
    if words.endswith("scans/ out/") or " scans/ out/ " in words:
        (workplace / "proved").rename(workplace / "out")
    capsys.readouterr()
    code = main(shlex.split(words)[1:])
    allowed = next((codes for start, codes in CODES.items() if words.startswith(start)), {0})
    assert code in allowed, (words, capsys.readouterr().err)


@pytest.mark.parametrize("words", [*NEEDS_A_SERVER, *OPENS_A_PAGE])
def test_an_example_that_needs_more_is_understood(words: str) -> None:
    parts = shlex.split(words)[1:]
    if parts[0].startswith("-"):
        assert top_parser().parse_args(parts).names == ["scans/"]
    else:
        assert command_parser(parts[0]).parse_args(parts[1:]).action == parts[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_long_help_names_every_exit_code(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([*name.split(), "--help"])
    _, mark, said = capsys.readouterr().out.rpartition("exit codes:")
    assert mark
    named = {int(number) for number in re.findall(r"(?:^|;)\s*(\d+)\s", said)}
    # Only what looks at its outputs can see that text is left on them.
    looks = "--check-text" in dict(parsers())[name]._option_string_actions
    assert named == set(Exit) - (set() if looks else {Exit.TEXT_LEFT})
