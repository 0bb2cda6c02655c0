"""Pictures inside codestreams: thumbnails are planes behind the icons, everything else of their size is named."""

from __future__ import annotations

import numpy as np
import pytest

from dcmaudit.dicom import examine, open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Outcome, PlaneKind, Size, ThumbnailAddress, UnshownKind
from support.corpus import shared_case
from support.files import (
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    MemoryReference,
    PathReference,
    dataset,
    encode,
    file_bytes,
    gradient,
)
from support.thumbnails import SMALL, exif, exif_jpeg, jpeg, segment

NOISE = np.random.default_rng(7).integers(0, 256, 30_000, np.uint8)


def with_segments(frames: list[bytes], *segments: bytes, syntax: str = JPEG_BASELINE) -> MemoryReference:
    """A file whose last frame has ``segments`` behind its first marker."""
    changed = [*frames[:-1], frames[-1][:2] + b"".join(segments) + frames[-1][2:]]
    made = dataset(np.stack([gradient(64, 64)] * len(frames)) if len(frames) > 1 else gradient(64, 64),
                   frames=len(frames) if len(frames) > 1 else None)  # fmt: skip
    return MemoryReference("x", file_bytes(made, syntax, frames=changed))


def frame() -> bytes:
    """One frame of 64 x 64 pixels."""
    return jpeg(gradient(64, 64))


def found(
    reference: MemoryReference,
) -> tuple[dict[ThumbnailAddress, np.ndarray], list[tuple[UnshownKind | None, str, str]]]:
    """Every thumbnail with its pixels, and what is named."""
    with open_instance(reference) as instance:
        planes = instance.scan_frames()
        assert instance.frames_scanned
        shown = {}
        for plane in planes:
            if isinstance(plane.address, ThumbnailAddress):
                samples = instance.read(plane.address)
                assert plane.size == Size(samples.array.shape[1], samples.array.shape[0])
                shown[plane.address] = samples.array
        named = [(g.unshown, g.name, str(g.reason)) for g in planes.groups if g.kind is PlaneKind.UNSHOWN]
        return shown, named


RGB = NOISE[: 30 * 20 * 3].reshape(20, 30, 3)
PALETTE = NOISE[:768]
INDICES = NOISE[1000 : 1000 + 600].reshape(20, 30)
YBR = NOISE[: 30 * 20 * 3].reshape(20, 30, 3)
STRIPS = {0x0100: (3, 1, 30), 0x0101: (3, 1, 20), 0x0103: (3, 1, 1), 0x0111: (4, 1, -1), 0x0117: (4, 1, 1800)}

COLOUR = {**STRIPS, 0x0115: (3, 1, 3), 0x0102: (3, 3, b"\x08\0\x08\0\x08\0")}
UNUSED = b"".join(segment(0xDB, bytes([3]) + NOISE[64 * i : 64 * i + 64].tobytes()) for i in range(10))


@pytest.mark.parametrize(("app", "body", "expected"), [
    (1, exif_jpeg(jpeg(SMALL)), SMALL), (1, exif_jpeg(jpeg(SMALL), order=">"), SMALL),
    (0, b"JFXX\0\x10" + jpeg(SMALL), SMALL),
    (0, b"JFXX\0\x13\x1e\x14" + RGB.tobytes(), RGB),
    (0, b"JFXX\0\x11\x1e\x14" + PALETTE.tobytes() + INDICES.tobytes(), PALETTE.reshape(256, 3)[INDICES]),
    (0, b"JFIF\0\1\2\0\0\1\0\1\x1e\x14" + RGB.tobytes(), RGB),
    (1, exif({**COLOUR, 0x0106: (3, 1, 2)}, RGB.tobytes()), RGB),
    (1, exif({**COLOUR, 0x0106: (3, 1, 6), 0x0212: (3, 2, b"\1\0\1\0")}, YBR.tobytes()), YBR),
    (1, exif({**STRIPS, 0x0106: (3, 1, 1), 0x0117: (4, 1, 600)}, INDICES.tobytes()), INDICES),
], ids=["exif", "exif big", "jfxx jpeg", "jfxx rgb", "jfxx palette", "jfif", "rgb", "ybr", "grey"])  # fmt: skip
@pytest.mark.parametrize("count", [1, 3])
def test_each_kind_of_thumbnail_is_a_plane(app: int, body: bytes, expected: np.ndarray, count: int) -> None:
    shown, named = found(with_segments([frame()] * count, segment(0xE0 + app, body)))
    assert list(shown) == [ThumbnailAddress(count - 1, 0)]
    assert np.abs(shown[ThumbnailAddress(count - 1, 0)].astype(int) - expected.astype(int)).max() <= 6
    assert named == []


def test_chroma_that_is_shared_by_four_pixels() -> None:
    luma = NOISE[:600].reshape(10, 2, 15, 2).transpose(0, 2, 1, 3).reshape(10, 15, 4)
    chroma = NOISE[600:900].reshape(10, 15, 2)
    data = np.concatenate([luma, chroma], axis=2).tobytes()
    tags = {**STRIPS, 0x0106: (3, 1, 6), 0x0115: (3, 1, 3), 0x0117: (4, 1, 900), 0x0212: (3, 2, b"\2\0\2\0")}
    shown, _ = found(with_segments([frame()], segment(0xE1, exif(tags, data))))
    picture = shown[ThumbnailAddress(0, 0)]
    assert np.array_equal(picture[..., 0], NOISE[:600].reshape(20, 30))
    assert np.array_equal(picture[..., 1], np.repeat(np.repeat(chroma[..., 0], 2, 0), 2, 1))


@pytest.mark.parametrize(("body", "reason"), [
    (exif_jpeg(jpeg(SMALL)[:-400], length=len(jpeg(SMALL))), "of its"),
    (exif_jpeg(jpeg(SMALL)[:-20]), "cut"),
    (exif_jpeg(b"no picture at all"), "no JPEG codestream"),
    (exif({**STRIPS, 0x0106: (3, 1, 2), 0x0115: (3, 1, 3), 0x0117: (4, 1, 900)}, RGB.tobytes()), "are needed"),
    (exif({**STRIPS, 0x0103: (3, 1, 5), 0x0106: (3, 1, 2), 0x0115: (3, 1, 3)}, RGB.tobytes()), "compression 5"),
])  # fmt: skip
def test_a_thumbnail_that_cannot_be_shown_is_named_with_its_reason(body: bytes, reason: str) -> None:
    shown, named = found(with_segments([frame()], segment(0xE1, body)))
    assert not shown
    kind, name, words = named[0]
    assert (kind, name) == (UnshownKind.THUMBNAIL, "EXIF thumbnail of frame 1")
    assert reason in words


def test_a_thumbnail_without_its_scan_is_a_plane_that_cannot_be_read() -> None:
    data = jpeg(SMALL)
    empty = data[: data.index(b"\xff\xda")] + data[-2:]
    result = examine(with_segments([frame()], segment(0xE1, exif_jpeg(empty)))).result
    assert result.outcome is Outcome.PARTLY
    assert "thumbnail" in result.reasons[0]


@pytest.mark.parametrize(("piece", "words"), [
    (segment(0xFE, NOISE[:576].tobytes()), "comment segments"),
    (segment(0xFE, NOISE[:300].tobytes()) + segment(0xFE, NOISE[:300].tobytes()), "comment segments"),
    (segment(0xE5, NOISE[:600].tobytes()), "application segments"),
    (segment(0xE2, b"ICC_PROFILE\0\1\1" + NOISE[:2000].tobytes()), "application segments"),
    (segment(0xF0, NOISE[:600].tobytes()), "segments of unknown kind"),
    (segment(0x02, NOISE[:600].tobytes()), "segments of unknown kind"),
    (b"\xff" * 700, "fill bytes"),
    (UNUSED, "tables that nothing uses"),
    (segment(0xFE, b"\x89PNG\r\n\x1a\n" + NOISE[:200].tobytes()), "PNG"),
])  # fmt: skip
@pytest.mark.parametrize("syntax", [JPEG_BASELINE, JPEG_LS, JPEG_LOSSLESS_SV1])
def test_segments_in_which_a_picture_could_hide_are_named(piece: bytes, words: str, syntax: str) -> None:
    coded = frame() if syntax == JPEG_BASELINE else encode(gradient(64, 64), syntax)
    shown, named = found(with_segments([coded, coded], piece, syntax=syntax))
    assert not shown
    [(kind, name, reason)] = named
    assert (kind, name) == (UnshownKind.CODESTREAM, "codestream of frame 2")
    assert words in reason


def test_small_segments_are_not_named() -> None:
    usual = (
        segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0")
        + segment(0xEE, b"Adobe\0d\0\0\0\0\0")
        + segment(0xFE, b"Lavc58.134.100")
    )
    assert found(with_segments([frame()], usual)) == ({}, [])


def test_what_lies_behind_the_end_of_the_picture() -> None:
    plain = frame()
    assert found(with_segments([plain + b"\0" * 1000])) == ({}, [])
    _, named = found(with_segments([plain + NOISE[:600].tobytes()]))
    assert [(kind, words) for kind, _, words in named] == [
        (UnshownKind.CODESTREAM, f"{600 + len(plain) % 2} bytes in bytes behind the picture: not shown")
    ]
    shown, named = found(with_segments([plain + jpeg(SMALL) + jpeg(SMALL[:30])]))
    assert [picture.shape for picture in shown.values()] == [(40, 48), (30, 48)]
    assert named == []


@pytest.mark.parametrize("marker", [0xE1, 0xE7, 0xFE, 0xF2])
def test_jpeg_files_in_any_segment_are_shown(marker: int) -> None:
    for head in (b"", b"Exif\0\0", b"some maker's own head"):
        shown, named = found(with_segments([frame()], segment(marker, head + jpeg(SMALL))))
        assert [picture.shape for picture in shown.values()] == [(40, 48)]
        assert named == []


def test_comments_and_the_rest_of_jpeg_2000_codestreams() -> None:
    coded = encode(gradient(64, 64), JPEG_2000_LOSSLESS)
    size = 4 + int.from_bytes(coded[4:6], "big")
    for piece, words in (
        (segment(0x64, b"\0\0" + NOISE[:600].tobytes()), "comment segments"),
        (segment(0x63, NOISE[:600].tobytes()), "segments of unknown kind"),
        (segment(0x30, NOISE[:600].tobytes()), "segments of unknown kind"),
    ):
        changed = coded[:size] + piece + coded[size:]
        _, [(kind, name, reason)] = found(with_segments([coded, changed], syntax=JPEG_2000_LOSSLESS))
        assert (kind, name) == (UnshownKind.CODESTREAM, "codestream of frame 2")
        assert words in reason
    _, named = found(with_segments([coded + NOISE[:600].tobytes() + b"\xff\xd9"], syntax=JPEG_2000_LOSSLESS))
    assert [words for _, _, words in named] == ["602 bytes in bytes behind the picture: not shown"]


def test_thumbnails_of_many_frames_are_few_groups_and_one_entry() -> None:
    coded = frame()
    small = coded[:2] + segment(0xE1, exif_jpeg(jpeg(SMALL))) + coded[2:]
    other = coded[:2] + segment(0xE1, exif_jpeg(jpeg(SMALL[:30]))) + coded[2:]
    noted = coded[:2] + segment(0xFE, NOISE[:600].tobytes()) + coded[2:]
    reference = with_segments([small, small, other, small, coded, noted, noted])
    with open_instance(reference) as instance:
        groups = [g for g in instance.scan_frames().groups if g.kind in {PlaneKind.THUMBNAIL, PlaneKind.UNSHOWN}]
        addresses = [p.address.key for p in instance.planes if p.kind is PlaneKind.THUMBNAIL]
        assert addresses == ["t0.0", "t1.0", "t3.0", "t2.0"]
        assert [g.size for g in groups] == [Size(48, 40), Size(48, 30), None]
        for plane in instance.planes:
            assert instance.planes[instance.planes.find(plane.address) or 0].address == plane.address
    assert groups[-1].name == "codestream of 2 frames, the first is 6"
    assert groups[-1].reason == "1200 bytes in comment segments: not shown"


def test_a_long_file_is_searched_when_asked_and_can_be_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmaudit.dicom.instance._SOON", 100)
    reference = with_segments([frame()] * 4, segment(0xE1, exif_jpeg(jpeg(SMALL))))
    with open_instance(reference) as instance:
        assert not instance.frames_scanned
        assert len(instance.planes) == 4
        seen: list[tuple[int, int]] = []
        instance.scan_frames(lambda done, total: seen.append((done, total)), lambda: len(seen) == 2)
        assert not instance.frames_scanned
        assert [plane.address.key for plane in instance.all_planes()] == ["f0", "f1", "f2", "f3", "t3.0"]
        assert instance.frames_scanned
    assert seen == [(1, 4), (2, 4)]


def test_addresses_that_are_not_there() -> None:
    with open_instance(with_segments([frame()])) as instance, pytest.raises(DcmauditError, match="no such plane"):
        instance.read(ThumbnailAddress(0, 0))


@pytest.mark.parametrize(
    ("name", "key"), [("exif_thumb_frame2", "t1.0"), ("jpeg_exif_thumb", "t0.0"), ("j2k_com_frame2", "t1.0")]
)
def test_the_files_that_leaked(name: str, key: str) -> None:
    with open_instance(PathReference(shared_case(f"leaks/{name}.dcm"))) as instance:
        assert key in [plane.address.key for plane in instance.all_planes()]
