"""Searches every frame of an open file for what no attribute tells: stray bits, thumbnails in codestreams."""

from __future__ import annotations

from functools import partial

from dcmaudit.dicom import Instance
from dcmaudit.errors import DcmauditError
from dcmaudit.review.services.page_words import page_words
from dcmaudit.review.services.protocols import Background, End, Instances, Pictures
from dcmaudit.review.state.open_file import FrameSearch, InstanceSummary, OpenFile
from dcmaudit.review.state.session import Session


def summary_of(instance: Instance) -> InstanceSummary:
    """What opening an instance told."""
    search = FrameSearch.NONE if not instance.has_unclaimed_bits else FrameSearch.DONE
    if not instance.frames_scanned:
        search = FrameSearch.WAITING
    return InstanceSummary(instance.facts, instance.planes, search, instance.notes)


class HiddenPlaneSearch:
    """Looks through one file while the reviewer goes on; given up where the file is left."""

    def __init__(self, instances: Instances, pictures: Pictures, background: Background, end: End) -> None:
        self._instances, self._pictures = instances, pictures
        self._background, self._end = background, end

    def begin(self, session: Session, file: OpenFile) -> None:
        """Begin, where it is still to be done."""
        with file.lock:
            # Two sessions may show the file: it is searched once.
            if file.search is not FrameSearch.WAITING:
                return
            file.change(search=FrameSearch.SCANNING)
        self._background.at_length(partial(self._scan, session, file))

    def _scan(self, session: Session, file: OpenFile) -> None:
        def stop() -> bool:
            return self._end.is_near or session.file is not file

        def progress(done: int, total: int) -> None:
            self._pictures.let_through()
            file.change(search_progress=(done, total))
            # Twenty times at most: each is a message to the page.
            if done * 20 // max(total, 1) != (done - 1) * 20 // max(total, 1):
                session.bump()

        if stop():
            file.change(search=FrameSearch.WAITING)
            return
        try:
            with self._instances.lease(file.file_id, file.referrer) as instance:
                instance.scan_frames(progress, stop)
                if instance.frames_scanned:
                    self._done(session, file, summary_of(instance))
                    return
        except DcmauditError as error:
            self._failed(session, file, page_words(error.message))
        except Exception as error:  # a scan that ends early must be seen as one
            self._failed(session, file, type(error).__name__)
        else:
            file.change(search=FrameSearch.WAITING)

    def _done(self, session: Session, file: OpenFile, summary: InstanceSummary) -> None:
        with session.lock, file.lock:
            file.replace_planes(summary.planes)
            file.change(search=FrameSearch.DONE, search_progress=None)
        session.bump()

    def _failed(self, session: Session, file: OpenFile, reason: str) -> None:
        with session.lock:
            file.change(search=FrameSearch.FAILED)
            if session.file is file:
                session.say(f"The frames of this file could not be searched for hidden planes: {reason}", "warning")
        session.bump()
