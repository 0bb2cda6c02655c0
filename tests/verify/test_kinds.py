"""Kinds of images whose black, layout or encoding is out of the ordinary: right outputs pass, damaged ones do not."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset

from dcmaudit.model import Everywhere, FrameAddress, Reference
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, PrivatePolicy, RedactionOptions
from dcmaudit.report.proofs import proof_record
from support.files import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    HTJ2K_LOSSLESS,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_XL_LOSSLESS,
    MemoryReference,
    Overlay,
    color_gradient,
    dataset,
    file_bytes,
    gradient,
    letter_bits,
    reference,
)
from support.proofs import Redacted, ask, edited, redacted

BOX = (5, 6, 14, 13)
Make = Callable[[], Reference]


def progressive(*, colour: bool = False) -> Reference:
    cells = color_gradient(48, 64) if colour else gradient(48, 64)
    out = io.BytesIO()
    Image.fromarray(cells).save(out, "JPEG", quality=90, progressive=True)
    how = {"photometric": "YBR_FULL_422"} if colour else {}
    return MemoryReference("built.dcm", file_bytes(dataset(cells, **how), "1.2.840.10008.1.2.4.55",
                                                   frames=[out.getvalue()]))  # fmt: skip


def palette() -> Reference:
    table = np.arange(255, -1, -1, dtype=np.uint16) * 257
    extra: dict[str, Any] = {}
    for name in ("Red", "Green", "Blue"):
        extra[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        extra[f"{name}PaletteColorLookupTableData"] = table.tobytes()
    return reference(gradient(), photometric="PALETTE COLOR", extra=extra)


def halved() -> Reference:
    """Native 4:2:2: two luminances, then the colour that they share."""
    data = dataset(color_gradient(), photometric="YBR_FULL_422")
    data.PixelData = bytes(np.arange(24 * 32 * 2, dtype=np.uint32).astype(np.uint8))
    return MemoryReference("built.dcm", file_bytes(data, EXPLICIT))


def bits() -> Reference:
    stack = np.stack([(gradient(9, 7) + i) % 2 for i in range(3)])
    return reference(stack, EXPLICIT, frames=3, bits_allocated=1)


KINDS: dict[str, Make] = {
    "MONOCHROME1": lambda: reference(gradient(), photometric="MONOCHROME1"),
    "a falling rescale": lambda: reference(gradient(), extra={"RescaleSlope": "-1", "RescaleIntercept": "0"}),
    "signed": lambda: reference(gradient(dtype=np.int16)),
    "32 bits": lambda: reference(gradient().astype(np.uint32) << 20),
    "float": lambda: reference(gradient().astype(np.float32) / 7 - 3),
    "double": lambda: reference(gradient().astype(np.float64) / 7 - 3),
    "big endian": lambda: reference(gradient(dtype=np.uint16), BIG_ENDIAN),
    "big endian bytes of odd number": lambda: reference(gradient(25, 17), BIG_ENDIAN),
    "deflated": lambda: reference(gradient(), DEFLATED),
    "planar": lambda: reference(color_gradient(), photometric="RGB", planar=1),
    "YBR_FULL": lambda: reference(color_gradient(), photometric="YBR_FULL"),
    "native 4:2:2": halved,
    "palette": palette,
    "progressive JPEG": progressive,
    "progressive colour JPEG": lambda: progressive(colour=True),
    "lossless JPEG": lambda: reference(gradient(dtype=np.uint16), JPEG_LOSSLESS_SV1),
    "odd JPEG": lambda: reference(gradient(37, 43), JPEG_BASELINE),
    "no file meta": lambda: MemoryReference("built.dcm", file_bytes(dataset(gradient()), EXPLICIT, preamble=False)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_writer_makes_of_it_passes(kind: str) -> None:
    proof = redacted(KINDS[kind](), ask(BOX, Everywhere.ALL_FRAMES)).proof()
    assert proof.findings == ()
    assert proof.checks["inside black"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_smaller_box_than_asked_does_not_pass(kind: str) -> None:
    """The proof is asked for one row more than the writer was."""
    before = KINDS[kind]()
    small, large = (redacted(before, ask(box, FrameAddress(0))) for box in ((5, 6, 14, 8), (5, 6, 14, 24)))
    proof = Redacted(before, large.plan, small.after).proof()
    assert "inside black" in {finding.check for finding in proof.findings}


@pytest.mark.parametrize("kind", KINDS)
def test_a_larger_box_than_asked_does_not_pass(kind: str) -> None:
    before = KINDS[kind]()
    small, large = (redacted(before, ask(box, FrameAddress(0))) for box in ((5, 6, 7, 8), (5, 6, 14, 24)))
    proof = Redacted(before, small.plan, large.after).proof()
    assert {"outside identical", "jpeg blocks"} & {finding.check for finding in proof.findings}


def test_single_bits_are_compared_one_by_one() -> None:
    found = redacted(bits(), ask((1, 2, 5, 6), FrameAddress(1)))
    assert found.proof().findings == ()
    wrong = 0
    for bit in range(3 * 63):

        def turn(data: Dataset, bit: int = bit) -> None:
            value = bytearray(data.PixelData)
            value[bit // 8] ^= 1 << bit % 8
            data.PixelData = bytes(value)

        wrong += found.proof(edited(turn)(found.after)).passed
    assert wrong == 0


@pytest.mark.parametrize("name", ["LossyImageCompression", "PlanarConfiguration", "PhotometricInterpretation"])
def test_a_transcoded_file_must_say_what_it_is_and_was(name: str) -> None:
    found = redacted(progressive(colour=True), ask(BOX, Everywhere.ALL_FRAMES))
    proof = found.proof(edited(lambda data: delattr(data, name))(found.after))
    assert "elements" in {finding.check for finding in proof.findings}


def everything() -> Reference:
    cells = (gradient(dtype=np.uint16) & 0x0FFF) | (1 << 14)
    inside = np.pad(letter_bits(), ((0, 8), (0, 12)))
    overlays = [Overlay(letter_bits()), Overlay(inside, 0x6002, embedded=13)]
    built = dataset(cells, bits_stored=12, overlays=overlays)
    built.private_block(0x0099, "SOMEBODY", create=True).add_new(1, "OB", bytes(70000))
    small = dataset(gradient(8, 8))
    for element in [one for one in small if one.tag.group < 0x0028]:
        del small[element.tag]
    built.IconImageSequence = [small]
    return MemoryReference("built.dcm", file_bytes(built))


OPTIONS = {
    "overlays removed": RedactionOptions(overlays=OverlayPolicy.REMOVE),
    "high bits removed": RedactionOptions(remove_high_bits=True),
    "icons removed": RedactionOptions(icons=IconPolicy.REMOVE),
    "private elements kept": RedactionOptions(private=PrivatePolicy.KEEP),
    "asserted": RedactionOptions(assert_clean=True),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_what_an_option_removes_must_be_gone_and_only_then(name: str) -> None:
    before = everything()
    with_it = redacted(before, ask(BOX, Everywhere.ALL_FRAMES), options=OPTIONS[name])
    without = redacted(before, ask(BOX, Everywhere.ALL_FRAMES))
    assert with_it.proof().findings == ()
    assert without.proof().findings == ()
    assert not Redacted(before, with_it.plan, without.after).proof().passed
    assert not Redacted(before, without.plan, with_it.after).proof().passed


def test_a_file_that_is_no_dicom_or_gone_is_a_finding() -> None:
    found = redacted(reference(gradient()), ask(BOX, Everywhere.ALL_FRAMES))
    assert not found.proof(b"nothing of the kind").passed
    assert not found.proof(b"").passed


def test_a_plan_with_problems_is_never_proved() -> None:
    from dataclasses import replace

    from dcmaudit.model.redaction import PlanProblem

    found = redacted(reference(gradient()), ask(BOX, Everywhere.ALL_FRAMES))
    plan = replace(found.plan, problems=(PlanProblem("x", "y"),))
    assert not Redacted(found.before, plan, found.after).proof().passed


def test_the_record_is_plain_and_says_what_was_compared() -> None:
    record = proof_record(redacted(reference(gradient()), ask(BOX, Everywhere.ALL_FRAMES)).proof())
    assert record["passed"] is True
    assert record["planes"] == [
        {"plane": "f0", "asked": [[5, 6, 13, 12]], "changed": [[5, 6, 13, 12]], "decoders": ["numpy", "pydicom"]}
    ]
    assert record["checks"]["second decoder"] == 1


def _refusing(*_: object) -> np.ndarray:
    raise ValueError("not for this decoder")


def _of_another_shape(*_: object) -> np.ndarray:
    return np.zeros((3, 3), np.uint8)


@pytest.mark.parametrize(
    ("decode", "why"), [(_refusing, "refused it (ValueError)"), (_of_another_shape, "returned (3, 3) uint8")]
)
def test_a_second_decoder_that_is_no_judge_is_said_and_the_next_one_is_asked(
    decode: Any, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = redacted(reference(gradient(), HTJ2K_LOSSLESS), ask(BOX, Everywhere.ALL_FRAMES))
    (plane,) = proof_record(found.proof())["planes"]
    assert plane["decoders"][1:] == ["imagecodecs (OpenJPH)"]
    assert "one_decoder_because" not in plane
    monkeypatch.setattr("dcmaudit.codecs.second_decoders._openjph", decode)
    proof = found.proof()
    assert proof.passed
    assert proof.touched[0].decoders[1:] == ("imagecodecs (OpenJPEG)",)
    assert any("OpenJPH" in note and why in note for note in proof.notes)
    monkeypatch.setattr("dcmaudit.codecs.second_decoders._j2k_imagecodecs", decode)
    (plane,) = proof_record(found.proof())["planes"]
    assert len(plane["decoders"]) == 1
    assert plane["one_decoder_because"].count(why) == 2


def test_a_second_decoder_that_shows_another_picture_only_of_the_output_fails_the_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dcmaudit.codecs import second_decoders as seconds

    found = redacted(reference(gradient(), HTJ2K_LOSSLESS), ask(BOX, Everywhere.ALL_FRAMES))
    plain, calls = seconds._openjph, []

    def once_wrong(data: bytes, layout: Any) -> np.ndarray:
        calls.append(1)
        return plain(data, layout) ^ np.uint8(len(calls) == 1)

    monkeypatch.setattr(seconds, "_openjph", once_wrong)
    assert any(finding.check == "second decoder" for finding in found.proof().findings)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: reference(gradient(dtype=np.uint16), BIG_ENDIAN), "big endian"),
        (lambda: reference(gradient().astype(np.uint16) * 8, JPEG_EXTENDED, bits_stored=12), "JPEG of 12 bits"),
        (lambda: reference(gradient(), JPEG_XL_LOSSLESS), "JPEG XL"),
    ],
    ids=["big endian", "12 bits", "JPEG XL"],
)
def test_where_there_is_one_decoder_alone_the_record_says_why(make: Make, why: str) -> None:
    (plane,) = proof_record(redacted(make(), ask(BOX, Everywhere.ALL_FRAMES)).proof())["planes"]
    assert len(plane["decoders"]) == 1
    assert why in plane["one_decoder_because"]


def test_several_threads_find_the_same_in_the_same_order() -> None:
    from dcmaudit.verify import prove

    stack = np.stack([np.roll(gradient(), number, axis=0) for number in range(9)])
    found = redacted(reference(stack, JPEG_LS, frames=9), ask(BOX, Everywhere.ALL_FRAMES))
    wrong = redacted(reference(stack, JPEG_LS, frames=9), ask((5, 6, 15, 13), Everywhere.ALL_FRAMES))
    for after in (found.after, wrong.after):
        written = MemoryReference("built.dcm", after)
        alone, together = (prove(found.before, written, found.plan, threads=threads) for threads in (1, 3))
        assert alone == together
        assert alone.passed == (after is found.after)


def test_digests_are_worked_out_only_for_a_record_that_is_kept() -> None:
    from dcmaudit.verify import prove

    found = redacted(reference(gradient()), ask(BOX, Everywhere.ALL_FRAMES))
    written = MemoryReference("built.dcm", found.after)
    with_them = prove(found.before, written, found.plan)
    without = prove(found.before, written, found.plan, digests=False)
    assert (without.before, without.after) == ("", "")
    assert with_them.after == f"sha256:{hashlib.sha256(found.after).hexdigest()}"
    assert without.checks == with_them.checks


@pytest.mark.parametrize("wrong", [(0, 0), (6, 4), (6, 30), (12, 4), (23, 31)], ids=str)
def test_one_pixel_anywhere_in_one_of_many_native_frames_is_found(wrong: tuple[int, int]) -> None:
    """Above, beside and below the rectangle: what is compared as bytes, and what as cells, leaves no gap."""
    stack = np.stack([gradient()] * 5)
    found = redacted(reference(stack, frames=5), ask(BOX, Everywhere.ALL_FRAMES))
    assert found.proof().passed
    at = found.after.index(b"\xe0\x7f\x10\x00") + 12
    damaged = bytearray(found.after)
    damaged[at + (3 * 24 + wrong[0]) * 32 + wrong[1]] ^= 1
    proof = found.proof(bytes(damaged))
    assert [finding.where for finding in proof.findings] == ["frame 4"]


def irreversible(frames: int) -> Reference:
    """Colour of JPEG 2000 as most writers make it: the irreversible colour transformation, under its own label."""
    out = io.BytesIO()
    cells = color_gradient(48, 64)
    Image.fromarray(cells).save(out, "JPEG2000", no_jp2=True, irreversible=True, quality_mode="rates",
                                quality_layers=[8], mct=1)  # fmt: skip
    data = dataset(np.stack([cells] * frames), photometric="YBR_ICT", frames=frames)
    data.LossyImageCompression = "01"
    return MemoryReference("built.dcm", file_bytes(data, JPEG_2000, frames=[out.getvalue()] * frames))


def label(data: bytes) -> str:
    return str(dcmread(io.BytesIO(data)).PhotometricInterpretation)


@pytest.mark.parametrize(
    ("frames", "scope", "wanted"),
    [(1, FrameAddress(0), "YBR_RCT"), (2, Everywhere.ALL_FRAMES, "YBR_RCT"), (2, FrameAddress(1), "YBR_ICT")],
)
def test_the_label_of_irreversible_colour_says_how_the_frames_are_coded(frames: int, scope: Any, wanted: str) -> None:
    """One label for all frames: as long as one is coded irreversibly it stays, and decoders follow the codestream."""
    found = redacted(irreversible(frames), ask(BOX, scope))
    assert label(found.after) == wanted
    assert found.proof().passed, found.proof().findings
    other = b"YBR_ICT " if wanted == "YBR_RCT" else b"YBR_RCT "
    wrong = found.after.replace(wanted.encode() + b" ", other, 1)
    assert label(wrong) != wanted
    assert any("(0028,0004)" in finding.where or finding.check == "pixel description"
               for finding in found.proof(wrong).findings)  # fmt: skip


def test_nothing_is_relabelled_where_no_frame_changes() -> None:
    before = irreversible(1)
    found = redacted(before, options=RedactionOptions(assert_clean=True))
    assert label(found.after) == "YBR_ICT"
    assert found.proof().passed
