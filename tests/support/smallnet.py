"""A small network of the text detector's shape, for tests of what is done around it: bright strokes are ink.

Written down as the bytes of an ONNX file, so that no test needs a library that makes such files.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from dcmaudit.detect import inference
from dcmaudit.detect.textnet.network import cells_of
from dcmaudit.detect.textnet.probe import Probe, digest

_FLOAT, _UINT8 = 1, 2  # TensorProto.DataType

WIDTH = 31
"""Edge, at half size, of the surroundings whose brightness counts against a pixel: what makes a seam show."""


def write_net(folder: Path) -> Path:
    """The network and its description in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = network()
    (folder / "weights.onnx").write_bytes(weights)
    described = {"sha256": hashlib.sha256(weights).hexdigest(), "probe": probe(weights).text()}
    (folder / "weights.json").write_text(json.dumps(described))
    return folder


def probe(weights: bytes) -> Probe:
    """A small picture, and the answer of this processor."""
    picture = np.zeros((32, 48, 3), np.uint8)
    picture[8:24:4, 8:40] = 255
    (maps,) = inference.session(weights, 1).run(["maps"], {"cells": cells_of(picture)})
    return Probe(picture, digest(maps))


def network() -> bytes:
    """Ink is what is brighter than about 200 and its surroundings; the region is thinner and joins ink along a line."""
    pad = WIDTH // 2
    nodes = [
        _node("Cast", ["cells"], "numbers", [_int("to", 1)]),
        _node("Transpose", ["numbers"], "planes", [_ints("perm", [0, 3, 1, 2])]),
        _node("Conv", ["planes", "weight", "bias"], "raw", [_ints("kernel_shape", [1, 1])]),
        _node("Sigmoid", ["raw"], "bright"),
        _node("AveragePool", ["bright"], "around",
              [_ints("kernel_shape", [WIDTH, WIDTH]), _ints("pads", [pad] * 4), _int("count_include_pad", 1)]),
        _node("Mul", ["around", "third"], "less"),
        _node("Sub", ["bright", "less"], "difference"),
        _node("Relu", ["difference"], "ink"),
        _node("Neg", ["ink"], "dark"),
        _node("MaxPool", ["dark"], "wide", [_ints("kernel_shape", [3, 1]), _ints("pads", [1, 0, 1, 0])]),
        _node("Neg", ["wide"], "thin"),
        _node("MaxPool", ["thin"], "region", [_ints("kernel_shape", [1, 9]), _ints("pads", [0, 4, 0, 4])]),
        _node("Concat", ["ink", "region"], "maps", [_int("axis", 1)]),
    ]  # fmt: skip
    tensors = [
        _tensor("weight", [1, 12, 1, 1], [30 / 255 / 12] * 12),
        _tensor("bias", [1], [-24.0]),
        _tensor("third", [1], [1 / 3]),
    ]
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, b"small") + b"".join(_bytes(5, t) for t in tensors)
    graph += _bytes(11, _value("cells", [1, "h", "w", 12], _UINT8))
    graph += _bytes(12, _value("maps", [1, 2, "h", "w"], _FLOAT))
    return _varint_field(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _varint_field(2, 13))


def _varint(number: int) -> bytes:
    out = bytearray()
    while True:
        out.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(out)


def _varint_field(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _node(kind: str, inputs: Iterable[str], output: str, attributes: Iterable[bytes] = ()) -> bytes:
    named = b"".join(_bytes(1, name.encode()) for name in inputs) + _bytes(2, output.encode())
    return named + _bytes(4, kind.encode()) + b"".join(_bytes(5, one) for one in attributes)


def _int(name: str, value: int) -> bytes:
    return _bytes(1, name.encode()) + _varint_field(3, value) + _varint_field(20, 2)


def _ints(name: str, values: Iterable[int]) -> bytes:
    return _bytes(1, name.encode()) + b"".join(_varint_field(8, value) for value in values) + _varint_field(20, 7)


def _tensor(name: str, shape: Iterable[int], values: list[float]) -> bytes:
    dims = b"".join(_varint_field(1, edge) for edge in shape)
    return dims + _varint_field(2, 1) + _bytes(8, name.encode()) + _bytes(9, struct.pack(f"<{len(values)}f", *values))


def _value(name: str, shape: Iterable[int | str], kind: int) -> bytes:
    dims = b"".join(
        _bytes(1, _varint_field(1, edge) if isinstance(edge, int) else _bytes(2, edge.encode())) for edge in shape
    )
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, _varint_field(1, kind) + _bytes(2, dims)))
