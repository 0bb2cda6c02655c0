"""The page on the architecture, the decisions and the recipes name modules, functions and files that exist."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest

from dcmaudit.store.schema import metadata

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")
ROOMS = {path.name.removesuffix(".py") for path in (ROOT / "src/dcmaudit").iterdir() if path.suffix in {"", ".py"}}
ROOMS = {name for name in ROOMS if not name.startswith("__")}


def exists(name: str) -> bool:
    """Whether ``room.module.Class.method`` is there."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(["dcmaudit", *parts[:count]]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[count:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


def test_every_name_on_the_page_exists() -> None:
    names = re.findall(r"`([a-z_]+(?:\.\w+)*)`", PAGE)
    of_ours = [name for name in names if name.split(".")[0] in ROOMS and not name.endswith((".md", ".py", ".toml"))]
    assert len(of_ours) > 40
    assert [name for name in of_ours if not exists(name)] == []


FOLDERS = ROOMS | {"src", "tests", "docs", "scripts", "bench", "packaging", "training", "requirements"}


def named(page: Path) -> list[str]:
    """What the page sets in code and what is a path or a module of ours, without arguments and line ends."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    return [name.split("(")[0].split("::")[0].rstrip("/") for name in re.findall(r"`([^`\n]+)`", text)]


def is_there(name: str) -> bool:
    """Whether a path is there, from the top of the repository or of the package; ``*`` stands for anything."""
    return any([*(ROOT / top).glob(name)] for top in ("", "src/dcmaudit", "src/dcmaudit/web"))


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs/decisions").glob("*.md")), ROOT / "CONTRIBUTING.md"],
                         ids=lambda page: page.name)  # fmt: skip
def test_every_module_and_file_that_a_decision_or_recipe_names_exists(page: Path) -> None:
    names = named(page)
    paths = [name for name in names if re.fullmatch(r"(?:[\w.-]+/)+[\w.*-]+", name) and name.split("/")[0] in FOLDERS]
    assert [name for name in paths if not is_there(name)] == []
    modules = [
        name.removeprefix("dcmaudit.") for name in names if re.fullmatch(r"(?:dcmaudit\.)?[a-z_]+(?:\.\w+)+", name)
    ]
    of_ours = [name for name in modules if name.split(".")[0] in ROOMS and not name.endswith((".md", ".py", ".toml"))]
    assert [name for name in of_ours if not exists(name)] == []


def test_every_room_is_on_the_page_and_in_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(one for one in contracts if one["name"].startswith("The rooms"))["layers"]
    held = {name.strip().removeprefix("dcmaudit.") for layer in layers for name in layer.split("|")}
    assert held == ROOMS
    drawn = PAGE.split("## The rooms")[1].split("```")[1]
    assert [room for room in sorted(ROOMS) if not re.search(rf"\b{room}\b", drawn)] == []


def known_in_code() -> set[str]:
    """Every name that code of ours defines, takes as an argument, imports, or has as a whole text."""
    found: set[str] = set()
    for path in (path for top in ("src", "tests", "scripts", "bench") for path in (ROOT / top).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    found.add(node.name)
                case ast.arg():
                    found.add(node.arg)
                case ast.Name(ctx=ast.Store()):
                    found.add(node.id)
                case ast.Constant(value=str()):
                    found.add(node.value)
                case ast.alias():
                    found.add(node.name)
    return found


def test_every_name_in_the_recipes_for_adding_something_exists() -> None:
    text = re.sub(r"```.*?```", "", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), flags=re.DOTALL)
    names = set(re.findall(r"`([A-Za-z_]\w*)(?:\([^`]*\)|=[^`]*)?`", text))
    assert len(names) > 40
    assert names - known_in_code() == set()


def drawn(name: str) -> bool:
    """Whether what a drawing calls ``name`` is there: a script, a module, or something in a module or its classes."""
    if name.endswith(".js"):
        return (ROOT / "src/dcmaudit/web/static/js" / name).is_file()
    if any(exists(f"{room}{name}") for room in ("", "web.", "review.")):
        return True
    owner, _, last = name.rpartition(".")
    for module in (f"{room}{owner}" for room in ("", "web.", "review.", "review.state.", f"{owner}.")):
        if exists(module):
            things = vars(importlib.import_module(f"dcmaudit.{module}")).values()
            if any(hasattr(thing, last) for thing in things if isinstance(thing, type)):
                return True
    return False


def test_every_name_in_a_drawing_of_the_page_exists() -> None:
    drawings = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    names = {name for drawing in drawings for name in re.findall(r"[a-z_]+(?:\.[a-z_]\w*)+", drawing)}
    assert len(names) > 10
    assert {name for name in names if not drawn(name)} == set()
    assert not drawn("review.no_such_thing")
    assert not drawn("session.no_such_method")


def test_every_table_of_ours_has_its_line_on_the_page_of_the_database() -> None:
    page = (ROOT / "docs/database.md").read_text("utf-8")
    assert len(metadata.tables) > 10
    assert [name for name in metadata.tables if not re.search(rf"\b{name}\b", page)] == []


def test_what_windows_lacks_is_asked_for_by_name() -> None:
    """``os.O_CLOEXEC`` and its kin are missing there: a plain use ends every run that writes with an AttributeError."""
    flags = {"O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC", "O_DSYNC"}
    plain = [
        f"{path.name}:{node.lineno}"
        for path in sorted((ROOT / "src/dcmaudit").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in flags
    ]
    assert plain == []
