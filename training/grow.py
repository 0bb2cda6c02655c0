"""A larger network that begins where a smaller one ended: the same maps at first, with room to learn more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch

from training.net import Net


def grown(old: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state of a ``Net`` that gives the maps of the smaller one.

    New channels see what the old ones see, with weights of their own, and nobody listens to them yet.
    """
    new = Net().state_dict()
    for name, value in old.items():
        here = new[name]
        if here.shape == value.shape:
            here.copy_(value)
            continue
        if value.ndim == 4:
            if here.shape[1] > value.shape[1]:
                here[: value.shape[0], value.shape[1] :] = 0
            here[: value.shape[0], : value.shape[1]] = value
        else:
            here[: value.shape[0]] = value
    return new


def grow(source: Path, target: Path) -> None:
    """Begin a training in the folder ``target`` where that of ``source`` stands; its optimiser begins anew.

    The log goes on; mined grounds are made again. SystemExit where ``target`` holds a training already: none is ever
    overwritten.
    """
    if (target / "checkpoint.pt").exists():
        raise SystemExit(f"{target} holds a training already: give another folder")
    state = torch.load(source / "checkpoint.pt", weights_only=True)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "log.jsonl", target / "log.jsonl")
    net = grown(state["net"])
    with (target / "log.jsonl").open("a") as log:
        log.write(json.dumps({"event": "grow", "step": state["step"], "minutes": round(state["spent"], 2)}) + "\n")
    torch.save(
        {
            "net": net,
            "slow": grown(state["slow"]),
            "step": state["step"],
            "spent": state["spent"],
            "grown": state["step"],
        },
        target / "checkpoint.pt",
    )
