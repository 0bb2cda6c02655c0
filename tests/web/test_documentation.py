"""docs/web-api.md names every route, every field of the state and every command as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.review import ReviewApp, help_table
from dcmaudit.web.routes import Routes
from dcmaudit.web.s3routes import S3Routes
from support.pages import Page

TEXT = (Path(__file__).parents[2] / "docs" / "web-api.md").read_text(encoding="utf-8")


def test_every_route_is_described(desk: ReviewApp) -> None:
    for route in [*Routes(desk).all(), *S3Routes(desk).all()]:
        assert f" {route.path.replace(':int', '')}" in TEXT, route.path


def test_the_table_of_commands_is_the_one_in_the_code() -> None:
    assert TEXT.endswith(help_table())


@pytest.mark.parametrize("part", ["state", "worklist", "file", "plane", "can", "rect", "group"])
def test_every_field_of_the_state_is_described(tab: Page, part: str) -> None:
    state = tab.do("mark").json()
    parts = {"state": state, "rect": state["rects"][0], "group": state["groups"][0]}
    fields = parts.get(part) or state[part]
    missing = [name for name in fields if f"`{name}`" not in TEXT]
    assert missing == []
