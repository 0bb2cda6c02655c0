"""Damaged on purpose: whatever the bytes are, the end is a result or an error of the tree, in bounded memory."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmaudit.dicom import examine, open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Outcome
from support.corpus import corpus
from support.files import (
    BIG_ENDIAN,
    DEFLATED,
    DEFLATED_FRAMES,
    EXPLICIT,
    HTJ2K_LOSSLESS,
    IMPLICIT,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS,
    JPEG_LS,
    JPEG_XL_LOSSLESS,
    RLE,
    MemoryReference,
    Overlay,
    dataset,
    file_bytes,
    gradient,
    letter_bits,
    reference,
)

SYNTAXES = (IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN, RLE, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS,
            HTJ2K_LOSSLESS, JPEG_XL_LOSSLESS, DEFLATED_FRAMES)  # fmt: skip
ROUNDS = 60
SMALL = 120_000


def everything(data: bytes) -> None:
    """Read all that can be read; anything but a DcmauditError fails the test."""
    found = examine(MemoryReference("hostile", data))
    assert found.result.outcome is Outcome.DONE or found.result.reasons
    try:
        with open_instance(MemoryReference("hostile", data)) as instance:
            instance.tag_rows()
            instance.identity()
    except DcmauditError as error:
        assert error.file == "hostile"


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut, and bytes changed: many near the front, where the lengths are."""
    out = bytearray(data[: rng.randrange(len(data))] if rng.random() < 0.4 else data)
    for _ in range(rng.choice([0, 1, 2, 5, 20])):
        if out:
            at = rng.randrange(min(len(out), rng.choice([400, 2000, len(out)])))
            out[at] = rng.choice([0, 255, 127, 128, rng.randrange(256)])
    return bytes(out)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_damaged_built_files(syntax: str) -> None:
    rng = random.Random(syntax)  # noqa: S311 - the same damage in every run
    frames = np.stack([gradient(12, 16)] * 2)
    icon = dataset(gradient(4, 4))
    data = reference(
        frames, syntax, frames=2, overlays=[Overlay(letter_bits())], extra={"IconImageSequence": [icon]}
    ).data
    for _ in range(ROUNDS):
        everything(damaged(data, rng))


def test_damaged_real_files() -> None:
    rng = random.Random(2)  # noqa: S311 - the same damage in every run
    files = [file.path.read_bytes() for file in corpus() if 200 < file.path.stat().st_size < SMALL]
    for data in rng.sample(files, min(len(files), 120)):
        everything(damaged(data, rng))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=600), st.booleans())
def test_any_bytes(data: bytes, magic: bool) -> None:
    everything(b"\0" * 128 + b"DICM" + data if magic else data)


LIES = """
import resource, sys
sys.path.insert(0, {tests!r})
import numpy as np, imagecodecs
from support.files import *
from dcmaudit.dicom import examine
big = {{"Rows": 65535, "Columns": 65535, "NumberOfFrames": "1000000000"}}
tiny = gradient(8, 8)
lossless = (RLE, JPEG_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS, JPEG_XL_LOSSLESS, DEFLATED_FRAMES)
huge = Overlay(letter_bits(), rows=65535, columns=65535, frames=2**31 - 1)
for syntax in (EXPLICIT, JPEG_BASELINE, *lossless):
    for extra in (big, {{"Rows": 16000, "Columns": 16000}}, {{"NumberOfFrames": "2147483647"}}):
        made = dataset(tiny, extra=extra, overlays=[huge])
        data = file_bytes(made, syntax, **({{}} if syntax == EXPLICIT else {{"frames": [encode(tiny, syntax)]}}))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = examine(MemoryReference("x", data))
        assert found.result.reasons, syntax
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 64 * 1024, (syntax, extra, grown)
"""


def test_headers_that_lie_ask_for_no_memory() -> None:
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
    tests = str(Path(__file__).resolve().parents[1])
    ran = subprocess.run(
        [sys.executable, "-c", LIES.format(tests=tests)], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_an_offset_table_as_long_as_the_file_is_no_problem() -> None:
    data = file_bytes(dataset(gradient()), JPEG_LS, frames=[b"x" * 100], table=[0] * 50000)
    everything(data)
