"""After the proof: text that is left on a written file is named, plane by plane, and never passes for done."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.audit import search
from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.detect.textnet import TextNet, network
from dcmaudit.errors import EngineError
from dcmaudit.model import Box, FrameAddress, Outcome, OverlayAddress
from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.redaction import redact_file
from support.files import Overlay, PathReference, dataset, file_bytes
from support.redacting import asked
from support.smallnet import write_net

WORD, OTHER = Box(40, 60, 160, 72), Box(200, 300, 280, 312)
OVER_WORD = "36,56,163,75"


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The small network in the place of the trained one."""
    monkeypatch.setattr(network, "FOLDER", write_net(tmp_path / "net"))
    search.finder_of.cache_clear()
    yield
    search.finder_of.cache_clear()


def picture(*boxes: Box) -> np.ndarray:
    out = np.full((400, 400), 20, np.uint8)
    out[0, 0], out[0, -1] = 0, 255  # the whole range, so that levels stay what they are
    for box in boxes:
        out[box.top : box.bottom, box.left : box.right] = 255
    return out


def write(folder: Path, array: np.ndarray, **how: Any) -> Path:
    path = folder / "a.dcm"
    path.write_bytes(file_bytes(dataset(array, **how)))
    return path


def redact(path: Path, *words: str) -> int:
    return main(["redact", str(path), "-j", "1", "--check-text", *words])


def test_text_beside_the_rectangles_has_an_outcome_and_an_exit_code_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, picture(WORD, OTHER))
    assert redact(path, "--rect", OVER_WORD, "--json") == Exit.TEXT_LEFT == 3
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["outcome"] == "text left"
    (left,) = told["proof"]["text"]["left"]
    assert left["plane"] == "f0"
    (edges,) = left["boxes"]
    assert Box(edges[0], edges[1], edges[2] + 1, edges[3] + 1).contains(OTHER)
    assert "text is left in 1 place: " in err
    assert "1 text left" in err
    assert (tmp_path / "a.redacted.dcm").exists()  # proved, and kept: what is left may be meant to stay
    assert told["proof"]["passed"] is True


def test_nothing_is_left_where_the_rectangles_cover_the_text(tmp_path: Path) -> None:
    assert redact(write(tmp_path, picture(WORD)), "--rect", OVER_WORD) == 0


def test_letters_that_stick_out_of_a_rectangle_are_left(tmp_path: Path) -> None:
    assert redact(write(tmp_path, picture(WORD)), "--rect", "36,56,100,75") == 3


def test_every_plane_is_looked_at_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = np.stack([picture(WORD), picture(), picture(WORD, OTHER)])
    bits = (picture(OTHER) > 200).astype(np.uint8)
    path = write(tmp_path, frames, frames=3, overlays=[Overlay(bits)])
    assert redact(path, "--rect", OVER_WORD, "--json") == 3
    told = json.loads(capsys.readouterr().out)["proof"]["text"]
    assert [one["plane"] for one in told["left"]] == [FrameAddress(2).key, OverlayAddress(0x6000, 0).key]
    assert told["planes"] == 4


def test_without_being_asked_nobody_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, picture(WORD, OTHER))
    (tmp_path / "net" / "weights.onnx").unlink()
    assert main(["redact", str(path), "--rect", OVER_WORD]) == 0


def test_a_missing_detector_ends_the_run_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, picture(WORD))
    (tmp_path / "net" / "weights.onnx").unlink()
    assert redact(path, "--rect", OVER_WORD) == 1
    assert "text detector is missing" in capsys.readouterr().err
    assert not (tmp_path / "a.redacted.dcm").exists()


def test_a_plane_that_cannot_be_looked_at_is_not_called_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, np.stack([picture(WORD), picture(WORD)]), frames=2)
    run = TextNet._run

    def fails(self: TextNet, part: np.ndarray) -> Any:
        if (part > 200).sum() > 20:  # the word, which is black in the first frame
            raise EngineError("the text detector failed on a picture")
        return run(self, part)

    monkeypatch.setattr(TextNet, "_run", fails)
    rect = asked(Box(36, 56, 164, 76), FrameAddress(0))
    job = RedactionJob(Naming(tmp_path / "out"), check_text=True)
    report = redact_file(job, RedactionTask(PathReference(path), (rect,)))
    assert report.result.outcome is Outcome.PARTLY
    assert report.result.reasons == (
        "not looked at for text: frame 2/2: the text detector failed on a picture",
    )  # fmt: skip
    assert pickle.loads(pickle.dumps(report)) == report  # noqa: S301 - our own
    unasked = replace(job, check_text=False, naming=Naming(tmp_path / "two"))
    again = redact_file(unasked, RedactionTask(PathReference(path), (rect,)))
    assert again.result.outcome is Outcome.DONE


@pytest.mark.parametrize("option", ["--dry-run", "--resume"])
def test_what_would_leave_outputs_unseen_is_refused(tmp_path: Path, option: str) -> None:
    assert redact(write(tmp_path, picture(WORD)), "--rect", OVER_WORD, option) == 2


def test_verify_looks_at_the_redacted_file_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, picture(WORD, OTHER))
    assert main(["redact", str(path), "--rect", OVER_WORD]) == 0
    pair = [str(path), str(tmp_path / "a.redacted.dcm")]
    assert main(["verify", *pair, "--rect", OVER_WORD]) == 0
    capsys.readouterr()
    assert main(["verify", *pair, "--rect", OVER_WORD, "--check-text", "--json"]) == 3
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["passed"] is True
    assert len(told["text"]["left"]) == 1
    assert "text is left in 1 place" in err
    assert "1 of 1 passed; text is left in 1" in err
    # What fails its proof is not excused by anything.
    assert main(["verify", *pair, "--rect", "0,0,5,5", "--check-text"]) == 1
