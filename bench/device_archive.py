"""A made-up archive: devices that burn text into images, each in its own way. For ``bench/suggest``."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from dcmaudit.model import Box, DeviceFacts, FrameAddress, OverlayAddress, PlaneAddress, Size

SIZES = (Size(512, 512), Size(640, 480), Size(800, 600), Size(1024, 768), Size(1280, 960), Size(1024, 1024))
OVERLAY = 0x6000


@dataclass(frozen=True)
class Field:
    """One line of text: where it begins, in pixels of the profile's first size, and how long it is."""

    x: float
    y: float
    height: float
    width: float
    grows: float
    right_aligned: bool
    present: float


@dataclass(frozen=True)
class File:
    """One instance with what is written on each of its planes."""

    name: str
    profile: int
    device: DeviceFacts
    frames: int
    texts: dict[PlaneAddress, tuple[Box, ...]]
    textured: bool
    ink: int
    lettered: bool = False

    @property
    def size(self) -> Size:
        return Size(self.device.columns or 1, self.device.rows or 1)

    def pixels(self, address: PlaneAddress) -> NDArray[np.uint8]:
        """The plane: black around a textured middle (or texture all over), and strokes where text is."""
        width, height = self.size.width, self.size.height
        array = np.zeros((height, width), dtype=np.uint8)
        if isinstance(address, FrameAddress):
            inset = 0 if self.textured else min(width, height) // 6
            middle = array[inset : height - inset, inset : width - inset]
            middle[:] = _texture(self.profile % 8)[: middle.shape[0], : middle.shape[1]]
        for box in self.texts.get(address, ()):
            if self.lettered:
                _write(array, box, self.ink, self.name)
                continue
            array[box.top : box.bottom, box.left : box.right : 3] = self.ink
        return array


def _write(array: NDArray[np.uint8], box: Box, ink: int, seed: str) -> None:
    """Letters and digits as high as ``box``, as many as fit into it, another text for every file."""
    chance = random.Random(f"{seed} {box}")  # noqa: S311 (made up, and the same every time)
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, max(0.3, (box.height - 4) / 22)
    text = ""
    while cv2.getTextSize(text + "W", font, scale, 1)[0][0] < box.width:
        text += chance.choice("ABCDEFGHIKLMNOPRSTUVWZ0123456789")
    cv2.putText(array, text, (box.left, box.bottom - 3), font, scale, ink, 1, cv2.LINE_AA)


@lru_cache(maxsize=8)
def _texture(seed: int) -> NDArray[np.uint8]:
    """Something like speckle: noise that neighbours share, up to 140 of 255."""
    noise = np.random.default_rng(seed).gamma(2.0, 20.0, (1026, 1282))
    smooth = (noise[:-2] + noise[1:-1] + noise[2:])[:, :-2] + (noise[:-2] + noise[1:-1] + noise[2:])[:, 2:]
    return np.asarray(np.clip(smooth / 4, 0, 140), dtype=np.uint8)


@dataclass
class Profile:
    """A device: its layouts by software version and image type, its sizes, its habits."""

    number: int
    model: str
    modality: str
    sizes: list[Size]
    versions: list[str]
    types: list[tuple[str, ...]]
    layouts: dict[tuple[str, tuple[str, ...]], list[Field]] = field(default_factory=dict)
    overlay_fields: list[Field] = field(default_factory=list)
    multi: bool = False
    first_frame_only: bool = False
    scales: bool = True
    jitter: float = 0.0
    without_text: float = 0.1
    textured: bool = False
    ink: int = 230
    lettered: bool = False


def profiles(count: int, seed: int) -> list[Profile]:
    """Devices that differ in every habit; the same ones for the same seed."""
    return [_profile(number, random.Random(f"{seed}/{number}")) for number in range(count)]  # noqa: S311


def rare_profiles(count: int, seed: int) -> list[Profile]:
    """The same devices, but 50 to 70 % of their images have no text, and what is written are real letters."""
    made = profiles(count, seed)
    for profile in made:
        profile.without_text = 0.5 + 0.2 * (profile.number % 3) / 2
        profile.lettered = True
        profile.sizes = [SIZES[profile.number % 3]]
        profile.ink = max(profile.ink, 180)
    return made


def _profile(number: int, chance: random.Random) -> Profile:
    sizes = chance.sample(SIZES, chance.choice((1, 1, 2, 3)))
    versions = [f"{1 + number % 5}.{minor}" for minor in range(chance.choice((1, 1, 2, 3)))]
    types: list[tuple[str, ...]] = [("ORIGINAL", "PRIMARY"), ("DERIVED", "PRIMARY")][: chance.choice((1, 1, 2))]
    made = Profile(
        number, f"Model {number}", chance.choice(("US", "US", "XA", "CR", "CT", "ES")), sizes, versions, types,
        multi=chance.random() < 0.4, first_frame_only=chance.random() < 0.2, scales=chance.random() < 0.6,
        jitter=chance.choice((0.0, 0.0, 1.0, 2.0)), without_text=chance.choice((0.02, 0.05, 0.1, 0.2)),
        textured=chance.random() < 0.3, ink=chance.choice((255, 230, 180, 90)),
    )  # fmt: skip
    layout = _layout(sizes[0], chance)
    for version in versions:
        if version != versions[0] and chance.random() < 0.4:
            layout = _changed(layout, sizes[0], chance)
        for kind in types:
            made.layouts[version, kind] = layout if chance.random() < 0.7 else _changed(layout, sizes[0], chance)
    if chance.random() < 0.25:
        made.overlay_fields = _layout(sizes[0], chance)[:2]
    return made


def _layout(size: Size, chance: random.Random) -> list[Field]:
    found: list[Field] = []
    height = float(chance.randint(10, 22))
    for corner in chance.sample(("left top", "right top", "left bottom", "right bottom"), chance.randint(1, 3)):
        found += [_field(corner, line, height, size, chance) for line in range(chance.randint(1, 3))]
    return found


def _field(corner: str, line: int, height: float, size: Size, chance: random.Random) -> Field:
    step = height * 1.35 * line + 6
    width = height * chance.uniform(3, 9)
    grows = width * chance.choice((0.0, 0.0, 0.15, 0.4))
    x = 8.0 if "left" in corner else size.width - 8.0 - width
    y = step if "top" in corner else size.height - step - height
    return Field(x, y, height, width, grows, "right" in corner, chance.choice((1.0, 1.0, 1.0, 0.9, 0.6)))


def _changed(layout: list[Field], size: Size, chance: random.Random) -> list[Field]:
    kept = [item for item in layout if chance.random() < 0.7]
    return kept + _layout(size, chance)[:1] if chance.random() < 0.7 or not kept else kept


def files(devices: list[Profile], count: int, seed: int) -> Iterator[File]:
    """``count`` files in random order; some devices are much more frequent than others."""
    chance = random.Random(f"files {seed}")  # noqa: S311 (made up, and the same every time)
    weights = [1 / (1 + number % 8) for number in range(len(devices))]
    for number in range(count):
        profile = chance.choices(devices, weights)[0]
        yield _file(profile, f"/archive/{seed}/{number}.dcm", chance)


def _file(profile: Profile, name: str, chance: random.Random) -> File:
    size, version, kind = (chance.choice(values) for values in (profile.sizes, profile.versions, profile.types))
    device = DeviceFacts(
        profile.modality, kind, profile.model, None, size.height, size.width, f"Maker {profile.number % 9}", version
    )
    frames = chance.randint(2, 6) if profile.multi else 1
    texts: dict[PlaneAddress, tuple[Box, ...]] = {}
    bare = chance.random() < profile.without_text
    boxes = () if bare else _written(profile, profile.layouts[version, kind], size, chance)
    for frame in range(frames):
        texts[FrameAddress(frame)] = boxes if frame == 0 or not profile.first_frame_only else ()
    if profile.overlay_fields:
        overlay = () if bare else _written(profile, profile.overlay_fields, size, chance)
        texts[OverlayAddress(OVERLAY, 0)] = overlay
    return File(name, profile.number, device, frames, texts, profile.textured, profile.ink, profile.lettered)


def _written(profile: Profile, layout: list[Field], size: Size, chance: random.Random) -> tuple[Box, ...]:
    first = profile.sizes[0]
    dx, dy = chance.gauss(0, profile.jitter), chance.gauss(0, profile.jitter)
    found = []
    for item in layout:
        if chance.random() >= item.present:
            continue
        width = item.width + chance.uniform(-item.grows, item.grows)
        left = item.x + item.width - width if item.right_aligned else item.x
        top, height = item.y, item.height
        if profile.scales:
            across, down = size.width / first.width, size.height / first.height
            left, width, top, height = left * across, width * across, top * down, height * down
        else:
            left += size.width - first.width if item.right_aligned else 0
            top += size.height - first.height if item.y > first.height / 2 else 0
        box = Box(round(left + dx), round(top + dy), round(left + dx + width), round(top + dy + height)).clipped(size)
        if box is not None:
            found.append(box)
    return tuple(found)
