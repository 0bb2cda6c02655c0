"""Outputs that take nothing: a full device, a stream that is closed, a pipe that nobody reads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

Output = Callable[[], AbstractContextManager[IO[str] | None]]


@contextmanager
def closed_pipe() -> Iterator[IO[str]]:
    reading, writing = os.pipe()
    os.close(reading)
    stream = open(writing, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - a descriptor, closed below
    yield stream
    close(stream)


@contextmanager
def full_device() -> Iterator[IO[str]]:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    stream = open("/dev/full", "w", encoding="utf-8")  # noqa: SIM115, PTH123
    yield stream
    close(stream)


@contextmanager
def closed() -> Iterator[None]:
    yield None


def close(stream: IO[str]) -> None:
    with suppress(OSError):
        stream.close()
