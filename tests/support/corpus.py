"""Every real DICOM file that the tests can reach: those in PyPI packages, and ``../shared/data`` where it exists."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TEST_MATERIAL") or Path(__file__).parents[3] / "shared/data").resolve()
"""Beside the repository; absent in most places, then the tests that want it are skipped and say so.

``TEST_MATERIAL`` names another folder; one that does not exist shows how the tests go without any."""

PACKAGES = {"pydicom": "pydicom", "pydicom-data": "data_store", "deid-data": "deid_data"}
_NOT_DATA = {".py", ".pyc", ".md", ".json", ".txt", ".zip", ".icc", ".gz", ".dump", ".csv"}


@dataclass(frozen=True)
class CorpusFile:
    """One real file: the package it comes from (``shared`` for ours) and where it is."""

    package: str
    path: Path
    name: str

    @property
    def id(self) -> str:
        return f"{self.package}:{self.name}"


def _folder(package: str) -> Path | None:
    if package == "shared":
        return SHARED / "dicom" if (SHARED / "dicom").is_dir() else None
    spec = importlib.util.find_spec(PACKAGES[package])
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(next(iter(spec.submodule_search_locations)))
    return root / "data" if (root / "data").is_dir() else root


@cache
def corpus() -> tuple[CorpusFile, ...]:
    """All files, package by package, sorted by name; files that are obviously no DICOM are left out."""
    return tuple(_walk())


def _walk() -> Iterator[CorpusFile]:
    for package in (*PACKAGES, "shared"):
        folder = _folder(package)
        if folder is None:
            continue
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix.lower() not in _NOT_DATA and path.name != "README":
                yield CorpusFile(package, path, path.relative_to(folder).as_posix())


def shared_file(name: str) -> Path:
    """A file of ``../shared/data/dicom``; the test is skipped, visibly, where it is absent."""
    path = SHARED / "dicom" / name
    if not path.is_file():
        pytest.skip(f"needs {name} of the shared test material")
    return path


def shared_case(name: str) -> Path:
    """A file of ``../shared/data/cases``; the test is skipped, visibly, where it is absent."""
    path = SHARED / "cases" / name
    if not path.is_file():
        pytest.skip(f"needs {name} of the shared test material")
    return path


def shared_compat() -> Path:
    """The folder with a database of the original tool; the test is skipped, visibly, where it is absent."""
    path = SHARED / "compat"
    if not path.is_dir():
        pytest.skip("needs the compat folder of the shared test material")
    return path


def package_file(name: str) -> Path:
    """A file of one of the PyPI packages by its file name."""
    for file in corpus():
        if file.package != "shared" and file.path.name == name:
            return file.path
    pytest.skip(f"needs {name} of pydicom, pydicom-data or deid-data")
