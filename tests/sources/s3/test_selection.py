from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.errors import ListError, UsageError
from dcmaudit.sources import ObjectReference, Passing, Problem, Tally, find
from dcmaudit.sources.s3.listing import list_objects
from dcmaudit.sources.s3.selection import Selection, layout
from dcmaudit.sources.s3.uids import UidList
from support.files import EXPLICIT, dataset, file_bytes
from support.s3server import BadNetwork, Server

STUDIES = [f"1.2.{study}" for study in range(1, 7)]
IMAGE = file_bytes(dataset(np.zeros((8, 8), np.uint8)), EXPLICIT)
TREE = [(study, f"{study}.{series}", file) for study in STUDIES for series in range(3) for file in range(4)]


@pytest.fixture(scope="module")
def bucket(server: Server) -> str:
    name = server.new_bucket()
    server.fill(name, {f"{study}/{series}/{file}.dcm": IMAGE for study, series, file in TREE})
    return name


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "series.csv"
    rows = [f"{study},CT,{study}.{series}" for study in STUDIES for series in range(3)]
    path.write_text("\n".join(["StudyInstanceUID,Modality,SeriesInstanceUID", *rows]) + "\n")
    return path


def opened(selection: Selection) -> tuple[list[str], Tally]:
    tally = Tally()
    found = [tally.add(one) for one in find([str(selection.checked())])]
    return [one.name for one in found if one is not None], tally


def keys(names: list[str], bucket: str) -> list[str]:
    return [name.removeprefix(f"s3://{bucket}/") for name in names]


def test_a_study_is_all_its_series(entered: Server, bucket: str) -> None:
    names, tally = opened(Selection(bucket, studies=("1.2.1",)))
    assert keys(names, bucket) == [f"1.2.1/1.2.1.{series}/{file}.dcm" for series in range(3) for file in range(4)]
    assert tally.problems == 0


def test_a_study_is_not_one_that_only_begins_alike(entered: Server, bucket: str) -> None:
    entered.fill(bucket, {"1.2.11/1.2.11.1/0.dcm": IMAGE})
    names, _tally = opened(Selection(bucket, studies=("1.2.1",)))
    assert all(key.startswith("1.2.1/") for key in keys(names, bucket))


def test_a_series_of_a_study_and_several_of_each(entered: Server, bucket: str) -> None:
    assert len(opened(Selection(bucket, studies=("1.2.2",), series=("1.2.2.1",)))[0]) == 4
    assert len(opened(Selection(bucket, studies=("1.2.2",), series=("1.2.2.1", "1.2.2.0")))[0]) == 8
    assert len(opened(Selection(bucket, studies=("1.2.2", "1.2.3")))[0]) == 24


def test_a_series_is_found_through_the_list(entered: Server, bucket: str, table: Path) -> None:
    names, tally = opened(Selection(bucket, series=("1.2.4.2", "9.9"), csv=str(table)))
    assert keys(names, bucket) == [f"1.2.4/1.2.4.2/{file}.dcm" for file in range(4)]
    assert "9.9" in str(tally.named_problems[0])


def test_the_list_alone_is_everything_in_it(entered: Server, bucket: str, table: Path) -> None:
    table.write_text(table.read_text() + "1.2.1,CT,1.2.1.0\n7.7,CT,7.7.1\nbroken line\n")
    names, tally = opened(Selection(bucket, csv=str(table)))
    assert len(names) == len(set(names)) == len(TREE)
    assert {problem.name for problem in tally.named_problems} == {f"s3://{bucket}/7.7/7.7.1", str(table)}


def test_random_is_so_many_studies_and_the_same_again_for_the_seed(entered: Server, bucket: str, table: Path) -> None:
    chosen = Selection(bucket, csv=str(table), random=2).checked()
    assert chosen.seed is not None
    names, _tally = opened(chosen)
    assert len({key.split("/")[0] for key in keys(names, bucket)}) == 2
    assert len(names) == 24
    assert opened(Selection.parse(str(chosen)))[0] == names
    others = {tuple(opened(Selection(bucket, csv=str(table), random=2, seed=seed))[0]) for seed in range(6)}
    assert len(others) > 1


def test_overview_is_one_image_of_each_series_not_always_the_first(entered: Server, bucket: str, table: Path) -> None:
    met = Counter[str]()
    for seed in range(8):
        names = keys(opened(Selection(bucket, csv=str(table), overview=True, seed=seed))[0], bucket)
        assert len({name.rsplit("/", 1)[0] for name in names}) == len(names) == 18
        met.update(name.rsplit("/", 1)[1] for name in names)
    assert set(met) == {f"{file}.dcm" for file in range(4)}
    assert min(met.values()) > 144 / 4 / 2


def test_random_and_overview_together(entered: Server, bucket: str, table: Path) -> None:
    names = opened(Selection(bucket, csv=str(table), random=2, overview=True, seed=1))[0]
    assert len(names) == 6


def test_objects_that_are_named_otherwise_are_named(entered: Server) -> None:
    bucket = entered.new_bucket()
    entered.fill(bucket, {"in/1/1.1/a": IMAGE, "in/1/loose": IMAGE, "in/1/1.1/deep/er": IMAGE})
    names, tally = opened(Selection(bucket, prefix="in/", studies=("1", "2")))
    assert keys(names, bucket) == ["in/1/1.1/a"]
    assert {problem.name for problem in tally.named_problems} == {
        f"s3://{bucket}/in/1/loose", f"s3://{bucket}/in/1/1.1/deep/er", f"s3://{bucket}/in/2",
    }  # fmt: skip


def test_copies_go_where_the_folder_says_and_are_not_fetched_twice(
    entered: Server, bucket: str, tmp_path: Path
) -> None:
    output = str(tmp_path / "out" / "{series}" / "of-{study}" / "{file}")
    chosen = Selection(bucket, studies=("1.2.1",), overview=True, seed=3, output=output)
    names, tally = opened(chosen)
    assert tally.problems == 0
    assert len(names) == 3
    for name in names:
        assert Path(name).read_bytes() == IMAGE
        assert Path(name).parent.name == "of-1.2.1"
    before = {name: Path(name).stat().st_mtime_ns for name in names}
    assert opened(chosen)[0] == names
    assert before == {name: Path(name).stat().st_mtime_ns for name in names}
    Path(names[0]).write_bytes(b"another")
    again, tally = opened(chosen)
    assert len(again) == 2
    assert "exists" in str(tally.named_problems[0])


@pytest.mark.parametrize(
    ("output", "expected"),
    [("/o", "/o/S/E/F"), ("/o/{series}", "/o/E/F"), ("/o/{study}-{file}", "/o/S-F")],
)
def test_the_layout_of_copies(output: str, expected: str) -> None:
    assert layout(output, "S", "E", "F") == expected


@pytest.mark.parametrize(
    "selection",
    [
        Selection("abc"),
        Selection("abc", random=3),
        Selection("abc", series=("1",)),
        Selection("abc", studies=("1", "2"), series=("1",)),
        Selection("abc", studies=("1",), random=3, csv="x"),
        Selection("abc", studies=("1",), csv="x"),
        Selection("abc", studies=("1",), series=("2",), csv="x"),
        Selection("abc", studies=("..",)),
    ],
)
def test_choices_that_make_no_sense_are_refused(selection: Selection) -> None:
    with pytest.raises(UsageError):
        selection.checked()


def test_the_name_of_a_selection_says_everything() -> None:
    chosen = Selection("abc", "a b/c", (), ("1.2", "3"), "/x y/l&st.csv", 0, overview=True, seed=5, output="/o/{file}")
    assert Selection.parse(str(chosen)) == chosen
    chosen = Selection("abc", studies=("1.2", "3"), overview=True, seed=5)
    assert Selection.parse(str(chosen)) == chosen
    for name in (
        "s3-select://abc/?random=x",
        "s3-select://abc/?study=1&what=2",
        "s3-select://abc/?study=1&overview=yes",
    ):
        found = list(find([name]))
        assert len(found) == 1
        assert isinstance(found[0], Problem)


# The list


def large(path: Path, studies: int, order: str, seed: int = 1) -> dict[str, int]:
    """A list in which studies have from 1 to 12 series, and the number of series of each."""
    chance = random.Random(seed)  # noqa: S311 no secret
    sizes = {f"1.2.840.{number:07d}": chance.choice([1, 1, 1, 2, 12]) for number in range(studies)}
    rows = [f"{study},{'x' * chance.randrange(60)},{study}.{k}" for study, size in sizes.items() for k in range(size)]
    if order == "mixed":
        chance.shuffle(rows)
    path.write_text("StudyInstanceUID,Description,SeriesInstanceUID\r\n" + "\r\n".join(rows) + "\r\n", newline="")
    return sizes


@pytest.mark.parametrize("order", ["sorted", "mixed"])
def test_studies_are_drawn_alike_whatever_their_number_of_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr("dcmaudit.sources.s3.uids.SMALL", 1000)
    sizes = large(tmp_path / "l.csv", 3000, order)
    table = UidList(str(tmp_path / "l.csv"))
    drawn = [study for seed in range(12) for study in table.random_studies(150, seed)]
    assert ("sought" in table.how) == (order == "sorted")
    assert all(len(set(drawn[k * 150 : k * 150 + 150])) == 150 for k in range(12))
    # 60 % of the studies have one series, 20 % twelve; by rows the latter would be 72 % of what is drawn.
    large_ones = sum(sizes[study] == 12 for study in drawn) / len(drawn)
    share = sum(size == 12 for size in sizes.values()) / len(sizes)
    assert abs(large_ones - share) < 0.045
    places = np.histogram([int(study.rsplit(".", 1)[1]) for study in drawn], 10, (0, 3000))[0]
    assert places.min() > 0.6 * len(drawn) / 10


def test_the_same_seed_draws_the_same_from_a_large_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmaudit.sources.s3.uids.SMALL", 1000)
    large(tmp_path / "l.csv", 2000, "sorted")
    table = UidList(str(tmp_path / "l.csv"))
    assert table.random_studies(40, 7) == table.random_studies(40, 7) != table.random_studies(40, 8)


def test_a_large_list_is_sought_in_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large(tmp_path / "l.csv", 60_000, "sorted")
    monkeypatch.setattr("dcmaudit.sources.s3.uids.SMALL", 1000)
    table = UidList(str(tmp_path / "l.csv"))

    def no_rows(_self: UidList) -> None:
        raise AssertionError("the list was read through")

    monkeypatch.setattr(UidList, "rows", no_rows)
    assert len(table.random_studies(10, 1)) == 10


def test_more_than_there_are_gives_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = large(tmp_path / "l.csv", 50, "sorted")
    for small in (10**9, 100):
        monkeypatch.setattr("dcmaudit.sources.s3.uids.SMALL", small)
        assert set(UidList(str(tmp_path / "l.csv")).random_studies(80, 1)) == set(sizes)


def test_lists_in_any_order_of_columns_and_with_quotes(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text('\ufeff"seriesinstanceuid";x;"StudyInstanceUID"\n"1.1";"a\n;b";"1"\n"2.1";;"2"\n;;\n', "utf-8")
    table = UidList(str(path))
    assert list(table.rows()) == [("1", "1.1"), ("2", "2.1")]
    assert table.bad_lines == 1


def test_a_list_with_a_column_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("StudyInstanceUID,SeriesInstanceUID,seriesinstanceuid\n1,1.1,1.2\n")
    with pytest.raises(ListError, match="there twice"):
        UidList(str(tmp_path / "l.csv"))


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "StudyInstanceUID\n1\n", ""])
def test_a_list_without_the_columns_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "l.csv").write_text(text)
    with pytest.raises(ListError, match="StudyInstanceUID"):
        UidList(str(tmp_path / "l.csv"))


# Names


def test_names_wildcards_and_parts_of_a_bucket(entered: Server) -> None:
    bucket = entered.new_bucket()
    entered.fill(bucket, {"a/1.dcm": IMAGE, "a/2.dcm": IMAGE, "a/b/3.dcm": IMAGE, "a/readme": b"text", "a/4.dcm": b"x"})

    def names(name: str, *, recursive: bool = False) -> tuple[list[str], Tally]:
        tally = Tally()
        found = [tally.add(one) for one in find([name], recursive=recursive)]
        return sorted(one.name.rsplit("/", 1)[1] for one in found if one is not None), tally

    for name in (f"s3://{bucket}/a", f"s3://{bucket}/a/", f"S3://{bucket}/a/"):
        found, tally = names(name)
        assert found == ["1.dcm", "2.dcm"]
        assert tally.passed == {Passing.SUBFOLDER: 1, Passing.NOT_DICOM: 1}
        assert tally.problems == 1  # called .dcm and no DICOM
        assert names(name, recursive=True)[0] == ["1.dcm", "2.dcm", "3.dcm"]
    assert names(f"s3://{bucket}/*/*.dcm")[0] == ["1.dcm", "2.dcm"]
    assert names(f"s3://{bucket}/**/[13].dcm")[0] == ["1.dcm", "3.dcm"]
    assert names(f"s3://{bucket}/a/readme")[1].problems == 1
    assert names(f"s3://{bucket}/none")[1].problems == 1
    assert names(f"s3://{bucket}/none*")[1].problems == 1


def test_each_object_comes_once(entered: Server, tmp_path: Path) -> None:
    bucket = entered.new_bucket()
    entered.fill(bucket, {"a/1.dcm": IMAGE, "a/2.dcm": IMAGE})
    one = f"s3://{bucket}/a/1.dcm"
    (tmp_path / "l.csv").write_text(f"filename\n{one}\n{one}\ns3://{bucket}/a/missing\n")
    tally = Tally()
    found = [tally.add(each) for each in find([one, f"s3://{bucket}/a", str(tmp_path / "l.csv")], recursive=True)]
    assert [each for each in found if each] == [ObjectReference(one), ObjectReference(f"s3://{bucket}/a/2.dcm")]
    assert tally.passed[Passing.DUPLICATE] == 3
    assert "line 4" in str(tally.named_problems[0])


def test_a_csv_list_in_a_bucket_is_read_there(entered: Server, tmp_path: Path) -> None:
    bucket = entered.new_bucket()
    (tmp_path / "local.dcm").write_bytes(IMAGE)
    rows = [f"s3://{bucket}/a/1.dcm", f"s3://{bucket}/a/none", str(tmp_path / "local.dcm"), f"s3://{bucket}/other.csv"]
    text = "modality;DicomFilePath\r\n" + "".join(f"CT;{row}\r\n" for row in rows)
    entered.fill(bucket, {"a/1.dcm": IMAGE, "list.csv": text.encode("utf-8-sig"), "other.csv": b"filename\nx\n"})
    tally = Tally()
    found = [tally.add(each) for each in find([f"s3://{bucket}/list.csv"])]
    assert [each.name for each in found if each] == [rows[0], rows[2]]
    missing, nested = map(str, tally.named_problems)
    assert "list.csv line 3" in missing
    assert "inside a list" in nested


def test_a_long_list_in_a_bucket_is_fetched_while_it_is_read(
    entered: Server, network: BadNetwork, tmp_path: Path
) -> None:
    bucket = entered.new_bucket()
    (tmp_path / "local.dcm").write_bytes(IMAGE)
    names = [str(tmp_path / "local.dcm")] + [f"{tmp_path}/none-{number:0200d}" for number in range(20_000)]
    entered.fill(bucket, {"list.csv": "\n".join(["filename", *names]).encode()})
    search = find([f"s3://{bucket}/list.csv"])
    assert getattr(next(search), "name", None) == names[0]
    assert network.received < 2**20
    search.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("key", "data", "says"),
    [
        ("dcmaudit.db", b"SQLite format 3\0" + bytes(100), "a database cannot be used in a bucket"),
        ("empty.csv", b"", "empty"),
        ("l.csv", b"a,b\n1,2\n", "no column"),
        ("l.txt", b'filename\n"x\ny', "CSV"),
    ],
)
def test_lists_in_a_bucket_that_cannot_be_used_say_why(entered: Server, key: str, data: bytes, says: str) -> None:
    bucket = entered.new_bucket()
    entered.fill(bucket, {key: data})
    (problem,) = find([f"s3://{bucket}/{key}"])
    assert isinstance(problem, Problem)
    assert says in str(problem)


def test_a_list_that_is_replaced_while_it_is_read_ends_with_a_problem(entered: Server, tmp_path: Path) -> None:
    bucket = entered.new_bucket()
    (tmp_path / "local.dcm").write_bytes(IMAGE)
    names = [str(tmp_path / "local.dcm")] + [f"{tmp_path}/none-{number:0200d}" for number in range(20_000)]
    entered.fill(bucket, {"list.csv": "\n".join(["filename", *names]).encode()})
    search = find([f"s3://{bucket}/list.csv"])
    next(search)
    entered.fill(bucket, {"list.csv": b"filename\n"})
    *_, last = search
    assert isinstance(last, Problem)
    assert "replaced" in str(last)


def test_ten_thousand_keys_in_deep_trees_are_all_found(entered: Server) -> None:
    bucket = entered.new_bucket()
    tree = {f"{'/'.join(str(k % m) for m in (3, 5, 7))}/s/{k}": b"1" for k in range(10_000)}
    deep = {"/".join(f"d{level}" for level in range(60)) + "/x.dcm": IMAGE}
    entered.fill(bucket, {**tree, **deep})
    assert {one.key for one in list_objects(bucket)} == {*tree, *deep}
    tally = Tally()
    names = [one.name for one in map(tally.add, find([f"s3://{bucket}"], recursive=True)) if one is not None]
    assert names == [f"s3://{bucket}/{key}" for key in deep]
    assert tally.passed[Passing.NOT_DICOM] == 10_000
