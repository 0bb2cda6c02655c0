"""Weights that know their answer: a processor that computes another one looks at nothing, and every input says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.audit import search
from dcmaudit.cli import main
from dcmaudit.detect.textnet import TextNet, network
from dcmaudit.detect.textnet.network import DESCRIPTION, FOLDER
from dcmaudit.detect.textnet.probe import Probe
from dcmaudit.errors import EngineError, ProcessorError
from support.files import dataset, file_bytes
from support.lettering import lettered
from support.smallnet import write_net

SAYS = "this processor gives another answer"


def damaged(folder: Path) -> Path:
    """A network whose expected answer is another than that of this processor."""
    write_net(folder)
    described = json.loads((folder / DESCRIPTION).read_text())
    described["probe"]["answer"] = "0" * 64
    (folder / DESCRIPTION).write_text(json.dumps(described))
    return folder


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package's weights are those of a network that another processor answered for."""
    monkeypatch.setattr(network, "FOLDER", damaged(tmp_path / "net"))
    search.finder_of.cache_clear()
    return tmp_path


def two_files(folder: Path) -> list[str]:
    names = []
    for number in (1, 2):
        path = folder / f"{number}.dcm"
        picture = lettered((96, 200), [("DOE JANE", 10, 40)])
        path.write_bytes(file_bytes(dataset(picture, extra={"SOPInstanceUID": f"1.2.3.{number}"})))
        names.append(str(path))
    return names


def test_another_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProcessorError, match=SAYS):
        TextNet(1, damaged(tmp_path / "net"))


def test_the_other_way_to_compute_is_tried_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor whose quick way cuts sums off: the first answer is wrong, the second right."""
    folder = write_net(tmp_path / "net")
    asked: list[bool] = []

    def answered(_probe: Probe, _maps: np.ndarray) -> bool:
        asked.append(True)
        return len(asked) == 2

    monkeypatch.setattr(Probe, "is_answered", answered)
    assert TextNet(1, folder).maps(np.zeros((32, 32), np.uint8)).ink.shape == (16, 16)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda probe: probe.pop("answer"),
        lambda probe: probe.update(picture="no base64"),
        lambda probe: probe.update(size=[48, 48]),
        lambda probe: probe.update(size=None),
    ],
)
def test_a_damaged_probe_is_damaged_weights(tmp_path: Path, change: Callable[[dict[str, object]], object]) -> None:
    folder = write_net(tmp_path / "net")
    described = json.loads((folder / DESCRIPTION).read_text())
    change(described["probe"])
    (folder / DESCRIPTION).write_text(json.dumps(described))
    with pytest.raises(EngineError, match="damaged"):
        TextNet(1, folder)


def test_the_picture_of_the_package_asks_on_bright_grounds_and_in_colour() -> None:
    probe = Probe.parsed(json.loads((FOLDER / DESCRIPTION).read_text())["probe"])
    levels = set(np.unique(probe.picture).tolist())
    assert levels >= {0, 187, 203, 230, 246, 250, 234}
    assert (probe.picture[..., 0] != probe.picture[..., 2]).any()


def test_ocr_ends_with_an_outcome_for_each_input_and_no_finding(
    other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = two_files(other)
    assert main(["ocr", *names, "-j", "1", "--no-read", "--csv", str(other / "found.csv")]) == 1
    said = capsys.readouterr().err
    for name in names:
        assert any(name in line and SAYS in line for line in said.splitlines()), said
    rows = (other / "found.csv").read_text().splitlines()
    assert not any(name in row for name in names for row in rows)


def test_redact_with_a_look_at_the_text_does_not_call_an_output_clean(
    other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (name, _) = two_files(other)
    words = ["redact", name, "--rect", "0,0,20,20", "--check-text", "-o", str(other / "out")]
    assert main(words) != 0
    assert SAYS in capsys.readouterr().err
