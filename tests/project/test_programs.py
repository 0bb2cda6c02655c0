"""The programs beside the package: nothing runs all of them, so that one could ask for what is gone."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted(
    path
    for folder in ("bench", "scripts")
    for path in (ROOT / folder).iterdir()
    if path.is_file() and not path.suffix and path.read_bytes().startswith(b"#!/usr/bin/env python")
)


@pytest.mark.parametrize("path", PROGRAMS, ids=[path.name for path in PROGRAMS])
def test_a_program_imports_only_what_the_package_has(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dcmaudit":
            module = importlib.import_module(node.module or "")
            for one in node.names:
                # What is imported may be a module that nobody has loaded yet.
                found = hasattr(module, one.name) or importlib.util.find_spec(f"{node.module}.{one.name}")
                assert found, f"{path.name}: {node.module} has no {one.name}"
