"""Two versions of one sequential JPEG compared block by block, by their quantised coefficients (ITU-T T.81)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.jpeg import coefficients_and_ends
from dcmaudit.model import Box, Size
from dcmaudit.model.counts import counted
from dcmaudit.verify.black import Mask, mask_of
from dcmaudit.verify.coding import Coded, fault_of_coding, is_grown
from dcmaudit.verify.segments import DHT, Piece, fault_of_kept, left_over, segments
from dcmaudit.verify.sequential import Picture, picture

Blocks = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class BlockComparison:
    """What was found. ``changed`` is true for each MCU that differs (rows, columns of MCUs of ``mcu`` pixels).

    ``faults`` says in words what is wrong; ``blocks`` is how many blocks were compared. ``ring`` is by how many pixels
    a change may be seen outside its MCUs, because decoders interpolate subsampled components.
    """

    changed: Mask
    mcu: Size
    ring: int
    blocks: int
    faults: tuple[str, ...]
    leftovers: tuple[str, ...] = ()
    """What the codestream has beside its segments and blocks."""
    unneeded: str | None = None
    """The first thing in it that no decoder needs, its own original's or not."""


def compare_blocks(before: bytes, after: bytes, boxes: tuple[Box, ...]) -> BlockComparison:
    """Compare two codestreams: only MCUs near the boxes may differ, and those must be flat.

    Near means: within the reach of interpolation, which is half the subsampling, and at least one pixel. What is not a
    block must be the original's, or what ``segments`` and ``coding`` allow. Raises DecodeError where either codestream
    is damaged or no sequential JPEG.
    """
    parts = segments(before), segments(after)
    unneeded = left_over(parts[1])
    old, new = picture(parts[0]), picture(parts[1])
    leftovers = [f"it has {waste}" for waste in parts[1].waste]
    fault = None if leftovers else fault_of_kept(*parts, may_be=_may_become)
    faults = [] if fault is None else [fault]
    changed = np.zeros((old.grid.height, old.grid.width), np.bool_)
    ring = _reach(old)
    # Blocks can only be held against each other where there are as many, in the same places.
    if not old.is_like(new):
        faults.append("its size, sampling, scans or restart intervals are others")
        return BlockComparison(changed, old.mcu, ring, 0, tuple(faults), tuple(leftovers), unneeded)
    was, now = (Coded(one, *coefficients_and_ends(data)) for one, data in ((old, before), (new, after)))
    pairs = list(zip(old.components, was.blocks, now.blocks, strict=True))
    blocks = 0
    own = [_differing(a, b) for _, a, b in pairs]
    fault = fault_of_coding(was, now, own)
    leftovers += [] if fault is None else [fault]
    differing: list[Mask] = []
    for (component, a, _), differs in zip(pairs, own, strict=True):
        blocks += a.shape[0] * a.shape[1]
        h, v = (1, 1) if len(old.components) == 1 else (component.h, component.v)
        differing.append(_by_mcu(differs, v, h, changed.shape))
        changed |= differing[-1]
    not_flat = np.zeros_like(changed)
    levels: list[set[int]] = []
    for (component, _, b), differs in zip(pairs, differing, strict=True):
        h, v = (1, 1) if len(old.components) == 1 else (component.h, component.v)
        # Any AC coefficient is detail that only the original could have given.
        not_flat |= _by_mcu(_with_detail(b, _blocks_of(changed, v, h, b.shape)), v, h, changed.shape)
        levels.append(_levels(b[..., 0], differs, v, h))
    allowed = _near(old, boxes, max(1, ring))
    strange = changed & ~allowed
    if strange.any():
        faults.append(
            f"{counted(int(strange.sum()), 'block differs', 'blocks differ')} although no rectangle reaches them"
        )
    if (changed & not_flat).any():
        faults.append(
            f"{counted(int((changed & not_flat).sum()), 'changed block is', 'changed blocks are')} not of one colour"
        )
    if any(len(level) > 1 for level in levels):
        faults.append("the changed blocks are not all of one colour")
    return BlockComparison(changed, old.mcu, ring, blocks, tuple(faults), tuple(leftovers), unneeded)


def _may_become(old: Piece, new: Piece) -> bool:
    """Whether a piece may have become another one: coded data anyhow, a Huffman table one of more symbols."""
    if old.kind != new.kind:
        return False
    return old == new or old.kind == 0 or (old.kind == DHT and old.number == new.number and is_grown(old, new))


def _differing(a: Blocks, b: Blocks) -> Mask:
    """True (block rows, block columns) where any of the 64 coefficients differs; four of them at a time."""
    return np.asarray((a.view(np.uint64) != b.view(np.uint64)).any(axis=2))


def _blocks_of(mcus: Mask, v: int, h: int, shape: tuple[int, ...]) -> Mask:
    """The blocks of a component that lie in these MCUs."""
    return np.repeat(np.repeat(mcus, v, axis=0), h, axis=1)[: shape[0], : shape[1]]


def _with_detail(blocks: Blocks, where: Mask) -> Mask:
    """True for the blocks of ``where`` that are not of one level."""
    found = np.zeros(blocks.shape[:2], np.bool_)
    found[where] = (blocks[where][:, 1:] != 0).any(axis=1)
    return found


def _levels(dc: Blocks, differs: Mask, v: int, h: int) -> set[int]:
    """The DC levels of blocks in MCUs that changed; blocks that only fill up the last MCU may keep theirs."""
    return set(np.unique(dc[_blocks_of(differs, v, h, dc.shape)]).tolist())


def _by_mcu(blocks: Mask, v: int, h: int, grid: tuple[int, ...]) -> Mask:
    rows, columns = grid
    padded = np.zeros((rows * v, columns * h), np.bool_)
    padded[: blocks.shape[0], : blocks.shape[1]] = blocks[: rows * v, : columns * h]
    return np.asarray(padded.reshape(rows, v, columns, h).any(axis=(1, 3)))


def _reach(stream: Picture) -> int:
    """Pixels by which the interpolation of subsampled components reaches over an MCU's edge."""
    most_h, most_v = max(c.h for c in stream.components), max(c.v for c in stream.components)
    if len(stream.components) == 1:
        return 0
    # Decoders interpolate subsampled chroma over the edge of a block ("fancy upsampling").
    return max(max(most_h // c.h, most_v // c.v) for c in stream.components) // 2


def _near(stream: Picture, boxes: tuple[Box, ...], grow: int) -> Mask:
    mcu, grid = stream.mcu, stream.grid
    pixels = mask_of(tuple(box.grown(grow) for box in boxes), grid.height * mcu.height, grid.width * mcu.width)
    return np.asarray(pixels.reshape(grid.height, mcu.height, grid.width, mcu.width).any(axis=(1, 3)))


def pixels_of(changed: Mask, mcu: Size, ring: int, size: Size) -> Mask:
    """True (rows, columns) for every pixel that may look different: of changed MCUs, and of the ring around them."""
    mask = np.repeat(np.repeat(changed, mcu.height, axis=0), mcu.width, axis=1)
    for _ in range(ring):
        wide = mask.copy()
        wide[1:] |= mask[:-1]
        wide[:-1] |= mask[1:]
        tall = wide.copy()
        tall[:, 1:] |= wide[:, :-1]
        tall[:, :-1] |= wide[:, 1:]
        mask = tall
    return mask[: size.height, : size.width]


def boxes_of(mask: Mask, mcu: Size, size: Size) -> tuple[Box, ...]:
    """The changed MCUs as boxes in pixels, one a run of each row, equal runs of rows joined; clipped to the image."""
    found: list[Box] = []
    open_runs: dict[tuple[int, int], int] = {}
    for y in range(mask.shape[0] + 1):
        row = mask[y] if y < mask.shape[0] else np.zeros(mask.shape[1], np.bool_)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0])))).tolist()
        runs = set(zip(edges[::2], edges[1::2], strict=True))
        for run in [run for run in open_runs if run not in runs]:
            top = open_runs.pop(run)
            found.append(Box(run[0] * mcu.width, top * mcu.height, min(run[1] * mcu.width, size.width),
                             min(y * mcu.height, size.height)))  # fmt: skip
        for run in runs:
            open_runs.setdefault(run, y)
    return tuple(sorted(found, key=lambda box: (box.top, box.left)))
