"""Nothing blocks for ever: what is named as a list, a rule, a key or an input and is a pipe, socket or device."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dcmaudit.cli import main
from support.files import gradient, reference

SAYS = "it is a pipe, a socket or a device, and no file"
FULL = Path("/dev/full")


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "odd")
    return folder / "odd"


def a_socket(folder: Path) -> Path:
    here = Path.cwd()
    os.chdir(folder)  # an address of a socket may be no longer than 107 bytes
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("odd")
    os.chdir(here)
    return folder / "odd"


def device(_folder: Path) -> Path:
    return Path("/dev/zero")


@pytest.fixture(params=[fifo, a_socket, device])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    make: Callable[[Path], Path] = request.param
    return make(tmp_path)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.dcm"
    path.write_bytes(reference(gradient(64, 64)).data)
    return path


LISTS = {
    "settings": lambda odd, image: ["--config", odd, "frames", "-i", image],
    "allow list": lambda odd, image: ["ocr", image, "-j", "1", "--csv", "-", "--allow-list", odd],
    "rectangles": lambda odd, image: ["redact", image, "--csv", odd],
    "rectangles of verify": lambda odd, image: ["verify", image, image, "--csv", odd],
    "rules": lambda odd, image: ["rules", "check", image, "--deid-rules", odd],
    "rules of redact": lambda odd, image: ["redact", image, "--deid", "--deid-rules", odd],
    "rules of the reviewer": lambda odd, image: ["--no-browser", "--deid-rules", odd, "-i", image],
    "sample": lambda odd, _image: ["sample", "conclude", odd],
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("what", LISTS)
def test_a_list_that_is_no_file_is_refused_at_once_with_its_name(
    what: str, odd: Path, image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if what == "sample":  # it wants a database first
        assert main(["ocr", str(image), "--no-read", "-j", "1", "--db", str(tmp_path / "db")]) == 0
        code = main(["sample", "--db", str(tmp_path / "db"), "conclude", str(odd)])
    else:
        code = main([str(word) for word in LISTS[what](odd, image)])
    assert code in {1, 2}
    said = capsys.readouterr().err
    assert SAYS in said, said
    assert str(odd) in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["--help"],
        ["frames", "-i", "a.dcm"],
        ["frames", "-i", "--json", "a.dcm"],
        ["ocr", "--no-read", "-j", "1", "--csv", "-", "a.dcm"],
        ["redact", "--dry-run", "--rect", "0,0,5,5", "a.dcm"],
        ["rules", "check", "a.dcm"],
        ["sample", "draw", "a.dcm"],
    ],
)
def test_results_that_a_closed_standard_output_does_not_take_are_no_success(
    words: list[str], image: Path, tmp_path: Path
) -> None:
    command = " ".join([sys.executable, "-m", "dcmaudit", *words])
    ran = subprocess.run(
        ["sh", "-c", f"{command} >&-"], cwd=image.parent, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert ran.returncode == 1, ran.stderr
    assert "standard output" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr


def test_a_closed_standard_error_keeps_its_words_out_of_other_files(image: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m dcmaudit ocr --no-read -j 1 --db {tmp_path}/db {image} no-such-file"
    ran = subprocess.run(["sh", "-c", f"{command} 2>&- <&-"], capture_output=True, check=False, timeout=120)
    assert ran.returncode == 1
    for path in (tmp_path / "db").rglob("*"):
        assert b"no such file" not in path.read_bytes()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "words",
    [
        ["frames", "-i"],
        ["ocr", "--no-read", "-j", "1", "--csv", "-"],
        ["redact", "--rect", "0,0,5,5"],
        ["sample", "draw"],
        ["rules", "check"],
    ],
)
def test_an_input_that_is_no_file_is_an_outcome(
    words: list[str], odd: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, str(odd)]) in {1, 2}
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "words",
    [
        ["ocr", "IMAGE", "--no-read", "-j", "1", "--append", "--csv"],
        ["ocr", "IMAGE", "--no-read", "-j", "1", "--overwrite", "--csv"],
        ["sample", "draw", "IMAGE", "--overwrite", "-o"],
        ["rules", "make", "--overwrite", "-o"],
    ],
)
@pytest.mark.parametrize("make", [fifo, a_socket])
def test_an_output_that_is_no_file_is_refused_and_stays_what_it_is(
    words: list[str], make: Callable[[Path], Path], image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = make(tmp_path)
    before = odd.lstat().st_mode
    assert main([str(image) if word == "IMAGE" else word for word in words] + [str(odd)]) == 2
    assert "a pipe or socket cannot be written" in capsys.readouterr().err
    assert odd.lstat().st_mode == before


@pytest.mark.timeout(60)
def test_a_list_cannot_go_on_on_a_device(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ocr", str(image), "--no-read", "-j", "1", "--append", "--csv", "/dev/zero"]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.timeout(60)
def test_a_device_is_not_replaced_by_a_list(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / "null"
    try:
        os.mknod(odd, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    assert main(["sample", "draw", str(image), "--overwrite", "-o", str(odd)]) == 2
    assert "a device is not replaced" in capsys.readouterr().err
    assert stat.S_ISCHR(odd.lstat().st_mode)
