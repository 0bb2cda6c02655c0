"""Builders of synthetic DICOM files: any depth, photometric interpretation, overlay, frame layout and syntax.

``dataset(array, ...)`` makes a data set around pixels, ``file_bytes(dataset, syntax)`` the file, ``reference(...)``
both at once as something that ``open_instance`` takes. Everything can be overridden, so that files that lie are as
easy to build as honest ones.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info

Array = npt.NDArray[Any]

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
MPEG4 = "1.2.840.10008.1.2.4.102"
JPEG_XL_LOSSLESS = "1.2.840.10008.1.2.4.110"
JPEG_XL = "1.2.840.10008.1.2.4.112"
HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"
HTJ2K = "1.2.840.10008.1.2.4.203"

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
LOSSLESS_SYNTAXES = (JPEG_LOSSLESS, JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS, HTJ2K_RPCL, RLE)
NATIVE_SYNTAXES = (IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN)


@dataclass(frozen=True)
class MemoryReference:
    """Bytes in memory as an input; ``opened`` counts the readers that were asked for."""

    name: str
    data: bytes
    opened: list[BinaryIO] = field(default_factory=list)

    def open(self) -> BinaryIO:
        reader = io.BytesIO(self.data)
        self.opened.append(reader)
        return reader


@dataclass(frozen=True)
class PathReference:
    """A file as an input, for tests that must not depend on the package ``sources``."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def open(self) -> BinaryIO:
        return self.path.open("rb")


@dataclass(frozen=True)
class Overlay:
    """One 60xx group. ``bits`` has the axes (rows, columns) or (frames, rows, columns) and holds 0 and 1.

    ``embedded`` is the OverlayBitPosition of an overlay in the pixel data; its bits are put there by ``dataset``.
    ``origin`` is (row, column) counted from 1, as in the file. ``data``, ``rows`` and ``columns`` override.
    """

    bits: Array | None = None
    group: int = 0x6000
    origin: tuple[int, int] = (1, 1)
    image_frame_origin: int | None = None
    embedded: int | None = None
    data: bytes | None = None
    rows: int | None = None
    columns: int | None = None
    frames: int | None = None

    def put(self, into: Dataset, *, big_endian: bool = False) -> None:
        """Add the group's elements to a data set."""
        group = self.group << 16
        bits = np.zeros((1, 1, 1), np.uint8) if self.bits is None else np.asarray(self.bits, np.uint8)
        shape = bits.shape if bits.ndim == 3 else (1, *bits.shape)
        into.add_new(group | 0x0010, "US", shape[1] if self.rows is None else self.rows)
        into.add_new(group | 0x0011, "US", shape[2] if self.columns is None else self.columns)
        frames = self.frames if self.frames is not None else shape[0] if bits.ndim == 3 else None
        if frames is not None:
            into.add_new(group | 0x0015, "IS", str(frames))
        if self.image_frame_origin is not None:
            into.add_new(group | 0x0051, "US", self.image_frame_origin)
        into.add_new(group | 0x0040, "CS", "G")
        into.add_new(group | 0x0050, "SS", list(self.origin))
        into.add_new(group | 0x0100, "US", 1 if self.embedded is None else 16)
        into.add_new(group | 0x0102, "US", self.embedded or 0)
        if self.embedded is None:
            data = pack_bits(bits) if self.data is None else self.data
            if big_endian:  # OW: the bytes of each word change places (PS3.5 8.1.1)
                data = np.frombuffer(data, "<u2").astype(">u2").tobytes()
            into.add_new(group | 0x3000, "OW", data)


def pack_bits(bits: Array) -> bytes:
    """Bits of any shape, flattened, eight to a byte, the first in the lowest bit, padded to an even length."""
    data = np.packbits(np.asarray(bits, np.uint8).ravel(), bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)


def dataset(
    array: Array | None = None,
    *,
    photometric: str = "MONOCHROME2",
    bits_stored: int | None = None,
    bits_allocated: int | None = None,
    high_bit: int | None = None,
    signed: bool | None = None,
    planar: int = 0,
    frames: int | None = None,
    overlays: Sequence[Overlay] = (),
    extra: Mapping[str, Any] | None = None,
    big_endian: bool = False,
) -> Dataset:
    """A data set around ``array``: (rows, columns), (rows, columns, 3), or with ``frames`` one axis more in front.

    Without ``array`` the data set has no pixels at all. 1-bit data (``bits_allocated=1``) are packed. Embedded
    overlays are written into the cells. ``extra`` sets attributes by keyword, None deletes them.
    """
    out = Dataset()
    out.SOPClassUID = SECONDARY_CAPTURE
    out.SOPInstanceUID = "1.2.826.0.1.3680043.10.1.1"
    out.StudyInstanceUID = "1.2.826.0.1.3680043.10.1.2"
    out.SeriesInstanceUID = "1.2.826.0.1.3680043.10.1.3"
    out.Modality = "OT"
    out.PatientName = "Doe^Jane"
    out.PatientID = "4711"
    if array is not None:
        _put_pixels(
            out,
            np.array(array),
            photometric,
            bits_stored,
            bits_allocated,
            high_bit,
            signed,
            planar,
            frames,
            overlays,
            big_endian=big_endian,
        )
    for overlay in overlays:
        overlay.put(out, big_endian=big_endian)
    for keyword, value in (extra or {}).items():
        if value is None:
            delattr(out, keyword)
        else:
            setattr(out, keyword, value)
    return out


def _put_pixels(  # noqa: PLR0917 - the attributes of one group
    out: Dataset,
    array: Array,
    photometric: str,
    bits_stored: int | None,
    bits_allocated: int | None,
    high_bit: int | None,
    signed: bool | None,
    planar: int,
    frames: int | None,
    overlays: Sequence[Overlay],
    *,
    big_endian: bool,
) -> None:
    cells = array if frames is not None else array[np.newaxis]
    for overlay in overlays:
        if overlay.embedded is not None and overlay.bits is not None:
            bits = np.asarray(overlay.bits, cells.dtype)
            cells = cells | ((bits if bits.ndim == 3 else bits[np.newaxis]) << overlay.embedded).astype(cells.dtype)
    color = cells.ndim == 4
    out.SamplesPerPixel = cells.shape[3] if color else 1
    out.PhotometricInterpretation = photometric
    if color:
        out.PlanarConfiguration = planar
    if frames is not None:
        out.NumberOfFrames = str(frames)
    out.Rows, out.Columns = cells.shape[1:3]
    out.BitsAllocated = bits_allocated or cells.dtype.itemsize * 8
    if cells.dtype.kind == "f":
        name = "FloatPixelData" if cells.dtype.itemsize == 4 else "DoubleFloatPixelData"
        setattr(out, name, cells.astype(cells.dtype.newbyteorder(">" if big_endian else "<")).tobytes())
        return
    out.BitsStored = bits_stored or out.BitsAllocated
    out.HighBit = out.BitsStored - 1 if high_bit is None else high_bit
    out.PixelRepresentation = int(cells.dtype.kind == "i" if signed is None else signed)
    out.PixelData = native_bytes(cells, bits_allocated=out.BitsAllocated, planar=planar, big_endian=big_endian)
    out["PixelData"].VR = "OB" if out.BitsAllocated <= 8 and not big_endian else "OW"


def native_bytes(cells: Array, *, bits_allocated: int, planar: int = 0, big_endian: bool = False) -> bytes:
    """The value of PixelData for (frames, rows, columns[, samples]), padded to an even length."""
    if bits_allocated == 1:
        packed = pack_bits(cells)
        return np.frombuffer(packed, "<u2").astype(">u2").tobytes() if big_endian else packed
    if cells.ndim == 4 and planar:
        cells = np.moveaxis(cells, 3, 1)
    data = cells.astype(cells.dtype.newbyteorder(">" if big_endian else "<")).tobytes()
    data += b"\0" * (len(data) % 2)
    if big_endian and bits_allocated == 8:  # OW: bytes change places in each word (PS3.5 8.1.1)
        data = np.frombuffer(data, "<u2").astype(">u2").tobytes()
    return data


def file_bytes(
    data: Dataset,
    syntax: str = EXPLICIT,
    *,
    preamble: bool = True,
    frames: Sequence[bytes] | None = None,
    fragments: int = 1,
    table: str | Sequence[int] = "basic",
    delimiter: bool = True,
) -> bytes:
    """The bytes of a file. With ``frames`` the pixel data are these codestreams, encapsulated.

    ``fragments`` is their number a frame. ``table`` is ``basic``, ``extended``, ``empty``, or the offsets to write
    in the basic table, right or wrong. Without ``preamble`` the bare data set is written, without file meta too.
    """
    data = Dataset(data)
    if frames is not None:
        value, offsets, lengths = encapsulated(frames, fragments=fragments, table=table, delimiter=delimiter)
        for name in ("FloatPixelData", "DoubleFloatPixelData"):
            if name in data:
                del data[name]
        if table == "extended":
            data.ExtendedOffsetTable = struct.pack(f"<{len(offsets)}Q", *offsets)
            data.ExtendedOffsetTableLengths = struct.pack(f"<{len(lengths)}Q", *lengths)
        if "PixelData" in data:
            del data.PixelData
    out = DicomBytesIO()
    out.is_little_endian = syntax != BIG_ENDIAN
    out.is_implicit_VR = syntax == IMPLICIT
    write_dataset(out, data)
    body = out.getvalue()
    if frames is not None:
        body += struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + value
    if syntax == DEFLATED:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        body = packer.compress(body) + packer.flush()
        body += b"\0" * (len(body) % 2)
    return meta_bytes(syntax, data) + body if preamble else body


def meta_bytes(syntax: str, data: Dataset) -> bytes:
    """Preamble, magic word and file meta information."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = data.get("SOPClassUID", SECONDARY_CAPTURE)
    meta.MediaStorageSOPInstanceUID = data.get("SOPInstanceUID", "1.2.3")
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = "1.2.826.0.1.3680043.10.1"
    out = DicomBytesIO()
    write_file_meta_info(out, meta, enforce_standard=True)
    return b"\0" * 128 + b"DICM" + out.getvalue()


def encapsulated(
    frames: Sequence[bytes], *, fragments: int = 1, table: str | Sequence[int] = "basic", delimiter: bool = True
) -> tuple[bytes, list[int], list[int]]:
    """The value of an encapsulated pixel data element, and the offset and length of each frame in it."""
    items, offsets, lengths, at = [], [], [], 0
    for frame in frames:
        offsets.append(at)
        lengths.append(len(frame))
        step = -(-len(frame) // fragments)
        step += step % 2
        for start in range(0, max(len(frame), 1), max(step, 2)):
            piece = frame[start : start + max(step, 2)]
            piece += b"\0" * (len(piece) % 2)
            items.append(struct.pack("<HHL", 0xFFFE, 0xE000, len(piece)) + piece)
            at += 8 + len(piece)
    written = offsets if table == "basic" else [] if isinstance(table, str) else list(table)
    head = struct.pack(f"<HHL{len(written)}L", 0xFFFE, 0xE000, 4 * len(written), *written)
    tail = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0) if delimiter else b""
    return head + b"".join(items) + tail, offsets, lengths


def encode(  # noqa: PLR0911 - one return a codec
    frame: Array, syntax: str, *, bits_stored: int | None = None, level: int = 90
) -> bytes:
    """One frame as a codestream of ``syntax``: (rows, columns) or (rows, columns, 3)."""
    bits = bits_stored or frame.dtype.itemsize * 8
    frame = np.ascontiguousarray(frame)
    match syntax:
        case "1.2.840.10008.1.2.4.50":
            return bytes(imagecodecs.jpeg8_encode(frame, level=level))
        case "1.2.840.10008.1.2.4.51":
            return bytes(imagecodecs.jpeg8_encode(frame, level=level, bitspersample=min(bits, 12)))
        case "1.2.840.10008.1.2.4.57" | "1.2.840.10008.1.2.4.70":
            space = {"colorspace": "RGB", "outcolorspace": "RGB"} if frame.ndim == 3 else {}
            return bytes(imagecodecs.jpeg8_encode(frame, lossless=True, predictor=1, bitspersample=bits, **space))
        case "1.2.840.10008.1.2.4.80" | "1.2.840.10008.1.2.4.81":
            return bytes(imagecodecs.jpegls_encode(frame, level=2 if syntax.endswith("81") else 0))
        case "1.2.840.10008.1.2.4.90" | "1.2.840.10008.1.2.4.91":
            reversible = syntax.endswith("90")
            return bytes(
                imagecodecs.jpeg2k_encode(
                    frame,
                    level=0 if reversible else 40,
                    codecformat="j2k",
                    reversible=reversible,
                    bitspersample=bits,
                    mct=False,
                )
            )
        case "1.2.840.10008.1.2.4.201" | "1.2.840.10008.1.2.4.202" | "1.2.840.10008.1.2.4.203":
            return bytes(imagecodecs.htj2k_encode(frame, reversible=not syntax.endswith("203")))
        case "1.2.840.10008.1.2.4.110" | "1.2.840.10008.1.2.4.112":
            return bytes(imagecodecs.jpegxl_encode(frame, lossless=syntax.endswith("110")))
        case "1.2.840.10008.1.2.5":
            return rle_encode(frame)
        case "1.2.840.10008.1.2.8.1":
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            data = packer.compress(frame.astype(frame.dtype.newbyteorder("<")).tobytes()) + packer.flush()
            return data + b"\0" * (len(data) % 2)
    raise ValueError(f"no encoder for {syntax}")


def rle_encode(frame: Array) -> bytes:
    """PS3.5 annex G: one PackBits segment a byte plane, the most significant first."""
    planes = frame if frame.ndim == 3 else frame[..., np.newaxis]
    size = frame.dtype.itemsize
    segments = []
    for sample in range(planes.shape[2]):
        cells = np.ascontiguousarray(planes[..., sample]).astype(frame.dtype.newbyteorder(">"))
        as_bytes = cells.view(np.uint8).reshape(*cells.shape, size)
        for byte in range(size):
            rows = [_packbits(row.tobytes()) for row in as_bytes[..., byte]]
            segment = b"".join(rows)
            segments.append(segment + b"\0" * (len(segment) % 2))
    starts, at = [], 64
    for segment in segments:
        starts.append(at)
        at += len(segment)
    return struct.pack("<16L", len(segments), *(starts + [0] * (15 - len(starts)))) + b"".join(segments)


def _packbits(row: bytes) -> bytes:
    out = bytearray()
    at = 0
    while at < len(row):
        run = 1
        while run < 128 and at + run < len(row) and row[at + run] == row[at]:
            run += 1
        if run > 2:
            out += bytes([257 - run, row[at]])
            at += run
            continue
        piece = row[at : at + 128]
        for i in range(len(piece) - 2):
            if piece[i] == piece[i + 1] == piece[i + 2]:
                piece = piece[:i]
                break
        out += bytes([len(piece) - 1]) + piece
        at += len(piece)
    return bytes(out)


def reference(
    array: Array | None = None, syntax: str = EXPLICIT, *, name: str = "built.dcm", **how: Any
) -> MemoryReference:
    """A file around ``array`` as an input: ``how`` is shared out between ``dataset`` and ``file_bytes``.

    For a compressed syntax each frame of ``array`` is encoded.
    """
    writing = {key: how.pop(key) for key in ("preamble", "fragments", "table", "delimiter") if key in how}
    data = dataset(array, big_endian=syntax == BIG_ENDIAN, **how)
    if array is None or syntax in NATIVE_SYNTAXES:
        return MemoryReference(name, file_bytes(data, syntax, **writing))
    cells = np.asarray(array) if how.get("frames") is not None else np.asarray(array)[np.newaxis]
    for overlay in how.get("overlays", ()):
        if overlay.embedded is not None and overlay.bits is not None:
            bits = np.asarray(overlay.bits, cells.dtype)
            cells = cells | ((bits if bits.ndim == 3 else bits[np.newaxis]) << overlay.embedded).astype(cells.dtype)
    streams = [encode(frame, syntax) for frame in cells]
    return MemoryReference(name, file_bytes(data, syntax, frames=streams, **writing))


def gradient(rows: int = 24, columns: int = 32, *, dtype: npt.DTypeLike = np.uint8, top: int | None = None) -> Array:
    """A picture whose every pixel differs from its neighbours: mistakes of stride, order and sign show."""
    kind = np.dtype(dtype)
    low = 0 if kind.kind != "i" else -(1 << (kind.itemsize * 8 - 2))
    high = top if top is not None else (255 if kind.itemsize == 1 else 4095)
    values = np.arange(rows * columns, dtype=np.int64) * 37 % (high - low + 1) + low
    return values.reshape(rows, columns).astype(kind)


def color_gradient(rows: int = 24, columns: int = 32, *, dtype: npt.DTypeLike = np.uint8) -> Array:
    """Three different pictures as the samples of one."""
    base = gradient(rows, columns, dtype=dtype)
    return np.stack([base, base[::-1], base[:, ::-1]], axis=-1)


def letter_bits(rows: int = 16, columns: int = 20) -> Array:
    """A bit plane with a letter T, unlike its mirror image up and down."""
    bits = np.zeros((rows, columns), np.uint8)
    bits[2:4, 3 : columns - 3] = 1
    bits[4 : rows - 2, columns // 2 - 1 : columns // 2 + 1] = 1
    return bits
