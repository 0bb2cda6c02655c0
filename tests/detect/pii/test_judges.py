from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.detect.pii import DEFAULT, HeaderJudge, chain_plan, choosing
from dcmaudit.detect.pii.dates import dates_in
from dcmaudit.detect.pii.patterns import is_mod11
from dcmaudit.detect.pii.words import distance, folded, holds_nearly
from dcmaudit.errors import EngineError, ListError, MissingExtraError, UsageError
from dcmaudit.model import Box, Keep, Verdict
from dcmaudit.store import NerEngine
from support.values import Values

HEADER = Values(
    {
        "PatientName": ("Smith^John^Quentin",),
        "PatientID": ("AB12345",),
        "PatientBirthDate": ("19500312",),
        "StudyDate": ("20200131",),
        "StudyTime": ("134510.123",),
        "InstitutionName": ("St Elsewhere Hospital",),
        "ReferringPhysicianName": ("Li^Wu",),
        "AccessionNumber": ("7766554",),
    },
    {"OtherPatientIDsSequence": [Values({"PatientID": ("ZK990077",)})]},
)
CHAIN = chain_plan(DEFAULT).chain(HEADER)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("SMITH", "PatientName"), ("John Smith", "PatientName"), ("smith,john", "PatientName"),
        ("SMITHJOHN", "PatientName"),
        ("5M1TH", "PatientName"), ("SMlTH", "PatientName"), ("SM1TH J0HN", "PatientName"),
        ("QUENT1N", "PatientName"), ("J.Q.S", "PatientName"),
        ("JS", "PatientName"), ("LI WU", "ReferringPhysicianName"), ("ELSEWHERE", "InstitutionName"),
        ("EISEWHERE", "InstitutionName"),
        ("ID: AB12345", "PatientID"), ("A812345", "PatientID"), ("AB 123 45", "PatientID"), ("AB1234S", "PatientID"),
        ("7766554", "AccessionNumber"),
        ("ZK990077", "PatientID"), ("12/03/1950", "PatientBirthDate"), ("3-12-50", "PatientBirthDate"),
        ("1950.03.12", "PatientBirthDate"),
        ("12 MAR 1950", "PatientBirthDate"), ("Mar 12, 1950", "PatientBirthDate"), ("12O31950", "PatientBirthDate"),
        ("31.01.20", "StudyDate"),
        ("13:45", "StudyTime"), ("13:45:10", "StudyTime"),
    ],
)  # fmt: skip
def test_values_of_the_header_are_recognised_however_they_are_written_or_misread(text: str, keyword: str) -> None:
    said = CHAIN.judge(text)
    assert said.verdict is Verdict.IDENTIFYING
    assert said.reason == f"it shows the file's own {keyword}"
    assert said.judge is NerEngine.HEADER


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("943 476 5919", "NHS"), ("9434765919", "NHS"), ("0131 496 0018", "telephone"),
        ("+44 131 496 0018", "telephone"), ("a.b@example.org", "e-mail"),
        ("04.11.1938", "date"), ("2 Nov 2011", "date"), ("07:21:59", "time"), ("DOB", "word"), ("Dr. Pym", "word"),
        ("064Y", "age"), ("F 64Y", "age"),
        ("123-45-6789", "social"), ("EH16 4TJ", "post code"), ("GK482910", "identifiers"),
        ("30219844", "long number"), ("1.2.840.10008.5.1.4", "UID"),
    ],
)  # fmt: skip
def test_texts_that_identify_by_their_form_are_recognised(text: str, reason: str) -> None:
    said = CHAIN.judge(text)
    assert said.verdict is Verdict.IDENTIFYING
    assert reason in said.reason
    assert said.judge is NerEngine.PATTERNS


@pytest.mark.parametrize(
    "text",
    [
        "L", "R", "RT", "AP", "LEFT LATERAL", "120 kV", "kV 120 mAs 3.2", "T2 TSE COR", "W: 400 L: 40", "Im: 12/30",
        "10 cm", "5", "SIEMENS",
        "MI 1.2", "FOV 24 cm", "ERECT PORTABLE", "1 of 3", "1540 m/s", "Z 1.3", "10dB/DR55", "5.0MHz", "TR 500",
        "TE/TR 12/90", "RCC", "2D", "100%", "TE 90 TR 4500", "T2TSECOR", "APPORTABLE", "MI 0.8 TIS 0.4", "FR 42Hz",
        "PRF 4848 Hz", "C0RONAL", "LATFRAL", "512 x 512", "512x512", "W 1500 L -600", "LT HEAD", "HEAD CT",
        "POWER DOPPLER", "WEIGHTBEARING", "L ML0", "RML0",
        "PS 62.1 cm/s ED 20 cm/s", "MAX 5.3 cm", "1O.5 mm",
    ],
)  # fmt: skip
def test_technical_texts_are_harmless(text: str) -> None:
    said = CHAIN.judge(text)
    assert said.verdict is Verdict.HARMLESS, said
    assert said.judge is NerEngine.ALLOW_LIST


@pytest.mark.parametrize("text", ["Jones", "Mildred", "1960", "2019", "-", "", "xqz", "RIGHT JONES", "10 20 1966",
    # names, whole or in pieces, that are made of terms and of letters that are read for zeros
    "TOM", "COX", "TOMAS", "FOX", "Long", "MAX", "LONG, MAX", "MAX 64", "HEAD, MAX", "SHARP LEFT", "A B", "R S B",
    "Yo0",
    "Pettis", "Serles", "Nobile",
    # frequent names that are labels as well, beside something technical
    "LE DR 78", "RAO CHEST PA", "TSE AP", "MA T1 SE SAG", "120 kV Lao",
    # terms that are family names of the census, where nothing else says that they are terms
    "HEAD", "Bone", "HAND", "Peak", "MIN", "Finger",
    # what is left of dates and times, and of post codes
    "23/09", "I2:55", "1T:39:35", "0g:56:19", "201G~10-31", "1S.12.11G", "8/11/2D16", "TR 1957", "1985 G",
    "1985 MV", "1962MA", "1985 MM",
    "7 AVg 2006T", "2006T", "2D77", "2D I986", "3D I9", "2D 1986",
    "05gY", "AC12 2T", "AC 79", "27.OG.7", "3/OB/84", "2/", "/7", "3|",
    # numbers that nothing says the meaning of: ages, and parts of numbers of people
    "49", "721", "-10", "8.5", "4711", "12/30", "23/11", "CHEST 721", "AP 49", "L 49", "721 49", "788T", "5G", "S2",
    "L B31", "ACC 56",
    # terms of more than three letters that are names as well
    "STEP T1 SE SAG", "ANGLE FROZEN", "Gain 71 dB Beam", "HIGH A", "FORCE CHEST",
])  # fmt: skip
def test_what_nobody_knows_is_treated_as_identifying(text: str) -> None:
    said = CHAIN.judge(text)
    assert said.verdict is not Verdict.HARMLESS
    assert said.verdict is not Verdict.HARMLESS


def test_what_was_read_unsurely_is_never_harmless() -> None:
    boxes = [Box(0, 0, 9, 9), Box(0, 50, 9, 59), Box(0, 90, 9, 99)]
    said = CHAIN.judge_all(["LEFT", "LEFT", "SMITH"], boxes, [0.95, 0.6, 0.3])
    assert [one.verdict for one in said] == [Verdict.HARMLESS, Verdict.UNKNOWN, Verdict.IDENTIFYING]


def test_no_reason_holds_any_of_the_text() -> None:
    for text in ("SMITH", "AB12345", "12/03/1950", "Mildred", "0131 496 0018"):
        assert text.lower() not in CHAIN.judge(text).reason.lower()


def test_initials_that_are_a_view_are_the_view() -> None:
    judge = HeaderJudge(Values({"PatientName": ("Archer^Peter",)}))
    assert judge.judge("AP") is None
    assert judge.judge("P.A.") is None or judge.judge("PA") is None
    assert judge.judge("ARCHER") is not None


def test_pieces_side_by_side_are_judged_together_and_others_are_not() -> None:
    row = [Box(0, 0, 20, 10), Box(24, 0, 44, 10), Box(50, 1, 90, 11), Box(300, 0, 320, 10)]
    said = CHAIN.judge_all(["23", "09", "57", "R"], row)
    assert [one.verdict for one in said] == [Verdict.IDENTIFYING] * 3 + [Verdict.HARMLESS]
    column = [Box(0, 40 * n, 20, 40 * n + 10) for n in range(4)]
    assert {one.verdict for one in CHAIN.judge_all(["10", "20", "30", "40"], column)} == {Verdict.HARMLESS}
    beside_a_name = CHAIN.judge_all(["SMITH", "120 kV"], [Box(0, 0, 50, 10), Box(54, 0, 90, 10)])
    assert [one.verdict for one in beside_a_name] == [Verdict.IDENTIFYING, Verdict.HARMLESS]


def verdicts(texts: list[str], boxes: list[Box], sure: list[float | None] | None = None) -> list[Verdict]:
    return [one.verdict for one in CHAIN.judge_all(texts, boxes, sure)]


BEFORE, BEHIND, FAR = Box(0, 0, 20, 10), Box(26, 0, 46, 10), Box(26, 60, 46, 70)


@pytest.mark.parametrize(
    "texts", [["TR", "4500"], ["TE:", "90"], ["Gn", "54"], ["14", "cm"], ["-10", "dB"], ["8.5", "mm"]]
)
def test_a_number_is_harmless_beside_its_label_or_unit(texts: list[str]) -> None:
    assert set(verdicts(texts, [BEFORE, BEHIND])) == {Verdict.HARMLESS}
    far = verdicts(texts, [BEFORE, FAR])
    assert Verdict.UNKNOWN in far


@pytest.mark.parametrize(
    "texts", [["ID", "721"], ["HEAD", "721"], ["RIGHT", "49"], ["721", "L"], ["AGE", "49"], ["SMITH", "49"]]
)
def test_a_number_beside_anything_else_stays_unknown(texts: list[str]) -> None:
    said = verdicts(texts, [BEFORE, BEHIND])
    assert said[[text.isdigit() for text in texts].index(True)] is not Verdict.HARMLESS


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("L", Keep.MARKER), ("R CC", Keep.MARKER), ("LEFT LATERAL", Keep.MARKER), ("AP PORTABLE", Keep.MARKER),
        ("120 kV", Keep.MEASUREMENT), ("TE 90 TR 4500", Keep.MEASUREMENT), ("10 cm", Keep.MEASUREMENT),
        ("T2 TSE COR", Keep.LABEL), ("SIEMENS", Keep.LABEL), ("2D", Keep.LABEL),
        ("aVR", Keep.LABEL), ("V1", Keep.LABEL), ("III", Keep.LABEL), ("I aVR V1 V4", Keep.LABEL), ("V4R", Keep.LABEL),
        ("10 mm/mV", Keep.MEASUREMENT), ("25mm/s 10mm/mV", Keep.MEASUREMENT), ("QRS 92 ms", Keep.MEASUREMENT),
    ],
)  # fmt: skip
def test_harmless_text_is_of_a_kind_that_a_policy_may_keep(text: str, kind: Keep) -> None:
    assert CHAIN.judge(text).keep is kind


@pytest.mark.parametrize(
    "text",
    ["HEAD III", "LE II", "SMITH II", "V1 721", "I I", "I. I.", "***", "V10", "V1 V", "I 李", "aVR 49", "V1-7210"],
)
def test_a_lead_of_an_ecg_says_nothing_of_what_else_is_written(text: str) -> None:
    assert CHAIN.judge(text).verdict is not Verdict.HARMLESS


@pytest.mark.parametrize(
    "texts", [["MILLER", "III"], ["III", "MILLER"], ["Ng", "II"], ["\u674e", "III"], ["SMITH HEAD", "II"], ["", "III"]]
)
def test_a_lone_numeral_beside_what_may_be_a_name_is_not_harmless(texts: list[str]) -> None:
    said = verdicts(texts, [BEFORE, BEHIND])
    assert said[[text in {"II", "III"} for text in texts].index(True)] is not Verdict.HARMLESS


@pytest.mark.parametrize("texts", [["III", "aVF"], ["II", "V1"], ["II", "25 mm/s"], ["I", "II"], ["*", "III"]])
def test_a_lone_numeral_beside_harmless_text_is_a_lead(texts: list[str]) -> None:
    said = verdicts(texts, [BEFORE, BEHIND])
    assert said[[text in {"II", "III"} for text in texts].index(True)] is Verdict.HARMLESS


def test_a_name_elsewhere_on_the_page_leaves_the_leads_alone() -> None:
    assert verdicts(["MILLER", "III"], [BEFORE, FAR])[1] is Verdict.HARMLESS


def test_what_was_not_read_beside_a_lead_is_a_curve_where_other_leads_are_written() -> None:
    boxes = [BEFORE, BEHIND, Box(0, 100, 20, 110), Box(0, 200, 20, 210)]
    assert verdicts(["", "III", "aVL", "V1"], boxes)[1] is Verdict.HARMLESS
    assert verdicts(["MILLER", "III", "aVL", "V1"], boxes)[1] is not Verdict.HARMLESS


@pytest.mark.parametrize("text", ["SMITH", "49", "23/09/1957", "L 49", ""])
def test_nothing_else_has_such_a_kind(text: str) -> None:
    assert CHAIN.judge(text).keep is None


def test_a_label_that_was_read_unsurely_explains_nothing() -> None:
    assert verdicts(["TR", "450"], [BEFORE, BEHIND], [0.99, 0.99]) == [Verdict.HARMLESS] * 2
    assert verdicts(["TR", "450"], [BEFORE, BEHIND], [0.5, 0.99])[1] is Verdict.UNKNOWN


def test_a_scale_is_harmless_and_numbers_below_each_other_are_not() -> None:
    rows = [Box(500, 100 * n, 520, 100 * n + 12) for n in range(5)]
    assert set(verdicts(["0", "5", "10", "15", "20"], rows)) == {Verdict.HARMLESS}
    assert CHAIN.judge_all(["0", "5", "10", "15", "20"], rows)[2].keep is Keep.SCALE
    assert Verdict.UNKNOWN in set(verdicts(["12", "57", "31", "90", "44"], rows))
    assert Verdict.UNKNOWN in set(verdicts(["10", "20", "30"], rows[:3]))
    uneven = [*rows[:4], Box(500, 470, 520, 482)]
    assert Verdict.UNKNOWN in set(verdicts(["10", "20", "30", "40", "50"], uneven))


@given(st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)))
def test_every_common_form_of_a_date_is_read(date: dt.date) -> None:
    for form in ("%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d.%m.%y", "%Y%m%d", "%d %b %Y", "%d-%B-%Y", "%b %d, %Y"):
        assert date in set(dates_in(date.strftime(form))), form


@given(st.text("0123456789", min_size=9, max_size=9), st.integers(0, 9))
def test_a_wrong_digit_breaks_the_check_digit(digits: str, place: int) -> None:
    right = next((digits + str(check) for check in range(10) if is_mod11(digits + str(check))), None)
    if right is not None:
        changed = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]
        assert not is_mod11(changed)


@given(st.text("abcd", max_size=6), st.text("abcd", max_size=6), st.integers(0, 3))
def test_the_bounded_distance_is_the_distance_up_to_its_bound(one: str, other: str, bound: int) -> None:
    full = distance(one, other, 20)
    assert distance(one, other, bound) == min(full, bound + 1)
    if full <= bound and other:
        assert holds_nearly(f"xx{one}yy", other, bound)


def test_confused_letters_are_one() -> None:
    assert folded("5M1TH") == folded("SMITH")
    assert folded("O0Q") == "000"


def test_a_sites_list_is_read_in_the_originals_place_and_form(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "dicompixelanon"
    folder.mkdir(parents=True)
    (folder / "ocr_whitelist_regex.txt").write_text("(?i)ward [0-9]{1,2}\n\n[123](of| of )[123]\n")
    chain = chain_plan("ocr_whitelist", smi_root=tmp_path).chain(None)
    assert chain.judge("Ward 7").verdict is Verdict.HARMLESS
    assert chain.judge("Ward 7 Smith").verdict is Verdict.UNKNOWN  # the whole text must match
    (folder / "ocr_allowlist_regex.txt").write_text("[a-z\n")
    with pytest.raises(ListError, match="line 1 of the allow list"):
        chain_plan(DEFAULT, smi_root=tmp_path).check()


def test_a_pattern_without_end_does_not_hold_the_work_up(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("(a+)+b\n")
    chain = chain_plan("allowlist", allow_file=path).chain(None)
    assert chain.judge("a" * 200).verdict is Verdict.UNKNOWN


def test_a_chain_names_its_judges_and_refuses_others() -> None:
    assert [link.name for link in chain_plan("header, patterns,ocr_allowlist").links] == [
        "header",
        "patterns",
        "allowlist",
    ]
    assert chain_plan("spacy,en_core_web_md").links[0].model == "en_core_web_md"
    assert chain_plan("spacy:en_core_web_md").links[0].model == "en_core_web_md"
    assert chain_plan("none").chain(HEADER).judge("SMITH").verdict is Verdict.UNKNOWN
    for wrong in ("", "flair2", "header:x", "allowlist,nobody"):
        with pytest.raises(UsageError):
            chain_plan(wrong)
    with pytest.raises(UsageError, match="leaves it out"):
        chain_plan("header", allow_file=Path("list.txt"))


@pytest.mark.parametrize("name", ["spacy", "presidio"])
def test_a_judge_that_is_not_installed_names_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("spacy", "presidio_analyzer"):
        monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.setattr("dcmaudit.detect.pii.entities.find_spec", lambda _name: None)
    choosing._made.cache_clear()  # one that another test could make
    with pytest.raises((MissingExtraError, EngineError), match=rf"dcmaudit\[{name}\]"):
        chain_plan(name).check()
