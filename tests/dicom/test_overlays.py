"""Overlays: classic ones of any size and place, and those in the bits of the pixel data."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from dcmaudit.dicom import open_instance
from dcmaudit.errors import HeaderError
from dcmaudit.model import FrameAddress, OverlayAddress, PlaneKind, Point, Size
from support.corpus import shared_file
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    NATIVE_SYNTAXES,
    RLE,
    MemoryReference,
    Overlay,
    PathReference,
    dataset,
    encode,
    file_bytes,
    gradient,
    letter_bits,
    pack_bits,
    reference,
)

KEEPS_BITS = (JPEG_LOSSLESS, JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_2000_LOSSLESS, RLE)


@pytest.mark.parametrize("syntax", [*NATIVE_SYNTAXES, RLE, JPEG_LS])
@pytest.mark.parametrize(("rows", "columns"), [(16, 20), (7, 13), (40, 64)])
def test_an_overlay_of_any_size_in_any_syntax(syntax: str, rows: int, columns: int) -> None:
    bits = letter_bits(rows, columns)
    with open_instance(reference(gradient(), syntax, overlays=[Overlay(bits, origin=(5, -3))])) as instance:
        frame, overlay = instance.planes
        assert frame.kind is PlaneKind.FRAME
        assert overlay.address == OverlayAddress(0x6000, 0)
        assert overlay.size == Size(columns, rows)
        assert overlay.group.origin == Point(-4, 4)
        samples = instance.read(overlay.address)
        assert (samples.photometric, samples.bits_stored) == ("BITS", 1)
        assert np.array_equal(samples.array, bits)


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
def test_overlay_frames_are_packed_without_gaps_and_groups_come_in_order(syntax: str) -> None:
    many = np.stack([letter_bits(7, 9), letter_bits(7, 9)[::-1], letter_bits(7, 9)[:, ::-1]])
    overlays = [Overlay(many, group=0x6010, image_frame_origin=2), Overlay(letter_bits(), group=0x6002)]
    with open_instance(reference(gradient(), syntax, overlays=overlays)) as instance:
        assert [p.address for p in instance.planes] == [
            FrameAddress(0),
            OverlayAddress(0x6002, 0),
            *(OverlayAddress(0x6010, k) for k in range(3)),
        ]
        assert instance.planes[2].group.image_frame_origin == 1
        for number in (2, 0, 1):
            assert np.array_equal(instance.read(OverlayAddress(0x6010, number)).array, many[number])


def test_overlays_without_pixel_data_are_shown() -> None:
    with open_instance(reference(overlays=[Overlay(letter_bits())])) as instance:
        assert [plane.kind for plane in instance.planes] == [PlaneKind.OVERLAY]
        assert np.array_equal(instance.read(OverlayAddress(0x6000, 0)).array, letter_bits())


def test_a_large_overlay_stays_in_the_file_until_it_is_read() -> None:
    bits = np.zeros((1024, 1024), np.uint8)
    bits[1000, 900:] = 1
    made = reference(gradient(), overlays=[Overlay(bits)])
    with open_instance(made) as instance:
        assert np.array_equal(instance.read(OverlayAddress(0x6000, 0)).array, bits)
        assert "131072 bytes" in [row.value for row in instance.tag_rows() if row.tag == "(6000,3000)"]


def test_too_little_overlay_data_shows_the_rows_that_are_there_and_names_the_others() -> None:
    bits = letter_bits(16, 16)
    short = np.packbits(bits, bitorder="little").tobytes()[:20]
    with open_instance(reference(gradient(), overlays=[Overlay(bits, data=short)])) as instance:
        _, overlay, missing = instance.planes
        assert overlay.size == Size(16, 10)
        assert np.array_equal(instance.read(overlay.address).array, bits[:10])
        assert missing.kind is PlaneKind.UNSHOWN
        assert missing.group.reason == "OverlayData hold 10 of 16 rows"


def test_too_few_overlay_frames_are_shown_and_the_others_named() -> None:
    bits = np.stack([letter_bits(), letter_bits()[::-1]])
    with open_instance(reference(gradient(), overlays=[Overlay(bits, frames=5)])) as instance:
        kinds = [plane.kind for plane in instance.planes]
        assert kinds == [PlaneKind.FRAME, PlaneKind.OVERLAY, PlaneKind.OVERLAY, PlaneKind.UNSHOWN]
        assert instance.planes[3].group.reason == "OverlayData hold 2 of 5 frames"


def test_more_overlay_data_than_declared_are_shown_with_a_note() -> None:
    bits = np.stack([letter_bits(16, 16), letter_bits(16, 16)[::-1]])
    with open_instance(reference(gradient(), overlays=[Overlay(bits, frames=1)])) as instance:
        assert [plane.kind for plane in instance.planes] == [PlaneKind.FRAME, PlaneKind.OVERLAY, PlaneKind.OVERLAY]
        assert np.array_equal(instance.read(OverlayAddress(0x6000, 1)).array, bits[1])
        assert "overlay 6000: OverlayData are longer than declared" in instance.notes


@pytest.mark.parametrize(("bits", "is_named"), [(0, False), (1, False), (8, True), (16, True)])
def test_overlays_of_several_bits_a_pixel_are_named(bits: int, is_named: bool) -> None:
    data = dataset(gradient(), overlays=[Overlay(rows=16, columns=16, data=bytes([0, 1]) * (16 * max(1, bits)))])
    data[0x60000100].value = bits
    with open_instance(MemoryReference("a", file_bytes(data))) as instance:
        reasons = [group.reason or "" for group in instance.planes.groups]
    assert any("of OverlayData only 1 bit a pixel is shown" in reason for reason in reasons) is is_named


def test_odd_bytes_behind_an_overlay_are_named_and_zeros_are_padding() -> None:
    data = np.packbits(letter_bits(16, 16), bitorder="little").tobytes()
    with open_instance(reference(gradient(), overlays=[Overlay(letter_bits(16, 16), data=data + b"\0" * 6)])) as clean:
        assert [plane.kind for plane in clean.planes] == [PlaneKind.FRAME, PlaneKind.OVERLAY]
    with open_instance(reference(gradient(), overlays=[Overlay(letter_bits(16, 16), data=data + b"secret")])) as odd:
        assert [plane.kind for plane in odd.planes] == [PlaneKind.FRAME, PlaneKind.OVERLAY, PlaneKind.UNSHOWN]
        assert odd.planes[2].group.reason == "6 bytes of OverlayData belong to no frame"


@pytest.mark.parametrize(("rows", "columns"), [(0, 16), (16, 0), (65535, 65535)])
def test_an_overlay_of_impossible_size_is_named(rows: int, columns: int) -> None:
    with open_instance(
        reference(gradient(), overlays=[Overlay(letter_bits(), rows=rows, columns=columns)])
    ) as instance:
        assert instance.planes[1].kind is PlaneKind.UNSHOWN
        assert "overlay 6000" in instance.planes[1].title


@pytest.mark.parametrize("syntax", [*NATIVE_SYNTAXES, *KEEPS_BITS])
def test_embedded_overlays_of_every_frame_in_every_syntax_that_keeps_them(syntax: str) -> None:
    values = np.stack([gradient(dtype=np.uint16, top=4095)] * 3)
    low, high = (np.stack([np.roll(letter_bits(24, 32), s, axis=1) for s in range(n, n + 3)]) for n in (0, 7))
    overlays = [Overlay(low, group=0x6000, embedded=12), Overlay(high, group=0x6004, embedded=15)]
    with open_instance(reference(values, syntax, frames=3, bits_stored=12, overlays=overlays)) as instance:
        kinds = [(g.kind, g.number, len(g.frames)) for g in instance.planes.groups]
        assert kinds == [
            (PlaneKind.FRAME, 0, 3),
            (PlaneKind.EMBEDDED_OVERLAY, 0x6000, 3),
            (PlaneKind.EMBEDDED_OVERLAY, 0x6004, 3),
        ]
        for number in range(3):
            assert np.array_equal(instance.read(FrameAddress(number)).array, values[number])
            assert np.array_equal(instance.read(OverlayAddress(0x6000, number)).array, low[number])
            assert np.array_equal(instance.read(OverlayAddress(0x6004, number)).array, high[number])
        assert len(instance.scan_frames()) == 9


def test_embedded_overlays_of_some_frames_only() -> None:
    values = np.stack([gradient(dtype=np.uint16, top=4095)] * 4)
    cells = values.copy()
    cells[2] |= (letter_bits(24, 32).astype(np.uint16)) << 13
    overlay = Overlay(embedded=13, frames=2, image_frame_origin=2, rows=24, columns=32)
    with open_instance(reference(cells, frames=4, bits_stored=12, overlays=[overlay])) as instance:
        assert len(instance.planes) == 6
        assert not instance.read(OverlayAddress(0x6000, 0)).array.any()
        assert np.array_equal(instance.read(OverlayAddress(0x6000, 1)).array, letter_bits(24, 32))


@pytest.mark.parametrize("bit", [16, 40, 65535])
def test_a_bit_position_outside_the_cell_is_named(bit: int) -> None:
    overlay = Overlay(embedded=bit, rows=24, columns=32)
    with open_instance(reference(gradient(dtype=np.uint16), bits_stored=12, overlays=[overlay])) as instance:
        assert f"OverlayBitPosition is {bit}" in str(instance.planes[1].group.reason)


def test_an_overlay_that_the_instance_does_not_have_is_refused() -> None:
    with open_instance(reference(gradient(), overlays=[Overlay(letter_bits())])) as instance:
        for address in (OverlayAddress(0x6002, 0), OverlayAddress(0x6000, 1)):
            with pytest.raises(HeaderError, match="no such plane"):
                instance.read(address)


def test_big_endian_overlays_have_the_bytes_of_each_word_swapped() -> None:
    made = dataset(gradient(), overlays=[Overlay(letter_bits(16, 16))], big_endian=True)
    little = np.packbits(letter_bits(16, 16), bitorder="little").tobytes()
    assert made[0x60003000].value == b"".join(little[i : i + 2][::-1] for i in range(0, len(little), 2))
    with open_instance(MemoryReference("x", file_bytes(made, BIG_ENDIAN))) as instance:
        assert np.array_equal(instance.read(OverlayAddress(0x6000, 0)).array, letter_bits(16, 16))


def test_a_real_file_with_overlays_in_bits_and_beside_them() -> None:
    with open_instance(PathReference(shared_file("ovly_p01.dcm"))) as instance:
        kinds = [(group.kind, group.number) for group in instance.scan_frames().groups]
        assert kinds == [
            (PlaneKind.FRAME, 0),
            (PlaneKind.EMBEDDED_OVERLAY, 0x6000),
            (PlaneKind.EMBEDDED_OVERLAY, 0x6002),
            (PlaneKind.OVERLAY, 0x6004),
            (PlaneKind.OVERLAY, 0x6006),
        ]
        counts = [int(instance.read(plane.address).array.sum()) for plane in instance.planes][1:]
        assert all(0 < count < 512 * 512 for count in counts), counts


def test_a_real_file_with_overlays_that_reach_outside_the_image() -> None:
    with open_instance(PathReference(shared_file("OutOfBoundsOverlay.dcm"))) as instance:
        groups = instance.planes.groups[1:]
        assert [(g.origin, g.size) for g in groups] == [
            (Point(408, 703), Size(101, 101)),
            (Point(-26, -26), Size(101, 101)),
        ]


def test_a_real_presentation_state_shows_its_overlays() -> None:
    with open_instance(PathReference(shared_file("prOverlay.dcm"))) as instance:
        assert [plane.address for plane in instance.planes] == [OverlayAddress(0x6008, 0), OverlayAddress(0x600A, 0)]
        assert instance.read(OverlayAddress(0x6008, 0)).array.shape == (512, 512)


def in_fragments(pieces: list[bytes], *, vr: bytes | None, table: bytes | None = b"") -> bytes:
    """OverlayData of undefined length, as an element of its own."""
    items = [*([table] if table is not None else []), *pieces]
    head = struct.pack("<HH", 0x6000, 0x3000) + (vr + b"\0\0" if vr else b"") + b"\xff" * 4
    value = b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item for item in items)
    return head + value + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def with_fragments(pieces: list[bytes], syntax: str, bits: np.ndarray, **how: object) -> MemoryReference:
    """A file whose overlay has ``pieces`` in the place of its data."""
    made = dataset(gradient(), overlays=[Overlay(bits)])
    data = file_bytes(made, syntax)
    vr = None if syntax == IMPLICIT else b"OW"
    start = data.index(b"\0\x60\0\x30" + (b"OW" if vr else b""))
    end = start + (12 if vr else 8) + len(pack_bits(bits))
    return MemoryReference("x", data[:start] + in_fragments(pieces, vr=vr, **how) + data[end:])  # type: ignore[arg-type]


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
@pytest.mark.parametrize("table", [None, b"", b"\0\0\0\0\x28\0\0\0"])
@pytest.mark.parametrize("size", [(64, 64), (800, 1024)])
def test_overlay_data_in_fragments_are_joined(syntax: str, table: bytes | None, size: tuple[int, int]) -> None:
    bits = np.random.default_rng(1).integers(0, 2, size, np.uint8)
    packed = pack_bits(bits)
    pieces = [packed[: len(packed) // 4 * 2], packed[len(packed) // 4 * 2 :]]
    with open_instance(with_fragments(pieces, syntax, bits, table=table)) as instance:
        assert [plane.address.key for plane in instance.all_planes()] == ["f0", "o6000.0"]
        assert np.array_equal(instance.read(OverlayAddress(0x6000, 0)).array, bits)
        assert "overlay 6000: OverlayData are in fragments, which were joined" in instance.notes


def test_compressed_overlay_data_are_named() -> None:
    bits = letter_bits()
    for code in (encode(gradient(), JPEG_2000_LOSSLESS), encode(gradient(), JPEG_BASELINE)):
        reference = with_fragments([code + b"\0" * (len(code) % 2)], EXPLICIT, bits)
        with open_instance(reference) as instance:
            assert [plane.kind for plane in instance.planes] == [PlaneKind.FRAME, PlaneKind.UNSHOWN]
            assert "compressed" in str(instance.planes[1].group.reason)


def test_something_else_than_fragments_is_named() -> None:
    reference = with_fragments([], EXPLICIT, letter_bits(), table=None)
    broken = reference.data.replace(b"\xfe\xff\xdd\xe0\0\0\0\0", b"some bytes\xfe\xff\xdd\xe0\0\0\0\0", 1)
    with open_instance(MemoryReference("x", broken)) as instance:
        assert "something else" in str(instance.planes[1].group.reason)


def test_an_overlay_group_without_any_data_is_noted() -> None:
    made = dataset(gradient())
    made.add_new(0x60000010, "US", 16)
    made.add_new(0x60000011, "US", 20)
    with open_instance(MemoryReference("x", file_bytes(made))) as instance:
        assert [plane.address.key for plane in instance.planes] == ["f0"]
        assert any("neither OverlayData" in note for note in instance.notes)


@pytest.mark.parametrize("length", [4, 2])
def test_data_that_are_some_bits_too_short(length: int) -> None:
    bits = np.ones((3, 12), np.uint8)  # four bytes and a half
    made = dataset(gradient(), overlays=[Overlay(bits, data=pack_bits(bits)[:length])])
    with open_instance(MemoryReference("x", file_bytes(made))) as instance:
        is_whole = length == 4
        assert any(group.kind is PlaneKind.UNSHOWN for group in instance.planes.groups) is not is_whole
        assert ("overlay 6000: OverlayData are 4 bits too short" in instance.notes) is is_whole
        if is_whole:
            expected = np.concatenate([np.ones(32, np.uint8), np.zeros(4, np.uint8)])
            assert np.array_equal(instance.read(OverlayAddress(0x6000, 0)).array.ravel(), expected)
