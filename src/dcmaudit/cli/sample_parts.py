"""What a part of a sample's archive leaves (``sample draw --shard``), and all parts put together (``sample merge``).

A part is a file of JSON lines: what it is a part of, and then every series that it met with one image of each, the one
that the draw would keep. Images of one series may lie in several parts; of those that the parts kept the draw keeps
one, and it is the one that a draw from everything would have kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from dcmaudit.errors import ListError
from dcmaudit.model.counts import counted
from dcmaudit.model.shards import Shard
from dcmaudit.plainfile import open_regular
from dcmaudit.report.jsonlines import json_line
from dcmaudit.report.read_lines import Count, ReadLine
from dcmaudit.report.samples import part_record, part_series_record
from dcmaudit.sources.sampling import Frame, Unit

if TYPE_CHECKING:
    from dcmaudit.sources.sampling import Stratum

HEAD, SERIES = "sample-part", "sample-part-series"
_MOST_LINE = 1 << 20
"""Bytes of a line: names, UIDs and values of a header are far below."""


class PartHead(ReadLine):
    """The first line of a part: what it was drawn from, and what every part must agree on."""

    schema_name: ClassVar[str] = HEAD

    part: str
    seed: int
    by: list[str]
    inputs: Count
    """How many inputs all parts have, as this one met them."""
    names: str | None = None
    """The sum over their names (``Shard.names``); None in parts of earlier versions."""
    images: Count
    unread: Count
    series: Count


class PartSeries(ReadLine):
    """A line below it: a series that the part met, and the image of it that was kept."""

    schema_name: ClassVar[str] = SERIES

    file: str
    series: str
    values: list[str]


Read = TypeVar("Read", bound=ReadLine)


def part_lines(frame: Frame, shard: Shard, by: Sequence[str], unread: int) -> Iterator[str]:
    """The lines of a part, without their ends."""
    units = list(frame.units())
    head = part_record(
        part=str(shard), seed=frame.seed, by=by, inputs=shard.inputs, names=shard.names,
        images=frame.images, unread=unread, series=len(units),
    )  # fmt: skip
    yield json_line(HEAD, head)
    for unit in units:
        yield json_line(SERIES, part_series_record(unit.name, unit.series, unit.stratum))


def merged(paths: Sequence[Path]) -> tuple[Frame, int]:
    """What there is to draw from, of all parts, and how many inputs could not be read.

    ListError, with the name of the part, where one is missing, comes twice, is cut off or holds a name that belongs to
    another, or where two do not agree on seed, attributes, number of parts or of inputs.
    """
    first: tuple[Path, PartHead, int] | None = None
    seen: dict[int, Path] = {}
    unread = 0
    frame = Frame(0)
    for path in paths:
        with PartFile(path) as part:
            head, shard = part.head, part.shard
            if first is None:
                first, frame = (path, head, shard.count), Frame(head.seed)
            _require_like(path, head, shard, first)
            if shard.number in seen:
                raise ListError(f"it is part {shard} as {seen[shard.number]} is", file=str(path),
                                hint="name every part once")  # fmt: skip
            seen[shard.number] = path
            for unit in part.units():
                frame.add(unit)
            frame.images += head.images - head.series
            unread += head.unread
    count = 0 if first is None else first[2]
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in seen]
    if missing:
        told = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
        raise ListError(f"these parts are missing: {told}", hint="nothing can be drawn from a part of an archive")
    return frame, unread


def _require_like(path: Path, head: PartHead, shard: Shard, first: tuple[Path, PartHead, int]) -> None:
    other_path, other, count = first
    for what, mine, its in (
        ("in as many parts", shard.count, count), ("with the seed", head.seed, other.seed), ("by", head.by, other.by),
    ):  # fmt: skip
        if mine != its:
            raise ListError(f"it was not made {what} {_said(its)} as {other_path} was", file=str(path),
                            hint="parts of one draw have the same --seed, --by and number of parts")  # fmt: skip
    # Of another folder, without -r, or of an archive that grew: what no part has met nothing may be said about.
    if head.inputs != other.inputs:
        raise ListError(
            f"it met {counted(head.inputs, 'input')} of all parts, and {other_path} met {other.inputs}",
            file=str(path), hint="make all parts of the same names",
        )  # fmt: skip
    if head.names != other.names:
        raise ListError(f"it met inputs with other names than {other_path}", file=str(path),
                        hint="make all parts of the same names, by the same version")  # fmt: skip


def _said(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


class PartFile:
    """The file of one part, open for reading. ListError where it is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._stream = open_regular(path)
        except OSError as error:
            raise ListError(f"the part cannot be read: {error.strerror}", file=str(path)) from error

    def __enter__(self) -> Self:
        try:
            self.head = self._line(PartHead)
            self.shard = Shard.parse(self.head.part)
        except BaseException:
            self._stream.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def units(self) -> Iterator[Unit]:
        """The image that was kept of each series."""
        strata: dict[Stratum, Stratum] = {}
        for _ in range(self.head.series):
            line = self._line(PartSeries)
            if len(line.values) != len(self.head.by) or not self.shard.holds(line.file):
                raise ListError(f"it names a file that is not in part {self.shard}", file=str(self._path))
            stratum = tuple(line.values)
            yield Unit(line.file, line.series, strata.setdefault(stratum, stratum))
        if self._stream.read(1):
            raise self._none()

    def _line(self, kind: type[Read]) -> Read:
        """The next line, of that kind. A line that does not end was cut off."""
        try:
            found = kind.of(self._stream.readline(_MOST_LINE))
        except OSError as error:
            raise ListError(f"the part cannot be read: {error.strerror}", file=str(self._path)) from error
        if found is None:
            raise self._none()
        return found

    def _none(self) -> ListError:
        return ListError(
            "no whole part that dcmaudit sample draw --shard wrote", file=str(self._path),
            hint="make this part again",
        )  # fmt: skip
