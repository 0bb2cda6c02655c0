"""Threads for work that must not hold anybody up."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class Workers:
    """A few daemon threads that run jobs in order.

    The standard library's pool waits at exit for its threads: one read that hangs on a dead file server would
    then keep the program from ending. These do not.
    """

    def __init__(self, count: int, name: str) -> None:
        self.count = count
        self._jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._ready = threading.Condition()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._run, name=f"dcmaudit-{name}-{number}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """The future of ``job``; cancelled at once where the workers were stopped."""
        future: Future[T] = Future()
        with self._ready:
            if self._stopped:
                future.cancel()
            else:
                self._jobs.append((future, job))
                self._ready.notify()
        return future

    def stop(self, timeout: float = 1.0) -> None:
        """Cancel what waits; what runs is given ``timeout`` seconds a thread and then left alone."""
        with self._ready:
            self._stopped = True
            waiting = list(self._jobs)
            self._jobs.clear()
            self._ready.notify_all()
        for future, _job in waiting:
            future.cancel()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._jobs and not self._stopped:
                    self._ready.wait()
                if self._stopped:
                    return
                future, job = self._jobs.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = job()
            except BaseException as error:  # it belongs to whoever waits for the future
                future.set_exception(error)
            else:
                future.set_result(result)
            del future, job


class BackgroundThreads:
    """The threads that all sessions share: to open files, for short help, and for what takes long.

    Nobody waits for short help or for what takes long, so ``failed`` hears of every error in them.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        # Many, because a dead file server can hold one of them for minutes while the reviewer goes on.
        self._openers = Workers(8, "open")
        self._helpers = Workers(3, "background")
        self._scanners = Workers(2, "scan")

    def open_file(self, job: Callable[[], T]) -> Future[T]:
        """Have a file opened; the future of what that gives."""
        return self._openers.submit(job)

    def soon(self, job: Callable[[], None]) -> None:
        """Have something short done in another thread."""
        self._helpers.submit(partial(self._heard, job))

    def at_length(self, job: Callable[[], None]) -> None:
        """Have something long done in a thread that holds nobody up."""
        self._scanners.submit(partial(self._heard, job))

    def _heard(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as error:
            self._failed(error)

    def stop(self) -> None:
        """Cancel what waits."""
        for workers in (self._openers, self._helpers, self._scanners):
            workers.stop()
