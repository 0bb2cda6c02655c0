"""``--json`` of every command: one object a line, each as its schema says."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.cli import main, registry
from dcmaudit.cli.program import command_parser
from dcmaudit.report.jsonlines import SCHEMAS, json_line, problems, reference
from support.files import dataset, file_bytes, gradient

ROOT = Path(__file__).parents[2]
WITHOUT = {
    "db merge",
    "rules make", "report sign", "report check", "report merge", "report join",
    "db dump", "db export", "db info", "db backup", "db forget", "db recount", "db check", "db compact",
    "s3 credentials",
    "s3 open", "s3 select",
}  # fmt: skip
"""Commands that work on no list of inputs, or whose output is a list in a format of its own."""


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for name in registry.available():
        parser = command_parser(name)
        inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
        if not inner:
            yield name, parser
        for actions in inner:
            for action, sub in actions.choices.items():
                yield f"{name} {action}", sub


def test_every_command_that_takes_any_number_of_names_takes_a_list_of_them() -> None:
    many = {name for name, parser in commands() for action in parser._actions
            if not action.option_strings and action.nargs in {"*", "+"}}  # fmt: skip
    lists = {name for name, parser in commands() if "--files-from" in parser._option_string_actions}
    assert many - lists == {"db import"}  # which takes lists themselves
    assert {"frames", "ocr", "redact", "verify", "release", "rules check", "db history", "db forget"} <= lists


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "good.dcm"
    path.parent.mkdir()
    path.write_bytes(file_bytes(dataset(gradient())))
    return path


def printed(capsys: pytest.CaptureFixture[str], database: Path, *words: str | Path) -> list[dict[str, Any]]:
    main(["--db", str(database), *map(str, words)])
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert {line: found for line in lines if (found := problems(line))} == {}
    return [json.loads(line) for line in lines]


def test_every_batch_command_has_it() -> None:
    has = {name for name, parser in commands() if "--json" in parser._option_string_actions}
    assert {name for name, _ in commands()} - has == WITHOUT


def test_what_is_printed_is_what_is_documented(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database, missing = tmp_path / "db", tmp_path / "missing.dcm"
    shown = printed(capsys, database, "frames", "--json", good, missing)
    assert sorted(one["outcome"] for one in shown) == ["done", "failed"]
    read = printed(capsys, database, "ocr", "--no-read", "--json", good, missing)
    assert {one["outcome"] for one in read} == {"done", "failed"}
    again = printed(capsys, database, "ocr", "--no-read", "--json", good)
    assert [one["outcome"] for one in again] == ["done before"]
    words = ["--rect", "0,0,3,3", "--json", "-o", str(tmp_path / "out")]
    assert printed(capsys, database, "redact", *words, good)[0]["proof"]["passed"]
    assert printed(capsys, database, "redact", *words, "--resume", good)[0]["outcome"] == "done before"
    out = tmp_path / "out" / "good.redacted.dcm"
    assert printed(capsys, database, "verify", "--rect", "0,0,3,3", "--json", good, out)[0]["passed"]
    assert printed(capsys, database, "verify", "--check-text", "--json", good, good)[0]["text"]["planes"] == 1
    alone = tmp_path / "empty"
    alone.mkdir()
    assert not printed(capsys, database, "verify", "--json", good.parent, alone)[0]["passed"]
    rules = printed(capsys, database, "rules", "check", "--json", good, missing)
    assert {"error", "summary"} <= {key for one in rules for key in one}


def test_samples_are_told(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = tmp_path / "db"
    assert printed(capsys, database, "sample", "plan", "--json")[0]["series"] > 100
    (drawn,) = printed(capsys, database, "sample", "draw", "--json", "-o", tmp_path / "list.csv", "--seed", "3", good)
    assert (drawn["file"], drawn["seed"]) == (str(good), 3)
    assert (tmp_path / "list.csv").exists()
    part = tmp_path / "part.json"
    head, series = printed(
        capsys, database, "sample", "draw", "--json", "-o", part, "--seed", "3", "--shard", "1/1", good
    )
    assert (head["part"], head["series"], series["file"]) == ("1/1", 1, str(good))
    assert printed(capsys, database, "sample", "merge", "--json", part) == [drawn]
    printed(capsys, database, "ocr", "--no-read", "--json", good)
    told = printed(capsys, database, "sample", "conclude", "--json", tmp_path / "list.csv")
    assert [one["stratum"] for one in told][-1] is None


def test_the_database_is_told(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = tmp_path / "db"
    (tmp_path / "r.csv").write_text(
        f"filename,frame,overlay,left,top,right,bottom\n{good},0,-1,0,0,4,4\n{good},x,-1,0,0,4,4\n"
    )
    refused, taken = printed(capsys, database, "db", "import", "--json", tmp_path / "r.csv")
    assert (refused["line"], refused["file"], taken["rectangles"]) == ("r.csv line 3", None, 1)
    assert printed(capsys, database, "db", "identify", "--json", good)[0]["done"]
    moved = good.rename(good.with_name("moved.dcm"))
    assert printed(capsys, database, "db", "adopt", "--json", moved)[0]["former"] == str(good)
    assert printed(capsys, database, "db", "history", "--json")[-1]["action"] == "rectangles imported"


def test_settings_and_examples_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {one["name"]: one for one in printed(capsys, tmp_path, "config", "show", "--json")}
    assert found["db"]["source"] == "command line"
    assert found["db"]["value"] == str(tmp_path / "dcmaudit.sqlite.db")
    assert found["db_wait"]["value"] == 10
    assert len(printed(capsys, tmp_path, "examples", "--json", tmp_path / "ex")) > 5
    assert printed(capsys, tmp_path, "doctor", "--json", "--only", "memory")


def test_json_and_a_list_do_not_share_standard_output(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ocr", "--json", "--csv", "-", str(good)]) == 2
    assert "both write to standard output" in capsys.readouterr().err


def test_a_name_that_is_not_utf_8_is_one_line_of_ascii(good: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    odd = good.with_name("b\udce9d.dcm")
    good.rename(odd)
    assert main(["frames", "--json", str(odd)]) == 0
    line = capfdbinary.readouterr().out.decode("ascii")
    assert json.loads(line)["file"].endswith(".dcm")


def test_a_line_that_is_not_as_documented_is_noticed() -> None:
    good = {"file": "a", "outcome": "done", "reasons": [], "planes": []}
    assert problems(json_line("frames", good)) == []
    assert problems(json_line("frames", {**good, "more": 1})) == ["more is not documented"]
    assert problems(json_line("frames", {**good, "file": None})) == ["file is no text"]
    assert problems(json_line("frames", {"file": "a"})) != []
    assert problems("{}") == ["there is no schema ''"]
    with pytest.raises(KeyError):
        json_line("nothing", {})


def test_the_reference_page_is_made_of_the_table() -> None:
    page = (ROOT / "docs" / "reference" / "json.md").read_text("utf-8")
    assert page == reference()
    assert len(re.findall(r"^## dcmaudit/", page, re.MULTILINE)) == len(SCHEMAS)


def test_names_that_are_no_utf_8_lead_back_to_their_files(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = good.rename(good.with_name(os.fsdecode(b"caf\xe9 \xf0\x9f\x98\x80.dcm")))
    words = ["--json", "--rect", "0,0,3,3", "-o", tmp_path / "out"]
    (line,) = printed(capsys, tmp_path / "db", "redact", *words, odd)
    # Half a pair of UTF-16, which Python alone reads, could not be written as UTF-8.
    names = [line[key].encode() for key in ("file", "output")]
    assert [name.rpartition(b"/")[2] for name in names] == [
        b"caf\\xe9 \xf0\x9f\x98\x80.dcm", b"caf\\xe9 \xf0\x9f\x98\x80.redacted.dcm",
    ]  # fmt: skip
    (pair,) = printed(capsys, tmp_path / "db", "verify", "--json", "--rect", "0,0,3,3", line["file"], line["output"])
    assert pair["passed"]
    assert pair["after_file"] == line["output"]
    pictures = ["--json", "--extract", "-o", tmp_path / "png"]
    (shown,) = printed(capsys, tmp_path / "db", "frames", *pictures, line["output"])
    assert "caf\\xe9" in shown["planes"][0]["written"]
