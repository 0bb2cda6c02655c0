"""axe-core finds nothing on any page, dialog and theme. It comes from npm for this test alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.face import Face, StartFace
from support.numbered import cine, write

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (npm ci)")


def faults(face: Face) -> list[str]:
    """What axe says against the page as it is now: the rule, and the elements."""
    # Through the debugger: the page's own policy lets no script in, and need not.
    face.page.evaluate(f"() => {{ {AXE.read_text('utf-8')}\n window.axe = axe; }}")
    found: dict[str, Any] = face.page.evaluate(f"async () => await window.axe.run(document, {json.dumps(RULES)})")
    return [
        f"{one['id']}: {', '.join(str(node['target'][0]) for node in one['nodes'][:3])}" for one in found["violations"]
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_start_page_and_the_reviewer(start: StartFace, tmp_path: Path, theme: str) -> None:
    face = start(write(tmp_path / "one.dcm", cine(3)), color_scheme=theme)
    face.plane("frame 1/3")
    assert faults(face) == []
    for keys in ("?", "i", "g", "j"):
        face.press(keys)
        face.page.wait_for_timeout(300)
        assert faults(face) == [], keys
        face.press("Escape")
        face.page.wait_for_timeout(100)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_without_files(start: StartFace, theme: str) -> None:
    face = start(color_scheme=theme)
    face.page.wait_for_timeout(500)
    assert faults(face) == []
