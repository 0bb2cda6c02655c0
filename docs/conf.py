"""How the documentation is built; scripts/docs does it. Nothing is fetched, and no page asks another host."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import dcmaudit

project = "dcmaudit"
release = version = dcmaudit.__version__
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = f"dcmaudit {version}"
html_copy_source = False
html_show_sphinx = False
myst_heading_anchors = 3
myst_enable_extensions = ["html_image"]
highlight_language = "none"
nitpicky = True
