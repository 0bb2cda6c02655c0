"""How text is looked for, from plain words."""

from __future__ import annotations

from dcmaudit.audit import TextSearch
from dcmaudit.detect.ocr import Mode, engine_kind
from dcmaudit.detect.pii import chain_plan
from dcmaudit.errors import UsageError


def text_search(engine: str, mode: str, judges: str, *, read: bool) -> TextSearch:
    """The search; UsageError for a name that is none."""
    modes = {one.value: one for one in Mode}
    if mode not in modes:
        raise UsageError(f"there is no mode {mode!r}", hint=f"allowed: {', '.join(modes)}")
    return TextSearch(engine_kind(engine).name, modes[mode], chain_plan(judges), read=read)
