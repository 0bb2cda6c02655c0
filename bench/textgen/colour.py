"""Files in colour and files that are compressed: what ultrasound machines and archives really write."""

from __future__ import annotations

import random
from typing import Any

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt

from support.files import JPEG_2000, JPEG_BASELINE, RLE, dataset, file_bytes, rle_encode

KINDS = (
    "JPEG 4:2:0", "JPEG 4:2:2", "JPEG 4:4:4", "JPEG grey", "colour US", "YBR_FULL", "YBR_FULL_422", "YBR_FULL RLE",
    "JPEG 2000 lossy",
)  # fmt: skip
_TINTS = ((1, 1, 1), (1, 1, 0.2), (0.2, 1, 1), (0.3, 1, 0.3), (1, 0.6, 0.2), (0.6, 0.75, 1))
"""White, and the yellow, cyan, green, orange and pale blue that vendors write in."""
_QUALITY = 80

Picture = npt.NDArray[np.uint8]


def coloured(base: Picture, picture: Picture, kind: str, pick: random.Random) -> tuple[Picture, Picture]:
    """Both in colour, (rows, columns, 3): strings in the colours of vendors, one plane in two with colour Doppler."""
    if kind == "JPEG grey":
        return base, picture
    ground = np.repeat(base[..., np.newaxis], 3, axis=2).astype(np.float32)
    if kind == "colour US" or pick.random() < 0.5:
        _put_doppler(ground, pick)
    tint = np.asarray(pick.choice(_TINTS), np.float32)
    change = picture.astype(np.float32) - base
    inked = ground + change[..., np.newaxis] * np.where(change[..., np.newaxis] > 0, tint, np.float32(1))
    return ground.astype(np.uint8), np.clip(inked, 0, 255).astype(np.uint8)


def _put_doppler(ground: npt.NDArray[np.float32], pick: random.Random) -> None:
    """A fan of red and blue flow with speckle."""
    rows, columns = ground.shape[:2]
    top, left = pick.randrange(rows // 4, rows // 2), pick.randrange(columns // 4, columns // 2)
    high, wide = rows // pick.randrange(4, 8), columns // pick.randrange(4, 8)
    noise = np.random.default_rng(pick.randrange(10**6)).normal(0, 1, (high, wide)).astype(np.float32)
    flow = cv2.GaussianBlur(noise, (0, 0), 6)
    flow *= 255 / max(1e-6, float(np.abs(flow).max()))
    part = ground[top : top + high, left : left + wide]
    moving = np.abs(flow) > 60
    part[..., 0] = np.where(moving & (flow > 0), flow, part[..., 0])
    part[..., 2] = np.where(moving & (flow < 0), -flow, part[..., 2])
    part[..., 1] = np.where(moving, 0.3 * np.abs(flow), part[..., 1])


def shown(picture: Picture, kind: str) -> Picture:
    """What a reader of the file sees of the picture once it was stored in that way."""
    if kind.startswith("JPEG"):
        return np.asarray(imagecodecs.imread(_stream(picture, kind)), np.uint8)
    if kind == "YBR_FULL_422":
        return _from_ybr(_halved(_to_ybr(picture)))
    if kind.startswith("YBR"):
        return _from_ybr(_to_ybr(picture))
    return picture


def written(picture: Picture, kind: str, extra: dict[str, Any]) -> bytes:
    """The file."""
    if kind == "JPEG grey":
        return file_bytes(dataset(picture, extra=extra), JPEG_BASELINE, frames=[_stream(picture, kind)])
    if kind == "JPEG 2000 lossy":
        made = dataset(picture, photometric="YBR_ICT", extra=extra)
        return file_bytes(made, JPEG_2000, frames=[_stream(picture, kind)])
    if kind.startswith("JPEG"):
        made = dataset(picture, photometric="YBR_FULL" if kind.endswith("4:4:4") else "YBR_FULL_422", extra=extra)
        return file_bytes(made, JPEG_BASELINE, frames=[_stream(picture, kind)])
    if kind == "YBR_FULL RLE":
        ybr = _to_ybr(picture)
        return file_bytes(dataset(ybr, photometric="YBR_FULL", extra=extra), RLE, frames=[rle_encode(ybr)])
    if kind == "YBR_FULL_422":
        made = dataset(picture, photometric="YBR_FULL_422", extra=extra)
        made.PixelData = _pairs(_halved(_to_ybr(picture)))
        return file_bytes(made)
    native = kind == "YBR_FULL"
    photometric = "YBR_FULL" if native else "RGB"
    return file_bytes(dataset(_to_ybr(picture) if native else picture, photometric=photometric, extra=extra))


def _stream(picture: Picture, kind: str) -> bytes:
    if kind == "JPEG 2000 lossy":
        return bytes(imagecodecs.jpeg2k_encode(picture, level=38, codecformat="j2k", reversible=False, mct=True))
    if kind == "JPEG grey":
        return bytes(imagecodecs.jpeg8_encode(picture, level=_QUALITY))
    return bytes(imagecodecs.jpeg8_encode(picture, level=_QUALITY, subsampling=kind.split()[1].replace(":", "")))


def _to_ybr(picture: Picture) -> Picture:
    return np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]])


def _from_ybr(ybr: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(ybr[..., [0, 2, 1]]), cv2.COLOR_YCrCb2RGB), np.uint8)


def _halved(ybr: Picture) -> Picture:
    """One colour for each pair of pixels, that of the first (PS3.3 C.7.6.3.1.2)."""
    out = ybr.copy()
    out[:, 1::2, 1:] = ybr[:, : ybr.shape[1] // 2 * 2 : 2, 1:]
    return out


def _pairs(ybr: Picture) -> bytes:
    rows, columns = ybr.shape[:2]
    out = np.empty((rows, columns // 2, 4), np.uint8)
    out[..., 0], out[..., 1] = ybr[:, ::2, 0], ybr[:, 1::2, 0]
    out[..., 2], out[..., 3] = ybr[:, ::2, 1], ybr[:, ::2, 2]
    return out.tobytes()
