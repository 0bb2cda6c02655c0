"""One of several parts of all inputs, for runs that know nothing of each other: jobs of an array, machines of a queue.

Which part an input is in follows from its name alone, so that every run finds the same parts, in whatever order and on
whatever machine it looks, as long as the names are the same there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol, TypeVar

from dcmaudit.errors import UsageError


class Named(Protocol):
    """An input, or what became of a name."""

    @property
    def name(self) -> str:
        """The name for people and the database."""
        ...


T = TypeVar("T", bound=Named)


@dataclass(slots=True)
class Shard:
    """Part ``number`` of ``count``, counted from 1; ``mine`` and ``others`` count what was met on the way."""

    number: int
    count: int
    mine: int = 0
    others: int = 0
    _names: int = 0

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The part called ``3/16``; UsageError for anything else."""
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise UsageError(f"{text!r} is no part", hint="3/16 is the third of sixteen parts; they count from 1")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def holds(self, name: str) -> bool:
        """Whether the input of that name is in this part."""
        return self._holds(_value(name))

    def _holds(self, value: int) -> bool:
        return value % self.count == self.number - 1

    def meet(self, name: str) -> bool:
        """Count an input, of whatever part; whether it is in this one."""
        value = _value(name)
        self._names = (self._names + value) % 2**64
        is_mine = self._holds(value)
        self.mine += is_mine
        self.others += not is_mine
        return is_mine

    @property
    def inputs(self) -> int:
        """How many inputs of all parts were met."""
        return self.mine + self.others

    @property
    def names(self) -> str:
        """A sum over the names that were met, of all parts and in any order: parts of one batch have the same.

        Of as many other names (a folder that was mounted elsewhere) each part would take its own share, and an input
        would be in none of them.
        """
        return f"{self._names:016x}"

    def of(self, found: Iterable[T]) -> Iterator[T]:
        """Those that are in this part."""
        return (one for one in found if self.meet(one.name))

    @property
    def is_empty(self) -> bool:
        """Whether there are inputs, and all of them are in other parts: then nothing is to be done here."""
        return not self.mine and self.others > 0


def _value(name: str) -> int:
    # Of the name alone: machines that know nothing of each other agree, and a new file moves no other one.
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
