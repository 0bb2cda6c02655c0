"""One door to onnxruntime, which reports to its maker unless it is told not to before it is loaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ALLOWED = {
    "onnxruntime": {"src/dcmaudit/detect/inference.py", "training/quantize.py"},
    "rapidocr": {"src/dcmaudit/detect/ocr/rapid.py"},
}
"""Who may name them: the door, a tool that goes through it first, and the engine that does."""


def _run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    begun = {"PYTHONPATH": str(ROOT / "src"), "PATH": "", **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=begun, capture_output=True, text=True, check=False, timeout=120
    )


def test_nobody_else_loads_it() -> None:
    programs = [*ROOT.glob("src/**/*.py"), *ROOT.glob("training/*.py"), *ROOT.glob("tests/**/*.py"), *bench()]
    assert len(programs) > 200
    for path in programs:
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = (
                [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for module in modules:
                top = module.split(".")[0]
                assert top not in ALLOWED or name in ALLOWED[top], (
                    f"{name} loads {module}: use dcmaudit.detect.inference"
                )


def bench() -> list[Path]:
    found = [path for path in (ROOT / "bench").rglob("*") if path.is_file() and path.suffix in {"", ".py"}]
    return [path for path in found if path.suffix or path.read_bytes()[:22] == b"#!/usr/bin/env python3"]


@pytest.mark.parametrize("before", [{}, {"ORT_DISABLE_TELEMETRY": "0"}, {"ORT_DISABLE_TELEMETRY": ""}])
def test_it_is_silent_whatever_the_environment_said(before: dict[str, str], tmp_path: Path) -> None:
    code = (
        "from dcmaudit.detect import inference; import os, subprocess, sys; inference.onnxruntime();"
        "print(os.environ['ORT_DISABLE_TELEMETRY'], 'onnxruntime' in sys.modules);"
        "print(subprocess.run(['/usr/bin/env'], capture_output=True, text=True).stdout)"
    )
    ran = _run(code, HOME=str(tmp_path), **before)
    assert ran.stdout.startswith("1 True"), ran.stderr
    assert "ORT_DISABLE_TELEMETRY=1" in ran.stdout.splitlines()  # what it starts inherits it
    assert list(tmp_path.rglob("*")) == []


def test_where_somebody_else_loaded_it_unsilenced_nothing_is_looked_at(tmp_path: Path) -> None:
    code = (
        "import sys, types; sys.modules['onnxruntime'] = types.ModuleType('onnxruntime')\n"
        "from dcmaudit.detect.textnet import TextNet\nfrom dcmaudit.errors import EngineError\n"
        "try: TextNet(1)\nexcept EngineError as error: print(error)"
    )
    said = _run(code, HOME=str(tmp_path)).stdout
    assert "another part of this process has loaded onnxruntime" in said
    assert "ORT_DISABLE_TELEMETRY=1" in said


def test_where_somebody_else_loaded_it_silenced_it_is_used(tmp_path: Path) -> None:
    code = "import onnxruntime\nfrom dcmaudit.detect import inference\nprint(inference.onnxruntime() is onnxruntime)"
    ran = _run(code, HOME=str(tmp_path), ORT_DISABLE_TELEMETRY="1")
    assert ran.stdout.strip() == "True", ran.stderr
