"""How much the detector finds, as measured; the tests hold these figures to the pages that they come from."""

from __future__ import annotations

from collections.abc import Mapping

RECALL: tuple[Mapping[str, str], ...] = (
    {
        "what": "strings that can be read, on held-out pictures",
        "found": "99.2 % (n = 1,574)", "interval": "98.6 - 99.5", "source": "docs/model-card.md",
    },
    {
        "what": "strings of caps of 5 to 6 pixels, or of 1 to 2 characters",
        "found": "97.8 % (n = 455)", "interval": "96.0 - 98.8", "source": "docs/model-card.md",
    },
    {
        "what": "lines drawn by other means than the detector was trained with",
        "found": "96.8 % (n = 3,595)", "interval": "96.1 to 97.3", "source": "docs/detection-figures.md",
    },
)  # fmt: skip
"""What was counted, how much of it was found (per cent), its interval of 95 %, and the page that says so."""
