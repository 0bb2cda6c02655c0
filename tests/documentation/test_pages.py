"""The documentation: it builds without a warning, what is made from the code is not stale, and its commands run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dcmaudit.cli import original, registry
from dcmaudit.cli.program import command_parser, top_parser
from support.console import Console, difference, steps_of

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
WITH_CONSOLE = [page for page in PAGES if "```console" in page.read_text("utf-8")]
HOSTS = re.compile(
    r"""(?:src|srcset)="(?:https?:)?//|<link [^>]*rel="(?:stylesheet|preload|preconnect)"[^>]*href="(?:https?:)?//"""
    r"""|@import[^;]*//|url\((?:https?:)?//"""
)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CONSOLE, ids=map(name_of, WITH_CONSOLE))
def test_the_commands_of_a_page_print_what_it_says(page: Path, tmp_path: Path) -> None:
    console = Console(tmp_path)
    steps = steps_of(page.read_text("utf-8"))
    assert steps
    for step in steps:
        wrong = difference(step.expected, console.run(step.command))
        assert wrong is None, f"{name_of(page)}, line {step.line}: {step.command}\n{wrong}"


def test_a_page_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    console = Console(tmp_path)
    assert difference(["2"], console.run("echo 2; true")) is None
    assert difference(["0"], console.run("echo $?")) is None
    assert difference(["1"], console.run("echo 2")) is not None
    assert difference([], console.run("echo 2")) is not None
    assert difference(["...", "2"], console.run("seq 3")) is None
    assert difference(["dcmaudit ..."], console.run("dcmaudit --version")) is None
    assert difference(["1"], console.run("false") + console.run("echo $?")) is None


def test_what_is_made_from_the_code_is_not_stale() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "reference"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run scripts/reference and commit what it writes:\n{done.stderr}"


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_asks_no_other_host(tmp_path: Path) -> None:
    words = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(tmp_path / "trees"), "docs", str(tmp_path / "site")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "index.html").exists()
    pages = [path for path in (tmp_path / "site").rglob("*") if path.suffix in {".html", ".css"}]
    assert len(pages) > 40
    assert [path.name for path in pages if HOSTS.search(path.read_text("utf-8"))] == []


def command_lines() -> Iterator[tuple[str, str]]:
    """Every line of a block of code that starts one of our programs, without what a shell makes of it."""
    for page in PAGES:
        inside = False
        for number, line in enumerate(page.read_text("utf-8").replace("\\\n", " ").splitlines(), 1):
            if line.startswith("```"):
                inside = line in {"```", "```console", "```sh"} and not inside
            text = line.removeprefix("$ ") if inside else line.strip() if line.startswith("    ") else ""
            if re.match(r"(dcmaudit|dicom_\w+|pydicom_images|dbrects_to_deid_rules) ", text):
                yield f"{name_of(page)}:{number}", text.split("  # ")[0]


LINES = list(command_lines())


def understood(words: list[str]) -> None:
    if words[0] != "dcmaudit":
        assert callable(getattr(original, words[0]))
        return
    words = words[1:]
    place = next((n for n, word in enumerate(words) if word in registry.available()), None)
    if place is None:
        top_parser().parse_args(words)
    else:
        top_parser().parse_args(words[:place])
        command_parser(words[place]).parse_args(words[place + 1 :])


@pytest.mark.parametrize(("where", "line"), LINES, ids=[where for where, _ in LINES])
def test_a_command_line_of_the_documentation_is_understood(where: str, line: str) -> None:
    if re.search(r"\[[^\]]|\.\.\.|COMMAND", line):
        pytest.skip("it shows the form of a command line, and is none")
    for inner in re.findall(r"\$\((dcmaudit [^)]*)\)", line):  # what a command prints stands for it
        understood(shlex.split(re.split(r"\s(?:[|>&;]|2>)", inner)[0]))
    line = re.sub(r"\$\([^)]*\)", "SHA256:x", line)
    words = shlex.split(
        re.split(r"\s(?:[|>&;]|2>)", line.replace("FILES", "files"))[0].replace(
            "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT", "1/64"
        )
    )
    understood(words)


def test_there_are_command_lines() -> None:
    assert len(LINES) > 40
