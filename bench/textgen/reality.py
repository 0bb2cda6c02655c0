"""The text that is really in the test files, as it was boxed by hand, and what a finder makes of it.

``real_text.json`` holds the boxes, ``pictures.json`` what every picture of the test files shows. Neither holds a word
or an image.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from dcmaudit.dicom import Samples, open_instance
from dcmaudit.model import Box, FrameAddress, Size, parse_key
from support.corpus import CorpusFile, corpus
from support.files import PathReference
from textgen.fetched import is_fetched
from textgen.pictures import half_of
from textgen.scoring import COVERED, interval

Picture = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_HERE = Path(__file__).parent
FRAMES = 8
"""From one file with many frames no more are looked at: neighbours are nearly the same picture."""
_TIGHT = 0.5
"""Part of a box that must be text, or as near to it as a margin is, for the box to be tight."""
_HELD = 0.5
"""A box holds a string where it covers this much of its ink."""


@dataclass(frozen=True, slots=True)
class RealString:
    """One string: where it is, and what kind it is (see ``about`` in the file)."""

    box: Box
    kind: str
    characters: int
    cap: int
    legible: bool

    @property
    def is_plain(self) -> bool:
        """Whether it is one of those for which the highest bar counts: legible, three characters, capitals of 7 px."""
        return self.legible and self.characters >= 3 and self.cap >= 7


@dataclass(frozen=True, slots=True)
class RealPlane:
    """One plane with its strings. ``is_complete``: every string in it is boxed, so what lies elsewhere is no text."""

    file: str
    key: str
    group: str
    size: Size
    file_digest: str
    digest: str
    is_lossy: bool
    is_complete: bool
    strings: tuple[RealString, ...]

    @property
    def is_unseen(self) -> bool:
        """Whether no picture of its group was ever trained on (where one was, its text was left out of the loss)."""
        return is_unseen(self.file, self.group)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the frames of one file show."""

    kind: str
    group: str
    frames: int
    size: Size
    state: str

    @property
    def is_pattern(self) -> bool:
        """Whether it is a test pattern: lines and squares made to be hard on displays, and on finders."""
        return self.kind == "test pattern"


def is_unseen(file: str, group: str) -> bool:
    """Whether a file is of no package that training uses, or its group was kept back from training."""
    return is_fetched(file) or file.startswith("shared:") or half_of(group) == "report"


@cache
def real_planes() -> tuple[RealPlane, ...]:
    """Every plane whose text is boxed, whether or not its file is there."""
    return tuple(
        RealPlane(
            one["file"], one["plane"], one["group"], Size(*one["size"]), one["file_sha256"], one["sha256"],
            one["lossy"], one["complete"],
            tuple(
                RealString(Box(*s["box"]), s["kind"], s["characters"], s["cap"], s["legible"]) for s in one["strings"]
            ),
        )
        for one in json.loads((_HERE / "real_text.json").read_text(encoding="utf-8"))["planes"]
    )  # fmt: skip


@cache
def shown() -> dict[str, Shown]:
    """What each file shows, by its id."""
    return {
        name: Shown(one["kind"], one["group"], one["frames"], Size(*one["size"]), one["state"])
        for name, one in json.loads((_HERE / "pictures.json").read_text(encoding="utf-8"))["files"].items()
    }


def file_of(file_id: str) -> CorpusFile | None:
    """The file, None where it is not there."""
    return next((file for file in corpus() if file.id == file_id), None)


def read_plane(file: CorpusFile, key: str) -> Samples:
    """The decoded samples of one plane."""
    with open_instance(PathReference(file.path)) as instance:
        return instance.read(parse_key(key))


def digest_of(samples: Samples) -> str:
    """SHA-256 of the decoded samples, row by row, in this machine's byte order."""
    return hashlib.sha256(np.ascontiguousarray(samples.array).tobytes()).hexdigest()


def clean_planes() -> Iterator[tuple[CorpusFile, str, Shown]]:
    """One file of each picture without any text, where it is there: up to eight of its frames, evenly spread."""
    taken: set[tuple[str, Size]] = set()
    for file in corpus():
        what = shown().get(file.id)
        if what is None or what.state != "clean" or what.frames == 0 or (what.group, what.size) in taken:
            continue
        taken.add((what.group, what.size))
        for frame in sorted({what.frames * part // FRAMES for part in range(FRAMES)}):
            yield file, FrameAddress(frame).key, what


def ink_of(picture: Picture, box: Box) -> Mask:
    """The pixels of the string in a box, of the box's size.

    The ground is the median of the ring of one pixel around the box, colour by colour; ink is what differs from it by
    more than Otsu's threshold of these differences, taken in the colour that differs most.
    """
    rows, columns = picture.shape[:2]
    whole = Box(max(box.left - 1, 0), max(box.top - 1, 0), min(box.right + 1, columns), min(box.bottom + 1, rows))
    wide = picture[whole.top : whole.bottom, whole.left : whole.right].astype(np.int16)
    if wide.ndim == 2:
        wide = wide[..., np.newaxis]
    ring = np.ones(wide.shape[:2], bool)
    inside = np.s_[box.top - whole.top : box.bottom - whole.top, box.left - whole.left : box.right - whole.left]
    ring[inside] = False
    around = wide[ring] if ring.any() else wide.reshape(-1, wide.shape[2])
    apart = np.abs(wide[inside] - np.median(around, axis=0).astype(np.int16)).max(axis=2)
    most = int(apart.max())
    if most == 0:
        return np.ones(apart.shape, bool)
    scaled = (apart * 255 // most).astype(np.uint8)
    threshold, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return np.asarray(scaled > threshold)


def _covered(size: Size, boxes: Iterable[Box]) -> Mask:
    mask = np.zeros((size.height, size.width), bool)
    for box in boxes:
        part = box.clipped(size)
        if part is not None:
            mask[part.top : part.bottom, part.left : part.right] = True
    return mask


def _share(mask: Mask, box: Box, ink: Mask | None = None) -> float:
    """How much of a box, or of the ink in it, a mask of its plane covers."""
    rows, columns = mask.shape
    part = box.clipped(Size(columns, rows))
    if part is None:
        return 0.0
    inside = mask[part.top : part.bottom, part.left : part.right]
    return float(inside.mean() if ink is None else inside[ink].mean())


def _lines(boxes: Sequence[Box]) -> int:
    """How many lines the boxes of strings stand in: two are in one where half of the lower one's height is shared."""
    found: list[Box] = []
    for box in sorted(boxes, key=lambda one: one.top):
        if not any(
            2 * (min(box.bottom, line.bottom) - max(box.top, line.top)) >= min(box.height, line.height)
            for line in found
        ):
            found.append(box)
    return len(found)


def _grown(string: RealString) -> Box:
    # A finder's boxes have a margin, and it is not held against them.
    by = max(4, string.cap // 2)
    box = string.box
    return Box(box.left - by, box.top - by, box.right + by, box.bottom + by)


@dataclass
class RealScore:
    """What a finder found of the text in the real planes."""

    hits: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    misses: list[dict[str, Any]] = field(default_factory=list)
    outside: list[dict[str, Any]] = field(default_factory=list)
    merged: list[dict[str, Any]] = field(default_factory=list)
    masked: list[float] = field(default_factory=list)
    clean: dict[str, list[tuple[str, int, float]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, plane: RealPlane, picture: Picture, found: Sequence[Box]) -> None:
        """Count the strings of one plane, seen in the first of its pictures, and what was boxed besides."""
        mask = _covered(plane.size, found)
        text = [_grown(string) for string in plane.strings]
        near = _covered(plane.size, text)
        tight = _covered(plane.size, [box for box in found if _share(near, box) >= _TIGHT])
        inks = [ink_of(picture, string.box) for string in plane.strings]
        single = []
        for one in found:
            alone = _covered(plane.size, [one])
            held = [s.box for s, ink in zip(plane.strings, inks, strict=True) if _share(alone, s.box, ink) >= _HELD]
            if _lines(held) <= 1:
                single.append(one)
            else:
                self.merged.append({"file": plane.file, "plane": plane.key, "box": _corners(one)})
        lines = _covered(plane.size, single)
        for string, ink in zip(plane.strings, inks, strict=True):
            share = _share(mask, string.box, ink)
            for name in _classes(plane, string):
                self.hits[name][0] += share >= COVERED
                self.hits[name][1] += 1
            if string.legible:
                self.hits["legible, tightly"][0] += _share(tight, string.box, ink) >= COVERED
                self.hits["legible, tightly"][1] += 1
                self.hits["legible, line by line"][0] += _share(lines, string.box, ink) >= COVERED
                self.hits["legible, line by line"][1] += 1
            if share < COVERED:
                self.misses.append(
                    {"file": plane.file, "plane": plane.key}
                    | asdict(string)
                    | {"box": _corners(string.box), "ink_covered": round(share, 2)}
                )
        if plane.is_complete:
            self.masked.append(float((mask & ~near).sum() / plane.size.area))
            for one in found:
                if not any(one.intersection(place) for place in text):
                    self.outside.append({"file": plane.file, "plane": plane.key, "box": _corners(one)})

    def take_clean(self, file: str, key: str, what: Shown, found: Sequence[Box]) -> None:
        """Count one plane without text."""
        share = float(_covered(what.size, found).sum() / what.size.area)
        unseen = is_unseen(file, what.group)
        names = (
            ["patterns"] if what.is_pattern else ["pictures", "pictures unseen" if unseen else "pictures trained on"]
        )
        for name in names:
            self.clean[name].append((what.group, len(found), share))
        self.outside += [{"file": file, "plane": key, "box": _corners(one)} for one in found]

    def report(self) -> dict[str, Any]:
        """Everything as plain numbers and lists; intervals are Wilson's, 95 %."""
        return {
            "recall": {name: interval(*counts) for name, counts in sorted(self.hits.items())},
            "text_planes": {
                "count": len(self.masked),
                "other_area_masked": round(float(np.mean(self.masked)), 5) if self.masked else None,
                "other_area_masked_worst": round(max(self.masked), 5) if self.masked else None,
            },
            "clean_planes": {name: _on_clean(planes) for name, planes in sorted(self.clean.items())},
            "misses": self.misses,
            "boxes_over_several_lines": self.merged,
            "boxes_outside_text": self.outside,
        }


def _on_clean(planes: Sequence[tuple[str, int, float]]) -> dict[str, Any]:
    """Planes without text, each once, and each source once: the slices of one volume stand or fall together."""
    sources: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for group, boxes, area in planes:
        sources[group].append((boxes, area))
    means = np.array([np.mean(of, axis=0) for of in sources.values()])
    return {
        "count": len(planes),
        "boxes_a_plane": round(float(np.mean([boxes for _, boxes, _ in planes])), 3),
        "with_boxes": sum(boxes > 0 for _, boxes, _ in planes),
        "area_masked": round(float(np.mean([area for _, _, area in planes])), 5),
        "area_masked_worst": round(max(area for _, _, area in planes), 5),
        "sources": len(sources),
        "boxes_a_source": round(float(means[:, 0].mean()), 3),
        "area_masked_a_source": round(float(means[:, 1].mean()), 5),
    }


def _classes(plane: RealPlane, string: RealString) -> list[str]:
    if not string.legible:
        return ["not legible"]
    cap = string.cap
    size = "up to 6" if cap <= 6 else "7-9" if cap <= 9 else "10-16" if cap <= 16 else "17 and more"
    names = [
        "legible",
        f"kind {string.kind}",
        f"cap {size}",
        "picture unseen" if plane.is_unseen else "picture trained on",
    ]
    return [*names, "3 characters and more, cap 7 and more"] if string.is_plain else names


def _corners(box: Box) -> list[int]:
    return [box.left, box.top, box.right, box.bottom]


__all__ = [
    "RealPlane", "RealScore", "RealString", "Shown", "clean_planes", "digest_of", "file_of", "ink_of",
    "is_unseen", "read_plane", "real_planes", "shown",
]  # fmt: skip
