"""The quantised DCT coefficients of a sequential JPEG, for comparing two codestreams block by block."""

from __future__ import annotations

import numpy as np

from dcmaudit.codecs.jpeg.entropy import Walker, scan_plan
from dcmaudit.codecs.jpeg.markers import Codestream, Scan, parse
from dcmaudit.codecs.jpeg.soundness import dc_limits, note_sound
from dcmaudit.codecs.jpeg.walk import Blocks

Ends = list[list[int]]
"""For each scan the number of bits that the blocks of each restart interval take."""


def coefficients(codestream: bytes) -> list[Blocks]:
    """The quantised coefficients of each component of the frame header, in its order.

    Axes (block rows, block columns, 64), int16; the 64 run row by row over the frequencies (index 8 * v + u).
    Blocks that only fill up the last MCU are included; those that a scan of one component does not code are 0.
    Raises DecodeError as ``redact_blocks`` does, and for damage anywhere in the entropy-coded data.
    """
    return coefficients_and_ends(codestream)[0]


def coefficients_and_ends(codestream: bytes) -> tuple[list[Blocks], Ends]:
    """``coefficients``, and how many bits of the entropy-coded data they were read from."""
    stream = parse(codestream)
    ends: Ends = []
    found = [np.zeros((c.blocks_y, c.blocks_x, 64), np.int16) for c in stream.components]
    for scan in stream.scans:
        mcus, positions = _scanned(stream, scan)
        ends.append(positions)
        slots = [place for place, _ in scan_plan(stream, scan)]
        for place, component in enumerate(scan.components):
            first, count = slots.index(place), slots.count(place)
            h = stream.factors(component.index)[0] if scan.interleaved else 1
            v = count // h
            blocks = mcus[:, :, first : first + count].reshape(scan.mcus_y, scan.mcus_x, v, h, 64)
            blocks = blocks.transpose(0, 2, 1, 3, 4)
            target = found[component.index][: scan.mcus_y * v, : scan.mcus_x * h]
            # Interleaved scans may have blocks beyond the component's own, to fill their last MCUs (T.81 A.2.4).
            if target.flags.c_contiguous:  # all of the component: copied once, straight to its place
                target.reshape(blocks.shape)[...] = blocks
            else:
                target[...] = blocks.reshape(target.shape)
    limits = {c.index: limit for scan in stream.scans
              for c, limit in zip(scan.components, dc_limits(stream, scan), strict=True)}  # fmt: skip
    # What was just walked over need not be walked over again by whoever asks whether it is sound.
    if all(int(np.abs(blocks[..., 0].astype(np.int32)).max()) <= limits[i] for i, blocks in enumerate(found)):
        note_sound(codestream)
    return found, ends


def _scanned(stream: Codestream, scan: Scan) -> tuple[Blocks, list[int]]:
    """The blocks of a scan, axes (MCU rows, MCU columns, block of the MCU, 64), and the bits of each interval."""
    ends: list[int] = []
    plan = scan_plan(stream, scan)
    out = np.zeros((scan.mcus_y * scan.mcus_x, len(plan), 64), np.int16)
    for interval in scan.intervals:
        walker = Walker(stream.data[interval.start : interval.end], len(scan.components), plan)
        here = out[interval.first : interval.first + interval.count].reshape(-1, 64)
        walker.skip(interval.count, here)
        walker.require_end()
        ends.append(walker.position)
    return out.reshape(scan.mcus_y, scan.mcus_x, len(plan), 64), ends
