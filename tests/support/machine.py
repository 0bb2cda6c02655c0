"""What figures were measured on: the processor with what it can do, its cores, and what else they did."""

from __future__ import annotations

import os
from pathlib import Path

TELLING = ("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm")
"""Flags that decide which of its ways a library computes in."""


def machine() -> dict[str, object]:
    """For the one JSON line of a bench."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    told = {name.strip(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    has = set((told.get("flags") or told.get("Features") or "").split())
    return {
        "cpu": told.get("model name", ""),
        "flags": [flag for flag in TELLING if flag in has],
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
