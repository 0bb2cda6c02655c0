"""Lists that parts of a batch left, put together: all of them, each once, and made alike, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.detect.pii.allow import FILE_NAMES
from support.files import dataset, file_bytes, gradient
from support.lettering import lettered

PARTS = 3


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for number in range(9):
        data = dataset(lettered((64, 96), [(f"ADA {number}", 10, 28)]) if number % 2 else gradient())
        data.SOPInstanceUID = f"1.2.3.{number}"
        (folder / f"{number}.dcm").write_bytes(file_bytes(data))
    return folder


COMMANDS = {
    "frames": ["frames", "-i"],
    "rules check": ["rules", "check"],
    "ocr": ["ocr", "--no-read"],
    "redact": ["redact", "--rect", "1,1,5,5"],
}


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main(list(map(str, words)))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def json_parts(
    capsys: pytest.CaptureFixture[str], folder: Path, archive: Path, command: str = "frames", count: int = PARTS
) -> list[Path]:
    """The JSON lines of every part."""
    found = []
    for number in range(1, count + 1):
        more = ["-o", folder / "out"] if command == "redact" else []
        more += ["--db", folder / "db"] if command == "ocr" else []
        code, out, err = said(
            capsys, *COMMANDS[command], *more, "--json", "--jobs", "1", "--shard", f"{number}/{count}", archive
        )
        assert code == Exit.GOOD, err
        found.append(folder / f"{command} {number} of {count}.jsonl")
        found[-1].write_text(out)
    return found


def csv_parts(capsys: pytest.CaptureFixture[str], folder: Path, archive: Path, *more: str) -> list[Path]:
    """The CSV list of every part."""
    folder.mkdir(exist_ok=True)
    found = [folder / f"{number}.csv" for number in range(1, PARTS + 1)]
    for number, path in enumerate(found, 1):
        words = ["ocr", "--no-read", *more, "--csv", path, "--jobs", "1", "--shard", f"{number}/{PARTS}", archive]
        code, _, err = said(capsys, *words)
        assert code == Exit.GOOD, err
    return found


def joined(capsys: pytest.CaptureFixture[str], out: Path, *parts: Path) -> tuple[int, str]:
    code, _, err = said(capsys, "report", "join", *parts, "-o", out)
    return code, err


@pytest.mark.parametrize("command", COMMANDS)
def test_json_lines_of_all_parts_are_those_of_one_run(
    command: str, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = json_parts(capsys, tmp_path, archive, command)
    code, err = joined(capsys, tmp_path / "all", *parts[::-1])
    assert code == Exit.GOOD, err
    other = ["-o", tmp_path / "out2"] if command == "redact" else ["--db", tmp_path / "db2"] if command == "ocr" else []
    _, whole, _ = said(capsys, *COMMANDS[command], *other, "--json", "--jobs", "1", archive)

    def lines(text: str) -> list[str]:
        told = [json.loads(line) for line in text.splitlines() if '"summary"' not in line]
        for one in told:  # outputs of the other run lie elsewhere, and its records say when
            one.pop("output", None), one.pop("proof", None), one.pop("notes", None)
        return sorted(map(json.dumps, told))

    assert lines((tmp_path / "all").read_text()) == lines(whole)
    assert len(lines(whole)) == 9


def test_answers_of_verify_and_of_identify_are_put_together_too(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, database = tmp_path / "out", tmp_path / "db"
    assert said(capsys, "redact", "--rect", "1,1,5,5", "-o", out, "--jobs", "1", archive)[0] == Exit.GOOD
    assert said(capsys, "ocr", "--no-read", "--db", database, "--jobs", "1", archive)[0] == Exit.GOOD
    monkeypatch.chdir(archive)  # names are those that the parts are made by, however they are written
    for place, words in enumerate((
        ["verify", "--rect", "1,1,5,5", ".", out],
        ["verify", "--rect", "1,1,5,5", *(name for n in range(9) for name in (f"{n}.dcm", out / f"{n}.redacted.dcm"))],
        ["--db", database, "db", "identify", "."],
    )):  # fmt: skip
        parts = []
        for number in range(1, PARTS + 1):
            code, told, err = said(capsys, *words, "--json", "--jobs", "1", "--shard", f"{number}/{PARTS}")
            assert code == Exit.GOOD, err
            parts.append(tmp_path / f"{place} {number}")
            parts[-1].write_text(told)
        code, err = joined(capsys, tmp_path / f"all {place}", *parts)
        assert code == Exit.GOOD, err
        assert len((tmp_path / f"all {place}").read_text().splitlines()) == 9


def test_csv_lists_of_all_parts_are_that_of_one_run(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = csv_parts(capsys, tmp_path, archive)
    whole = tmp_path / "whole.csv"
    assert said(capsys, "ocr", "--no-read", "--csv", whole, "--jobs", "1", archive)[0] == Exit.GOOD
    out = tmp_path / "all.csv"
    assert joined(capsys, out, *parts)[0] == Exit.GOOD
    assert sorted(out.read_bytes().splitlines()) == sorted(whole.read_bytes().splitlines())
    assert out.read_bytes().startswith(b"filename,")
    assert out.stat().st_mode & 0o077 == 0
    assert joined(capsys, out, *parts)[0] == Exit.USAGE  # it is there already


def test_what_is_not_all_of_one_run_is_refused_and_named(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, three = json_parts(capsys, tmp_path, archive)
    out = tmp_path / "all"

    def refused(*parts: Path) -> str:
        code, err = joined(capsys, out, *parts)
        assert code == Exit.NOT_ALL
        assert not out.exists()
        return err

    def changed(path: Path, text: str) -> Path:
        other = tmp_path / "changed"
        other.write_text(text)
        assert text != path.read_text()
        return other

    assert "parts are missing: 2/3" in refused(one, three)
    assert "part 1/3 as" in refused(one, two, three, one)
    text = two.read_text()
    lines = text.splitlines(keepends=True)
    for cut in (text[:-1], text[: len(text) // 2], "".join(lines[:-1]), ""):
        assert "no whole list of a part" in refused(one, changed(two, cut), three)
    assert f"answers for {len(lines) - 2} of its {len(lines) - 1} inputs" in refused(
        one, changed(two, "".join(lines[1:])), three
    )
    again = lines[0].replace('"done"', '"failed"')
    assert "two answers for one input" in refused(one, changed(two, again + text), three)
    assert "the lines of two runs" in refused(one, changed(two, text + text), three)
    foreign = one.read_text().splitlines(keepends=True)[0]
    assert "not in part 2/3" in refused(one, changed(two, foreign + text), three)
    assert joined(capsys, tmp_path / "same again", one, changed(two, lines[0] + text), three)[0] == Exit.GOOD
    assert sorted((tmp_path / "same again").read_text().splitlines()) == sorted(
        line for part in (one, two, three) for line in part.read_text().splitlines()[:-1]
    )


def test_parts_that_were_made_otherwise_are_refused(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, _two, three = json_parts(capsys, tmp_path, archive)
    out = tmp_path / "all"
    _, text, _ = said(capsys, *COMMANDS["frames"], "--inverted", "--json", "--jobs", "1", "--shard", "2/3", archive)
    other = tmp_path / "other"
    other.write_text(text)
    code, err = joined(capsys, out, one, other, three)
    assert (code, "another --inverted" in err) == (Exit.NOT_ALL, True)
    four = json_parts(capsys, tmp_path, archive, count=4)
    code, err = joined(capsys, out, one, four[1], three)
    assert (code, "in as many parts 3" in err) == (Exit.NOT_ALL, True)
    rules = json_parts(capsys, tmp_path, archive, "rules check")
    code, err = joined(capsys, out, one, rules[1], three)
    assert (code, "of the command frames" in err) == (Exit.NOT_ALL, True)
    more = tmp_path / "more.dcm"
    more.write_bytes((archive / "1.dcm").read_bytes())
    _, text, _ = said(capsys, *COMMANDS["frames"], "--json", "--jobs", "1", "--shard", "2/3", archive, more)
    other.write_text(text)
    code, err = joined(capsys, out, one, other, three)
    assert (code, "met 10 inputs" in err) == (Exit.NOT_ALL, True)
    lists = csv_parts(capsys, tmp_path / "lists", archive)
    assert joined(capsys, out, one, lists[1], three)[0] == Exit.NOT_ALL
    assert not out.exists()


def test_a_csv_list_that_is_not_what_its_run_left_is_refused(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = csv_parts(capsys, tmp_path, archive)
    out, data = tmp_path / "all.csv", parts[1].read_bytes()
    for other in (data[:-1], data.rpartition(b"\r\n")[0].rpartition(b"\r\n")[0] + b"\r\n", data + data):
        parts[1].write_bytes(other)
        code, err = joined(capsys, out, *parts)
        assert (code, "not what its run left" in err) == (Exit.NOT_ALL, True)
    parts[1].write_bytes(data)
    beside = Path(f"{parts[1]}.part")
    told = beside.read_bytes()
    beside.unlink()
    code, err = joined(capsys, out, *parts)
    assert (code, "no whole list of a part" in err) == (Exit.NOT_ALL, True)
    assert not out.exists()
    beside.write_bytes(told)
    # A list that is there is left alone, and so is what is said of it.
    words = ["ocr", "--no-read", "--csv", parts[1], "--jobs", "1", "--shard", "2/3", archive]
    assert said(capsys, *words)[0] == Exit.USAGE
    assert joined(capsys, out, *parts)[0] == Exit.GOOD


def test_a_file_that_is_in_the_way_of_what_a_part_says_is_kept(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "list.csv.part"
    other.write_text("somebody's")
    words = ["ocr", "--no-read", "--csv", tmp_path / "list.csv", "--jobs", "1", "--shard", "1/2", archive]
    code, _, err = said(capsys, *words)
    assert (code, "is in the way" in err) == (Exit.USAGE, True)
    assert other.read_text() == "somebody's"


def test_a_part_with_an_input_that_failed_makes_the_whole_one_that_is_not_done(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"\0" * 128 + b"DICM" + b"nothing")
    parts = []
    for number in (1, 2):
        words = [*COMMANDS["frames"], "--json", "--jobs", "1", "--shard", f"{number}/2", archive, broken]
        parts.append(tmp_path / str(number))
        parts[-1].write_text(said(capsys, *words)[1])
    code, err = joined(capsys, tmp_path / "all", *parts)
    assert (code, "ended with exit code 1" in err) == (Exit.NOT_ALL, True)
    assert len((tmp_path / "all").read_text().splitlines()) == 10


def test_one_original_may_have_the_outputs_of_two_tools(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = archive / "0.dcm", archive / "2.dcm"
    (tmp_path / "pairs.csv").write_text(f"before,after\n{one},{one}\n{one},{other}\n{other},{other}\n")
    parts = [tmp_path / "1.jsonl", tmp_path / "2.jsonl"]
    for number, part in enumerate(parts, 1):
        words = ["verify", "--pairs", tmp_path / "pairs.csv", "--json", "-j", "1", "--shard", f"{number}/2"]
        part.write_text(said(capsys, *words)[1])
    code, err = joined(capsys, tmp_path / "all", *parts)
    assert code == Exit.NOT_ALL, err  # the second output is not that of the first original
    lines = list(map(json.loads, (tmp_path / "all").read_text().splitlines()))
    found = {(Path(line["file"]).name, Path(line["after_file"]).name): line["passed"] for line in lines}
    assert found == {("0.dcm", "0.dcm"): True, ("0.dcm", "2.dcm"): False, ("2.dcm", "2.dcm"): True}


def rules_file(path: Path, manufacturer: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"FORMAT dicom\n\n%filter graylist\n\nLABEL one\nequals Manufacturer {manufacturer}\n  coordinates 1,1,9,9\n"
    )
    return path


def part_of(capsys: pytest.CaptureFixture[str], path: Path, number: int, *words: object) -> Path:
    code, out, err = said(capsys, *words, "--json", "--jobs", "1", "--shard", f"{number}/2")
    assert code == Exit.GOOD, err
    path.write_text(out)
    return path


def test_parts_that_other_rules_decided_are_refused_whoever_named_the_rules(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, same = rules_file(tmp_path / "a" / "deid.one", "ACME"), rules_file(tmp_path / "b" / "deid.two", "ACME")
    other = rules_file(tmp_path / "c" / "deid.one", "OTHER")
    check = ["rules", "check", archive]
    monkeypatch.setenv("DCMAUDIT_DEID_RULES", str(mine))
    one = part_of(capsys, tmp_path / "one", 1, *check)
    monkeypatch.setenv("DCMAUDIT_DEID_RULES", str(other))
    two = part_of(capsys, tmp_path / "two", 2, *check)
    code, err = joined(capsys, tmp_path / "all", one, two)
    assert (code, "another set of deid rules than" in err) == (Exit.NOT_ALL, True), err
    # The same file was changed between the parts.
    mine.write_text(mine.read_text() + "\n")
    monkeypatch.setenv("DCMAUDIT_DEID_RULES", str(mine))
    two = part_of(capsys, tmp_path / "two", 2, *check)
    assert joined(capsys, tmp_path / "all", one, two)[0] == Exit.NOT_ALL
    # The same rules on another machine, named in another way: by an option, by a settings file.
    monkeypatch.delenv("DCMAUDIT_DEID_RULES")
    two = part_of(capsys, tmp_path / "two", 2, *check, "--deid-rules", same)
    assert joined(capsys, tmp_path / "all", one, two)[0] == Exit.GOOD
    settings = tmp_path / "b" / "config.toml"
    settings.write_text('deid_rules = "deid.two"\n')
    two = part_of(capsys, tmp_path / "two", 2, *check, "--config", settings)
    assert joined(capsys, tmp_path / "all of file", one, two)[0] == Exit.GOOD
    settings.write_text('deid_rules = "deid.two"\nignore_sections = true\n')
    two = part_of(capsys, tmp_path / "two", 2, *check, "--config", settings)
    assert "another ignore_sections than" in joined(capsys, tmp_path / "other", one, two)[1]
    for text in (one.read_text(), two.read_text()):
        note = text.splitlines()[-1]
        assert not any(word in note for word in ("ACME", "deid.", str(tmp_path), "user"))


def test_parts_that_another_allow_list_or_other_marks_decided_are_refused(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = []
    for number, word in enumerate(("ADA", "EVE"), 1):
        allowed = tmp_path / word / "data" / "dicompixelanon" / FILE_NAMES[0]
        allowed.parent.mkdir(parents=True)
        allowed.write_text(f"{word}\n")
        monkeypatch.setenv("SMI_ROOT", str(tmp_path / word))
        words = ["ocr", "--db", tmp_path / "db", "--pii", "allowlist", archive]
        parts.append(part_of(capsys, tmp_path / str(number), number, *words))
    assert "another allow list than" in joined(capsys, tmp_path / "all", *parts)[1]
    monkeypatch.delenv("SMI_ROOT")
    redact = ["redact", archive, "-o", tmp_path / "out", "--csv"]
    head = "filename,left,top,right,bottom,frame,overlay\n"
    lists = [tmp_path / "marks 1.csv", tmp_path / "marks 2.csv"]
    for number, path in enumerate(lists, 1):
        path.write_text(head + "".join(f"{file},1,1,{number + 5},5,0,-1\n" for file in archive.iterdir()))
    one = part_of(capsys, tmp_path / "one", 1, *redact, lists[0])
    two = part_of(capsys, tmp_path / "two", 2, *redact, lists[1])
    assert "another --csv than" in joined(capsys, tmp_path / "all", one, two)[1]
    assert not (tmp_path / "all").exists()


def test_parts_of_as_many_other_inputs_are_refused(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path / "mounted elsewhere"
    elsewhere.mkdir()
    for path in archive.iterdir():
        (elsewhere / path.name).write_bytes(path.read_bytes())
    one = part_of(capsys, tmp_path / "one", 1, "frames", "-i", archive)
    two = part_of(capsys, tmp_path / "two", 2, "frames", "-i", elsewhere)
    code, err = joined(capsys, tmp_path / "all", one, two)
    assert (code, "met inputs with other names" in err) == (Exit.NOT_ALL, True), err


def test_a_part_that_does_not_say_how_it_was_made_is_refused_with_the_reason(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = json_parts(capsys, tmp_path, archive)
    for part in parts:
        *lines, note = part.read_text().splitlines()
        said_then = {key: value for key, value in json.loads(note).items() if key not in {"settings", "names"}}
        part.write_text("\n".join([*lines, json.dumps(said_then), ""]))
    code, err = joined(capsys, tmp_path / "all", *parts)
    assert (code, "an earlier version wrote it: make this part again" in err) == (Exit.NOT_ALL, True), err
