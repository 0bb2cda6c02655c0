"""A slow line between a browser and a server on this machine, as through ``ssh -L``."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Queue
from types import TracebackType
from typing import Self

_PIECE = 16 << 10


class SlowLine:
    """Listens on a port of its own and passes everything on; what comes back shares ``rate`` bytes a second.

    ``delay`` is how many seconds a piece is on its way, in either direction, however much the line carries.

    The server refuses every name but its own, so that it is told that one: as where both ends have the same port.
    """

    def __init__(self, port: int, rate: int, delay: float = 0.0) -> None:
        self._to, self._rate, self._delay = port, rate, delay
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._socket]
        self._threads: list[threading.Thread] = []
        self._here = f"127.0.0.1:{self._socket.getsockname()[1]}".encode()
        self._there = f"127.0.0.1:{port}".encode()
        self.origin = f"http://{self._here.decode()}"

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                browser, _ = self._socket.accept()
                self._open.append(browser)
                server = socket.create_connection(("127.0.0.1", self._to))
                self._open.append(server)
                self._begin(self._pass_on, browser, server, False)
                self._begin(self._pass_on, server, browser, True)

    def _pass_on(self, source: socket.socket, target: socket.socket, is_slow: bool) -> None:
        way: Queue[tuple[float, bytes]] = Queue()
        self._begin(self._deliver, way, target)
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                if is_slow:
                    with self._lock:  # one line for all connections
                        time.sleep(len(piece) / self._rate)
                way.put((time.monotonic() + self._delay, piece if is_slow else piece.replace(self._here, self._there)))
        way.put((time.monotonic() + self._delay, b""))
        with suppress(OSError):
            source.shutdown(socket.SHUT_RD)

    def _deliver(self, way: Queue[tuple[float, bytes]], target: socket.socket) -> None:
        with suppress(OSError):
            while True:
                when, piece = way.get()
                time.sleep(max(0.0, when - time.monotonic()))
                if not piece:
                    break
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
