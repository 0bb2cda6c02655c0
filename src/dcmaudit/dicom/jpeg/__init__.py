"""Sequential JPEG (baseline and extended): blacking rectangles block by block, and reading coefficients."""

from dcmaudit.dicom.jpeg.coefficients import coefficients
from dcmaudit.dicom.jpeg.grid import mcu_grid, reach, touched_mcus
from dcmaudit.dicom.jpeg.levels import black_levels
from dcmaudit.dicom.jpeg.lossless import walk_over, wrapped_samples
from dcmaudit.dicom.jpeg.markers import Codestream, parse
from dcmaudit.dicom.jpeg.progressive import require_sound_progressive
from dcmaudit.dicom.jpeg.redact import RedactedCodestream, redact_blocks
from dcmaudit.dicom.jpeg.soundness import require_sound

__all__ = [
    "Codestream",
    "RedactedCodestream",
    "black_levels",
    "coefficients",
    "mcu_grid",
    "parse",
    "reach",
    "redact_blocks",
    "require_sound",
    "require_sound_progressive",
    "touched_mcus",
    "walk_over",
    "wrapped_samples",
]
