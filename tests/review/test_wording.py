"""What the page says about errors has the words of the page: no option, and no command of the command line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dcmaudit
from dcmaudit.errors import DcmauditError, StoreError
from dcmaudit.review import error_json
from dcmaudit.review.services.page_words import page_words, told
from support.apps import do, make_app, wait_for, write_cine

SOURCE = Path(dcmaudit.__file__).parent
COMMAND_LINE = re.compile(r"(?<![\w-])--[a-z]|\bdcmaudit (?:db|s3|redact|ocr|frames|verify)\b")
REACHED = ("store", "review", "sources", "web")


def texts() -> Iterator[str]:
    """Every text that an error or message of what the page reaches is made of, placeholders as X."""
    for folder in REACHED:
        for path in (SOURCE / folder).rglob("*.py"):
            if "migrations" in path.parts or path.name == "wording.py":
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("Error", "say", "hint")):
                    for part in [*node.args, *(keyword.value for keyword in node.keywords)]:
                        yield from _text(part)
                elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).isupper():
                    yield from _text(node.value)


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)


def test_no_text_that_reaches_the_page_names_an_option_or_a_command() -> None:
    spoken = [text for text in texts() if COMMAND_LINE.search(text)]
    assert len(spoken) > 8, "the search itself finds nothing any more"
    for text in spoken:
        assert not COMMAND_LINE.search(page_words(text)), text


@pytest.mark.parametrize(
    ("hint", "page"),
    [
        ("choose another name with --db", "choose another name with Database… in the File menu"),
        ("choose another folder with --db DIR", "choose another folder with Database… in the File menu"),
        ("make room, or try --frobnicate; look again", "look again"),
        ("look again", "look again"),
        ("--frobnicate helps", None),
    ],
)
def test_a_hint_is_put_as_the_page_has_it(hint: str, page: str | None) -> None:
    error = StoreError("it is not a file", file="/x/y", hint=hint)
    assert error_json(error)["hint"] == page
    assert str(told(error)) == f"/x/y: it is not a file{f' ({page})' if page else ''}"


def test_a_database_that_cannot_be_used_is_told_in_words_of_the_page(tmp_path: Path) -> None:
    app = make_app(tmp_path / "database", [str(write_cine(tmp_path / "a.dcm", frames=1))])
    try:
        session = app.open_session()
        wait_for(lambda: session.file is not None and not session.file.opening)
        with pytest.raises(DcmauditError) as caught:
            do(session, "set-database", path="/dev/null")
        answer = error_json(caught.value)
        assert not COMMAND_LINE.search(f"{answer['message']} {answer['hint']}")
        assert "File menu" in str(answer["hint"])
    finally:
        app.close()
