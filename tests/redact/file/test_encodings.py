"""Each transfer syntax with each kind of pixel: black inside, everything else as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcmaudit.dicom import open_instance
from dcmaudit.errors import UnsupportedError
from dcmaudit.model import Box, FrameAddress
from dcmaudit.report.proofs import proof_record
from support.files import (
    BIG_ENDIAN,
    DEFLATED_FRAMES,
    HTJ2K,
    HTJ2K_LOSSLESS,
    HTJ2K_RPCL,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_LS_NEAR,
    JPEG_XL,
    JPEG_XL_LOSSLESS,
    NATIVE_SYNTAXES,
    RLE,
    MemoryReference,
    dataset,
    file_bytes,
    native_bytes,
    reference,
)
from support.redacting import asked, compare, proved, redacted, unchanged

ROWS, COLUMNS, FRAMES = 29, 38, 3
BOX = Box(5, 7, 18, 16)


def noise(dtype: str, top: int, *, low: int = 0, samples: int = 1, seed: int = 3) -> np.ndarray:
    shape = (FRAMES, ROWS, COLUMNS) if samples == 1 else (FRAMES, ROWS, COLUMNS, samples)
    return np.random.default_rng(seed).integers(low, top, shape, endpoint=True).astype(dtype)


@dataclass(frozen=True)
class Kind:
    """One kind of pixel: its cells and what the data set says about them."""

    array: np.ndarray
    how: dict[str, Any] = field(default_factory=dict)

    def file(self, syntax: str, **more: Any) -> MemoryReference:
        return reference(self.array, syntax, frames=FRAMES, **{**self.how, **more})


def palette(bits: int) -> dict[str, Any]:
    """A palette whose darkest entry is neither the first nor the last."""
    values = np.roll(np.arange(256, dtype="<u2") << 8, 77)
    names = ("Red", "Green", "Blue")
    return {
        "photometric": "PALETTE COLOR",
        "extra": {f"{name}PaletteColorLookupTableDescriptor": [256, 0, 16] for name in names}
        | {f"{name}PaletteColorLookupTableData": values.tobytes() for name in names},
        "bits_stored": bits,
    }


signed12 = noise("i2", 2047, low=-2048)
KINDS = {
    "8 bits": Kind(noise("u1", 255)),
    "MONOCHROME1": Kind(noise("u1", 255), {"photometric": "MONOCHROME1"}),
    "7 of 8 bits": Kind(noise("u1", 127), {"bits_stored": 7}),
    "12 of 16 bits": Kind(noise("u2", 4095), {"bits_stored": 12}),
    "16 bits": Kind(noise("u2", 65535)),
    "16 bits MONOCHROME1": Kind(noise("u2", 65535), {"photometric": "MONOCHROME1"}),
    "signed 16 bits": Kind(noise("i2", 32767, low=-32768).view("u2"), {"signed": True}),
    "signed 12 of 16 bits, sign repeated": Kind(signed12.view("u2"), {"signed": True, "bits_stored": 12}),
    "signed 12 of 16 bits, zeros above": Kind(signed12.view("u2") & 0xFFF, {"signed": True, "bits_stored": 12}),
    "signed MONOCHROME1": Kind(signed12.view("u2"), {"signed": True, "bits_stored": 12, "photometric": "MONOCHROME1"}),
    "high bit 13": Kind(noise("u2", 4095) << 2, {"bits_stored": 12, "high_bit": 13}),
    "palette": Kind(noise("u1", 255), palette(8)),
    "inverted rescale": Kind(
        noise("u2", 4095), {"bits_stored": 12, "extra": {"RescaleSlope": -1, "RescaleIntercept": 9}}
    ),
    "RGB": Kind(noise("u1", 255, samples=3), {"photometric": "RGB"}),
    "YBR_FULL": Kind(noise("u1", 255, samples=3), {"photometric": "YBR_FULL"}),
}
NATIVE_KINDS = KINDS | {
    "RGB, plane by plane": Kind(noise("u1", 255, samples=3), {"photometric": "RGB", "planar": 1}),
    "RGB of 16 bits": Kind(noise("u2", 65535, samples=3), {"photometric": "RGB"}),
    "32 bits": Kind(noise("u4", 2**32 - 1)),
    "signed 32 bits": Kind(noise("i4", 2**31 - 1, low=-(2**31)).view("u4"), {"signed": True}),
    "24 of 32 bits": Kind(noise("u4", 2**24 - 1), {"bits_stored": 24}),
    "float": Kind(np.random.default_rng(3).normal(0, 50, (FRAMES, ROWS, COLUMNS)).astype("f4")),
    "double": Kind(np.random.default_rng(3).normal(0, 50, (FRAMES, ROWS, COLUMNS))),
    "1 bit": Kind(noise("u1", 1), {"bits_allocated": 1, "bits_stored": 1}),
}
LOSSLESS = {
    "RLE": RLE,
    "deflated frames": DEFLATED_FRAMES,
    "JPEG lossless": JPEG_LOSSLESS,
    "JPEG lossless SV1": JPEG_LOSSLESS_SV1,
    "JPEG-LS": JPEG_LS,
    "JPEG 2000": JPEG_2000_LOSSLESS,
    "HTJ2K": HTJ2K_LOSSLESS,
    "HTJ2K RPCL": HTJ2K_RPCL,
    "JPEG XL": JPEG_XL_LOSSLESS,
}


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
@pytest.mark.parametrize("kind", NATIVE_KINDS)
def test_native_pixels(syntax: str, kind: str) -> None:
    before = NATIVE_KINDS[kind].file(syntax)
    after = proved(before, [asked(BOX), asked(Box(30, 20, 38, 29), FrameAddress(1))])
    unchanged(before, after)


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("kind", KINDS)
def test_lossless_codestreams(syntax: str, kind: str) -> None:
    before = KINDS[kind].file(LOSSLESS[syntax])
    after = proved(before, [asked(BOX, FrameAddress(1))])
    # The encoder transforms colours, which the label must say then.
    untrue = frozenset({0x00280004} if kind == "YBR_FULL" and syntax.startswith("HTJ2K") else ())
    unchanged(before, after, but=untrue)


@pytest.mark.parametrize("syntax", [JPEG_LS_NEAR, JPEG_2000, HTJ2K])
@pytest.mark.parametrize("kind", ["8 bits", "16 bits", "MONOCHROME1", "RGB"])
def test_lossy_codestreams_of_which_an_exact_one_may_be_made(syntax: str, kind: str) -> None:
    """A rewritten frame is coded exactly, so that what was lossy before loses nothing more."""
    before = KINDS[kind].file(syntax, extra={"LossyImageCompression": "01"})
    after = proved(before, [asked(BOX, FrameAddress(2))])
    unchanged(before, after)


@pytest.mark.parametrize("kind", ["8 bits", "MONOCHROME1", "RGB"])
@pytest.mark.parametrize("label", [None, "YBR_FULL_422"])
def test_baseline_jpeg_block_by_block(kind: str, label: str | None) -> None:
    how = {"photometric": label} if label and kind == "RGB" else {}
    before = KINDS[kind].file(JPEG_BASELINE, **how)
    requests = [asked(BOX), asked(Box(20, 20, 37, 29), FrameAddress(0))]
    after, plan, _ = redacted(before, requests)
    compare(before, after, plan, grown=17)
    untrue = frozenset({0x00280004} if kind == "RGB" and label is None else ())  # it is coded as YCbCr
    unchanged(before, after, but=untrue)
    proved_by_blocks(before, requests)


def proved_by_blocks(before: MemoryReference, requests: list[Any]) -> None:
    from dcmaudit.verify import prove

    after, plan, _ = redacted(before, requests)
    proof = prove(before, after, plan)
    assert proof.passed, [str(finding) for finding in proof.findings]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_extended_jpeg_of_12_bits(photometric: str) -> None:
    before = reference(noise("u2", 4095), JPEG_EXTENDED, frames=FRAMES, bits_stored=12, photometric=photometric)
    after, plan, _ = redacted(before, [asked(BOX)])
    compare(before, after, plan, grown=9)
    proved_by_blocks(before, [asked(BOX)])


def test_native_4_2_2_shares_its_colour_between_two_columns() -> None:
    cells = noise("u1", 255, samples=3)
    cells[:, :, 1::2, 1:] = cells[:, :, ::2, 1:]
    pairs = np.stack([cells[..., ::2, 0], cells[..., 1::2, 0], cells[..., ::2, 1], cells[..., ::2, 2]], axis=-1)
    data = dataset(cells, frames=FRAMES, photometric="YBR_FULL")
    data.PhotometricInterpretation = "YBR_FULL_422"
    data.PixelData = pairs.tobytes()
    before = MemoryReference("422.dcm", file_bytes(data))
    after, plan, _ = redacted(before, [asked(BOX)])
    compare(before, after, plan, grown=1)
    unchanged(before, after)
    proved_by_blocks(before, [asked(BOX)])


def test_jpeg_xl_with_losses_is_refused() -> None:
    before = KINDS["8 bits"].file(JPEG_XL)
    with pytest.raises(UnsupportedError, match=r"frame 1: .*cannot be written again exactly"):
        redacted(before, [asked(BOX)])


def test_frames_nobody_touched_keep_their_bytes_and_bits_of_single_bit_frames_too() -> None:
    """Frames of 29 x 38 single bits begin inside a byte of the frame before."""
    kind = NATIVE_KINDS["1 bit"]
    after = proved(kind.file(BIG_ENDIAN), [asked(None, FrameAddress(1))])
    cells = kind.array.copy()
    cells[1] = 0
    assert native_bytes(cells, bits_allocated=1, big_endian=True) in after.data


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_rectangles_on_random_planes(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(NATIVE_KINDS)))
    choices = [*NATIVE_SYNTAXES, *(LOSSLESS.values() if kind in KINDS else ())]
    before = NATIVE_KINDS[kind].file(data.draw(st.sampled_from(choices)))
    requests = []
    for _ in range(data.draw(st.integers(1, 3))):
        left, top = data.draw(st.integers(0, COLUMNS - 1)), data.draw(st.integers(0, ROWS - 1))
        box = Box(left, top, data.draw(st.integers(left + 1, COLUMNS)), data.draw(st.integers(top + 1, ROWS)))
        requests.append(asked(box, FrameAddress(data.draw(st.integers(0, FRAMES - 1)))))
    proved(before, requests)


def test_the_record_names_what_may_look_different_around_changed_blocks_of_subsampled_colour() -> None:
    """Decoders interpolate colour over the edge of a block: pixels beside it change a little."""
    import imagecodecs

    from dcmaudit.verify import prove

    picture = noise("u1", 255, samples=3)[0]
    stream = bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(picture), level=90, subsampling="420"))
    data = dataset(picture, photometric="YBR_FULL_422")
    before = MemoryReference("a.dcm", file_bytes(data, JPEG_BASELINE, frames=[stream]))
    after, plan, _ = redacted(before, [asked(Box(2, 2, 6, 6))])
    with open_instance(before) as one, open_instance(after) as other:
        was, now = (instance.read(FrameAddress(0)).array for instance in (one, other))
    rows, columns = np.nonzero((was != now).any(axis=2))
    (plane,) = proof_record(prove(before, after, plan))["planes"]
    left, top, right, bottom = plane["may_look_different"][0]
    assert left <= columns.min()
    assert columns.max() <= right
    assert top <= rows.min()
    assert rows.max() <= bottom
    assert plane["changed"][0][2] < right
