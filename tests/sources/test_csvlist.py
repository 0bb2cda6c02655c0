from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcmaudit.errors import ListError, NotDicomError, SourceNotFoundError
from dcmaudit.sources import Passing
from dcmaudit.sources.csvlist import csv_names
from support.places import found_in, names, open_to_all, passed, problems, put, without_privileges


def listed(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("column", ["DicomFilePath", "filename", "FileName", '"filename"', " filename "])
def test_the_column_is_found_in_any_case(tmp_path: Path, column: str) -> None:
    path = put(tmp_path / "a")
    found = found_in(listed(tmp_path / "list.csv", f"id,{column},other\n1,{path},x\n"))
    assert names(found) == [str(path)]


def test_dicomfilepath_counts_before_filename(tmp_path: Path) -> None:
    a, b = put(tmp_path / "a"), put(tmp_path / "b")
    text = f"filename,DicomFilePath\n{a},{b}\n"
    assert names(found_in(listed(tmp_path / "list.csv", text))) == [str(b)]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)
file_cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(st.tuples(cells, file_cells, cells), max_size=6),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
)
def test_every_dialect_gives_the_names_that_were_written(
    tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str, quoting: int, ending: str, encoding: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ending)  # type: ignore[arg-type]
    writer.writerow(["patient", "filename", "ocr_text"])
    writer.writerows(rows)
    path = listed(tmp_path / "list.csv", text.getvalue(), encoding)
    assert [entry.name for entry in csv_names(str(path))] == [name for _, name, _ in rows]


def test_the_separator_line_of_spreadsheets_is_understood(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    found = found_in(listed(tmp_path / "list.csv", f"sep=;\r\nid;filename\r\n1;{path}\r\n2;gone\r\n"))
    assert names(found) == [str(path)]
    assert problems(found)[0].where == f"{tmp_path}/list.csv line 4"


def test_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    path = put(tmp_path / "a, b")
    assert names(found_in(listed(tmp_path / "l.txt", f'filename\n"{path}"\n'))) == [str(path)]


def test_a_list_is_told_by_content_where_the_suffix_does_not_say(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    assert names(found_in(listed(tmp_path / "filenames", f"DicomFilePath\n{path}\n", "utf-16"))) == [str(path)]


def test_a_list_without_the_column_names_those_it_has(tmp_path: Path) -> None:
    (problem,) = problems(found_in(listed(tmp_path / "list.csv", "Study;Series;Path\n1;2;3\n")))
    assert isinstance(problem.error, ListError)
    assert "columns found: Study, Series, Path" in str(problem)


@pytest.mark.parametrize("first", ["1003,SMITH^JOHN", "/archive/Smith John/a", "smith@example.org,x", "Smith.dcm,y"])
def test_a_first_line_that_is_data_is_never_repeated(tmp_path: Path, first: str) -> None:
    (problem,) = problems(found_in(listed(tmp_path / "list.csv", f"{first}\n")))
    assert "smith" not in str(problem).lower()


def test_relative_names_are_tried_as_given_then_under_pacs_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "pacs" / "both")
    put(tmp_path / "pacs" / "s" / "only")
    put(tmp_path / "here" / "both")
    monkeypatch.chdir(tmp_path / "here")
    path = listed(tmp_path / "list.csv", "filename\nboth\ns/only\n")
    found = found_in(path, pacs_root=tmp_path / "pacs")
    assert names(found) == [f"{tmp_path}/here/both", f"{tmp_path}/pacs/s/only"]


def test_missing_files_are_named_with_line_and_places_tried(tmp_path: Path) -> None:
    path = listed(tmp_path / "list.csv", 'filename,text\nx,"two\nlines"\n\ny/z,\n,empty\n')
    found = problems(found_in(path, pacs_root=tmp_path / "pacs"))
    assert [problem.where for problem in found] == [f"{path} line {line}" for line in (3, 5, 6)]
    assert isinstance(found[0].error, SourceNotFoundError)
    assert f"{tmp_path}/pacs/y/z" in str(found[1])
    assert "names no file" in str(found[2])


def test_without_pacs_root_the_hint_names_it(tmp_path: Path) -> None:
    (problem,) = problems(found_in(listed(tmp_path / "list.csv", "filename\nx\n")))
    assert "PACS_ROOT" in str(problem)


def test_one_line_a_rectangle_gives_one_file(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    found = found_in(listed(tmp_path / "ocr.csv", "filename,frame\n" + f"{path},0\n" * 50 + "gone,0\n" * 50))
    assert names(found) == [str(path)]
    assert len(problems(found)) == 1
    assert passed(found) == [("a", Passing.DUPLICATE)] * 49 + [("gone", Passing.DUPLICATE)] * 49


def test_listed_files_that_are_no_dicom_are_problems(tmp_path: Path) -> None:
    path = put(tmp_path / "a", b"text")
    (problem,) = problems(found_in(listed(tmp_path / "list.csv", f"filename\n{path}\n{tmp_path}\n"))[:1])
    assert isinstance(problem.error, NotDicomError)
    assert problem.where is not None


def test_a_folder_in_a_list_is_a_problem(tmp_path: Path) -> None:
    (problem,) = problems(found_in(listed(tmp_path / "list.csv", f"filename\n{tmp_path}\n")))
    assert "folder" in problem.error.message


@pytest.mark.parametrize("text", ["filename\n", "filename", "filename,x\r\n\r\n"])
def test_a_list_that_names_nothing_says_so(tmp_path: Path, text: str) -> None:
    (problem,) = problems(found_in(listed(tmp_path / "list.csv", text)))
    assert "names no file" in str(problem)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"\xef\xbb\xbf", b"\0\0\0\0\0\0", b"\x89PNG\r\n\x1a\n\0\0"])
def test_a_csv_that_is_none_is_a_problem(tmp_path: Path, data: bytes) -> None:
    assert len(problems(found_in(put(tmp_path / "list.csv", data)))) == 1


def test_quotes_that_do_not_match_stop_the_list_and_say_where(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    text = f'filename,text\n{path},x\n{path}2,"half\n{path}3,y\n{path}4,z\n'
    found = found_in(listed(tmp_path / "list.csv", text))
    assert names(found) == [str(path)]
    (problem,) = problems(found)
    assert "quotes do not match" in str(problem)
    assert "after line" in str(problem)


def test_names_in_windows_encoding_are_found(tmp_path: Path) -> None:
    path = put(tmp_path / "Müller – Übersicht")
    found = found_in(listed(tmp_path / "list.csv", f"id,filename\nÄ,{path}\n", "cp1252"))
    assert names(found) == [str(path)]


def test_names_whose_bytes_are_no_utf8_are_found_as_these_bytes(tmp_path: Path) -> None:
    path = Path(f"{tmp_path}/caf\udce9")
    put(path)
    put(tmp_path / "café")
    (tmp_path / "list.csv").write_bytes(f"filename\n{path}\n".encode("utf-8", "surrogateescape"))
    assert names(found_in(tmp_path / "list.csv")) == [f"{tmp_path}/caf\\xe9"]


def test_utf16_that_breaks_off_is_a_problem_after_the_names_before(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    data = f"filename\n{path}\n".encode("utf-16") + b"\x00\xd8"
    found = found_in(put(tmp_path / "list.csv", data))
    assert len(problems(found)) == 1
    assert "encoding" in str(problems(found)[0])


def test_an_unreadable_list_is_a_problem(tmp_path: Path) -> None:
    path = listed(tmp_path / "list.csv", "filename\nx\n")
    path.chmod(0)
    open_to_all(tmp_path)
    told = without_privileges(lambda: [str(problem) for problem in problems(found_in(path))])
    assert "may not be read" in told


@pytest.mark.parametrize("titles", ["filename,filename", "id,DicomFilePath, dicomfilepath "])
def test_a_list_with_two_such_columns_is_refused(tmp_path: Path, titles: str) -> None:
    put(tmp_path / "a")
    put(tmp_path / "b")
    path = listed(tmp_path / "list.csv", f"{titles}\n{tmp_path / 'a'},{tmp_path / 'b'}\n")
    with pytest.raises(ListError, match="is there twice"):
        list(csv_names(str(path)))


def test_a_name_with_a_comma_and_no_quotes_is_not_taken_for_another_one(tmp_path: Path) -> None:
    put(tmp_path / "scan")
    put(tmp_path / "scan,1")
    path = listed(
        tmp_path / "list.csv", f'filename\n{tmp_path / "scan,1"}\n"{tmp_path / "scan,1"}"\n{tmp_path}/scan,\n'
    )
    first, *others = csv_names(str(path))
    assert first.error is not None
    assert "2 fields" in str(first.error)
    assert [entry.name for entry in others] == [str(tmp_path / "scan,1"), str(tmp_path / "scan")]
    # Behind the name others may have what they like.
    path = listed(tmp_path / "more.csv", f"filename,comment\n{tmp_path / 'scan'},one, two\n")
    assert [entry.error for entry in csv_names(str(path))] == [None]
