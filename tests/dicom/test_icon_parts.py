"""Whatever an item of an IconImageSequence holds beside its picture is shown behind the icons, or named."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.codecs.samples import Samples
from dcmaudit.dicom import open_instance
from dcmaudit.model import IconAddress, PlaneKind, Size, UnshownKind
from support.corpus import shared_case
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    MemoryReference,
    Overlay,
    PathReference,
    dataset,
    file_bytes,
    gradient,
    letter_bits,
)

NOISE = np.random.default_rng(5).integers(0, 256, 4096, np.uint8)


def opened(
    icons: list[Dataset], syntax: str = EXPLICIT, *, nested: bool = False
) -> tuple[dict[str, Samples], list[str]]:
    """The icons' planes by title, and the names of what is not audited."""
    made = dataset(gradient(), big_endian=syntax == BIG_ENDIAN)
    holder = made
    if nested:
        holder = Dataset()
        made.ReferencedImageSequence = [holder]
    holder.IconImageSequence = icons
    with open_instance(MemoryReference("x", file_bytes(made, syntax))) as instance:
        planes = [plane for plane in instance.planes if plane.kind is PlaneKind.ICON]
        assert [plane.address for plane in planes] == [IconAddress(number) for number in range(len(planes))]
        shown = {plane.title: instance.read(plane.address) for plane in planes}
        for plane in planes:
            assert plane.size == Size(*reversed(shown[plane.title].array.shape[:2]))
        return shown, [f"{g.unshown.name} {g.name}" for g in instance.planes.groups if g.unshown is not None]


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("nested", [False, True])
def test_several_items_and_several_frames_of_an_icon(syntax: str, nested: bool) -> None:
    big = syntax == BIG_ENDIAN
    two = np.stack([gradient(8, 6), gradient(8, 6)[::-1]])
    icons = [dataset(two, frames=2, big_endian=big), dataset(gradient(4, 4), big_endian=big)]
    shown, named = opened(icons, syntax, nested=nested)
    assert list(shown) == ["icon", "icon 2", "frame 2 of icon 1"]
    assert np.array_equal(shown["frame 2 of icon 1"].array, two[1])
    assert named == []


def test_frames_that_number_of_frames_does_not_tell_of() -> None:
    icon = dataset(np.stack([gradient(8, 6), gradient(8, 6)]), frames=2)
    del icon.NumberOfFrames
    shown, _ = opened([icon])
    assert list(shown) == ["icon", "frame 2 of icon 1"]


@pytest.mark.parametrize("frames", [1, 2])
def test_high_bits_of_an_icon(frames: int) -> None:
    cells = np.stack([gradient(16, 20, dtype=np.uint16) & 0xFF] * frames)
    cells[-1] |= letter_bits().astype(np.uint16) << 11
    icon = dataset(cells if frames > 1 else cells[0], bits_stored=8, frames=frames if frames > 1 else None)
    icon.PixelData = cells.astype("<u2").tobytes()
    shown, named = opened([icon])
    title = "stray bit 11 of icon 1" if frames == 1 else "stray bit 11 of frame 2 of icon 1"
    assert list(shown)[-1] == title
    assert np.array_equal(shown[title].array, letter_bits())
    assert named == []


def test_overlays_of_an_icon_classic_and_in_its_bits() -> None:
    cells = (gradient(16, 20, dtype=np.uint16) & 0xFF) | letter_bits().astype(np.uint16) << 9
    icon = dataset(cells, bits_stored=8, overlays=[Overlay(letter_bits())])
    icon.PixelData = cells.astype("<u2").tobytes()
    icon.add_new(0x60020010, "US", 16)
    icon.add_new(0x60020011, "US", 20)
    icon.add_new(0x60020100, "US", 16)
    icon.add_new(0x60020102, "US", 9)
    shown, named = opened([icon])
    assert list(shown) == ["icon", "overlay 6000 of icon 1", "overlay 6002 of icon 1"]
    for title in list(shown)[1:]:
        assert np.array_equal(shown[title].array, letter_bits())
    assert named == []


def test_icons_inside_icons() -> None:
    inner = dataset(gradient(6, 7))
    inner.IconImageSequence = [dataset(gradient(3, 4)), dataset(gradient(5, 5))]
    outer = dataset(gradient(8, 8))
    outer.IconImageSequence = [inner]
    shown, named = opened([outer])
    assert list(shown) == [
        "icon",
        "icon 1 inside icon 1",
        "icon 1 inside icon 1 inside icon 1",
        "icon 2 inside icon 1 inside icon 1",
    ]
    assert [samples.array.shape for samples in shown.values()] == [(8, 8), (6, 7), (3, 4), (5, 5)]
    assert named == []


def test_what_cannot_be_shown_of_an_icon_is_named() -> None:
    icon = dataset(gradient(8, 8))
    icon.PixelData += NOISE[:50].tobytes()
    icon.private_block(0x0029, "ACME", create=True).add_new(0x10, "OB", NOISE.tobytes())
    icon.ReferencedImageSequence = [dataset(gradient(4, 4))]
    shown, named = opened([icon])
    assert list(shown) == ["icon"]
    assert named == [
        "ELEMENT icon 1",
        "ELEMENT nested pixels in (0008,1140) of icon 1",
        "PRIVATE private element (0029,1010) in (0088,0200)",
    ]


@pytest.mark.parametrize(("name", "title"), [
    ("icon_two_frames", "frame 2 of icon 1"), ("icon_highbits", "stray bit 12 of icon 1"),
    ("icon_in_icon", "icon 1 inside icon 1"),
])  # fmt: skip
def test_the_files_that_leaked(name: str, title: str) -> None:
    with open_instance(PathReference(shared_case(f"leaks/{name}.dcm"))) as instance:
        titles = [plane.title for plane in instance.planes]
        assert title in titles
        assert UnshownKind.ICON not in {group.unshown for group in instance.planes.groups}
