"""docs/security.md says for which versions it was looked what libraries say to whom; with others, look again."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LIBRARIES = (
    "onnxruntime", "rapidocr", "opencv-python-headless", "numpy", "pydicom", "imagecodecs", "pillow", "pylibjpeg",
    "sqlalchemy", "alembic", "psycopg", "starlette", "uvicorn", "jinja2", "pydantic", "platformdirs", "rich",
    "regex", "rapidfuzz", "obstore", "keyring", "distributed", "dask", "spacy", "presidio-analyzer", "tldextract",
    "pytesseract", "easyocr",
)  # fmt: skip
"""What is loaded by the program and its extras, and could call somebody."""


def listed() -> dict[str, str]:
    text = (ROOT / "docs/security.md").read_text("utf-8")
    part = text.partition("<!-- checked versions -->")[2].partition("<!-- end")[0]
    return dict(re.findall(r"^\| ([\w.-]+) \| (\S+) \|$", part, re.MULTILINE))


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_version_that_is_installed_is_one_that_was_looked_at(name: str) -> None:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed")
    assert listed().get(name) == version, (
        f"{name} {version} is installed, and docs/security.md was checked with {listed().get(name)}: "
        "run pytest tests/quiet, and write the version there if it passes"
    )


def test_every_dependency_of_the_program_is_among_them() -> None:
    pins = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "requirements/constraints.txt").read_text().splitlines()
    }
    assert {name for name in LIBRARIES if name != "easyocr"} <= pins
