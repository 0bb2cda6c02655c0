"""Bits that no viewer shows, values that look alike: none of them may keep the original where it is to be black."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.codecs.encode import EncodeSpec, Target, encode_frame
from dcmaudit.model import Everywhere, FrameAddress, OverlayAddress
from dcmaudit.model.redaction import RedactionOptions
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    JPEG_LOSSLESS_SV1,
    MemoryReference,
    Overlay,
    color_gradient,
    dataset,
    file_bytes,
    gradient,
    letter_bits,
    reference,
)
from support.hiding import Hide, cells, element, frames, original, pixels, swapped, value_of, with_frame
from support.proofcases import CASES, INNER
from support.proofs import Redacted, ask, edited, redacted

ROWS, COLUMNS = 24, 32
Array = np.ndarray[Any, Any]
Put = Callable[[Array, Array], Array | None]
"""Changes cells of the output, (rows, columns[, samples]), knowing the original's."""


def _noise(top: int, dtype: Any = np.uint16, seed: int = 3) -> Array:
    return np.random.default_rng(seed).integers(0, top, (ROWS, COLUMNS)).astype(dtype)


def _redacted(cells: Array, syntax: str = EXPLICIT, **how: Any) -> Redacted:
    return redacted(reference(cells, syntax, **how), ask(INNER, Everywhere.ALL_FRAMES))


def _letters() -> Array:
    return np.pad(letter_bits(), ((0, ROWS - 16), (0, COLUMNS - 20)))


@cache
def signed() -> Redacted:
    """Twelve bits, signed, the sign repeated above."""
    return _redacted((_noise(4096).astype(np.int32) - 2048).astype(np.int16), bits_stored=12)


@cache
def unsigned() -> Redacted:
    """Twelve bits, and text in the four above."""
    return _redacted(_noise(4096) | (_letters().astype(np.uint16) << 13), bits_stored=12)


@cache
def shifted() -> Redacted:
    """Twelve bits at the top of the cell, and text in those below."""
    return _redacted((_noise(4096) << 4) | (_letters().astype(np.uint16) * 5), bits_stored=12, high_bit=15)


@cache
def one_bit() -> Redacted:
    """One bit stored at the top of a cell of sixteen, and twelve bits of a picture below."""
    return _redacted((_noise(2) << 15) | _noise(4096, seed=5), bits_stored=1, high_bit=15)


@cache
def claimed() -> Redacted:
    overlay = Overlay(_letters(), 0x6000, embedded=12)
    return _redacted(_noise(4096), bits_stored=12, overlays=[overlay])


@cache
def stripped() -> Redacted:
    before = reference(_noise(4096) | (_letters().astype(np.uint16) << 13), bits_stored=12)
    return redacted(before, ask(INNER, Everywhere.ALL_FRAMES), options=RedactionOptions(remove_high_bits=True))


@cache
def floating() -> Redacted:
    return _redacted(_noise(1000).astype(np.float32))


@cache
def double() -> Redacted:
    return _redacted(_noise(1000).astype(np.float64) / 7)


@cache
def rgb() -> Redacted:
    return _redacted(color_gradient(), photometric="RGB")


@cache
def planar() -> Redacted:
    return _redacted(color_gradient(), photometric="RGB", planar=1)


@cache
def ybr() -> Redacted:
    return _redacted(color_gradient(), photometric="YBR_FULL")


@cache
def halved() -> Redacted:
    data = dataset(color_gradient(), photometric="YBR_FULL_422")
    data.PixelData = bytes(np.arange(ROWS * COLUMNS * 2, dtype=np.uint32).astype(np.uint8))
    return redacted(MemoryReference("built.dcm", file_bytes(data)), ask(INNER, Everywhere.ALL_FRAMES))


@cache
def palette() -> Redacted:
    table = np.arange(255, -1, -1, dtype=np.uint16) * 257
    table[-3:] = 0
    extra: dict[str, Any] = {}
    for name in ("Red", "Green", "Blue"):
        extra[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        extra[f"{name}PaletteColorLookupTableData"] = table.tobytes()
    return _redacted(gradient(), photometric="PALETTE COLOR", extra=extra)


@cache
def odd() -> Redacted:
    """A frame of an odd number of bytes."""
    return _redacted(gradient(23, 31))


@cache
def swapped_bytes() -> Redacted:
    return _redacted(gradient(23, 31), BIG_ENDIAN)


@cache
def single_bits() -> Redacted:
    return redacted(reference((gradient(9, 7) % 2)[np.newaxis], frames=1, bits_allocated=1), ask(
        (1, 2, 5, 6), FrameAddress(0)))  # fmt: skip


@cache
def overlay() -> Redacted:
    bits = np.pad(letter_bits(), ((0, 1), (0, 1)))  # 17 x 21 pixels: bits are left over
    return redacted(reference(gradient(), overlays=[Overlay(bits)]), ask((2, 2, 9, 9), OverlayAddress(0x6000, 0)))


@cache
def lossless() -> Redacted:
    return _redacted(_noise(4096), JPEG_LOSSLESS_SV1, bits_stored=12)


def _icon(value: bytes, **how: int) -> Redacted:
    small = Dataset()
    small.SamplesPerPixel, small.PhotometricInterpretation = 1, "MONOCHROME2"
    small.Rows = small.Columns = 8
    small.BitsAllocated, small.BitsStored, small.HighBit, small.PixelRepresentation = 8, 8, 7, 0
    for name, number in how.items():
        setattr(small, name, number)
    small.PixelData = value
    small["PixelData"].VR = "OW"
    return redacted(reference(gradient(), extra={"IconImageSequence": [small]}), ask(
        (8, 8, 16, 16), Everywhere.ALL_FRAMES))  # fmt: skip


@cache
def deep_icon() -> Redacted:
    """Eight bits of sixteen."""
    return _icon(np.arange(100, 164, dtype="<u2").tobytes(), BitsAllocated=16)


@cache
def odd_icon() -> Redacted:
    return _icon(bytes(range(100, 149)) + b"\0", Rows=7, Columns=7)


MORE: dict[str, Callable[[], Redacted]] = {
    case.__name__: case
    for case in (
        signed, unsigned, shifted, one_bit, claimed, stripped, floating, double, rgb, planar, ybr, halved, palette,
        odd, swapped_bytes, single_bits, overlay, lossless, deep_icon, odd_icon,
    )
}  # fmt: skip
BOX = np.s_[INNER[1] : INNER[3], INNER[0] : INNER[2]]
OUTSIDE = np.s_[16:22, 20:30]


def _cells(put: Put, dtype: str = "<u2", shape: tuple[int, ...] = (ROWS, COLUMNS)) -> Hide:
    """Change the native cells of the output."""

    def hide(found: Redacted) -> bytes:
        old, new, at = cells(found, dtype)
        size = int(np.prod(shape))
        a, b = old[:size].reshape(shape), new[:size].reshape(shape)
        changed = put(a, b)
        data = new.tobytes() if changed is None else changed.tobytes() + new[size:].tobytes()
        return found.after[:at] + data + found.after[at + len(data) :]

    return hide


def _bits(mask: int, where: Any = BOX) -> Put:
    """Bits of the original's cells."""

    def put(old: Array, new: Array) -> None:
        new[where] = (new[where] & ~np.uint16(mask)) | (old[where] & np.uint16(mask))

    return put


def _turned(mask: int, where: Any) -> Put:
    def put(_: Array, new: Array) -> None:
        new[where] ^= new.dtype.type(mask)

    return put


def _sign_above(old: Array, new: Array) -> None:
    """A naive redactor: stored values black, the bits above as they were, which are the sign of what was there."""
    new[BOX] = (new[BOX] & np.uint16(0x0FFF)) | (old[BOX] & np.uint16(0xF000))


def _sign_where_dark(old: Array, new: Array) -> None:
    """The sign goes on above black in those pixels in which the original was dark, and is clear in the others."""
    new[BOX] = np.where(old[BOX] & 0x0FFF > 0x0400, np.uint16(0x0800), np.uint16(0xF800))


def _minus_zero(old: Array, new: Array) -> Array:
    picture = new.view("<f4").reshape(ROWS, COLUMNS).copy()
    picture[BOX] = np.where(old.view("<f4").reshape(ROWS, COLUMNS)[BOX] > 500, np.float32(-0.0), np.float32(0.0))
    return picture


def _nan_payload(old: Array, new: Array) -> Array:
    picture = new.copy()
    picture[BOX] = np.uint32(0x7FC00000) | (old[BOX] & np.uint32(0x3FFFFF))
    return picture


def _low_float_bits(old: Array, new: Array) -> Array:
    picture = new.copy()
    picture[BOX] = (picture[BOX] & ~np.uint64(0xFF)) | (old[BOX] >> np.uint64(44) & np.uint64(0xFF))
    return picture


def _denormal(old: Array, new: Array) -> Array:
    picture = new.copy()
    picture[BOX] = old[BOX] >> np.uint32(16)
    return picture


def _chroma(old: Array, new: Array) -> Array:
    picture = new.copy()
    picture[BOX][..., 1:] = old[BOX][..., 1:]
    return picture


def _low_colour(old: Array, new: Array) -> Array:
    picture = new.copy()
    picture[BOX] = old[BOX] & 1
    return picture


def _one_channel(old: Array, new: Array) -> Array:
    picture = new.copy()
    picture[BOX][..., 2] = old[BOX][..., 2] >> 6
    return picture


def _planar_blue(old: Array, new: Array) -> Array:
    picture = new.copy()
    picture[2][BOX] = old[2][BOX] & 3
    return picture


def _shared_chroma(old: Array, new: Array) -> Array:
    picture = new.copy()
    picture[6:12, 2:7, 2:] = old[6:12, 2:7, 2:]
    return picture


def _as_dark(old: Array, new: Array) -> Array:
    """Entries of the palette that are equally dark draw the original."""
    picture = new.copy()
    picture[BOX] = np.where(old[BOX] & 16, 253, 255).astype(np.uint8)
    return picture


def _longer(size: int) -> Hide:
    def hide(found: Redacted) -> bytes:
        value = value_of(found.after, 0x7FE00010) + pixels(found, size)
        return swapped(found.after, 0x7FE00010, element(0x7FE00010, "OW", value))

    return hide


def _palette_data(found: Redacted) -> bytes:
    value = bytearray(value_of(found.after, 0x00281201))
    value[0:200] = pixels(found, 200)
    return swapped(found.after, 0x00281201, element(0x00281201, "OW", bytes(value)))


def _palette_longer(found: Redacted) -> bytes:
    return swapped(
        found.after, 0x00281202, element(0x00281202, "OW", value_of(found.after, 0x00281202) + pixels(found))
    )


def _palette_shorter(found: Redacted) -> bytes:
    value = value_of(found.after, 0x00281202)[:-60]
    return swapped(found.after, 0x00281202, element(0x00281202, "OW", value))


def _last_byte(found: Redacted) -> bytes:
    at = 7 if found.after[-1:] == b"\0" else 1
    return found.after[:-1] + bytes([at])


def _big_last_byte(found: Redacted) -> bytes:
    return found.after[:-2] + bytes([found.after[-2] ^ 0x55]) + found.after[-1:]


def _spare_bits(tag: int) -> Hide:
    def hide(found: Redacted) -> bytes:
        value = bytearray(value_of(found.after, tag))
        value[-1] ^= 0x80
        return swapped(found.after, tag, element(tag, "OW", bytes(value)))

    return hide


def _overlay_longer(found: Redacted) -> bytes:
    value = value_of(found.after, 0x60003000) + pixels(found, 400)
    return swapped(found.after, 0x60003000, element(0x60003000, "OW", value))


def _overlay_again(found: Redacted) -> bytes:
    return swapped(found.after, 0x60003000, element(0x60003000, "OW", original(found)[0x60003000].value))


def _icon_value(change: Callable[[bytes, bytes], bytes]) -> Hide:
    def hide(found: Redacted) -> bytes:
        def put(data: Dataset) -> None:
            item = data.IconImageSequence[0]
            item.PixelData = change(item.PixelData, original(found).IconImageSequence[0].PixelData)

        return edited(put)(found.after)

    return hide


def _high_bytes(new: bytes, old: bytes) -> bytes:
    a, b = np.frombuffer(new, "<u2").copy(), np.frombuffer(old, "<u2")
    return (a | (b << 8)).astype("<u2").tobytes()


def _again(change: Callable[[Array, Array], Array]) -> Hide:
    """A lossless JPEG coded again, with more bits than are stored."""

    def hide(found: Redacted) -> bytes:
        old = imagecodecs.jpegsof3_decode(frames(found)[0])
        new = old.copy()
        new[BOX] = 0
        return with_frame(found, 0, encode_frame(change(old, new), EncodeSpec(Target.JPEG_LOSSLESS_SV1, 16)))

    return hide


def _above(old: Array, new: Array) -> Array:
    new[BOX] |= (old[BOX] << 8) & 0xF000
    return new


COLOUR = (ROWS, COLUMNS, 3)
HIDDEN: dict[str, tuple[str, Hide]] = {
    "the sign of what was there above black": ("signed", _cells(_sign_above)),
    "signs above black that draw": ("signed", _cells(_sign_where_dark)),
    "one bit of the signs above black": ("signed", _cells(_turned(0x4000, np.s_[7, 6]))),
    "signs above one black pixel that are gone": ("signed", _cells(_turned(0xF000, np.s_[7, 6]))),
    "signs outside the box": ("signed", _cells(_turned(0x8000, OUTSIDE))),
    "stray bits inside the box": ("unsigned", _cells(_bits(0x2000))),
    "all bits above inside the box": ("unsigned", _cells(_bits(0xF000))),
    "new stray bits inside the box": ("unsigned", _cells(_turned(0x8000, np.s_[6:12:2, 4:14]))),
    "stored bits moved into stray ones": ("unsigned", _cells(
        lambda old, new: new.__setitem__(BOX, (old[BOX] & np.uint16(0x0F00)) << np.uint16(4)))),
    "stray bits outside the box": ("unsigned", _cells(_turned(0x4000, OUTSIDE))),
    "low bits outside the box": ("unsigned", _cells(
        lambda old, new: new.__setitem__(OUTSIDE, (new[OUTSIDE] & 0xFFFE) | (old[6:12, 4:14] >> 11 & 1)))),
    "low bits in the last row": ("unsigned", _cells(_turned(1, np.s_[23, ::3]))),
    "one low bit beside the box": ("unsigned", _cells(_turned(1, np.s_[6, 14]))),
    "bits below the stored ones inside the box": ("shifted", _cells(_bits(0x000F))),
    "one bit below the stored ones inside the box": ("shifted", _cells(_turned(1, np.s_[7, 6]))),
    "bits below the stored ones outside the box": ("shifted", _cells(_turned(8, OUTSIDE))),
    "twelve bits below one stored": ("one_bit", _cells(_bits(0x0FFF))),
    "fifteen bits below one stored": ("one_bit", _cells(_bits(0x7FFF))),
    "an overlay's bits inside the box, drawn anew": ("claimed", _cells(
        lambda old, new: new.__setitem__(BOX, (old[BOX] & np.uint16(0x0800)) << np.uint16(1)))),
    "one bit of an overlay that the plan does not mark": ("claimed", _cells(_turned(0x1000, np.s_[7, 6]))),
    "bits beside an overlay's inside the box": ("claimed", _cells(_turned(0x2000, np.s_[6:12:3, 4:14]))),
    "high bits that were to be cleared": ("stripped", _cells(_bits(0x2000, np.s_[:, :]))),
    "high bits that were to be cleared in the box": ("stripped", _cells(_turned(0x8000, np.s_[7, 6:9]))),
    "minus zeros that draw": ("floating", _cells(_minus_zero, "<u4")),
    "payloads of no numbers": ("floating", _cells(_nan_payload, "<u4")),
    "floats too small to be seen": ("floating", _cells(_denormal, "<u4")),
    "low bits of black doubles": ("double", _cells(_low_float_bits, "<u8")),
    "low bits of doubles outside": ("double", _cells(_turned(3, OUTSIDE), "<u8")),
    "low bits of floats outside": ("floating", _cells(_turned(1, OUTSIDE), "<u4")),
    "low bits of colour": ("rgb", _cells(_low_colour, "u1", COLOUR)),
    "one channel of colour": ("rgb", _cells(_one_channel, "u1", COLOUR)),
    "the blue plane": ("planar", _cells(_planar_blue, "u1", (3, ROWS, COLUMNS))),
    "chroma inside the box": ("ybr", _cells(_chroma, "u1", COLOUR)),
    "shared chroma inside the box": ("halved", _cells(_shared_chroma, "u1", (ROWS, COLUMNS // 2, 4))),
    "shared chroma outside the box": ("halved", _cells(
        lambda _, new: np.where(np.arange(4) > 1, new ^ 1, new), "u1", (ROWS, COLUMNS // 2, 4))),
    "entries of a palette that look alike": ("palette", _cells(_as_dark, "u1")),
    "the data of a palette": ("palette", _palette_data),
    "the data of a palette, longer": ("palette", _palette_longer),
    "the data of a palette cut too short": ("palette", _palette_shorter),
    "the byte behind an odd frame": ("odd", _last_byte),
    "the byte behind an odd frame in big endian": ("swapped_bytes", _big_last_byte),
    "a second frame behind the first": ("odd", _longer(714)),
    "a few bytes behind the frame": ("rgb", _longer(6)),
    "a frame that is not counted": ("rgb", _longer(ROWS * COLUMNS * 3)),
    "bits behind a frame of bits": ("single_bits", _spare_bits(0x7FE00010)),
    "bits behind an overlay": ("overlay", _spare_bits(0x60003000)),
    "bytes behind an overlay": ("overlay", _overlay_longer),
    "the overlay as it was": ("overlay", _overlay_again),
    "high bytes of an icon": ("deep_icon", _icon_value(_high_bytes)),
    "one high byte of an icon": ("deep_icon", _icon_value(lambda new, _: new[:37] + b"\1" + new[38:])),
    "the byte behind an odd icon": ("odd_icon", _icon_value(lambda new, _: new[:-1] + b"\x7f")),
    "an icon of two frames": ("odd_icon", _icon_value(lambda new, old: new + old)),
    "the icon as it was": ("deep_icon", _icon_value(lambda _, old: old)),
    "bits above the stored ones of a lossless JPEG": ("lossless", _again(_above)),
    "one bit above outside the box of a lossless JPEG": ("lossless", _again(
        lambda _, new: new | (np.arange(ROWS * COLUMNS).reshape(new.shape) == 700).astype(np.uint16) << 13)),
}  # fmt: skip


@pytest.mark.parametrize("case", MORE)
def test_the_files_that_are_damaged_here_pass(case: str) -> None:
    assert MORE[case]().proof().findings == ()


@pytest.mark.parametrize("name", HIDDEN)
def test_nothing_is_hidden_in_the_cells(name: str) -> None:
    case, hide = HIDDEN[name]
    found = (CASES | MORE)[case]()
    damaged = hide(found)
    assert damaged != found.after, "the damage did nothing"
    assert not found.proof(damaged).passed


def test_a_length_that_is_true_is_no_damage() -> None:
    found = MORE["rgb"]()
    value = value_of(found.after, 0x7FE00010)
    assert swapped(found.after, 0x7FE00010, element(0x7FE00010, "OB", value)) == found.after
    assert struct.unpack("<L", found.after[140:144])[0]
