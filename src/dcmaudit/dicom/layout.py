"""The image pixel description (PS3.3 C.7.6.3) of a data set or icon, checked before anything is read by it."""

from __future__ import annotations

from dcmaudit.codecs.layout import CELL_BYTES, FRAME_LIMIT, PixelLayout
from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.header import DOUBLE_PIXELS, FLOAT_PIXELS
from dcmaudit.errors import HeaderError, UnsupportedError

_GRAY = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
_COLOR = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_RCT", "YBR_ICT"}


def pixel_layout(attributes: Attributes, *, element: int) -> PixelLayout:
    """The layout of the pixel data element ``element`` that ``attributes`` describe.

    Raises HeaderError for attributes that are absent, out of range or contradict each other, and
    UnsupportedError for valid ones that nothing here can show. Absent BitsStored means all allocated bits,
    absent HighBit the lowest placement, absent PhotometricInterpretation is taken by the number of samples.
    """
    rows, columns = (_at_least_one(attributes, tag, name) for tag, name in ((0x00280010, "Rows"),
                                                                           (0x00280011, "Columns")))  # fmt: skip
    samples = attributes.integer(0x00280002)
    photometric = attributes.code(0x00280004) or ("RGB" if samples == 3 else "MONOCHROME2")
    # Type 1 in every image (PS3.3 C.7.6.3), and absent in icons of some devices.
    if samples is None:
        samples = 3 if photometric in _COLOR else 1
    if samples not in {1, 3}:
        raise UnsupportedError(f"SamplesPerPixel is {samples}", hint="shown are 1 and 3")
    if photometric not in _GRAY | _COLOR:
        raise UnsupportedError(f"PhotometricInterpretation {_safe(photometric)} cannot be shown")
    # One sample a pixel for grey and palettes, three for colour (PS3.3 C.7.6.3.1.1).
    if (samples == 3) != (photometric in _COLOR):
        raise HeaderError(f"SamplesPerPixel {samples} contradicts PhotometricInterpretation {photometric}")
    floating = element in {FLOAT_PIXELS, DOUBLE_PIXELS}
    allocated = attributes.integer(0x00280100)
    # Float Pixel Data have no BitsStored and no HighBit (PS3.3 C.7.6.24): the cell is the value.
    if floating:
        expected = 32 if element == FLOAT_PIXELS else 64
        if allocated not in {None, expected}:
            raise HeaderError(f"BitsAllocated is {allocated} for floating point pixel data of {expected} bits")
        stored, high, allocated = expected, expected - 1, expected
    else:
        allocated, stored, high = _bits(attributes, allocated)
    layout = PixelLayout(
        rows=rows,
        columns=columns,
        samples=samples,
        photometric=photometric,
        bits_allocated=allocated,
        bits_stored=stored,
        high=high,
        signed=attributes.integer(0x00280103) == 1 and not floating,
        planar=attributes.integer(0x00280006) == 1,
        floating=floating,
    )
    size = rows * columns * samples * layout.cell.itemsize
    if size > FRAME_LIMIT:
        raise HeaderError(
            f"one frame of {columns} x {rows} pixels would take {size} bytes",
            hint=f"at most {FRAME_LIMIT >> 20} MiB are decoded at once",
        )
    return layout


def _at_least_one(attributes: Attributes, tag: int, name: str) -> int:
    value = attributes.integer(tag)
    if value is None:
        raise HeaderError(f"{name} is missing")
    if value < 1:
        raise HeaderError(f"{name} is {value}", hint="at least 1 is allowed")
    return value


def _bits(attributes: Attributes, allocated: int | None) -> tuple[int, int, int]:
    if allocated is None:
        raise HeaderError("BitsAllocated is missing")
    if allocated not in CELL_BYTES:
        # 64 bits and odd widths are allowed and not read here; 0 and 400 are nothing.
        kind = UnsupportedError if 1 < allocated <= 64 else HeaderError
        raise kind(f"BitsAllocated is {allocated}", hint="shown are 1, 8, 12, 16, 24 and 32")
    stored = attributes.integer(0x00280101)
    stored = allocated if stored is None else stored
    if not 1 <= stored <= allocated:
        raise HeaderError(f"BitsStored is {stored}", hint=f"1 to BitsAllocated ({allocated}) are allowed")
    high = attributes.integer(0x00280102)
    # The only value that the present standard allows; older files put the bits elsewhere.
    high = stored - 1 if high is None else high
    if not stored - 1 <= high < allocated:
        raise HeaderError(
            f"HighBit is {high}", hint=f"with BitsStored {stored} and BitsAllocated {allocated} it lies between "
            f"{stored - 1} and {allocated - 1}"
        )  # fmt: skip
    return allocated, stored, high


def _safe(text: str) -> str:
    """A code string as it may stand in a message: PS3.5 allows capitals, digits, blank and underscore."""
    shown = "".join(c for c in text[:16] if c.isupper() or c.isdigit() or c in " _")
    return f"'{shown}'"
