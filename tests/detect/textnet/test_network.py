"""The network around its weights: tiles without seams, any size, and weights that are not what they should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from dcmaudit.detect.textnet import RollingMaps, TextNet
from dcmaudit.detect.textnet.network import HIGH, MARGIN, WIDE, cells_of, spans
from dcmaudit.errors import EngineError
from support.lettering import lettered
from support.smallnet import write_net


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> TextNet:
    return TextNet(1, write_net(tmp_path_factory.mktemp("net")))


def textured(rows: int, columns: int, seed: int = 3) -> np.ndarray:
    """A picture with bright specks everywhere, so that every seam would show."""
    noise = np.random.default_rng(seed)
    picture = noise.integers(0, 120, (rows, columns)).astype(np.uint8)
    for _ in range(rows * columns // 2000):
        top, left = noise.integers(0, rows), noise.integers(0, columns)
        picture[top : top + 3, left : left + noise.integers(3, 30)] = 255
    return picture


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (16, 16), (33, 47), (512, 512), (1024, 1024)])
def test_maps_have_half_the_size_of_any_picture(net: TextNet, shape: tuple[int, int]) -> None:
    maps = net.maps(textured(*shape))
    half = (-(-shape[0] // 2), -(-shape[1] // 2))
    assert maps.ink.shape == maps.region.shape == half
    assert maps.ink.dtype == np.float32


def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, pixels in (("WIDE", 1152), ("HIGH", 832), ("WHOLE", 1 << 20)):
        monkeypatch.setattr(f"dcmaudit.detect.textnet.network.{name}", pixels)


@pytest.mark.parametrize("shape", [(1153, 1300), (1500, 2100), (1697, 1652), (30, 40_000)])
def test_tiles_leave_no_seam(net: TextNet, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int]) -> None:
    picture = textured(*shape)
    small_tiles(monkeypatch)
    before = net.pixels_seen
    tiled = net.maps(picture)
    assert net.pixels_seen - before > picture.size  # it was tiles
    monkeypatch.setattr("dcmaudit.detect.textnet.network.WHOLE", 1 << 30)
    whole = net.maps(picture)
    assert whole.ink.max() > 0.5
    np.testing.assert_allclose(tiled.ink, whole.ink, atol=1e-5)
    np.testing.assert_allclose(tiled.region, whole.region, atol=1e-5)


@pytest.mark.parametrize("most", [WIDE, HIGH])
@pytest.mark.parametrize("length", [1, HIGH, HIGH + 1, WIDE, WIDE + 1, WIDE + 16, 2000, 2048, 5000, 12345])
def test_every_pixel_counts_in_a_tile_and_no_tile_is_larger_than_allowed(length: int, most: int) -> None:
    covered = np.zeros(length, int)
    for span in spans(length, most):
        assert span.stop - span.start <= most
        assert (span.stop - span.start) % 16 == 0 or span.last
        assert span.start % 16 == 0
        first, last = span.kept()
        covered[first:last] += 1
        if not span.first:
            assert first - span.start == MARGIN
    assert covered.min() >= 1


def test_little_of_a_large_picture_is_looked_at_twice() -> None:
    assert [span.stop - span.start for span in spans(2048, WIDE)] == [2048]
    assert [span.stop - span.start for span in spans(4000, WIDE)] == [2176, 2176]
    for edge in (2048, 3072, 4096, 8192):
        looked = [sum(span.stop - span.start for span in spans(edge, most)) for most in (WIDE, HIGH)]
        assert looked[0] * looked[1] < 1.35 * edge**2


def test_colour_and_grey_of_the_same_picture_are_seen_alike(net: TextNet) -> None:
    grey = textured(100, 130)
    colour = np.repeat(grey[..., np.newaxis], 3, axis=2)
    np.testing.assert_allclose(net.maps(grey).ink, net.maps(colour).ink, atol=1e-6)


def test_a_picture_without_pixels_has_empty_maps(net: TextNet) -> None:
    assert net.maps(np.zeros((0, 8), np.uint8)).ink.shape == (0, 4)


def test_a_huge_picture_is_looked_at_in_parts_of_bounded_size(net: TextNet, monkeypatch: pytest.MonkeyPatch) -> None:
    run, sizes = net._run, []

    def counted(part: np.ndarray) -> np.ndarray:
        sizes.append(part.size)
        return run(part)

    monkeypatch.setattr(net, "_run", counted)
    net.maps(np.zeros((300, 20_000), np.uint8))
    assert max(sizes) <= WIDE * 300
    assert len(sizes) >= 10


def no_json(folder: Path) -> None:
    (folder / "weights.json").write_text("{")


def no_digest(folder: Path) -> None:
    (folder / "weights.json").write_text("[]")


def one_bit(folder: Path) -> None:
    data = bytearray((folder / "weights.onnx").read_bytes())
    data[200] ^= 1
    (folder / "weights.onnx").write_bytes(data)


def cut(folder: Path) -> None:
    (folder / "weights.onnx").write_bytes((folder / "weights.onnx").read_bytes()[:-100])


def no_network(folder: Path) -> None:
    import hashlib

    (folder / "weights.onnx").write_bytes(b"no network")
    (folder / "weights.json").write_text(json.dumps({"sha256": hashlib.sha256(b"no network").hexdigest()}))


@pytest.mark.parametrize("damage", [no_json, no_digest, one_bit, cut, no_network])
def test_damaged_weights_are_an_error_and_never_a_detector_that_finds_less(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = write_net(tmp_path / "net")
    TextNet(1, folder)
    damage(folder)
    with pytest.raises(EngineError) as caught:
        TextNet(1, folder)
    assert "install dcmaudit again" in str(caught.value)


@pytest.mark.parametrize("name", ["weights.onnx", "weights.json"])
def test_missing_weights_are_named(tmp_path: Path, name: str) -> None:
    folder = write_net(tmp_path / "net")
    (folder / name).unlink()
    with pytest.raises(EngineError, match=f"{name} of the text detector is missing"):
        TextNet(1, folder)


def test_a_network_that_gives_no_numbers_is_an_error(net: TextNet, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def run(self, _names: object, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
            _, rows, columns, _ = feed["cells"].shape
            return [np.full((1, 2, rows, columns), np.nan, np.float32)]

    monkeypatch.setattr(net, "_session", Broken())
    with pytest.raises(EngineError, match="no numbers"):
        net.maps(textured(64, 64))


def test_cells_are_squares_of_four_pixels_row_by_row_and_grey_counts_thrice() -> None:
    colour = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    cells = cells_of(colour)
    assert cells.shape == (1, 2, 3, 12)
    assert (cells[0, 1, 2].reshape(4, 3) == [colour[2, 4], colour[2, 5], colour[3, 4], colour[3, 5]]).all()
    assert (cells_of(colour[..., 1]) == cells_of(np.repeat(colour[..., 1:2], 3, axis=2))).all()


# --- cines


def frames(count: int, shape: tuple[int, int] = (512, 640)) -> list[np.ndarray]:
    """Still lettering at the top, and a moving, noisy square below."""
    still = lettered(shape, [("HOLLOWAY JUNE", 30, 60)])
    noise = np.random.default_rng(5)
    out = []
    for number in range(count):
        frame = still.copy()
        left = 100 + 10 * number
        frame[300:400, left : left + 100] = noise.integers(0, 255, (100, 100))
        out.append(frame)
    return out


def test_what_did_not_change_is_not_looked_at_again_and_what_did_is_seen_as_in_the_whole_frame(net: TextNet) -> None:
    rolling = RollingMaps(net)
    shown = frames(6)
    before = net.pixels_seen
    for frame in shown:
        rolling.maps(frame)
    assert net.pixels_seen - before < 0.5 * len(shown) * shown[0].size
    maps, whole = rolling.maps(shown[-1]), net.maps(shown[-1])
    # The surroundings that this network weighs reach a little beyond what is looked at again.
    assert np.abs(maps.ink - whole.ink).max() < 0.15
    assert ((maps.ink > 0.4) == (whole.ink > 0.4)).mean() > 0.999


def test_a_frame_that_is_the_same_costs_nothing(net: TextNet) -> None:
    rolling = RollingMaps(net)
    frame = frames(1)[0]
    rolling.maps(frame)
    before = net.pixels_seen
    rolling.maps(frame.copy())
    assert net.pixels_seen == before


def test_text_of_one_frame_is_seen_there_and_gone_in_the_next(net: TextNet) -> None:
    rolling = RollingMaps(net)
    plain = lettered((512, 640), [])
    text = lettered((512, 640), [("FENWICK", 300, 400)])
    assert rolling.maps(plain).ink.max() < 0.3
    assert rolling.maps(text).ink.max() > 0.5
    assert rolling.maps(plain).ink.max() < 0.3


def test_changes_too_small_to_count_add_up(net: TextNet) -> None:
    rolling = RollingMaps(net)
    target = lettered((256, 256), [("FENWICK", 60, 100)], ground=20)
    ground = lettered((256, 256), [], ground=20)
    for step in range(0, 241, 2):
        frame = np.minimum(target, ground.astype(int) + step).astype(np.uint8)
        maps = rolling.maps(frame)
    assert maps.ink.max() > 0.5


def test_a_frame_of_another_shape_is_looked_at_whole(net: TextNet) -> None:
    rolling = RollingMaps(net)
    rolling.maps(frames(1)[0])
    assert rolling.maps(textured(64, 80)).ink.shape == (32, 40)


def test_the_margin_of_a_tile_is_enough_for_the_trained_network(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 255, (880, 1400)).astype(np.uint8), (0, 0), 3)
    picture = np.asarray(noise, np.uint8)
    for left in range(0, 1400, 180):
        cv2.putText(picture, "SMITH 1950", (left, 430), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 1, cv2.LINE_AA)
    trained = TextNet(1)
    small_tiles(monkeypatch)
    tiled = trained.maps(picture)
    assert trained.pixels_seen > picture.size
    monkeypatch.setattr("dcmaudit.detect.textnet.network.WHOLE", 1 << 30)
    at_once = trained.maps(picture)
    assert at_once.ink.max() > 0.5
    # To the last bit: no cell depends on a pixel farther away than the margin.
    assert (tiled.ink == at_once.ink).all()
    assert (tiled.region == at_once.region).all()
