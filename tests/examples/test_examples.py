"""The examples: each is run as somebody would run it."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from dcmaudit.examples import write_examples
from support.console import Console
from support.files import dataset, file_bytes, gradient

FOLDER = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.slow


def test_every_example_is_in_the_list() -> None:
    listed = set(re.findall(r"^\| `(\w+)/`", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE))
    assert listed == {path.name for path in FOLDER.iterdir() if path.is_dir()}


def test_the_notebook_finds_redacts_and_proves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = json.loads((FOLDER / "notebook" / "find-redact-prove.ipynb").read_text("utf-8"))
    assert notebook["nbformat"] == 4
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec(compile("".join(cell["source"]), "notebook", "exec"), names)  # noqa: S102 - that is what a notebook is
    out = capsys.readouterr().out
    assert "cine-banner.dcm: 24 planes" in out
    assert out.count("proved again: True") == 2
    assert "palette.dcm: 0 places of text left" in out


def test_the_job_reads_an_archive_and_goes_on_where_it_ended(tmp_path: Path) -> None:
    console = Console(tmp_path)
    write_examples(tmp_path / "work" / "archive")
    for path in (tmp_path / "work" / "archive").iterdir():
        if path.name not in {"palette.dcm", "high-bits.dcm"}:
            path.unlink()
    job = FOLDER / "slurm" / "ocr.sbatch"
    subprocess.run(["bash", "-n", str(job)], check=True)
    first = console.run(f"bash {job} archive audit; echo code $?")
    assert first[-1] == "code 0", first
    assert any("2 inputs: 2 done" in line for line in first)
    again = console.run(f"bash {job} archive audit; echo code $?")
    assert any("2 done before" in line for line in again)
    assert console.run(f"bash {job} 2>&1 | grep -c folder") == ["1"]


def rules_of(snakefile: str) -> dict[str, str]:
    """The shell line of each rule."""
    parts = re.split(r"^rule (\w+):", snakefile, flags=re.MULTILINE)[1:]
    lines = {
        name: re.search(r'shell:\s*\n\s*"([^"]+)"', body) for name, body in zip(parts[::2], parts[1::2], strict=True)
    }
    return {name: found[1] for name, found in lines.items() if found}


def test_the_workflow_reads_redacts_and_proves(tmp_path: Path) -> None:
    console = Console(tmp_path)
    write_examples(tmp_path / "work" / "images")
    for path in (tmp_path / "work" / "images").iterdir():
        if path.name != "palette.dcm":
            path.unlink()
    (tmp_path / "work" / "images" / "clean.dcm").write_bytes(file_bytes(dataset(gradient(64, 64) // 8)))
    if shutil.which("snakemake"):
        got = console.run(f"snakemake -s {FOLDER}/snakemake/Snakefile --cores 2 --config images=images out=out")
        for name in ("palette", "clean"):
            assert (tmp_path / "work" / "out" / f"{name}.proved").exists(), got
        return
    # Without Snakemake its rules are carried out as it would, in their order.
    rules = rules_of((FOLDER / "snakemake" / "Snakefile").read_text("utf-8"))
    assert list(rules) == ["read", "redact", "prove"]
    console.run("mkdir out")
    for image in ("palette", "clean"):
        values = {
            "{input.image}": f"images/{image}.dcm", "{input.rects}": f"out/{image}.rects.csv",
            "{input.redacted}": f"out/{image}.redacted.dcm", "{input.known}": f"out/{image}.known",
            "{output.known}": f"out/{image}.known", "{output.rects}": f"out/{image}.rects.csv",
        }  # fmt: skip
        outputs = {"read": "", "redact": f"out/{image}.redacted.dcm", "prove": f"out/{image}.proved"}
        for name, line in rules.items():
            command = line
            for key, value in {**values, "{output}": outputs[name]}.items():
                command = command.replace(key, value)
            assert console.run(f"{command}; echo code $?")[-1] == "code 0", command
        assert (tmp_path / "work" / "out" / f"{image}.redacted.dcm").exists()


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The script, in an Orthanc of the test's own."""
    told: list[str] = []
    calls: list[object] = []
    action = types.SimpleNamespace(KEEP_AS_IS=1, MODIFY=2, DISCARD=3)
    fake = types.ModuleType("orthanc")
    fake.ReceivedInstanceAction = action  # type: ignore[attr-defined]
    fake.LogWarning = told.append  # type: ignore[attr-defined]
    fake.RegisterReceivedInstanceCallback = calls.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "orthanc", fake)
    monkeypatch.setenv("DCMAUDIT_HOLD", str(tmp_path / "held"))
    spec = importlib.util.spec_from_file_location("hold_text", FOLDER / "orthanc" / "hold_text.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert calls == [module.received]
    module.told = told  # type: ignore[attr-defined]
    return module


def test_orthanc_stores_only_what_was_looked_at_and_is_clean(
    plugin: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = {path.name: path.read_bytes() for path in write_examples(tmp_path / "ex")}
    clean = file_bytes(dataset(gradient(64, 64) // 8))
    assert plugin.received(clean, "") == (1, None)
    assert plugin.told == []
    for name in ("palette.dcm", "damaged.dcm", "document.dcm"):
        assert plugin.received(examples[name], "") == (3, None), name
    assert plugin.received(b"nothing", "")[0] == 3

    def fail(_data: bytes) -> list[str]:
        raise ZeroDivisionError("Doe^Jane")

    monkeypatch.setattr(plugin, "reasons_to_hold", fail)
    assert plugin.received(clean, "")[0] == 3
    assert not any("Doe" in line or "Jane" in line for line in plugin.told)
    held = sorted((tmp_path / "held").iterdir())
    assert len(held) == 5
    assert held[0].read_bytes() == examples["palette.dcm"]
    held[1].unlink()
    assert plugin.received(clean, "")[0] == 3
    assert held[4].read_bytes() == clean
    assert len(list((tmp_path / "held").iterdir())) == 5, "a copy took the place of another"
    monkeypatch.setattr(plugin, "HOLD", str(tmp_path / "ex" / "palette.dcm"))  # no folder
    assert plugin.received(clean, "") == (3, None)
    assert "no copy" in plugin.told[-1]
    assert (tmp_path / "held").stat().st_mode & 0o777 == 0o700
