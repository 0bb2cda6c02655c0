"""From the name of a command to what it does."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.table import BY_NAME
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.sight import Sight

_LOG = logging.getLogger(__name__)

_BY_ITSELF = {"seen", "cursor"}
"""What the page sends without anybody having asked for something."""


def perform(
    session: Session, services: Services, name: str, arguments: Arguments, painted: Iterable[Sight] = ()
) -> None:
    """Carry the command ``name`` out for ``session``, after noting what was ``painted`` since the last one.

    UsageError for a command or argument that there is not; ReviewError where it makes no sense now; StoreError
    where the database refuses. In every case the session is as it was before, apart from what was seen.
    """
    command = BY_NAME.get(name)
    if command is None or command.run is None:
        reason = "is done by the page itself" if command is not None else "is unknown"
        raise UsageError(f"the command {name!r} {reason}", hint="GET /api/commands lists them")
    begun = time.monotonic()
    with session.lock:
        # First of all: a command may leave the plane, and what was on it has been seen before.
        services.seen.painted(session, painted)
        if name not in _BY_ITSELF:
            # What was said and asked stands until somebody does something: the page reports what it shows at once.
            session.message, session.question = None, None
            # Whoever does something has settled where she is: coming back to an earlier place is off.
            session.awaited = None
        try:
            if command.writes:
                services.database.require_writable()
                # What was seen until now was seen with the marks as they are.
                if session.file is not None:
                    services.content.keep(session.file)
                services.database.store.lately_uncovered()
            command.run(session, services, arguments)
            if command.writes:
                _tell_uncovered(session, services)
            services.files.begin_picture(session)
        except DcmauditError as error:
            _log_command(session, name, type(error).__name__, begun)
            raise
        else:
            _log_command(session, name, None, begun)
        finally:
            session.bump()


def _tell_uncovered(session: Session, services: Services) -> None:
    """Say how many planes no longer count as seen, as a mark has gone that may have been black when they were; the one
    on the stage is seen anew."""
    here, name = session.address(), "" if session.file is None else session.file.name
    planes = files = 0
    for filename, spans in services.database.store.lately_uncovered().items():
        count = sum(len(span.frames) for span in spans)
        count -= filename == name and any(here in span for span in spans)
        planes += count
        files += count > 0
    if not planes:
        return
    where = f" of {counted(files, 'file')}" if files > 1 else ""
    them = counted(planes, "plane counts", "planes count")
    words = f"{them}{where} as seen no more: what is bare now may have been black then. Look again."
    said = "" if session.message is None else f"{session.message.text} "
    session.say(f"{said}{words}", "warning")


def _log_command(session: Session, name: str, failure: str | None, begun: float) -> None:
    # Neither arguments nor messages: a comment, a path of a bucket or a password may be in them.
    if not _LOG.isEnabledFor(logging.DEBUG):
        return
    file, taken = session.file, (time.monotonic() - begun) * 1000
    end = failure or ("asks" if session.question else "done")
    address = session.address()
    plane = "no plane" if address is None else f"plane {address.key}"
    where = "no file is open" if file is None else f"{printable(file.name)}, {plane}"
    _LOG.debug("command %s: %s in %.0f ms; now at %s", name, end, taken, where)
