"""OpenCV, loaded when something of it is used: the small installation (dcmaudit-core) does without it."""

from __future__ import annotations

from typing import Any

from dcmaudit.errors import MissingExtraError

SMALL = "this is the small installation, which finds and reads no text"


class _OpenCV:
    """Stands for the module ``cv2`` and becomes it, name by name."""

    def __getattr__(self, name: str) -> Any:
        """Something of OpenCV; MissingExtraError where it is not installed."""
        try:
            import cv2 as library
        except ImportError as error:
            raise MissingExtraError(SMALL, hint="pip install dcmaudit") from error
        found = getattr(library, name)
        setattr(self, name, found)
        return found


cv2: Any = _OpenCV()


def components(marks: Any) -> tuple[int, Any, Any]:
    """How many figures of touching pixels there are, the ground included; (rows, columns) of their numbers; and of each
    (left, top, columns, rows, pixels), int32. Pixels touch at corners, too; ``marks`` is uint8.

    What OpenCV takes by itself counts every figure a second time: three times as slow, with the same numbers.
    """
    count, names, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(marks, 8, cv2.CV_32S, cv2.CCL_SPAGHETTI)
    return count, names, stats
