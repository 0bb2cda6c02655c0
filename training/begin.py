"""A training that goes on from the weights in the package: the 8-bit network as numbers that can be trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.net import Net

Numbers = npt.NDArray[np.float32]


def begun(weights: Path) -> dict[str, torch.Tensor]:
    """The state of a ``Net`` that gives the maps of the network in ``weights``, but for the rounding of its steps.

    What its convolutions were multiplied with is split: the weights are as large as those of a new network, and the
    rest is in the norms, so that one step of training means the same in every channel.
    """
    import onnx

    net = Net()
    state = net.state_dict()
    norms = dict(_pairs(net))
    for name, (weight, bias) in zip(_order(net), _convolutions(onnx.load(str(weights))), strict=True):
        given, offset = torch.from_numpy(weight), torch.from_numpy(bias)
        if name == "stem.0":
            offset = offset - given.sum((1, 2, 3)) * (0.5 / 127.5)
            given = _stem(given)
        if name not in norms:
            state[f"{name}.weight"].copy_(given)
            state[f"{name}.bias"].copy_(offset)
            continue
        norm = norms[name]
        usual = (1 / (3 * given[0].numel())) ** 0.5
        scale = given.flatten(1).std(1).clamp_min(1e-6) / usual
        state[f"{name}.weight"].copy_(given / scale[:, None, None, None])
        state[f"{norm}.weight"].copy_(scale)
        state[f"{norm}.bias"].copy_(offset)
        state[f"{norm}.running_mean"].zero_()
        state[f"{norm}.running_var"].fill_(1 - 1e-5)
    return state


def _stem(cells: torch.Tensor) -> torch.Tensor:
    """The first convolution over squares of pixels as one of 5 x 5 over colours: the way back of ``export.Cells``."""
    wide = cells.reshape(-1, 2, 2, 3, 3, 3).permute(0, 3, 4, 1, 5, 2).reshape(-1, 3, 6, 6)
    return wide[:, :, :5, :5].contiguous()


def _order(net: Net) -> list[str]:
    """The convolutions in the order in which they are run."""
    seen: list[str] = []
    names = {id(module): name for name, module in net.named_modules()}
    hooks = [
        module.register_forward_hook(lambda one, *_: seen.append(names[id(one)]))
        for module in net.modules()
        if isinstance(module, nn.Conv2d)
    ]
    with torch.no_grad():
        net(torch.zeros(1, 3, 32, 32))
    for hook in hooks:
        hook.remove()
    return seen


def _pairs(net: Net) -> list[tuple[str, str]]:
    """Each convolution that has a norm, and the norm."""
    found = []
    for name, module in net.named_modules():
        if hasattr(module, "conv") and hasattr(module, "norm"):
            found.append((f"{name}.conv", f"{name}.norm"))
    return [("stem.0", "stem.1"), *found]


def _convolutions(model: Any) -> list[tuple[Numbers, Numbers]]:
    """Weights and bias of each, as fractions."""
    from onnx import numpy_helper

    values = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    made_by = {name: node for node in model.graph.node for name in node.output}

    def whole(name: str) -> Numbers:
        if name in values:
            return np.asarray(values[name], np.float32)
        step = made_by[name]
        scale = np.asarray(values[step.input[1]], np.float32)
        number = np.asarray(values[step.input[0]], np.float32)
        return np.asarray(number * scale.reshape(-1, *[1] * (number.ndim - 1)), np.float32)

    return [(whole(node.input[1]), whole(node.input[2])) for node in model.graph.node if node.op_type == "Conv"]


def begin(weights: Path, folder: Path, checkpoint: Path | None = None) -> None:
    """Write the first checkpoint of a training in ``folder``: of ``weights``, or of a ``checkpoint`` of ``further``.

    SystemExit where the folder holds one already.
    """
    target = folder / "checkpoint.pt"
    if target.exists():
        raise SystemExit(f"{folder} holds a training already: give another folder")
    folder.mkdir(parents=True, exist_ok=True)
    if checkpoint is not None:
        kept = torch.load(checkpoint, weights_only=True)
        torch.save(dict(kept) | {"net": kept["slow"], "spent": 0.0}, target)
        return
    described = json.loads(weights.with_suffix(".json").read_text("utf-8"))
    step = int(described["last check"]["step"])
    state = begun(weights)
    torch.save({"net": state, "slow": state, "step": step, "spent": 0.0, "grown": step}, target)
