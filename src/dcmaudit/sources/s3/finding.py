"""From names of objects to the objects behind them, told apart by their first bytes as files are."""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from typing import BinaryIO, TypeVar

from dcmaudit.errors import ListError, NotDicomError, SourceError, SourceNotFoundError
from dcmaudit.sources.csvlist import is_list
from dcmaudit.sources.found import Found, Passed, Passing, Problem
from dcmaudit.sources.recognise import HEAD, Content, promises_dicom, recognise
from dcmaudit.sources.s3.cache import BLOCK
from dcmaudit.sources.s3.client import client_for, require_obstore, status_of, translated
from dcmaudit.sources.s3.listing import Listing, list_folder, list_objects, object_at
from dcmaudit.sources.s3.names import ObjectName
from dcmaudit.sources.s3.reader import ObjectReader
from dcmaudit.sources.s3.reference import ObjectReference
from dcmaudit.sources.s3.waiting import waited

Item = TypeVar("Item")
Answer = TypeVar("Answer")

LOOKERS = 16
"""Requests at a time: looking at objects costs waiting for the server, hardly any work."""

_MAGIC = re.compile(r"[*?\[]")
_PASSING = {
    Content.EMPTY: Passing.EMPTY,
    Content.ARCHIVE: Passing.ARCHIVE,
    Content.DICOMDIR: Passing.INDEX,
    Content.DATABASE: Passing.NOT_DICOM,
    Content.OTHER: Passing.NOT_DICOM,
}


@dataclass(frozen=True, slots=True)
class ObjectList:
    """An object that is a CSV list of names, to be read by ``open_list``."""

    name: str


def open_list(found: ObjectList) -> BinaryIO:
    """The list as a stream that is fetched while it is read; SourceError where it cannot be had."""
    place = ObjectName.parse(found.name)
    return io.BufferedReader(ObjectReader(client_for(place.bucket, place.provider), place.key, found.name), BLOCK)


def find_objects(name: str, *, recursive: bool) -> Iterator[Found | ObjectList]:
    """What the name leads to: one object, the objects below a key (deeper ones where ``recursive``), a wildcard.

    An object of that name that is a CSV list comes out as an ``ObjectList``.

    Nothing raises, as for ``find``. Objects met below a key that are not DICOM are passed over, looked at by
    their first bytes; ``LOOKERS`` at a time, and only as far ahead as that.
    """
    try:
        place = ObjectName.parse(name)
        if place.is_folder:
            yield from _below(place, recursive=recursive)
            return
        if object_at(place) is not None:
            yield _named(place)
        # Only after the object itself: keys may hold stars and brackets.
        elif has_magic(place.key):
            yield from _matching(place)
        else:
            # No such object: what is called so is a folder, as far as buckets have any.
            yield from _below(replace(place, key=place.key + "/"), recursive=recursive)
    except SourceError as error:
        yield Problem(name, error)


def find_object(name: str, where: str) -> Found:
    """The one object that a list names; anything else but readable DICOM is a problem."""
    try:
        found = _named(ObjectName.parse(name))
    except SourceError as error:
        return Problem(name, error, where)
    if isinstance(found, ObjectList):
        nested = ListError("a CSV list inside a list", file=name, hint="name it itself, as an input of its own")
        return Problem(name, nested, where)
    # The place in the list is added: the object alone does not say who asked for it.
    return Problem(name, found.error, where) if isinstance(found, Problem) else found


def has_magic(name: str) -> bool:
    """Whether ``name`` may be a wildcard."""
    return _MAGIC.search(name) is not None


def _named(place: ObjectName) -> Found | ObjectList:
    name = str(place)
    head = _head(place)
    content = recognise(head, name)
    if content is Content.DICOM:
        return ObjectReference(name)
    if content is Content.OTHER and is_list(name, head):
        return ObjectList(name)
    return Problem(name, _unusable(content, name))


def _unusable(content: Content, name: str) -> SourceError | NotDicomError | ListError:
    fetched = f"dcmaudit s3 get {name} fetches it"
    if content is Content.EMPTY:
        return NotDicomError("the object is empty", file=name)
    if content is Content.DATABASE:
        reason = "a database cannot be used in a bucket: it is read in many places at once, and written"
        return ListError(reason, file=name, hint=fetched)
    if content is Content.DICOMDIR:
        return ListError("a DICOMDIR names files beside it, not objects", file=name, hint=fetched + ", with its files")
    return NotDicomError("not DICOM", file=name, hint="neither a DICOM file nor a list that can be read")


def _below(place: ObjectName, *, recursive: bool) -> Iterator[Found]:
    if recursive:
        listed: Iterable[Listing] = list_objects(place.bucket, place.key, provider=place.provider)
        folders: list[str] = []
    else:
        folders, listed = list_folder(place.bucket, place.key, place.provider)
    yield from (Passed(str(replace(place, key=folder + "/")), Passing.SUBFOLDER) for folder in folders)
    yield from _looked_at(place, listed, is_empty=not folders)


def _matching(place: ObjectName) -> Iterator[Found]:
    # The whole parts before the first sign are given to the server, so that it does not list the whole bucket.
    fixed = _MAGIC.split(place.key, maxsplit=1)[0].rpartition("/")[0]
    fits = _pattern(place.key).fullmatch
    listed = (one for one in list_objects(place.bucket, fixed, provider=place.provider) if fits(one.key))
    yield from _looked_at(place, listed, is_empty=True)


def _looked_at(place: ObjectName, listed: Iterable[Listing], *, is_empty: bool) -> Iterator[Found]:
    """What each object is. ``is_empty`` says that none at all is a problem."""
    todo = iter(listed)
    first = next(todo, None)
    if first is None:
        if is_empty:
            error = SourceNotFoundError("there is no object of this name, and none below it", file=str(place))
            yield Problem(str(place), error)
        return
    yield from in_order(lambda one: _met(replace(place, key=one.key), one), chain([first], todo))


def _met(place: ObjectName, listing: Listing) -> Found:
    name = str(place)
    try:
        head = _head(place) if listing.size else b""
    except SourceError as error:
        return Problem(name, error)
    content = recognise(head, name)
    if content is Content.DICOM:
        return ObjectReference(name)
    if content is not Content.DICOMDIR and promises_dicom(name, head):
        hint = "it may be damaged, encrypted, compressed, or an upload that broke off"
        return Problem(name, NotDicomError("called DICOM and holds none", file=name, hint=hint))
    return Passed(name, _PASSING[content])


def _head(place: ObjectName) -> bytes:
    try:
        client = client_for(place.bucket, place.provider)
        return waited(lambda: bytes(require_obstore().get(client, place.key, options={"range": (0, HEAD)}).bytes()))
    except Exception as error:
        if status_of(error) == 416:  # no range of an empty object can be had
            return b""
        raise translated(error, str(place)) from None


def in_order(work: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
    """The answers in the order of ``items``, worked out by a few threads a little ahead of who asks."""
    waiting: deque[Future[Answer]] = deque()
    with ThreadPoolExecutor(LOOKERS, thread_name_prefix="dcmaudit-s3") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                # So far ahead and no further: who asks may stop, and a list of millions is not held.
                if len(waiting) >= LOOKERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _pattern(glob: str) -> re.Pattern[str]:
    """A shell pattern over whole keys: ``*`` stays within a part, ``**`` crosses slashes."""
    parts = re.split(r"(\*\*/?|\*|\?|\[[^\]]+\])", glob)
    meaning = {"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    text = "".join(
        meaning.get(part) or (_class(part) if part[:1] == "[" and part[-1:] == "]" else re.escape(part))
        for part in parts
    )
    return re.compile(text, re.DOTALL)


def _class(part: str) -> str:
    inside = part[1:-1].replace("\\", "\\\\")
    # The shell negates with !, a regular expression with ^.
    return f"[^{inside[1:]}]" if inside[0] == "!" else f"[{inside.replace('^', chr(92) + '^')}]"
