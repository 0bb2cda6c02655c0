"""The boxes of real text fit the files, and the scoring of finders counts what it should."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))
sys.path.append(str(Path(__file__).resolve().parents[2]))

from textgen.fetched import Folder
from textgen.reality import RealPlane, RealScore, RealString

from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, Size
from dcmaudit.render import render
from support.corpus import corpus
from textgen import fetched, reality, realpage, realplanes

PLANES = reality.real_planes()
ROOT = Path(__file__).resolve().parents[2]
KINDS = {"line", "short", "marker", "handwriting", "scale"}
PACKAGES = Folder(Path(os.environ["TEST_PACKAGES"]) if "TEST_PACKAGES" in os.environ else None)
"""Where packages lie that are not installed; the tests that want them are skipped without it."""


@pytest.mark.parametrize("plane", PLANES, ids=lambda plane: f"{plane.file}-{plane.key}")
def test_the_boxed_plane_is_the_one_that_was_looked_at(plane: RealPlane) -> None:
    samples = realplanes.samples_of(plane, PACKAGES)
    if samples is None:
        pytest.skip(f"needs {plane.file}")
    file = reality.file_of(plane.file)  # a downloaded package checks the bytes of its files itself
    assert file is None or hashlib.sha256(file.path.read_bytes()).hexdigest() == plane.file_digest
    assert (samples.array.shape[1], samples.array.shape[0]) == (plane.size.width, plane.size.height)
    if not plane.is_lossy:
        assert reality.digest_of(samples) == plane.digest
    picture = render(samples)
    for string in plane.strings:
        ink = reality.ink_of(picture, string.box)
        # Tight boxes: ink reaches nearly to every edge, and letters are not a solid block.
        assert ink.any(axis=0).mean() > 0.4, string
        assert 0.03 < ink.mean() < 0.97, string


def test_every_box_lies_inside_its_plane_and_says_what_it_is() -> None:
    strings = [(plane, string) for plane in PLANES for string in plane.strings]
    assert len(strings) >= 500
    assert len({(plane.file, plane.key, string.box) for plane, string in strings}) == len(strings)
    for plane, string in strings:
        assert string.box.is_inside(plane.size), (plane.file, string)
        assert string.kind in KINDS
        assert string.characters >= 1
        assert 3 <= string.cap <= max(string.box.height, string.box.width), string
        if string.kind in {"line", "short"}:
            assert (string.kind == "short") == (string.characters <= 2), string
        # No line may stand for what another line is.
        others = [other.box for other in plane.strings if other is not string]
        shared = sum(part.area for box in others if (part := string.box.intersection(box)) is not None)
        assert shared <= 0.15 * string.box.area, (plane.file, string)


def test_the_page_counts_the_strings_as_they_are() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "detection-figures.md").read_text("utf-8")
    told = " ".join(page.split())  # lines are wrapped
    strings = [string for plane in PLANES for string in plane.strings]
    kinds = Counter(string.kind for string in strings)
    assert f"{len(strings)} strings on {len(PLANES)} planes of {len({plane.file for plane in PLANES})} files" in told
    assert (
        f"{kinds['line']} lines of three characters and more, {kinds['short']} of one or two, {kinds['scale']} " in told
    )
    assert f"{sum(not string.legible for string in strings)} of the strings are not legible" in told
    assert realpage.is_marked(page)


def test_the_page_counts_the_planes_without_text_as_they_are() -> None:
    told = " ".join((ROOT / "docs" / "detection-figures.md").read_text("utf-8").split())
    one = next(
        line
        for line in (ROOT / "docs" / "detection-figures.md").read_text("utf-8").splitlines()
        if line.startswith("| pictures without text: ")
    )
    found = re.search(r"n = (\d+) of (\d+)", one)
    assert found is not None
    assert f"{found[1]} planes of {found[2]} sources hold no letter and no digit" in told


def test_no_word_of_the_text_is_written_down() -> None:
    for name in ("real_text.json", "pictures.json", "fetched.json"):
        data = json.loads((Path(reality.__file__).parent / name).read_text("utf-8"))
        assert "text" not in {key for plane in data.get("planes", []) for s in plane["strings"] for key in s}


def test_every_picture_of_the_packages_was_looked_at() -> None:
    for file in corpus():
        if file.id in reality.shown():
            continue
        try:
            samples = reality.read_plane(file, "f0")
        except DcmauditError:
            continue
        assert samples.array.size == 0, f"nobody said what {file.id} shows"


def test_clean_planes_and_planes_with_text_are_different_pictures() -> None:
    clean = list(reality.clean_planes())
    assert len(clean) >= 20
    groups = {what.group for _, _, what in clean} | {one.group for one in fetched.files().values() if one.planes}
    assert not groups & {plane.group for plane in PLANES if plane.is_complete and plane.key.startswith("f")}
    assert len({(file.id, key) for file, key, _ in clean}) == len(clean)


def plane_with(*strings: RealString, complete: bool = True) -> RealPlane:
    return RealPlane("pydicom:made.dcm", "f0", "made", Size(100, 60), "", "", False, complete, strings)


def word(box: Box, *, characters: int = 4, legible: bool = True) -> RealString:
    return RealString(box, "line" if characters > 2 else "short", characters, box.height, legible)


def lettered(size: Size, *boxes: Box, ground: int = 20, ink: int = 200) -> np.ndarray:
    picture = np.full((size.height, size.width), ground, np.uint8)
    for box in boxes:
        picture[box.top : box.bottom, box.left : box.right : 3] = ink
    return picture


@pytest.mark.parametrize(("ground", "ink"), [(20, 200), (230, 10), (100, 112)])
def test_ink_is_what_differs_from_the_ring_around_the_box(ground: int, ink: int) -> None:
    box = Box(10, 10, 40, 20)
    found = reality.ink_of(lettered(Size(100, 60), box, ground=ground, ink=ink), box)
    assert found[:, 0::3].all()
    assert not found[:, 1::3].any()


def test_ink_in_one_colour_alone_counts_and_a_box_in_a_corner_has_a_ring() -> None:
    picture = np.full((30, 30, 3), 128, np.uint8)
    picture[0:10, 0:20:2] = (128, 128, 255)
    found = reality.ink_of(picture, Box(0, 0, 20, 10))
    assert found[:, 0::2].all()
    assert not found[:, 1::2].any()


def test_a_string_is_found_where_boxes_cover_nine_tenths_of_its_ink() -> None:
    box = Box(10, 10, 40, 20)
    plane = plane_with(word(box))
    picture = lettered(plane.size, box)
    for right, hit in ((40, 1), (37, 1), (34, 0)):
        score = RealScore()
        score.take(plane, picture, [Box(8, 8, right, 22)])
        assert score.hits["legible"] == [hit, 1], right
        assert len(score.misses) == 1 - hit
    two = RealScore()
    two.take(plane, picture, [Box(5, 8, 25, 22), Box(24, 8, 45, 22)])
    assert two.hits["3 characters and more, cap 7 and more"] == [1, 1]


def test_a_miss_says_where_and_how_much_of_it_was_covered() -> None:
    box = Box(10, 10, 40, 20)
    score = RealScore()
    score.take(plane_with(word(box)), lettered(Size(100, 60), box), [Box(10, 10, 25, 20)])
    (miss,) = score.report()["misses"]
    assert miss["box"] == [10, 10, 40, 20]
    assert miss["file"] == "pydicom:made.dcm"
    assert miss["ink_covered"] == 0.5
    assert json.dumps(miss)


def test_what_is_not_legible_counts_apart_and_is_no_false_box() -> None:
    box = Box(10, 10, 40, 20)
    score = RealScore()
    score.take(plane_with(word(box, legible=False)), lettered(Size(100, 60), box), [Box(8, 8, 42, 22)])
    report = score.report()
    assert "legible" not in report["recall"]
    assert report["recall"]["not legible"]["share"] == 1.0
    assert report["boxes_outside_text"] == []


def test_boxes_outside_of_any_text_are_listed_and_their_area_counted() -> None:
    box = Box(10, 10, 40, 20)
    plane = plane_with(word(box))
    score = RealScore()
    score.take(plane, lettered(plane.size, box), [Box(6, 6, 44, 24), Box(60, 30, 80, 40)])
    report = score.report()
    assert report["boxes_outside_text"] == [{"file": plane.file, "plane": "f0", "box": [60, 30, 80, 40]}]
    assert report["text_planes"]["other_area_masked"] == pytest.approx(200 / 6000, abs=1e-4)
    incomplete = RealScore()
    incomplete.take(plane_with(word(box), complete=False), lettered(plane.size, box), [Box(60, 30, 80, 40)])
    assert incomplete.report()["boxes_outside_text"] == []
    assert incomplete.report()["text_planes"]["count"] == 0


def test_a_box_over_half_the_plane_finds_text_but_not_tightly() -> None:
    box = Box(10, 10, 40, 20)
    plane = plane_with(word(box))
    for found, tight in (([Box(0, 0, 100, 40)], 0), ([Box(6, 6, 44, 24)], 1), ([Box(0, 0, 100, 40), box], 1)):
        score = RealScore()
        score.take(plane, lettered(plane.size, box), found)
        assert score.hits["legible"] == [1, 1]
        assert score.hits["legible, tightly"] == [tight, 1], found


def test_a_box_over_two_lines_finds_both_but_neither_line_by_line() -> None:
    upper, beside, lower = Box(10, 10, 40, 20), Box(60, 11, 90, 21), Box(10, 26, 40, 36)
    plane = plane_with(word(upper), word(beside), word(lower))
    picture = lettered(plane.size, upper, beside, lower)
    for found, hits in (
        ([Box(6, 6, 44, 40)], 0),
        ([Box(6, 6, 94, 24)], 2),  # two strings of one line
        ([Box(6, 6, 44, 40), Box(6, 24, 44, 38)], 1),
        ([Box(6, 6, 44, 29)], 1),  # the lower line is only touched
    ):
        score = RealScore()
        score.take(plane, picture, found)
        assert score.hits["legible, line by line"] == [hits, 3], found
        assert len(score.report()["boxes_over_several_lines"]) == (found[0] == Box(6, 6, 44, 40))


def test_clean_planes_count_boxes_and_area_test_patterns_apart() -> None:
    score = RealScore()
    picture = reality.Shown("CT", "made", 1, Size(100, 50), "clean")
    pattern = reality.Shown("test pattern", "made too", 1, Size(100, 50), "clean")
    score.take_clean("pydicom:a.dcm", "f0", picture, [Box(0, 0, 10, 10), Box(95, 0, 120, 10)])
    score.take_clean("pydicom:b.dcm", "f0", picture, [])
    score.take_clean("pydicom:c.dcm", "f0", pattern, [Box(0, 0, 10, 10)])
    clean = score.report()["clean_planes"]
    assert clean["pictures"]["count"] == 2
    assert clean["pictures"]["boxes_a_plane"] == 1.0
    assert clean["pictures"]["with_boxes"] == 1
    assert clean["pictures"]["area_masked"] == pytest.approx(150 / 5000 / 2)
    assert clean["patterns"]["area_masked"] == pytest.approx(100 / 5000)


def test_each_source_counts_once_beside_its_planes_and_what_training_never_saw_apart() -> None:
    score = RealScore()
    volume = reality.Shown("MR", "a head", 3, Size(100, 50), "clean")
    for key in ("a0.1", "a0.2", "a0.3"):
        score.take_clean("pypi:made:head.nii", key, volume, [Box(0, 0, 50, 50)] * 2)
    score.take_clean("pydicom:c.dcm", "f0", reality.Shown("CT", "seen", 1, Size(100, 50), "clean"), [])
    clean = score.report()["clean_planes"]
    assert (clean["pictures"]["count"], clean["pictures"]["sources"]) == (4, 2)
    assert clean["pictures"]["boxes_a_plane"] == 1.5
    assert clean["pictures"]["boxes_a_source"] == 1.0
    assert clean["pictures"]["area_masked_a_source"] == pytest.approx(0.25)
    assert (clean["pictures unseen"]["count"], clean["pictures trained on"]["count"]) == (3, 1)


def test_the_page_gets_the_figures_between_its_marks_and_nothing_else(tmp_path: Path) -> None:
    box = Box(10, 10, 40, 20)
    score = RealScore()
    score.take(plane_with(word(box)), lettered(Size(100, 60), box), [])
    page = tmp_path / "page.md"
    page.write_text("# A\n\n<!-- figures of bench/real -->\nold\n<!-- end of the figures -->\n\n## B\n", "utf-8")
    realpage.write_page(page, "default", {"own": score.report()})
    text = page.read_text("utf-8")
    assert text.startswith("# A\n\n<!--")
    assert text.endswith("-->\n\n## B\n")
    assert "old" not in text
    assert "| all legible strings | 0.0 % (0.0 to 79.3; n = 1) |" in text
    assert "| `pydicom:made.dcm` | f0 | 10, 10, 40, 20 | line | 4 | 10 | 0 % |" in text
    page.write_text("# A\n", "utf-8")
    with pytest.raises(ValueError, match="does not have the marks"):
        realpage.write_page(page, "default", {})
