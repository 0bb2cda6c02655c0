"""An officer releases an archive: exactly what somebody or something looked at comes out, and it is counted apart."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.audit import search
from dcmaudit.cli import main
from dcmaudit.detect.ocr import TextFinder
from dcmaudit.dicom import open_instance
from dcmaudit.model import Box, DeviceFacts, FrameAddress, HowSeen
from dcmaudit.store import NewRect, TagChange, open_store
from support.apps import do, make_app, paint_all, ready
from support.blobs import BlobEngine
from support.files import (
    JPEG_LOSSLESS_SV1,
    MPEG4,
    MemoryReference,
    Overlay,
    PathReference,
    dataset,
    encode,
    file_bytes,
    letter_bits,
)
from support.stored import put_seen
from support.where import span

SEEN = next(how for how in HowSeen if how.is_seen)
GLANCE = next(how for how in HowSeen if not how.is_seen)


def picture(*, word: bool = False, seed: int = 0) -> np.ndarray:
    made = np.full((64, 96), 10 + seed, np.uint8)
    made[0, 0], made[0, -1] = 0, 255
    if word:
        made[30:40, 20:60] = 255
    return made


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The folder of inputs."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """``dcmaudit ocr`` with an exact engine, into the database."""
    engine = BlobEngine()
    engine.number = 100
    monkeypatch.setattr(search, "finder_of", lambda _engine, mode, *_: TextFinder(engine, mode))
    return lambda *words: main(["ocr", "-j", "1", "--db", str(tmp_path / "db"), *map(str, words)])


def write(path: Path, *, word: bool = False, seed: int = 0, **how: object) -> Path:
    path.write_bytes(file_bytes(dataset(picture(word=word, seed=seed), **how)))  # type: ignore[arg-type]
    return path


def private(path: Path, *, seed: int = 0) -> Path:
    """A file with a part that nobody can look at."""
    data = dataset(picture(seed=seed))
    data.add_new(0x00110010, "LO", "SOMEBODY")
    data.add_new(0x00111001, "OB", np.random.default_rng(1).bytes(70000))
    path.write_bytes(file_bytes(data))
    return path


def see(tmp_path: Path, path: Path, *, how: HowSeen = SEEN, groups: tuple[str, ...] = ("f",), planes: int = 1) -> None:
    """As the reviewer does it: what was seen, what the file is, and done."""
    status = path.stat()
    with open_store(tmp_path / "db", user="ada") as store, open_instance(PathReference(path)) as instance:
        store.put_identity(str(path), instance.identity(), size=status.st_size, modified_ns=status.st_mtime_ns)
        put_seen(store, str(path), how, [span(group, 0, planes) for group in groups])
        store.finish(str(path), DeviceFacts(), change=TagChange(marked=False, comment=""))


def redact(tmp_path: Path, *words: object) -> int:
    return main(["redact", "-j", "1", "--db", str(tmp_path / "db"), "--copy-clean", *map(str, words)])


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    return {Path(one["file"]).name: one for one in map(json.loads, capsys.readouterr().out.splitlines())}


def damaged(path: Path) -> Path:
    """A compressed file of the right shape whose frame no decoder reads."""
    data = dataset(picture())
    frame = bytearray(encode(picture(), JPEG_LOSSLESS_SV1))
    frame[-60:] = b"\xff\xd9"
    path.write_bytes(file_bytes(data, JPEG_LOSSLESS_SV1, frames=[bytes(frame)]))
    return path


def test_an_archive_gives_exactly_what_was_looked_at(
    archive: Path, tmp_path: Path, look: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    clean = write(archive / "clean.dcm")
    texty = write(archive / "texty.dcm", word=True)
    video = archive / "video.dcm"
    video.write_bytes(file_bytes(dataset(picture()), MPEG4, frames=[b"\0\0\1\xb3" * 40]))
    bad = damaged(archive / "bad.dcm")
    assert look(clean, texty, video, bad) == 1
    person = write(archive / "person.dcm", seed=1)
    marked = write(archive / "marked.dcm", word=True, seed=2)
    part = private(archive / "part.dcm", seed=3)
    never = write(archive / "never.dcm", seed=4)
    app = make_app(tmp_path / "db", [person, marked, part])
    session = ready(app)
    for _ in range(3):
        if session.opened().name == str(marked):
            do(session, "mark", box=[20, 30, 60, 40])
        paint_all(session)
        do(session, "done-next", confirm=True)
    app.close()
    capsys.readouterr()

    assert redact(tmp_path, archive, "--from-db", "-o", tmp_path / "out", "--json", "--proof") == 1
    told = capsys.readouterr()
    found = {Path(one["file"]).name: one for one in map(json.loads, told.out.splitlines())}
    assert sorted(path.name for path in (tmp_path / "out").glob("*.dcm")) == [
        "clean.redacted.dcm", "marked.redacted.dcm", "person.redacted.dcm",
    ]  # fmt: skip
    assert [path.name for path in (tmp_path / "out.partly").glob("*.dcm")] == ["part.redacted.dcm"]
    assert {name: one["outcome"] for name, one in found.items()} == {
        "clean.dcm": "copied unchanged", "person.dcm": "copied unchanged", "marked.dcm": "done",
        "part.dcm": "partly audited", "texty.dcm": "refused", "video.dcm": "refused", "bad.dcm": "refused",
        "never.dcm": "refused",
    }  # fmt: skip
    assert (tmp_path / "out" / "clean.redacted.dcm").read_bytes() == clean.read_bytes()
    assert "8 inputs: 1 redacted and proved, 2 copied unchanged, 1 partly audited, 4 refused" in told.err
    proof = json.loads((tmp_path / "out" / "person.redacted.proof.json").read_text())
    assert proof["copied"] == "unchanged" and proof["looked_at"][0]["who"] == "person"
    proof = json.loads((tmp_path / "out" / "clean.redacted.proof.json").read_text())
    assert proof["looked_at"][0]["who"] == "ocr"
    assert never.name in told.err


def test_what_ocr_could_not_look_at_is_named_without_naming_files(
    archive: Path, tmp_path: Path, look: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    bad = damaged(archive / "bad.dcm")
    look(bad)
    capsys.readouterr()
    assert main(["redact", "--db", str(tmp_path / "db"), "--from-db", "-o", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    assert "bad.dcm: refused" in told and "ocr: " in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("source", [["--from-db"], ["--include-unreviewed"], ["--deid"], ["--ultrasound"]])
def test_a_file_that_nobody_opened_is_not_copied_whatever_asks(
    archive: Path, tmp_path: Path, source: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    never = write(archive / "never.dcm")
    with open_store(tmp_path / "db", user="x") as store:
        store.put_preference("there", 1)
    assert redact(tmp_path, never, *source, "-o", tmp_path / "out") == 1
    assert "nobody is known to have looked at every plane" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert redact(tmp_path, never, *source, "-o", tmp_path / "out", "--dry-run") == 1
    assert redact(tmp_path, never, *source, "-o", tmp_path / "out", "--new-uids") == 1


def test_without_a_database_nobody_looked(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    never = write(archive / "never.dcm")
    assert redact(tmp_path, never, "--ultrasound", "-o", tmp_path / "out") == 1
    assert "no database" in capsys.readouterr().err


def test_done_is_not_enough_and_neither_is_a_glance(archive: Path, tmp_path: Path) -> None:
    overlays = [Overlay(np.stack([letter_bits(64, 96)] * 2))]
    path = write(archive / "a.dcm", overlays=overlays)
    with open_store(tmp_path / "db", user="x") as store:
        store.finish(str(path), DeviceFacts(), change=TagChange(marked=False, comment=""))
    assert redact(tmp_path, path, "-o", tmp_path / "1") == 1
    see(tmp_path, path, groups=("f",))
    assert redact(tmp_path, path, "-o", tmp_path / "2") == 1
    see(tmp_path, path, how=GLANCE, groups=("o6000",), planes=2)
    assert redact(tmp_path, path, "-o", tmp_path / "3") == 1
    see(tmp_path, path, groups=("o6000",), planes=1)
    assert redact(tmp_path, path, "-o", tmp_path / "4") == 1
    see(tmp_path, path, groups=("o6000",), planes=2)
    assert redact(tmp_path, path, "-o", tmp_path / "5") == 0


def test_a_plane_that_goes_need_not_have_been_seen(archive: Path, tmp_path: Path) -> None:
    path = write(archive / "a.dcm", overlays=[Overlay(letter_bits(64, 96))])
    see(tmp_path, path, groups=("f",))
    assert redact(tmp_path, path, "-o", tmp_path / "1", "--overlays", "remove", "--from-db") == 0
    assert redact(tmp_path, path, "-o", tmp_path / "2", "--assert-clean", "--from-db") == 1


def test_a_file_that_changed_since_is_not_the_one_that_was_looked_at(
    archive: Path, tmp_path: Path, look: Callable[..., int]
) -> None:
    person, clean = write(archive / "person.dcm"), write(archive / "clean.dcm")
    see(tmp_path, person)
    assert look(clean) == 0
    for path in (person, clean):
        before = path.stat()
        path.write_bytes(file_bytes(dataset(picture(word=True))))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert path.stat().st_size == before.st_size and path.stat().st_mtime_ns == before.st_mtime_ns
    assert redact(tmp_path, archive, "--from-db", "-o", tmp_path / "out") == 1
    assert not (tmp_path / "out").exists()


def test_equal_pixels_under_another_time_keep_what_was_seen_of_the_pixels_alone(archive: Path, tmp_path: Path) -> None:
    plain, layered = write(archive / "plain.dcm"), write(archive / "o.dcm", overlays=[Overlay(letter_bits(64, 96))])
    see(tmp_path, plain)
    see(tmp_path, layered, groups=("f", "o6000"))
    for path in (plain, layered):
        os.utime(path, ns=(1, 1))
    assert redact(tmp_path, archive, "--from-db", "-o", tmp_path / "out") == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["plain.redacted.dcm"]


def test_a_look_with_a_plane_left_out_or_text_above_the_policy_does_not_count(
    archive: Path, tmp_path: Path, look: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    path, texty = write(archive / "a.dcm"), write(archive / "t.dcm", word=True)
    assert look(path, "--no-overlays") == 0
    assert look(texty, "--pii", "none") == 0
    assert redact(tmp_path, archive, "--from-db", "-o", tmp_path / "out", "--accept-text", "harmless") == 1
    assert not (tmp_path / "out").exists()
    told = capsys.readouterr().err
    assert "left planes or places of it out" in told and "marked but not done" in told
    assert look(path, "--review") == 0
    assert redact(tmp_path, path, "--from-db", "-o", tmp_path / "out") == 0


@pytest.mark.parametrize("less", [["--mode", "fast"], ["--finder", "rapidocr"], ["--mode", "fast", "--no-read"]])
def test_a_quick_look_is_no_ground_for_a_copy(
    archive: Path, tmp_path: Path, look: Callable[..., int], less: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(archive / "a.dcm")
    assert look(path, *less) == 0
    assert redact(tmp_path, path, "--from-db", "-o", tmp_path / "out") == 1
    assert "too little to copy it" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert look(path, "--review") == 0
    assert redact(tmp_path, path, "--from-db", "-o", tmp_path / "out") == 0


def test_rectangles_of_the_database_are_never_left_out_of_a_copy(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(archive / "a.dcm", word=True)
    with open_store(tmp_path / "db", user="ada") as store:
        store.add_rects(str(path), [NewRect(Box(20, 30, 60, 40), FrameAddress(0))])
    see(tmp_path, path)
    assert redact(tmp_path, path, "--ultrasound", "-o", tmp_path / "out") == 1
    assert "rectangles for it that are not asked for" in capsys.readouterr().err


def test_a_tagged_file_is_not_copied(archive: Path, tmp_path: Path, look: Callable[..., int]) -> None:
    path = write(archive / "a.dcm")
    look(path)
    see(tmp_path, path)
    with open_store(tmp_path / "db", user="ada") as store:
        store.finish(str(path), DeviceFacts(), change=TagChange(marked=True, comment=""))
    assert redact(tmp_path, path, "--from-db", "-o", tmp_path / "out") == 1
    assert redact(tmp_path, path, "--ultrasound", "-o", tmp_path / "out") == 1


def test_rules_do_not_redact_a_file_by_the_database_that_is_not_done(
    archive: Path, tmp_path: Path, look: Callable[..., int]
) -> None:
    path = write(archive / "a.dcm")
    look(path)
    assert redact(tmp_path, path, "--from-db", "--rect", "0,0,3,3", "-o", tmp_path / "out") == 1
    assert not (tmp_path / "out").exists()


def test_what_no_decoder_reads_is_not_copied_even_where_it_is_said_to_be_seen(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = damaged(archive / "bad.dcm")
    see(tmp_path, bad)
    assert redact(tmp_path, bad, "--from-db", "-o", tmp_path / "out") == 1
    assert "no decoder reads all of it" in capsys.readouterr().err
    text = archive / "report.dcm"
    data = dataset(None)
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    text.write_bytes(file_bytes(data))
    see(tmp_path, text)
    assert redact(tmp_path, text, "--from-db", "-o", tmp_path / "out") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("way", ["default", "folder", "mixed", "beside"])
def test_partly_audited_outputs_lie_apart_unless_asked(archive: Path, tmp_path: Path, way: str) -> None:
    part = private(archive / "part.dcm")
    see(tmp_path, part)
    words = {
        "default": ["-o", tmp_path / "out"],
        "folder": ["-o", tmp_path / "out", "--partly", tmp_path / "else"],
        "mixed": ["-o", tmp_path / "out", "--allow-partly"],
        "beside": [],
    }[way]
    place = {"default": tmp_path / "out.partly", "folder": tmp_path / "else", "mixed": tmp_path / "out",
             "beside": archive / "partly"}[way]  # fmt: skip
    assert redact(tmp_path, part, "--from-db", *words) == 1
    assert [path.name for path in place.iterdir()] == ["part.redacted.dcm"]
    assert (tmp_path / "out").exists() == (way == "mixed")
    assert redact(tmp_path, part, "--from-db", "--resume", *words) == 1
    assert [path.name for path in place.iterdir()] == ["part.redacted.dcm"]


def test_an_output_of_an_earlier_run_in_the_other_folder_is_not_left_beside_the_new_one(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = private(archive / "a.dcm")
    see(tmp_path, path)
    assert redact(tmp_path, path, "--from-db", "-o", tmp_path / "out") == 1
    write(path)
    see(tmp_path, path)
    assert redact(tmp_path, path, "--from-db", "-o", tmp_path / "out", "--overwrite") == 1
    assert "no longer belongs" in capsys.readouterr().err
    assert not [*(tmp_path / "out").glob("*")]


def test_folders_are_kept_among_the_partly_audited_too(archive: Path, tmp_path: Path) -> None:
    (archive / "deep").mkdir()
    part = private(archive / "deep" / "part.dcm")
    see(tmp_path, part)
    redact(tmp_path, part, "--from-db", "-o", tmp_path / "out", "--relative-path", archive)
    assert (tmp_path / "out.partly" / "deep" / "part.redacted.dcm").exists()


def test_several_processes_release_the_same(archive: Path, tmp_path: Path, look: Callable[..., int]) -> None:
    for number in range(3):
        write(archive / f"{number}.dcm", seed=number)
    assert look(archive / "0.dcm", archive / "1.dcm") == 0
    words = ["redact", "-j", "2", "--db", str(tmp_path / "db"), "--copy-clean", "--from-db", str(archive)]
    assert main([*words, "-o", str(tmp_path / "out")]) == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0.redacted.dcm", "1.redacted.dcm"]


def test_an_object_without_a_time_is_known_by_its_pixels_and_by_ocr_by_its_bytes() -> None:
    from dcmaudit.model import Outcome, ReviewState
    from dcmaudit.model.redaction import RedactionOptions
    from dcmaudit.pipeline.clearance import AcceptedText, Ledger, clear
    from dcmaudit.pipeline.content import content_of
    from dcmaudit.store import IdentityRecord, Look, OcrEngine, SeenRecord
    from dcmaudit.store.rows import EPOCH

    reference = MemoryReference("s3://b/a.dcm", file_bytes(dataset(picture())))
    content = content_of(reference)
    with open_instance(reference) as instance:
        noted = IdentityRecord(reference.name, instance.identity(), None, None, EPOCH, "ada")
        seen = SeenRecord(reference.name, SEEN, (span("f", 0, 1),), "ada", EPOCH, EPOCH)
        done = Ledger(ReviewState.DONE, seen=(seen,), identity=noted)
        assert clear(instance, content, done, RedactionOptions(), AcceptedText.NONE).by
        look = Look(OcrEngine.RAPIDOCR, Outcome.DONE, complete=True, planes=1, digest=content.digest)
        assert clear(instance, content, Ledger(looks=(look,)), RedactionOptions(), AcceptedText.NONE).by
        assert clear(instance, content, Ledger(), RedactionOptions(), AcceptedText.NONE).reasons
