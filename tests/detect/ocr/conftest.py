from __future__ import annotations

import pytest

from dcmaudit.detect.ocr import Engine, engine_kind


@pytest.fixture(scope="session")
def rapid() -> Engine:
    """The real engine, loaded once."""
    return engine_kind("rapidocr").make(threads=2)
