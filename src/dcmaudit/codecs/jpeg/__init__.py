"""Sequential, progressive and lossless JPEG, read: segments, coefficients, and whether all of it is there.

What rewrites a codestream is in ``dcmaudit.redact.jpeg``. The codec of the frames is ``codec``.
"""

from dcmaudit.codecs.jpeg.coefficients import coefficients, coefficients_and_ends
from dcmaudit.codecs.jpeg.lossless import walk_over, wrapped_samples
from dcmaudit.codecs.jpeg.markers import Codestream, parse
from dcmaudit.codecs.jpeg.progressive import require_sound_progressive
from dcmaudit.codecs.jpeg.soundness import require_sound

__all__ = [
    "Codestream",
    "coefficients",
    "coefficients_and_ends",
    "parse",
    "require_sound",
    "require_sound_progressive",
    "walk_over",
    "wrapped_samples",
]
