"""The generator for reporting only: nothing of it is trained on, and a string counts by its own line's box alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from foreign.letters import hands
from foreign.packages import split
from foreign.scenes import Maker, Scene, Text
from foreign.scoring import Tally

from dcmaudit.model import Box

ROOT = Path(__file__).resolve().parents[2]


def test_no_package_is_trained_on_and_reported_with() -> None:
    both = split()
    assert not set(both["training"]) & set(both["reporting"])


def test_every_package_that_training_takes_pictures_from_is_in_its_half() -> None:
    sources = json.loads((ROOT / "training" / "extra.json").read_text(encoding="utf-8"))["sources"]
    assert {f"{one['registry']}:{one['package']}" for one in sources} <= set(split()["training"])
    assert {"pypi:pydicom", "pypi:pydicom-data", "pypi:deid-data"} <= set(split()["training"])


def test_every_picture_for_reporting_is_of_a_package_for_reporting() -> None:
    told = json.loads((ROOT / "bench" / "foreign" / "packages.json").read_text(encoding="utf-8"))
    assert {f"pypi:{one['package']}" for one in told["pictures"]} <= set(told["reporting"])


@pytest.mark.parametrize("name", ["data.py", "train.py", "mine.py", "judge.py", "extra.py", "halves.py"])
def test_no_training_knows_the_generator_for_reporting(name: str) -> None:
    assert "foreign" not in (ROOT / "training" / name).read_text(encoding="utf-8")


def test_a_scene_is_the_same_each_time_and_its_ink_is_where_it_differs() -> None:
    made = Maker(hands(None, browser=False), [])
    one, other = (made.scene("dental", 3, 256) for _ in range(2))
    assert np.array_equal(one.cells, other.cells)
    assert one.texts
    assert all(text.ink.any() for text in one.texts)


def test_large_letters_are_drawn_on_four_grounds_and_up_to_half_of_the_frame() -> None:
    made = Maker(hands(None, browser=False), [])
    texts = [text for number in range(8) for text in made.scene("large", number, 320).texts]
    grounds = {name for text in texts for name in text.classes if name.startswith("large, on")}
    assert grounds == {f"large, on {name}" for name in ("black", "anatomy", "tissue", "bright")}
    assert {"caps 101-174 px"} <= {name for text in texts for name in text.classes}
    assert min(text.height for text in texts) > 100


def test_lines_of_planes_of_many_levels_are_judged_legible_or_not() -> None:
    made = Maker(hands(None, browser=False), [])
    scenes = [made.scene("deep", number, 256) for number in range(4)]
    strips = [text for scene in scenes for text in scene.texts if "outside the VOI window" in text.classes]
    assert strips
    assert all(text.legible for text in strips)


def _two_lines() -> Scene:
    texts = []
    for top in (10, 30):
        ink = np.zeros((60, 100), bool)
        ink[top : top + 8, 10:60] = True
        texts.append(Text("ABC", ink, 8, ["plain"]))
    return Scene("two", "two", np.zeros((60, 100), np.uint8), texts=texts)


def test_a_box_over_two_lines_finds_neither() -> None:
    tally = Tally()
    tally.take(_two_lines(), [Box(0, 0, 100, 60)])
    told = tally.report()
    assert told["found line by line"]["plain"]["share"] == 0
    assert told["covered by any box"]["plain"]["share"] == 1
    assert told["boxes over several lines"]["share"] == 1


def test_a_box_a_line_finds_both() -> None:
    tally = Tally()
    tally.take(_two_lines(), [Box(8, 8, 62, 20), Box(8, 28, 62, 40)])
    told = tally.report()
    assert told["found line by line"]["plain"]["share"] == 1
    assert told["other area beside text"] == 0


@pytest.mark.parametrize(
    ("said", "is_of_use"),
    [
        ("QUILL, MAEVE", True),
        ("seen: quill,maeve 1", True),  # beside other words of its line
        ("0UILL, MAEUE", True),
        ("0U1LL, MAEUE", False),
        ("QUILL", False),
        ("", False),
    ],
)
def test_what_was_read_is_of_use_with_one_character_in_five_wrong(said: str, is_of_use: bool) -> None:
    ink = np.zeros((60, 200), bool)
    ink[20:32, 10:150] = True
    text = Text("QUILL, MAEVE", ink, 12, ["plain"])
    tally = Tally()
    tally.take(Scene("one", "plain", np.zeros((60, 200), np.uint8), texts=[text]), [Box(8, 18, 152, 34)], [said])
    read = tally.report()["read so that it is of use, of lines found"]
    assert (read["legible"]["share"], read["legible"]["count"]) == (float(is_of_use), 1)


def test_lines_that_were_not_found_or_are_small_are_not_counted_as_read() -> None:
    ink = np.zeros((60, 200), bool)
    ink[20:27, 10:150] = True
    tally = Tally()
    for height, boxes in ((12, []), (8, [Box(8, 18, 152, 34)])):
        scene = Scene("one", "plain", np.zeros((60, 200), np.uint8), texts=[Text("QUILL", ink, height, ["plain"])])
        tally.take(scene, boxes, ["QUILL"] * len(boxes))
    assert "read so that it is of use, of lines found" not in tally.report()
