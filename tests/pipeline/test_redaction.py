"""One file from its requests to its output: outcomes, the proof's veto, memory."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.dicom import Samples, open_instance
from dcmaudit.model import Box, Everywhere, FrameAddress, Origin, Outcome
from dcmaudit.model.proof import Finding, Proof
from dcmaudit.model.redaction import OverlayPolicy, PrivatePolicy, RedactionOptions, Request
from dcmaudit.pipeline import delivery
from dcmaudit.pipeline.jobs import RedactionJob, RedactionReport, RedactionTask
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.process import CrashError
from dcmaudit.pipeline.redaction import redact_file
from dcmaudit.pipeline.uids import uid_maker
from dcmaudit.pipeline.workers import each
from support.files import JPEG_BASELINE, Overlay, PathReference, dataset, encode, file_bytes, gradient, reference

BOX = Request(Box(1, 2, 9, 9), Everywhere.ALL_FRAMES, Origin.COMMAND, "asked for")


def written(folder: Path, name: str = "a.dcm", **how: object) -> PathReference:
    path = folder / name
    path.write_bytes(reference(gradient(), **how).data)  # type: ignore[arg-type]
    return PathReference(path)


def test_a_file_with_parts_that_nobody_can_look_at_is_told_apart(tmp_path: Path) -> None:
    data = dataset(gradient())
    data.add_new(0x00110010, "LO", "SOMEBODY")
    data.add_new(0x00111001, "OB", bytes(70000))
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(data))
    keeping = RedactionJob(Naming(), RedactionOptions(private=PrivatePolicy.KEEP))
    report = redact_file(keeping, RedactionTask(PathReference(path), (BOX,)))
    assert report.result.outcome is Outcome.PARTLY
    assert "private element (0011,1001)" in report.result.reasons[0]
    assert report.output is not None
    cleaned = redact_file(RedactionJob(Naming(tmp_path / "out")), RedactionTask(PathReference(path), (BOX,)))
    assert cleaned.result.outcome is Outcome.DONE
    assert not cleaned.partly
    assert any("left out: (0011,1001) OB: 70000 bytes" in note for note in cleaned.notes)


def test_an_unreadable_overlay_is_refused_unless_it_goes(tmp_path: Path) -> None:
    broken = Overlay(np.ones((4, 4), np.uint8), data=b"\0\0", rows=40, columns=40)
    source = written(tmp_path, overlays=[broken])
    report = redact_file(RedactionJob(Naming()), RedactionTask(source, (BOX,)))
    assert report.result.outcome is Outcome.REFUSED
    assert "overlay 6000" in report.result.reasons[0]
    gone = RedactionJob(Naming(), RedactionOptions(overlays=OverlayPolicy.REMOVE))
    assert redact_file(gone, RedactionTask(source, (BOX,))).output is not None


@pytest.mark.parametrize(("name", "outcome"), [("none.dcm", Outcome.FAILED), ("text.dcm", Outcome.REFUSED)])
def test_what_is_no_file_or_no_dicom_has_a_reason(tmp_path: Path, name: str, outcome: Outcome) -> None:
    (tmp_path / "text.dcm").write_text("hello")
    report = redact_file(RedactionJob(Naming()), RedactionTask(PathReference(tmp_path / name), (BOX,)))
    assert report.result.outcome is outcome
    assert report.result.reasons


def test_without_a_passed_proof_there_is_no_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def doubting(*_args: object, **_how: object) -> Proof:
        return Proof("a", "", "", {"anything": 1}, (Finding("outside", "frame 1", "3 pixels differ"),))

    monkeypatch.setattr(delivery, "prove", doubting)
    job = RedactionJob(Naming(), sidecar=True, proof_file=True)
    report = redact_file(job, RedactionTask(written(tmp_path), (BOX,)))
    assert report.result.outcome is Outcome.FAILED
    assert "frame 1: 3 pixels differ" in report.result.reasons[0]
    assert [path.name for path in tmp_path.iterdir()] == ["a.dcm"]


def test_a_wrong_painter_is_caught_by_the_real_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Careless(delivery.BlackPainter):
        def black(self, samples: Samples) -> tuple[int | float, ...]:
            return (super().black(samples)[0] + 9,)

    monkeypatch.setattr(delivery, "BlackPainter", Careless)
    report = redact_file(RedactionJob(Naming()), RedactionTask(written(tmp_path), (BOX,)))
    assert report.result.outcome is Outcome.FAILED
    assert [path.name for path in tmp_path.iterdir()] == ["a.dcm"]


def test_new_uids_are_the_same_within_a_run_and_others_in_the_next() -> None:
    one, again, other = uid_maker(b"a"), uid_maker(b"a"), uid_maker(b"b")
    assert one("1.2.3") == again("1.2.3") != one("1.2.4")
    assert one("1.2.3") != other("1.2.3")
    assert len(one("1.2.3")) <= 64


def test_an_item_of_the_functional_groups_that_cannot_be_parsed_makes_a_file_partly_audited(tmp_path: Path) -> None:
    item, voi = Dataset(), Dataset()
    voi.WindowCenter, voi.WindowWidth = 1, 10
    item.FrameVOILUTSequence = [voi]
    made = dataset(np.stack([gradient()] * 2), frames=2)
    made.PerFrameFunctionalGroupsSequence = [item, item]
    data = file_bytes(made)
    at = data.index(b"\x28\x00\x51\x10DS") + 6
    path = tmp_path / "a.dcm"
    path.write_bytes(data[:at] + b"\x03" + data[at + 1 :])
    report = redact_file(RedactionJob(Naming()), RedactionTask(PathReference(path), (BOX,)))
    assert report.result.outcome is Outcome.PARTLY
    assert "item 1 of 2 cannot be parsed" in report.result.reasons[0]


def die_on_three(job: RedactionJob, task: RedactionTask) -> RedactionReport:
    if "3" in task.reference.name.rpartition("/")[2]:
        os._exit(11)  # as a decoder does that writes where it may not
    return redact_file(job, task)


def test_a_worker_that_crashes_takes_no_other_file_along(tmp_path: Path) -> None:
    tasks = [RedactionTask(written(tmp_path, f"{number}.dcm"), (BOX,)) for number in range(6)]
    job = RedactionJob(Naming(tmp_path / "out"))
    answers = {task.reference.name: answer for task, answer in each(partial(die_on_three, job), tasks, jobs=2)}
    lost = answers.pop(str(tmp_path / "3.dcm"))
    assert isinstance(lost, CrashError)
    assert all(isinstance(one, RedactionReport) and one.output is not None for one in answers.values())


MEASURE = """
import sys
from pathlib import Path
from dcmaudit.model import Box, Everywhere, Origin, Outcome
from dcmaudit.model.redaction import Request
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
from dcmaudit.pipeline.redaction import redact_file
from dcmaudit.sources import LocalReference
box = Request(Box(0, 0, 200, 60), Everywhere.ALL_FRAMES, Origin.COMMAND, "asked for")
for name in sys.argv[1:]:
    report = redact_file(RedactionJob(Naming()), RedactionTask(LocalReference.at(name), (box,)))
    assert report.result.outcome is Outcome.DONE, report.result.reasons
    print(int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024)
"""


def peaks(*paths: Path) -> list[int]:
    """Megabytes at most after each file, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", MEASURE, *map(str, paths)], check=True, capture_output=True, text=True)
    return [int(line) for line in done.stdout.split()]


def sparse(path: Path, frames: int) -> Path:
    """A native file whose pixels are a hole on the disk."""
    data = file_bytes(dataset(np.zeros((1, 1024, 1024), np.uint16), frames=1, extra={"NumberOfFrames": str(frames)}))
    length = frames * 1024 * 1024 * 2
    head = data[: -1024 * 1024 * 2 - 4] + length.to_bytes(4, "little")
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(len(head) + length)
    return path


@pytest.mark.slow
def test_a_large_native_file_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    small, large = peaks(sparse(tmp_path / "small.dcm", 4), sparse(tmp_path / "large.dcm", 300))
    assert large - small < 40
    with open_instance(PathReference(tmp_path / "large.redacted.dcm")) as instance:
        assert len(instance.planes) == 300


@pytest.mark.slow
def test_a_thousand_jpeg_frames_take_no_more_memory_than_ten(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    codestreams = [
        encode(rng.integers(0, 255, (256, 256), endpoint=True).astype(np.uint8), JPEG_BASELINE) for _ in "ab"
    ]
    paths = []
    for frames in (10, 1000):
        data = dataset(np.zeros((1, 256, 256), np.uint8), frames=1, extra={"NumberOfFrames": str(frames)})
        paths.append(tmp_path / f"{frames}.dcm")
        paths[-1].write_bytes(file_bytes(data, JPEG_BASELINE, frames=codestreams * (frames // 2)))
    small, large = peaks(*paths)
    assert large - small < 30
    with open_instance(PathReference(tmp_path / "1000.redacted.dcm")) as instance:
        assert not instance.read(FrameAddress(999)).array[:60, :200].any()


@pytest.mark.parametrize(("allocated", "high"), [(8, 0), (8, 1), (8, 7), (16, 1), (16, 9), (16, 15), (32, 31)])
def test_signed_values_of_a_single_bit_are_shown_and_redacted(tmp_path: Path, allocated: int, high: int) -> None:
    cells = (np.indices((24, 32)).sum(0) % 2).astype(f"u{allocated // 8}") << np.array(high, f"u{allocated // 8}")
    data = dataset(cells.astype(f"u{allocated // 8}"))
    data.BitsStored, data.HighBit, data.PixelRepresentation = 1, high, 1
    path = tmp_path / "one.dcm"
    path.write_bytes(file_bytes(data))
    report = redact_file(RedactionJob(Naming()), RedactionTask(PathReference(path), (BOX,)))
    assert report.result.outcome is Outcome.DONE
    assert report.output is not None


def test_a_full_disk_and_too_little_memory_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(dataset(gradient())))
    for trouble, said in (
        (OSError(errno.ENOSPC, "No space left on device"), "make room there, or name another folder with -o"),
        (MemoryError(), "fewer processes need less: -j"),
    ):

        def fail(*_: object, trouble: BaseException = trouble) -> None:
            raise trouble

        monkeypatch.setattr("dcmaudit.pipeline.redaction.deliver", fail)
        report = redact_file(RedactionJob(Naming(tmp_path / "out")), RedactionTask(PathReference(path), (BOX,)))
        assert report.result.outcome is Outcome.FAILED
        assert said in report.result.reasons[0]
