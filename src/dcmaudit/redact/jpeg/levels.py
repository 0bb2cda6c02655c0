"""What black is in a JPEG component: sample levels, and the DC values that decode to them."""

from __future__ import annotations

from dcmaudit.codecs.jpeg.markers import Codestream
from dcmaudit.errors import DecodeError, UsageError


def is_ybr(stream: Codestream) -> bool:
    """Whether three components are luminance and chrominance, as decoders decide it from the codestream alone.

    JFIF means YBR; without it the Adobe segment says it; without both, component identifiers "RGB" mean RGB and
    all others YBR (what libjpeg does).
    """
    # In the order of libjpeg: JFIF, Adobe, then the components' names.
    if stream.is_jfif:
        return True
    if stream.adobe_transform is not None:
        return stream.adobe_transform != 0
    return bytes(c.identifier for c in stream.components) != b"RGB"


def black_levels(stream: Codestream, photometric: str | None = None) -> tuple[int, ...]:
    """The sample value of each component as coded that shows as black.

    ``photometric`` is the PhotometricInterpretation where known: MONOCHROME1 is black at its largest value; for
    three components it decides between RGB and YBR where the codestream has neither a JFIF nor an Adobe segment.
    UsageError for PALETTE COLOR, of which the table decides, and for two or four components.
    """
    count, top = len(stream.components), (1 << stream.precision) - 1
    if photometric == "PALETTE COLOR" or count not in {1, 3}:
        raise UsageError(f"black of {count} component(s) {photometric or ''} has to be named level by level")
    if count == 1:
        return (top if photometric == "MONOCHROME1" else 0,)
    # components of different sampling are luminance and chrominance, whatever the header says
    subsampled = len({(c.h, c.v) for c in stream.components}) > 1
    silent = stream.adobe_transform is None and not stream.is_jfif and not subsampled
    ybr = photometric.startswith("YBR") if photometric and silent else is_ybr(stream)
    if not ybr:
        return 0, 0, 0
    middle = 1 << (stream.precision - 1)
    # No luminance, and chrominance of zero, which is stored shifted to the middle.
    return 0, middle, middle


def dc_level(value: int, step: int, precision: int) -> int:
    """The quantised DC value of a flat block of ``value``; beyond it where only that clamps to 0 or the maximum.

    DecodeError where the step is so coarse that decoders would not clamp but wrap around.
    """
    # The DC coefficient of a flat 8 x 8 block is 8 times its level-shifted value (T.81 A.3.1, A.3.3).
    target = 8 * (value - (1 << (precision - 1)))
    # Rounded away from the middle at both ends: decoders clamp what goes beyond.
    if value == 0:
        level = target // step
    elif value == (1 << precision) - 1:
        level = -(-target // step)
    else:
        level = (2 * target + step) // (2 * step)
    # A DC difference of a sequential JPEG has one bit more than its coefficients can fill (T.81 F.1.2.1).
    if abs(level * step) >= 8 << (precision + 1):
        raise DecodeError(f"black cannot be coded with a DC quantisation step of {step}")
    return level


def decoded_value(level: int, step: int, precision: int) -> int:
    """The sample value that a block with only this quantised DC value decodes to."""
    value = (level * step + 4) // 8 + (1 << (precision - 1))
    return min(max(value, 0), (1 << precision) - 1)
