"""Choosing images from a bucket of Study/Series/Instance: by UIDs, by a list, at random, one a series.

A selection has a name, ``s3-select://bucket/prefix?study=...&random=20&seed=7``, that stands wherever a file can be
named: what was looked at can be written down, and looked at again.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import parse_qsl, quote, unquote, urlencode

from dcmaudit.errors import ListError, SourceError, SourceNotFoundError, SourceUnreadableError, UsageError
from dcmaudit.sources.found import Found, Problem
from dcmaudit.sources.local import LocalReference, translated
from dcmaudit.sources.s3.finding import in_order
from dcmaudit.sources.s3.listing import list_objects
from dcmaudit.sources.s3.names import ObjectName, check_bucket
from dcmaudit.sources.s3.reference import ObjectReference
from dcmaudit.sources.s3.transfer import fetch
from dcmaudit.sources.s3.uids import UidList, drawn

SCHEME = "s3-select://"
SEEDS = 2**31
FIELDS = ("{study}", "{series}", "{file}")
DEFAULT_LAYOUT = "{study}/{series}/{file}"

_BAD_PARTS = {"", ".", ".."}


def is_selection(name: str) -> bool:
    """Whether ``name`` is that of a selection."""
    return name.startswith(SCHEME)


@dataclass(frozen=True, slots=True)
class Selection:
    """What to take from a bucket.

    ``prefix`` is where the studies lie in it. ``studies`` and ``series`` are UIDs; a series needs its study, or the
    list ``csv`` to look it up in; a study and a list together are refused. The list alone means every series in it,
    with ``random`` so many of its studies.
    ``overview`` takes one image of each series, at random. ``output`` is a folder to copy the images to, in which
    ``{study}``, ``{series}`` and ``{file}`` stand for what is in the key; without any of them they are added.
    """

    bucket: str
    prefix: str = ""
    studies: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    csv: str = ""
    random: int = 0
    overview: bool = False
    seed: int | None = None
    output: str = ""

    def checked(self) -> Selection:
        """This, with a seed where one is needed; UsageError where the parts make no sense together."""
        check_bucket(self.bucket)
        for uid in (*self.studies, *self.series):
            # It becomes a part of a key and of a path: it must not lead elsewhere.
            if uid in _BAD_PARTS or "/" in uid:
                raise UsageError("a UID is digits and dots", hint="several are separated by commas")
        if self.random < 0:
            raise UsageError("a number of studies is needed for a random choice", hint="1 or more")
        if self.random and (self.studies or self.series):
            raise UsageError("a random choice is made from a list", hint="leave studies and series out")
        if self.random and not self.csv:
            raise UsageError("a random choice needs a CSV list", hint="StudyInstanceUID and SeriesInstanceUID")
        if self.studies and self.csv:
            # The list may have a part of the study: whoever names both means one or the other.
            raise UsageError(
                "a study is named, and a CSV list that would have no say",
                hint="leave the list out for all of the study, or the study for what the list has",
            )
        if self.series and len(self.studies) != 1 and not self.csv:
            raise UsageError("a series needs its one study, or a CSV list in which its study is found")
        if self.series and len(self.studies) > 1:
            raise UsageError("series of several studies are found through a CSV list", hint="leave the studies out")
        if not self.studies and not self.series and not self.csv:
            raise UsageError("nothing is chosen", hint="name studies, series, a CSV list, or a list and random")
        chosen = replace(
            self,
            prefix=self.prefix.strip("/"),
            csv=os.path.abspath(os.path.expanduser(self.csv)) if self.csv else "",
            output=os.path.abspath(os.path.expanduser(self.output)) if self.output else "",
        )
        is_drawn = bool(self.random or self.overview)
        if is_drawn and self.seed is None:
            # The seed is in the name of the selection: opening that again gives the same images.
            return replace(chosen, seed=secrets.randbelow(SEEDS))
        return chosen if is_drawn else replace(chosen, seed=None)

    def __str__(self) -> str:
        parts = [
            ("study", ",".join(self.studies)), ("series", ",".join(self.series)), ("csv", self.csv),
            ("random", str(self.random or "")), ("overview", "yes" if self.overview else ""),
            ("seed", "" if self.seed is None else str(self.seed)), ("output", self.output),
        ]  # fmt: skip
        query = urlencode([part for part in parts if part[1]], safe="/,{}", quote_via=quote)
        return f"{SCHEME}{self.bucket}/{quote(self.prefix)}?{query}"

    @classmethod
    def parse(cls, name: str) -> Selection:
        """The selection that has this name; UsageError where it is none."""
        place, _, query = name[len(SCHEME) :].partition("?")
        bucket, _, prefix = place.partition("/")
        try:
            values = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
            chosen = cls(
                bucket,
                unquote(prefix),
                uids(values.pop("study", "")),
                uids(values.pop("series", "")),
                values.pop("csv", ""),
                int(values.pop("random", "0")),
                values.pop("overview", "") == "yes",
                int(values.pop("seed")) if "seed" in values else None,
                values.pop("output", ""),
            )
        except ValueError:
            raise UsageError("this selection cannot be read", file=name) from None
        if values:
            raise UsageError(f"a selection has no {', '.join(sorted(values))}", file=name)
        if (chosen.random or chosen.overview) and chosen.seed is None:
            raise UsageError("a random choice needs a seed", file=name, hint="dcmaudit s3 select makes one")
        return chosen.checked()


def uids(text: str) -> tuple[str, ...]:
    """The UIDs in a text, separated by commas or spaces, each once."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def select(name: str) -> Iterator[Found]:
    """What the selection ``name`` means, as the server lists it; nothing raises, as for ``find``."""
    try:
        yield from selected(Selection.parse(name))
    except (UsageError, SourceError) as error:
        yield Problem(name, error)


def selected(selection: Selection) -> Iterator[Found]:
    """The images of a selection: references to objects, or to their copies where an output folder is given.

    Objects that are not named Study/Series/Instance, and studies and series of which there is nothing, are
    problems. Raises SourceError where the list or the bucket cannot be read at all.
    """
    groups: Iterator[tuple[str, str | None]]
    table = UidList(selection.csv) if selection.csv else None
    try:
        groups, missing = _groups(selection, table)
        yield from missing
        for found in in_order(partial(_of_group, selection), groups):
            yield from found
    except OSError as error:
        raise translated(error, selection.csv) from error
    if table is not None and table.bad_lines:
        lines = f"{table.bad_lines} lines name no study and series, and were passed over"
        yield Problem(table.name, ListError(lines, file=table.name))


def _groups(selection: Selection, table: UidList | None) -> tuple[Iterator[tuple[str, str | None]], list[Problem]]:
    """What to list: studies, or series of studies; and the problems that are known before."""
    if selection.random and table is not None and selection.seed is not None:
        studies = table.random_studies(selection.random, selection.seed)
        return iter([(study, None) for study in studies]), _too_few(selection.random, len(studies), table.name)
    if selection.series and len(selection.studies) == 1:
        return iter([(selection.studies[0], one) for one in selection.series]), []
    if selection.series and table is not None:
        known = table.studies_of(selection.series)
        unknown = [one for one in selection.series if one not in known]
        problems = [
            Problem(one, SourceNotFoundError(f"the list {table.name} does not have this series", file=one))
            for one in unknown
        ]
        return iter([(known[one], one) for one in selection.series if one in known]), problems
    if selection.studies:
        return iter([(study, None) for study in selection.studies]), []
    assert table is not None  # noqa: S101 held by ``checked``
    return _once(table.rows()), []


def _too_few(wanted: int, there: int, name: str) -> list[Problem]:
    """What is said where a list has fewer studies than were to be drawn: a sample of that size was asked for."""
    if there >= wanted:
        return []
    words = f"{wanted} studies were to be drawn, and the list has {there}: all of them are taken"
    return [Problem(name, ListError(words, file=name))]


def _once(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str | None]]:
    met: set[int] = set()
    for study, series in rows:
        # A number instead of the two UIDs: lists have tens of millions of rows.
        number = drawn(0, f"{study}/{series}")
        if number not in met:
            met.add(number)
            yield study, series


def _of_group(selection: Selection, group: tuple[str, str | None]) -> list[Found]:
    """Everything of one study or series; held, for they are a few thousand at most."""
    study, series = group
    top = "/".join(filter(None, (selection.prefix, study)))
    folder = "/".join(filter(None, (top, series)))
    by_series: dict[str, list[str]] = {}
    found: list[Found] = []
    try:
        for listing in list_objects(selection.bucket, folder):
            rest = listing.key[len(top) + 1 :].split("/")
            # Told, not left out: an image that lies a level deeper would never be looked at.
            if len(rest) != 2 or _BAD_PARTS & set(rest):
                found.append(_misnamed(selection.bucket, listing.key))
            else:
                by_series.setdefault(rest[0], []).append(listing.key)
    except SourceError as error:
        return [Problem(str(ObjectName(selection.bucket, folder)), error)]
    if not by_series and not found:
        name = str(ObjectName(selection.bucket, folder))
        return [Problem(name, SourceNotFoundError("there is nothing of this name in the bucket", file=name))]
    for keys in by_series.values():
        chosen = [min(keys, key=partial(drawn, selection.seed or 0))] if selection.overview else keys
        found += [_reference(selection, study, key) for key in chosen]
    return found


def _misnamed(bucket: str, key: str) -> Problem:
    name = str(ObjectName(bucket, key))
    hint = f"open it by its own name: {name}"
    return Problem(
        name, SourceUnreadableError("is not named Study/Series/Instance, and not opened", file=name, hint=hint)
    )


def _reference(selection: Selection, study: str, key: str) -> Found:
    name = ObjectName(selection.bucket, key)
    if not selection.output:
        return ObjectReference(str(name))
    series, file = key.split("/")[-2:]
    try:
        path = fetch(name, layout(selection.output, study, series, file), keep=True).path
    except (SourceError, UsageError) as error:
        return Problem(str(name), error)
    return LocalReference.at(path)


def layout(output: str, study: str, series: str, file: str) -> str:
    """The path of a copy: ``output`` with its fields filled in; the usual ones are added where it has none."""
    if not any(field in output for field in FIELDS):
        output = os.path.join(output, DEFAULT_LAYOUT)
    elif "{file}" not in output:
        output = os.path.join(output, "{file}")
    return output.replace("{study}", study).replace("{series}", series).replace("{file}", file)
