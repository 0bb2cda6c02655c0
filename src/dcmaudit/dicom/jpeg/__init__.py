"""Sequential, progressive and lossless JPEG, read: segments, coefficients, and whether all of it is there.

What rewrites a codestream (``redact`` and what it uses) has no name here, so that nothing that only reads can reach it.
"""

from dcmaudit.dicom.jpeg.coefficients import coefficients, coefficients_and_ends
from dcmaudit.dicom.jpeg.lossless import walk_over, wrapped_samples
from dcmaudit.dicom.jpeg.markers import Codestream, parse
from dcmaudit.dicom.jpeg.progressive import require_sound_progressive
from dcmaudit.dicom.jpeg.soundness import require_sound

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
