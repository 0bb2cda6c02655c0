"""Training further begins with the maps of the package's weights, and its pieces say what is in them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from textgen.pictures import Shot  # noqa: E402
from training.data import families, pictures  # noqa: E402
from training.hands import dots, segments, strokes  # noqa: E402
from training.lacking import SHARES, Lacking  # noqa: E402
from training.sheets import SHEETS, ecg  # noqa: E402
from training.stock import KINDS, Stock, fill  # noqa: E402
from training.tiled import tiled, whole  # noqa: E402


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lacking:
    return Lacking(3, pictures(tmp_path_factory.mktemp("training"))[:6], families(3, 4))


@pytest.mark.parametrize("kind", list(SHARES))
def test_pieces_of_every_class_are_what_the_network_is_given(made: Lacking, kind: str) -> None:
    found = 0
    for number in range(3):
        crop, name = made.crop(number, kind)
        assert name == kind
        assert (crop.picture.shape, crop.picture.dtype) == ((256, 256, 3), np.uint8)
        for part in (crop.ink, crop.region, crop.counted):
            assert (part.shape, part.dtype) == ((128, 128), np.uint8)
        assert crop.ink.max() <= 1
        assert crop.region.max() <= 1
        found += len(crop.strings)
        again, _ = made.crop(number, kind)
        assert np.array_equal(crop.picture, again.picture)
    assert (found > 0) == (kind != "nothing")


def test_letters_can_be_seen_where_they_are_said_to_be(made: Lacking) -> None:
    """A piece with the same letters on the same ground is another picture only where letters are."""
    crop, _ = made.crop(1, "ecg")
    for where, height, letters, _ in crop.strings:
        assert len(where) >= 4
        assert height >= 4
        assert letters >= 1
        assert crop.ink.repeat(2, 0).repeat(2, 1).ravel()[where].all()


def test_hands_draw_what_is_as_high_as_asked_for() -> None:
    rng = np.random.default_rng(2)
    bits = np.zeros((9, 12), np.uint8)
    bits[1:8, 2:10] = np.random.default_rng(1).integers(0, 2, (7, 8))
    bits[1, 2] = bits[7, 9] = 1
    for height in (10, 24, 60):
        for mask in (dots(bits, height, rng), segments("8H0", height, rng), strokes("HNE", height, rng)):
            assert mask is not None
            assert mask.dtype == np.uint8
            assert 0.75 * height <= mask.shape[0] <= 1.4 * height
    assert segments("", 12, rng) is None


def test_sheets_are_pieces_without_a_letter() -> None:
    rng = np.random.default_rng(4)
    for sheet in SHEETS:
        picture = sheet(rng)
        assert picture.shape[:2] == (256, 256)
        assert picture.dtype == np.uint8
        assert np.ptp(picture) > 10
    (page, known), curves = ecg(rng)
    assert page.shape == (256, 256, 3)
    assert not known.any()
    assert all(len(curve) == 256 for curve in curves)


def test_sheets_hold_pictures_of_what_is_given_and_nothing_else() -> None:
    """The ground of a sheet is of one colour without marks, so whatever is red in it was given."""
    red = np.zeros((256, 256, 3), np.uint8)
    red[..., 0] = 200
    for seed in range(12):
        rng = np.random.default_rng(seed)
        (page, known), boxes = tiled(rng, lambda _: (red, np.ones((256, 256), bool)))
        assert (page.shape, page.dtype) == ((256, 256, 3), np.uint8)
        pictures = (page[..., 0] > page[..., 1]) & (page[..., 1] == 0)
        inside = np.zeros((256, 256), bool)
        for top, left, bottom, right in boxes:
            inside[top:bottom, left:right] = True
        assert known.any()  # what is text in a picture is known in its sheet
        assert pictures[inside].mean() > 0.2
        assert not (pictures & ~inside)[4:-4, 4:-4].any()  # less than that of a picture at an edge has no box


def test_a_picture_made_small_is_wholly_there() -> None:
    picture = np.full((90, 400), 77, np.uint8)
    picture[10:80, 20:380] = 177
    text = np.zeros(picture.shape, bool)
    text[40:50, 100:200] = True
    for seed in range(12):
        page, known = whole(np.random.default_rng(seed), [Shot("a", "a", "", picture, text, "text")])
        assert page.shape == (256, 256)
        rows, columns = np.nonzero(page == 177)
        wide, high = np.ptp(columns) + 1, np.ptp(rows) + 1
        assert 0.8 * 360 / 70 <= wide / high <= 1.25 * 360 / 70
        assert (page[known] == 177).all()
        assert known.any()


def test_what_is_put_on_disk_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.stock.PIECES", 3)
    fill(tmp_path, 5, 1, families=2)
    stock = Stock(tmp_path, 1)
    (picture, ink, region, counted), kinds = stock.next(8)
    assert len(stock) == 3
    assert (picture.shape, ink.shape, region.shape, counted.shape) == (
        (8, 256, 256, 3), (8, 128, 128), (8, 128, 128), (8, 128, 128),
    )  # fmt: skip
    assert ink.max() <= 1
    assert all(KINDS[int(kind)] in SHARES for kind in kinds)


def test_pieces_of_another_form_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "stock").mkdir()
    np.save(tmp_path / "stock" / "3-0000.npy", np.zeros((4, 9), np.uint8))
    with pytest.raises(SystemExit, match=r"3-0000\.npy holds pieces of another form"):
        Stock(tmp_path, 1).next(2)


def test_only_what_becomes_worse_than_before_counts_as_lost() -> None:
    torch = pytest.importorskip("torch", reason="torch belongs to training/requirements.txt")
    from training.net import lost_of

    before = torch.tensor([1.0, 1.0, -2.0, -2.0, -9.0])
    now = torch.tensor([3.0, 0.0, -5.0, -1.0, -6.0])  # surer, less sure; less, more; more, but sure all the same
    text, counted = torch.tensor([True, True, False, False, False]), torch.ones(5)
    each = [float(lost_of(now[k : k + 1], before[k : k + 1], text[k : k + 1], counted[k : k + 1])) for k in range(5)]
    assert each == [0, 1, 0, 1, 0]
    assert float(lost_of(now, before, text, torch.zeros(5))) == 0


def test_the_package_s_weights_can_be_trained_further(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch belongs to training/requirements.txt")
    pytest.importorskip("onnx", reason="onnx belongs to training/requirements.txt")
    from training.begin import begin
    from training.halves import seeing
    from training.net import Net, held
    from training.probe import drawn

    from dcmaudit.detect.textnet.network import FOLDER, WEIGHTS

    begin(FOLDER / WEIGHTS, tmp_path)
    net = Net()
    net.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True)["net"])
    net.eval()
    picture = drawn()
    given = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        apart = net(given)
        held(net)
        together = net(given)
    assert torch.allclose(apart, together, atol=1e-3)
    wanted = seeing(FOLDER / WEIGHTS, 1)(picture)
    assert float(np.abs(torch.sigmoid(together)[0].numpy() - wanted).mean()) < 0.02
    with pytest.raises(SystemExit, match="holds a training already"):
        begin(FOLDER / WEIGHTS, tmp_path)


@pytest.mark.filterwarnings("ignore")  # torch's own, of its way to write ONNX
def test_weights_between_are_a_training_of_their_own(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch belongs to training/requirements.txt")
    pytest.importorskip("onnx", reason="onnx belongs to training/requirements.txt")
    from training.__main__ import further_facts
    from training.begin import begin
    from training.between import between

    from dcmaudit.detect.textnet.network import FOLDER, WEIGHTS

    ran, half = tmp_path / "ran", tmp_path / "half"
    begin(FOLDER / WEIGHTS, ran)
    old = torch.load(ran / "checkpoint.pt", weights_only=True)
    new = {name: one + 1 if one.is_floating_point() else one for name, one in old["net"].items()}
    torch.save(dict(old) | {"net": new, "slow": new, "step": 7}, ran / "further-7.pt")
    check = {"event": "check", "step": 7, "minutes": 2, "pieces": 3, "classes": {"plain": {"recall": 1, "strings": 4}}}
    begun = {"event": "start", "step": 5, "minutes": 2, "rate": 4e-4}
    (ran / "log.jsonl").write_text("\n".join(json.dumps(line) for line in (begun, check, {"step": 9})))
    between(FOLDER / WEIGHTS, ran / "further-7.pt", half, 0.25)
    made = torch.load(half / "checkpoint.pt", weights_only=True)["net"]
    assert torch.allclose(made["out.bias"], old["net"]["out.bias"] + 0.25)
    assert (half / "last.onnx").exists()
    lines = [json.loads(line) for line in (half / "log.jsonl").read_text().splitlines()]
    assert lines == [begun, check, {"event": "between", "share": 0.25}]
    facts = further_facts(lines)
    assert facts["share of them, the rest from before"] == 0.25
    assert "recall" in facts["last check"]
    with pytest.raises(SystemExit, match="holds a training already"):
        between(FOLDER / WEIGHTS, ran / "further-7.pt", half, 0.25)
    torch.save(dict(old) | {"step": 8}, ran / "further-8.pt")
    with pytest.raises(SystemExit, match="no check at step 8"):
        between(FOLDER / WEIGHTS, ran / "further-8.pt", tmp_path / "other", 0.25)
    begin(FOLDER / WEIGHTS, tmp_path / "on", ran / "further-7.pt")
    on = torch.load(tmp_path / "on" / "checkpoint.pt", weights_only=True)["net"]
    assert torch.equal(on["out.bias"], new["out.bias"])
