"""What must hold however the program was treated."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom

from dcmaudit.cli import main
from dcmaudit.model import Box

DOCUMENTED = {0, 1, 2, 3, 130}
"""Exit codes of docs/command-line.md: all well, not all, wrong use, text left, interrupted."""
SECONDS = 120


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def require_honest(self, inputs: int | None = None) -> None:
        """A documented exit code and no traceback; with ``inputs``, a summary that counts them all."""
        said = f"{self.out[-500:]}\n{self.err[-2000:]}"
        assert self.code in DOCUMENTED, f"exit code {self.code}: {said}"
        assert "Traceback" not in self.err, said
        assert "internal error" not in self.err.lower(), said
        if inputs is None or self.code == 2:
            return
        counted = re.findall(r"^(\d+) inputs?: (.+)$", self.err, re.MULTILINE)
        assert counted, f"no summary: {said}"
        _, parts = counted[-1]  # the number leaves out what was done before, the parts do not
        assert sum(int(one) for one in re.findall(r"(\d+) ", parts)) == inputs, f"outcomes do not add up: {said}"


def run_here(arguments: Sequence[object]) -> Ran:
    """``dcmaudit`` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = int(main([str(one) for one in arguments]))
        except SystemExit as end:  # argparse
            code = int(end.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


def run_apart(arguments: Sequence[object], **how: Any) -> Ran:
    """``dcmaudit`` in a process of its own, that ends within bounds."""
    command = [sys.executable, "-m", "dcmaudit", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, **how)
    return Ran(done.returncode, done.stdout, done.stderr)


def require_black(path: Path, box: Box) -> None:
    """The most used reader shows black inside the box of every frame that it can show, in its default way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = pydicom.dcmread(path, force=True)
        try:
            shown = np.asarray(data.pixel_array)
        except Exception:
            return  # it shows nothing at all
    _require_black_shown(data, shown, box, path)
    _require_black_cells(data, box, path)


def _frames(data: pydicom.Dataset, shown: npt.NDArray[Any]) -> npt.NDArray[Any]:
    plain = 3 if int(data.get("SamplesPerPixel", 1)) > 1 else 2
    return shown if shown.ndim > plain else shown[np.newaxis]


def _require_black_shown(data: pydicom.Dataset, shown: npt.NDArray[Any], box: Box, path: Path) -> None:
    for number, frame in enumerate(_frames(data, shown)):
        inside = frame[box.top : box.bottom, box.left : box.right]
        if not inside.size:
            continue
        where = f"{path.name} frame {number + 1}"
        low, high = int(np.nanmin(inside)), int(np.nanmax(inside))
        if inside.ndim == 3:
            top = (1 << int(data.BitsStored)) - 1
            # chrominance is upsampled over the edge by a level or two
            assert high <= max(2, top // 100), f"{where}: up to {high} of {top} inside the box"
            continue
        assert low == high, f"{where}: values from {low} to {high} inside the box"


def _require_black_cells(data: pydicom.Dataset, box: Box, path: Path) -> None:
    """Native cells, with all their bits but those that an overlay claims."""
    syntax = data.file_meta.TransferSyntaxUID if "file_meta" in dir(data) else None
    bits = int(data.get("BitsAllocated", 0))
    if syntax is None or syntax.is_compressed or not syntax.is_little_endian or bits not in {8, 16, 32}:
        return
    if int(data.get("SamplesPerPixel", 1)) != 1 or "PixelData" not in data:
        return
    rows, columns = int(data.Rows), int(data.Columns)
    whole = np.frombuffer(data.PixelData, f"<u{bits // 8}")
    claimed = 0
    for group in range(0x6000, 0x6100, 2):
        if (group, 0x0102) in data and (group, 0x3000) not in data:
            claimed |= 1 << int(data[group, 0x0102].value or 0)
    keep = ~claimed & ((1 << bits) - 1)
    for number in range(len(whole) // (rows * columns)):
        frame = whole[number * rows * columns : (number + 1) * rows * columns].reshape(rows, columns)
        inside = frame[box.top : box.bottom, box.left : box.right] & frame.dtype.type(keep)
        assert len(np.unique(inside)) <= 1, f"{path.name} frame {number + 1}: cells inside the box differ"
