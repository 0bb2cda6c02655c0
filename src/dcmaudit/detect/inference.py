"""The one door to onnxruntime: it is loaded so that it reports nothing to anybody.

Left to itself, onnxruntime 1.31 and later writes an identity of the machine and a list of events into the home of
whoever runs it, and sends them to its maker, from the moment of its import. Calls made afterwards do not stop that;
a variable of the environment that is there before does.
"""

from __future__ import annotations

import os
import sys
import threading
from types import ModuleType
from typing import Any

from dcmaudit.errors import EngineError

SILENCE = "ORT_DISABLE_TELEMETRY"

_lock = threading.Lock()
_is_ours = False


def onnxruntime() -> ModuleType:
    """The library, loaded in silence; libraries of others that use it are to be imported after this call.

    EngineError where it cannot be loaded, or where somebody else loaded it in this process without silencing it: it
    reports what it does ever since, and nothing can stop it but another process.
    """
    global _is_ours  # noqa: PLW0603 - one process, one library
    with _lock:
        if not _is_ours and "onnxruntime" in sys.modules and os.environ.get(SILENCE) != "1":
            raise EngineError(
                "another part of this process has loaded onnxruntime, which sends reports to its maker",
                hint=f"set {SILENCE}=1 before the process starts, and begin anew",
            )
        os.environ[SILENCE] = "1"  # whatever it was; processes that are started from here inherit it
        try:
            import onnxruntime  # type: ignore[import-untyped, unused-ignore]
        except ImportError as error:
            raise EngineError(
                "onnxruntime cannot be loaded",
                hint="pip install dcmaudit; dcmaudit-core, the small installation, is without it",
            ) from error
        _is_ours = True
        return onnxruntime  # type: ignore[no-any-return, unused-ignore]


def session(network: bytes, threads: int, **entries: str) -> Any:
    """The network ready to run on ``threads`` cores; ``entries``: configuration, with ``__`` for each point.

    Its errors are of the library's own tree, and their words may name paths.
    """
    library = onnxruntime()
    options = library.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    for name, value in entries.items():
        options.add_session_config_entry(name.replace("__", "."), value)
    options.log_severity_level = 4  # its words may name paths
    return library.InferenceSession(network, options, providers=["CPUExecutionProvider"])
