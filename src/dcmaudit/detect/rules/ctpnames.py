"""What CTP calls elements: the names of its own dictionary that are no keywords of PS3.6, or of another element there.

The facts (name and tag) are those of the dictionary that the RSNA's program is built with, dcm4che 1.4. Names of
repeating groups mean the first group, 6000 or 5000, as there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

_HEX = re.compile(r"([0-9A-Fa-f]{1,4})\s*,\s*([0-9A-Fa-f]{1,4})|([0-9A-Fa-f]{1,8})")
_EIGHT = re.compile(r"[0-9A-Fa-f]{8}")


@lru_cache(maxsize=1)
def table() -> dict[str, int]:
    """Tags as 0xggggeeee by name."""
    lines = (files("dcmaudit.detect.rules") / "ctp_names.csv").read_text(encoding="ascii").splitlines()[1:]
    return {name: int(tag, 16) for name, _, tag in (line.partition(",") for line in lines)}


def element(name: str) -> str | int | None:
    """The tag, or the keyword of PS3.6, that CTP means by ``name``; None for what cannot be a name or a tag.

    ``name`` may be in square brackets; digits are hexadecimal, as ``[0028,0010]``, ``[28,10]`` or ``00280010``.
    """
    is_bracketed = name.startswith("[")
    inside = name[1:-1].strip() if is_bracketed else name
    known = table().get(inside)
    # Before keywords of the standard: some of its names mean another element there.
    if known is not None:
        return known
    digits = _HEX.fullmatch(inside) if is_bracketed else _EIGHT.fullmatch(inside)
    if digits is not None:
        if is_bracketed and digits[1] is not None:
            return int(digits[1], 16) << 16 | int(digits[2], 16)
        return int(inside, 16)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", inside):
        return None
    # Its dictionary shortens one word of the standard's keywords throughout.
    inside = re.sub(r"^SeqOf(?=[A-Z])", "SequenceOf", inside)
    return re.sub(r"Seq$", "Sequence", inside)
