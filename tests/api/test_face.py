"""The public face: every example of it is run, and ten lines do what the command line does."""

from __future__ import annotations

import doctest
import importlib
import io
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import dcmaudit
from dcmaudit import api
from dcmaudit.cli import main
from dcmaudit.errors import NotDicomError, PlanRefusedError, ProofError, RuleError, SourceNotFoundError, UsageError
from support.files import RLE, Overlay, dataset, file_bytes, gradient, letter_bits
from support.lettering import lettered

ROOT = Path(__file__).resolve().parents[2]


def modules() -> Iterator[ModuleType]:
    yield api
    for found in pkgutil.iter_modules(api.__path__, "dcmaudit.api."):
        yield importlib.import_module(found.name)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "example.dcm"
    clean = {"PatientName": "", "PatientID": "", "Modality": "OT"}
    path.write_bytes(file_bytes(dataset(gradient(48, 64), extra=clean)))
    return path


@pytest.fixture
def names(tmp_path: Path, example: Path) -> dict[str, Any]:
    """What the examples of docstrings may use."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return {
        "dcmaudit": dcmaudit,
        "example_file": str(example),
        "output_file": str(tmp_path / "example.redacted.dcm"),
        "empty_folder": str(folder),
        "output_folder": str(tmp_path / "out"),
        "held_folder": str(tmp_path / "held"),
        "key_file": str(tmp_path / "house.key"),
    }


def examples() -> list[Any]:
    """Every docstring of the public face that has an example."""
    finder = doctest.DocTestFinder()
    found = [test for module in modules() for test in finder.find(module, module.__name__, globs={}) if test.examples]
    return [pytest.param(test, id=test.name) for test in found]


@pytest.mark.parametrize("example_of", examples())
def test_every_example_of_a_docstring_is_true(example_of: doctest.DocTest, names: dict[str, Any]) -> None:
    example_of.globs = dict(names)
    said = io.StringIO()
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example_of, out=said.write)
    assert result.failed == 0, said.getvalue()


def test_every_function_and_method_of_the_face_is_documented_and_most_have_an_example() -> None:
    for name in api.__all__:
        part = getattr(dcmaudit, name)
        assert part.__doc__, name
    shown = {test.values[0].name.removeprefix("dcmaudit.api.") for test in examples()}
    assert {
        "redaction.redact_file",
        "redaction.verify_file",
        "redaction.black",
        "instance.open",
        "rules.load_rules",
        "releases.release",
    } <= shown
    methods = {"read", "picture", "find_text", "plan", "header_rectangles", "suggestions", "unshown"}
    assert {f"instance.Instance.{name}" for name in methods} <= shown


def test_the_stub_names_exactly_what_the_face_has() -> None:
    stub = (ROOT / "src/dcmaudit/__init__.pyi").read_text()
    assert sorted(re.findall(r"(\w+) as \1\b", stub)) == sorted(api.__all__)


def test_the_face_is_loaded_only_when_it_is_asked_for() -> None:
    script = "import sys, dcmaudit; assert 'numpy' not in sys.modules; dcmaudit.open; assert 'numpy' in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_the_face_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'close_all'"):
        dcmaudit.close_all  # type: ignore[attr-defined] # noqa: B018
    assert "redact_file" in dir(dcmaudit)


# --- the page -----------------------------------------------------------------------------------------------------


def blocks() -> list[str]:
    """The Python blocks of docs/api.md, which follow each other."""
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/api.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_blocks_of_the_page_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture = lettered((200, 320), [("MERRIWEATHER", 20, 60)])
    overlays = [Overlay(bits=letter_bits())]
    data = dataset(picture, overlays=overlays, extra={"PatientName": "Merriweather^Ada", "Modality": "US"})
    Path("scan.dcm").write_bytes(file_bytes(data))
    Path("other.dcm").write_bytes(file_bytes(data))
    assert len(blocks()) >= 6
    values: dict[str, Any] = {}
    for number, block in enumerate(blocks()):
        exec(compile(block, f"docs/api.md, block {number + 1}", "exec"), values)  # noqa: S102 - of our own page
    assert Path("scan.redacted.dcm").exists()


# --- what it does -------------------------------------------------------------------------------------------------


def test_ten_lines_do_what_the_command_line_does(tmp_path: Path) -> None:
    picture = lettered((200, 320), [("MERRIWEATHER", 20, 60)])
    path = tmp_path / "in.dcm"
    path.write_bytes(file_bytes(dataset(picture, extra={"PatientName": "Merriweather^Ada"}), RLE))
    with dcmaudit.open(path) as instance:
        readings = instance.find_text()
        boxes = [one.box for one in readings[0].findings if one.judgement.verdict is dcmaudit.Verdict.IDENTIFYING]
        requests = [dcmaudit.black(box, readings[0].address.key) for box in boxes]
        assert instance.plan(requests).problems == ()
    report = dcmaudit.redact_file(path, tmp_path / "api.dcm", requests)
    assert report.result.outcome is dcmaudit.Outcome.DONE
    rects = ";".join(f"{box.left},{box.top},{box.last_x},{box.last_y}" for box in boxes)
    assert boxes
    assert main(["redact", str(path), "--rect", rects, "--frame", "0", "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "api.dcm").read_bytes() == (tmp_path / "out/in.redacted.dcm").read_bytes()
    assert dcmaudit.verify_file(path, tmp_path / "api.dcm", requests).passed
    assert not dcmaudit.verify_file(path, tmp_path / "api.dcm").passed


def test_a_file_is_opened_from_its_bytes_and_from_a_stream(example: Path) -> None:
    data = example.read_bytes()
    with dcmaudit.open(data) as one, dcmaudit.open(io.BytesIO(data), name="a stream") as other:
        assert np.array_equal(one.read("f0"), other.read(other.planes[0]))
        assert (one.name, other.name) == ("<bytes>", "a stream")


def test_bytes_are_redacted_too(example: Path, tmp_path: Path) -> None:
    dcmaudit.redact_file(example.read_bytes(), tmp_path / "out.dcm", [dcmaudit.black(None)])
    with dcmaudit.open(tmp_path / "out.dcm") as instance:
        assert not instance.read("f0").any()


def test_errors_are_of_the_one_tree(example: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError):
        dcmaudit.open(tmp_path / "nothing.dcm")
    with pytest.raises(NotDicomError):
        dcmaudit.open(b"nothing")
    with pytest.raises(NotDicomError):
        dcmaudit.redact_file(b"nothing", tmp_path / "out.dcm", [dcmaudit.black(None)])
    with pytest.raises(UsageError, match="no place on a file"):
        dcmaudit.black((0, 0, 5, 5), "everywhere")
    with dcmaudit.open(example) as instance:
        with pytest.raises(UsageError, match="no plane f7"):
            instance.read("f7")
        with pytest.raises(UsageError, match="no mode 'hard'"):
            instance.find_text(mode="hard")
    with pytest.raises(UsageError, match="nothing that can be opened"):
        dcmaudit.open(7)  # type: ignore[arg-type]
    broken = tmp_path / "deid.dicom"
    broken.write_text("FORMAT dicom\n%filter graylist\nLABEL x\n  contains Modalty US\n  coordinates 0,0,9,9\n")
    with pytest.raises(RuleError):
        dcmaudit.load_rules([broken])
    assert issubclass(ProofError, dcmaudit.DcmauditError)


def test_what_cannot_be_done_is_refused_and_nothing_is_written(example: Path, tmp_path: Path) -> None:
    with pytest.raises(PlanRefusedError) as refused:
        dcmaudit.redact_file(example, tmp_path / "out.dcm", [dcmaudit.black((0, 0, 9, 9), "o6000.0")])
    assert "o6000" in str(refused.value) or "overlay 6000" in str(refused.value)
    assert not (tmp_path / "out.dcm").exists()
    with pytest.raises(PlanRefusedError, match="input itself"):
        dcmaudit.redact_file(example, example, [dcmaudit.black((0, 0, 9, 9))], overwrite=True)
    dcmaudit.redact_file(example, tmp_path / "out.dcm", [dcmaudit.black((0, 0, 9, 9))])
    with pytest.raises(PlanRefusedError, match="exists"):
        dcmaudit.redact_file(example, tmp_path / "out.dcm", [dcmaudit.black((0, 0, 9, 9))])


def test_a_mark_that_no_redaction_could_carry_out_is_not_stored(example: Path, tmp_path: Path) -> None:
    with dcmaudit.open_store(tmp_path / "db", user="tester") as store:
        with dcmaudit.open(example) as instance:
            for box, where in (((0, 0, 65, 9), "f0"), ((-1, 0, 5, 9), "f0"), ((0, 0, 9, 49), "all frames")):
                with pytest.raises(UsageError, match=r"reaches outside of its plane \(it has 64 x 48 pixels\)"):
                    instance.mark(store, [dcmaudit.black(box, where)])
            with pytest.raises(UsageError, match="no plane f9"):
                instance.mark(store, [dcmaudit.black((0, 0, 9, 9), "f9")])
        for nameless in (example.read_bytes(), io.BytesIO(example.read_bytes()), example.open("rb")):
            with dcmaudit.open(nameless) as instance, pytest.raises(UsageError, match="bytes have no name"):
                instance.mark(store, [dcmaudit.black((0, 0, 9, 9), "f0")], done=True)
            if not isinstance(nameless, bytes):
                nameless.close()
        assert not any(store.rects(name) for name in ("<bytes>", "<stream>", str(example)))
        with dcmaudit.open(example.read_bytes(), name="/archive/one.dcm") as instance:
            instance.mark(store, [dcmaudit.black((0, 0, 64, 48), "f0")], done=True)
        assert len(store.rects("/archive/one.dcm")) == 1


@pytest.mark.parametrize("edges", [(0, 0, 10.5, 9), (0, 0, 9), "0,0,9,9", [0, 0, 9, 9, 9], 4])
def test_edges_that_are_no_four_whole_numbers_are_refused(edges: Any) -> None:
    with pytest.raises(UsageError, match="is no rectangle"):
        dcmaudit.black(edges)


def test_edges_may_be_a_list_or_numbers_of_an_array() -> None:
    assert dcmaudit.black([0, 1, 9, 8]).box == dcmaudit.black(np.array([0, 1, 9, 8])).box == dcmaudit.Box(0, 1, 9, 8)  # type: ignore[arg-type]


def test_one_file_of_rules_is_one_and_not_its_letters(example: Path, tmp_path: Path) -> None:
    rules = tmp_path / "deid.dicom.site"
    rules.write_text("FORMAT dicom\n%filter graylist\nLABEL x\n  present Rows\n  coordinates 0,0,9,9\n")
    assert len(dcmaudit.load_rules(str(rules))) == len(dcmaudit.load_rules(rules)) == 1
    report = dcmaudit.redact_file(example, tmp_path / "out.dcm", rules=str(rules))
    assert dcmaudit.verify_file(example, tmp_path / "out.dcm", rules=str(rules)).passed
    assert report.proof is not None


def test_marks_of_finished_files_teach_others(tmp_path: Path) -> None:
    picture = gradient(48, 64)
    facts = {"Modality": "US", "ManufacturerModelName": "Scanner", "ImageType": ["ORIGINAL", "PRIMARY"]}
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"{number}.dcm")
        paths[-1].write_bytes(file_bytes(dataset(picture, extra={**facts, "SOPInstanceUID": f"1.2.3.{number + 1}"})))
    with dcmaudit.open_store(tmp_path / "db", user="tester") as store:
        for path in paths[:3]:
            with dcmaudit.open(path) as instance:
                instance.mark(store, [dcmaudit.black((2, 2, 30, 10), "f0")], done=True)
        with dcmaudit.open(paths[3]) as instance:
            (region,) = instance.suggestions(store, "f0")
        assert region.box.intersection(dcmaudit.Box(2, 2, 30, 10)) is not None
        assert region.reason
        assert "coordinates" in dcmaudit.make_rules(store)
