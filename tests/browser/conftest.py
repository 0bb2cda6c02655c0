"""The real server and a real Chromium; whatever the page complains about fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from support.face import Face, StartFace
from support.reviewer import Reviewer

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here, and skip them where there is no Chromium."""
    here = Path(__file__).parent
    missing = not Path(CHROMIUM).exists()
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed (apt-get install chromium)"))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """How pytest-playwright starts the browser: Debian's, without a sandbox for root, silent in the background."""
    return {"executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture
def start(browser: Browser, tmp_path: Path) -> Iterator[StartFace]:
    """Start the program over some names and open its page in a new profile; ``db`` may be that of an earlier start."""
    reviewers: list[Reviewer] = []
    contexts: list[BrowserContext] = []
    faces: list[Face] = []

    def begin(
        *names: str | Path,
        db: Path | None = None,
        options: tuple[str, ...] = (),
        user: str = "anna",
        is_new: bool = False,
        **how: Any,
    ) -> Face:
        reviewer = Reviewer(names, db or tmp_path / "db", *options, user=user, is_new=is_new)
        reviewers.append(reviewer)
        context = browser.new_context(viewport={"width": 1280, "height": 720}, **how)
        contexts.append(context)
        face = Face(context.new_page(), reviewer)
        faces.append(face)
        return face.open()

    yield begin
    for context in contexts:
        context.close()
    for reviewer in reviewers:
        reviewer.stop()
    for face in faces:
        face.watch.check()
