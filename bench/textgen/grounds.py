"""What lies under strings and must not be taken for text: pieces of real pictures, made-up grounds, hard negatives."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from textgen.pictures import Shot

Rng = np.random.Generator
Pixels = npt.NDArray[np.uint8]
EDGE = 256


def piece(shot: Shot, rng: Rng) -> tuple[Pixels, npt.NDArray[np.bool_]]:
    """A square of a real picture at some size, turned, and where it holds text of its own."""
    rows, columns = shot.picture.shape[:2]
    scale = float(np.exp(rng.uniform(np.log(0.45), np.log(2.2)))) * min(1.0, 700 / max(rows, columns)) ** rng.uniform(
        0, 1
    )
    side = int(np.clip(EDGE / scale, 40, 1.15 * max(rows, columns)))
    top = int(rng.integers(min(0, rows - side), max(0, rows - side) + 1))
    left = int(rng.integers(min(0, columns - side), max(0, columns - side) + 1))
    if rng.random() < 0.15:  # beyond the edge of the picture
        top += int(rng.integers(-side // 2, side // 2))
        left += int(rng.integers(-side // 2, side // 2))
    y0, y1, x0, x1 = max(0, top), min(rows, top + side), max(0, left), min(columns, left + side)
    if y1 - y0 < 16 or x1 - x0 < 16:
        y0, x0 = 0, 0
        y1, x1 = min(rows, side), min(columns, side)
    part, known = shot.picture[y0:y1, x0:x1], shot.text[y0:y1, x0:x1]
    if part.shape[:2] != (side, side):
        level = int(rng.choice((0, 0, 0, 255, 30)))
        around = ((0, side - (y1 - y0)), (0, side - (x1 - x0)))
        if rng.random() < 0.5:
            around = tuple((b, a) for a, b in around)  # type: ignore[assignment]
        part = np.pad(part, (*around, (0, 0))[: part.ndim], constant_values=level)
        known = np.pad(known, around)
    how = cv2.INTER_AREA if side > EDGE else (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[rng.integers(3)]
    part = cv2.resize(part, (EDGE, EDGE), interpolation=how)
    known = cv2.resize(known.astype(np.uint8), (EDGE, EDGE), interpolation=cv2.INTER_LINEAR) > 0
    turns = int(rng.integers(4))
    part, known = np.rot90(part, turns), np.rot90(known, turns)
    if rng.random() < 0.5:
        part, known = part[:, ::-1], known[:, ::-1]
    return np.ascontiguousarray(part), np.ascontiguousarray(known)


def made_up(rng: Rng) -> Pixels:
    """Flat, ramps, clouds, speckle, phantoms of ellipses, stripes."""
    way = int(rng.integers(7))
    y, x = np.mgrid[0:EDGE, 0:EDGE].astype(np.float32) / EDGE
    base = float(rng.uniform(0, 255)) if rng.random() < 0.6 else 0.0
    picture = np.full((EDGE, EDGE), base, np.float32)
    if way == 1:
        angle = rng.uniform(0, 6.3)
        picture = 128 + rng.uniform(-1, 1) * 255 * (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5))
    elif way == 2:
        picture += _cloud(rng, int(rng.integers(3, 60))) * rng.uniform(20, 120)
    elif way == 3:
        wave = _cloud(rng, int(rng.integers(40, 128))) + 1j * _cloud(rng, int(rng.integers(40, 128)))
        picture = np.abs(wave).astype(np.float32) * rng.uniform(20, 70) * (0.4 + _cloud(rng, 5) * 0.3).clip(0, 2)
    elif way == 4:
        for _ in range(int(rng.integers(2, 14))):
            _ellipse(picture, rng)
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 2.5))
    elif way == 5:
        period, angle = rng.uniform(4, 60), rng.choice((0, np.pi / 2, rng.uniform(0, 3.1)))
        wave = np.sin((np.cos(angle) * x + np.sin(angle) * y) * EDGE * 2 * np.pi / period)
        picture = 128 + rng.uniform(10, 120) * (np.sign(wave) if rng.random() < 0.5 else wave)
    if rng.random() < 0.6:
        picture = picture + rng.normal(0, rng.uniform(0.5, 12), picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _cloud(rng: Rng, cells: int) -> npt.NDArray[np.float32]:
    return np.asarray(
        cv2.resize(rng.normal(0, 1, (cells, cells)).astype(np.float32), (EDGE, EDGE), interpolation=cv2.INTER_CUBIC)
    )


def _ellipse(picture: Any, rng: Rng) -> None:
    centre = tuple(int(v) for v in rng.integers(0, EDGE, 2))
    axes = tuple(int(v) for v in rng.integers(3, 110, 2))
    thick = -1 if rng.random() < 0.7 else int(rng.integers(1, 6))
    cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0, 255)), thick)


def scribble(picture: Pixels, rng: Rng) -> None:
    """Draw, in place, what devices draw that is no text: grids, rulers, curves, calipers, arrows, bars, implants."""
    for _ in range(int(rng.integers(1, 4))):
        way = _DRAWN[int(rng.integers(len(_DRAWN)))]
        shade = int(rng.choice((255, 255, 200, 128, 60, 0)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3)) if rng.random() < 0.4 else (shade,) * 3
        way(picture, rng, colour if picture.ndim == 3 else shade)


def _at(rng: Rng) -> tuple[int, int]:
    return int(rng.integers(-10, EDGE + 10)), int(rng.integers(-10, EDGE + 10))


def _grid(picture: Any, rng: Rng, colour: Any) -> None:
    step, dotted = int(rng.integers(8, 70)), rng.random() < 0.3
    x0, y0 = (int(v) for v in rng.integers(0, 120, 2))
    x1, y1 = int(rng.integers(x0 + 20, EDGE + 60)), int(rng.integers(y0 + 20, EDGE + 60))
    for x in range(x0, x1, step):
        for y in range(y0, y1, step if dotted else EDGE * 2):
            if dotted:
                cv2.circle(picture, (x, y), 1, colour, -1)
            else:
                cv2.line(picture, (x, y0), (x, y1), colour, 1)
    if not dotted:
        for y in range(y0, y1, step):
            cv2.line(picture, (x0, y), (x1, y), colour, 1)


def _ruler(picture: Any, rng: Rng, colour: Any) -> None:
    step, long, every = int(rng.integers(3, 26)), int(rng.integers(3, 16)), int(rng.integers(2, 11))
    place, upright, spine = int(rng.integers(2, EDGE - 2)), rng.random() < 0.5, rng.random() < 0.5
    side, thick = (1 if rng.random() < 0.5 else -1), int(rng.choice((1, 1, 2)))
    start, end = int(rng.integers(0, 90)), int(rng.integers(140, EDGE))
    for k, at in enumerate(range(start, end, step)):
        tick = long if k % every == 0 else max(2, long // 2)
        ends = ((place, at), (place + side * tick, at)) if upright else ((at, place), (at, place + side * tick))
        cv2.line(picture, *ends, colour, thick)
    if spine:
        ends = ((place, start), (place, end)) if upright else ((start, place), (end, place))
        cv2.line(picture, *ends, colour, thick)


def _curve(picture: Any, rng: Rng, colour: Any) -> None:
    x = np.arange(0, EDGE)
    period, high, base = rng.uniform(25, 140), rng.uniform(8, 60), rng.uniform(20, 240)
    phase = (x % period) / period
    y = -high * np.exp(-(((phase - 0.4) / 0.025) ** 2)) + 0.3 * high * np.exp(-(((phase - 0.46) / 0.03) ** 2))
    y = base + y - 0.25 * high * np.exp(-(((phase - 0.7) / 0.07) ** 2)) + rng.normal(0, rng.uniform(0, 1.5), EDGE)
    points = np.stack([x, y], axis=1).astype(np.int32)
    cv2.polylines(picture, [points], isClosed=False, color=colour, thickness=int(rng.choice((1, 1, 2))))


def _caliper(picture: Any, rng: Rng, colour: Any) -> None:
    ends = [_at(rng), _at(rng)]
    size, thick = int(rng.integers(2, 9)), int(rng.choice((1, 1, 2)))
    marker = int(
        rng.choice((cv2.MARKER_CROSS, cv2.MARKER_TILTED_CROSS, cv2.MARKER_DIAMOND, cv2.MARKER_SQUARE, cv2.MARKER_STAR))
    )
    for end in ends:
        cv2.drawMarker(picture, end, colour, marker, 2 * size, thick)
    if rng.random() < 0.6:
        (x0, y0), (x1, y1) = ends
        for part in np.linspace(0, 1, int(rng.integers(8, 60))):
            cv2.circle(
                picture, (int(x0 + part * (x1 - x0)), int(y0 + part * (y1 - y0))), 1 if thick > 1 else 0, colour, -1
            )


def _arrow(picture: Any, rng: Rng, colour: Any) -> None:
    one = _at(rng)
    other = one[0] + int(rng.integers(-50, 50)), one[1] + int(rng.integers(-50, 50))
    cv2.arrowedLine(picture, one, other, colour, int(rng.choice((1, 2, 3, 5))), tipLength=float(rng.uniform(0.15, 0.6)))
    if rng.random() < 0.4:
        x, y, s = *_at(rng), int(rng.integers(3, 14))
        cv2.fillPoly(picture, [np.array([(x, y), (x + s, y + s), (x + s, y - s)], np.int32)], colour)


def _bar(picture: Any, rng: Rng, colour: Any) -> None:
    x, y, wide, high = (int(v) for v in (*rng.integers(0, 220, 2), rng.integers(5, 26), rng.integers(50, 230)))
    ramp = np.linspace(255, 0, high).astype(np.uint8)[:, np.newaxis].repeat(wide, 1)
    if picture.ndim == 3:
        ramp = (
            cv2.applyColorMap(ramp, int(rng.integers(0, 12)))
            if rng.random() < 0.7
            else ramp[..., np.newaxis].repeat(3, 2)
        )
    if rng.random() < 0.3:
        ramp = np.ascontiguousarray(np.rot90(ramp))
    here = picture[y : y + ramp.shape[0], x : x + ramp.shape[1]]
    here[:] = ramp[: here.shape[0], : here.shape[1]]
    if rng.random() < 0.5:
        cv2.rectangle(picture, (x, y), (x + ramp.shape[1], y + ramp.shape[0]), colour, 1)


def _frame(picture: Any, rng: Rng, colour: Any) -> None:
    one, other = _at(rng), _at(rng)
    if rng.random() < 0.5:
        cv2.rectangle(picture, one, other, colour, int(rng.choice((1, 1, 2, 4))))
    else:
        cv2.circle(picture, one, int(rng.integers(3, 120)), colour, int(rng.choice((1, 1, 2))))


def _doppler(picture: Any, rng: Rng, colour: Any) -> None:
    del colour
    x, y, wide, high = (int(v) for v in (*rng.integers(0, 160, 2), *rng.integers(30, 150, 2)))
    here = picture[y : y + high, x : x + wide]
    cloud = _cloud(rng, int(rng.integers(6, 40)))[: here.shape[0], : here.shape[1]]
    if picture.ndim == 3:
        levels = np.clip(128 + 70 * cloud, 0, 255).astype(np.uint8)
        tint = cv2.applyColorMap(levels, int(rng.choice((cv2.COLORMAP_JET, cv2.COLORMAP_HOT, cv2.COLORMAP_TURBO))))
        here[np.abs(cloud) > 0.7] = tint[np.abs(cloud) > 0.7]
    else:  # the trace of a spectrum
        envelope = np.abs(np.sin(np.arange(here.shape[1]) / rng.uniform(5, 25))) * here.shape[0]
        below = np.arange(here.shape[0])[::-1, np.newaxis] < envelope
        noise = rng.integers(0, 256, here.shape).astype(np.uint8)
        here[below] = noise[below]


def _implant(picture: Any, rng: Rng, colour: Any) -> None:
    del colour
    layer = np.zeros((EDGE, EDGE), np.uint8)
    x, y = _at(rng)
    angle = rng.uniform(0, 6.3)
    long, thick = int(rng.integers(15, 90)), int(rng.integers(3, 12))
    end = int(x + long * np.cos(angle)), int(y + long * np.sin(angle))
    cv2.line(layer, (x, y), end, 255, thick)
    if rng.random() < 0.6:  # the thread of a screw
        for part in np.arange(0, 1, 3.5 / long):
            cv2.circle(layer, (int(x + part * (end[0] - x)), int(y + part * (end[1] - y))), thick // 2 + 2, 255, 1)
    layer = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.4, 1.6))
    share = layer.astype(np.float32) / 255 * rng.uniform(0.4, 1)
    share = share[..., np.newaxis] if picture.ndim == 3 else share
    picture[:] = (picture * (1 - share) + 245 * share).astype(np.uint8)


def _dashes(picture: Any, rng: Rng, colour: Any) -> None:
    (x, y), (dx, dy) = _at(rng), rng.uniform(-1, 1, 2)
    on, off = rng.uniform(2, 14), rng.uniform(2, 12)
    norm = float(np.hypot(dx, dy)) + 1e-6
    dx, dy = dx / norm, dy / norm
    if rng.random() < 0.5:
        dx, dy = (1.0, 0.0) if rng.random() < 0.5 else (0.0, 1.0)
    for k in range(int(rng.integers(4, 40))):
        at = k * (on + off)
        cv2.line(
            picture,
            (int(x + dx * at), int(y + dy * at)),
            (int(x + dx * (at + on)), int(y + dy * (at + on))),
            colour,
            int(rng.choice((1, 1, 2))),
        )


def _checks(picture: Any, rng: Rng, colour: Any) -> None:
    x, y, cell = (int(v) for v in (*rng.integers(0, 200, 2), rng.integers(2, 22)))
    wide, high = (int(v) for v in rng.integers(2, 9, 2))
    for row in range(high):
        for column in range(wide):
            if (row + column) % 2:
                cv2.rectangle(
                    picture,
                    (x + column * cell, y + row * cell),
                    (x + (column + 1) * cell - 1, y + (row + 1) * cell - 1),
                    colour,
                    -1,
                )


def _spots(picture: Any, rng: Rng, colour: Any) -> None:
    for _ in range(int(rng.integers(3, 60))):
        x, y = (int(v) for v in rng.integers(0, EDGE, 2))
        size = int(rng.integers(0, 4))
        cv2.ellipse(
            picture, (x, y), (size + int(rng.integers(0, 6)), size), float(rng.uniform(0, 180)), 0, 360, colour, -1
        )


_DRAWN = (
    _grid, _ruler, _ruler, _curve, _caliper, _caliper, _arrow, _bar, _frame,
    _doppler, _implant, _dashes, _checks, _spots,
)  # fmt: skip
