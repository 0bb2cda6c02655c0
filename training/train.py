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


@dataclass
class State:
    """What a checkpoint holds: the network, its slow average, and how far they are."""

    net: Net
    slow: Net
    optimiser: Any
    step: int = 0
    spent: float = 0.0
    """Minutes."""
    grown: int = 0
    """The step at which the network became larger."""

    def load(self, path: Path) -> None:
        """Go on where a checkpoint stands; that of a network that has just grown has no optimiser."""
        kept = torch.load(path, weights_only=True)
        self.net.load_state_dict(kept["net"])
        self.slow.load_state_dict(kept["slow"])
        if "optimiser" in kept:
            self.optimiser.load_state_dict(kept["optimiser"])
        self.step, self.spent, self.grown = kept["step"], kept["spent"], kept.get("grown", 0)

    def save(self, path: Path) -> None:
        """Write a checkpoint: the old one stays until the new one is whole."""
        parts = {"net": self.net, "slow": self.slow, "optimiser": self.optimiser}
        new = path.with_suffix(".new")
        torch.save(
            {name: part.state_dict() for name, part in parts.items()}
            | {"step": self.step, "spent": self.spent, "grown": self.grown},
            new,
        )
        new.replace(path)


def train(options: Options) -> None:
    """Train for the given minutes, those before an interruption included; ``last.onnx`` is written at every check."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    options.folder.mkdir(parents=True, exist_ok=True)
    net = Net().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=0.01)
    state = State(net, copy.deepcopy(net).eval(), optimiser)
    saved = options.folder / "checkpoint.pt"
    if saved.exists():
        state.load(saved)
    plan = Plan(options.seed, options.batch, options.fresh, options.families, options.folder)
    judge = judging(options.folder)
    check = [judge.crop(n, empty=0.4) for n in range(240)]
    _log(options.folder, {"event": "start", "step": state.step, "spent": round(state.spent, 2)} | _plain(options))
    stream = Stream(plan, state.step)
    try:
        _loop(options, state, stream, check)
    finally:
        stream.close()


def _loop(options: Options, state: State, stream: Stream, check: Any) -> None:
    batch = stream.next()  # waits until the strings are drawn
    begun = time.monotonic() - state.spent * 60
    checked, losses = state.spent, []
    while state.spent < options.minutes:
        rate = options.rate * _share(state.spent / options.minutes, state.step - state.grown)
        for group in state.optimiser.param_groups:
            group["lr"] = rate
        losses.append(_step(state.net, state.slow, state.optimiser, batch, state.step))
        batch = stream.next()
        state.step += 1
        state.spent = (time.monotonic() - begun) / 60
        if state.step % 100 == 0:
            entry = {"step": state.step, "minutes": round(state.spent, 2)}
            _log(options.folder, entry | {"loss": round(float(np.mean(losses)), 4), "rate": round(rate, 6)})
            losses = []
        if state.spent - checked >= options.check_every or state.spent >= options.minutes:
            checked = state.spent
            _check(options, state, stream, check)


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


def _check(options: Options, state: State, stream: Stream, check: Any) -> None:
    state.slow.eval()
    start = time.monotonic()
    result = score(seeing(state.slow), check)
    count = mine(seeing(state.slow), options.folder, options.seed + state.step)
    stream.mined()
    state.save(options.folder / "checkpoint.pt")
    export(state.slow.state_dict(), options.folder / "last.onnx")
    entry = {"event": "check", "step": state.step, "minutes": round(state.spent, 2), "mined": count}
    _log(options.folder, entry | {"took": round(time.monotonic() - start, 1)} | result)


def _plain(options: Options) -> dict[str, Any]:
    return {name: value for name, value in asdict(options).items() if name != "folder"}


def _log(folder: Path, entry: dict[str, Any]) -> None:
    line = json.dumps(entry)
    with (folder / "log.jsonl").open("a") as out:
        out.write(line + "\n")
    os.write(1, (line + "\n").encode())
