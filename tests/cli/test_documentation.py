from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.cli import registry
from dcmaudit.cli.common import Exit
from dcmaudit.cli.program import top_parser
from dcmaudit.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text("utf-8")


def test_every_option_is_on_the_page(text: str) -> None:
    options = [name for action in top_parser()._actions for name in action.option_strings]
    assert len(options) > 15
    for name in options:
        assert f"`{name}`" in text or f"`{name} " in text, name


def test_the_page_names_no_option_that_is_not_there(text: str) -> None:
    known = {name for action in top_parser()._actions for name in action.option_strings}
    rows = [line for line in text.splitlines() if line.startswith("| `-")]
    named = {
        part.strip("`").split()[0] for row in rows for part in row.split("|")[1].split(",") for part in [part.strip()]
    }
    assert len(named) > 15
    assert named <= known


def test_every_command_setting_and_exit_code_has_its_place(text: str) -> None:
    for name in registry.available():
        assert f"| `dcmaudit {name}` |" in text
    settings = (PAGE.parent / "reference" / "settings.md").read_text("utf-8")
    for name in Settings.model_fields:
        assert f"\n## {name}\n" in settings
    outcomes = (PAGE.parent / "outcomes.md").read_text("utf-8")
    for code in Exit:
        assert f"| {code.value} |" in outcomes
