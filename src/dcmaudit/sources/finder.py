"""From the names people give to the files behind them, one by one."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from dcmaudit.errors import ListError, NotDicomError, SourceError, SourceNotFoundError, SourceUnreadableError
from dcmaudit.model.met_names import MetNames, digest_of
from dcmaudit.model.shards import Shard
from dcmaudit.model.texts import with_bytes_told
from dcmaudit.sources import s3
from dcmaudit.sources.csvlist import PLAIN, csv_entries, csv_names, is_list, is_plain_list
from dcmaudit.sources.dicomdir import dicomdir_names
from dcmaudit.sources.extent import Extent
from dcmaudit.sources.folders import Candidate, Walker
from dcmaudit.sources.found import Found, Passed, Passing, Problem
from dcmaudit.sources.listed import Listed
from dcmaudit.sources.local import LocalReference, is_possible, path_of, translated
from dcmaudit.sources.namelist import NameList, listed_names, plain_names
from dcmaudit.sources.recognise import Content, promises_dicom, read_head, recognise
from dcmaudit.sources.s3.names import ALLOWED, is_object_name, without_secrets
from dcmaudit.sources.wildcards import expand


def find(
    names: Iterable[str | NameList],
    *,
    recursive: bool = False,
    pacs_root: str | os.PathLike[str] | None = None,
    shard: Shard | None = None,
    extent: Extent | None = None,
) -> Iterator[Found]:
    """Everything that ``names`` lead to, in their order, found while it is asked for.

    A name is a DICOM file, a folder (with its subfolders where ``recursive``), a wildcard that the shell left as
    it is, a CSV list, a DICOMDIR or a dcmaudit database; which of them is told by content, not by suffix. A text file
    with a name a line (``.txt``, ``.lst``, ``.list``) and a ``NameList`` are lists, too. Each file comes once. Relative
    names in lists are tried against the working directory, then under ``pacs_root``.

    Nothing raises: a name that leads nowhere, a file named by hand or by a list that is not DICOM, a folder or
    file that may not be read, and a list that cannot be used are each a ``Problem``. Files met in folders that
    are not DICOM are ``Passed``; one that is empty or called ``.dcm`` and holds no DICOM is a ``Problem``, for it
    looks like a broken transfer. With ``shard`` only what is in that part of all comes out. ``extent`` is kept up to
    date, and tells how many inputs (of all parts) there may be. The iterator may be used from one background thread
    and closed at any time.
    """
    extent = extent if extent is not None else Extent()
    found = _Finder(recursive=recursive, pacs_root=os.fspath(pacs_root) if pacs_root else None, extent=extent).counted(
        list(names)
    )
    return found if shard is None else shard.of(found)


def find_listed(
    names: Iterable[str], *, where: str, pacs_root: str | os.PathLike[str] | None = None
) -> Iterator[Found]:
    """The files called ``names``, each of which must be one DICOM file: for names that a database server gave.

    ``where`` says in words who named them, for the problems.
    """
    finder = _Finder(recursive=False, pacs_root=os.fspath(pacs_root) if pacs_root else None)
    for name in names:
        yield from finder.listed(Listed(name, where))


class _Finder:
    def __init__(self, *, recursive: bool, pacs_root: str | None, extent: Extent | None = None) -> None:
        self._extent = extent if extent is not None else Extent()
        self._walker = Walker(recursive=recursive, extent=self._extent)
        self._pacs_root = pacs_root
        self._seen = MetNames()
        self._walked: list[str] = []
        self._last = ("", "")
        self._real_folder = lru_cache(maxsize=256)(os.path.realpath)

    def counted(self, names: Sequence[str | NameList]) -> Iterator[Found]:
        extent, met = self._extent, 0
        extent.names = len(names)
        for found in self.all(names):
            is_input = not isinstance(found, _NO_INPUT)
            extent.found += is_input
            extent.kept += is_input and extent.met > met  # of a folder or a list, not named by hand
            met = extent.met
            yield found
        extent.is_whole = True

    def all(self, names: Iterable[str | NameList]) -> Iterator[Found]:
        for name in names:
            self._extent.begun += 1
            if isinstance(name, NameList):
                yield from self._list(name.path, listed_names(name), title=name.title)
            else:
                yield from self._named(name)

    # A name given by hand

    def _named(self, name: str) -> Iterator[Found]:
        if not is_possible(name):
            yield Problem(_impossible(name), SourceNotFoundError("no file can have this name", file=_impossible(name)))
        # The test for :// comes first, so that the extra for S3 is not imported for a path.
        elif "://" in name and s3.is_selection(name):
            yield from map(self._object_once, s3.select(name))
        # A file that is really called so is meant before a bucket is.
        elif "://" in name and is_object_name(name) and not os.path.lexists(name):
            yield from self._objects(name)
        # Told by its kind, not as a missing file; keys that may stand in such an address are left out.
        elif "://" in name and not os.path.lexists(name):
            yield Problem(without_secrets(name), _no_scheme(name))
        else:
            path = _existing(name)
            if path is not None:
                yield from self._path(os.path.abspath(path))
            elif glob.has_magic(name):
                yield from self._wildcard(os.path.expanduser(name))
            else:
                yield Problem(with_bytes_told(name), translated(_not_there(), with_bytes_told(os.path.abspath(name))))

    def _wildcard(self, pattern: str) -> Iterator[Found]:
        is_empty = True
        for entry in expand(pattern, recursive=self._walker.recursive):
            is_empty = False
            if not isinstance(entry, str):
                yield entry
            # In a pattern nobody named the single file, so what is not DICOM is passed over as in a folder.
            elif os.path.isdir(entry):
                yield from self._folder(entry)
            else:
                yield from self._candidate(Candidate(entry, self._key(entry), regular=False), walked=False)
        if is_empty:
            hint = "in quotes the program expands * ? [..] and ** itself"
            yield Problem(
                with_bytes_told(pattern),
                SourceNotFoundError("nothing matches this wildcard", file=with_bytes_told(pattern), hint=hint),
            )

    def _path(self, path: str) -> Iterator[Found]:
        try:
            mode = os.stat(path).st_mode
            head = b"" if stat.S_ISDIR(mode) else read_head(path, regular=stat.S_ISREG(mode))
        except OSError as error:
            yield Problem(with_bytes_told(path), translated(error, with_bytes_told(path)))
            return
        if stat.S_ISDIR(mode):
            yield from self._folder(path)
            return
        content = recognise(head, path)
        if content is Content.DICOM:
            yield self._once(path)
        elif content is Content.DICOMDIR:
            yield from self._list(path, dicomdir_names(path))
        elif content is Content.DATABASE:
            from dcmaudit.sources.databaselist import database_names  # the only kind that needs SQLite

            yield from self._list(path, database_names(path))
        # Before CSV: a list of names without titles would else be one without the column it needs.
        elif content is Content.OTHER and is_plain_list(path, head, self._pacs_root):
            yield from self._list(path, plain_names(path))
        elif content is Content.OTHER and is_list(path, head):
            yield from self._list(path, csv_names(path))
        else:
            yield Problem(with_bytes_told(path), _unusable(content, with_bytes_told(path)))

    # Folders

    def _folder(self, folder: str) -> Iterator[Found]:
        for entry in self._walker.walk(folder):
            if isinstance(entry, Candidate):
                yield from self._candidate(entry, walked=True)
            else:
                yield entry

    def _candidate(self, candidate: Candidate, *, walked: bool) -> Iterator[Found]:
        path = candidate.path
        self._extent.met += walked
        try:
            head = read_head(path, regular=candidate.regular)
        except OSError as error:
            found = translated(error, with_bytes_told(path))
            # Pipes and devices lie about in folders and hold no image; a file that may not be read may hold one.
            is_special = isinstance(found, SourceUnreadableError) and not os.path.isfile(path)
            yield Passed(found.file or path, Passing.SPECIAL) if is_special else Problem(with_bytes_told(path), found)
            return
        content = recognise(head, path)
        if content is Content.DICOM:
            # A walk meets each file once, so it remembers none; only names given before it can come twice.
            if not walked:
                yield self._once(path)
            elif self._seen and _digest(candidate.key) in self._seen:
                yield Passed(with_bytes_told(path), Passing.DUPLICATE)
            else:
                yield LocalReference(with_bytes_told(path))
        # Among others a file is no problem by what it is, unless its name says that an image was meant.
        elif content is not Content.DICOMDIR and promises_dicom(path, head):
            yield Problem(with_bytes_told(path), _broken(content, with_bytes_told(path)))
        else:
            yield Passed(with_bytes_told(path), _PASSING[content])

    # Lists

    def _list(self, path: str, entries: Iterator[Listed], *, title: str | None = None) -> Iterator[Found]:
        shown = title or with_bytes_told(path)
        is_empty, read = True, 0
        lines = self._extent.begin_list(None if title is not None else path)
        try:
            for entry in entries:
                is_empty = False
                read += 1
                self._extent.met += 1
                yield from self.listed(entry)
        except (ListError, SourceError) as error:
            yield Problem(shown, error)
        except OSError as error:
            yield Problem(shown, translated(error, shown))
        else:
            if is_empty:
                yield Problem(shown, ListError("this list names no file", file=shown))
        finally:
            self._extent.end_list(lines, read)

    def listed(self, entry: Listed) -> Iterator[Found]:
        """The one file that a list names; anything else but a readable DICOM file is a problem."""
        if entry.error is not None:
            yield Problem(entry.name, entry.error, entry.where)
            return
        if not is_possible(entry.name):
            name = _impossible(entry.name)
            yield Problem(name, SourceNotFoundError("no file can have this name", file=name), entry.where)
            return
        if "://" in entry.name and not os.path.lexists(entry.name):
            yield self._listed_object(entry)
            return
        if entry.name == self._last[0]:
            # Lists of rectangles name each file on many lines, one after the other.
            yield Passed(self._last[1], Passing.DUPLICATE)
            return
        # The first path stands for the name where none is there, so that the error is about what was written.
        tried = [os.path.abspath(path) for path in entry.candidates(self._pacs_root)]
        path = next((path for path in tried if os.path.lexists(path)), tried[0])
        digest = _digest(self._key(path))
        self._last = (entry.name, with_bytes_told(path))
        if digest in self._seen:
            yield Passed(with_bytes_told(path), Passing.DUPLICATE)
            return
        try:
            content = recognise(read_head(path), path)
        except OSError as error:
            # A list of rectangles names a missing file on each of its lines: one problem is enough.
            self._seen.add(digest)
            found: SourceError = translated(error, with_bytes_told(path))
            if isinstance(found, SourceNotFoundError):
                found = _missing(entry, tried, self._pacs_root)
            yield Problem(with_bytes_told(path), found, entry.where)
            return
        if content is Content.DICOM:
            yield self._once(path)
        else:
            self._seen.add(digest)
            yield Problem(with_bytes_told(path), _unusable(content, with_bytes_told(path)), entry.where)

    def _objects(self, name: str) -> Iterator[Found]:
        # As in folders, what a walk meets is not remembered one by one, but by what it began with.
        walked = self._walker.recursive and not s3.has_magic(name)
        for found in s3.find_objects(name, recursive=self._walker.recursive):
            if isinstance(found, s3.ObjectList):
                yield from self._list(name, _entries(found))
                continue
            is_itself = isinstance(found, s3.ObjectReference) and found.name == name
            yield self._object_once(found, walked=walked and not is_itself)
        if walked:
            self._walked.append(name.removesuffix("/") + "/")

    def _listed_object(self, entry: Listed) -> Found:
        if not is_object_name(entry.name):
            return Problem(without_secrets(entry.name), _no_scheme(entry.name), entry.where)
        if _digest(entry.name) in self._seen:
            return Passed(entry.name, Passing.DUPLICATE)
        found = self._object_once(s3.find_object(entry.name, entry.where))
        self._seen.add(_digest(entry.name))
        return found

    # Each file once

    def _object_once(self, found: Found, *, walked: bool = False) -> Found:
        if isinstance(found, s3.ObjectReference):
            digest = _digest(found.name)
            if digest in self._seen or any(found.name.startswith(prefix) for prefix in self._walked):
                return Passed(found.name, Passing.DUPLICATE)
            if not walked:
                self._seen.add(digest)
        return found

    def _once(self, path: str) -> LocalReference | Passed:
        folder, name = os.path.split(path)
        real = self._real_folder(folder)
        digest = _digest(os.path.join(real, name))
        if digest in self._seen or self._walker.covered(real):
            return Passed(with_bytes_told(path), Passing.DUPLICATE)
        self._seen.add(digest)
        return LocalReference(with_bytes_told(path))

    def _key(self, path: str) -> str:
        folder, name = os.path.split(path)
        # Only the folder is resolved: a link to a file is an input of its own name.
        return os.path.join(self._real_folder(folder), name)


_NO_INPUT = (Passed, Problem)
_PASSING = {
    Content.OTHER: Passing.NOT_DICOM,
    Content.EMPTY: Passing.EMPTY,
    Content.ARCHIVE: Passing.ARCHIVE,
    Content.DATABASE: Passing.NOT_DICOM,
    Content.DICOMDIR: Passing.INDEX,
}


def _entries(found: s3.ObjectList) -> Iterator[Listed]:
    yield from csv_entries(s3.open_list(found), found.name)


def _existing(name: str) -> str | None:
    """What of this machine a name means; None for nothing that is there."""
    path = path_of(name)
    if os.path.lexists(path):
        return path
    # Beside the name itself, the home folder is the only meaning that a quoted name can be missing.
    home = os.path.expanduser(name)
    return home if os.path.lexists(home) else None


def _impossible(name: str) -> str:
    return with_bytes_told(name).replace("\0", "\\x00") or "(empty)"


def _digest(key: str) -> bytes:
    return digest_of(os.fsencode(key))


def _not_there() -> OSError:
    return FileNotFoundError(2, os.strerror(2))


def _no_scheme(name: str) -> SourceError:
    scheme = name.split("://", 1)[0]
    return SourceUnreadableError(
        f"names of the kind {scheme}:// cannot be opened",
        file=without_secrets(name),
        hint=f"allowed: files and folders of this machine, {ALLOWED}",
    )


def _unusable(content: Content, path: str) -> SourceError | NotDicomError:
    if content is Content.ARCHIVE:
        return NotDicomError("an archive, not looked into", file=path, hint="unpack it and name the folder")
    if content is Content.EMPTY:
        return NotDicomError("the file is empty", file=path)
    if content is Content.OTHER:
        hint = "neither a DICOM file nor a list that can be read"
        if path.lower().endswith(PLAIN):
            hint = "a list inside a list is not read: name it itself, as an input of its own"
        return NotDicomError("not DICOM", file=path, hint=hint)
    return ListError(f"a {content.value} inside a list", file=path, hint="name it itself, as an input of its own")


def _broken(content: Content, path: str) -> NotDicomError:
    if content is Content.EMPTY:
        return NotDicomError("called DICOM and empty", file=path, hint="it may be a transfer that broke off")
    if content is Content.ARCHIVE:
        hint = "unpack it: it is not looked into"
        return NotDicomError("called DICOM and is an archive, or compressed", file=path, hint=hint)
    return NotDicomError("called DICOM and holds none", file=path, hint="it may be damaged or encrypted")


def _missing(entry: Listed, tried: list[str], pacs_root: str | None) -> SourceNotFoundError:
    hint = "tried: " + ", ".join(with_bytes_told(path) for path in tried)
    # Relative names in lists of a PACS start from its own root, which only the user knows.
    if not pacs_root and not os.path.isabs(entry.name):
        hint += "; set PACS_ROOT to the folder that the names start from"
    return SourceNotFoundError("no such file", file=with_bytes_told(entry.name), hint=hint)
