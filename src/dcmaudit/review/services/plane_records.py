"""Planes as the page gets them: a head in JSON, then the values, then the tables of the views.

A record is four bytes (length of the head, least significant first), the head, and as many bytes as the head says.
Whoever hands it out puts a head of its own before it in the same way: whose plane it is, and the
tickets. ``docs/web-api.md`` describes both.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

import numpy as np

from dcmaudit.codecs.samples import Lut, Samples
from dcmaudit.model import Rendering, View
from dcmaudit.render import encode_jpeg, render, shown_as, stored_plane
from dcmaudit.render.encode import deflated
from dcmaudit.render.voi import usable_rescale

Json = dict[str, object]


def stored_record(samples: Samples, rendering: Rendering) -> bytes:
    """The record of a plane's values, with a table a view; errors as ``render`` raises them."""
    plane = stored_plane(samples, rendering)
    rows, columns = plane.values.shape[:2]
    views: dict[str, Json] = {}
    # Typed arrays of browsers have the order of the machine, which is little endian wherever they run.
    parts = [plane.values.astype(plane.values.dtype.newbyteorder("<"), copy=False).tobytes()]
    for view, found in plane.views.items():
        table = found.table
        views[view.value] = {
            "shown": found.shown.rendering.value,
            "note": found.shown.reason,
            "entries": 0 if table is None else len(table),
            "channels": 1 if table is None or table.ndim == 1 else 3,
        }
        if table is not None:
            parts.append(table.tobytes())
    head: Json = {
        "width": columns,
        "height": rows,
        "channels": 1 if plane.values.ndim == 2 else 3,
        "bits": 8 * plane.values.dtype.itemsize,
        "stored": plane.is_stored,
        "signed": plane.is_signed,
        "first": plane.first,
        "views": views,
        "scale": _scale_of(samples) if plane.is_stored else None,
        "unit": samples.unit,
        "falling": samples.photometric == "MONOCHROME1",
        "bytes": sum(len(part) for part in parts),
    }
    return b"".join((framed(head), *parts))


def small_record(samples: Samples, view: View, within: tuple[int, int]) -> bytes:
    """The record of a lossy picture of a plane that fits ``within`` a width and height."""
    picture = render(samples, view)
    shown, data = shown_as(samples, view), encode_jpeg(picture, within)
    rows, columns = picture.shape[:2]
    views = {view.rendering.value: {"shown": shown.rendering.value, "note": shown.reason, "entries": 0, "channels": 1}}
    return framed({"width": columns, "height": rows, "jpeg": True, "views": views, "bytes": len(data)}) + data


def packed(own_head: bytes, record: bytes) -> bytes:
    """Both heads and the record's bytes, deflated. Rows are differences from the row above: that packs them well."""
    head = head_of(record)
    start = 4 + struct.unpack_from("<I", record)[0]
    width, height, channels, bits = (int(str(head[name])) for name in ("width", "height", "channels", "bits"))
    values = np.frombuffer(record, f"<u{bits // 8}", width * height * channels, start).reshape(height, -1)
    rows = values.copy()
    # Without sign and modulo their size: the page adds them up again and gets every bit back.
    rows[1:] -= values[:-1]
    return deflated(b"".join((own_head, framed({**head, "up": True}), rows.tobytes(), record[start + rows.nbytes :])))


def framed(head: Mapping[str, object]) -> bytes:
    """A head in JSON with its length before it."""
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "backslashreplace")
    return struct.pack("<I", len(text)) + text


def head_of(record: bytes) -> Json:
    """The head that a record begins with."""
    (length,) = struct.unpack_from("<I", record)
    head: Json = json.loads(record[4 : 4 + length])
    return head


def _scale_of(samples: Samples) -> list[float] | None:
    """Slope and intercept from stored values to the units that windows are given in; None where a table does that."""
    # Windows are given in the units behind the modality's table (PS3.3 C.11.2): of a table there is no slope to say.
    if isinstance(samples.modality, Lut) or samples.photometric not in {"MONOCHROME1", "MONOCHROME2"}:
        return None
    return list(usable_rescale(samples.modality))
