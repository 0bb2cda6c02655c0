"""The proof must be able to fail: right outputs pass, and each way of damaging one is caught by the check for it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from support.files import Overlay, letter_bits, pack_bits
from support.proofcases import AREA, CASES, COLUMNS, INNER, ROWS, stack
from support.proofs import Damage, cells_changed, edited, element_start, reframed, replaced


@pytest.mark.parametrize("case", CASES)
def test_the_writers_own_file_passes(case: str) -> None:
    proof = CASES[case]().proof()
    assert proof.findings == ()
    assert proof.passed
    assert proof.touched


@pytest.mark.parametrize("case", sorted(CASES.keys() - {"deflated_frames"}))  # which pydicom does not know
def test_a_file_that_pydicom_wrote_again_passes(case: str) -> None:
    """What differs only by another program's hand is no damage, so the damages below are found for themselves."""
    found = CASES[case]()
    assert found.proof(edited(lambda _: None)(found.after)).findings == ()


def _set(**values: Any) -> Damage:
    def put(found: Dataset) -> None:
        for name, value in values.items():
            setattr(found, name, value)

    return edited(put)


def _drop(name: str) -> Damage:
    return edited(lambda found: delattr(found, name))


def _add(at: int, value: int) -> Callable[[np.ndarray[Any, Any]], None]:
    def change(cells: np.ndarray[Any, Any]) -> None:
        cells[at] += value

    return change


def _flip(at: int, mask: int) -> Callable[[np.ndarray[Any, Any]], None]:
    def change(cells: np.ndarray[Any, Any]) -> None:
        cells[at] ^= mask

    return change


def _swap_frames(cells: np.ndarray[Any, Any]) -> None:
    stack = cells.reshape(3, -1)
    stack[[0, 2]] = stack[[2, 0]]


def _overlay(frame: int, x: int, y: int) -> Damage:
    """Turn one bit of OverlayData over (20 x 16 pixels a frame)."""

    def put(found: Dataset) -> None:
        data = bytearray(found[0x60003000].value)
        bit = frame * 320 + y * 20 + x
        data[bit // 8] ^= 1 << bit % 8
        found[0x60003000].value = bytes(data)

    return edited(put)


def _overlay_frames_swapped(found: Dataset) -> None:
    bits = np.unpackbits(np.frombuffer(found[0x60003000].value, np.uint8), bitorder="little")[:640].reshape(2, 320)
    found[0x60003000].value = pack_bits(bits[::-1])


def _planes_swapped(found: Dataset) -> None:
    cells = np.frombuffer(found.PixelData, np.uint8).reshape(-1, 3)
    found.PixelData = cells[:, [2, 1, 0]].tobytes()


def _table(change: Callable[[list[int]], list[int]]) -> Damage:
    """Change the basic offset table in place."""

    def damage(data: bytes) -> bytes:
        at = element_start(data, 0x7FE00010) + 12
        count = struct.unpack("<L", data[at + 4 : at + 8])[0] // 4
        table = list(struct.unpack(f"<{count}L", data[at + 8 : at + 8 + 4 * count]))
        return data[: at + 8] + struct.pack(f"<{count}L", *change(table)) + data[at + 8 + 4 * count :]

    return damage


def _stale_extended(found: Dataset) -> None:
    found.ExtendedOffsetTable = struct.pack("<3Q", 0, 10, 20)
    found.ExtendedOffsetTableLengths = struct.pack("<3Q", 2, 2, 2)


def _fragment_cut(data: bytes) -> bytes:
    """Take two bytes out of the last fragment, its length untouched."""
    return data[:-10] + data[-8:]


def _rle_pixel(frames: list[bytes]) -> list[bytes]:
    from support.files import rle_encode

    cells = stack(3)[1].copy()
    cells[INNER[1] : INNER[3], INNER[0] : INNER[2]] = 0
    cells[20, 30] += 1
    return [frames[0], rle_encode(cells), frames[2]]


def _j2k_again(change: Callable[[np.ndarray[Any, Any]], object], **how: Any) -> Damage:
    def put(frames: list[bytes]) -> list[bytes]:
        cells = imagecodecs.jpeg2k_decode(frames[0]).copy()
        change(cells)
        settings: dict[str, Any] = {"level": 0, "codecformat": "j2k", "reversible": True, "bitspersample": 16} | how
        return [bytes(imagecodecs.jpeg2k_encode(cells, **settings)), *frames[1:]]

    return reframed(put)


def _first(change: Callable[[bytes], bytes]) -> Damage:
    return reframed(lambda frames: [change(frames[0]), *frames[1:]])


def _j2k_comment(stream: bytes, words: bytes = b"hi") -> bytes:
    end = 4 + int.from_bytes(stream[4:6], "big")  # of the SIZ segment
    return stream[:end] + b"\xff\x64" + struct.pack(">HH", len(words) + 4, 1) + words + stream[end:]


def _hidden(case: str, frame: int) -> Damage:
    """The original codestream of a frame put behind the redacted one."""

    def change(frames: list[bytes]) -> list[bytes]:
        data = dcmread(CASES[case]().before.open())
        count = int(data.get("NumberOfFrames", 1))
        old = list(generate_frames(data.PixelData, number_of_frames=count))[frame]
        return [one + old if number == frame else one for number, one in enumerate(frames)]

    return reframed(change)


def _rle_padded(stream: bytes) -> bytes:
    """Eight bytes behind the first of two segments."""
    count, first, second = struct.unpack("<3L", stream[:12])
    return struct.pack("<3L", count, first, second + 8) + stream[12:second] + b"\0a\0b\0c\0d" + stream[second:]


def _another_block(stream: bytes) -> bytes:
    """A changed DCT coefficient somewhere behind the rectangle: the picture decoded, one block changed, coded again."""
    from dcmaudit.model import Box
    from dcmaudit.redact.jpeg.blocks import redact_blocks

    return redact_blocks(stream, [Box(60, 50, 64, 54)]).data


def _quantisation(stream: bytes) -> bytes:
    at = stream.index(b"\xff\xdb") + 5 + 20
    return stream[:at] + bytes([stream[at] + 1]) + stream[at + 1 :]


def _restart(stream: bytes) -> bytes:
    at = stream.index(b"\xff\xda")
    return stream[:at] + b"\xff\xdd\x00\x04\x00\x05" + stream[at:]


def _comment(stream: bytes) -> bytes:
    return stream[:2] + b"\xff\xfe\x00\x08hidden" + stream[2:]


def _encoded_again(stream: bytes) -> bytes:
    cells = imagecodecs.jpeg8_decode(stream)
    return bytes(imagecodecs.jpeg8_encode(cells, level=95))


def _icon_value(found: Dataset) -> None:
    found.IconImageSequence[0].PixelData = bytes(range(100, 164))


def _icon_outside(found: Dataset) -> None:
    data = bytearray(found.IconImageSequence[0].PixelData)
    data[63] ^= 1
    found.IconImageSequence[0].PixelData = bytes(data)


def _item(found: Dataset) -> None:
    found.ProcedureCodeSequence[0].CodeMeaning = "two things"


def _item_added(found: Dataset) -> None:
    found.ProcedureCodeSequence.append(Dataset())


def _private(found: Dataset) -> None:
    found.private_block(0x0099, "NOBODY", create=True).add_new(1, "LO", "something")


def _signature(found: Dataset) -> None:
    found.add_new(0xFFFAFFFA, "SQ", [Dataset()])


INSIDE = AREA + 7 * COLUMNS + 6
OUTSIDE = AREA + 20 * COLUMNS + 30
DAMAGES: dict[str, tuple[str, Damage, str]] = {
    "one pixel outside by one level": ("native", cells_changed(_add(OUTSIDE, 1)), "outside identical"),
    "one pixel just beside the box": ("native", cells_changed(_flip(AREA + 6 * COLUMNS + 14, 1)), "outside identical"),
    "one pixel of an untouched frame": ("native", cells_changed(_flip(5, 1)), "untouched frames identical"),
    "one pixel inside by one level": ("native", cells_changed(_add(INSIDE, 1)), "inside black"),
    "the box not black but grey": ("colour", cells_changed(lambda c: c.__setitem__(c == 0, 9), "u1"), "inside black"),
    "two frames swapped": ("native", cells_changed(_swap_frames), "untouched frames identical"),
    "one bit of an overlay in the pixel data": ("native", cells_changed(_flip(OUTSIDE, 1 << 12)), "other bits"),
    "one stray bit": ("native", cells_changed(_flip(AREA, 1 << 14)), "other bits"),
    "a new stray bit": ("native", cells_changed(_flip(OUTSIDE, 1 << 15)), "other bits"),
    "a stray bit inside the box": ("native", cells_changed(_flip(INSIDE, 1 << 15)), "other bits"),
    "a stray bit in an untouched frame": ("native", cells_changed(_flip(1, 1 << 13)), "untouched frames identical"),
    "one bit of an overlay outside": ("native", _overlay(0, 12, 10), "overlays"),
    "one bit of an overlay inside": ("native", _overlay(0, 4, 2), "overlays"),
    "one bit of another overlay frame": ("native", _overlay(1, 4, 2), "overlays"),
    "two overlay frames swapped": ("native", edited(_overlay_frames_swapped), "overlays"),
    "an overlay frame less": ("native", edited(lambda d: d.add_new(0x60000015, "IS", "1")), "elements"),
    "an overlay moved": ("native", edited(lambda d: d.add_new(0x60000050, "SS", [2, 1])), "planes"),
    "an overlay dropped": ("native", edited(lambda d: d.group_dataset(0x6000).walk(lambda _, e: d.pop(e.tag))),
                           "planes"),
    "an overlay added": ("native", edited(lambda d: Overlay(letter_bits(), 0x6010).put(d)), "planes"),
    "an overlay in the pixel data disowned": ("native", edited(lambda d: d.pop(0x60020102)), "elements"),
    "a sign that goes on differently": ("signed", cells_changed(_flip(7 * COLUMNS + 6, 1 << 13)), "other bits"),
    "the largest value instead of black": ("signed", cells_changed(lambda c: c.__setitem__(c == 0xF800, 0x07FF)),
                                           "inside black"),
    "red and blue swapped": ("colour", edited(_planes_swapped), "outside identical"),
    "RGB on YBR data": ("ybr", _set(PhotometricInterpretation="RGB"), "pixel description"),
    "YBR on RGB data": ("colour", _set(PhotometricInterpretation="YBR_FULL"), "pixel description"),
    "MONOCHROME1 instead of 2": ("native", _set(PhotometricInterpretation="MONOCHROME1"), "pixel description"),
    "another PlanarConfiguration": ("colour", _set(PlanarConfiguration=1), "pixel description"),
    "another BitsStored": ("native", _set(BitsStored=11), "pixel description"),
    "another HighBit": ("native", _set(HighBit=12), "pixel description"),
    "another PixelRepresentation": ("native", _set(PixelRepresentation=1), "pixel description"),
    "rows and columns swapped": ("native", _set(Rows=COLUMNS, Columns=ROWS), "pixel description"),
    "NumberOfFrames one less": ("native", _set(NumberOfFrames="2"), "number of frames"),
    "NumberOfFrames one more": ("rle", _set(NumberOfFrames="4"), "number of frames"),
    "a frame less": ("rle", reframed(lambda f: f[:2]), "frames"),
    "a frame more": ("rle", reframed(lambda f: [*f, f[2]]), "frames"),
    "encapsulated frames swapped": ("rle", reframed(lambda f: [f[2], f[1], f[0]]), "untouched frames identical"),
    "one pixel of an RLE frame": ("rle", reframed(_rle_pixel), "outside identical"),
    "a stale basic offset table": ("rle", _table(lambda t: [t[0], t[1] + 2, t[2] + 2]), "offset tables"),
    "a basic offset table upside down": ("rle", _table(lambda t: [t[0], t[2], t[1]]), "offset tables"),
    "a stale extended offset table": ("extended", edited(_stale_extended), "offset tables"),
    "the original behind an RLE frame": ("rle", _hidden("rle", 1), "decoding"),
    "bytes inside an RLE segment": ("rle", reframed(lambda f: [f[0], _rle_padded(f[1]), f[2]]), "decoding"),
    "the original behind a J2K frame": ("j2k", _hidden("j2k", 0), "nothing behind the picture"),
    "the original behind a JPEG frame": ("jpeg", _hidden("jpeg", 0), "nothing behind the picture"),
    "the original behind a JPEG-LS frame": ("jpeg_ls", _hidden("jpeg_ls", 0), "nothing behind the picture"),
    "the original behind a lossless JPEG frame": ("jpeg_lossless", _hidden("jpeg_lossless", 0),
                                                  "nothing behind the picture"),
    "the original in a J2K comment": ("j2k", _first(lambda f: _j2k_comment(f, b"x" * 500)),
                                      "nothing behind the picture"),
    "a fragment cut": ("rle", _fragment_cut, "fragments"),
    "no sequence delimiter": ("rle", lambda data: data[:-8], "fragments"),
    "bytes behind the end": ("native", lambda data: data + b"text", "file length"),
    "an element behind the pixels": ("native", lambda data: data + b"\xfc\xff\xfc\xffOB\0\0\x04\0\0\0text", "elements"),
    "the file cut": ("native", lambda data: data[:-6], "file length"),
    "an attribute changed": ("native", _set(StudyDescription="world"), "elements"),
    "an attribute dropped": ("native", _drop("StudyDescription"), "elements"),
    "a private element added": ("native", edited(_private), "elements"),
    "a signature added": ("native", edited(_signature), "elements"),
    "a sequence item changed": ("native", edited(_item), "elements"),
    "a sequence item added": ("native", edited(_item_added), "elements"),
    "ImageType still ORIGINAL": ("native", _set(ImageType=["ORIGINAL", "PRIMARY"]), "elements"),
    "ImageType value 2 changed": ("native", _set(ImageType=["DERIVED", "SECONDARY"]), "elements"),
    "a smallest pixel value of its own": ("native", edited(lambda d: d.add_new(0x00280106, "US", 9)), "elements"),
    "the lossy flag lost": ("jpeg", _drop("LossyImageCompression"), "elements"),
    "the lossy flag turned": ("jpeg", _set(LossyImageCompression="00"), "elements"),
    "the ratio lost": ("jpeg", _drop("LossyImageCompressionRatio"), "elements"),
    "BurnedInAnnotation NO that nobody asserted": ("native", _set(BurnedInAnnotation="NO"), "elements"),
    "the assertion lost": ("asserted", _drop("BurnedInAnnotation"), "elements"),
    "the method codes lost": ("asserted", _drop("DeidentificationMethodCodeSequence"), "elements"),
    "PatientIdentityRemoved claimed": ("asserted", _set(PatientIdentityRemoved="YES"), "elements"),
    "another transfer syntax on the label": ("j2k", replaced(b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.4.91"),
                                             "file meta information"),
    "the class of another object": ("native", replaced(b"1.2.840.10008.5.1.4.1.1.7", b"1.2.840.10008.5.1.4.1.1.2"),
                                    "file meta information"),
    "the UID changed without being asked": ("native", _set(SOPInstanceUID="2.25.99"), "elements"),
    "a UID that is none": ("new_uid", _set(SOPInstanceUID="2.25.x"), "elements"),
    "the old UID": ("new_uid", _set(SOPInstanceUID="1.2.826.0.1.3680043.10.1.1"), "elements"),
    "a UID that the file meta contradicts": ("new_uid", replaced(b"2.25.1234", b"2.25.1235"), "file meta information"),
    "one pixel of a J2K frame": ("j2k", _j2k_again(lambda c: c.__setitem__((20, 30), 7)), "outside identical"),
    "one pixel inside of a J2K frame": ("j2k", _j2k_again(lambda c: c.__setitem__((7, 6), 1)), "inside black"),
    "a lossy J2K frame": ("j2k", _j2k_again(lambda _: None, level=30, reversible=False), "outside identical"),
    "a comment in an untouched J2K frame": ("j2k", reframed(lambda f: [f[0], _j2k_comment(f[1])]),
                                            "untouched frames identical"),
    "a J2K frame cut": ("j2k", _first(lambda stream: stream[:-40]), "decoding"),
    "a block of a JPEG elsewhere": ("jpeg", _first(_another_block), "jpeg blocks"),
    "a quantisation table changed": ("jpeg", _first(_quantisation), "jpeg blocks"),
    "restart intervals announced": ("jpeg", _first(_restart), "decoding"),
    "a comment in a JPEG": ("jpeg", _first(_comment), "jpeg blocks"),
    "a JPEG coded again": ("jpeg", _first(_encoded_again), "jpeg blocks"),
    "the original JPEG again": ("jpeg", lambda _: _original("jpeg"), "inside black"),
    "the original again": ("native", lambda _: _original("native"), "inside black"),
    "an untouched JPEG frame changed": ("jpeg", reframed(lambda f: [f[0], _another_block(f[1])]),
                                        "untouched frames identical"),
    "an icon not redacted": ("icon", edited(_icon_value), "icons"),
    "an icon changed elsewhere": ("icon", edited(_icon_outside), "icons"),
    "an icon's size changed": ("icon", edited(lambda d: setattr(d.IconImageSequence[0], "Columns", 4)), "icons"),
    "a preamble with something in it": ("native", lambda data: b"hello" + data[5:], "file meta information"),
    "a length of the file meta that is none": ("native", lambda data: data[:140] + b"\x01\0\0\0" + data[144:],
                                               "file meta information"),
}  # fmt: skip


def _original(case: str) -> bytes:
    with CASES[case]().before.open() as stream:
        return stream.read()


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_caught(name: str) -> None:
    case, damage, check = DAMAGES[name]
    found = CASES[case]()
    damaged = damage(found.after)
    assert damaged != found.after, "the damage did nothing"
    proof = found.proof(damaged)
    assert not proof.passed
    assert check in {finding.check for finding in proof.findings}, [str(f) for f in proof.findings]


def test_findings_hold_no_values_of_the_file() -> None:
    for name, (case, damage, _) in DAMAGES.items():
        found = CASES[case]()
        told = " ".join(map(str, found.proof(damage(found.after)).findings))
        for secret in ("Doe", "Jane", "4711", "words", "world", "something", "one thing", "hidden"):
            assert secret not in told, name
