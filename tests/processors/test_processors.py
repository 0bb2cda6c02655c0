"""The same file, the same answer, on every machine: stored values, pictures, maps, findings, outputs and proofs.

The other processors are made up by ``qemu-user`` (Debian's package), which is slow: few and small pictures, and one
process, for a child would run on the real one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from support import files

TESTS = Path(__file__).resolve().parents[1]
PROGRAM = TESTS / "support" / "answers.py"

X86 = ("Haswell", "Nehalem")
"""With AVX2 and without VNNI, whose whole numbers are cut off; and without AVX."""

GROUNDS = (0, 20, 60, 90, 128, 160, 187, 230, 250)


def strip(ground: int, step: int, *, text: str = "DOE^JANE 4711", kind: Any = np.uint8) -> np.ndarray:
    """A banner of one level with letters that differ from it by ``step``."""
    picture = np.full((48, 224), ground, np.int32)
    ink = np.zeros(picture.shape, np.uint8)
    cv2.putText(ink, text, (8, 32), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 1, 2)
    picture[ink > 0] += step
    return picture.astype(kind)


def twenty() -> Iterator[tuple[str, np.ndarray, dict[str, Any]]]:
    """Twenty pictures of all grounds: dark, middling, bright and hardly different; texture, colour, 16 bits."""
    for ground in GROUNDS:
        yield f"grey-{ground}", strip(ground, 16 if ground < 235 else -16), {}
    for ground in (187, 230):
        yield f"darker-{ground}", strip(ground, -16), {}
    yield "white-on-black", strip(0, 255), {}
    yield "black-on-white", strip(255, -255), {"photometric": "MONOCHROME1"}
    chance = np.random.default_rng(7)
    noisy = strip(150, 40).astype(np.int32) + chance.integers(-25, 26, (48, 224))
    yield "texture", noisy.astype(np.uint8), {}
    ramp = np.linspace(0, 200, 224).astype(np.int32)[np.newaxis] + strip(0, 50)
    yield "ramp", ramp.astype(np.uint8), {}
    colour = np.stack([strip(200, -16), strip(220, 20), strip(60, 90)], axis=-1)
    yield "colour", colour, {"photometric": "RGB"}
    yield "ybr", np.stack([strip(210, 16), strip(120, 9), strip(140, -9)], axis=-1), {"photometric": "YBR_FULL"}
    deep = strip(900, 24, kind=np.uint16) + chance.integers(0, 9, (48, 224)).astype(np.uint16)
    deep[0, :2] = 0, 4000
    window = {"WindowCenter": "912", "WindowWidth": "60"}
    yield "deep", deep, {"bits_stored": 12, "extra": window}
    yield "signed", strip(-700, 90, kind=np.int16), {"extra": {"RescaleSlope": "1.7", "RescaleIntercept": "-3.1"}}
    yield "lossy", strip(230, 16), {"syntax": files.JPEG_BASELINE}


SYNTAXES = {
    "native": files.EXPLICIT,
    "rle": files.RLE,
    "jpeg": files.JPEG_BASELINE,
    "jpeg12": files.JPEG_EXTENDED,
    "lossless": files.JPEG_LOSSLESS_SV1,
    "jpegls": files.JPEG_LS,
    "near": files.JPEG_LS_NEAR,
    "j2k": files.JPEG_2000_LOSSLESS,
    "j2klossy": files.JPEG_2000,
    "htj2k": files.HTJ2K_LOSSLESS,
    "htj2klossy": files.HTJ2K,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files, written once: whatever encodes them here, every processor reads the same bytes."""
    made = tmp_path_factory.mktemp("processors")
    for name in ("pictures", "files"):
        (made / name).mkdir()
    for name, array, how in twenty():
        (made / "pictures" / f"{name}.dcm").write_bytes(files.reference(array, **how).data)
    for name, syntax in SYNTAXES.items():
        deep = name == "jpeg12"
        array = strip(900, 300, kind=np.uint16) if deep else strip(120, 90)
        how = {"bits_stored": 12} if deep else {}
        (made / "files" / f"{name}.dcm").write_bytes(files.reference(array, syntax, **how).data)
    colour = np.stack([strip(200, -90), strip(120, 20), strip(60, 90)], axis=-1)
    for name, syntax in (("rgb", files.EXPLICIT), ("jpeg-rgb", files.JPEG_BASELINE), ("j2k-rgb", files.JPEG_2000)):
        made.joinpath("files", f"{name}.dcm").write_bytes(files.reference(colour, syntax, photometric="RGB").data)
    return made


def answers(
    folder: Path, out: Path, before: list[str], *, libraries: Sequence[Path] = (), **more: str
) -> dict[str, Any]:
    """What the program says when it is run by ``before``."""
    out.mkdir()
    environment = {name: text for name, text in os.environ.items() if not name.startswith("OPENBLAS_CORE")}
    environment |= {"PYTHONPATH": os.pathsep.join(map(str, (TESTS.parent / "src", TESTS, *libraries))), **more}
    ran = subprocess.run(
        [*before, str(PROGRAM), str(folder), str(out)],
        env=environment, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, re.sub(r".*TCG doesn't.*\n", "", ran.stderr)[-2000:]
    return dict(json.loads(ran.stdout))


@pytest.fixture(scope="module")
def here(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answers of this machine's own processor."""
    return answers(folder, tmp_path_factory.mktemp("here") / "out", [sys.executable])


def differences(one: dict[str, Any], other: dict[str, Any], at: str = "") -> list[str]:
    """Where two answers differ."""
    found = []
    for name in sorted({*one, *other}):
        first, second = one.get(name), other.get(name)
        if isinstance(first, dict) and isinstance(second, dict):
            found += differences(first, second, f"{at}{name}: ")
        elif first != second:
            found.append(f"{at}{name}: {first} / {second}")
    return found


def test_this_machine_finds_the_faint_letters_on_bright_grounds(here: dict[str, Any]) -> None:
    assert len(here) == 20 + len(SYNTAXES) + 3
    for name in ("grey-187", "grey-230", "darker-230", "lossy", "deep"):
        assert here[f"{name}.dcm"]["findings"], name
    for name in (*SYNTAXES, "rgb", "jpeg-rgb", "j2k-rgb"):
        assert here[f"{name}.dcm"].get("proof"), (name, here[f"{name}.dcm"])


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(shutil.which("qemu-x86_64") is None, reason="needs qemu-x86_64 (Debian: qemu-user)")
@pytest.mark.parametrize("processor", X86)
def test_another_processor_gives_the_same_answer_to_the_last_bit(
    folder: Path, here: dict[str, Any], tmp_path: Path, processor: str
) -> None:
    there = answers(folder, tmp_path / "out", ["qemu-x86_64", sys.executable], QEMU_CPU=processor)
    assert differences(here, there) == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif("DCMAUDIT_AARCH64" not in os.environ, reason="needs the folder that scripts/aarch64 makes")
def test_an_aarch64_processor_gives_the_same_answer(folder: Path, here: dict[str, Any], tmp_path: Path) -> None:
    made = Path(os.environ["DCMAUDIT_AARCH64"])
    emulator = os.environ.get("QEMU_AARCH64", "qemu-aarch64")
    python = [emulator, "-L", str(made / "root"), str(made / "root/usr/bin/python3.11")]
    there = answers(folder, tmp_path / "out", python, libraries=[made / "site", Path(sysconfig.get_path("purelib"))])
    assert differences(here, there) == []
