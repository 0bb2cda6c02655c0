"""Packages whose names are there at once and whose modules are loaded when one of the names is asked for.

A command loads what it needs: `redact --rect` no database, `db info` no decoder, `frames` no text detector.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module


def deferred(package: str, places: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """The ``__getattr__`` of a package (PEP 562): ``places`` says which module below it holds which names."""
    owners = {name: module for module, names in places.items() for name in names}

    def attribute(name: str) -> object:
        if name not in owners:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"{package}.{owners[name]}"), name)
        setattr(sys.modules[package], name, found)
        return found

    return attribute


@contextmanager
def loading() -> Iterator[None]:
    """While modules are loaded nothing is collected, and what they made is not looked through later either.

    Modules stay to the end. Python's collector does not know that, and would go through all of them several times,
    which takes a tenth of the start of a command.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
