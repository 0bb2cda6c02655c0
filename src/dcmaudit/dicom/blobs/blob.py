"""One value in which a picture could hide, and what people are told of it."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.dicom.blobs.signatures import Look
from dcmaudit.dicom.dictionary import title
from dcmaudit.model.texts import tag_text


@dataclass(frozen=True, slots=True)
class Blob:
    """A value that could hold a picture and is shown by no plane.

    ``path`` are the tags from the top-level element down to it; ``count`` values of ``length`` bytes together lie at
    that path, in different items. ``look`` says what the largest begins like, ``fault`` in words why a standard element
    is not what it should be.
    """

    path: tuple[int, ...]
    vr: str
    length: int
    count: int = 1
    look: Look | None = None
    fault: str | None = None

    @property
    def is_private(self) -> bool:
        """Whether it is private, or lies in something private."""
        # Private groups are odd (PS3.5 7.8).
        return any(tag >> 16 & 1 for tag in self.path)

    @property
    def name(self) -> str:
        """What the reviewer calls it."""
        tag = self.path[-1]
        inside = "".join(f" in {tag_text(outer)}" for outer in reversed(self.path[:-1]))
        return f"{'private element' if self.is_private else 'element'} {tag_text(tag)}{inside}"

    @property
    def reason(self) -> str:
        """In words what it is and why it is named."""
        name = title(self.path[-1])
        what = f"{self.length} bytes (VR {self.vr})"
        what += f" in {self.count} items" if self.count > 1 else ""
        if self.look is not None:
            what += f" that look like {self.look.value}"
        elif self.fault is not None:
            what += f", {self.fault}"
        else:
            what += ", in which a picture could hide"
        return f"{name}: {what}" if name else what
