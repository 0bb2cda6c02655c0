"""From a checkpoint to the file that dcmaudit carries."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch

from training.net import Maps, Net


def export(state: dict[str, torch.Tensor], path: Path) -> None:
    """Write the network as ONNX: ``picture`` to ``maps``, any height and width."""
    net = Net()
    net.load_state_dict(state)
    model = Maps(net).eval()
    sizes = {"picture": {2: "height", 3: "width"}, "maps": {2: "half_height", 3: "half_width"}}
    torch.onnx.export(
        model,
        (torch.zeros(1, 3, 256, 256),),
        str(path),
        input_names=["picture"],
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
    """Write ``weights.json`` beside the weights: their checksum, and how they came to be."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps({"sha256": digest} | facts, indent=1) + "\n")
