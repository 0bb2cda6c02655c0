"""Files that decide what a run does: whoever works for it uses the same, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.audit import rules_of
from dcmaudit.detect.pii.choosing import chain_plan
from dcmaudit.errors import UsageError
from dcmaudit.model import Verdict
from dcmaudit.model.agreed_files import meant_files, name_file, named_files, version_of

RULES = "FORMAT dicom\n\n%filter graylist\n\nLABEL first\n  contains Modality {modality}\n  ctpcoordinates 0,0,20,20\n"


def rules(path: Path, modality: str) -> tuple[str]:
    path.write_text(RULES.format(modality=modality))
    return (name_file(path),)


def test_a_file_is_named_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text("left\n")
    assert name_file("list.txt") == str(tmp_path / "list.txt")
    assert str(tmp_path / "list.txt") in named_files()


def test_a_file_that_is_not_there_is_told_by_whoever_needs_it(tmp_path: Path) -> None:
    path = name_file(tmp_path / "none")
    assert path not in named_files()
    assert version_of(path) is None
    with meant_files({}), pytest.raises(UsageError, match="none cannot be read where the work is done"):
        version_of(path)


def test_another_file_under_the_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("left\n")
    name_file(path)
    meant = named_files()
    with meant_files(meant):
        assert version_of(str(path))
        path.write_text("left|right\n")
        with pytest.raises(UsageError, match=r"another file is called .*list\.txt where"):
            version_of(str(path))
    assert version_of(str(path)) is None, "a run of this process reads it once"


def test_a_process_that_served_an_earlier_run_reads_changed_rules_again(tmp_path: Path) -> None:
    """The workers of a cluster outlive a run."""
    found = []
    for modality in ("US", "CT"):
        paths = rules(tmp_path / "deid.dicom", modality)
        with meant_files(named_files()):
            found.append(rules_of(paths))
            assert rules_of(paths) is found[-1], "loaded once for a run"
    assert found[0] is not found[1]


def test_a_process_that_served_an_earlier_run_reads_a_changed_allow_list_again(tmp_path: Path) -> None:
    verdicts = []
    for text in ("zqxv\n", "other\n"):
        (tmp_path / "allow").write_text(text)
        plan = chain_plan("allowlist", allow_file=tmp_path / "allow")
        with meant_files(named_files()):
            verdicts.append(plan.chain(None).judge("zqxv").verdict)
    assert verdicts[0] is Verdict.HARMLESS
    assert verdicts[1] is not Verdict.HARMLESS
