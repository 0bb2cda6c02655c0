"""The page on the architecture names modules and functions that exist, and every room."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

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


def test_every_room_is_on_the_page_and_in_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(one for one in contracts if one["name"].startswith("The rooms"))["layers"]
    held = {name.strip().removeprefix("dcmaudit.") for layer in layers for name in layer.split("|")}
    assert held == ROOMS
    drawn = PAGE.split("## The rooms")[1].split("```")[1]
    assert [room for room in sorted(ROOMS) if not re.search(rf"\b{room}\b", drawn)] == []
