"""What the blacked area said is in no byte of a redacted file, wherever the original kept it a second time."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dcmaudit.errors import UnsupportedError
from dcmaudit.model import Everywhere, FrameAddress
from dcmaudit.model.redaction import IconPolicy, PrivatePolicy, RedactionOptions, RemovalReason
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    RLE,
    MemoryReference,
    Overlay,
    PathReference,
    dataset,
    encode,
    file_bytes,
)
from support.leaks import found_in
from support.proofs import Redacted, ask, redacted

ROWS, COLUMNS = 64, 80
BOX = (8, 8, 72, 56)
AREA = (slice(8, 56), slice(8, 72))
PICTURE = np.random.default_rng(7).integers(1, 250, (ROWS, COLUMNS)).astype(np.uint8)
COPY = PICTURE[AREA].tobytes()
SHARED = Path(__file__).parents[3] / "shared" / "data"

Put = Callable[[Dataset], object]


def block(data: Dataset, vr: str, value: object) -> None:
    data.add_new(0x00290010, "LO", "VENDOR")
    data.add_new(0x00291010, vr, value)


def nested(depth: int, tag: int, *, undefined: bool) -> Put:
    """A private copy at a depth, in sequences of defined or undefined length."""

    def put(data: Dataset) -> None:
        inner = data
        for _ in range(depth):
            item = Dataset()
            inner.add_new(0x00290010, "LO", "VENDOR")
            inner.add_new(tag, "SQ", Sequence([item]))
            inner[tag].is_undefined_length = undefined
            item.is_undefined_length_sequence_item = undefined
            inner = item
        block(inner, "OB", COPY)

    return put


def icon(**more: object) -> Dataset:
    small = dataset(PICTURE[:32, :40].copy(), **more)  # type: ignore[arg-type]
    for element in [one for one in small if one.tag.group < 0x0028]:
        del small[element.tag]
    return small


def with_icon(change: Callable[[Dataset], object]) -> Put:
    def put(data: Dataset) -> None:
        small = icon()
        change(small)
        data.IconImageSequence = Sequence([small])

    return put


def icon_of_two_frames(small: Dataset) -> None:
    small.PixelData += PICTURE[20:52, 20:60].tobytes()


def icon_with_high_byte(small: Dataset) -> None:
    cells = PICTURE[:32, :40].astype("<u2") * 0 + 9 | PICTURE[8:40, 8:48].astype("<u2") << 8
    small.BitsAllocated, small.PixelData = 16, cells.tobytes()
    small["PixelData"].VR = "OW"


def lut(data: Dataset) -> None:
    item = Dataset()
    item.add_new(0x00283002, "US", [256, 0, 16])
    item.ModalityLUTType = "US"
    item.add_new(0x00283006, "OW", np.arange(256, dtype="<u2").tobytes() + COPY)
    data.ModalityLUTSequence = Sequence([item])


def profile(extra: bytes, *, size: int | None = None) -> bytes:
    tag = b"cprt" + struct.pack(">2L", 144, 16)
    head = bytearray(128)
    head[36:40] = b"acsp"
    body = struct.pack(">L", 1) + tag + b"text\0\0\0\0nobody\0\0"
    head[:4] = struct.pack(">L", size or 128 + len(body))
    return bytes(head) + body + extra


def palette(data: Dataset) -> None:
    for number in range(1, 4):
        data.add_new(0x00281100 + number, "US", [256, 0, 16])
        data.add_new(0x00281200 + number, "OW", COPY[:512])


def mislabelled(data: Dataset) -> None:
    data.add_new(0x00324000, "OB", COPY)  # StudyComments, LT


ELEMENTS: dict[str, Put] = {
    **{f"private {vr}": lambda data, vr=vr: block(data, vr, COPY) for vr in ("OB", "OW", "UN", "OF", "OD", "OL", "OV")},
    "private UT in base64": lambda data: block(data, "UT", base64.b64encode(COPY).decode()),
    "private LT in base64": lambda data: block(data, "LT", base64.b64encode(COPY).decode()),
    "private UC in base64": lambda data: block(data, "UC", base64.b64encode(COPY[:1000]).decode()),
    "private US": lambda data: block(data, "US", list(np.frombuffer(COPY, "<u2"))),
    "private, small, a JPEG": lambda data: block(data, "OB", b"\xff\xd8\xff\xe0" + COPY[:400]),
    "private sequence": nested(2, 0x00291020, undefined=False),
    "private sequence, delimited": nested(3, 0x00291020, undefined=True),
    "in a sequence of the standard": nested(1, 0x00081140, undefined=False),
    "deep in sequences of the standard": nested(3, 0x00081140, undefined=True),
    "padding of the data set": lambda data: data.add_new(0xFFFCFFFC, "OB", COPY),
    "selector value": lambda data: data.add_new(0x00720065, "OB", COPY),
    "selector value of words": lambda data: data.add_new(0x00720069, "OW", COPY),
    "unknown element": lambda data: data.add_new(0x00281EEE, "OB", COPY),
    "more numbers than the element has": lambda data: data.add_new(0x00280120, "US", list(np.frombuffer(COPY, "<u2"))),
    "text of another type": mislabelled,
    "palette beside grey": palette,
    "table that is too long": lut,
    "profile with a tail": lambda data: data.add_new(0x00282000, "OB", profile(COPY)),
    "profile with a gap": lambda data: data.add_new(0x00282000, "OB", profile(COPY, size=160 + len(COPY))),
    "no profile": lambda data: data.add_new(0x00282000, "OB", COPY),
    "coefficients": lambda data: data.add_new(0x7FE00020, "OW", COPY),
    "variable pixel data": lambda data: data.add_new(0x7F020010, "OW", COPY),
    "maker's note": lambda data: data.add_new(0x0016002B, "OB", COPY),
    "nonconforming value": lambda data: data.add_new(0x04000552, "OB", COPY),
    "icon of two frames": with_icon(icon_of_two_frames),
    "icon with a high byte": with_icon(icon_with_high_byte),
    "icon in an icon": with_icon(lambda small: small.__setattr__("IconImageSequence", Sequence([icon()]))),
    "private in an icon": with_icon(lambda small: block(small, "OB", COPY)),
    "overlay of an icon": with_icon(lambda small: Overlay(PICTURE > 99).put(small)),
    "bytes behind an icon": with_icon(
        lambda small: small.__setattr__("PixelData", small.PixelData + COPY[:999] + b"x")
    ),
}


def proved(before: MemoryReference, **options: object) -> Redacted:
    found = redacted(before, ask(BOX, Everywhere.ALL_FRAMES), options=RedactionOptions(**options))  # type: ignore[arg-type]
    proof = found.proof()
    assert proof.passed, [str(finding) for finding in proof.findings]
    return found


def built(put: Put, syntax: str = EXPLICIT) -> MemoryReference:
    data = dataset(PICTURE, big_endian=syntax == BIG_ENDIAN)
    put(data)
    return MemoryReference("a.dcm", file_bytes(data, syntax))


WRITTEN_VR_TELLS = {"text of another type"}


@pytest.mark.parametrize(
    ("name", "syntax"),
    [(name, syntax) for name in ELEMENTS for syntax in (EXPLICIT, IMPLICIT) if syntax == EXPLICIT
     or name not in WRITTEN_VR_TELLS],
)  # fmt: skip
def test_no_element_keeps_what_was_blacked(name: str, syntax: str) -> None:
    before = built(ELEMENTS[name], syntax)
    assert found_in(before.data, PICTURE[AREA]) is not None
    assert found_in(proved(before).after, PICTURE[AREA]) is None


@pytest.mark.parametrize("name", ["private OB", "private sequence", "selector value", "icon of two frames"])
def test_no_element_of_a_big_endian_file_does(name: str) -> None:
    assert found_in(proved(built(ELEMENTS[name], BIG_ENDIAN)).after, PICTURE[AREA]) is None


@pytest.mark.parametrize("tail", [COPY, bytes(4000), b"\xff\xd8\xff\xe0" + COPY, b"\xfe\xff\x00\xe0" + COPY], ids=len)
def test_what_stands_behind_the_data_set_goes(tail: bytes) -> None:
    data = dataset(PICTURE)
    before = MemoryReference("a.dcm", file_bytes(data) + tail)
    after = proved(before).after
    assert found_in(after, PICTURE[AREA]) is None
    assert len(after) < len(before.data)


def test_private_information_of_the_file_meta_goes() -> None:
    made = dcmread(io.BytesIO(file_bytes(dataset(PICTURE))))
    made.file_meta.PrivateInformationCreatorUID = "1.2.3"
    made.file_meta.PrivateInformation = COPY
    out = io.BytesIO()
    made.save_as(out)
    assert found_in(proved(MemoryReference("a.dcm", out.getvalue())).after, PICTURE[AREA]) is None


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("scope", [Everywhere.ALL_FRAMES, Everywhere.ALL_OVERLAYS])
def test_what_stands_behind_the_last_frame_of_an_overlay_goes(scope: Everywhere, syntax: str, tmp_path: Path) -> None:
    from dcmaudit.model import Outcome
    from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
    from dcmaudit.pipeline.output import Naming
    from dcmaudit.pipeline.redaction import redact_file

    bits = np.ones((ROWS, COLUMNS), np.uint8)
    data = dataset(PICTURE, big_endian=syntax == BIG_ENDIAN)
    Overlay(bits, data=np.packbits(bits).tobytes() + COPY[:500]).put(data, big_endian=syntax == BIG_ENDIAN)
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(data, syntax))
    report = redact_file(RedactionJob(Naming()), RedactionTask(PathReference(path), (ask(BOX, scope),)))
    assert report.result.outcome is Outcome.DONE, report.result.reasons
    assert any("behind the last frame of an overlay" in note for note in report.notes)
    assert COPY[:500] not in (tmp_path / "a.redacted.dcm").read_bytes()


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_spare_bits_and_padding_behind_pixels_are_off(syntax: str) -> None:
    odd = PICTURE[:15, :21]
    made = dataset(odd, big_endian=syntax == BIG_ENDIAN)
    value = bytearray(made.PixelData)
    value[-2 if syntax == BIG_ENDIAN else -1] = 0x77
    made.PixelData = bytes(value)
    before = MemoryReference("a.dcm", file_bytes(made, syntax))
    found = redacted(before, ask((2, 2, 9, 9), Everywhere.ALL_FRAMES))
    assert found.proof().passed
    assert dcmread(io.BytesIO(found.after)).PixelData[-2 if syntax == BIG_ENDIAN else -1] == 0


def test_a_picture_of_whole_colours_keeps_its_profile() -> None:
    before = built(lambda data: data.add_new(0x00282000, "OB", profile(b"")))
    assert dcmread(io.BytesIO(proved(before).after))[0x00282000].value == profile(b"")


def test_a_text_that_is_the_picture_has_no_output() -> None:
    """Nobody can tell it from a text where no VR is written; the proof finds it."""
    found = redacted(built(mislabelled, IMPLICIT), ask(BOX, Everywhere.ALL_FRAMES))
    assert not found.proof().passed


OTHER: dict[str, Put] = {
    "private element": lambda data: block(data, "OB", bytes(range(256)) * 3),
    "unknown element": lambda data: data.add_new(0x00281EEE, "OB", bytes(range(256)) * 3),
}


@pytest.mark.parametrize("name", OTHER)
def test_refuse_refuses_and_keep_keeps(name: str) -> None:
    before = built(OTHER[name])
    assert bytes(range(256)) * 3 not in proved(before).after
    with pytest.raises(UnsupportedError, match="picture could hide"):
        proved(before, private=PrivatePolicy.REFUSE)
    assert bytes(range(256)) * 3 in proved(before, private=PrivatePolicy.KEEP).after


def test_what_the_standard_calls_safe_stays() -> None:
    def put(data: Dataset) -> None:
        data.add_new(0x00990010, "LO", "NQHeader")
        data.add_new(0x00991005, "LT", "a text of the vendor's " * 40)
        data.add_new(0x00991006, "LT", "another text of the vendor's " * 40)

    after = dcmread(io.BytesIO(proved(built(put)).after))
    assert 0x00991005 in after
    assert 0x00991006 not in after


def test_a_copy_that_is_kept_has_no_output() -> None:
    options = RedactionOptions(private=PrivatePolicy.KEEP)
    found = redacted(built(ELEMENTS["private OB"]), ask(BOX, Everywhere.ALL_FRAMES), options=options)
    assert not found.proof().passed


def test_icons_go_at_every_depth_when_asked() -> None:
    def put(data: Dataset) -> None:
        item = Dataset()
        item.IconImageSequence = Sequence([icon()])
        data.ReferencedImageSequence = Sequence([item])

    after = dcmread(io.BytesIO(proved(built(put), icons=IconPolicy.REMOVE).after))
    assert "IconImageSequence" not in after.ReferencedImageSequence[0]
    assert dcmread(io.BytesIO(proved(built(put)).after)).ReferencedImageSequence[0].IconImageSequence


def test_each_removal_is_named_with_its_tags_and_length_and_no_value() -> None:
    from dcmaudit.dicom import open_instance
    from dcmaudit.pipeline.painter import BlackPainter
    from dcmaudit.redact import make_plan, write_redacted

    with open_instance(built(ELEMENTS["private sequence"])) as instance:
        plan = make_plan("a", instance.scan_frames(), [ask(BOX, Everywhere.ALL_FRAMES)])
        removals = write_redacted(instance, plan, io.BytesIO(), BlackPainter()).removals
    assert [(one.path, one.vr, one.length, one.reason) for one in removals] == [
        ((0x00291020, 0x00291020, 0x00291010), "OB", len(COPY), RemovalReason.PRIVATE)
    ]


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


THUMBNAIL = bytes(imagecodecs.jpeg8_encode(PICTURE[AREA].copy(), level=95))
EXIF = b"Exif\0\0II*\0\x08\0\0\0" + THUMBNAIL
JFXX = b"JFXX\0\x10" + THUMBNAIL
JFIF = b"JFIF\0\1\2\0\0\1\0\1\x20\x08" + PICTURE[8:16, 8:40].repeat(3).tobytes()[: 32 * 8 * 3]


def behind_soi(*pieces: bytes) -> Callable[[bytes], bytes]:
    return lambda stream: stream[:2] + b"".join(pieces) + stream[2:]


IN_JPEG: dict[str, Callable[[bytes], bytes]] = {
    "comment": behind_soi(segment(0xFE, COPY[:2000])),
    "EXIF": behind_soi(segment(0xE1, EXIF[:60000])),
    "JFXX": behind_soi(segment(0xE0, JFXX[:60000])),
    "JFIF thumbnail": behind_soi(segment(0xE0, JFIF)),
    "application segments": behind_soi(*(segment(0xE2 + n, COPY[200 * n : 200 * n + 400]) for n in range(8))),
    "unused quantisation table": behind_soi(segment(0xDB, b"\x03" + COPY[:64])),
    "fill bytes": lambda stream: stream[:2] + b"\xff" * 90 + stream[2:],
    "behind the end": lambda stream: stream + COPY[:2000],
    "a second picture": lambda stream: stream + THUMBNAIL,
}


NOT_DECODED = {(JPEG_LS, "unused quantisation table"), (JPEG_LS, "behind the end")}
"""What the decoder refuses, so that such a file is refused."""


@pytest.mark.parametrize("touched", [0, 1])
@pytest.mark.parametrize(
    ("name", "syntax"),
    [(name, syntax) for name in IN_JPEG for syntax in (JPEG_BASELINE, JPEG_LOSSLESS_SV1, JPEG_LS)
     if (syntax, name) not in NOT_DECODED],
)  # fmt: skip
def test_no_segment_of_any_frame_keeps_what_was_blacked(name: str, syntax: str, touched: int) -> None:
    plain = encode(PICTURE, syntax)
    streams = [plain, IN_JPEG[name](plain)]
    before = MemoryReference("a.dcm", file_bytes(dataset(np.stack([PICTURE] * 2), frames=2), syntax, frames=streams))
    found = redacted(before, ask(BOX, FrameAddress(touched)))
    proof = found.proof()
    assert proof.passed, [str(finding) for finding in proof.findings]
    assert found_in(found.after, PICTURE[AREA]) is None
    assert THUMBNAIL[40:400] not in found.after
    assert b"\xff" * 40 not in found.after


def j2k_with(main: bytes = b"", tile: bytes = b"", tail: bytes = b"") -> bytes:
    stream = encode(PICTURE, JPEG_2000_LOSSLESS)
    at = stream.index(b"\xff\x90")
    length = struct.unpack(">L", stream[at + 6 : at + 10])[0]
    part = stream[at : at + 6] + struct.pack(">L", (length + len(tile)) if length else 0) + stream[at + 10 : at + 12]
    return stream[:at] + main + part + tile + stream[at + 12 :] + tail


IN_J2K = {
    "comment": j2k_with(segment(0x64, b"\0\0" + COPY)),
    "comment of a tile": j2k_with(tile=segment(0x64, b"\0\0" + COPY)),
    "component registration": j2k_with(segment(0x63, COPY[:4])),
    "unknown marker": j2k_with(segment(0x6F, COPY)),
    "behind the end": j2k_with(tail=COPY),
    "JP2 boxes": struct.pack(">L4s", 12, b"jP  ") + b"\r\n\x87\n" + struct.pack(">L4s", 8 + 2000, b"uuid") + COPY[:2000]
    + struct.pack(">L4s", 0, b"jp2c") + encode(PICTURE, JPEG_2000_LOSSLESS),
}  # fmt: skip


@pytest.mark.parametrize("touched", [0, 1])
@pytest.mark.parametrize("name", IN_J2K)
def test_no_marker_of_jpeg_2000_keeps_what_was_blacked(name: str, touched: int) -> None:
    data = dataset(np.stack([PICTURE] * 2), frames=2)
    streams = [encode(PICTURE, JPEG_2000_LOSSLESS), IN_J2K[name]]
    before = MemoryReference("a.dcm", file_bytes(data, JPEG_2000_LOSSLESS, frames=streams))
    found = redacted(before, ask(BOX, FrameAddress(touched)))
    proof = found.proof()
    assert proof.passed, [str(finding) for finding in proof.findings]
    assert found_in(found.after, PICTURE[AREA]) is None


def test_runs_that_say_nothing_go_from_rle_and_the_others_stay() -> None:
    plain = encode(PICTURE, RLE)
    spoiled = plain[:64] + b"\x80" * 300 + plain[64:]
    data = dataset(np.stack([PICTURE] * 2), frames=2)
    before = MemoryReference("a.dcm", file_bytes(data, RLE, frames=[plain, spoiled]))
    found = redacted(before, ask(BOX, FrameAddress(0)))
    assert found.proof().passed
    assert b"\x80" * 64 not in found.after
    assert plain[64:] in found.after


def test_fragments_that_no_frame_uses_go() -> None:
    plain = encode(PICTURE, JPEG_BASELINE)
    before = MemoryReference("a.dcm", file_bytes(dataset(PICTURE), JPEG_BASELINE, frames=[plain + COPY], fragments=3))
    assert found_in(proved(before).after, PICTURE[AREA]) is None


@pytest.mark.parametrize("path", sorted((SHARED / "cases" / "leaks").glob("*.dcm")), ids=lambda path: path.stem)
def test_the_files_that_showed_the_faults(path: Path) -> None:
    """These hold a picture of letters on grey, over whose upper left part the box lies."""
    before = MemoryReference(path.name, path.read_bytes())
    found = redacted(before, ask((2, 2, 120, 60), Everywhere.ALL_FRAMES))
    proof = found.proof()
    assert proof.passed, [str(finding) for finding in proof.findings]
    made = dcmread(io.BytesIO(before.data), force=True)
    if made.file_meta.TransferSyntaxUID == EXPLICIT:
        cells = made.pixel_array[2:60, 2:120]
        assert found_in(found.after, cells) is None
