"""Lists of findings: whatever breaks, a file in them is whole or is done again."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmaudit.detect.pii import Judgement
from dcmaudit.errors import UsageError
from dcmaudit.model import Box, DeviceFacts, FileReading, Finding, FrameAddress, Outcome, PlaneReading, Result, Verdict
from dcmaudit.model.engines import OcrEngine
from dcmaudit.pipeline.findings_file import CsvFile
from dcmaudit.report.findings_list import COLUMNS, Mark, csv_lines, parse

TEXTS = ("JANE DOE", 'two\r\nlines, "quoted"', "a,-1,-1,-1,-1,b", ',"-1","-1","-1","-1",', "x\u2028y\x85z", "", "Ä\n\n")
HEADER = ",".join(COLUMNS) + "\r\n"


def lines(name: str, *, planes: int = 3, outcome: Outcome = Outcome.DONE, rects: bool = True, shift: int = 0) -> str:
    """The lines of a file with some planes."""
    said = Judgement(Verdict.UNKNOWN, "")
    found = []
    for number in range(planes):
        text = TEXTS[(number + shift) % len(TEXTS)]
        finding = Finding(Box(number, 1, 9, 9), text, None, said, OcrEngine.KERAS)
        found.append(PlaneReading(FrameAddress(number), "", (finding,), said))
    device = DeviceFacts(image_type=("ORIGINAL", "PRIMARY"), model='A, "B"')
    reading = FileReading(Result(name, outcome, () if outcome is Outcome.DONE else ("x",)), tuple(found), device)
    return csv_lines(reading, OcrEngine.KERAS, rects=rects)


def rows(text: str | bytes) -> list[list[str]]:
    """As any reader of CSV has it, without what the header says."""
    text = text if isinstance(text, str) else text.decode("utf-8", "surrogateescape")
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row and row[0] != COLUMNS[0]]


def unmarked(text: str) -> str:
    """As lists were written before there were marks."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(csv.reader(io.StringIO(text, newline="")))
    return out.getvalue()


def go_on(path: Path, wanted: dict[str, str]) -> set[str]:
    """What ``ocr --append`` does: whatever is not done is done again; the names of that."""
    sink = CsvFile(path, append=True)
    again = {name for name in wanted if name not in sink.done}
    for name in again:
        sink.add(wanted[name])
    sink.close()
    return again


FILES = {name: lines(name, shift=number) for number, name in enumerate(("/a/x.dcm", "/a/x.dcm2", '/b "q", \r.dcm'))}


def test_the_marks_change_nothing_for_readers() -> None:
    for outcome, mark in ((Outcome.DONE, Mark.DONE), (Outcome.PARTLY, Mark.WRITTEN)):
        for rects in (True, False):
            for shift in range(len(TEXTS)):
                text = lines("/a, b", outcome=outcome, rects=rects, shift=shift)
                without = [(number + shift) % len(TEXTS) for number in range(3)].count(TEXTS.index(""))
                assert [len(row) for row in rows(text)] == [len(COLUMNS)] * (6 if rects else 3 + without)
                assert [(one.name, one.mark) for one in parse(text.encode()).groups] == [("/a, b", mark)]
                assert rows(unmarked(text)) == rows(text)
                assert [one.mark for one in parse(unmarked(text).encode()).groups] == [Mark.NONE]


def test_what_other_programs_quote_is_no_mark() -> None:
    text = "".join(FILES.values())
    for quoting in (csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC):
        out = io.StringIO()
        csv.writer(out, quoting=quoting).writerows(rows(text))
        assert {one.mark for one in parse(out.getvalue().encode()).groups} == {Mark.NONE}


@pytest.mark.parametrize("rects", [True, False])
def test_a_list_that_is_cut_at_any_byte_goes_on_without_a_line_lost_or_doubled(tmp_path: Path, *, rects: bool) -> None:
    wanted = {name: lines(name, rects=rects, shift=number) for number, name in enumerate(FILES)}
    whole = (HEADER + "".join(wanted.values())).encode()
    ends = [len(HEADER.encode())]
    for text in wanted.values():
        ends.append(ends[-1] + len(text.encode()))
    path = tmp_path / "list.csv"
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        again = go_on(path, wanted)
        assert again == {name for name, end in zip(wanted, ends[1:], strict=True) if end > cut}
        assert sorted(rows(path.read_bytes())) == sorted(rows(whole)), cut
        assert path.read_bytes().count(HEADER.encode()) == 1
        assert go_on(path, wanted) == set()


def test_an_old_list_that_is_cut_at_any_byte_is_done_again(tmp_path: Path) -> None:
    old = (HEADER + unmarked("".join(FILES.values()))).encode()
    path = tmp_path / "list.csv"
    for cut in range(0, len(old) + 1, 3):
        path.write_bytes(old[:cut])
        assert go_on(path, FILES) == set(FILES)
        assert sorted(rows(path.read_bytes())) == sorted(rows("".join(FILES.values()))), cut
        assert go_on(path, FILES) == set()


def test_an_old_list_keeps_what_is_not_done_again(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(HEADER + unmarked(FILES["/a/x.dcm"] + FILES["/a/x.dcm2"]), newline="")
    new = {"/new": lines("/new")}
    assert go_on(path, new) == {"/new"}
    assert sorted(rows(path.read_bytes())) == sorted(rows(FILES["/a/x.dcm"] + FILES["/a/x.dcm2"] + new["/new"]))
    assert go_on(path, new) == set()
    assert go_on(path, FILES) == set(FILES)
    assert sorted(rows(path.read_bytes())) == sorted(rows("".join(FILES.values()) + new["/new"]))
    assert go_on(path, FILES | new) == set()


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 5000), st.integers(1, 600))
def test_blocks_that_were_lost_leave_no_file_done_that_lacks_a_line(begin: int, length: int) -> None:
    whole = (HEADER + "".join(FILES.values())).encode()
    begin %= len(whole)
    length = min(length, len(whole) - begin)
    listed = parse(whole[:begin] + b"\0" * length + whole[begin + length :])
    for group in listed.groups:
        if group.is_done and group.name in FILES:
            assert len(rows(whole[group.begin : group.end])) == len(rows(FILES[group.name]))


def test_lines_that_were_written_in_part_are_not_followed_by_others(tmp_path: Path) -> None:
    # Torn lines of a file in the middle, as a program that went on behind them would have left them.
    names = list(FILES)
    first, second, third = (FILES[name] for name in names)
    path = tmp_path / "list.csv"
    for cut in range(1, len(first)):
        path.write_text(HEADER + first[:cut] + second + third, newline="")
        done = CsvFile(path, append=True)
        done.close()
        assert names[0] not in done.done, cut
        if not first[:cut].endswith("\n"):
            assert names[1] not in done.done, cut
        again = go_on(path, FILES)
        assert names[0] in again
        found = rows(path.read_bytes())
        assert [row for text in FILES.values() for row in rows(text) if row not in found] == []


def test_files_that_could_be_looked_at_in_part_are_done_again_and_their_lines_stay(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    part, other = lines("/p", planes=2, outcome=Outcome.PARTLY), lines("/q")
    path.write_text(HEADER + part, newline="")
    assert go_on(path, {"/q": other}) == {"/q"}
    assert sorted(rows(path.read_bytes())) == sorted(rows(part + other))
    assert go_on(path, {"/p": part, "/q": other}) == {"/p"}
    assert sorted(rows(path.read_bytes())) == sorted(rows(part + other))
    assert go_on(path, {"/p": lines("/p"), "/q": other}) == {"/p"}
    assert sorted(rows(path.read_bytes())) == sorted(rows(lines("/p") + other))
    assert go_on(path, {"/p": part, "/q": other}) == set()


def test_a_file_that_is_no_list_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    for content in (
        b"\0" * 128 + b"DICM\x02\0",
        b"just words\n",
        b"name;size\r\na;1\r\n",
        b"filename,frame\r\n/a,0\r\n",
    ):
        path.write_bytes(content)
        with pytest.raises(UsageError, match="is no list of ocr"):
            CsvFile(path, append=True)
        assert path.read_bytes() == content


def test_a_link_stays_a_link_and_rights_stay(tmp_path: Path) -> None:
    real = tmp_path / "real.csv"
    real.write_text(HEADER + unmarked("".join(FILES.values())), newline="")
    real.chmod(0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    assert go_on(link, FILES) == set(FILES)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(rows(real.read_bytes())) == sorted(rows("".join(FILES.values())))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_write_that_fails_in_the_middle_leaves_no_line_and_the_next_may_succeed(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; sys.path[:0] = sys.argv[2:]\n"
        "from dcmaudit.errors import StoreError; from test_findings_file import *\n"
        "path = Path(sys.argv[1]); sink = CsvFile(path)\n"
        "first, second, third = FILES\n"
        "sink.add(FILES[first]); size = path.stat().st_size\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "for more in (0, 1, 40, len(FILES[second].encode()) - 1):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size + more, hard))\n"
        "    try: sink.add(FILES[second])\n"
        "    except StoreError as error: assert 'cannot be written' in str(error)\n"
        "    else: raise SystemExit('it was written')\n"
        "    assert path.stat().st_size == size\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "sink.add(FILES[third]); sink.close()\n"
    )
    path = tmp_path / "list.csv"
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*folders, *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), *folders], check=False, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    first, second, third = FILES
    assert rows(path.read_bytes()) == rows(FILES[first] + FILES[third])
    assert go_on(path, FILES) == {second}


def test_what_was_done_again_replaces_what_was_there_also_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(HEADER + "".join(FILES.values()), newline="")
    killed = CsvFile(path, append=True)
    killed.add(lines("/a/x.dcm", planes=1))  # with --review
    os.close(killed._file)
    assert len(rows(path.read_bytes())) == 20
    assert go_on(path, FILES) == set()
    assert sorted(rows(path.read_bytes())) == sorted(
        rows(FILES["/a/x.dcm2"] + FILES['/b "q", \r.dcm'] + lines("/a/x.dcm", planes=1))
    )


def test_a_file_changed_between_its_lines_and_the_last_ones_is_not_done(tmp_path: Path) -> None:
    path, changed, other = tmp_path / "list.csv", tmp_path / "a.dcm", tmp_path / "b.dcm"
    for file in (changed, other):
        file.write_bytes(b"former")
    sink = CsvFile(path)
    sink.add(lines(str(changed)))
    time.sleep(0.05)  # the clock of file systems is a coarse one
    changed.write_bytes(b"another")
    time.sleep(0.05)
    sink.add(lines(str(other)))
    sink.close()
    before = rows(path.read_bytes())
    for _ in range(2):  # also where the run that met it wrote nothing of it
        again = CsvFile(path, append=True)
        assert again.done == {str(other)}
        again.close()
        assert rows(path.read_bytes()) == before
    assert go_on(path, {str(one): lines(str(one)) for one in (changed, other)}) == {str(changed)}
    assert sorted(map(str, rows(path.read_bytes()))) == sorted(map(str, before))
    assert go_on(path, {str(one): lines(str(one)) for one in (changed, other)}) == set()
