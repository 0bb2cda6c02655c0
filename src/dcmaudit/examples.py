"""Example files to try the program on: generated ones whose text is known, and real ones that pydicom brings along.

Every name in them is made up. The generated files show where text can hide: in one frame of a cine, outside the VOI
window, in an overlay larger than the image, in the high bits of the pixel data with and without an overlay group that
claims them, in a thumbnail, and in a file that cannot be shown at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from pydicom import data as pydicom_data
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from dcmaudit.errors import UsageError

Array = npt.NDArray[Any]

US_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
CR = "1.2.840.10008.5.1.4.1.1.1"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"

_ROOT = "1.2.826.0.1.3680043.10.1577."
"""Only a prefix that keeps these identifiers apart from real ones; the rest is derived from the file's name."""


@dataclass(frozen=True, slots=True)
class Example:
    """One generated file: its name, what it is there to show, and how it is made."""

    name: str
    shows: str
    make: Callable[[Dataset], None]


def lettering(rows: int, columns: int, lines: dict[tuple[int, int], str], height: int = 18) -> npt.NDArray[np.bool_]:
    """A mask (rows, columns) of text; ``lines`` maps the (x, y) of a line's top left corner to its words."""
    picture = Image.new("L", (columns, rows), 0)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=height)
    for (x, y), words in lines.items():
        draw.text((x, y), words, fill=255, font=font)
    return np.asarray(picture) > 127


def _anatomy(rows: int, columns: int, seed: int) -> npt.NDArray[np.float64]:
    """Something round and grey between 0 and 1 that looks a little like a slice; no text."""
    noise = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    body = ((x / 0.8) ** 2 + (y / 0.65) ** 2 < 1) * 0.45
    for _ in range(7):
        cx, cy, rx, ry = noise.uniform(-0.4, 0.4, 2).tolist() + noise.uniform(0.08, 0.3, 2).tolist()
        body += ((((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2) < 1) * body.astype(bool) * noise.uniform(-0.2, 0.3)
    slice_: npt.NDArray[np.float64] = np.clip(body + noise.normal(0, 0.015, (rows, columns)) * (body > 0), 0, 1)
    return slice_


def _sector(rows: int, columns: int, seed: int) -> npt.NDArray[np.float64]:
    """A speckled fan as an ultrasound machine draws it, between 0 and 1."""
    noise = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    x = x - columns / 2
    radius, angle = np.hypot(x, y - 20), np.arctan2(x, y - 20)
    fan = (np.abs(angle) < 0.7) & (radius > rows * 0.12) & (radius < rows * 0.88)
    speckle: npt.NDArray[np.float64] = noise.rayleigh(0.25, (rows, columns)) * (0.6 + 0.4 * np.sin(radius / 25.0))
    picture: npt.NDArray[np.float64] = np.clip(speckle, 0, 1) * fan
    return picture


def _pixels(ds: Dataset, frames: Array, *, photometric: str, stored: int, signed: bool = False) -> None:
    """Put frames (frames, rows, columns[, 3]) into ``ds`` as native pixel data of 8 or 16 allocated bits."""
    ds.NumberOfFrames = frames.shape[0]
    ds.Rows, ds.Columns = frames.shape[1:3]
    ds.SamplesPerPixel = 3 if frames.ndim == 4 else 1
    if frames.ndim == 4:
        ds.PlanarConfiguration = 0
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated = frames.dtype.itemsize * 8
    ds.BitsStored, ds.HighBit = stored, stored - 1
    ds.PixelRepresentation = int(signed)
    if ds.NumberOfFrames == 1:
        del ds.NumberOfFrames
    data = frames.astype(frames.dtype.newbyteorder("<")).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)


def _cine(ds: Dataset) -> None:
    ds.SOPClassUID, ds.Modality = US_MULTIFRAME, "US"
    ds.Manufacturer, ds.ManufacturerModelName = "Example", "Sonic 5"
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    rows, columns = 480, 640
    banner = lettering(rows, columns, {(12, 6): "OTTER^OLIVIA  1961-04-12", (430, 6): "22/11/2026 10:41:07"})
    single = lettering(rows, columns, {(230, 300): "Dr. B. Badger"})
    frames = np.zeros((24, rows, columns, 3), np.uint8)
    for number in range(frames.shape[0]):
        frames[number] = (_sector(rows, columns, number) * 255).astype(np.uint8)[..., None]
        frames[number][banner] = (235, 235, 120)
    frames[16][single] = 255
    _pixels(ds, frames, photometric="RGB", stored=8)
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 60, 40
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 579, 459
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.05
    ds.SequenceOfUltrasoundRegions = [region]


def _window(ds: Dataset) -> None:
    ds.SOPClassUID, ds.Modality = CT, "CT"
    ds.Manufacturer, ds.ManufacturerModelName = "Example", "Tomo 2"
    ds.ImageType = ["DERIVED", "SECONDARY"]
    image = (_anatomy(512, 512, 3) * 400 - 100).astype(np.int16)
    image[lettering(512, 512, {(20, 20): "HARE^HARRY", (20, 44): "ID 4711-0815"})] = 2000
    image[lettering(512, 512, {(330, 470): "outside the window"})] = -1020
    image[0, 0] = -1024
    _pixels(ds, image[None], photometric="MONOCHROME2", stored=16, signed=True)
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "HU"
    ds.WindowCenter, ds.WindowWidth = 40, 350


def _overlays(ds: Dataset) -> None:
    ds.SOPClassUID, ds.Modality = MR, "MR"
    ds.Manufacturer, ds.ManufacturerModelName = "Example", "Magna"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M"]
    frames = (np.stack([_anatomy(256, 320, 20 + n) for n in range(3)]) * 4095).astype(np.uint16)
    _pixels(ds, frames, photometric="MONOCHROME2", stored=12)
    _overlay(ds, 0x6000, [lettering(300, 400, {(10, 10 + 90 * n): f"MOLE^MARTIN series {n + 1}"}) for n in range(2)],
             origin=(-20, -30))  # fmt: skip
    _overlay(ds, 0x6004, [lettering(40, 200, {(4, 8): "B. Badger, MD"})], origin=(200, 100))


def _overlay(ds: Dataset, group: int, frames: list[npt.NDArray[np.bool_]], origin: tuple[int, int]) -> None:
    bits = np.packbits(np.stack(frames).ravel(), bitorder="little").tobytes()
    rows, columns = frames[0].shape
    ds.add_new((group, 0x0010), "US", rows)
    ds.add_new((group, 0x0011), "US", columns)
    ds.add_new((group, 0x0015), "IS", len(frames))
    ds.add_new((group, 0x0040), "CS", "G")
    ds.add_new((group, 0x0050), "SS", list(origin))
    ds.add_new((group, 0x0051), "US", 1)
    ds.add_new((group, 0x0100), "US", 1)
    ds.add_new((group, 0x0102), "US", 0)
    ds.add_new((group, 0x3000), "OW", bits + b"\0" * (len(bits) % 2))


def _high_bits(ds: Dataset) -> None:
    ds.SOPClassUID, ds.Modality = CT, "CT"
    ds.Manufacturer, ds.ManufacturerModelName = "Example", "Tomo 1"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image = (_anatomy(512, 512, 5) * 4095).astype(np.uint16)
    image |= lettering(512, 512, {(16, 16): "VOLE^VERA 1980-09-30"}).astype(np.uint16) << 12
    image |= lettering(512, 512, {(200, 480): "in a bit that nobody claims"}).astype(np.uint16) << 14
    _pixels(ds, image[None], photometric="MONOCHROME2", stored=12)
    ds.add_new((0x6002, 0x0010), "US", 512)
    ds.add_new((0x6002, 0x0011), "US", 512)
    ds.add_new((0x6002, 0x0040), "CS", "G")
    ds.add_new((0x6002, 0x0050), "SS", [1, 1])
    ds.add_new((0x6002, 0x0100), "US", 16)
    ds.add_new((0x6002, 0x0102), "US", 12)


def _film(ds: Dataset) -> None:
    ds.SOPClassUID, ds.Modality = CR, "CR"
    ds.Manufacturer, ds.ManufacturerModelName = "Example", "Plate"
    ds.ImageType = ["DERIVED", "PRIMARY"]
    image = ((1 - _anatomy(1024, 840, 8)) * 1000).astype(np.uint16)
    image[lettering(1024, 840, {(30, 30): "STOAT^STELLA", (30, 70): "L"}, height=30)] = 0
    _pixels(ds, image[None], photometric="MONOCHROME1", stored=10)
    icon = Dataset()
    _pixels(icon, (255 - image[None, ::8, ::8] // 4).astype(np.uint8), photometric="MONOCHROME2", stored=8)
    ds.IconImageSequence = [icon]


def _palette(ds: Dataset) -> None:
    ds.SOPClassUID, ds.Modality = CAPTURE, "OT"
    ds.ConversionType, ds.ImageType = "WSD", ["DERIVED", "SECONDARY"]
    ds.Manufacturer, ds.ManufacturerModelName = "Example", "Grabber"
    image = (_anatomy(400, 600, 13) * 200).astype(np.uint8)
    image[lettering(400, 600, {(10, 10): "Weasel, Wanda  f  1955"})] = 250
    _pixels(ds, image[None], photometric="PALETTE COLOR", stored=8)
    levels = np.arange(256, dtype=np.uint16) * 257
    tables = {"Red": levels, "Green": np.sqrt(levels / 65535) * 65535, "Blue": levels[::-1]}
    for colour, table in tables.items():
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", table.astype("<u2").tobytes())


def _document(ds: Dataset) -> None:
    ds.SOPClassUID, ds.Modality = PDF, "DOC"
    ds.ConversionType, ds.Manufacturer = "WSD", "Example"
    ds.BurnedInAnnotation, ds.MIMETypeOfEncapsulatedDocument = "YES", "application/pdf"
    ds.EncapsulatedDocument = b"%PDF-1.4\n%%EOF\n\0"


EXAMPLES: tuple[Example, ...] = (
    Example("cine-banner.dcm", "a name in every frame, another in frame 17 alone; one ultrasound region", _cine),
    Example("outside-window.dcm", "text that the file's own window hides", _window),
    Example("overlays.dcm", "an overlay larger than the image with two frames, and a small one", _overlays),
    Example("high-bits.dcm", "an overlay in bit 12, and text in bit 14 that no overlay claims", _high_bits),
    Example("film-and-icon.dcm", "MONOCHROME1, and the same name in the thumbnail", _film),
    Example("palette.dcm", "text whose palette index says nothing about its brightness", _palette),
    Example("document.dcm", "an encapsulated PDF: it cannot be shown, and is named as not audited", _document),
)


def write_examples(folder: Path) -> list[Path]:
    """Write the generated files into ``folder`` (made when absent) and return their paths; none is overwritten.

    The last one is a copy of the second cut short, to show what a damaged file looks like. UsageError where the
    folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [_write(example, folder) for example in EXAMPLES]
        damaged = folder / "damaged.dcm"
        if not damaged.exists():
            damaged.write_bytes((folder / "outside-window.dcm").read_bytes()[:150_000])
    except OSError as error:
        # Whoever writes a data set may wrap what the system said in an error without it.
        reason = (
            error.strerror or getattr(error.__cause__ or error.__context__, "strerror", None) or "no room, or no right"
        )
        raise UsageError(
            f"the examples cannot be written: {reason}", file=str(folder), hint="name another folder"
        ) from error
    return [*paths, damaged]


def _write(example: Example, folder: Path) -> Path:
    path = folder / example.name
    if path.exists():
        return path
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPInstanceUID = generate_uid(prefix=_ROOT, entropy_srcs=[example.name])
    ds.StudyInstanceUID = generate_uid(prefix=_ROOT, entropy_srcs=["study"])
    ds.SeriesInstanceUID = generate_uid(prefix=_ROOT, entropy_srcs=["series", example.name])
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "EXAMPLE^EVE", "EX-1", "19610412", "O"
    ds.StudyDate = ds.ContentDate = dt.date(2026, 11, 22).strftime("%Y%m%d")
    ds.StudyTime, ds.AccessionNumber, ds.StudyID = "104107", "", "1"
    ds.ReferringPhysicianName, ds.SeriesNumber, ds.InstanceNumber = "BADGER^B", 1, 1
    example.make(ds)
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.save_as(path, enforce_file_format=True)
    return path


REAL = (
    "examples_ybr_color.dcm",
    "examples_overlay.dcm",
    "MR_small.dcm",
    "JPEG2000.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "rtdose.dcm",
    "SC_rgb_rle_2frame.dcm",
    "liver_1frame.dcm",
    "examples_palette.dcm",
    "test-SR.dcm",
)
"""Files inside the pydicom package that are worth a look; those absent from an installation are left out."""


def real_examples() -> list[Path]:
    """Paths of real files inside the installed pydicom package; nothing is downloaded."""
    folder = Path(pydicom_data.__file__).parent / "test_files"
    return [folder / name for name in REAL if (folder / name).is_file()]
