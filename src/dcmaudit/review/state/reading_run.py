"""A look for text on every plane of a file or series, how far it is, and what it found."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from dcmaudit.model.counts import counted
from dcmaudit.review.state.worklist import Worklist


@dataclass(slots=True)
class ReadingRun:
    """One run over the files at ``places``. Only the reading thread counts; ``stopping`` is set by anybody."""

    session: str
    worklist: Worklist
    places: tuple[int, ...]
    files: int = 0
    """Files that are through."""
    planes: int = 0
    """Planes that were looked at, or were before: what was found there counts, too."""
    former: int = 0
    """Those of them that were looked at on another day, or before the program was started anew."""
    lines: int = 0
    identifying: int = 0
    with_text: int = 0
    """Planes with text."""
    files_with_text: int = 0
    failed: int = 0
    """Planes that could not be read."""
    unshown: int = 0
    """Entries of files that cannot be shown, and so not be read."""
    closed: int = 0
    """Files that could not be opened."""
    begun: str = ""
    """What was said when it began."""
    unkept: str = ""
    """Why something of what was found is lost when the program ends, in words."""
    is_over: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def is_whole(self) -> bool:
        """Whether every plane of every file was read, and what was found is stored."""
        return self.files == len(self.places) and not (self.failed or self.unshown or self.closed or self.unkept)

    @property
    def progress(self) -> str:
        """How far it is, in a few words."""
        where = f"file {min(self.files + 1, len(self.places))} of {len(self.places)}, " if len(self.places) > 1 else ""
        text = f", text on {self.with_text}" if self.with_text else ""
        return f"reading text: {where}{counted(self.planes, 'plane')} read{text}"

    @property
    def result(self) -> str:
        """What came of it, in sentences."""
        looked = f"{counted(self.planes, 'plane')} of {counted(self.files, 'file')}"
        if self.with_text:
            where = f" of {counted(self.files_with_text, 'file')}" if len(self.places) > 1 else ""
            found = f"{counted(self.lines, 'place')} of text on {counted(self.with_text, 'plane')}{where}"
            told = [f"{found}, {self.identifying} likely to identify someone; {looked} were read."]
        else:
            told = [f"No text was found on {looked}. That is no proof that there is none."]
        if left := len(self.places) - self.files:
            told.insert(0, "Stopped.")
            told.append(f"{counted(left, 'file was', 'files were')} not read, or not to the end.")
        if self.former:
            told.append(f"{counted(self.former, 'plane was', 'planes were')} read before the program was started.")
        if self.failed:
            told.append(f"{counted(self.failed, 'plane')} could not be read.")
        if self.unshown:
            told.append(f"{counted(self.unshown, 'entry', 'entries')} cannot be shown, and {_not(self.unshown)} read.")
        if self.closed:
            told.append(f"{counted(self.closed, 'file')} could not be opened.")
        if self.unkept:
            told.append(self.unkept)
        return " ".join(told)


def _not(count: int) -> str:
    return "was not" if count == 1 else "were not"
