"""What is exported says the same as what was trained, in fractions and in bytes (where the training's tools are)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

torch = pytest.importorskip("torch", reason="torch belongs to training/requirements.txt")
pytest.importorskip("onnx", reason="onnx belongs to training/requirements.txt")


def _run(path: Path, cells: np.ndarray) -> np.ndarray:
    from dcmaudit.detect import inference

    return np.asarray(inference.session(path.read_bytes(), 1).run(None, {"cells": cells})[0])


@pytest.mark.filterwarnings("ignore")
def test_what_is_exported_gives_the_maps_of_what_was_trained(tmp_path: Path) -> None:
    from training.data import maker
    from training.export import export
    from training.net import Net
    from training.quantize import quantize

    from dcmaudit.detect.textnet.network import cells_of

    torch.manual_seed(1)
    net = Net()
    picture = maker(5, 12, tmp_path).crop(3).picture
    given = torch.from_numpy(picture.transpose(2, 0, 1)[np.newaxis].copy()).float()
    with torch.no_grad():
        for _ in range(60):  # lets the norms see the data
            net(given)
        net.eval()
        net.out.bias.fill_(0.0)
        wanted = torch.sigmoid(net(given)).numpy()
    export(net.state_dict(), tmp_path / "whole.onnx")
    cells = cells_of(picture)
    np.testing.assert_allclose(
        _run(tmp_path / "whole.onnx", (cells.astype(np.float32) - 128) / 127.5), wanted, atol=0.01
    )
    quantize(tmp_path / "whole.onnx", tmp_path / "bytes.onnx", tmp_path)
    found = _run(tmp_path / "bytes.onnx", cells)
    assert np.abs(found - wanted).mean() < 0.03
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.97
    assert _run(tmp_path / "bytes.onnx", cells[:, :96, :48]).shape == (1, 2, 96, 48)
