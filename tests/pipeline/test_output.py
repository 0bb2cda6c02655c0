"""Names of outputs, and files that come to be there wholly or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dcmaudit.errors import UsageError
from dcmaudit.pipeline.output import Naming, PlainPlaces, draft
from dcmaudit.pipeline.remote import Remote
from dcmaudit.sources import LocalReference
from support.files import MemoryReference, PathReference


@pytest.mark.parametrize(
    ("name", "expected"), [("a.dcm", "a.redacted.dcm"), ("a.DCM", "a.redacted.dcm"), ("IM0001", "IM0001.redacted.dcm")]
)
def test_names(tmp_path: Path, name: str, expected: str) -> None:
    source = PathReference(tmp_path / "x" / name)
    assert Naming().path_for(source) == tmp_path / "x" / expected
    assert Naming(tmp_path / "out").path_for(source) == tmp_path / "out" / expected
    assert Naming(tmp_path / "out", tmp_path).path_for(source) == tmp_path / "out" / "x" / expected


def test_a_prefix_is_one_of_folders_and_nothing_leads_out_of_the_output(tmp_path: Path) -> None:
    naming = Naming(tmp_path / "out", tmp_path / "data")
    climbing = PathReference(tmp_path / "data" / ".." / ".." / "a.dcm")
    for source in (PathReference(tmp_path / "database" / "a.dcm"), climbing):
        with pytest.raises(UsageError, match="not below"):
            naming.path_for(source)
    roundabout = PathReference(tmp_path / "data" / "x" / ".." / "y" / "a.dcm")
    assert naming.path_for(roundabout) == tmp_path / "out" / "y" / "a.redacted.dcm"


def test_beside_an_input_that_is_no_file_there_is_no_place(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file of this machine"):
        Naming().path_for(MemoryReference("a.dcm", b""))
    assert Naming(tmp_path).path_for(MemoryReference("study/a.dcm", b"")) == tmp_path / "a.redacted.dcm"


@pytest.fixture(params=[True, False], ids=["without a name", "with a hidden name"])
def unnamed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the system can make files without a name; else they are hidden until they are whole."""
    if not request.param:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("this system has no files without names")
    return bool(request.param)


def test_a_draft_is_read_before_it_has_a_name_and_becomes_it_wholly(tmp_path: Path, unnamed: bool) -> None:
    target = tmp_path / "deep" / "a.dcm"
    with draft(target, overwrite=False) as unfinished:
        unfinished.stream.write(b"whole")
        unfinished.sync()
        assert unfinished.path.read_bytes() == b"whole"
        assert not target.exists()
        assert bool(list(target.parent.iterdir())) != unnamed
        unfinished.keep(target, overwrite=False)
    assert [path.name for path in target.parent.iterdir()] == ["a.dcm"]
    assert target.read_bytes() == b"whole"


def test_nothing_is_left_of_a_draft_that_is_dropped(tmp_path: Path, unnamed: bool) -> None:
    with pytest.raises(ZeroDivisionError), draft(tmp_path / "a.dcm", overwrite=False) as unfinished:
        unfinished.stream.write(b"half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_meanwhile_is_not_replaced(tmp_path: Path, unnamed: bool) -> None:
    target = tmp_path / "a.dcm"
    with draft(target, overwrite=False) as unfinished:
        unfinished.stream.write(b"ours")
        target.write_bytes(b"theirs")
        with pytest.raises(UsageError, match="exists already"):
            unfinished.keep(target, overwrite=False)
    assert target.read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 1


def test_replacing_is_one_step(tmp_path: Path, unnamed: bool) -> None:
    target = tmp_path / "a.dcm"
    target.write_bytes(b"old")
    with pytest.raises(UsageError, match="exists already"), draft(target, overwrite=False):
        pass
    with draft(target, overwrite=True) as unfinished:
        unfinished.stream.write(b"new")
        assert target.read_bytes() == b"old"
        unfinished.keep(target, overwrite=True)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.dcm", b"new")]


def test_a_name_that_the_file_system_does_not_take_is_said(tmp_path: Path) -> None:
    name = tmp_path / ("x" * 300)
    with pytest.raises(UsageError, match="cannot be written"), draft(name, overwrite=False) as unfinished:
        unfinished.keep(name, overwrite=False)


NAMES = ["a.dcm", "A.DCM", "plain", ".dcm", "b.redacted.dcm", "dots.in.name.ima"]


@pytest.mark.parametrize("options", [{}, {"folder": True}, {"folder": True, "prefix": True}, {"mixed": True}])
def test_the_quick_names_of_outputs_are_those_of_the_naming(tmp_path: Path, options: dict[str, bool]) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "linked").symlink_to(tmp_path / "in")
    naming = Naming(
        tmp_path / "linked" / "out" if options.get("folder") else None,
        tmp_path / "linked" if options.get("prefix") else None,
        mixed=options.get("mixed", False),
    )
    plain = PlainPlaces(naming, (".json", ".proof.json"))
    for name in NAMES:
        reference = LocalReference(str(tmp_path / "linked" / "sub" / name))
        places = [place for place in naming.places_for(reference) if isinstance(place, Path)]
        sides = [place.with_suffix(suffix) for place in places for suffix in (".json", ".proof.json")]
        found = plain.look(reference)
        assert found is not None
        assert found.is_free
        assert found.called == tuple(map(str, places))
        assert found.outputs == tuple(os.path.realpath(place) for place in places)
        assert sorted(found.every) == sorted(os.path.realpath(place) for place in [*places, *sides])


@pytest.mark.parametrize("taken", ["a.redacted.dcm", "a.redacted.json"])
def test_a_link_or_a_folder_in_the_place_of_an_output_or_its_side_file_is_looked_at_more_closely(
    tmp_path: Path, taken: str
) -> None:
    plain = PlainPlaces(Naming(), (".json",))
    reference = LocalReference(str(tmp_path / "a.dcm"))
    assert plain.look(reference) is not None
    (tmp_path / taken).symlink_to(tmp_path / "nowhere")
    assert plain.look(reference) is None
    (tmp_path / taken).unlink()
    (tmp_path / taken).mkdir()
    assert plain.look(reference) is None


def test_an_output_is_done_where_it_is_there_with_all_its_side_files(tmp_path: Path) -> None:
    plain = PlainPlaces(Naming(), (".json",))
    reference = LocalReference(str(tmp_path / "a.dcm"))
    (tmp_path / "a.redacted.dcm").write_bytes(b"output")
    found = plain.look(reference)
    assert found is not None
    assert not found.is_free
    assert found.done is None
    (tmp_path / "a.redacted.json").write_bytes(b"word")
    found = plain.look(reference)
    assert found is not None
    assert found.done == 0
    assert found.holds((tmp_path / "a.redacted.dcm").stat())
    assert not found.holds((tmp_path / "a.redacted.json").stat())
    (tmp_path / "a.redacted.dcm").rename(tmp_path / "moved")
    (tmp_path / "partly").mkdir()
    for name in ("a.redacted.dcm", "a.redacted.json"):
        (tmp_path / "partly" / name).write_bytes(b"output")
    found = plain.look(reference)
    assert found is not None
    assert found.done == 1


def test_an_input_that_has_no_plain_place_is_looked_at_more_closely(tmp_path: Path) -> None:
    reference = LocalReference(str(tmp_path / "a.dcm"))
    outside = Naming(tmp_path / "out", tmp_path / "other")
    assert PlainPlaces(outside, ()).look(reference) is None
    assert PlainPlaces(Naming(exact=tmp_path / "x.dcm"), ()).look(reference) is None
    assert PlainPlaces(Naming(Remote.parse("s3://bucket/x")), ()).look(reference) is None
