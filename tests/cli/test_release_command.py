"""``dcmaudit release``: what may leave, what is held back, and a report that nobody can change unseen."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydicom import dcmread

from dcmaudit.cli import main
from dcmaudit.errors import DamagedError
from dcmaudit.model import Box
from dcmaudit.report import check_release
from dcmaudit.report.chain import canonical
from dcmaudit.report.jsonlines import problems
from support.files import dataset, file_bytes
from support.house import NO_HEADER, POLICY, House, reviewed


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_text_is_blacked_and_what_leaves_is_named_by_new_uids(house: House) -> None:
    house.add("meyer_hans.dcm", ("MEYER HANS 1951", 20, 60))
    house.add("clean.dcm")
    assert house.run() == 0
    assert house.outcomes() == [("released unchanged", None), ("released", None)]
    clean, blacked = (dcmread(house.out / one["output"]) for one in house.records())
    assert (clean.pixel_array == dcmread(house.inputs / "clean.dcm").pixel_array).all()
    part = blacked.pixel_array[45:62, 22:240]
    assert (part == 0).mean() > 0.95
    for one, data in zip(house.records(), (clean, blacked), strict=True):
        assert one["output"] == f"{data.StudyInstanceUID}/{data.SeriesInstanceUID}/{data.SOPInstanceUID}.dcm"
        assert not data.SOPInstanceUID.startswith("1.2.3")
    assert clean.StudyInstanceUID == blacked.StudyInstanceUID  # the same study still
    assert one["output_sha256"] == hashlib.sha256((house.out / one["output"]).read_bytes()).hexdigest()


def test_nothing_that_leaves_names_an_input_or_holds_a_value_of_its_header(house: House) -> None:
    house.add("zebra_file.dcm", ("QUAGGA 17", 20, 60), Modality="US", ManufacturerModelName="ZEBRASCAN",
              SeriesDescription="QUAGGASERIES")  # fmt: skip
    house.add("held_zebra.dcm", PatientName="ZEBRA^QUAGGA")
    uids = house.folder / "uids.csv"
    assert house.run("--uid-map", str(uids)) == 1
    for name in ("records.jsonl", "report.json", "report.html"):
        text = (house.out / name).read_text().lower()
        for word in ("zebra", "quagga", "1.2.3.", str(house.folder).lower()):
            assert word not in text, (name, word)
    original = hashlib.sha256((house.inputs / "zebra_file.dcm").read_bytes()).hexdigest()
    assert original not in (house.out / "records.jsonl").read_text()
    assert "ZEBRASCAN" in (house.held / "devices.csv").read_text()
    assert {path.name: path.stat().st_mode & 0o777 for path in house.held.iterdir() if path.is_file()} == dict.fromkeys(
        ("held.csv", "devices.csv", "house.jsonl"), 0o600
    )
    assert uids.stat().st_mode & 0o777 == 0o600
    with uids.open(newline="") as stream:
        pairs = {row["id_old"]: row["id_new"] for row in csv.DictReader(stream)}
    released = dcmread(house.out / house.records()[1]["output"])
    assert pairs["1.2.3.1"] == released.SOPInstanceUID
    assert pairs[dcmread(house.inputs / "zebra_file.dcm").StudyInstanceUID] == released.StudyInstanceUID
    assert "1.2.3.2" not in pairs  # it was held back
    assert house.held.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in (house.held / "officer").iterdir()} == {"index.html", "page00001.html"}
    assert {path.stat().st_mode & 0o777 for path in (house.held / "officer").iterdir()} == {0o600}
    shown = (house.held / "officer" / "page00001.html").read_text()
    assert shown.count("<section>") == shown.count('alt="before"') == shown.count('alt="after"') == 1
    assert "zebra_file.dcm" in shown


@pytest.mark.parametrize(
    ("extra", "why", "detail"),
    [
        ({"PatientName": "DOE^J"}, "identifying attributes are filled", "Patient's Name"),
        ({"StudyDate": "20200101"}, "identifying attributes are filled", "Study Date"),
        ({"InstitutionName": "ST. ELSEWHERE"}, "identifying attributes are filled", "Institution Name"),
    ],
)
def test_a_filled_attribute_holds_a_file_back(house: House, extra: dict[str, str], why: str, detail: str) -> None:
    house.add("a.dcm", **extra)
    assert house.run() == 1
    assert house.outcomes() == [("held back", why)]
    assert house.held_list()["a.dcm"]["details"] == detail
    assert not list(house.out.rglob("*.dcm"))
    house.policy.write_text(POLICY + 'headers = "cleaned-after"\n')
    for folder in (house.out, house.held):
        shutil.rmtree(folder)
    assert house.run() == 0
    assert "They are not clean now" in (house.out / "report.html").read_text()


def test_an_attribute_in_an_item_counts_too(house: House) -> None:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.PatientID = "4711"
    house.add("a.dcm", OtherPatientIDsSequence=[item])
    assert house.run() == 1
    assert house.held_list()["a.dcm"]["details"] == "Patient ID"


def test_what_cannot_be_looked_at_is_held_back(house: House) -> None:
    path = house.add("cut.dcm")
    path.write_bytes(path.read_bytes()[:-30000])
    (house.inputs / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"nothing")
    assert house.run() == 1
    assert {one for one, _ in house.outcomes()} <= {"held back", "failed"}
    assert len(house.outcomes()) == 2
    assert not list(house.out.rglob("*.dcm"))


def test_modalities_and_devices_that_the_policy_does_not_name_are_held_back(house: House) -> None:
    house.policy.write_text(POLICY + '[hold]\nmodalities = ["US"]\nmodels = ["KNOWN 1"]\n')
    house.add("a.dcm", Modality="CT", ManufacturerModelName="KNOWN 1")
    house.add("b.dcm", Modality="US", ManufacturerModelName="OTHER")
    house.add("c.dcm", Modality="US", ManufacturerModelName="KNOWN 1")
    assert house.run() == 1
    assert house.outcomes() == [
        ("held back", "a modality that the policy does not name"),
        ("held back", "a device that the policy does not name"),
        ("released unchanged", None),
    ]


def test_harmless_text_is_kept_unless_the_policy_blacks_it(house: House) -> None:
    house.add("a.dcm", ("120 kVp", 20, 60), ("MEYER HANS", 20, 120))
    house.add("b.dcm", ("120 kVp", 20, 60))
    assert house.run() == 0
    both, alone = house.records()
    assert (both["outcome"], both["text_kept"], both["text_blacked"] > 0) == ("released", 1, True)
    assert (alone["outcome"], alone["text_kept"], alone["text_blacked"]) == ("released unchanged", 1, 0)
    assert dcmread(house.out / both["output"]).pixel_array[40:60, 20:110].any()
    house.policy.write_text(POLICY + '[black]\ntext = ["identifying", "unknown", "harmless"]\n')
    for folder in (house.out, house.held):
        shutil.rmtree(folder)
    assert house.run() == 0
    assert [one["text_kept"] for one in house.records()] == [0, 0]
    assert [one["outcome"] for one in house.records()] == ["released", "released"]


# Whose eyes


def test_a_policy_that_wants_eyes_releases_only_what_a_person_has_seen(house: House) -> None:
    house.policy.write_text('eyes = "all"\n')
    seen, done, unknown = house.add("a.dcm"), house.add("b.dcm"), house.add("c.dcm")
    reviewed(house, seen)
    reviewed(house, done, seen=False)
    assert unknown.exists()
    assert house.run() == 1
    no_eyes = ("held back", "no person is known to have seen all of it")
    assert house.outcomes() == [("released unchanged", None), no_eyes, no_eyes]
    assert house.records()[0]["looked_at_by"] == ["detector", "person"]
    # Somebody changes the file after it was seen: those eyes do not count any more.
    for folder in (house.out, house.held):
        shutil.rmtree(folder)
    house.add("a.dcm", ("X 1", 20, 60), number=1)
    assert house.run() == 1
    assert house.outcomes()[0] == no_eyes


def test_no_spelling_of_a_device_and_none_spares_a_file_the_eyes(house: House) -> None:
    house.policy.write_text(POLICY + '[people]\nmodels = ["Film 1"]\n')
    for number, model in enumerate(("FILM1", "film  1", "")):
        house.add(f"{number}.dcm", Modality="CR", ManufacturerModelName=model)
    reviewed(house, house.add("seen.dcm", Modality="CR", ManufacturerModelName="Film 1"))
    assert house.run() == 1
    assert [why is None for _, why in house.outcomes()] == [False, False, False, True]


def test_a_policy_can_want_eyes_for_some_devices_alone(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.policy.write_text(POLICY + '[people]\nmodalities = ["US"]\nmodels = ["FILM 1"]\n')
    kinds = [("US", "A"), ("CT", "A"), ("CR", "FILM 1"), ("US", "B")]
    paths = [
        house.add(f"{number}.dcm", Modality=modality, ManufacturerModelName=model)
        for number, (modality, model) in enumerate(kinds)
    ]
    assert house.run() == 2
    assert "a person's eyes (of some devices)" in capsys.readouterr().err
    reviewed(house, paths[0])
    assert house.again() == 1
    unseen = ("held back", "no person is known to have seen all of it")
    assert house.outcomes() == [("released unchanged", None), ("released unchanged", None), unseen, unseen]
    page = (house.out / "report.html").read_text()
    assert "every released file of US, FILM 1. Of others no person had to look." in page
    assert "No person had to look at the others" in page
    house.policy.write_text(POLICY + '[people]\nmodalities = ["us", "ULS"]\nmodels = ["film 1"]\n')
    capsys.readouterr()
    assert house.again() == 1
    assert "no input is of ULS, which the policy names under [people]: is that right?" in capsys.readouterr().err


def test_marks_of_people_are_blacked_and_tagged_files_stay(house: House) -> None:
    house.policy.write_text('eyes = "all"\n')
    marked, tagged = house.add("a.dcm"), house.add("b.dcm")
    reviewed(house, marked, marks=(Box(10, 10, 60, 40),))
    reviewed(house, tagged, tagged=True)
    assert house.run() == 1
    assert house.outcomes() == [("released", None), ("held back", "tagged by a person for another look")]
    assert not dcmread(house.out / house.records()[0]["output"]).pixel_array[10:40, 10:60].any()


def test_a_sample_says_how_much_the_machine_misses(house: House) -> None:
    paths = [house.add(f"{n}.dcm", SeriesInstanceUID=f"1.2.4.{n}") for n in range(6)]
    drawn = house.folder / "sample.csv"
    assert main(["sample", "draw", str(house.inputs), "--size", "3", "--seed", "1", "-o", str(drawn)]) == 0
    with drawn.open(newline="") as stream:
        names = [row["filename"] for row in csv.DictReader(stream)]
    for name in names:
        reviewed(house, Path(name), marks=(Box(5, 5, 40, 30),) if name == names[0] else ())
    house.policy.write_text('eyes = "sample"\n[hold]\nsample = "sample.csv"\n')
    assert house.run() == 0
    sample = json.loads((house.out / "report.json").read_text())["sample"]
    assert (sample["series"], sample["looked_at"], sample["with_missed_text"]) == (len(paths), 3, 1)
    assert 0.3 < sample["bound"] < 1
    assert "Of 6 series 3 were drawn at random" in (house.out / "report.html").read_text()


@pytest.mark.parametrize("how", ["tagged", "a mark that fits no plane"])
def test_drawn_files_with_text_that_are_held_back_count_as_such(house: House, how: str) -> None:
    for n in range(6):
        house.add(f"{n}.dcm", SeriesInstanceUID=f"1.2.4.{n}")
    drawn = house.folder / "sample.csv"
    assert main(["sample", "draw", str(house.inputs), "--size", "3", "--seed", "1", "-o", str(drawn)]) == 0
    with drawn.open(newline="") as stream:
        names = [row["filename"] for row in csv.DictReader(stream)]
    for name in names:
        mark = (Box(5, 5, 4000, 30),) if how.startswith("a mark") and name == names[0] else ()
        reviewed(house, Path(name), marks=mark, tagged=how == "tagged" and name == names[0])
    house.policy.write_text('eyes = "sample"\n[hold]\nsample = "sample.csv"\n')
    assert house.run() == 1
    sample = json.loads((house.out / "report.json").read_text())["sample"]
    assert (sample["looked_at"], sample["with_missed_text"]) == (3, 1)


# Wrong use


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('eyes = "some"', "line 1 column 1"),
        ('eyes = "none"\n\n[black]\n  text = ["unknown"]', "line 4 column 3"),
        ('eyes = "none"\n[black]\ntext = ["identifying"]', "no person sees all of it"),
        ('eyes = "none"\n[blak]\ntext = []', "line 2 column 1"),
        ('eyes = "none"\ncolour = 3', "colour means nothing here"),
        ('eyes = "none"\n[file]\nicons = true', "needed is a text"),
        ('eyes = "sample"', "go together"),
        ('eyes = "none"\n[hold]\nsample = "x.csv"', "go together"),
        ("eyes = ", "it is no TOML"),
        ('headers = "cleaned-before"', "nobody says whose eyes"),
    ],
)
def test_a_policy_that_is_wrong_is_refused_with_its_place(
    house: House, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    house.add("a.dcm")
    house.policy.write_text(text + "\n")
    assert house.run() == 2
    assert said in capsys.readouterr().err
    assert not house.out.exists()


def test_eyes_are_said_once(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    assert house.run("--eyes", "all") == 2
    assert "say it once" in capsys.readouterr().err


def test_a_key_that_others_can_read_is_refused(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    house.key.write_text("0" * 64)
    house.key.chmod(0o644)
    assert house.run() == 2
    assert "others may read this key" in capsys.readouterr().err


@pytest.mark.parametrize("out", ["in/out", "in", "."])
def test_outputs_and_inputs_lie_apart(house: House, out: str) -> None:
    house.add("a.dcm")
    house.out = house.folder / out
    assert house.run() == 2
    assert sorted(path.name for path in house.inputs.iterdir()) == ["a.dcm"]


@pytest.mark.parametrize("option", ["--uid-map", "--key"])
def test_what_must_not_leave_lies_outside_of_the_outputs(
    house: House, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    house.add("a.dcm")
    (house.folder / "link").symlink_to(house.out)
    for place in (house.out / "x", house.folder / "link" / "x", house.out):
        words = house.words()
        if option in words:
            del words[words.index(option) : words.index(option) + 2]
        assert main([*words, option, str(place)]) == 2
        assert "may leave the house" in capsys.readouterr().err
    assert not house.out.exists()


def test_a_list_of_uids_replaces_nothing_and_has_a_folder(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    mine = house.folder / "mine.csv"
    mine.write_text("id_old,id_new\n")
    assert house.run("--uid-map", str(mine)) == 2
    assert house.run("--uid-map", str(house.folder / "no" / "x.csv")) == 2
    assert "there is no such folder" in capsys.readouterr().err
    assert mine.read_text() == "id_old,id_new\n"
    assert not house.out.exists()


def test_two_releases_do_not_share_the_folder_of_the_house(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm", PatientName="X")
    assert house.run() == 1
    before = (house.held / "held.csv").read_bytes()
    house.out = house.folder / "out2"
    assert house.run() == 2
    assert "holds the lists of another release" in capsys.readouterr().err
    assert (house.held / "held.csv").read_bytes() == before


def test_references_between_released_files_still_meet(house: House) -> None:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3.1"
    house.add("a.dcm", number=1, FrameOfReferenceUID="1.2.9")
    house.add("b.dcm", number=2, FrameOfReferenceUID="1.2.9", SourceImageSequence=[item])
    assert house.run() == 0
    one, other = (dcmread(house.out / record["output"]) for record in house.records())
    assert other.SourceImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert one.FrameOfReferenceUID == other.FrameOfReferenceUID != "1.2.9"


def test_a_folder_of_something_else_is_left_alone(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    house.out.mkdir()
    (house.out / "thesis.txt").write_text("mine")
    assert house.run() == 2
    assert "holds files of something else" in capsys.readouterr().err
    assert [path.name for path in house.out.iterdir()] == ["thesis.txt"]


def test_a_second_run_into_one_folder_needs_resume_and_the_same_policy(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.add("a.dcm")
    assert house.run() == 0
    assert house.run() == 2
    assert "--resume goes on with it" in capsys.readouterr().err
    before = (house.out / "records.jsonl").read_bytes()
    assert house.run("--resume") == 0
    assert (house.out / "records.jsonl").read_bytes() == before
    house.policy.write_text(POLICY + 'headers = "cleaned-before"\n')
    assert house.run("--resume") == 2
    assert "another policy" in capsys.readouterr().err


def test_what_was_released_never_passes_for_what_lies_under_its_name_since(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    path, held = house.add("a.dcm"), house.add("held.dcm", PatientName="X")
    assert house.run() == 1
    before = (house.out / "records.jsonl").read_bytes(), (house.held / "house.jsonl").read_bytes()
    held.write_bytes(held.read_bytes() + b"\0\0")  # it stays held back, which the exit code says
    assert house.run("--resume") == 1
    house.add("new.dcm", ("NAME 12345", 20, 60)).replace(path)
    capsys.readouterr()
    assert house.run("--resume") == 2
    assert "a.dcm: input 1 was changed since it was released by the run before" in capsys.readouterr().err
    assert ((house.out / "records.jsonl").read_bytes(), (house.held / "house.jsonl").read_bytes()) == before


def test_what_was_released_with_other_marks_than_the_database_has_now_is_not_passed_over(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.dcm", "b.dcm"):
        path = house.add(name)
        reviewed(house, path, marks=(Box(1, 1, 9, 9),))
    assert house.run() == 0
    assert house.run("--resume") == 0
    reviewed(house, path, marks=(Box(40, 40, 60, 50),))
    before = (house.out / "records.jsonl").read_bytes(), (house.held / "house.jsonl").read_bytes()
    capsys.readouterr()
    assert house.run("--resume") == 2
    assert "b.dcm: the database has other marks of input 2 than when it was released" in capsys.readouterr().err
    assert ((house.out / "records.jsonl").read_bytes(), (house.held / "house.jsonl").read_bytes()) == before


def test_the_same_key_gives_the_same_uids_and_another_does_not(house: House) -> None:
    house.add("a.dcm")
    assert house.run() == 0
    first = house.records()[0]["output"]
    for folder in (house.out, house.held):
        shutil.rmtree(folder)
    assert house.run() == 0
    assert house.records()[0]["output"] == first
    for folder in (house.out, house.held):
        shutil.rmtree(folder)
    house.key.unlink()
    assert house.run() == 0
    assert house.records()[0]["output"] != first


def test_two_inputs_of_one_instance_are_one_output(house: House) -> None:
    house.add("a.dcm")
    shutil.copy(house.inputs / "a.dcm", house.inputs / "b.dcm")
    assert house.run() == 1
    assert house.outcomes() == [("released unchanged", None), ("held back", "another input became the same output")]
    assert house.held_list()["b.dcm"]["details"] == f"its output would be {house.records()[0]['output']}"


def test_json_lines_are_as_documented(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    house.add("b.dcm", PatientName="X")
    assert house.run("--json") == 1
    lines = capsys.readouterr().out.splitlines()
    assert [found for line in lines if (found := problems(line))] == []
    assert [json.loads(line)["outcome"] for line in lines] == ["released unchanged", "held back"]


# Killed and resumed


def test_a_run_that_was_killed_and_resumed_ends_like_one_that_was_not(house: House) -> None:
    for n in range(6):
        house.add(f"{n}.dcm", *([("NAME 12345", 20, 60)] if n % 2 else []))
    house.add("held.dcm", PatientName="X")
    assert house.run() == 1
    whole = {name: state(house, name) for name in ("records.jsonl", "report.json", "report.html")}
    lists = {path.name: path.read_bytes() for path in house.held.iterdir() if path.suffix == ".csv"}
    outputs = files_of(house.out)
    for after in (1, 3, 5):
        for folder in (house.out, house.held):
            shutil.rmtree(folder)
        killed_after(house, after)
        assert house.run("--resume") == 1
        assert {name: state(house, name) for name in whole} == whole
        assert {path.name: path.read_bytes() for path in house.held.iterdir() if path.suffix == ".csv"} == lists
        assert files_of(house.out) == outputs


def state(house: House, name: str) -> Any:
    data = (house.out / name).read_bytes()
    return (
        [(json.loads(line)["record"], json.loads(line)["link"]) for line in data.splitlines()]
        if "jsonl" in name
        else data
    )


def files_of(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.dcm")
    }


def killed_after(house: House, count: int) -> None:
    process = subprocess.Popen([sys.executable, "-m", "dcmaudit", *house.words("-q")], stderr=subprocess.PIPE)
    chain = house.out / "records.jsonl"
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        if chain.exists() and chain.read_bytes().count(b"\n") > count:
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    # What a torn write may leave: half a line at the end of the chain and of the notes of the house.
    for path in (chain, house.held / "house.jsonl"):
        with path.open("ab") as stream:
            stream.write(b'{"record": {"n"')


def test_a_run_that_was_interrupted_has_a_chain_in_order_and_goes_on(house: House) -> None:
    """With two processes what stands behind a slow input is finished before it: it is not recorded before it."""
    for n in range(8):
        house.add(f"{n}.dcm", ("NAME 12345", 20, 60))
    slow = np.random.default_rng(3).integers(0, 256, (16, 480, 480), np.uint8)
    data = dataset(slow, frames=16, extra={**NO_HEADER, "SOPInstanceUID": "1.2.9"})
    (house.inputs / "1slow.dcm").write_bytes(file_bytes(data))
    words = [*house.words()]
    words[words.index("-j") + 1] = "2"
    process = subprocess.Popen([sys.executable, "-m", "dcmaudit", *words], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while time.monotonic() < end and not (house.out / "records.jsonl").exists():
        time.sleep(0.02)
    while time.monotonic() < end and len(house.records()) < 2:
        time.sleep(0.05)
    time.sleep(1)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    numbers = [one["n"] for one in house.records()]
    assert numbers == list(range(1, len(numbers) + 1))
    names = [json.loads(line)["input"] for line in (house.held / "house.jsonl").read_text().splitlines()]
    order = sorted(str(path) for path in house.inputs.iterdir())
    assert names == order[: len(names)]
    assert house.run("--resume") in {0, 1}
    assert len(house.records()) == 9


def test_an_input_that_changes_while_it_is_worked_on_is_held_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dcmaudit.pipeline.release import candidate

    path = house.add("a.dcm")
    redact = candidate.redact_file

    def changes(job: Any, task: Any) -> Any:
        report = redact(job, task)
        path.write_bytes(path.read_bytes()[:-2] + b"\1\1")
        return report

    monkeypatch.setattr(candidate, "redact_file", changes)
    assert house.run() == 1
    assert house.outcomes() == [("held back", "it changed while it was worked on")]
    assert not list(house.out.rglob("*.dcm"))


@pytest.mark.parametrize("step", ["left_places", "pictures_of", "_keyed"])
@pytest.mark.parametrize("error", [DamagedError("it breaks off"), OSError(5, "it is gone"), MemoryError()])
def test_what_fails_after_its_proof_does_not_leave(
    step: str, error: Exception, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dcmaudit.pipeline.release import candidate

    house.add("a.dcm", ("NAME 12345", 20, 60))
    function, calls = getattr(candidate, step), []

    def fails(*words: Any) -> Any:
        calls.append(step)
        if step == "_keyed" and len(calls) == 1:
            return function(*words)
        raise error

    monkeypatch.setattr(candidate, step, fails)
    assert house.run() == 1
    assert calls
    assert house.outcomes() == [("failed", "it cannot be read")]
    assert not list(house.out.rglob("*.dcm"))


def test_two_inputs_of_the_same_bytes_do_not_meet_while_they_are_worked_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dcmaudit.pipeline.release import candidate

    shutil.copy(house.add("a.dcm"), house.inputs / "twin.dcm")
    redact, staged = candidate.redact_file, set[Path]()

    def notes(job: Any, task: Any) -> Any:
        staged.add(job.naming.exact)
        return redact(job, task)

    monkeypatch.setattr(candidate, "redact_file", notes)
    assert house.run() == 1
    assert len(staged) == 2
    assert house.outcomes() == [
        ("released unchanged", None), ("held back", "another input became the same output")
    ]  # fmt: skip


def test_a_sample_that_names_other_files_is_told(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    with (house.folder / "sample.csv").open("w") as stream:
        stream.write("filename,series,stratum,series_in_stratum,seed\n/elsewhere/x.dcm,1.2,CT,5,1\n")
    house.policy.write_text('eyes = "sample"\n[hold]\nsample = "sample.csv"\n')
    reviewed(house, house.inputs / "a.dcm")
    assert house.run() == 1
    assert "/elsewhere/x.dcm: it is in the list of the sample, and none of the inputs" in capsys.readouterr().err


def test_files_that_are_no_dicom_are_counted(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    (house.inputs / "notes.txt").write_text("no picture")
    assert house.run() == 0
    assert "passed over: 1" in capsys.readouterr().err


def test_a_second_run_at_the_same_time_is_refused(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    from dcmaudit.pipeline.release import ReleaseFolders

    house.add("a.dcm")
    with ReleaseFolders(house.out, house.held, about={"policy": {}}, resume=False, user="x"):
        assert house.run("--resume") == 2
    assert "another run is writing" in capsys.readouterr().err


def test_inputs_that_are_not_those_of_before_are_noticed(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("b.dcm")
    assert house.run() == 0
    house.add("a.dcm")
    assert house.run("--resume") == 2
    assert "not what it was in the run before" in capsys.readouterr().err


def test_an_output_that_is_gone_when_a_run_goes_on_is_told(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    house.add("b.dcm")
    assert house.run() == 0
    gone = house.records()[0]["output"]
    (house.out / gone).unlink()
    assert house.run("--resume") == 1
    assert f"{gone}: it was released and is not there any more" in capsys.readouterr().err


def test_an_input_that_is_left_out_when_a_run_goes_on_is_noticed(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.add("a.dcm")
    last = house.add("b.dcm")
    assert house.run() == 0
    last.unlink()
    assert house.run("--resume") == 2
    assert "had done 2 inputs, and there are 1 now" in capsys.readouterr().err


# Signed and checked


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A signed release with all that it was made of, and the fingerprint: made once, and copied for each test."""
    from dcmaudit.pipeline.release.signing import make_key, sign, signer_of_file

    house = House(tmp_path_factory.mktemp("signed"))
    house.add("a.dcm", ("NAME 12345", 20, 60))
    house.add("b.dcm")
    house.add("c.dcm", PatientName="X")
    house.run()
    make_key(house.folder / "sk")
    fingerprint, _ = sign(house.out, signer_of_file(house.folder / "sk"))
    return house.folder, fingerprint


@pytest.fixture
def signed(template: tuple[Path, str], tmp_path: Path) -> tuple[House, str]:
    folder, fingerprint = template
    shutil.copytree(folder, tmp_path / "house")
    return House(tmp_path / "house", is_new=False), fingerprint


def rewrite(path: Path, change: Callable[[Any], None]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def relink(path: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Records changed, and the chain made right again, as somebody would who knows how it is made."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    change(lines)
    link = "0" * 64
    for line in lines:
        link = line["link"] = hashlib.sha256(link.encode() + canonical(line["record"])).hexdigest()
    path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


def resigned(out: Path) -> None:
    """Somebody else signs all of it anew."""
    from dcmaudit.pipeline.release.signing import make_key, sign, signer_of_file

    make_key(out.parent / "other")
    sign(out, signer_of_file(out.parent / "other"))


def outputs(out: Path) -> list[Path]:
    return sorted(out.rglob("*.dcm"))


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def rebytes(path: Path, change: Callable[[bytes], bytes]) -> None:
    before = path.read_bytes()
    path.write_bytes(change(before))
    assert path.read_bytes() != before


def renamed(path: Path, name: str) -> None:
    path.rename(path.with_name(name))


def linked(path: Path) -> None:
    """The same bytes, reached by a link to a file outside."""
    away = path.parent.parent / f"away-{path.name}"
    while (away.parent / "records.jsonl").exists() or (away.parent.parent / "records.jsonl").exists():
        away = away.parent.parent / away.name
    path.rename(away)
    path.symlink_to(away)


def leads_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def turned_into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def first_line_again(data: bytes) -> bytes:
    """A key twice in one object: readers of JSON differ in which one they take."""
    return data.replace(b'"record":{', b'"record":{},"record":{', 1)


def of_another_release(out: Path) -> None:
    """Records, report and page of another house with the same files."""
    (out.parent / "other_house").mkdir()
    other = House(out.parent / "other_house")
    for path in sorted((out.parent / "in").iterdir()):
        shutil.copy(path, other.inputs)
    other.run()
    for name in ("records.jsonl", "report.json", "report.html", "files.csv"):
        shutil.copy(other.out / name, out / name)


def swap(out: Path) -> None:
    one, other = outputs(out)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def link_out(out: Path) -> None:
    path = outputs(out)[0]
    path.rename(out.parent / "away.dcm")
    path.symlink_to(out.parent / "away.dcm")


def link_folder(out: Path) -> None:
    (out.parent / "more").mkdir()
    (out / "more").symlink_to(out.parent / "more")


def without_line(number: int) -> Callable[[Path], None]:
    def change(out: Path) -> None:
        path = out / "records.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        del lines[number]
        path.write_bytes(b"".join(lines))

    return change


TAMPERINGS: dict[str, Callable[[Path], None]] = {
    "a byte of a pixel": lambda out: flip(outputs(out)[0], -5),
    "a byte of a header": lambda out: flip(outputs(out)[0], 400),
    "a byte of the preamble": lambda out: flip(outputs(out)[1], 0),
    "a byte more": lambda out: outputs(out)[0].write_bytes(outputs(out)[0].read_bytes() + b"\0"),
    "a byte less": lambda out: outputs(out)[0].write_bytes(outputs(out)[0].read_bytes()[:-1]),
    "an empty output": lambda out: outputs(out)[0].write_bytes(b""),
    "an output gone": lambda out: outputs(out)[0].unlink(),
    "all outputs gone": lambda out: [path.unlink() for path in outputs(out)] and None,
    "an output renamed": lambda out: outputs(out)[0].rename(outputs(out)[0].with_name("9.dcm")) and None,
    "an output moved": lambda out: outputs(out)[0].rename(out / "x.dcm") and None,
    "two outputs changed places": swap,
    "a file more": lambda out: (out / "extra.dcm").write_bytes(b"x") and None,
    "a hidden file more": lambda out: (out / ".extra").write_bytes(b"x") and None,
    "a file more beside an output": lambda out: (outputs(out)[0].parent / "y").write_bytes(b"x") and None,
    "a mark of a run": lambda out: (out / ".dcmaudit-release").touch(),
    "an output that is a link": link_out,
    "a folder that is a link": link_folder,
    "a line gone in the middle": without_line(2),
    "the last line gone": without_line(-1),
    "the first line gone": without_line(0),
    "two lines changed places": lambda out: (out / "records.jsonl").write_bytes(
        b"".join(reversed((out / "records.jsonl").read_bytes().splitlines(keepends=True)))  # sorted by time already
    ) and None,
    "a line twice": lambda out: (out / "records.jsonl").write_bytes(
        (out / "records.jsonl").read_bytes() + (out / "records.jsonl").read_bytes().splitlines(keepends=True)[-1]
    ) and None,
    "a record changed": lambda out: relink(out / "records.jsonl", lambda lines: lines[1]["record"].update(planes=9)),
    "a held file called released": lambda out: relink(
        out / "records.jsonl", lambda lines: lines[3]["record"].update(outcome="released", why=None)
    ),
    "another policy in the chain": lambda out: relink(
        out / "records.jsonl", lambda lines: lines[0]["record"]["about"]["policy"].update(eyes="all")
    ),
    "no records": lambda out: (out / "records.jsonl").unlink(),
    "records that are none": lambda out: (out / "records.jsonl").write_bytes(b"[]\n") and None,
    "another number in the report": lambda out: rewrite(out / "report.json", lambda data: data.update(inputs=99)),
    "another word on the page": lambda out: (out / "report.html").write_text(
        (out / "report.html").read_text().replace("No person", "A person")
    ) and None,
    "a checker that is always glad": lambda out: (out / "check_release.py").write_text("print('whole')") and None,
    "no report": lambda out: (out / "report.json").unlink(),
    "no signature": lambda out: (out / "signature.json").unlink(),
    "a signature cut off": lambda out: rewrite(
        out / "signature.json", lambda data: data.update(signature=data["signature"][:-2])
    ),
    "a signature of something else": lambda out: rewrite(
        out / "signature.json", lambda data: data["signed"].update(records=2)
    ),
    "a signature of nothing": lambda out: rewrite(
        out / "signature.json", lambda data: data.update(signature="00" * 64)
    ),
    "a name among the signed ones gone": lambda out: rewrite(
        out / "signature.json", lambda data: data["signed"]["files"].pop("report.html")
    ),
    "another key": lambda out: rewrite(
        out / "signature.json",
        lambda data: data.update(public_key=Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()),
    ),
    "signed anew by somebody else": resigned,
    # Links, folders, names
    "records that are a link": lambda out: linked(out / "records.jsonl"),
    "a signature that is a link": lambda out: linked(out / "signature.json"),
    "an output that leads nowhere": lambda out: leads_nowhere(outputs(out)[0]),
    "a folder of a study that is a link": lambda out: linked(outputs(out)[0].parent.parent),
    "an output that is a pipe": lambda out: piped(outputs(out)[0]),
    "records that are a pipe": lambda out: piped(out / "records.jsonl"),
    "a signature that is a pipe": lambda out: piped(out / "signature.json"),
    "an output that is a folder": lambda out: turned_into_folder(outputs(out)[0]),
    "an empty folder more": lambda out: (out / "more").mkdir(),
    "an empty folder in a series": lambda out: (outputs(out)[0].parent / "more").mkdir(),
    "a hidden folder": lambda out: (out / ".git").mkdir(),
    "the end of a name in capitals": lambda out: renamed(outputs(out)[0], outputs(out)[0].stem + ".DCM"),
    "a report in capitals": lambda out: renamed(out / "report.html", "Report.html"),
    "a name in another form of Unicode": lambda out: renamed(out / "report.json", "report.js\u200bon"),
    "a name with a blank behind it": lambda out: renamed(out / "report.json", "report.json "),
    "a second page beside the first": lambda out: shutil.copy(out / "report.html", out / "report.htm") and None,
    "a link to the page": lambda out: (out / "index.html").symlink_to("report.html"),
    # Lines
    "half a last line": lambda out: rebytes(out / "records.jsonl", lambda data: data[:-40]),
    "no end of the last line": lambda out: rebytes(out / "records.jsonl", lambda data: data[:-1]),
    "an empty line more": lambda out: rebytes(out / "records.jsonl", lambda data: data + b"\n"),
    "another end of the lines": lambda out: rebytes(
        out / "records.jsonl", lambda data: data.replace(b"\n", b"\r\n")
    ),
    "a mark before the first line": lambda out: rebytes(out / "records.jsonl", lambda data: b"\xef\xbb\xbf" + data),
    "a blank in a line": lambda out: rebytes(out / "records.jsonl", lambda data: data.replace(b",", b", ", 1)),
    "a key twice": lambda out: rebytes(out / "records.jsonl", first_line_again),
    "a key more in a line": lambda out: rebytes(out / "records.jsonl", lambda data: data.replace(b"{", b'{"a":1,', 1)),
    "another time of a line": lambda out: rebytes(
        out / "records.jsonl", lambda data: data.replace(b'"at":"2', b'"at":"1')
    ),
    "another person in a line": lambda out: rebytes(
        out / "records.jsonl", lambda data: data.replace(b'"by":"', b'"by":"x')
    ),
    "lines of another release": of_another_release,
    "a record between, linked again": lambda out: relink(
        out / "records.jsonl", lambda lines: lines.insert(2, json.loads(json.dumps(lines[1])))
    ),
    "two records changed places, linked again": lambda out: relink(
        out / "records.jsonl", lambda lines: lines.reverse()
    ),
    "lines without end": lambda out: rebytes(out / "records.jsonl", lambda _: b"[" * 100_000),
    # Report and signature
    "a mark before the report": lambda out: rebytes(out / "report.json", lambda data: b"\xef\xbb\xbf" + data),
    "another list of files": lambda out: rebytes(out / "files.csv", lambda data: data.replace(b"held", b"kept")),
    "another list of devices": lambda out: rebytes(out / "devices.csv", lambda data: data + b"\n"),
    "no list of files": lambda out: (out / "files.csv").unlink(),
    "a page that is another": lambda out: (out / "report.html").write_text("<h1>All clean</h1>") and None,
    "a signature with a key more": lambda out: rewrite(out / "signature.json", lambda data: data.update(by="house")),
    "a signature with other ends of lines": lambda out: rebytes(
        out / "signature.json", lambda data: data.replace(b"\n", b"\r\n")
    ),
    "a signature in capitals": lambda out: rebytes(
        out / "signature.json", lambda data: data.replace(b"a", b"A")
    ),
    "another fingerprint in the signature": lambda out: rewrite(
        out / "signature.json", lambda data: data.update(fingerprint="0" * 64)
    ),
    "a signature with a key twice": lambda out: rebytes(
        out / "signature.json", lambda data: data.replace(b"{", b'{"signed":{"files":{}},', 1)
    ),
    "a signature of another form": lambda out: rewrite(
        out / "signature.json", lambda data: data["signed"].update(format="dcmaudit release 0")
    ),
    "a signature that is a list": lambda out: (out / "signature.json").write_text("[]") and None,
    "a signature without an end": lambda out: rebytes(out / "signature.json", lambda _: b"[" * 100_000),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_stranger_finds_what_was_changed(what: str, signed: tuple[House, str]) -> None:
    house, fingerprint = signed
    assert check_release.problems(str(house.out), fingerprint) == []
    TAMPERINGS[what](house.out)
    assert check_release.problems(str(house.out), fingerprint) != []


def test_the_checker_runs_alone_and_says_what_is_wrong(signed: tuple[House, str], tmp_path: Path) -> None:
    house, fingerprint = signed
    alone = tmp_path / "elsewhere" / "check.py"
    alone.parent.mkdir()
    shutil.copy(house.out / "check_release.py", alone)

    def check() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(alone), str(house.out), fingerprint]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={}, cwd=alone.parent)

    assert (check().returncode, check().stdout) == (
        0, "the release is whole, and signed by the owner of this fingerprint\n",
    )  # fmt: skip
    flip(outputs(house.out)[0], -5)
    assert check().returncode == 1
    assert check().stdout.endswith(" was changed\n")
    assert len(alone.read_text().splitlines()) <= 150


def test_the_command_checks_too(signed: tuple[House, str], capsys: pytest.CaptureFixture[str]) -> None:
    house, fingerprint = signed
    assert main(["report", "check", str(house.out), "--signer", fingerprint]) == 0
    pairs = ":".join(fingerprint[i : i + 2] for i in range(0, 64, 2))
    assert main(["report", "check", str(house.out), "--signer", f"SHA256:{pairs.upper()}"]) == 0
    assert main(["report", "check", str(house.out), "--signer", "0" * 64]) == 1
    assert "it was signed by somebody else" in capsys.readouterr().err
    assert main(["report", "check", str(house.out), "--signer", "me"]) == 2


def test_signatures_agree_with_those_of_the_library() -> None:
    for number in range(20):
        key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(bytes([number])).digest())
        public, message = key.public_key().public_bytes_raw(), os.urandom(number * 7)
        signature = key.sign(message)
        assert check_release.is_signed(public, message, signature)
        assert not check_release.is_signed(public, message + b"x", signature)
        assert not check_release.is_signed(public, message, signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not check_release.is_signed(bytes(32), b"", bytes(64))
    assert not check_release.is_signed(b"\xff" * 32, b"", b"\xff" * 64)


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An SSH agent that holds an Ed25519 key; the file of that key, whose public half lies beside it."""
    if shutil.which("ssh-agent") is None or shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-agent: install openssh-client")
    place = tempfile.mkdtemp(prefix="agent")  # a short name: a socket's may have a hundred characters
    process = subprocess.Popen(["ssh-agent", "-D", "-a", f"{place}/s"], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", f"{place}/s")
        end = time.monotonic() + 20
        while time.monotonic() < end and not Path(place, "s").exists():
            time.sleep(0.01)
        yield ssh_key(tmp_path / "id_ed25519")
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(place, ignore_errors=True)


def ssh_key(path: Path, kind: str = "ed25519", *, words: str = "", added: bool = True) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", words, "-C", "anna@house", "-f", str(path)], check=True)
    if added:
        subprocess.run(["ssh-add", "-q", str(path)], check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return path


def ssh_fingerprint(path: Path) -> str:
    command = ["ssh-keygen", "-l", "-f", f"{path}.pub"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1]


def test_a_key_of_an_ssh_agent_signs_and_is_known_by_the_fingerprint_that_ssh_prints(
    agent: Path, signed: tuple[House, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, before = signed
    ssh_key(agent.with_name("rsa"), "rsa")  # another kind of key in the agent is passed over
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)  # not needed here
    assert main(["report", "sign", str(house.out), "--ssh-agent"]) == 0
    plain = capsys.readouterr().out.strip()
    assert plain != before
    ssh = ssh_fingerprint(agent)
    for fingerprint in (plain, ssh, ssh + "="):
        assert main(["report", "check", str(house.out), "--signer", fingerprint]) == 0
    assert main(["report", "check", str(house.out), "--signer", before]) == 1
    other = ssh_key(agent.with_name("other"))
    assert main(["report", "check", str(house.out), "--signer", ssh_fingerprint(other)]) == 1
    command = [sys.executable, "-I", "-S", str(house.out / "check_release.py"), str(house.out), ssh]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    # Two keys: it must be said which one; a public key file says it, too.
    capsys.readouterr()
    assert main(["report", "sign", str(house.out), "--ssh-agent"]) == 2
    assert "holds 2 Ed25519 keys" in capsys.readouterr().err
    assert main(["report", "sign", str(house.out), "--ssh-agent", ssh_fingerprint(other)]) == 0
    assert main(["report", "check", str(house.out), "--signer", ssh_fingerprint(other)]) == 0
    assert main(["report", "sign", str(house.out), "--signing-key", f"{agent}.pub"]) == 0
    assert main(["report", "check", str(house.out), "--signer", ssh]) == 0


def test_an_openssh_key_file_signs(agent: Path, signed: tuple[House, str]) -> None:
    house, _ = signed
    assert main(["report", "sign", str(house.out), "--signing-key", str(agent)]) == 0
    assert main(["report", "check", str(house.out), "--signer", ssh_fingerprint(agent)]) == 0


def test_an_agent_that_cannot_sign_is_told(
    agent: Path, signed: tuple[House, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, before = signed
    words = ["report", "sign", str(house.out), "--ssh-agent"]
    locked = ssh_key(agent.with_name("locked"), words="secret words", added=False)
    assert main(["report", "sign", str(house.out), "--signing-key", str(locked)]) == 2
    assert "--ssh-agent" in capsys.readouterr().err
    assert main(["report", "sign", str(house.out), "--signing-key", f"{locked}.pub"]) == 2
    assert "holds no such Ed25519 key" in capsys.readouterr().err
    assert main([*words, before]) == 2
    subprocess.run(["ssh-add", "-q", "-D"], check=True, capture_output=True)
    assert main(words) == 2
    monkeypatch.setenv("SSH_AUTH_SOCK", str(house.folder / "nothing"))
    assert main(words) == 2
    assert "cannot be asked" in capsys.readouterr().err
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert main(words) == 2
    assert "there is no SSH agent" in capsys.readouterr().err
    assert main(["report", "check", str(house.out), "--signer", before]) == 0  # the signature before is still there


@pytest.mark.parametrize("how", ["changed", "gone", "more"])
def test_a_release_that_is_not_whole_is_not_signed(
    how: str, signed: tuple[House, str], capsys: pytest.CaptureFixture[str]
) -> None:
    house, fingerprint = signed
    before = (house.out / "signature.json").read_bytes()
    {
        "changed": lambda: flip(outputs(house.out)[0], -5), "gone": outputs(house.out)[0].unlink,
        "more": (house.out / "x").touch,
    }[how]()  # fmt: skip
    assert main(["report", "sign", str(house.out), "--signing-key", str(house.folder / "sk")]) == 1
    assert "it is not whole" in capsys.readouterr().err
    assert (house.out / "signature.json").read_bytes() == before
    assert check_release.problems(str(house.out), fingerprint) != []


@pytest.mark.parametrize("kind", ["rsa", "words", "public", "open"])
def test_a_signing_key_that_cannot_be_used_is_refused(
    kind: str, signed: tuple[House, str], capsys: pytest.CaptureFixture[str]
) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    house, _ = signed
    path = house.folder / "other"
    if kind == "rsa":
        key = generate_private_key(65537, 2048)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    elif kind == "open":
        shutil.copy(house.folder / "sk", path)
    else:
        path.write_text("-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n" if kind == "public" else "x")
    path.chmod(0o644 if kind == "open" else 0o600)
    assert main(["report", "sign", str(house.out), "--signing-key", str(path)]) == 2
    assert "key" in capsys.readouterr().err


def test_measured_recall_is_what_the_pages_say() -> None:
    from dcmaudit.report.recall import RECALL

    root = Path(__file__).parents[2]
    for one in RECALL:
        page = " ".join((root / one["source"]).read_text().split())
        share = one["found"].split(" ")[0]
        assert f"{one['found']} | {one['interval']}" in page or f"{share} ({one['interval']})" in page, one


def test_an_unfinished_release_is_not_signed(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    house.run()
    with (house.out / "records.jsonl").open("ab") as stream:
        stream.write(b"")
    rewrite(house.out / "report.json", lambda data: data["records"].update(root="0" * 64))
    words = ["report", "sign", str(house.out), "--signing-key", str(house.folder / "sk"), "--make-key"]
    assert main(words) == 1
    assert "its report is not that of its records" in capsys.readouterr().err


def test_the_report_says_whose_rectangles_were_used(house: House) -> None:
    path = house.add("a.dcm")
    assert house.run() == 0
    assert "There was no review database" in (house.out / "report.html").read_text()
    reviewed(house, path)
    assert house.run("--resume") == 2  # what the run before stood on is another thing now
    for folder in (house.out, house.held):
        shutil.rmtree(folder)
    assert house.run() == 0
    assert "were blacked, too" in (house.out / "report.html").read_text()


def test_a_file_that_no_record_names_is_told(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    assert house.run() == 0
    (house.out / "notes.txt").write_text("x")
    assert house.run("--resume") == 1
    assert "it is no output of this release" in capsys.readouterr().err


def test_a_picture_of_a_float_is_not_left_out(house: House) -> None:
    """Every kind of pixel goes the same way."""
    picture = np.zeros((80, 200), np.float32)
    data = dataset(picture, extra={**NO_HEADER, "SOPInstanceUID": "1.2.3.77"})
    (house.inputs / "float.dcm").write_bytes(file_bytes(data))
    house.run()
    assert house.outcomes()[0][0] in {"released unchanged", "held back"}
