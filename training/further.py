"""A finished network trained further: on pieces from disk, in 16 bits where the processor has them, its norms held.

The norms are part of the convolutions here, as they are in the finished network: nothing is measured on a batch, and
a step takes a third of the time of ``train``. Every few minutes the network is scored by class on pieces of pictures
that are never trained on, and what is best by that is kept as well.
"""

from __future__ import annotations

import copy
import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.data import VALIDATION, families, judged
from training.export import export
from training.lacking import SHARES, Lacking
from training.mine import mine
from training.net import Net, held, loss_of, lost_of
from training.score import score
from training.stock import KINDS, Stock
from training.train import seeing


@dataclass(frozen=True)
class Options:
    """All that decides what comes out."""

    folder: Path
    seed: int = 11
    minutes: float = 40.0
    batch: int = 16
    rate: float = 4e-4
    threads: int = 1
    check_every: float = 8.0
    pieces: int = 24
    """Of each class in a check."""


def further(options: Options) -> None:
    """Train the network of ``folder/checkpoint.pt`` for the given minutes; ``last.onnx`` is written at every check."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    kept = torch.load(options.folder / "checkpoint.pt", weights_only=True)
    net = Net().to(memory_format=torch.channels_last)
    net.load_state_dict(kept["net"])
    held(net)
    slow, before = copy.deepcopy(net).eval(), copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=0.005)
    stock = Stock(options.folder, options.seed)
    check = pieces(options.folder, options.pieces)
    mine(seeing(slow), options.folder, options.seed)
    _log(options.folder, {"event": "start", "step": kept["step"], "minutes": options.minutes, "rate": options.rate})
    step, begun, checked, losses, spent = int(kept["step"]), time.monotonic(), 0.0, [], 0.0
    first = step
    while spent < options.minutes:
        rate = options.rate * _share(spent / options.minutes, step - first)
        for group in optimiser.param_groups:
            group["lr"] = rate
        losses.append(_step(net, slow, before, optimiser, stock.next(options.batch), step - first))
        step += 1
        spent = (time.monotonic() - begun) / 60
        if step % 100 == 0:
            entry = {"step": step, "minutes": round(spent, 2), "loss": round(float(np.mean(losses)), 4)}
            _log(options.folder, entry | {"rate": round(rate, 6), "pieces": len(stock)})
            losses = []
        if spent - checked >= options.check_every or spent >= options.minutes:
            _check(options, slow, check, step, spent, stock)
            checked = spent = (time.monotonic() - begun) / 60


def pieces(folder: Path, each: int) -> dict[str, list[Any]]:
    """By class, pieces of pictures that are never trained on."""
    made = Lacking(VALIDATION, judged(folder), families(VALIDATION, 60))
    return {kind: [made.crop(n, kind)[0] for n in range(each * (3 if kind == "plain" else 1))] for kind in SHARES}


def by_class(see: Any, check: dict[str, list[Any]]) -> dict[str, Any]:
    """Of each class what is found, strings, and what is covered beside; of those without text the area."""
    answer: dict[str, Any] = {}
    for kind, crops in check.items():
        found = score(see, crops)
        answer[kind] = {
            "recall": found["recall"].get("all"), "strings": found["strings"], "other": found["other_area"],
            "clean": found["clean_area"], "boxes": found["clean_boxes"],
        }  # fmt: skip
    return answer


def _share(part: float, step: int) -> float:
    """Warm up for 100 steps, hold, and in the second half of the time down along a cosine to a hundredth."""
    last = max(0.0, (min(1.0, part) - 0.5) * 2)
    return min(1.0, (step + 1) / 100) * (0.01 + 0.99 * (1 + math.cos(math.pi * last)) / 2)


def _step(net: Net, slow: Net, before: Net, optimiser: Any, drawn: Any, step: int) -> float:
    """What ``before`` knew of ordinary pieces is not to be lost."""
    batch, kinds = drawn
    picture, ink, region, counted = (torch.from_numpy(part) for part in batch)
    given = picture.permute(0, 3, 1, 2).float()
    ordinary = torch.from_numpy(np.flatnonzero(kinds == KINDS.index("plain")))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = net(given)
        with torch.no_grad():
            known = before(given[ordinary].contiguous(memory_format=torch.channels_last)).float()
    loss = loss_of(logits.float(), ink.float(), region.float(), counted.float())
    wanted = torch.stack([ink, region], 1)[ordinary] > 0
    loss = loss + lost_of(logits.float()[ordinary], known, wanted, counted[ordinary, None] > 0)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 3.0)
    optimiser.step()
    decay = min(0.998, (1 + step) / (10 + step))
    with torch.no_grad():
        for mine, theirs in zip(slow.parameters(), net.parameters(), strict=True):
            mine.lerp_(theirs, 1 - decay)
    return float(loss.detach())


def _check(options: Options, slow: Net, check: Any, step: int, spent: float, stock: Stock) -> None:
    start = time.monotonic()
    found = by_class(seeing(slow), check)
    mined = mine(seeing(slow), options.folder, options.seed + step)
    state = slow.state_dict()
    torch.save({"net": state, "slow": state, "step": step, "spent": spent, "grown": step}, options.folder / "new.pt")
    (options.folder / "new.pt").replace(options.folder / f"further-{step}.pt")
    export(state, options.folder / "last.onnx")
    entry = {"event": "check", "step": step, "minutes": round(spent, 2), "pieces": len(stock), "mined": mined}
    entry |= {"classes": found}
    _log(options.folder, entry | {"took": round(time.monotonic() - start, 1)})


def _log(folder: Path, entry: dict[str, Any]) -> None:
    line = json.dumps(entry)
    with (folder / "log.jsonl").open("a") as out:
        out.write(line + "\n")
    os.write(1, (line + "\n").encode())
