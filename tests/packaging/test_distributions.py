"""What is installed: the pure wheel works, the small one lacks the readers alone, the source has its tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from dcmaudit import __version__
from dcmaudit.cli.doctor.parts import EXTRAS

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PROGRAMS = ("dicom_ocr", "dicom_redact", "pydicom_images", "dbrects_to_deid_rules", "dicom_pixel_anon")
READERS = ("cv2", "onnxruntime", "rapidocr")

pytestmark = pytest.mark.slow


def built(target: Path, folder: Path, *, pure: bool = True) -> Path:
    """The wheel of a folder, without looking for anything in a network."""
    environment = {**os.environ, **({"CC": "/bin/false"} if pure else {})}
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(target), str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *words], env=environment, check=True, capture_output=True, timeout=280)
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("whole"), ROOT)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("small"), ROOT / "packaging" / "core")


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata_of(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("/METADATA")]
        return archive.read(name).decode("utf-8")


def installed(wheel: Path, folder: Path) -> Path:
    """An environment with this wheel, which sees the libraries of the one that runs the tests."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    # With the environment's own Python, for the programs' first lines name it.
    words = ["--python", str(folder / "bin" / "python"), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True, timeout=120, cwd=folder)
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run(environment: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "DCMAUDIT_DB"}}
    clean |= {"HOME": str(environment), "DCMAUDIT_DB": str(environment / "db")}
    return subprocess.run(words, env=clean, capture_output=True, text=True, check=False, timeout=120, cwd=environment)


def test_the_pure_wheel_has_everything_that_is_not_compiled(whole: Path, small: Path) -> None:
    for wheel in (whole, small):
        assert wheel.name.endswith("-py3-none-any.whl")
        assert f"-{__version__}-" in wheel.name
        names = names_in(wheel)
        assert not [name for name in names if name.endswith((".so", ".pyc"))]
        for path in (ROOT / "src" / "dcmaudit").rglob("*"):
            if path.is_file() and path.suffix not in {".so", ".pyc"} and "__pycache__" not in path.parts:
                assert str(path.relative_to(ROOT / "src")) in names, path
        shared = {name.partition(".data/data/share/")[2] for name in names}
        assert {f"dcmaudit/original/{name}.py" for name in (*PROGRAMS, "dcmaudit")} <= shared
        assert {
            "man/man1/dcmaudit.1", "man/man1/dcmaudit-redact.1", "bash-completion/completions/dcmaudit",
            "zsh/site-functions/_dcmaudit", "applications/dcmaudit.desktop",
            "icons/hicolor/scalable/apps/dcmaudit.svg",
        } <= shared  # fmt: skip


def test_the_small_one_lacks_the_readers_and_nothing_else(whole: Path, small: Path) -> None:
    found = []
    for wheel in (whole, small):
        lines = re.findall(r"^Requires-Dist: ([A-Za-z0-9._-]+)([^\n]*)$", metadata_of(wheel), re.MULTILINE)
        found.append({name for name, rest in lines if "extra ==" not in rest})
    assert found[0] - found[1] == {"rapidocr", "onnxruntime", "opencv-python-headless"}
    assert found[1] < found[0]
    assert "Name: dcmaudit-core\n" in metadata_of(small)


def test_what_is_installed_works(whole: Path, tmp_path: Path) -> None:
    environment = installed(whole, tmp_path / "env")
    program = str(environment / "bin" / "dcmaudit")
    assert run(environment, program, "--version").stdout == f"dcmaudit {__version__}\n"
    assert Path(program).read_text("utf-8").startswith(f"#!{environment}")
    where = run(environment, str(environment / "bin" / "python"), "-c", "import dcmaudit; print(dcmaudit.__file__)")
    assert where.stdout.startswith(str(environment))
    doctor = run(environment, program, "doctor", "--only", "codecs", "--only", "detector")
    assert doctor.returncode == 0, doctor.stdout
    assert "compiled JPEG loop: not there" in doctor.stdout
    files = run(environment, program, "examples", "try").stdout.split()
    done = run(environment, program, "redact", "--ultrasound", "-o", "out", files[0])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_original_names_are_there_with_and_without_py(name: str, whole: Path, tmp_path: Path) -> None:
    environment = installed(whole, tmp_path / "env")
    for words in (
        [str(environment / "bin" / name)],
        [str(environment / "share" / "dcmaudit" / "original" / f"{name}.py")],
        [sys.executable, str(environment / "share" / "dcmaudit" / "original" / f"{name}.py")],
    ):
        done = run(environment, *words, "--help")
        assert done.returncode == 0, done.stderr
        assert f"usage: {name}" in done.stdout


def test_dcmaudit_py_starts_the_reviewer_of_its_environment(whole: Path, tmp_path: Path) -> None:
    environment = installed(whole, tmp_path / "env")
    script = environment / "share" / "dcmaudit" / "original" / "dcmaudit.py"
    assert run(environment, str(script), "--version").stdout == f"dcmaudit {__version__}\n"
    shadow = environment / "dcmaudit.py"
    shadow.write_bytes(script.read_bytes())
    assert run(environment, str(environment / "bin" / "dcmaudit"), "--version").returncode == 0


def test_the_small_one_works_without_the_readers_and_says_what_it_lacks(small: Path, tmp_path: Path) -> None:
    environment = installed(small, tmp_path / "env")
    site = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    # What the tests' own environment has must not be seen, as where nothing of it is installed.
    blocked = f"import sys; sys.modules.update(dict.fromkeys({READERS}))\n"
    (site / "blocked.pth").write_text(blocked)
    program = str(environment / "bin" / "dcmaudit")
    files = run(environment, program, "examples", "try").stdout.split()
    for words in (
        ["frames", files[0]], ["redact", "--ultrasound", "-o", "out", files[0]], ["rules", "check", files[0]],
        ["verify", "--ultrasound", files[0], "out/cine-banner.redacted.dcm"], ["db", "import", "--help"],
    ):  # fmt: skip
        done = run(environment, program, *words)
        assert done.returncode == 0, (words, done.stderr)
    done = run(environment, program, "ocr", files[0])
    assert done.returncode == 2
    assert "pip install dcmaudit" in done.stderr
    done = run(environment, program, "redact", "--check-text", "--rect", "0,0,1,1", "-o", "x", files[0])
    assert done.returncode in {1, 2}
    assert "fault of the program" not in done.stderr


def test_the_source_distribution_has_the_tests(tmp_path: Path) -> None:
    words = ["--no-isolation", "--sdist", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run([sys.executable, "-m", "build", *words], check=True, capture_output=True, timeout=280)
    (source,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for wanted in (
        "pyproject.toml", "hatch_build.py", "tests/conftest.py", "tests/packaging/test_distributions.py",
        "packaging/core/pyproject.toml", "packaging/man/dcmaudit.1", "scripts/test", "docs/index.md", "SECURITY.md",
        "CITATION.cff", "LICENSE", "src/dcmaudit/codecs/jpeg/_walk.c",
    ):  # fmt: skip
        assert wanted in names, wanted
    assert not [name for name in names if name.endswith((".dcm", ".so", ".pyc")) or "node_modules" in name]


@pytest.mark.parametrize("extra", sorted(set(PROJECT["optional-dependencies"]) - {"all"}))
def test_what_an_extra_brings_can_be_imported(extra: str) -> None:
    module = EXTRAS[extra][0]
    if find_spec(module) is None:
        assert extra == "easyocr", f"{extra} is not installed where the checks run"
        pytest.skip("several GB: not installed where the checks run")
    import_module(module)


def test_all_is_what_most_people_need() -> None:
    assert PROJECT["optional-dependencies"]["all"] == ["dcmaudit[postgres,s3,sign]"]


def test_the_version_stands_in_one_place() -> None:
    assert "version" in PROJECT["dynamic"]
    for name in ("pyproject.toml", "packaging/core/pyproject.toml", "CITATION.cff", "packaging/Containerfile"):
        assert __version__ not in (ROOT / name).read_text("utf-8"), name


def test_the_menu_entry_and_the_citation_are_well_formed() -> None:
    lines = (ROOT / "packaging" / "desktop" / "dcmaudit.desktop").read_text("utf-8").splitlines()
    assert lines[0] == "[Desktop Entry]"
    keys = dict(line.split("=", 1) for line in lines[1:])
    assert {"Type", "Name", "Exec", "Icon", "Categories"} <= set(keys)
    if shutil.which("desktop-file-validate"):
        entry = str(ROOT / "packaging" / "desktop" / "dcmaudit.desktop")
        done = subprocess.run(
            ["desktop-file-validate", "--no-hints", entry], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
    import yaml

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors", "license"} <= set(citation)
    for path in [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml"]:
        assert yaml.safe_load(path.read_text("utf-8")), path


def test_the_container_runs_as_an_ordinary_user() -> None:
    text = (ROOT / "packaging" / "Containerfile").read_text("utf-8")
    last = text[text.rindex("\nFROM ") :]
    assert "\nUSER dcmaudit\n" in last
    assert "curl" not in text
    assert "http://" not in text
