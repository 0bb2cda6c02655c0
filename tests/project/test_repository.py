"""What the repository itself must keep to."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]

NOT_INSTALLED = {"easyocr"}
"""Extras of several GB that the checks do without; what they say when they are missing is tested."""


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        try:
            found.append((path, path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_no_dicom_file_is_tracked() -> None:
    for path in tracked():
        assert path.suffix.lower() not in {".dcm", ".dicom"}, path
        assert path.read_bytes()[128:132] != b"DICM", path


def test_pinned_versions_name_no_address() -> None:
    pinned = [path for path in tracked() if path.name in {"package-lock.json", "constraints.txt", "pyproject.toml"}]
    assert len(pinned) == 4
    for path in pinned:
        text = path.read_text("utf-8")
        assert '"resolved"' not in text, path
        assert not re.search(r"index-url|registry\.|pypi\.|pythonhosted|find-links", text), path


def test_every_dependency_is_pinned() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    pins = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "requirements/constraints.txt").read_text().splitlines()
    }
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for name, extra in project["project"]["optional-dependencies"].items():
        if name not in NOT_INSTALLED:
            wanted += [requirement for requirement in extra if not requirement.startswith("dcmaudit[")]
    for requirement in wanted:
        name = re.split(r"[\[<>=!~ ;]", requirement)[0].lower().replace("_", "-")
        assert name in pins, requirement


def test_nothing_under_the_gpl_or_with_telemetry_is_installed_with_the_program() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        dependencies = " ".join(tomllib.load(file)["project"]["dependencies"])
    assert not re.search(r"pylibjpeg-libjpeg|gdcm|fastapi|telemetry|sentry", dependencies.lower())


def test_the_page_names_no_other_host() -> None:
    for path, text in texts():
        if "src/dcmaudit/web" in path.as_posix():
            others = set(re.findall(r"https?://[^\s\"'`)<>]+", text)) - {"http://www.w3.org/2000/svg"}
            others = {name for name in others if not re.match(r"http://(127\.0\.0\.1|localhost|\[::1\]|\{|%)", name)}
            assert not others, (path, others)


def test_links_of_the_documentation_lead_somewhere() -> None:
    for path, text in texts():
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)", text):
            assert (path.parent / target).exists(), f"{path.name} points to {target}"


def test_what_the_readme_tells_to_run_exists() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for script in set(re.findall(r"\b((?:scripts|bench)/[a-z]+)\b", readme)):
        assert (ROOT / script).is_file(), script


def test_no_line_of_the_documentation_is_too_long() -> None:
    assert tracked()
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "wrap", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_wrapping_finds_long_lines_and_changes_no_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    wrapping = importlib.import_module("wrapping")
    words = " ".join(f"word{number}" for number in range(40))
    code, table, quote = f"    {words}", f"| {words} |", f"> {words}"
    page = "\n".join(
        [
            "# T",
            "",
            f"- {words} 1. `a  b` {words}",
            "",
            code,
            "",
            table,
            "",
            "```",
            f"{words}  # {words}",
            "```",
            quote,
            "",
        ]
    )
    assert wrapping.too_long(page) == [3, 12]
    new = wrapping.wrapped(page)
    assert wrapping.too_long(new) == []
    assert MarkdownIt().render(new).split() == MarkdownIt().render(page).split()
    assert f"{words}  # {words}" in new
    assert wrapping.wrapped(new) == new
    assert code in new
    assert table in new
    assert "`a  b`" in new


def test_a_test_that_starts_a_judge_says_what_it_needs() -> None:
    """Without the program it is skipped in view, and does not fail."""
    judges = re.compile(r"""["'](dcm(d|c|j|2|conv|dump)\w*|dciodvfy|dcentvfy|gdcm\w+)["']""")
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text("utf-8")
        if path != Path(__file__) and judges.search(text) and "subprocess" in text:
            assert re.search(r"\bneed\(|shutil\.which\(", text), path
