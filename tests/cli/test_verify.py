from __future__ import annotations

import json
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.model import Everywhere, OverlayAddress
from dcmaudit.model.redaction import RedactionOptions
from support.files import Overlay, gradient, letter_bits, reference
from support.proofs import ask, edited, redacted

RECTS = "4,6,13,11"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    found = redacted(reference(gradient()), ask((4, 6, 14, 12), Everywhere.ALL_FRAMES))
    before, after = tmp_path / "a.dcm", tmp_path / "a.redacted.dcm"
    before.write_bytes(found.before.open().read())
    after.write_bytes(found.after)
    return before, after


def _code(*words: object) -> int:
    return main([str(word) for word in words])


def test_a_right_pair_passes(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert _code("verify", *pair, RECTS) == Exit.GOOD
    assert _code("verify", *pair, "--rect", "4,6,+10,+6") == Exit.GOOD
    assert "proved" in capsys.readouterr().out


def test_other_rectangles_fail_and_say_where(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert _code("verify", *pair, "4,6,14,11") == Exit.NOT_ALL
    assert "inside black" in capsys.readouterr().err
    assert _code("verify", *pair, "4,6,12,11") == Exit.NOT_ALL
    assert "outside identical" in capsys.readouterr().err


def test_a_file_that_was_asked_nothing_of_must_be_a_copy(pair: tuple[Path, Path]) -> None:
    assert _code("verify", *pair) == Exit.NOT_ALL
    assert _code("verify", pair[0], pair[0]) == Exit.GOOD


def test_one_bad_pair_of_two_is_not_good(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert _code("verify", *pair, pair[0], pair[0], RECTS, "--json", "-j", "1") == Exit.NOT_ALL
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["passed"] for one in found] == [True, False]
    assert found[0]["planes"][0]["asked"] == [[4, 6, 13, 11]]
    assert found[0]["before"].startswith("sha256:")


def test_a_list_says_what_was_asked_of_each_file(pair: tuple[Path, Path], tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"filename,frame,overlay,left,top,right,bottom\n{pair[0]},0,-1,4,6,13,11\n", "utf-8")
    assert _code("verify", *pair, "--csv", listed) == Exit.GOOD
    listed.write_text("filename,frame,overlay,left,top,right,bottom\nother.dcm,0,-1,4,6,13,11\n", "utf-8")
    assert _code("verify", *pair, "--csv", listed) == Exit.USAGE


def test_overlays_and_options_count(tmp_path: Path) -> None:
    built = reference(gradient(), overlays=[Overlay(letter_bits())])
    found = redacted(built, ask((1, 1, 9, 9), OverlayAddress(0x6000, 0)), options=RedactionOptions(assert_clean=True))
    before, after = tmp_path / "b.dcm", tmp_path / "b.out"
    before.write_bytes(built.data)
    after.write_bytes(found.after)
    words = ("verify", before, after, "1,1,8,8", "--overlay", "0", "--frame", "0")
    assert _code(*words, "--assert-clean") == Exit.GOOD
    assert _code(*words) == Exit.NOT_ALL
    assert _code(*words, "--assert-clean", "--new-uids") == Exit.NOT_ALL


def test_a_damaged_or_missing_file_is_a_finding(pair: tuple[Path, Path], tmp_path: Path) -> None:
    pair[1].write_bytes(edited(lambda data: delattr(data, "Modality"))(pair[1].read_bytes()))
    assert _code("verify", *pair, RECTS) == Exit.NOT_ALL
    assert _code("verify", pair[0], tmp_path / "none.dcm", RECTS) == Exit.NOT_ALL
    assert _code("verify", tmp_path / "none.dcm", pair[1], RECTS) == Exit.NOT_ALL


@pytest.mark.parametrize("words", [["--frame", "0"], ["--everywhere"], ["-j", "0"], ["--deid-rules", "x"]])
def test_options_that_say_nothing_are_refused(pair: tuple[Path, Path], words: list[str]) -> None:
    assert _code("verify", *pair, *words) == Exit.USAGE


def test_an_odd_number_of_files_is_refused(pair: tuple[Path, Path]) -> None:
    assert _code("verify", pair[0]) == Exit.USAGE
    assert _code("verify", *pair, pair[0]) == Exit.USAGE
