"""``dcmaudit doctor``: what it finds, what it says, and what it never says."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.doctor import machine, parts
from dcmaudit.cli.doctor.command import EXAMINATIONS
from dcmaudit.codecs.encode import Target
from dcmaudit.codecs.selftest import codec_tests
from dcmaudit.detect.textnet import TextNet, network
from dcmaudit.errors import EngineError, ProcessorError
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.report.examinations import State
from dcmaudit.settings import Settings
from dcmaudit.store import NewRect, TagChange, open_store


def records(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    code = main([*words, "doctor", "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_sound_installation_is_all_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = records(capsys, "--db", str(tmp_path / "db"))
    wrong = [one for one in found if one["state"] == "wrong"]
    assert (code, wrong) == (0, [])
    assert {one["section"] for one in found} == set(EXAMINATIONS)
    assert {one["schema"] for one in found} == {"dcmaudit/doctor/1"}
    assert all(set(one) == {"schema", "section", "name", "state", "detail", "hint"} for one in found)
    assert not (tmp_path / "db").exists()


def test_people_get_lines_and_a_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--db", str(tmp_path), "doctor", "--only", "detector", "--only", "memory"]) == 0
    out = capsys.readouterr().out
    assert "ok   own: gives its expected answer on this processor" in out
    assert "0 wrong or missing" in out
    assert "codecs" not in out


def test_every_family_of_codestreams_is_tried() -> None:
    tests = list(codec_tests())
    assert {test.uid for test in tests} >= {target.value for target in Target}
    assert [test for test in tests if test.problem is not None] == []


def test_a_codec_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import imagecodecs

    def fail(*_args: object, **_how: object) -> bytes:
        raise RuntimeError("Doe^Jane")

    monkeypatch.setattr(imagecodecs, "jpeg8_encode", fail)
    found = [one for one in parts.codecs(Settings()) if one.state is State.WRONG]
    assert any("JPEG baseline" in one.name for one in found)
    assert not any("Doe" in one.detail for one in found)


@pytest.mark.parametrize("error", [ProcessorError("this processor gives another answer"), EngineError("damaged")])
def test_a_detector_that_cannot_be_used_is_wrong_and_ends_with_1(
    error: EngineError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def refuse(*_args: object) -> None:
        raise error

    monkeypatch.setattr(TextNet, "__init__", refuse)
    assert main(["--db", str(tmp_path), "doctor", "--only", "detector"]) == 1
    assert f"WRONG  own: {error.message}" in capsys.readouterr().out


def test_the_slower_way_of_the_detector_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_WAYS", network._WAYS[1:])
    (found,) = parts.detector(Settings())
    assert "two to three times as long" in found.detail
    assert found.state is State.GOOD


def test_a_small_installation_without_engines_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> object:
        return None if name == "onnxruntime" else util.find_spec(name)

    monkeypatch.setattr(parts, "find_spec", gone)
    found = [*parts.detector(Settings()), *parts.engines(Settings())]
    assert {one.state for one in found} == {State.NOTE}
    assert all("small installation" in one.detail for one in found)


def test_an_extra_that_is_missing_is_a_note_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "find_spec", lambda _name: None)
    found = list(parts.extras(Settings()))
    assert {one.state for one in found} == {State.NOTE}
    assert {one.hint for one in found} >= {"pip install 'dcmaudit[s3]'"}


def test_a_damaged_database_is_wrong_and_nothing_of_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = DeviceFacts("US", ("ORIGINAL",), "MADE UP 1", None, 24, 32)
    with open_store(tmp_path, user="anna") as store:
        store.add_rects("/archive/DOE_JANE.dcm", [NewRect(Box(0, 0, 9, 9), FrameAddress(0), text="DOE JANE")])
        store.finish("/archive/DOE_JANE.dcm", device, change=TagChange(marked=True, comment="REMARK"))
    with closing(sqlite3.connect(tmp_path / "dcmaudit.sqlite.db")) as raw, raw:
        raw.execute("PRAGMA trusted_schema = ON")
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f'DROP TRIGGER "{name}"')
        raw.execute('UPDATE "DicomRects" SET "left" = 5')
    raw.close()
    code, found = records(capsys, "--db", str(tmp_path))
    assert code == 1
    assert [one["name"] for one in found if one["state"] == "wrong"] == ["integrity"]
    text = json.dumps(found)
    assert not any(word in text for word in ("DOE", "JANE", "REMARK", "archive"))


def test_a_database_that_lacks_a_column_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(tmp_path, user="anna") as store:
        store.add_rects("/a.dcm", [NewRect(Box(0, 0, 9, 9), FrameAddress(0))])
    with closing(sqlite3.connect(tmp_path / "dcmaudit.sqlite.db")) as raw, raw:
        raw.execute("ALTER TABLE dcmaudit_hidden DROP COLUMN shape")
    code, found = records(capsys, "--db", str(tmp_path))
    assert code == 1
    (wrong,) = [one for one in found if one["state"] == "wrong"]
    assert wrong["section"] == "database" and "dcmaudit_hidden lacks the column shape" in wrong["detail"]


def test_a_database_that_is_none_or_cannot_be_made_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all" * 100)
    code, found = records(capsys, "--db", str(tmp_path / "x.db"))
    assert code == 1
    assert [one["section"] for one in found if one["state"] == "wrong"] == ["database"]
    code, found = records(capsys, "--db", "postgresql://anna:hidden@127.0.0.1:1/x")
    assert code == 1
    assert "hidden" not in json.dumps(found)


def test_settings_that_lead_nowhere_are_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACS_ROOT", str(tmp_path / "nowhere"))
    monkeypatch.setenv("DCMAUDIT_USR", "x")
    monkeypatch.setenv("DCMAUDIT_CA_BUNDLE", str(tmp_path / "ca.pem"))
    code, found = records(capsys, "--db", str(tmp_path))
    wrong = {one["name"] for one in found if one["state"] == "wrong"}
    assert code == 1
    assert wrong == {"pacs_root", "DCMAUDIT_USR", "ca_bundle"}


def test_little_memory_and_few_open_files_are_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_memory", lambda: (1 << 30, 1 << 29))
    assert next(iter(machine.memory(Settings()))).state is State.NOTE
    monkeypatch.setattr(machine, "_memory", lambda: (64 << 30, 1 << 30))
    monkeypatch.setattr(machine, "_group_limit", lambda: 1 << 30)
    assert "limited to 1.0 GiB" in next(iter(machine.memory(Settings()))).detail
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (64, 64))
    assert next(iter(machine.limits(Settings()))).state is State.NOTE


def test_an_examination_that_fails_is_told_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(_settings: Settings) -> list[Any]:
        raise ZeroDivisionError("Doe^Jane")

    monkeypatch.setitem(EXAMINATIONS, "memory", fail)
    code, found = records(capsys, "--db", str(tmp_path))
    assert code == 1
    (one,) = [one for one in found if one["state"] == "wrong"]
    assert one["detail"] == "it failed: ZeroDivisionError"
    assert {other["section"] for other in found} == set(EXAMINATIONS)
