"""Which of some attributes hold anything, at any depth of the data set: tags alone, never a value."""

from __future__ import annotations

from collections.abc import Collection

from pydicom.dataset import Dataset

from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.header import Header
from dcmaudit.dicom.quiet import quietly

_DEEPEST = 32


def filled_tags(header: Header, tags: Collection[int]) -> frozenset[int]:
    """Those of ``tags`` that are present with more than blanks, in the data set or in an item of any sequence of it.

    What cannot be taken apart counts as filled with all of them: nobody knows what is in it.
    """
    found: set[int] = set()
    with quietly():
        try:
            _walk(header.dataset, frozenset(tags), found, 0)
        except Exception:  # pydicom raises nearly anything over malformed values
            return frozenset(tags)
    return frozenset(found)


def _walk(dataset: Dataset, tags: frozenset[int], found: set[int], depth: int) -> None:
    # What is not looked at counts as filled: the caller holds such a file back.
    if depth > _DEEPEST:
        found.update(tags)
        return
    attributes = Attributes(dataset)
    for tag in dataset.keys():  # noqa: SIM118 - iterating a Dataset converts every element
        number = int(tag)
        if attributes.vr(number) == "SQ":
            for item in dataset[tag].value or ():
                _walk(item, tags, found, depth + 1)
        elif number in tags and number not in found:
            raw = attributes.raw(number)
            value = dataset[tag].value if raw is None else raw
            text = value if isinstance(value, bytes) else str("" if value is None else value).encode("utf-8", "replace")
            # Separators of values and of the parts of a name say nothing.
            if text.strip(b" \0\\^="):
                found.add(number)
