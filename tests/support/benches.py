"""What the two benches of the page share: large files, a browser, and the machine they ran on."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Browser, Page, sync_playwright

from support.face import Face
from support.files import EXPLICIT, JPEG_BASELINE, dataset, encode, file_bytes
from support.reviewer import Reviewer

LISTEN = """() => {
  document.addEventListener("keydown", (event) => { window.began = event.timeStamp; }, true);
  document.addEventListener("click", (event) => { window.began = event.timeStamp; }, true);
  window.walks = [];
  window.frames_after = [];
  document.addEventListener("plane-painted", ({ detail }) => {
    const name = `${detail.file}/${detail.key}`;
    const { began } = window;
    window.walks.push([name, performance.now() - began]);
    requestAnimationFrame(() => window.frames_after.push([name, performance.now() - began]));
  });
}"""
"""Notes for every painted plane how long ago the last key or click was, by the browser's own time stamp of it."""


def scenes(count: int, edge: int, seed: int = 1) -> npt.NDArray[np.uint8]:
    """Grey pictures (count, edge, edge): round shapes, speckle, and a line that moves."""
    noise = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : edge * 1j, -1 : 1 : edge * 1j]
    base = 140 * np.exp(-3 * (x * x + y * y)) + 30 * np.sin(9 * x) * np.cos(7 * y)
    cells = np.empty((count, edge, edge), np.uint8)
    for number in range(count):
        picture = base + noise.normal(0, 8, (edge, edge)) + 40
        picture[(number * 37) % edge] = 255
        cells[number] = np.clip(picture, 0, 255)
    return cells


def native_file(path: Path, frames: int, edge: int) -> Path:
    """A native 8-bit multi-frame file."""
    few = scenes(8, edge)
    cells = few[np.arange(frames) % len(few)]
    path.write_bytes(file_bytes(dataset(cells, frames=frames), EXPLICIT))
    return path


def jpeg_file(path: Path, frames: int, edge: int) -> Path:
    """A baseline JPEG multi-frame file with a basic offset table."""
    few = [encode(cell, JPEG_BASELINE, level=85) for cell in scenes(8, edge)]
    data = dataset(np.zeros((1, edge, edge), np.uint8), frames=1)
    data.NumberOfFrames = str(frames)
    path.write_bytes(file_bytes(data, JPEG_BASELINE, frames=[few[k % len(few)] for k in range(frames)]))
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    program = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, names: list[Path], db: Path) -> Iterator[Face]:
    """The reviewer over some files, its page loaded and its times noted."""
    reviewer = Reviewer(names, db)
    try:
        page: Page = browser.new_page(viewport={"width": 1280, "height": 720})
        face = Face(page, reviewer).open()
        page.evaluate(LISTEN)
        yield face
        page.close()
    finally:
        reviewer.stop()


def resident(pid: int) -> float:
    """Megabytes of memory of a process that are its own (not files it has mapped)."""
    found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


def family(pid: int) -> list[int]:
    """A process and all that it started, and these again."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for above in found:
        found += [child for child, parent in parents.items() if parent == above]
    return found


def browsers() -> list[int]:
    """Every process of Chromium that this process started."""
    found = []
    for pid in family(os.getpid()):
        with suppress(OSError):
            if b"chrom" in Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0]:
                found.append(pid)
    return found


def proportional(pids: Iterable[int]) -> float:
    """Megabytes that some processes have of their own or share among each other (what is shared counts once).

    Files that are mapped are left out: how much of them counts depends on what else runs on the machine.
    """
    total = 0
    for pid in pids:
        with suppress(OSError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += sum(int(size) for size in re.findall(r"Pss_(?:Anon|Shmem):\s+(\d+)", text))
    return total / 1024


def spent(pids: Iterable[int]) -> float:
    """Milliseconds of processor time that some processes took so far."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }
