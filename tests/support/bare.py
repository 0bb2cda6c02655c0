"""A page that only paints planes, and a server that only sends them: what the reviewer's page is measured against."""

from __future__ import annotations

import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

STATIC = Path(__file__).resolve().parents[2] / "src" / "dcmaudit" / "web" / "static" / "js"

PAGE = Path(__file__).resolve().parents[2] / "bench" / "bare.html"


class BareServer:
    """Serves the page and the last frames of a native file of one byte a pixel, in a process of its own."""

    def __init__(self, file: Path, edge: int, frames: int) -> None:
        self._file, self._edge, self._frames = file, edge, frames
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self.pid = 0

    def __enter__(self) -> Self:
        self.pid = os.fork()
        if self.pid == 0:
            self._server.serve_forever()
        self._server.server_close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        file, size, frames = self._file, self._edge**2, self._frames
        text = PAGE.read_text("utf-8").replace("EDGE_OF_THE_PLANES", str(self._edge))
        page = text.replace("PLANES_IN_ALL", str(frames)).encode()

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_words: object) -> None:
                """Nothing is written."""

            def do_GET(self) -> None:
                name, _, query = self.path.partition("?")
                if name == "/values":
                    self._send_values(int(query.removeprefix("from=")))
                    return
                found = name in {"/shrink.js", "/scaling.js", "/orientation.js"}
                body = (STATIC / name[1:]).read_bytes() if found else page
                self.send_response(200 if found or name == "/" else 404)
                self.send_header("Content-Type", "text/javascript" if found else "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _send_values(self, start: int) -> None:
                self.send_response(200)
                self.end_headers()
                with file.open("rb") as source:
                    begin = file.stat().st_size // size  # whole frames; what is before them is the header
                    source.seek(file.stat().st_size - (begin - start) * size)
                    for _ in range(start, frames):
                        try:
                            self.wfile.write(source.read(size))
                        except OSError:
                            return

        return Handler
