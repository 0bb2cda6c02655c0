"""Programs that judge what ours writes: a test that needs one is skipped in view where it is not installed."""

from __future__ import annotations

import shutil

import pytest

PACKAGES = {"dcm": "dcmtk", "dci": "dicom3tools", "gdc": "libgdcm-tools"}
"""Debian's packages by how the names of their programs begin."""


def need(*names: str) -> None:
    """Skip the test unless all these programs are on the PATH. With CI=true scripts/test has made sure of it."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        packages = sorted({PACKAGES.get(name[:3], name) for name in missing})
        pytest.skip(f"needs {', '.join(missing)} (Debian: {', '.join(packages)})")
