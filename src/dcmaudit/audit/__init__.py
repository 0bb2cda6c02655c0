"""One instance looked at: what is written on its planes, and what its header leads to.

Whoever looks at an instance looks with this: the reviewer at the plane on screen, batches at every plane. So both find
the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmaudit.lazy import deferred

if TYPE_CHECKING:
    from dcmaudit.audit.header import HeaderRectangles, header_rectangles
    from dcmaudit.audit.rules import checked_rules, rule_paths, rules_of, unknown_fields
    from dcmaudit.audit.search import TextSearch, finder_of
    from dcmaudit.audit.text import Resting, TextLook

__all__ = [
    "HeaderRectangles",
    "Resting",
    "TextLook",
    "TextSearch",
    "checked_rules",
    "finder_of",
    "header_rectangles",
    "rule_paths",
    "rules_of",
    "unknown_fields",
]

__getattr__ = deferred(
    __name__,
    {
        "header": (
            "HeaderRectangles",
            "header_rectangles",
        ),
        "rules": (
            "checked_rules",
            "rule_paths",
            "rules_of",
            "unknown_fields",
        ),
        "search": (
            "TextSearch",
            "finder_of",
        ),
        "text": (
            "Resting",
            "TextLook",
        ),
    },
)
