"""From a checkpoint to the file that dcmaudit carries."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.net import Net
from training.probe import made


class Cells(nn.Module):
    """The trained network for squares of 2 x 2 pixels: (1, h, w, 12) to maps (1, 2, h, w), the same numbers, sooner.

    The first convolution, 5 x 5 with stride 2 over three channels, is one of 3 x 3 over twelve. Given are pixels p as
    (p - 128) / 127.5, which is what the bytes are once they count in 8 bits; the half level that is missing is in
    the bias.
    """

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net
        conv, norm = net.stem[0], net.stem[1]
        wide = torch.zeros(conv.out_channels, 3, 6, 6)
        wide[:, :, :5, :5] = conv.weight.data
        cells = wide.reshape(-1, 3, 3, 2, 3, 2).permute(0, 3, 5, 1, 2, 4).reshape(-1, 12, 3, 3)
        scale = norm.weight.data / torch.sqrt(norm.running_var + norm.eps)
        self.stem = nn.Conv2d(12, conv.out_channels, 3, 1, 1)
        weight = (cells * scale[:, None, None, None]).contiguous()
        self.stem.weight.data = weight
        self.stem.bias.data = norm.bias.data - norm.running_mean * scale + weight.sum((1, 2, 3)) * (0.5 / 127.5)

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        """Probabilities of ink and of line regions."""
        return torch.sigmoid(self.net.body(torch.relu(self.stem(cells.permute(0, 3, 1, 2)))))


def export(state: dict[str, torch.Tensor], path: Path) -> None:
    """Write the network as ONNX: ``cells`` to ``maps``, any height and width."""
    net = Net()
    net.load_state_dict(state)
    sizes = {"cells": {1: "height", 2: "width"}, "maps": {2: "height", 3: "width"}}
    torch.onnx.export(
        Cells(net.eval()).eval(),
        (torch.zeros(1, 128, 128, 12),),
        str(path),
        input_names=["cells"],
        output_names=["maps"],
        dynamic_axes=sizes,
        opset_version=17,
        dynamo=False,
    )
    without_places(path)


def without_places(path: Path) -> None:
    """Take out what says nothing about the network: names of source files and versions of tools."""
    import onnx

    model = onnx.load(str(path))
    model.doc_string = ""
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.save(model, str(path))


def describe(path: Path, facts: dict[str, Any]) -> None:
    """Write ``weights.json`` beside the weights: checksum, a probe for other processors, how they came to be."""
    weights = path.read_bytes()
    described = {"sha256": hashlib.sha256(weights).hexdigest()} | facts | {"probe": made(weights).text()}
    path.with_suffix(".json").write_text(json.dumps(described, indent=1) + "\n")
