"""docs/web-api.md and the page's types say what the code says: routes, shapes, commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dcmaudit.review import ReviewApp
from dcmaudit.web.routes import Routes
from dcmaudit.web.s3routes import S3Routes
from support.pages import Page

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "web-api.md").read_text(encoding="utf-8")


def test_every_route_is_described(app: ReviewApp) -> None:
    for route in [*Routes(app).all(), *S3Routes(app).all()]:
        assert f" {route.path.replace(':int', '')}" in TEXT, route.path


def test_the_types_of_the_page_and_the_reference_are_what_the_generator_makes() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "scripts" / "page-types", "--check"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_state_has_the_fields_of_its_shapes_and_no_other(tab: Page) -> None:
    tab.do("mark")
    state = tab.state()
    shown = {
        "ViewState": state,
        "WorklistState": state["worklist"],
        "FileState": state["file"],
        "GroupState": state["groups"][0],
        "PlaneState": state["plane"],
        "ViewOfPlane": state["view"],
        "RectState": state["rects"][0],
        "CanState": state["can"],
        "NearState": state["near"]["next"],
        "DatabaseState": state["database"],
    }
    for name, values in shown.items():
        part = TEXT.split(f"### {name}\n")[1].split("### ")[0]
        documented = {line.split("`")[1]: "may be missing" in line for line in part.splitlines() if line[:3] == "| `"}
        assert set(values) <= set(documented), name
        assert {field for field, may_miss in documented.items() if not may_miss} <= set(values), name
