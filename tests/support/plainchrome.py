"""A browser that only runs scripts: no one keeps a record of what its pages fetch.

Whoever drives a browser through its network domain has the renderer keep each answer for a while, about 18 KB for each
plane of a held key: that is the driver's memory, and not the page's.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_LEAST = 10
"""File descriptors of ours lie above those that the browser reads and writes, 3 and 4."""


def _pipe() -> tuple[int, int]:
    """Both ends of a pipe, above ``_LEAST``."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _LEAST) for end in low)
    for end in low:
        os.close(end)
    return high[0], high[1]


class PlainChrome:
    """One tab of Debian's Chromium with a profile in ``profile``, 1280 x 720."""

    def __init__(self, profile: Path, address: str) -> None:
        theirs_in, self._out = _pipe()
        self._in, theirs_out = _pipe()

        program = shutil.which("chromium") or "/usr/bin/chromium"
        options = ["--headless=new", "--no-sandbox", "--disable-background-networking", "--no-first-run"]
        # The browser reads orders from 3 and writes answers to 4.
        connected = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self._process = subprocess.Popen(
            ["bash", "-c", connected, "browser", program, *options, "--window-size=1280,807",
             f"--user-data-dir={profile}", "--remote-debugging-pipe"],
            pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._number, self._left, self._session = 0, b"", None
        target = self._call("Target.createTarget", url=address)["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(20)
        os.close(self._in)
        os.close(self._out)

    def evaluate(self, script: str, *arguments: object) -> Any:
        """What a function of the page returns, or its promise; RuntimeError for an exception in it."""
        call = f"({script})({', '.join(json.dumps(each) for each in arguments)})"
        found = self._call("Runtime.evaluate", expression=call, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"].get("text")))
        return found["result"].get("value")

    def collect(self) -> None:
        """Have JavaScript give back what nobody uses."""
        self._call("HeapProfiler.collectGarbage")

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        order = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            order["sessionId"] = self._session
        os.write(self._out, json.dumps(order).encode() + b"\0")
        while True:
            while b"\0" not in self._left:
                data = os.read(self._in, 1 << 20)
                if not data:
                    raise RuntimeError("the browser has ended")
                self._left += data
            one, _, self._left = self._left.partition(b"\0")
            answer: dict[str, Any] = json.loads(one)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(str(answer["error"].get("message")))
                found: dict[str, Any] = answer["result"]
                return found
