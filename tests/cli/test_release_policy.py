"""What the policy of a release holds back, keeps, blacks and writes into files."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from dcmaudit.cli import main
from dcmaudit.detect.ocr import ENGINES
from dcmaudit.errors import UsageError
from dcmaudit.model import Box, DeviceFacts, Judgement, Keep, Verdict
from dcmaudit.pipeline.release import Eyes, Policy, load_policy
from dcmaudit.pipeline.release.batch import ReleaseBatch
from dcmaudit.pipeline.release.ending import Ending
from dcmaudit.pipeline.release.order import Order, checked
from dcmaudit.pipeline.release.policy_file import KEYS
from dcmaudit.report.policies import TABLES, policy_record, policy_rows
from dcmaudit.settings import load
from dcmaudit.sources import find
from dcmaudit.store import open_store
from support.house import POLICY, House, reviewed


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def loaded(folder: Path, text: str) -> Policy:
    path = folder / "policy.toml"
    path.write_text(text)
    return load_policy(path, engines=frozenset(ENGINES))


WRONG: dict[str, tuple[str, str, str]] = {
    "no TOML": ('eyes = "none"\neyes = "all"', "line 2 column", "it is no TOML"),
    "an empty word": ('eyes = "none"\n[hold]\nmodels = [""]', "line 3 column 1", "holds an empty text"),
    "no kind": ('eyes = "none"\n[black]\nkeep = ["scales"]', "line 3 column 1", "cannot hold 'scales'"),
    "more than one": ('eyes = "none"\n[hold]\nconfidence = 85', "line 3 column 1", "no number from 0 to 1"),
    "true is no number": ('eyes = "none"\n[hold]\ndoubts = true', "line 3 column 1", "no number from 0 to 1"),
    "no class": ('eyes = "none"\n[hold]\nclasses = ["CTStorage"]', "line 3 column 1", "PS3.6 has no SOP class"),
    "a dotted key": ('eyes = "none"\n  look.mode = "slow"', "line 2 column 3", "mode cannot be 'slow'"),
    "an inline table": ('eyes = "none"\nlook = { mode = "slow" }', "line 2 column 1", "mode cannot be 'slow'"),
    "kept and blacked": ('eyes = "none"\n[black]\ntext = ["identifying", "unknown", "harmless"]\nkeep = ["label"]',
                         "line 4 column 1", "no kind of it is kept"),
    "eyes without marks": ('eyes = "all"\n[black]\nmarks = false', "line 3 column 1", "would not be blacked"),
    "icons that nobody sees": ('eyes = "none"\n[file]\nicons = "keep"', "line 3 column 1", "thumbnails would stay"),
    "clean with private pictures": ('eyes = "all"\n[file]\nprivate = "keep"\n[claim]\nclean = "person"',
                                    "line 3 column 1", "would say that they are clean"),
    "a person that need not look": ('eyes = "none"\n[claim]\nclean = "person"', "line 3 column 1", "none has to look"),
    "a measure that is not stated": ('eyes = "none"\n[claim]\nclean = "measure"', "line 3 column 1", "none is stated"),
    "a measure for nothing": ('eyes = "none"\n[claim]\nmeasure = "x"', "line 3 column 1", "nothing stands on it"),
    "the profile": ('eyes = "none"\nheaders = "cleaned-before"\n[claim]\ncodes = ["113100"]', "line 4 column 1",
                    "cannot claim"),
    "UIDs that stay": ('eyes = "none"\nheaders = "cleaned-before"\n[claim]\ncodes = ["113110"]', "line 4 column 1",
                       "cannot claim"),
    "pixels by code": ('eyes = "none"\nheaders = "cleaned-before"\n[claim]\ncodes = ["113101"]', "line 4 column 1",
                       "where they are true"),
    "codes of nobody": ('eyes = "none"\n[claim]\ncodes = ["113107"]', "line 3 column 1", "nobody is said to have"),
    "people twice": ('eyes = "all"\n[people]\nmodels = ["A"]', "line 2 column 1", "for every file already"),
    "people for what is held": ('eyes = "none"\n[people]\nmodalities = ["US"]\n[hold]\nmodalities = ["CT"]',
                                "line 3 column 1", "lets nobody release"),
    "people without marks": ('eyes = "none"\n[people]\nmodels = ["A"]\n[black]\nmarks = false', "line 5 column 1",
                             "would not be blacked"),
    "a name for no file": ('eyes = "none"\nname = "a\\\\b"', "line 2 column 1", "written into a file as it is"),
    "a long name": (f'eyes = "none"\nname = "{"n" * 25}"', "line 2 column 1", "24 letters"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_true_is_refused_with_its_place(what: str, tmp_path: Path) -> None:
    text, place, said = WRONG[what]
    with pytest.raises(UsageError) as found:
        loaded(tmp_path, text)
    assert place in str(found.value)
    assert said in str(found.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'eyes = "none"\n[[black]]\n', "line 2 column 1: black is a table here"),
        (b'eyes = "none"\n  black = 3\n', "line 2 column 3: black is a table here"),
        (b'eyes = "none"\nname = "\xff"\n', "line 2 column 9: it is not UTF-8"),
        (b'eyes = "none"\n[black\n', "line 2 column 7: it is no TOML"),
    ],
)
def test_what_is_no_policy_at_all_is_refused_with_its_place(text: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(text)
    with pytest.raises(UsageError) as refused:
        load_policy(path, engines=frozenset(ENGINES))
    assert said in str(refused.value)


def test_the_default_is_the_careful_one(tmp_path: Path) -> None:
    policy = loaded(tmp_path, 'eyes = "none"\n')
    assert policy == Policy(Eyes.NONE)
    said = {kind: policy.blacks(Judgement(Verdict.HARMLESS, "", keep=kind)) for kind in (*Keep, None)}
    assert said == {
        Keep.MARKER: False, Keep.LABEL: False, Keep.MEASUREMENT: False, Keep.SCALE: True, None: False,
    }  # fmt: skip
    assert all(policy.blacks(Judgement(one, "")) for one in (Verdict.UNKNOWN, Verdict.IDENTIFYING))


def test_kinds_of_harmless_text_are_kept_or_blacked(house: House) -> None:
    house.policy.write_text(POLICY + '[black]\nkeep = ["marker"]\n')
    house.add("a.dcm", ("120 kVp", 20, 60), ("LEFT", 20, 120))
    assert house.run() == 0
    (record,) = house.records()
    assert (record["text_kept"], record["text_blacked"]) == (1, 1)
    pixels = dcmread(house.out / record["output"]).pixel_array
    assert not pixels[45:62, 22:80].any()
    assert pixels[100:125, 20:80].any()


HELD: dict[str, tuple[str, dict[str, str], str, str]] = {
    "no modality": ("", {"Modality": ""}, "a modality that the policy does not name", "it names none"),
    "another modality": ('[hold]\nmodalities = ["US"]\n', {"Modality": "CT"},
                         "a modality that the policy does not name", "CT"),
    "no model": ('[hold]\nmodels = ["A"]\n', {}, "a device that the policy does not name", "it names none"),
    "another class": ('[hold]\nclasses = ["UltrasoundImageStorage"]\n', {"Modality": "US"},
                      "a SOP class that the policy does not name", "1.2.840.10008.5.1.4.1.1.7"),
}  # fmt: skip


@pytest.mark.parametrize("what", HELD)
def test_a_file_of_another_kind_is_held_back(what: str, house: House) -> None:
    policy, extra, why, detail = HELD[what]
    house.policy.write_text(POLICY + policy)
    house.add("a.dcm", **extra)
    assert house.run() == 1
    assert house.outcomes() == [("held back", why)]
    assert house.held_list()["a.dcm"]["details"] == detail
    assert not list(house.out.rglob("*.dcm"))
    # It was held back before anybody looked at it, and the report says so.
    assert json.loads((house.out / "report.json").read_text())["not_audited"] == {why: 1}


def test_a_file_that_a_rule_denies_is_held_back_before_anything_else(house: House) -> None:
    rules = house.folder / "deid.dicom"
    rules.write_text("FORMAT dicom\n%filter blacklist\nLABEL Saved screens\ncontains Modality SC\n")
    house.add("a.dcm", Modality="SC")
    house.add("b.dcm", Modality="US")
    assert house.run("--deid-rules", str(rules)) == 1
    assert house.outcomes() == [("held back", "a rule denies it"), ("released unchanged", None)]
    assert "Saved screens" in house.held_list()["a.dcm"]["details"]


def test_the_report_names_for_each_device_the_finder_and_the_rules_that_cover_it(house: House) -> None:
    rules = house.folder / "deid.site"
    rules.write_text(
        "FORMAT dicom\n%filter graylist\nLABEL GENERAL HOSPITAL\n  contains ManufacturerModelName WARD\n"
        "  coordinates 0,0,30,9\nLABEL only a remark\n  contains ManufacturerModelName WARD\n\n"
        "LABEL all of that kind\n  contains Modality OT\n  coordinates 0,20,30,29\n"
    )
    house.add("a.dcm", ManufacturerModelName="WARD 7", Modality="OT")
    house.add("b.dcm", ("NAME 12345", 20, 60), ManufacturerModelName="WARD 7", Modality="OT")
    house.add("c.dcm", ManufacturerModelName="OTHER", Modality="CT")
    house.add("d.dcm", ManufacturerModelName="LAST", Modality="CT", PatientName="X")
    assert house.run("--deid-rules", str(rules)) == 1
    data = json.loads((house.out / "report.json").read_text())
    assert [one["covered_by"] for one in data["devices"]] == [
        {"detector": 2, "rules 1, line 3": 2, "rules 1, line 9": 2}, {"detector": 1}, {},
    ]  # fmt: skip
    assert data["devices_without"]["no_rule"] == [2]
    page = (house.out / "report.html").read_text()
    assert "rules 1, line 3: the rule applies" in page
    assert "nothing: none of it was looked at" in page
    assert "GENERAL" not in page + (house.out / "records.jsonl").read_text()
    with (house.out / "devices.csv").open(newline="") as stream:
        covered = [row["covered_by"] for row in csv.DictReader(stream)]
    assert covered == ["detector: 2; rules 1, line 3: 2; rules 1, line 9: 2", "detector: 1", ""]


def edited(rules: Path, row: int) -> None:
    rules.write_text(
        f"FORMAT dicom\n%filter graylist\nLABEL all\n  contains Modality OT\n  coordinates 0,{row},30,{row + 9}\n"
    )


def test_rules_that_were_edited_since_the_last_release_of_a_program_are_those_that_count(house: House) -> None:
    rules = house.folder / "deid.site"
    house.add("a.dcm", Modality="OT")
    for row in (0, 20):
        edited(rules, row)
        assert house.again("--deid-rules", str(rules)) == 0
        (record,) = house.records()
        pixels = dcmread(house.out / record["output"]).pixel_array
        assert [bool(pixels[at : at + 9, :30].any()) for at in (0, 20)] == [row != 0, row != 20]


def test_rules_that_are_edited_while_a_release_is_made_release_nothing(house: House) -> None:
    rules = house.folder / "deid.site"
    edited(rules, 0)
    house.add("a.dcm", Modality="OT")
    order = Order(
        [str(house.inputs)], house.out, house.held, house.key, policy=house.policy, deid_rules=str(rules), jobs=1
    )
    begun = checked(order, load({"db": str(house.db)}))
    edited(rules, 20)
    with ReleaseBatch(begun, find(order.files)) as batch:
        (ended,) = batch.run(lambda: False)
    assert ended.release.ending is Ending.FAILED
    assert "rules were changed" in " ".join(ended.release.details)


def test_text_that_is_kept_was_read_with_confidence(house: House) -> None:
    house.add("a.dcm", ("120 kVp", 20, 60))
    house.policy.write_text(POLICY + "[hold]\nconfidence = 1.0\n")
    assert house.run() == 1
    assert house.outcomes() == [("held back", "text that would be kept was read with too little confidence")]
    house.policy.write_text(POLICY + '[hold]\nconfidence = 1.0\n[black]\ntext = ["identifying", "unknown", "harmless"]')
    assert house.again() == 0  # nothing is kept


def test_doubtful_places_hold_a_file_back_where_the_policy_says_so(house: House) -> None:
    import numpy as np

    from support.files import dataset, file_bytes

    grain = np.random.default_rng(3).integers(0, 70, (300, 400)).astype(np.uint8)
    grain[100:112, 50:300:7] = 130  # strokes without letters
    data = dataset(grain, extra={"PatientName": "", "PatientID": "", "SOPInstanceUID": "1.2.3.5"})
    (house.inputs / "a.dcm").write_bytes(file_bytes(data))
    house.policy.write_text(POLICY + "[hold]\ndoubts = 0.0\n")
    house.run()
    (outcome, why), *_ = house.outcomes()
    house.policy.write_text(POLICY)
    house.again()
    assert (outcome, why) == ("held back", "places that may be text were not counted") or house.outcomes()[0][0] in {
        "released", "released unchanged",
    }  # fmt: skip


def test_marks_that_the_policy_names_need_a_database(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    path = house.add("a.dcm")
    house.policy.write_text(POLICY + "[black]\nmarks = true\n")
    assert house.run() == 2
    assert "there is no database of them" in capsys.readouterr().err
    with open_store(house.db, user="anna") as store:
        store.mark_done("x", DeviceFacts("OT"))
        store.clear("x")
    assert house.run() == 2
    assert "the database holds no marks" in capsys.readouterr().err
    assert not house.out.exists()
    reviewed(house, path, marks=(Box(5, 5, 40, 30),))
    assert house.run() == 0


@pytest.mark.parametrize("text", ["", "MEYER HANS"], ids=["untouched", "black"])
def test_what_cannot_be_shown_is_taken_out_or_holds_the_file_back(text: str, house: House) -> None:
    path = house.add("a.dcm", *([(text, 20, 60)] if text else []))
    data = dcmread(path)
    data.private_block(0x0029, "ACME", create=True).add_new(1, "OB", bytes(range(256)) * 40)
    data.save_as(path)
    assert house.run() == 0
    (record,) = house.records()
    assert (record["outcome"], record["left_out"]) == ("released", 1)
    assert (0x00291001) not in dcmread(house.out / record["output"])
    house.policy.write_text(POLICY + '[file]\nprivate = "keep"\n')
    assert house.again() == 1
    assert house.outcomes() == [("held back", "planes that nobody could look at")]
    assert "(0029,1001)" in house.held_list()["a.dcm"]["details"]


# What is written into the files


def method(path: Path) -> list[str]:
    said = dcmread(path).DeidentificationMethod
    return [said] if isinstance(said, str) else list(said)


def codes(data: Dataset) -> list[str]:
    return [one.CodeValue for one in data.get("DeidentificationMethodCodeSequence", [])]


def test_files_name_the_program_and_the_policy_and_claim_nothing(house: House) -> None:
    house.add("a.dcm", DeidentificationMethod="by hand", BurnedInAnnotation="YES")
    house.policy.write_text(POLICY + 'name = "House 7"\n')
    assert house.run() == 0
    path = house.out / house.records()[0]["output"]
    first, own = method(path)
    assert first == "by hand"
    assert own.startswith("dcmaudit ")
    assert own.endswith("; policy House 7")
    assert len(own) <= 64
    data = dcmread(path)
    assert (codes(data), data.BurnedInAnnotation) == ([], "YES")
    assert "PatientIdentityRemoved" not in data
    assert data.ContributingEquipmentSequence[0].PurposeOfReferenceCodeSequence[0].CodeValue == "109104"
    house.policy.write_text(POLICY)
    assert house.again() == 0
    assert (
        f"; policy {load_policy(house.policy, engines=frozenset(ENGINES)).digest[:12]}"
        in method(house.out / house.records()[0]["output"])[1]
    )


def test_a_file_is_called_clean_where_a_person_stands_for_it(house: House) -> None:
    seen, unseen = house.add("a.dcm", SeriesInstanceUID="1.2.4.1"), house.add("b.dcm", SeriesInstanceUID="1.2.4.2")
    reviewed(house, seen)
    assert unseen.exists()
    (house.folder / "sample.csv").write_text(f"filename,series,stratum,series_in_stratum,seed\n{seen},1.2.4.1,OT,2,1\n")
    house.policy.write_text('eyes = "sample"\n[hold]\nsample = "sample.csv"\n[claim]\nclean = "person"\n')
    assert house.run() == 0
    one, other = (dcmread(house.out / record["output"]) for record in house.records())
    assert (codes(one), one.BurnedInAnnotation) == (["113101"], "NO")
    assert codes(other) == []
    assert "BurnedInAnnotation" not in other


def test_a_stated_measure_stands_for_all_and_is_in_the_report(house: House) -> None:
    house.add("a.dcm", ("MEYER HANS", 20, 60))
    house.policy.write_text(
        'eyes = "none"\nheaders = "cleaned-before"\n[claim]\nclean = "measure"\n'
        'measure = "99.4 % of strings found in our own archive"\ncodes = ["113107", "113109"]\n'
    )
    assert house.run() == 0
    data = dcmread(house.out / house.records()[0]["output"])
    assert (codes(data), data.BurnedInAnnotation) == (["113101", "113107", "113109"], "NO")
    report = json.loads((house.out / "report.json").read_text())
    assert report["about"]["policy"]["measure"] == "99.4 % of strings found in our own archive"
    page = (house.out / "report.html").read_text()
    assert "this measure:</strong> 99.4 % of strings found in our own archive" in page
    assert "stands for the codes 113107, 113109" in page


@pytest.mark.judges
@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy of dicom3tools is not installed")
def test_an_independent_judge_has_nothing_new_to_say(house: House) -> None:
    house.add("a.dcm", ("MEYER HANS", 20, 60), BurnedInAnnotation="YES", DeidentificationMethod="by hand")
    house.add("b.dcm", FrameOfReferenceUID="1.2.9")
    house.policy.write_text('eyes = "none"\n[claim]\nclean = "measure"\nmeasure = "x"\n')
    assert house.run() == 0
    names = sorted(path.name for path in house.inputs.iterdir())
    for name, record in zip(names, house.records(), strict=True):
        before, after = (complaints(path) for path in (house.inputs / name, house.out / record["output"]))
        assert [line for line in after if line not in before] == []


def complaints(path: Path) -> list[str]:
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False, timeout=60)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Error", "Warning"))]


def test_verify_knows_of_new_uids_everywhere(house: House, tmp_path: Path) -> None:
    path = house.add("a.dcm", FrameOfReferenceUID="1.2.9")
    words = ["redact", "--rect", "1,1,9,9", "--new-uids-of", "all", str(path), "-o", str(tmp_path / "o")]
    assert main(words) == 0
    (written,) = (tmp_path / "o").iterdir()
    assert dcmread(written).FrameOfReferenceUID.startswith("2.25.")
    asked = ["verify", str(path), str(written), "--rect", "1,1,9,9", "--new-uids-of"]
    assert main([*asked, "all"]) == 0
    assert main([*asked, "study"]) != 0


# Known identifiers


def test_a_list_of_known_identifiers_is_matched_and_never_told(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.policy.write_text('eyes = "none"\nheaders = "cleaned-before"\n')
    known = house.folder / "known.csv"
    known.write_text("patient,name\nP1,Left^Knee\nP2,Fenwick\n")
    house.add("a.dcm", ("LEFT KNEE", 20, 60), PatientID="P1")
    house.add("b.dcm", ("LEFT KNEE", 20, 60), PatientID="P2")
    house.add("c.dcm", PatientID="P3")
    assert house.run("--identifiers", str(known)) == 1
    one, other, _ = house.records()
    assert (one["text_blacked"] > 0, one["text_kept"]) == (True, 0)
    assert (other["text_blacked"], other["text_kept"]) == (0, 1)
    assert house.outcomes()[2] == ("held back", "a patient that the list of identifiers does not name")
    told = capsys.readouterr().err + "".join(
        path.read_text() for folder in (house.out, house.held) for path in folder.iterdir() if path.is_file()
    )
    assert "Fenwick" not in told
    assert "compared with a list of known identifiers" in (house.out / "report.html").read_text()
    house.policy.write_text('eyes = "none"\nheaders = "cleaned-before"\n[hold]\nunlisted = false\n')
    assert house.again("--identifiers", str(known)) == 0
    known.write_text("patient,name\nP1,Left^Hip\n")
    assert house.run("--identifiers", str(known), "--resume") == 2
    assert "another policy, key" in capsys.readouterr().err


def test_a_wrong_list_ends_the_run_before_anything_is_written(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.add("a.dcm")
    known = house.folder / "known.csv"
    known.write_text("name,date\nFenwick,tomorrow\n")
    assert house.run("--identifiers", str(known)) != 0
    said = capsys.readouterr().err
    assert "line 2" in said
    assert "Fenwick" not in said
    assert "tomorrow" not in said
    assert not house.out.exists()
    assert not house.key.exists()


def test_the_report_prints_the_policy_in_the_words_of_its_file(house: House) -> None:
    house.policy.write_text(POLICY + '[hold]\nmodalities = ["US"]\nforms = false\n[black]\nmarks = true\n')
    record = policy_record(loaded(house.folder, house.policy.read_text()))
    rows = dict(policy_rows(record))
    top = {"name", "eyes", "headers", "black.marks was written"}
    assert {name for name in rows if name not in top} == {f"{table}.{key}" for table in TABLES for key in TABLES[table]}
    assert (rows["hold.forms"], rows["hold.modalities"], rows["black.text"]) == ("false", "US", "identifying, unknown")
    # The file of a policy takes these tables and keys, and no others.
    assert {table: set(keys) for table, keys in KEYS.items() if table} == {t: set(keys) for t, keys in TABLES.items()}
