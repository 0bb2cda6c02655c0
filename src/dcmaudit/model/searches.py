"""What a search for text gave, kept for the next time: plane by plane, or of a file as a whole.

It is no mark: nobody has said yes to it. It counts only for the file that was searched, and for the same way to search.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dcmaudit.errors import UsageError
from dcmaudit.model.addresses import PlaneAddress
from dcmaudit.model.addresstexts import parse_key
from dcmaudit.model.geometry import Box
from dcmaudit.model.regions import Origin, Region, Verdict

WHOLE = "file"
"""What stands in the place of a plane's key where the search was of a file as a whole."""


@dataclass(frozen=True, slots=True)
class PlaneSearch:
    """What reading one plane gave: text (``found``), and places that were looked at and not taken for text.

    ``is_form``: the plane is a page of text, and the first region found is all of it. ``instance``: the SOP Instance
    UID of the file, "" where it has none; files that an archive unpacked often have one size and one time.
    """

    address: PlaneAddress
    found: tuple[Region, ...] = ()
    rejected: tuple[Region, ...] = ()
    is_form: bool = False
    instance: str = ""

    @property
    def part(self) -> str:
        """Its place in the file, as text."""
        return self.address.key


@dataclass(frozen=True, slots=True)
class FileSearch:
    """What a detector, which reads nothing, gave on every one of ``planes`` planes of a file.

    ``found`` counts places of text, ``likelihood`` is that of the likeliest one, 0 to 1, ``plane`` the key of the plane
    that it is on, ``places`` some places there (of what looks like text where ``found`` is 0), ``with_text`` keys of
    some planes with text, ``instance`` as above.
    """

    planes: int
    found: int = 0
    likelihood: float = 0.0
    plane: str | None = None
    places: tuple[Box, ...] = ()
    with_text: tuple[str, ...] = ()
    instance: str = ""

    @property
    def part(self) -> str:
        """That it is of the file."""
        return WHOLE


Search = PlaneSearch | FileSearch


@dataclass(frozen=True, slots=True)
class KeptSearch:
    """A search of earlier: when it was made, and by whom."""

    search: Search
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class SearchFor:
    """For what a search counts: size in bytes and time of change in nanoseconds of the file, and how it was searched.

    ``method`` names everything that decides what is found: versions, weights, mode, judges.
    """

    size: int
    modified_ns: int
    method: str


def search_text(search: Search) -> str:
    """The search as JSON, without its place in the file."""
    if isinstance(search, PlaneSearch):
        lists = {"found": _texts_of(search.found), "rejected": _texts_of(search.rejected)}
        return json.dumps({**lists, "form": search.is_form, "instance": search.instance}, ensure_ascii=False)
    return json.dumps({
        "planes": search.planes, "found": search.found, "likelihood": search.likelihood, "plane": search.plane,
        "places": [_edges(box) for box in search.places], "with_text": list(search.with_text),
        "instance": search.instance,
    })  # fmt: skip


def parse_search(part: str, text: str) -> Search:
    """The search with that place and text; UsageError where it cannot be understood."""
    try:
        stored = json.loads(text)
        if part == WHOLE:
            return _file_search(stored)
        address = parse_key(part)
        found, rejected = (
            tuple(_region(address, each) for each in _list(stored[name])) for name in ("found", "rejected")
        )
        return PlaneSearch(address, found, rejected, _is_form(stored["form"], found), _text(stored["instance"]))
    except (ValueError, TypeError, KeyError, UsageError) as error:
        raise UsageError("what a search found cannot be understood") from error


def without_words(search: Search) -> tuple[Search, int]:
    """The same without recognised text, and how many texts that were."""
    if isinstance(search, FileSearch):
        return search, 0
    count = sum(region.text is not None for region in (*search.found, *search.rejected))
    found, rejected = (
        tuple(
            Region(each.box, each.scope, each.origin, each.reason, None, each.verdict, each.confidence)
            for each in regions
        )
        for regions in (search.found, search.rejected)
    )
    return PlaneSearch(search.address, found, rejected, search.is_form, search.instance), count


def _edges(box: Box) -> list[int]:
    return [box.left, box.top, box.right, box.bottom]


def _texts_of(regions: Sequence[Region]) -> list[dict[str, Any]]:
    return [
        {"box": _edges(each.box), "reason": each.reason, "text": each.text, "verdict": each.verdict.value,
         "confidence": each.confidence}
        for each in regions
    ]  # fmt: skip


def _region(address: PlaneAddress, stored: dict[str, Any]) -> Region:
    text, confidence = stored["text"], stored["confidence"]
    return Region(
        _box(stored["box"]), address, Origin.OCR, str(stored["reason"]), None if text is None else str(text),
        Verdict(stored["verdict"]), None if confidence is None else _share(confidence),
    )  # fmt: skip


def _file_search(stored: dict[str, Any]) -> FileSearch:
    plane = stored["plane"]
    if plane is not None:
        parse_key(plane)
    for key in _list(stored["with_text"]):
        parse_key(key)
    return FileSearch(
        _count(stored["planes"]), _count(stored["found"]), _share(stored["likelihood"]), plane,
        tuple(_box(each) for each in _list(stored["places"])), tuple(stored["with_text"]),
        _text(stored["instance"]),
    )  # fmt: skip


def _box(edges: object) -> Box:
    left, top, right, bottom = (_count(edge) for edge in _list(edges))
    return Box(left, top, right, bottom)


def _is_form(value: object, found: Sequence[Region]) -> bool:
    # The first place of a page of text is all of it.
    if not isinstance(value, bool) or (value and not found):
        raise ValueError("no word about a page of text")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("no number from 0")
    return value


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("no share")
    return float(value)
