"""Whatever could hold a picture of 24 x 24 pixels, or begins like one, is named; small harmless things are not."""

from __future__ import annotations

import base64
import io
import struct

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from dcmaudit.dicom import examine, open_instance
from dcmaudit.model import Outcome, PlaneKind, UnshownKind
from support.corpus import shared_case, shared_file
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    MemoryReference,
    PathReference,
    dataset,
    file_bytes,
    gradient,
)

SYNTAXES = [IMPLICIT, EXPLICIT, BIG_ENDIAN]
NOISE = np.random.default_rng(4).integers(0, 256, 4096, np.uint8).tobytes()
WORDS = b"The quick brown fox jumps over the lazy dog, and the dog does not mind at all. " * 60


def picture(kind: str, size: int = 24) -> bytes:
    """A small picture file."""
    out = io.BytesIO()
    Image.fromarray(np.frombuffer(NOISE, np.uint8)[: size * size].reshape(size, size)).save(out, kind)
    return out.getvalue()


def named(data: bytes) -> list[tuple[UnshownKind | None, str, str]]:
    """Kind, name and reason of everything that is not audited."""
    with open_instance(MemoryReference("x", data)) as instance:
        return [
            (group.unshown, group.name, str(group.reason))
            for group in instance.planes.groups
            if group.kind is PlaneKind.UNSHOWN
        ]


def with_private(syntax: str, vr: str, value: object, *, creator: str = "ACME", depth: int = 0) -> bytes:
    """A file whose private element (0029,xx20) holds ``value``, inside so many private sequences."""
    big = syntax == BIG_ENDIAN
    made = dataset(gradient(), big_endian=big)
    item = made
    for _ in range(depth):
        inner = Dataset()
        item.private_block(0x0029, creator, create=True).add_new(0x10, "SQ", [inner])
        item = inner
    item.private_block(0x0029, creator, create=True).add_new(0x20, vr, value)
    return file_bytes(made, syntax)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("vr", ["OB", "OW", "OF", "OD", "OL", "OV", "UN"])
def test_private_binary_values_that_can_hold_24_x_24_pixels_are_named(syntax: str, vr: str) -> None:
    [(kind, name, reason)] = named(with_private(syntax, vr, NOISE[:576]))
    assert (kind, name) == (UnshownKind.PRIVATE, "private element (0029,1020)")
    assert "576 bytes" in reason
    assert named(with_private(syntax, vr, NOISE[:568])) == []


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_private_values_are_named_at_any_depth(syntax: str, depth: int) -> None:
    [(kind, name, _)] = named(with_private(syntax, "OB", NOISE, depth=depth))
    assert kind is UnshownKind.PRIVATE
    assert name.startswith("private element (0029,1020) in (0029,1010)")
    assert name.count("in (0029,1010)") == depth


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
@pytest.mark.parametrize("undefined", [False, True])
def test_sequences_of_defined_and_undefined_length(syntax: str, undefined: bool) -> None:
    made, item = dataset(gradient()), Dataset()
    item.private_block(0x0029, "ACME", create=True).add_new(0x20, "OB", NOISE)
    made.ReferencedSeriesSequence = [item]
    made["ReferencedSeriesSequence"].is_undefined_length = undefined
    item.is_undefined_length_sequence_item = undefined
    [(kind, name, _)] = named(file_bytes(made, syntax))
    assert (kind, name) == (UnshownKind.PRIVATE, "private element (0029,1020) in (0008,1115)")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "JPEG2000", "WEBP", "PPM"])
@pytest.mark.parametrize("form", ["bytes", "base64", "lines", "hex"])
def test_pictures_are_recognised_as_bytes_and_as_text(kind: str, form: str) -> None:
    data = picture(kind)
    values: dict[str, tuple[str, object]] = {
        "bytes": ("OB", data + b"\0" * (len(data) % 2)),
        "base64": ("UT", base64.b64encode(data).decode()),
        "lines": ("LT", base64.encodebytes(data).decode()[:10200]),
        "hex": ("UT", data.hex()),
    }
    [(unshown, _, reason)] = named(with_private(EXPLICIT, *values[form]))
    assert unshown is UnshownKind.PRIVATE
    assert "look like a" in reason


def test_a_small_picture_is_named_below_576_bytes() -> None:
    out = io.BytesIO()
    Image.fromarray(np.eye(24, dtype=np.uint8) * 255).save(out, "PNG")
    assert len(out.getvalue()) < 576
    for value in (out.getvalue(), b"HEAD" + out.getvalue()):
        [(_, _, reason)] = named(with_private(EXPLICIT, "OB", value + b"\0" * (len(value) % 2)))
        assert "PNG" in reason
    [(_, _, reason)] = named(with_private(EXPLICIT, "LO", base64.b64encode(out.getvalue()).decode()))
    assert "PNG" in reason


@pytest.mark.parametrize(("vr", "value"), [
    ("UT", WORDS.decode()), ("LT", WORDS[:5000].decode()), ("LO", "Sequence 1"),
    ("UT", "".join(f"<entry name='key{i}'>value {i}</entry>\n" for i in range(80))),
])  # fmt: skip
def test_words_are_not_named(vr: str, value: object) -> None:
    assert named(with_private(EXPLICIT, vr, value)) == []


def test_zeros_in_an_element_of_the_standard_are_nothing() -> None:
    assert named(_standard(0xFFFCFFFC, "OB", bytes(5000))) == []
    assert len(named(with_private(EXPLICIT, "OB", bytes(5000)))) == 1


@pytest.mark.parametrize("text", [
    base64.b64encode(NOISE).decode(), NOISE.hex(), NOISE.hex(" "), " ".join(str(byte) for byte in NOISE[:700]),
    "\\".join(str(byte) for byte in NOISE[:700]), base64.b85encode(NOISE).decode(),
    "<image>" + base64.b64encode(NOISE).decode() + "</image>",
])  # fmt: skip
def test_pixels_written_as_text_are_named(text: str) -> None:
    [(kind, _, _)] = named(with_private(EXPLICIT, "UT", text))
    assert kind is UnshownKind.PRIVATE


def test_what_the_standard_calls_safe_is_not_named_and_what_may_be_a_picture_is() -> None:
    numbers = struct.pack("<96d", *range(96))
    block = {"creator": "SIEMENS MR HEADER"}
    made = dataset(gradient())
    made.private_block(0x0019, block["creator"], create=True).add_new(0x27, "FD", list(range(96)))
    assert len(numbers) >= 576
    assert named(file_bytes(made)) == []
    other = dataset(gradient())
    other.private_block(0x0019, "ACME", create=True).add_new(0x27, "FD", list(range(96)))
    assert [kind for kind, *_ in named(file_bytes(other))] == [UnshownKind.PRIVATE]
    codec = dataset(gradient())
    codec.private_block(0x7E01, "HOLOGIC, Inc.", create=True).add_new(0x12, "OB", NOISE)
    assert [name for _, name, _ in named(file_bytes(codec))] == ["private element (7E01,1012)"]


def _standard(tag: int, vr: str, value: object) -> bytes:
    made = dataset(gradient())
    made.add_new(tag, vr, value)
    return file_bytes(made)


@pytest.mark.parametrize(("tag", "vr", "value"), [
    (0xFFFCFFFC, "OB", NOISE), (0x00720065, "OB", NOISE), (0x00720069, "OW", NOISE),
    (0x00720078, "US", list(range(400))),
    (0x0072006E, "UT", base64.b64encode(NOISE).decode()), (0x00282000, "OB", NOISE), (0x00281201, "OW", NOISE),
    (0x00283006, "OW", NOISE), (0x60000102, "US", list(range(400))), (0x00080001, "UL", list(range(200))),
    (0x00204000, "LT", base64.b64encode(NOISE).decode()), (0x00280008, "IS", [str(i) for i in range(1, 700)]),
    (0x00082111, "ST", NOISE.hex()[:1022]), (0x00080FFF, "UN", NOISE), (0x04000520, "OB", NOISE),
])  # fmt: skip
def test_elements_of_the_standard_that_could_hold_a_picture_are_named(tag: int, vr: str, value: object) -> None:
    found = [name for kind, name, _ in named(_standard(tag, vr, value)) if kind is UnshownKind.ELEMENT]
    assert found == [f"element ({tag >> 16:04X},{tag & 0xFFFF:04X})"]


def test_group_lengths_inside_items_cannot_hide_bytes() -> None:
    item = Dataset()
    item.add_new(0x00080001, "UL", list(range(300)))
    made = dataset(gradient())
    made.ReferencedSeriesSequence = [item]
    data = file_bytes(made).replace(b"\x08\0\1\0UL", b"\x08\0\0\0UL")  # pydicom writes no group lengths
    assert [name for _, name, _ in named(data)] == ["element (0008,0000) in (0008,1115)"]


def _with_lut(entries: int, values: np.ndarray, bits: int = 16) -> bytes:
    item = Dataset()
    item.LUTDescriptor = [entries % 65536, 0, bits]
    item.add_new(0x00283006, "OW", values.astype("<u2").tobytes())
    made = dataset(gradient())
    made.VOILUTSequence = [item]
    return file_bytes(made)


def test_lut_data_are_named_where_they_are_longer_than_declared_or_no_curve() -> None:
    curve = np.arange(4096) * 16
    assert named(_with_lut(4096, curve)) == []
    assert named(_with_lut(4096, curve[::-1])) == []
    [(_, name, reason)] = named(_with_lut(2048, curve))
    assert name == "element (0028,3006) in (0028,3010)"
    assert "4096 are declared" in reason
    assert len(named(_with_lut(2048, np.frombuffer(NOISE, "<u2")))) == 1


def test_a_palette_belongs_to_a_palette_image() -> None:
    for photometric, count in (("PALETTE COLOR", 0), ("MONOCHROME2", 3)):
        made = dataset(gradient(), photometric=photometric)
        for number, name in enumerate(("Red", "Green", "Blue")):
            setattr(made, f"{name}PaletteColorLookupTableDescriptor", [1024, 0, 16])
            table = (np.arange(1024, dtype="<u2") * 60 + number).tobytes()
            setattr(made, f"{name}PaletteColorLookupTableData", table)
        assert len(named(file_bytes(made))) == count


@pytest.mark.parametrize(("tag", "length", "count"), [
    (0x00281221, 600, 0), (0x00281221, 2000, 1), (0x00281201, 512, 0), (0x00281201, 2000, 1), (0x00281211, 2000, 1),
    (0x00281200, 2000, 1), (0x00281204, 2000, 1),
])  # fmt: skip
def test_palette_data_that_their_descriptor_does_not_account_for(tag: int, length: int, count: int) -> None:
    made = dataset(gradient(), photometric="PALETTE COLOR")
    for name in ("Red", "Green", "Blue"):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(made, f"{name}PaletteColorLookupTableData", bytes(range(256)) * 2)
    made.add_new(tag, "OW", NOISE[:length])
    assert len(named(file_bytes(made))) == count


def test_real_profiles_pass_and_those_with_something_behind_do_not() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile += b"\0" * (len(profile) % 2)
    assert len(profile) >= 576
    assert named(_standard(0x00282000, "OB", profile)) == []
    [(_, _, reason)] = named(_standard(0x00282000, "OB", profile + NOISE))
    assert "behind the ICC profile" in reason
    grown = struct.pack(">L", len(profile) + len(NOISE)) + profile[4:] + NOISE
    [(_, _, reason)] = named(_standard(0x00282000, "OB", grown))
    assert "no tag" in reason


def test_values_in_per_frame_groups_are_named() -> None:
    made = dataset(np.stack([gradient()] * 2), frames=2)
    items = [Dataset(), Dataset()]
    for item in items:
        item.private_block(0x0021, "ACME", create=True).add_new(0x20, "OB", NOISE)
    made.PerFrameFunctionalGroupsSequence = items
    with open_instance(MemoryReference("x", file_bytes(made))) as instance:
        names = [(g.name, g.reason) for g in instance.scan_frames().groups if g.kind is PlaneKind.UNSHOWN]
    [(name, reason)] = names
    assert name == "private element (0021,1020) in (5200,9230)"
    assert reason is not None
    assert "8192 bytes (VR OB) in 2 items" in reason


def test_a_private_sequence_with_another_encoding_inside_un() -> None:
    item = struct.pack("<HHL", 0x0029, 0x0010, 4) + b"ACME" + struct.pack("<HHL", 0x0029, 0x1020, 4096) + NOISE
    value = struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item
    for syntax in SYNTAXES:
        [(_, name, _)] = named(with_private(syntax, "UN", value))
        assert name == "private element (0029,1020) in (0029,1020)"
    broken = value[:-100]
    [(_, name, _)] = named(with_private(EXPLICIT, "UN", broken))
    assert name == "private element (0029,1020)"


def test_private_information_of_the_file_meta_information_is_named() -> None:
    data = bytearray(file_bytes(dataset(gradient())))
    at = data.index(b"\2\0\x10\0UI")
    while data[at : at + 2] == b"\2\0":
        at += 8 + struct.unpack("<H", data[at + 6 : at + 8])[0]
    data[at:at] = struct.pack("<HH2sHL", 2, 0x0102, b"OB", 0, len(NOISE)) + NOISE
    assert [name for _, name, _ in named(bytes(data))] == ["element (0002,0102)"]


@pytest.mark.parametrize(("name", "kind"), [
    ("private_jpeg_thumb", UnshownKind.PRIVATE), ("private_sq_depth2_defined_100k", UnshownKind.PRIVATE),
    ("lut_with_extra_pixels", UnshownKind.ELEMENT), ("selectorOB", UnshownKind.ELEMENT),
    ("trailing_padding", UnshownKind.ELEMENT),
])  # fmt: skip
def test_the_files_that_leaked(name: str, kind: UnshownKind) -> None:
    reference = PathReference(shared_case(f"leaks/{name}.dcm"))
    assert examine(reference).result.outcome is Outcome.PARTLY
    with open_instance(reference) as instance:
        assert kind in {group.unshown for group in instance.scan_frames().groups}


def test_a_public_file_with_pixels_in_nested_private_sequences() -> None:
    with open_instance(PathReference(shared_file("US-GE-4AICL142.dcm"))) as instance:
        reasons = [str(g.reason) for g in instance.scan_frames().groups if g.unshown is UnshownKind.PRIVATE]
    assert sum(int(reason.split()[0]) for reason in reasons) > 1_200_000
