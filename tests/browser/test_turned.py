"""A view that is turned or mirrored: the same pixels in other places, marks on the plane, and what counts as seen."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import expect

from support.face import Face, StartFace
from support.files import dataset, file_bytes

Cells = npt.NDArray[np.uint8]
WAYS = {
    "d": lambda cells: np.rot90(cells, -1),
    "dd": lambda cells: np.rot90(cells, 2),
    "D": np.rot90,
    "m": np.fliplr,
    "dm": lambda cells: np.fliplr(np.rot90(cells, -1)),
    "mDd": np.fliplr,
}


def file(path: Path, *planes: Cells) -> Path:
    cells = planes[0] if len(planes) == 1 else np.stack(planes)
    more = {"frames": len(planes)} if len(planes) > 1 else {}
    path.write_bytes(file_bytes(dataset(cells, **more)))
    return path


def _values() -> Cells:
    """Every value of 8 bits, on 16 rows and 20 columns of blocks, no two ways round alike."""
    blocks = np.zeros((16, 20), np.uint8)
    blocks[:, :16] = np.arange(256).reshape(16, 16)
    blocks[3, 17] = 255
    return np.kron(blocks, np.ones((12, 12), np.uint8))


def stage(face: Face) -> npt.NDArray[np.uint8]:
    """The lower canvas, (rows, columns, 3)."""
    data = face.page.evaluate("() => document.querySelector('canvas.picture').toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data.split(",")[1]))).convert("RGB"))


def plane_on(face: Face) -> Cells:
    """What of the stage is no ground, cut to the rows and columns that are wholly of the plane."""
    picture = stage(face)
    is_plane = (picture[..., 0] == picture[..., 1]) & (picture[..., 1] == picture[..., 2])
    rows, columns = np.nonzero(is_plane.any(axis=1))[0], np.nonzero(is_plane.any(axis=0))[0]
    return np.asarray(picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, 0])


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("keys", WAYS)
def test_value_v_paints_v_whichever_way_it_is_turned(start: StartFace, tmp_path: Path, keys: str, ratio: float) -> None:
    cells = _values()
    face = start(file(tmp_path / "one.dcm", cells), device_scale_factor=ratio)
    face.plane("frame 1/1")
    face.press("1", *keys)
    face.page.wait_for_timeout(300)
    found = plane_on(face)
    assert np.array_equal(found, WAYS[keys](cells))
    face.press("0")
    expect(face.at("#statusview")).to_contain_text("fit")
    face.page.wait_for_timeout(400)
    fitted = plane_on(face)
    wanted = WAYS[keys](cells)
    scale = fitted.shape[0] / wanted.shape[0]
    for row in range(6, wanted.shape[0], 12):
        for column in range(6, wanted.shape[1], 12):
            assert fitted[int(row * scale), int(column * scale)] == wanted[row, column]


def test_a_mark_on_a_turned_view_is_where_it_was_drawn(start: StartFace, tmp_path: Path) -> None:
    cells = np.full((200, 300), 200, np.uint8)
    cells[0, 0], cells[0, 1] = 1, 255
    face = start(file(tmp_path / "one.dcm", cells))
    face.plane("frame 1/1")
    face.press("d", "1")
    face.page.wait_for_timeout(300)
    area = face.at("#stage canvas.marks").bounding_box()
    assert area is not None
    # 200 wide and 300 high on the screen now, in the middle
    left, top = area["x"] + area["width"] / 2 - 100, area["y"] + area["height"] / 2 - 150
    face.drag((left + 20, top + 30), (left + 70, top + 50))
    face.press("r")
    expect(face.at(".rect")).to_have_count(1)
    box = face.state()["rects"][0]["box"]
    # what is 20 from the left of the screen is 20 from the bottom of the plane
    assert np.abs(np.subtract(box, [30, 130, 50, 180])).max() <= 1
    face.press("h")
    black = plane_on(face) == 0
    black[:2] = False  # the two values that are there for the range
    assert black.shape == (300, 200)
    rows, columns = np.nonzero(black)
    assert np.abs(np.subtract([rows[0], columns[0], rows[-1] + 1, columns[-1] + 1], [30, 20, 50, 70])).max() <= 1
    face.picture("turned-mark")
    # an arrow moves it as the screen is
    face.press("ArrowRight", "ArrowRight")
    face.page.wait_for_timeout(400)
    moved = face.state()["handled"]["box"]
    assert moved == [box[0], box[1] - 2, box[2], box[3] - 2]
    face.press("Control+ArrowDown")
    face.page.wait_for_timeout(400)
    assert face.state()["handled"]["box"] == [moved[0], moved[1], moved[2] + 1, moved[3]]


def test_a_part_that_was_seen_of_a_turned_view_is_that_part_of_the_plane(start: StartFace, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    face = start(file(tmp_path / "one.dcm", rng.integers(0, 255, (2000, 3000)).astype(np.uint8)))
    face.plane("frame 1/1")
    face.press("d", "1")
    area = face.at("#stage canvas.marks").bounding_box()
    assert area is not None
    # to the upper right of the screen: the upper left of the plane
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    across, down = 1000 - area["width"] / 2, 1500 - area["height"] / 2
    for _ in range(6):
        face.page.mouse.move(x, y - 100)
        face.page.mouse.down(button="middle")
        face.page.mouse.move(x - across / 6, y - 100 + down / 6, steps=3)
        face.page.mouse.up(button="middle")
    face.wait_until(lambda: face.state()["plane"]["map"] is not None)
    face.page.wait_for_timeout(800)
    cells = np.array([[int(cell) for cell in row] for row in face.state()["plane"]["map"]])
    rows, columns = np.nonzero(cells)
    corner = (rows < cells.shape[0] / 2) & (columns < cells.shape[1] / 2)
    assert cells[1, 1] == 1, "the corner that was looked at last"
    assert corner.any()
    assert not cells[-3:, -3:].any()
    face.picture("turned-map")


def test_planes_of_a_held_key_come_turned_and_the_next_file_is_upright(start: StartFace, tmp_path: Path) -> None:
    planes = [np.full((120, 160), 3 * number, np.uint8) for number in range(1, 60)]
    for number, plane in enumerate(planes):
        plane[:10, :20] = 255 - number
        plane[-1, -2:] = 0, 255
    one = file(tmp_path / "one.dcm", *planes)
    two = file(tmp_path / "two.dcm", planes[0])
    face = start(one, two)
    face.plane("frame 1/59")
    face.press("m", "1")
    face.page.evaluate("""() => {
      window.levels = [];
      const canvas = document.querySelector("canvas.picture");
      document.addEventListener("plane-painted", ({ detail }) => {
        const at = [Math.floor(canvas.width / 2), Math.floor(canvas.height / 2)];
        const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, ...at, 1, 1, 0, 0, 1, 1);
        window.levels.push([Number(detail.key.slice(1)), copy.getImageData(0, 0, 1, 1).data[0]]);
      });
    }""")
    face.page.keyboard.press("k")
    for _ in range(30):
        face.page.keyboard.down("n")
        face.page.wait_for_timeout(15)
    face.page.keyboard.up("n")
    face.page.wait_for_timeout(500)
    levels = face.page.evaluate("() => window.levels")
    assert len(levels) > 5
    assert all(level == 3 * (number + 1) for number, level in levels)
    last = levels[-1][0]
    found = plane_on(face)
    assert np.array_equal(found, np.fliplr(planes[last]))
    expect(face.at("#statusview")).to_contain_text("mirrored")
    face.press("Escape")
    face.plane("frame 1/1")
    expect(face.at("#statusview")).not_to_contain_text("mirrored")
    face.press("1")
    face.page.wait_for_timeout(200)
    assert np.array_equal(plane_on(face), planes[0])


def test_a_series_that_is_one_stack_stays_turned_and_windowed_and_the_next_series_does_not(
    start: StartFace, tmp_path: Path
) -> None:
    names = []
    for number in range(1, 4):
        cells = np.kron(np.arange(100, dtype=np.int16).reshape(10, 10), np.ones((12, 16), np.int16))
        extra = {"SOPInstanceUID": f"1.2.3.{number}", "InstanceNumber": number, "Modality": "CT"}
        series = "1.2.3.100" if number < 3 else "1.2.3.200"
        data = dataset(cells, extra={**extra, "SeriesInstanceUID": series})
        names.append(tmp_path / f"{number}.dcm")
        names[-1].write_bytes(file_bytes(data))
    face = start(*names)
    face.plane("frame 1/1")
    face.page.get_by_role("menuitem", name="View").first.click()
    face.page.get_by_role("menuitemradio", name="A series as one stack").click()
    face.press("Escape")
    face.wait_until(lambda: face.state()["stack"] is not None and face.state()["stack"]["complete"])
    face.press("d", "W")
    face.page.get_by_role("button", name="Brain 40 / 80").press("Enter")
    expect(face.at("#statusview")).to_contain_text("own window · turned right")
    face.press("n")
    face.position("2/3")
    expect(face.at("#statusview")).to_contain_text("own window · turned right")
    expect(face.at("#words")).to_contain_text("does not count as seen")
    face.page.wait_for_timeout(800)
    assert face.state()["groups"][0]["seen"] == []
    face.press("Escape")
    face.position("3/3")
    expect(face.at("#statusview")).to_contain_text("full range · fit")
    expect(face.at("#words")).to_be_hidden()
