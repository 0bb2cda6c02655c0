"""Weights between those of the package and those of a training that went on from them: much of what was learnt, and
little of what was forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from training.begin import begun

State = dict[str, torch.Tensor]


def mixed(old: State, new: State, share: float) -> State:
    """``old`` at a ``share`` of 0, ``new`` at 1; both of one network. What counts whole numbers is ``old``'s."""
    if not 0 <= share <= 1:
        raise SystemExit(f"a share of {share:g}: it must be from 0 to 1")
    if old.keys() != new.keys():
        raise SystemExit("the two are not of the same network")
    return {name: one.lerp(new[name], share) if one.is_floating_point() else one for name, one in old.items()}


def between(weights: Path, checkpoint: Path, folder: Path, share: float) -> None:
    """Put the weights between the 8-bit ``weights`` and a ``checkpoint`` of ``further`` into ``folder``.

    It then holds ``checkpoint.pt``, ``last.onnx`` and a log, as if it had been trained; SystemExit where it holds one
    already.
    """
    from training.export import export

    if (folder / "checkpoint.pt").exists():
        raise SystemExit(f"{folder} holds a training already: give another folder")
    kept = torch.load(checkpoint, weights_only=True)
    state = mixed(begun(weights), kept["slow"], share)
    folder.mkdir(parents=True, exist_ok=True)
    export(state, folder / "last.onnx")
    lines = [*_until(checkpoint.parent / "log.jsonl", kept["step"]), {"event": "between", "share": share}]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    torch.save(dict(kept) | {"net": state, "slow": state}, folder / "checkpoint.pt")


def _until(log: Path, step: int) -> list[dict[str, Any]]:
    """What was logged up to the check of this step."""
    found: list[dict[str, Any]] = []
    for line in log.read_text().splitlines():
        found.append(json.loads(line))
        if found[-1].get("event") == "check" and found[-1]["step"] == step:
            return found
    raise SystemExit(f"{log} tells of no check at step {step}: the checkpoint belongs into the folder of its training")
