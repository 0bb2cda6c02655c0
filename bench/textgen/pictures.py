"""The pictures of the test packages as backgrounds: which half each belongs to, and what of it holds text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import FrameAddress
from dcmaudit.render import render
from support.corpus import corpus
from support.files import PathReference

HERE = Path(__file__).parent
SMALLEST = 100
"""Pictures with a lesser edge are of no use."""

REPORT = frozenset(
    (
        "CT skull base", "CT abdomen", "CT vertebra small", "MR shoulder", "CR leg", "DX animal", "US pelvis",
        "US phantom", "US heart, calipers", "photograph of a face", "segmentation of a liver",
        "SMPTE pattern", "MR enhanced small",
    )
)  # fmt: skip
"""Groups that are never trained, mined or tuned on; every other group is of the half ``tune``."""


@dataclass(frozen=True)
class Shot:
    """One picture of a file: 8 bits, (rows, columns) or (rows, columns, 3), and where it holds text of its own."""

    file: str
    group: str
    kind: str
    picture: npt.NDArray[np.uint8]
    text: npt.NDArray[np.bool_]
    state: str


def half_of(group: str) -> str:
    """``tune`` or ``report``."""
    return "report" if group in REPORT else "tune"


@cache
def described() -> dict[str, dict[str, Any]]:
    """What was seen in every file, by its id; files of ``../shared`` are left out: they are for scoring only."""
    files = json.loads((HERE / "pictures.json").read_text())["files"]
    return {name: one for name, one in files.items() if not name.startswith("shared:")}


@cache
def marked() -> dict[tuple[str, int], list[tuple[int, int, int, int]]]:
    """The boxes of real text by group and width: the same for every encoding of a picture and frame of a cine."""
    found: dict[tuple[str, int], list[tuple[int, int, int, int]]] = {}
    for plane in json.loads((HERE / "real_text.json").read_text())["planes"]:
        boxes = found.setdefault((plane["group"], plane["size"][0]), [])
        boxes += [tuple(one["box"]) for one in plane["strings"]]
    return found


def chosen(half: str, *, with_text: bool) -> list[str]:
    """File ids of a half, one a group and size, so that no encoding of a picture counts twice."""
    taken: set[tuple[str, tuple[int, ...]]] = set()
    answer = []
    for name, one in sorted(described().items()):
        size = tuple(one["size"])
        wanted = one["state"] == "clean" or (
            with_text and one["state"] == "text" and (one["group"], one["size"][0]) in marked()
        )
        if half_of(one["group"]) != half or not wanted or min(size) < SMALLEST:
            continue
        several = one["group"].startswith("photographs of")
        if several or (one["group"], size) not in taken:
            taken.add((one["group"], size))
            answer.append(name)
    return answer


@cache
def shots(half: str, *, with_text: bool = False, frames: int = 3) -> tuple[Shot, ...]:
    """Every picture of a half, multi-frame files by up to ``frames`` frames."""
    files = {file.id: file for file in corpus()}
    answer = []
    for name in chosen(half, with_text=with_text):
        if name not in files:
            continue
        one = described()[name]
        many = int(one.get("frames", 1))
        with open_instance(PathReference(files[name].path)) as instance:
            for index in sorted({round(k * (many - 1) / max(1, frames - 1)) for k in range(min(frames, many))}):
                try:
                    picture: Any = render(instance.read(FrameAddress(index)))
                except DcmauditError:
                    continue
                picture = np.ascontiguousarray(picture, np.uint8)
                if picture.ndim == 3 and (np.ptp(picture, axis=2) == 0).all():
                    picture = np.ascontiguousarray(picture[..., 0])
                text = np.zeros(picture.shape[:2], bool)
                for left, top, right, bottom in marked().get((one["group"], one["size"][0]), []):
                    text[max(0, top - 6) : bottom + 6, max(0, left - 6) : right + 6] = True
                answer.append(Shot(name, one["group"], one["kind"], picture, text, one["state"]))
    return tuple(answer)
