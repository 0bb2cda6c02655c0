"""A header made of a dictionary, for judges that only ask for values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Values:
    """Keyword to values; ``sequences`` keyword to items."""

    values: Mapping[str, tuple[str, ...]]
    sequences: Mapping[str, Sequence[Values]] = field(default_factory=dict)

    def get(self, field: str) -> tuple[str, ...] | None:
        return self.values.get(field)

    def items(self, field: str) -> Sequence[Values]:
        return self.sequences.get(field, ())
