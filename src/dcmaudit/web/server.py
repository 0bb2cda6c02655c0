"""Starting and ending the server."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence

import uvicorn

from dcmaudit.errors import ServerError
from dcmaudit.review import Desk
from dcmaudit.settings import Settings
from dcmaudit.store import open_store
from dcmaudit.web.app import make_app
from dcmaudit.web.security import Access

_GRACE = 2


def serve(
    settings: Settings,
    names: Sequence[str],
    *,
    review: bool = False,
    tagged: bool = False,
    announce: Callable[[str], None] | None = None,
) -> int:
    """Run the reviewer until somebody quits; the exit code, 0.

    ``names`` are files, folders, lists or databases. ``review`` shows done files too, ``tagged`` only tagged ones.
    Whether it writes (viewer), which port, which database, whether a browser is opened and whether folders are
    read with their subfolders is in ``settings``. ``announce`` gets the lines for the terminal (default: standard
    output). ServerError where the port cannot be had; StoreError where the database cannot be opened. ``q`` in
    the page and Ctrl+C end it; closing every tab does not.
    """
    say = announce or _print
    with (
        _bound(settings.port) as listener,
        open_store(settings.database, user=settings.user, read_only=settings.viewer) as store,
    ):
        access = Access(listener.getsockname()[1])
        chosen = {name: value for name, value in {"ignore-done": not review, "tagged-only": tagged}.items()
                  if (review and name == "ignore-done") or (tagged and name == "tagged-only")}  # fmt: skip
        if tagged:
            chosen["ignore-done"] = False
        desk = Desk(settings, names, store=store, viewer=settings.viewer, chosen=chosen, recursive=settings.recursive)
        try:
            _run(desk, access, listener, settings, say)
        finally:
            desk.close()
    return 0


def _run(desk: Desk, access: Access, listener: socket.socket, settings: Settings, say: Callable[[str], None]) -> None:
    config = uvicorn.Config(
        make_app(desk, access),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_GRACE,
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    desk.on_quit = stop
    address = f"http://127.0.0.1:{access.port}/?token={access.token}"
    for note in desk.store.notes:
        say(f"Note: {note}")
    say(f"The reviewer is at {address}")
    say("The address works once. q in the page or Ctrl+C here ends the program.")
    if settings.browser:
        _open_browser(address, say)
    try:
        asyncio.run(server.serve(sockets=[listener]))
    except KeyboardInterrupt:
        say("Ended.")


def _bound(port: int) -> socket.socket:
    """A listening socket on loopback; ServerError where the port is taken or not allowed."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Otherwise a port stays unusable for a minute after the last server on it ended.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerError(f"port {port} is in use", hint="choose another, or none to get a free one") from error
        if error.errno == errno.EACCES:
            raise ServerError(f"port {port} may not be used", hint="choose one above 1023") from error
        raise ServerError(f"port {port} cannot be used: {error.strerror}") from error
    return listener


def _open_browser(address: str, say: Callable[[str], None]) -> None:
    """Open the browser in a thread of its own: some start commands do not come back before it is closed."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        say("No display: open the address in a browser yourself.")
        return

    def work() -> None:
        try:
            opened = webbrowser.open(address)
        except (webbrowser.Error, OSError):
            opened = False
        if not opened:
            say("No browser could be started: open the address yourself.")

    threading.Thread(target=work, name="dcmaudit-browser", daemon=True).start()


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
