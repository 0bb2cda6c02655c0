"""What of an open file cannot be audited, as far as it was tried."""

from __future__ import annotations

from dcmaudit.model import PlaneKind
from dcmaudit.review.services.protocols import Pictures
from dcmaudit.review.state.open_file import FrameSearch, OpenFile
from dcmaudit.review.state.session import Session
from dcmaudit.store import gap_words


class FileGaps:
    """Counts the parts of a file that there is no picture of, and notes them in the list."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures

    def words(self, file: OpenFile) -> str | None:
        """What of the file cannot be audited, in words; None where nothing is known."""
        parts = self.unshown_parts(file)
        return gap_words(parts) if parts else None

    def unshown_parts(self, file: OpenFile) -> int:
        """How many parts of the file there is no picture of: entries without one, planes that could not be decoded.

        A file that cannot be opened is one such part, and so is a search for hidden planes that failed.
        """
        if file.opening:
            return 0
        without = {group.address(0) for group in file.planes.groups if group.kind is PlaneKind.UNSHOWN}
        failed = without | {
            each for each in self._pictures.undecodable(file.file_id) if file.planes.find(each) is not None
        }
        return len(failed) + (file.error is not None) + (file.search is FrameSearch.FAILED)

    def note(self, session: Session) -> None:
        """Note in the list what of the open file cannot be audited; what was noted stays until all of it is seen."""
        file = session.file
        gap = self.words(file) if file is not None else None
        # Nothing found on the few planes that were shown takes back nothing.
        if file is not None and (gap or file.looked.is_whole):
            session.worklist.note_gap(file.place, gap)
