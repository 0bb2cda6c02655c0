"""The numbers of the sum that is kept of each file's marks, see ``sums``; of rows of whole numbers also in Python.

They belong to the migration that made the sums, and never change. Nothing here needs SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dcmaudit.errors import StoreCorruptError

MODULUS = 2**31 - 1
"""A prime below 2**31: a product of two remainders, and a sum of ten products, still fit into 64 bits."""

NOTHING, OTHER, LENGTH = 1_000_000_007, 1_000_000_009, 77_003
FACTORS = (40_503, 92_821, 131_071, 65_537, 99_991, 86_028, 75_011, 54_018, 33_013)
RECOUNT = "restore it from a backup, or look at the file again after `dcmaudit db recount FILE`"


def sum_of(rows: Iterable[tuple[int, Sequence[int], int]]) -> int:
    """The sum of rows, each its id, its numbers in the order of ``FACTORS``, and the length of its one text.

    -1 is the length of a text that is NULL. It is what the database's own SQL says of the same rows.
    """
    total = 0
    for number, values, length in rows:
        row = sum(map(int.__mul__, values, FACTORS)) + length * LENGTH
        # SQL's remainder has the sign of what is divided: abs() of it is the remainder of abs().
        total += row * (abs(number) % MODULUS + 1)
    return total % MODULUS


def disagreement(names: Iterable[str], where: str) -> StoreCorruptError:
    """The error that names the files."""
    shown = list(names)
    one = f"the marks of {shown[0]} are"
    what = one if len(shown) == 1 else f"the marks of {len(shown)} files (first {shown[0]}) are"
    return StoreCorruptError(
        f"{what} not those that were stored: their count or sum is another; something changed the database's bytes",
        file=where,
        hint=RECOUNT,
    )
