"""What parent and processes say to each other, beside inputs and their answers."""

from __future__ import annotations

from dataclasses import dataclass

RECALL = "give back what you have not begun"


@dataclass(frozen=True, slots=True)
class Ready:
    """Of a process: what it needs for every input is loaded, and it begins with the first one now."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Of a process: so many of the inputs that were given last come back."""

    count: int


# --- a long file: its owner is the process that opened it, and answers for it ---------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """Of an owner: others may help with the file that it works on. It has begun with the first piece.

    ``work`` is what a helper opens, with the list of the pieces, pickled. At most ``ahead`` pieces beyond those that
    the owner has taken in are given out, for it holds what comes of them in memory. ``number`` counts the offers of
    this owner.
    """

    number: int
    work: bytes
    pieces: int
    ahead: int


@dataclass(frozen=True, slots=True)
class Wish:
    """Of an owner: it wants the next piece for itself, and has taken in ``used`` of them."""

    used: int


@dataclass(frozen=True, slots=True)
class Grant:
    """To an owner: the piece that it wished for; None where all are given out for now."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Piece:
    """To a helper: one piece of the long file ``file``; ``work`` is None where it was told before."""

    file: int
    number: int
    work: bytes | None


@dataclass(frozen=True, slots=True)
class Found:
    """Of a helper: what a piece of ``file`` came to, pickled; None where it could not even open the file."""

    file: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Result:
    """To an owner: what came of a piece, pickled; None where the helper died, or cannot open the file.

    It may come after the owner has ended that ``offer`` of its own and made another one.
    """

    offer: int
    number: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Finished:
    """Of an owner: no more pieces are wanted."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """To a helper: no more pieces of the long file ``file`` will come."""

    file: int
