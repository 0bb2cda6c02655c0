"""``dcmaudit.release`` is the command: the same bytes, the same chain, the same refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

import dcmaudit
from cli.test_release_parts import PartHouse, everything, filled
from dcmaudit.errors import UsageError
from support.house import House, reviewed


def released(house: House, **more: object) -> dcmaudit.ReleaseReport:
    words: dict[str, object] = {
        "held": house.held, "key": house.key, "policy": house.policy, "database": house.db, "jobs": 1, **more
    }  # fmt: skip
    return dcmaudit.release(house.inputs, house.out, **words)  # type: ignore[arg-type]


def test_the_same_bytes_and_the_same_chain_as_the_command(tmp_path: Path) -> None:
    house = House(tmp_path)
    filled(house)
    reviewed(house, house.inputs / "1.dcm", marks=(dcmaudit.Box(5, 5, 50, 30),))
    assert house.run("--uid-map", str(tmp_path / "uids.csv")) == 1
    other, told = PartHouse(house, "api"), list[dcmaudit.ReleasedInput]()
    report = released(other, uid_map=tmp_path / "more.csv", tell=told.append)
    assert everything(other) == everything(house)
    assert (tmp_path / "more.csv").read_bytes() == (tmp_path / "uids.csv").read_bytes()
    records = house.records()
    assert [(one.outcome, one.why, one.output) for one in told] == [
        (one["outcome"], one["why"], one["output"]) for one in records
    ]
    assert (report.inputs, report.is_all) == (len(records), False)
    assert report.outcomes == report.data["outcomes"]
    assert report.root == report.data["records"]["root"]
    assert Path(report.page).read_text().startswith("<!doctype html>")


def test_a_run_that_was_broken_off_is_gone_on_with(tmp_path: Path) -> None:
    house, other = House(tmp_path), None
    filled(house)
    other = PartHouse(house, "api")
    assert house.run() == 1

    def ends(one: dcmaudit.ReleasedInput) -> None:
        if one.name.endswith("2.dcm"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        released(other, tell=ends)
    with pytest.raises(UsageError, match="holds a release already"):
        released(other)
    told = list[dcmaudit.ReleasedInput]()
    report = released(other, resume=True, tell=told.append)
    assert everything(other) == everything(house)
    assert 0 < len(told) < report.inputs == len(house.records())


def test_what_contradicts_itself_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.add("a.dcm")
    for words, said in (
        ({"eyes": "all"}, "say it once"), ({"policy": None}, "whose eyes"), ({"jobs": 0}, "1 or more"),
        ({"policy": None, "eyes": "some"}, "cannot be 'some'"), ({"shard": "3/2"}, "no part"),
        ({"policy": None, "eyes": "sample"}, "go together"), ({"uid_map": house.out / "x"}, "may leave the house"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            released(house, **words)
        assert not house.out.exists(), said
