"""The programs beside the package: nothing runs all of them, so that one could ask for what is gone."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("bench", "scripts", "training", "packaging", "examples", "tests")


def programs(root: Path) -> Iterator[Path]:
    """Python programs whose name has no suffix: ruff finds only those that it is told of."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not path.suffix:
                with path.open("rb") as stream:
                    first = stream.readline(200)
                if first.startswith(b"#!") and b"python" in first:
                    yield path


PROGRAMS = list(programs(ROOT))


def linted(root: Path) -> set[Path]:
    """What ruff looks at, with the settings of the project."""
    command = [sys.executable, "-m", "ruff", "check", "--show-files", "--config", str(ROOT / "pyproject.toml"), "."]
    shown = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=60).stdout
    return {Path(line) for line in shown.splitlines()}


@pytest.mark.parametrize("path", PROGRAMS, ids=[path.name for path in PROGRAMS])
def test_a_program_imports_only_what_the_package_has(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dcmaudit":
            module = importlib.import_module(node.module or "")
            for one in node.names:
                # What is imported may be a module that nobody has loaded yet.
                found = hasattr(module, one.name) or importlib.util.find_spec(f"{node.module}.{one.name}")
                assert found, f"{path.name}: {node.module} has no {one.name}"


def test_every_program_is_linted_and_formatted() -> None:
    assert len(PROGRAMS) > 20
    left_out = {*PROGRAMS} - linted(ROOT)
    assert not left_out, "name them in extend-include of pyproject.toml"


def test_a_new_program_that_nobody_named_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    for name in ("bench/open", "bench/brand-new"):
        (tmp_path / name).write_text("#!/usr/bin/env python3\n")
    assert {path.name for path in programs(tmp_path)} == {"open", "brand-new"}
    assert linted(tmp_path) == {tmp_path / "bench" / "open"}


def test_every_program_that_is_named_for_the_linter_is_there() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        named = tomllib.load(file)["tool"]["ruff"]["extend-include"]
    assert sorted(named) == sorted(str(path.relative_to(ROOT)) for path in PROGRAMS)
