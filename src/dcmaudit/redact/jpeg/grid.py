"""The grid of MCUs of an image, and which of them rectangles reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.jpeg.markers import Codestream, Scan
from dcmaudit.errors import UsageError
from dcmaudit.model import Box, Size

Mask = npt.NDArray[np.bool_]


def touched_mcus(stream: Codestream, boxes: Sequence[Box]) -> Mask:
    """For each MCU of the grid whether one of the boxes, grown for interpolated components, reaches it."""
    if not boxes:
        raise UsageError("no rectangle to redact")
    size, mcu, grid = stream.size, stream.mcu, stream.grid
    grow_x, grow_y = _margin(mcu.width // 8, stream, 0), _margin(mcu.height // 8, stream, 1)
    mask = np.zeros((grid.height, grid.width), np.bool_)
    for box in boxes:
        if not box.is_inside(size):
            raise UsageError(f"the rectangle {box} is not inside an image of {size.width} x {size.height} pixels")
        left, right = max(0, box.left - grow_x), min(size.width, box.right + grow_x)
        top, bottom = max(0, box.top - grow_y), min(size.height, box.bottom + grow_y)
        mask[top // mcu.height : -(-bottom // mcu.height), left // mcu.width : -(-right // mcu.width)] = True
    return mask


def _margin(most: int, stream: Codestream, axis: int) -> int:
    """Pixels by which interpolation of the most subsampled component reaches over an MCU's edge."""
    return max(most // stream.factors(i)[axis] for i in range(len(stream.components))) // 2


def scan_mask(mask: Mask, stream: Codestream, scan: Scan) -> Mask:
    """The mask in the MCUs of one scan, flat and in coding order; a scan of one component has blocks for MCUs."""
    if not scan.interleaved:
        h, v = stream.factors(scan.components[0].index)
        mask = np.repeat(np.repeat(mask, v, axis=0), h, axis=1)[: scan.mcus_y, : scan.mcus_x]
    return mask.ravel()


def mask_boxes(mask: Mask, cell: Size, size: Size) -> tuple[Box, ...]:
    """The pixels of the true cells as boxes that do not overlap: runs of each row, equal runs of rows joined."""
    open_runs: dict[tuple[int, int], Box] = {}
    done: list[Box] = []
    for y, row in enumerate(mask):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], row, [False])).astype(np.int8))).tolist()
        runs = {(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)}
        done += [box for run, box in open_runs.items() if run not in runs]
        bottom = min((y + 1) * cell.height, size.height)
        open_runs = {
            (a, b): Box(a * cell.width, open_runs[a, b].top if (a, b) in open_runs else y * cell.height,
                        min(b * cell.width, size.width), bottom)
            for a, b in sorted(runs)
        }  # fmt: skip
    return tuple(sorted([*done, *open_runs.values()], key=lambda box: (box.top, box.left)))
