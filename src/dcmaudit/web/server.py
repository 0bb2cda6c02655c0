"""Starting and ending the server."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn

from dcmaudit.errors import ServerError, UsageError
from dcmaudit.review import ReviewApp
from dcmaudit.review.services.output_runs import Redactor
from dcmaudit.review.state.kept import Keeps
from dcmaudit.settings import Settings
from dcmaudit.sources import NameList
from dcmaudit.store import Store, open_store
from dcmaudit.web.app import make_app
from dcmaudit.web.security import Access

LOOPBACK = "127.0.0.1"
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_GRACE = 2
_SWITCH_INTERVAL = 0.0005
"""Seconds until a thread that computes lets another one run: the default of 5 ms is longer than an answer takes."""

_M_ARENA_MAX = -8
"""The number of the setting in glibc's malloc.h; other C libraries do not have the function or ignore it."""


def serve(  # noqa: PLR0913 - keywords, each what the command line says
    names: Sequence[str | NameList],
    settings: Settings,
    *,
    review: bool = False,
    tagged: bool = False,
    host: str = LOOPBACK,
    ready: Callable[[str], None] | None = None,
    redactor: Redactor | None = None,
    keeps: Keeps | None = None,
    opened: Callable[[Store], None] | None = None,
) -> None:
    """Run the reviewer until somebody quits with ``q`` in the page or Ctrl+C; closing every tab does not end it.

    ``names`` are files, folders, lists or databases. ``review`` shows done files too, ``tagged`` only tagged ones.
    Whether it writes (viewer), which port, which database and whether folders are read with their subfolders is in
    ``settings``. ``keeps`` is the policy of a release, whose kept text is outlined. ``ready`` gets the start address,
    with its one-time token, once the port answers; ``opened`` gets the database before. ServerError where the port
    cannot be had; StoreError where the database cannot be opened; UsageError for a host other than
    this machine without folders that may be browsed, for then everybody with the address could read every file.
    """
    names_of_host = _allowed_names(host, settings)
    _share_memory_between_threads()
    with (
        listening_socket(host, settings.port) as listener,
        open_store(settings.database, user=settings.user, timeout=settings.db_wait, read_only=settings.viewer) as store,
    ):
        if opened is not None:
            opened(store)
        access = Access(listener.getsockname()[1], names_of_host)
        chosen = {}
        if review or tagged:
            # Tagged files count as done: they are left out unless done files are shown.
            chosen = {"ignore-done": False, "tagged-only": tagged}
        app = ReviewApp(
            settings,
            names,
            store=store,
            viewer=settings.viewer,
            chosen=chosen,
            recursive=settings.recursive,
            redactor=redactor,
            keeps=keeps,
        )
        try:
            _run(app, access, listener, ready)
        finally:
            app.close()


class _Server(uvicorn.Server):
    """Tells the reviewer of a signal at once: pages that wait for news get their answer within the grace."""

    def __init__(self, config: uvicorn.Config, app: ReviewApp) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by the signal, in the middle of anything: it may set flags and nothing more."""
        self._app.end_is_near()
        super().handle_exit(sig, frame)


def server_for(app: ReviewApp, access: Access) -> uvicorn.Server:
    """A server for one reviewer that ends when it is asked to quit. It writes no log of who asked for what."""
    config = uvicorn.Config(
        make_app(app, access),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config, app)

    def stop() -> None:
        server.should_exit = True

    app.on_quit(stop)
    return server


def _run(app: ReviewApp, access: Access, listener: socket.socket, ready: Callable[[str], None] | None) -> None:
    server = server_for(app, access)
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        with _ended_by_signals(server):
            if ready is not None:
                ready(access.start_address())
            asyncio.run(server.serve(sockets=[listener]))
    except KeyboardInterrupt:
        pass  # the way to end it from a terminal
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Meanwhile the first SIGINT or SIGTERM asks the server for its end; one more is a KeyboardInterrupt.

    uvicorn listens for them only while it serves. A KeyboardInterrupt between the address, which is told before, and
    that moment can strike inside asyncio, half way through making its loop, and leave a traceback on the terminal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    presses = 0

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal presses
        presses += 1
        if presses > 1:
            raise KeyboardInterrupt
        server.should_exit = True

    handlers = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _share_memory_between_threads() -> None:
    """Have glibc keep freed memory in two places instead of one a thread: a walk through a cine costs 15 MB less."""
    if sys.platform == "linux":
        import ctypes

        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _allowed_names(host: str, settings: Settings) -> list[str]:
    """The names by which this server may be asked for, the one for the start address first."""
    if host == "localhost" or ipaddress.ip_address(host).is_loopback:
        return list(_LOOPBACK_NAMES) if host in {LOOPBACK, "localhost"} else [_in_address(host), "localhost"]
    # Whoever may ask could otherwise read every file of this user.
    if not settings.browse_roots:
        raise UsageError(
            "a server for other machines needs the folders that may be opened through it",
            hint="set DCMAUDIT_BROWSE_ROOTS, or leave out --host",
        )
    machine = [socket.gethostname().lower(), socket.getfqdn().lower()]
    if ipaddress.ip_address(host).is_unspecified:
        # It listens on the loopback device, too: that is how a port of a container that is passed on is asked for.
        return [*machine, *_LOOPBACK_NAMES]
    return [_in_address(host), *machine]


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def listening_socket(host: str, port: int) -> socket.socket:
    """A listening socket; ServerError where the port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's algorithm off only for sockets that say they are TCP;
    # with it on, many an answer comes 40 ms late.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Otherwise a port stays unusable for a minute after the last server on it ended.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerError(f"port {port} is in use", hint="choose another, or none to get a free one") from error
        if error.errno == errno.EACCES:
            raise ServerError(f"port {port} may not be used", hint="choose one above 1023") from error
        raise ServerError(f"{host}, port {port}, cannot be used: {error.strerror}") from error
    return listener
