"""Opening a database while somebody waits for it: a server that does not answer is given up soon."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError

from dcmaudit.errors import StoreError
from dcmaudit.store import Store, is_server, load_driver, name_of, open_store

PATIENCE = 3.0
"""Seconds that a dialog waits for a server. A name that nobody resolves can take far longer than any connection."""


def open_soon(location: str, *, user: str, read_only: bool) -> Store:
    """The store at ``location``, as ``open_store`` opens it.

    StoreError where it is on a server and does not answer within PATIENCE seconds; if it does so later, the
    connection is closed again. A database file is waited for: the system itself says what is wrong with it.
    """
    if not is_server(location):
        return open_store(location, user=user, read_only=read_only)
    load_driver()  # not the server's time
    opening = _begun(location, user, read_only=read_only)
    try:
        return opening.result(PATIENCE)
    except FutureTimeoutError:
        opening.add_done_callback(_close)
        raise StoreError(
            f"the database server did not answer within {PATIENCE:.0f} seconds",
            file=name_of(location),
            hint="nothing was changed; check its name and port and the network",
        ) from None


def _begun(location: str, user: str, *, read_only: bool) -> Future[Store]:
    opening: Future[Store] = Future()

    def work() -> None:
        try:
            opening.set_result(open_store(location, user=user, read_only=read_only))
        except BaseException as error:  # it belongs to whoever waits
            opening.set_exception(error)

    threading.Thread(target=work, name="dcmaudit-database", daemon=True).start()
    return opening


def _close(opening: Future[Store]) -> None:
    if opening.exception() is None:
        opening.result().close()
