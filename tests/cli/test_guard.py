"""No command writes over an input, a list, the database, a key, rules or settings, whatever name it has."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli import main, registry, review
from dcmaudit.cli.guard import OUTPUTS
from dcmaudit.cli.program import command_parser
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.settings import config_path
from dcmaudit.store import NewRect, TagChange, open_store
from support.files import dataset, file_bytes, gradient

LISTS = ("ocr", "sample draw", "sample merge", "rules make", "s3 select", "db backup")
"""Commands with a file as output: how each is called to replace {target}, with {file} as what it reads."""
WORDS = {
    "ocr": ["ocr", "--no-read", "--finder", "own", "--csv", "{target}", "{file}"],
    "sample draw": ["sample", "draw", "{file}", "-o", "{target}"],
    "sample merge": ["sample", "merge", "{file}", "-o", "{target}"],
    "rules make": ["rules", "make", "-o", "{target}"],
    "s3 select": ["s3", "select", "bucket", "--csv", "{list}", "-o", "{target}"],
    "db backup": ["db", "backup", "{target}"],
    "db export": ["db", "export", "{folder}"],
    "redact": ["redact", "--whole", "-o", "{folder}", "{file}"],
    "frames": ["frames", "-x", "-o", "{folder}", "{file}"],
    "s3 get": ["s3", "get", "-o", "{folder}", "s3://bucket/key"],
    "examples": ["examples", "{folder}"],
    "release": [
        "release",
        "--eyes",
        "none",
        "-o",
        "{folder}",
        "--held",
        "{folder}-held",
        "--key",
        "{folder}.key",
        "{file}",
    ],
    "report join": ["report", "join", "{file}", "-o", "{target}"],
    "report sign": ["report", "sign", "{folder}", "--signing-key", "{file}"],
    "report merge": [
        "report",
        "merge",
        "--part",
        "{folder}",
        "{folder}",
        "-o",
        "{folder}",
        "--held",
        "{folder}",
        "--uid-map",
        "{file}",
    ],
}
WRITES_NO_FILE = {
    "config show", "doctor", "verify", "score", "report check",
    "rules check", "sample plan", "sample conclude", "db dump", "db info",
    "db merge",
    "db unseen",
    "db identify", "db import", "db adopt", "db history", "db forget", "db recount", "db check", "db compact",
    "s3 credentials", "s3 list",
    "s3 open",
}  # fmt: skip
"""Commands that write nothing but the database, the keyring and standard output."""
READ = {
    "ocr": {"allow_list", "files", "dask"},
    "redact": {"csv", "deid_rules", "relative_path", "files", "uid_key", "dask"},
    "frames": {"relative_path", "files", "dask"},
    "rules make": set(), "sample draw": {"files", "dask"}, "sample merge": {"names"},
    "db export": set(), "db backup": set(),
    "release": {"files", "key", "policy", "deid_rules", "identifiers", "dask"},
    "report sign": {"signing_key"}, "report merge": {"part"}, "report join": {"names"},
    "s3 select": {"csv", "copy_to"}, "s3 get": set(), "examples": set(),
}  # fmt: skip
"""Arguments with a file, folder or address as value that are no outputs of these commands."""


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for name in registry.available():
        parser = command_parser(name)
        inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
        if not inner:
            yield name, parser
        for actions in inner:
            for action, sub in actions.choices.items():
                yield f"{name} {action}", sub


def test_every_command_is_in_the_table() -> None:
    assert {name for name, _ in commands()} - set(WORDS) - WRITES_NO_FILE == set()
    assert {" ".join(filter(None, key)) for key in OUTPUTS} == set(WORDS)


@pytest.mark.parametrize("name", WORDS)
def test_every_option_with_a_place_is_an_output_of_the_table_or_is_read(name: str) -> None:
    command, _, action = name.partition(" ")
    parser = dict(commands())[name]
    places = {
        one.dest
        for one in parser._actions
        if str(one.metavar) in {"FILE", "DIR", "PATH", "FOLDER", "PREFIX", "LIST", "ADDRESS", "FILES"}
        or getattr(one.type, "__name__", "") == "local_path"
    }
    common = {"db", "config", "ca_bundle", "files_from"}
    assert places - common - READ[name] - set(OUTPUTS[command, action or None]) == set()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An input, a list, a database, rules and settings, each of them worth something."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("SMI_ROOT", raising=False)
    monkeypatch.setenv("DCMAUDIT_DB", str(tmp_path / "db"))
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for number, name in enumerate(("a.dcm", "deep/b.dcm", "deep/list.csv.dcm")):
        (tmp_path / "in" / name).write_bytes(file_bytes(dataset(gradient() + np.uint8(number))))
    (tmp_path / "list.csv").write_text(f"filename\n{tmp_path / 'in' / 'a.dcm'}\n")
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "deid.dicom.site").write_text("FORMAT dicom\n%filter x\nLABEL a\n  present Rows\n  coordinates 0,0,1,1\n")
    monkeypatch.setenv("DCMAUDIT_DEID_RULES", str(rules))
    config_path().parent.mkdir(parents=True)
    config_path().write_text("")
    with open_store(str(tmp_path / "db"), user="ann") as store:
        name, device = str(tmp_path / "in" / "a.dcm"), DeviceFacts(model="M", rows=16, columns=20, modality="US")
        store.finish(name, device, change=TagChange(marked=False, comment=""))
        store.add_rects(name, [NewRect(Box(0, 0, 4, 4), FrameAddress(0))])
    return tmp_path


def whole(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


VICTIMS: dict[str, Callable[[Path], Path]] = {
    "input": lambda place: place / "in" / "a.dcm",
    "input of a folder": lambda place: place / "in" / "deep" / "b.dcm",
    "list": lambda place: place / "list.csv",
    "database": lambda place: place / "db" / "dcmaudit.sqlite.db",
    "rules": lambda place: place / "rules" / "deid.dicom.site",
}
NAMES: dict[str, Callable[[Path, Path], str]] = {
    "itself": lambda _place, victim: str(victim),
    "relative": lambda place, victim: f"db/../{os.path.relpath(victim, place)}",
    "symlink": lambda place, victim: _linked(place, victim, os.symlink),
    "hard link": lambda place, victim: _linked(place, victim, os.link),
    "folder link": lambda place, victim: str(Path(_linked(place, victim.parent, os.symlink)) / victim.name),
}


def _linked(place: Path, victim: Path, link: Callable[[Path, Path], None]) -> str:
    link(victim, place / "other-name")
    return str(place / "other-name")


def call(place: Path, name: str, target: str, *more: str, source: str = "in/a.dcm") -> int:
    words = [
        word.format(target=target, file=place / source, list=place / "list.csv", folder=place / "out")
        for word in WORDS[name]
    ]
    return main([*words, *more])


@pytest.mark.parametrize("how", NAMES)
@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("name", LISTS)
def test_nothing_of_worth_is_replaced(place: Path, name: str, victim: str, how: str) -> None:
    target = NAMES[how](place, VICTIMS[victim](place))
    before = whole(place)
    more = [] if name == "db backup" else ["--overwrite"]
    for source in ("in", "in/a.dcm", "in/*.dcm", "list.csv"):
        assert call(place, name, target, *more, source=source) == 2
        assert whole(place) == before
    if name == "ocr":
        assert call(place, name, target, "--append") == 2
        assert whole(place) == before


@pytest.mark.parametrize("name", LISTS)
def test_an_open_file_is_known_by_its_descriptor(place: Path, name: str) -> None:
    before = whole(place)
    with (place / "in" / "a.dcm").open("r+b") as opened:
        target = f"/proc/self/fd/{opened.fileno()}"
        assert call(place, name, target, *([] if name == "db backup" else ["--overwrite"])) == 2
    assert whole(place) == before


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("name", LISTS)
def test_a_file_of_the_database_is_not_made_by_others(place: Path, name: str, end: str) -> None:
    before = whole(place)
    assert call(place, name, str(place / "db" / f"dcmaudit.sqlite.db{end}")) == 2
    assert {name: data for name, data in whole(place).items() if not name.endswith("-shm")} == {
        name: data for name, data in before.items() if not name.endswith("-shm")
    }


def test_settings_and_keys_are_not_replaced(place: Path) -> None:
    key, allowed = place / "key", place / "allow.txt"
    key.write_bytes(b"filename,")
    allowed.write_text("filename,frame\n")
    before = whole(place)
    file = str(place / "in" / "a.dcm")
    for target in (config_path(), allowed):
        words = ["ocr", "--csv", str(target), "--overwrite", "--allow-list", str(allowed), file]
        assert main(words) == 2
    (place / "out").mkdir()
    (place / "out" / "a.redacted.json").hardlink_to(key)
    words = ["redact", "--whole", "--new-uids", "--uid-key", str(key), "--sidecar", "-o", str(place / "out"), file]
    assert main([*words, "--overwrite"]) != 0
    before[str(place / "out" / "a.redacted.json")] = b"filename,"
    assert whole(place) == before


def test_an_export_replaces_exports_alone(place: Path) -> None:
    assert main(["db", "export", str(place / "out")]) == 0
    assert main(["db", "export", str(place / "out"), "--overwrite"]) == 0
    (place / "out" / "tags.csv").unlink()
    (place / "out" / "tags.csv").hardlink_to(place / "in" / "a.dcm")
    before = whole(place)
    assert main(["db", "export", str(place / "out"), "--overwrite"]) == 2
    assert whole(place) == before


def test_pictures_replace_pictures_alone(place: Path) -> None:
    words = ["frames", "-x", "-o", str(place / "out"), str(place / "in" / "a.dcm")]
    assert main(words) == 0
    picture = next((place / "out").iterdir())
    assert main([*words, "--overwrite"]) == 0
    picture.write_bytes((place / "in" / "a.dcm").read_bytes())
    assert main([*words, "--overwrite"]) == 1
    assert picture.read_bytes() == (place / "in" / "a.dcm").read_bytes()


def test_an_output_of_redact_that_is_another_name_of_an_input_is_refused(place: Path) -> None:
    (place / "out").mkdir()
    (place / "out" / "a.redacted.dcm").hardlink_to(place / "in" / "deep" / "b.dcm")
    before = whole(place)
    assert main(["redact", "--whole", "-r", "-o", str(place / "out"), str(place / "in"), "--overwrite"]) == 1
    assert {name: before[name] for name in before} == {name: whole(place)[name] for name in before}


@pytest.mark.parametrize("name", ["ocr", "sample draw", "rules make"])
def test_what_the_command_wrote_itself_is_replaced(place: Path, name: str) -> None:
    first = call(place, name, str(place / "new.csv"))
    written = (place / "new.csv").read_bytes()
    assert first in {0, 1}
    assert call(place, name, str(place / "new.csv")) == 2
    assert call(place, name, str(place / "new.csv"), "--overwrite") == first
    assert (place / "new.csv").read_bytes()[:20] == written[:20]


def test_a_pipe_is_no_file(place: Path) -> None:
    os.mkfifo(place / "pipe")
    for more in ("--overwrite", "--append"):
        assert call(place, "ocr", str(place / "pipe"), more) == 2
    assert call(place, "sample draw", str(place / "pipe"), "--overwrite") == 2


def test_the_reviewer_has_no_output(place: Path) -> None:
    parser = argparse.ArgumentParser()
    review.configure(parser)
    assert {one.dest for one in parser._actions} - {
        "help", "names", "files_from", "recursive",
        "viewer", "review", "tagged", "deid_rules", "ignore_sections", "policy", "dump_database",
        "port", "host", "browser",
    } == set()  # fmt: skip
