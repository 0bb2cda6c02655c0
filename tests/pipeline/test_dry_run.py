"""A dry run promises nothing that the run refuses or fails, and keeps nothing."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, Everywhere, Origin, Outcome
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, PrivatePolicy, RedactionOptions, Request
from dcmaudit.pipeline.jobs import RedactionJob, RedactionReport, RedactionTask
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.redaction import redact_file
from support.corpus import CorpusFile, corpus
from support.files import (
    IMPLICIT,
    JPEG_2000_LOSSLESS,
    JPEG_LS,
    NATIVE_SYNTAXES,
    MemoryReference,
    PathReference,
    dataset,
    encode,
    file_bytes,
    gradient,
    reference,
)

_LARGEST = 700_000
GOOD = {Outcome.DONE, Outcome.PARTLY, Outcome.COPIED}


def both(source: PathReference, request: Request, options: RedactionOptions, folder: Path) -> list[RedactionReport]:
    """What a dry run and the run say."""
    job = RedactionJob(Naming(folder), options)
    task = RedactionTask(source, (request,))
    dry = redact_file(replace(job, dry_run=True), task)
    assert not [path for path in folder.rglob("*") if path.is_file()], "a dry run left something"
    return [dry, redact_file(job, task)]


def require_kept(dry: RedactionReport, real: RedactionReport) -> None:
    assert dry.result.outcome is real.result.outcome, (dry.result, real.result)
    assert dry.result.reasons == real.result.reasons
    assert dry.partly == real.partly


def options_of(rng: random.Random) -> RedactionOptions:
    return RedactionOptions(
        overlays=rng.choice(list(OverlayPolicy)),
        icons=rng.choice(list(IconPolicy)),
        private=rng.choice(list(PrivatePolicy)),
        remove_high_bits=rng.random() < 0.4,
        assert_clean=rng.random() < 0.2,
    )


def small_files() -> list[object]:
    return [pytest.param(file, id=file.id) for file in corpus() if file.path.stat().st_size <= _LARGEST]


@pytest.mark.parametrize("file", small_files())
def test_what_a_dry_run_says_of_a_real_file_is_what_the_run_says(file: CorpusFile, tmp_path: Path) -> None:
    rng, path, box = random.Random(zlib.crc32(file.id.encode())), file.path, Box(0, 0, 8, 8)  # noqa: S311 - no secret
    try:
        with open_instance(PathReference(path)) as instance:
            sizes = [plane.size for plane in instance.planes if plane.size is not None]
            if sizes:
                box = Box(0, 0, max(1, sizes[0].width // 2), max(1, sizes[0].height // 3))
    except DcmauditError:
        pass
    request = Request(box, Everywhere.ALL_FRAMES, Origin.COMMAND, "drawn")
    require_kept(*both(PathReference(path), request, options_of(rng), tmp_path / "out"))


def signed_label_on_unsigned_codestream() -> bytes:
    cells = gradient(dtype=np.uint16)
    data = dataset(cells, signed=True)
    return file_bytes(data, JPEG_2000_LOSSLESS, frames=[encode(cells, JPEG_2000_LOSSLESS)])


def sixteen_bits_in_fifteen() -> bytes:
    cells = gradient(dtype=np.uint16) | 1 << 15
    return file_bytes(dataset(cells, bits_stored=15), JPEG_LS, frames=[encode(cells, JPEG_LS)])


def with_address_in_meta() -> bytes:
    made = file_bytes(dataset(gradient()))
    at = made.index(b"\x02\0\x12\0UI")
    address = b"\x02\0\x26\0UR\0\0" + struct.pack("<L", 12) + b"dicom://a/b "
    end = at + 8 + struct.unpack("<H", made[at + 6 : at + 8])[0]
    made = made[:end] + address + made[end:]
    length = struct.unpack("<L", made[140:144])[0] + len(address)
    return made[:140] + struct.pack("<L", length) + made[144:]


def without_instance_uid() -> bytes:
    return file_bytes(dataset(gradient(), extra={"SOPInstanceUID": ""}), preamble=False)


BUILT = {
    "empty ImageType": lambda: file_bytes(dataset(gradient(), extra={"ImageType": ""})),
    "no SOP Instance UID anywhere": without_instance_uid,
    "an address in the file meta information": with_address_in_meta,
    "the sign of JPEG 2000 against the header's": signed_label_on_unsigned_codestream,
    "JPEG-LS of 16 bits stored in 15": sixteen_bits_in_fifteen,
    **{f"zeros behind the data set, {uid}": lambda uid=uid: reference(gradient(), uid).data + bytes(5000)
       for uid in NATIVE_SYNTAXES if uid == IMPLICIT},
}  # fmt: skip


@pytest.mark.parametrize("high_bits", [False, True])
@pytest.mark.parametrize("name", BUILT)
def test_what_was_promised_and_then_failed_is_done_now(name: str, high_bits: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(BUILT[name]())
    request = Request(Box(2, 3, 9, 12), Everywhere.ALL_FRAMES, Origin.COMMAND, "built")
    options = RedactionOptions(remove_high_bits=high_bits)
    dry, real = both(PathReference(path), request, options, tmp_path / "out")
    require_kept(dry, real)
    assert real.result.outcome in GOOD, real.result.reasons


def test_an_overlay_that_is_removed_leaves_nothing_unaudited(tmp_path: Path) -> None:
    """Its data are too short for its rows, so that nobody can look at it; removed, it is gone."""
    from support.files import Overlay

    path = tmp_path / "a.dcm"
    made = reference(gradient(), overlays=[Overlay(np.ones((4, 4), np.uint8), data=b"\0\0", rows=40, columns=40)])
    path.write_bytes(made.data)
    request = Request(Box(2, 3, 9, 12), Everywhere.ALL_FRAMES, Origin.COMMAND, "built")
    reports = both(PathReference(path), request, RedactionOptions(overlays=OverlayPolicy.REMOVE), tmp_path / "out")
    assert [report.result.outcome for report in reports] == [Outcome.DONE] * 2
    assert not any(report.partly for report in reports)
    assert isinstance(made, MemoryReference)
