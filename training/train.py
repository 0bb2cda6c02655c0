"""The training itself: seeded, goes on from its last checkpoint, writes what it does as JSON lines."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from training.data import Plan, Stream, judging
from training.export import export
from training.mine import mine
from training.net import Net, loss_of
from training.score import score


@dataclass(frozen=True)
class Options:
    """All that decides what comes out."""

    folder: Path
    seed: int = 11
    minutes: float = 75.0
    batch: int = 16
    fresh: int = 10
    families: int = 1600
    rate: float = 1.5e-3
    threads: int = 2
    check_every: float = 6.0
    """Minutes between checks, each with mining and a checkpoint."""


def train(options: Options) -> None:
    """Train for the given minutes, those before an interruption included; ``last.onnx`` is written at every check."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    options.folder.mkdir(parents=True, exist_ok=True)
    net = Net().to(memory_format=torch.channels_last)
    slow = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=0.01)
    step, spent, grown = 0, 0.0, 0
    saved = options.folder / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        net.load_state_dict(state["net"])
        slow.load_state_dict(state["slow"])
        grown = state.get("grown", 0)
        if "optimiser" in state:
            optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    plan = Plan(options.seed, options.batch, options.fresh, options.families, options.folder)
    judge = judging(options.folder)
    check = [judge.crop(n, empty=0.4) for n in range(240)]
    _log(options.folder, {"event": "start", "step": step, "spent": round(spent, 2)} | _plain(options))
    stream = Stream(plan, step)
    try:
        _loop(options, net, slow, optimiser, stream, check, step, spent, grown)
    finally:
        stream.close()


def _loop(
    options: Options,
    net: Net,
    slow: Net,
    optimiser: Any,
    stream: Stream,
    check: Any,
    step: int,
    spent: float,
    grown: int,
) -> None:
    batch = stream.next()  # waits until the strings are drawn
    begun = time.monotonic() - spent * 60
    checked, losses = spent, []
    while spent < options.minutes:
        rate = options.rate * _share(spent / options.minutes, step - grown)
        for group in optimiser.param_groups:
            group["lr"] = rate
        losses.append(_step(net, slow, optimiser, batch, step))
        batch = stream.next()
        step += 1
        spent = (time.monotonic() - begun) / 60
        if step % 100 == 0:
            _log(
                options.folder,
                {
                    "step": step,
                    "minutes": round(spent, 2),
                    "loss": round(float(np.mean(losses)), 4),
                    "rate": round(rate, 6),
                },
            )
            losses = []
        if spent - checked >= options.check_every or spent >= options.minutes:
            checked = spent
            _check(options, net, slow, optimiser, stream, check, step, spent, grown)


def _share(part: float, step: int) -> float:
    """Warm up for 200 steps, hold, and in the last fifth of the time down along a cosine to a hundredth."""
    last = max(0.0, (min(1.0, part) - 0.8) * 5)
    return min(1.0, (step + 1) / 200) * (0.01 + 0.99 * (1 + math.cos(math.pi * last)) / 2)


def _step(net: Net, slow: Net, optimiser: Any, batch: Any, step: int) -> float:
    picture, ink, region, counted = (torch.from_numpy(part) for part in batch)
    net.train()
    given = picture.permute(0, 3, 1, 2).float()  # memory is channels-last already
    logits = net(given)
    loss = loss_of(logits, ink.float(), region.float(), counted.float())
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 3.0)
    optimiser.step()
    decay = min(0.998, (1 + step) / (10 + step))
    with torch.no_grad():
        for (name, mine_), theirs in zip(slow.state_dict().items(), net.state_dict().values(), strict=True):
            if name.endswith("num_batches_tracked"):
                mine_.copy_(theirs)
            else:
                mine_.lerp_(theirs, 1 - decay)
    return float(loss.detach())


def seeing(net: Net) -> Any:
    """A function from a picture (edges multiples of 16) to its two maps."""

    def see(picture: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        with torch.inference_mode():
            given = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float()
            maps = torch.sigmoid(net(given.contiguous(memory_format=torch.channels_last)))[0].numpy()
        return np.ascontiguousarray(maps[0]), np.ascontiguousarray(maps[1])

    return see


def _check(
    options: Options,
    net: Net,
    slow: Net,
    optimiser: Any,
    stream: Stream,
    check: Any,
    step: int,
    spent: float,
    grown: int,
) -> None:
    slow.eval()
    start = time.monotonic()
    result = score(seeing(slow), check)
    count = mine(seeing(slow), options.folder, options.seed + step)
    stream.mined()
    new = options.folder / "checkpoint.new"
    torch.save(
        {
            "net": net.state_dict(),
            "slow": slow.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": step,
            "spent": spent,
            "grown": grown,
        },
        new,
    )
    new.replace(options.folder / "checkpoint.pt")
    export(slow.state_dict(), options.folder / "last.onnx")
    _log(
        options.folder,
        {
            "event": "check",
            "step": step,
            "minutes": round(spent, 2),
            "mined": count,
            "took": round(time.monotonic() - start, 1),
        }
        | result,
    )


def _plain(options: Options) -> dict[str, Any]:
    return {name: value for name, value in asdict(options).items() if name != "folder"}


def _log(folder: Path, entry: dict[str, Any]) -> None:
    line = json.dumps(entry)
    with (folder / "log.jsonl").open("a") as out:
        out.write(line + "\n")
    os.write(1, (line + "\n").encode())
