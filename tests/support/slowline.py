"""A slow line between a browser and a server on this machine, as through ``ssh -L``."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

_PIECE = 16 << 10


class SlowLine:
    """Listens on a port of its own and passes everything on; what comes back shares ``rate`` bytes a second.

    The server refuses every name but its own, so that it is told that one: as where both ends have the same port.
    """

    def __init__(self, port: int, rate: int) -> None:
        self._to, self._rate = port, rate
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
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                if is_slow:
                    with self._lock:  # one line for all connections
                        time.sleep(len(piece) / self._rate)
                target.sendall(piece if is_slow else piece.replace(self._here, self._there))
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
