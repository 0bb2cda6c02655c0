"""Progressive JPEG, walked over scan by scan: whole ones pass whatever wrote them, damaged ones do not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dcmaudit.codecs.jpeg import loops, require_sound_progressive
from dcmaudit.codecs.jpeg.intervals import intervals
from dcmaudit.errors import DamagedError, DicomError, TruncatedError
from support.damage import damaged, scan
from support.files import color_gradient, gradient

needs_loop = pytest.mark.skipif(loops.library() is None, reason="the package was built without a C compiler")


def progressive(picture: np.ndarray, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", progressive=True, **options)
    return out.getvalue()


def scans_of(stream: bytes) -> list[tuple[int, int]]:
    """Where each scan's header begins, and where the next marker stands behind its coded data."""
    found, at = [], 2
    while stream[at + 1] != 0xD9:
        length = 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if stream[at + 1] == 0xDA:
            _, end = intervals(stream, at + length)
            found.append((at, end))
            at = end
        else:
            at += length
    return found


@needs_loop
@pytest.mark.parametrize("quality", [5, 75, 100])
@pytest.mark.parametrize("options", [{}, {"subsampling": "4:2:2"}, {"subsampling": "4:2:0"}, {"restart_marker_rows": 1},
                                     {"optimize": True}], ids=str)  # fmt: skip
def test_whole_progressive_codestreams_are_sound(options: dict[str, object], quality: int) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (61, 83, 3), np.uint8)
    black_and_white = np.where(noise > 127, 255, 0).astype(np.uint8)
    for picture in (gradient(33, 17), scan(96, 100, bits=8), color_gradient(48, 64), noise, black_and_white,
                    np.zeros((1, 1), np.uint8)):  # fmt: skip
        assert require_sound_progressive(progressive(picture, quality=quality, **options), whole=True)


@needs_loop
def test_a_lost_scan_is_noticed_where_others_build_on_it() -> None:
    stream = progressive(color_gradient(48, 64), quality=90)
    scans = scans_of(stream)
    assert len(scans) > 5
    lost = 0
    for start, end in scans:
        try:
            require_sound_progressive(stream[:start] + stream[end:], whole=True)
        except DamagedError:
            lost += 1
    # Nothing builds on the finest scan of each component, nor on bands that no other scan refines.
    assert lost >= len(scans) // 2 - 1


@needs_loop
def test_scans_lost_together_with_the_end_marker_are_noticed() -> None:
    stream = progressive(gradient(48, 64), quality=90)
    assert require_sound_progressive(stream, whole=True)
    assert require_sound_progressive(stream[:-2] + b"\xff\xd9", whole=False)  # all scans: only the marker was lost
    for start, _ in scans_of(stream)[1:]:
        with pytest.raises(TruncatedError):
            require_sound_progressive(stream[:start] + b"\xff\xd9", whole=False)


@needs_loop
def test_cut_coded_data_and_bytes_left_over_are_noticed() -> None:
    stream = progressive(scan(96, 100, bits=8), quality=90)
    for number, (_, end) in enumerate(scans_of(stream)):
        with pytest.raises(DamagedError):
            require_sound_progressive(stream[: end - 9] + stream[end:], whole=True)
        with pytest.raises(DamagedError):
            require_sound_progressive(stream[:end] + b"\x12\x34\x56" + stream[end:], whole=True)
        assert number < 12


@needs_loop
def test_no_damage_leads_the_walk_astray() -> None:
    """Whatever is changed, the answer is an error of the tree or a picture that could be."""
    stream = progressive(color_gradient(48, 64), quality=90)
    noticed = 0
    for broken in damaged(stream, 600):
        try:
            require_sound_progressive(broken, whole=True)
        except DicomError:
            noticed += 1
    assert noticed > 120


def test_without_the_compiled_loop_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "library", lambda: None)
    assert not require_sound_progressive(progressive(gradient()), whole=True)
