"""What the reviewer shows as redacted is what redaction writes, on every plane and no pixel more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.cli import main
from dcmaudit.dicom import open_instance
from dcmaudit.model import Box, IconAddress, PlaneAddress
from dcmaudit.review import Session
from support.apps import do, make_app, paint_all, ready, settled, state
from support.files import Overlay, PathReference, dataset, file_bytes

ROWS, COLUMNS, FRAMES = 48, 64, 3
RULES = "FORMAT dicom\n\n%filter graylist\n\nLABEL corner\n  contains Modality US\n  coordinates 50,0,64,9\n"


def bright(*shape: int) -> np.ndarray:
    """Values none of which is black."""
    return np.random.default_rng(1).integers(50, 4000, shape).astype(np.uint16)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Frames, a larger and a shifted overlay, one in the pixel data, a stray bit, an icon, an ultrasound region."""
    ones = np.ones((2, 60, 70), np.uint8)
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 2, 3
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 63, 47
    small = dataset(bright(6, 8) // 16 + 1)
    for name in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "PatientName"):
        delattr(small, name)
    extra = {"SequenceOfUltrasoundRegions": [region], "Modality": "US", "IconImageSequence": [small]}
    overlays = [
        Overlay(ones, origin=(-4, -6)),
        Overlay(np.ones((10, 12), np.uint8), group=0x6002, origin=(20, 30)),
        Overlay(np.ones((FRAMES, ROWS, COLUMNS), np.uint8), group=0x6004, embedded=14),
    ]
    data = dataset(bright(FRAMES, ROWS, COLUMNS), frames=FRAMES, bits_stored=12, overlays=overlays, extra=extra)
    cells = bright(FRAMES, ROWS, COLUMNS) | np.uint16(1 << 14)
    cells[1] |= np.uint16(1 << 13)
    data.PixelData = cells.tobytes()
    path = tmp_path / "in" / "full.dcm"
    path.parent.mkdir()
    path.write_bytes(file_bytes(data))
    return path


def shown(session: Session) -> dict[PlaneAddress, list[Box]]:
    """What the page draws as redacted, plane by plane."""
    found: dict[PlaneAddress, list[Box]] = {}
    for plane in list(session.opened().planes):
        do(session, "go-plane", key=plane.address.key)
        found[plane.address] = [Box(*rect["box"]) for rect in state(session)["rects"] if rect["applied"]]
    return found


def require_same(path: Path, drawn: dict[PlaneAddress, list[Box]]) -> None:
    with open_instance(PathReference(path)) as instance:
        for plane in instance.scan_frames():
            assert plane.size is not None
            mask = np.zeros((plane.size.height, plane.size.width), bool)
            for box in drawn[plane.address]:
                inside = box.clipped(plane.size)
                if inside is not None:
                    mask[inside.top : inside.bottom, inside.left : inside.right] = True
            black = instance.read(plane.address).array == 0
            if isinstance(plane.address, IconAddress):
                assert black[mask].all()  # and where the frames are black, which the icon shows again
            elif plane.address.key.startswith("b"):
                assert not (mask & ~black).any()
            else:
                assert np.array_equal(black, mask), plane.title


MARKS: list[tuple[str, dict[str, Any]]] = [
    ("f1", {"box": [1, 2, 30, 9]}),
    ("f0", {"box": [40, 40, 64, 48], "scope": "all frames"}),
    ("f2", {"box": [5, 20, 25, 30], "scope": "all planes"}),
    ("o6000.0", {"box": [60, 50, 70, 60], "scope": "all planes"}),
    ("o6000.1", {"box": [10, 10, 30, 20]}),
    ("o6002.0", {"box": [0, 0, 3, 3], "scope": "all overlays"}),
    ("o6004.2", {"box": [33, 3, 40, 30]}),
    ("b13.1", {"box": [9, 9, 20, 30]}),
    ("i0", {"box": [0, 0, 2, 2]}),
]


def test_marks_of_every_kind(file: Path, tmp_path: Path) -> None:
    app = make_app(tmp_path, [file])
    session = ready(app)
    do(session, "toggle-redact-rules")
    for key, arguments in MARKS:
        do(session, "go-plane", key=key)
        do(session, "mark", **arguments)
    drawn = shown(session)
    assert [key for key, boxes in drawn.items() if not boxes] == []
    paint_all(session)
    do(session, "done-next")
    app.close()
    assert main(["redact", "--db", str(tmp_path)]) == 0
    require_same(file.with_name("full.redacted.dcm"), drawn)


def test_rules_and_ultrasound_regions(file: Path, tmp_path: Path) -> None:
    rules = tmp_path / "smi" / "data" / "deid" / "deid.dicom.test"
    rules.parent.mkdir(parents=True)
    rules.write_text(RULES)
    app = make_app(tmp_path, [file], smi_root=tmp_path / "smi")
    session = ready(app)
    do(session, "toggle-redact-ultrasound")
    settled(session)
    drawn = shown(session)
    assert any(drawn.values())
    app.close()
    command = ["redact", str(file), "--deid", "--deid-rules", str(rules), "--ultrasound", "--icons", "keep"]
    assert main(command) == 0
    with open_instance(PathReference(file.with_name("full.redacted.dcm"))) as instance:
        assert not instance.read(next(iter(drawn))).array[:9, 50:].any()
    require_same(file.with_name("full.redacted.dcm"), drawn)
