"""Known identifiers from outside: matched as a header's are, refused where they cannot be understood."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dcmaudit.detect.pii.cohort import Cohort, Person, digest_of, read_cohort
from dcmaudit.detect.pii.header import HeaderJudge
from dcmaudit.errors import ListError
from dcmaudit.model import Verdict


def cohort(folder: Path, text: str, *, encoding: str = "utf-8") -> Cohort:
    path = folder / "known.csv"
    path.write_bytes(text.encode(encoding))
    return read_cohort(str(path), digest_of(path))


def says(known: Cohort, text: str, patient: str = "") -> str | None:
    header = Person({"PatientID": (patient,)}) if patient else None
    for judge in known.judges(header):
        said = judge.judge(text)
        if said is not None:
            assert said.verdict is Verdict.IDENTIFYING
            return said.reason
    return None


@pytest.mark.parametrize(
    "text",
    ["LOWERY", "lowery, ann", "ANN LOWERY 12", "L0WERY", "A.L.", "24.03.1957", "24 MAR 57", "1957-03-24", "19570324",
     "ID 0815-4711", "O8154711", "St. Swithin"],
)  # fmt: skip
def test_names_numbers_dates_and_places_are_found_in_their_forms(text: str, tmp_path: Path) -> None:
    known = cohort(tmp_path, "name,number,date,place\nLowery^Ann,08154711,24.3.1957,St. Swithin\n")
    assert says(known, text) is not None
    assert "Lowery" not in str(says(known, text))


@pytest.mark.parametrize("text", ["LONG AXIS", "120 kVp", "25.03.1958", "4712", "GAIN 17"])
def test_what_is_no_identifier_is_not(text: str, tmp_path: Path) -> None:
    assert says(cohort(tmp_path, "name,number,date\nLowery^Ann,08154711,24.3.1957\n"), text) is None


@pytest.mark.parametrize("date", ["24.03.1957", "1957-03-24", "19570324", "24 March 1957", "Mar 24, 1957", "03/24/1957",
                                  "24-Mar-57", "1957-03-24T00:00:00"])  # fmt: skip
def test_a_date_may_be_written_as_it_likes(date: str, tmp_path: Path) -> None:
    assert says(cohort(tmp_path, f'date\n"{date}"\n'), "24.3.57") is not None


def test_rows_of_a_patient_are_for_the_files_of_that_patient(tmp_path: Path) -> None:
    known = cohort(tmp_path, "patient,PatientName,AccessionNumber\nP1,Lowery,77001\nP2,Fenwick,77002\n,Ward Seven,\n")
    assert says(known, "LOWERY", "P1")
    assert says(known, "LOWERY", "P2") is None
    assert says(known, "77002", "P2")
    assert says(known, "WARD", "P2")
    assert says(known, "WARD", "P3")
    assert [known.names(one) for one in ("P1", " P2 ", "P3", "", None)] == [True, True, False, False, False]


def test_a_list_without_patients_is_about_every_file(tmp_path: Path) -> None:
    assert cohort(tmp_path, "name\nLowery\n").names(None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names nobody"),
        ("name\n", "names nobody"),
        ("naem,number\nx,1\n", "line 1: there is no column 'naem'"),
        ("Lowery,4711\nFenwick,4712\n", "line 1: its first line names no column that is known"),
        ("name,number\nLowery\n", "line 2: it has 1 cells, and the first line 2"),
        ("name,date\n\nLowery,soon\n", "line 3: the cell of date is no date"),
        ("name\n---\n", "line 2: the cell of name has neither letter nor digit"),
        ("patient,patient,name\n1,2,x\n", "is there twice"),
        ('name\n"Lowery\n', "it is no CSV"),
        ("name\n" + "x" * 300 + "\n", "line 2: the cell of name is longer than 200 characters"),
    ],
)
def test_a_wrong_list_is_refused_with_its_line_and_no_value(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ListError) as found:
        cohort(tmp_path, text)
    assert said in str(found.value)
    for value in ("Lowery", "4711", "soon", "xxx"):
        assert value not in str(found.value)


def test_other_encodings_and_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="UTF-8"):
        cohort(tmp_path, "name\nMüller\n", encoding="latin-1")
    with pytest.raises(ListError, match="cannot be read"):
        digest_of(tmp_path)
    assert cohort(tmp_path, "\ufeffname\nLowery\n").rows == 1
    with pytest.raises(ListError, match="changed"):
        read_cohort(str(tmp_path / "known.csv"), "0" * 64)


def test_a_large_list_says_what_its_rows_say_one_by_one(tmp_path: Path) -> None:
    """The rows that are left out because they cannot match never could."""
    pick = random.Random(7)  # noqa: S311 - repeatable, no secret

    def word() -> str:
        return "".join(pick.choice("ABCDEGILMNOSTZ") for _ in range(pick.randint(1, 9)))

    rows = [(f"{word()}^{word()}", "".join(pick.choice("0123456789") for _ in range(pick.randint(2, 11))),
             f"{pick.randint(1, 28)}.{pick.randint(1, 12)}.{pick.randint(1920, 2020)}") for _ in range(80)]  # fmt: skip
    known = cohort(tmp_path, "name,number,date\n" + "".join(",".join(row) + "\n" for row in rows))
    (judge,) = known.judges(None)
    alone = [HeaderJudge(person) for person in judge.persons]
    differ = 0
    for _ in range(300):
        name, number, date = pick.choice(rows)
        text = pick.choice(
            [name.replace("^", pick.choice([" ", ", ", ""])), number, date, word(), f"{number} {word()}"]
        )
        if pick.random() < 0.6 and text:
            place = pick.randrange(len(text))
            text = text[:place] + pick.choice("ABO0S5 ") + text[place + pick.randint(0, 1) :]
        one_by_one = any(one.judge(text) is not None for one in alone)
        assert (judge.judge(text) is not None) == one_by_one, text
        differ += one_by_one
    assert 50 < differ < 295
