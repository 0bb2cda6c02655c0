"""Output files: their names, and how they come to be there wholly or not at all."""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dcmaudit.errors import UsageError
from dcmaudit.model import Reference
from dcmaudit.pipeline.remote import Remote, Target
from dcmaudit.plainfile import AS_BYTES
from dcmaudit.wholefile import sync_folder

ELSEWHERE = "name another folder with -o"
"""What to do where an output has no place."""

SUFFIX = ".redacted.dcm"
_MOST_FOLDERS = 256
"""Folders of inputs of which the folders of their outputs are kept."""

_UNFINISHED = re.compile(r"\..*\.[0-9a-f]{8}\.part", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Naming:
    """Where redacted files go: beside the input, or under ``folder`` (which may be in an object store).

    With ``prefix``, that beginning of the input's path is taken off and the rest is kept under ``folder``. ``partly``
    is the folder for files with parts that nobody could look at; without it that is ``folder`` with ``.partly`` behind
    its name, or the folder ``partly`` beside the input. ``mixed``: they lie among the others.
    """

    folder: Target | None = None
    prefix: Path | None = None
    overwrite: bool = False
    partly: Target | None = None
    mixed: bool = False
    exact: Target | None = None
    """The very name of the output, where there is one input."""

    def path_for(self, reference: Reference, *, partly: bool = False) -> Target:
        """The name of the redacted file: the input's without ``.dcm``, and ``.redacted.dcm``.

        ``partly``: it holds parts that nobody could look at. UsageError for an input that is not below ``prefix``, or
        that lies in no folder of this machine where an output must be put beside it.
        """
        path = getattr(reference, "path", None)
        source = Path(path if path is not None else reference.name)
        name = (source.name[:-4] if source.name.lower().endswith(".dcm") else source.name) + SUFFIX
        if self.exact is not None and not (partly and not self.mixed):
            return self.exact
        if self.exact is not None:
            name = self.exact.name
        folder = self._folder(source.parent) if partly and not self.mixed else self.folder
        if folder is None and path is None:
            raise UsageError("it is no file of this machine, so that nothing can be put beside it", file=reference.name,
                             hint="name a folder with --output")  # fmt: skip
        if folder is None:
            return source.with_name(name)
        if self.prefix is None:
            return folder / name
        try:
            # Both as plain names: links stay as they were named, and .. can lead out of nothing.
            inside = Path(os.path.normpath(source.parent)).relative_to(os.path.normpath(self.prefix))
            return folder / inside / name
        except ValueError:
            raise UsageError(
                f"the file is not below {self.prefix}",
                file=reference.name,
                hint="--relative-path must be the beginning of the path of every input",
            ) from None

    def places_for(self, reference: Reference) -> tuple[Target, ...]:
        """Every name that the output of this input can get; UsageError as ``path_for``."""
        return tuple(dict.fromkeys((self.path_for(reference), self.path_for(reference, partly=True))))

    def _folder(self, beside: Path) -> Target:
        if self.partly is not None:
            return self.partly
        if self.folder is None:
            return beside / "partly"
        return self.folder.with_name(f"{self.folder.name or 'outputs'}.partly")


@dataclass(frozen=True, slots=True)
class PlainNames:
    """The names that an output can get and those of its side files, without links in them, and what lies there.

    ``every`` has the names of each place one after the other: of the output, then of its side files. ``there`` has for
    each of them the file that lies there, None for nothing. ``called`` are the outputs as they are told.
    """

    called: tuple[str, ...]
    every: tuple[str, ...]
    there: tuple[os.stat_result | None, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the output."""
        return self.every[:: self._width]

    @property
    def is_free(self) -> bool:
        """Whether nothing lies there."""
        return not any(self.there)

    @property
    def done(self) -> int | None:
        """The one of ``called`` that is there, with all its side files; None also where several are there."""
        width = self._width
        there = [place for place in range(len(self.called)) if self.there[place * width]]
        is_done = len(there) == 1 and all(self.there[there[0] * width : (there[0] + 1) * width])
        return there[0] if is_done else None

    def output(self, place: int) -> os.stat_result | None:
        """What lies there as the output of that name of ``called``."""
        return self.there[place * self._width]

    @property
    def _width(self) -> int:
        return len(self.every) // len(self.called)

    def holds(self, status: os.stat_result) -> bool:
        """Whether that file is one of the outputs that are there, by whatever name."""
        outputs = self.there[:: self._width]
        return any(one is not None and os.path.samestat(one, status) for one in outputs)


class PlainPlaces:
    """The places of outputs where they are plain files of this machine, folder by folder.

    ``Naming.places_for`` makes paths; in a batch of small files that takes longer than all else that is asked of them.
    """

    def __init__(self, naming: Naming, suffixes: tuple[str, ...]) -> None:
        """``suffixes`` of the side files."""
        self._naming, self._suffixes = naming, ("", *suffixes)
        self._folders: dict[str, tuple[tuple[str, str], ...]] = {}

    def look(self, reference: Reference) -> PlainNames | None:
        """Every name that the output can get; None where something has to be looked at more closely: links, folders."""
        path = getattr(reference, "path", None)
        if path is None or self._naming.exact is not None:
            return None
        folder, last = os.path.split(path)
        places = self._folders.get(folder)
        if places is None:
            # Those of a run that walks an archive are done with once the folder is.
            if len(self._folders) >= _MOST_FOLDERS:
                self._folders.clear()
            places = self._folders[folder] = self._places(reference)
        if not places:
            return None
        stem = last[:-4] if last.lower().endswith(".dcm") else last
        names = [stem + SUFFIX if not suffix else stem + SUFFIX[:-4] + suffix for suffix in self._suffixes]
        try:
            there = tuple([_lies(f"{place}/{name}") for place, _ in places for name in names])
        except (OSError, ValueError):
            return None
        if not all(status is None or stat.S_ISREG(status.st_mode) for status in there):
            return None
        every = tuple([f"{real}/{name}" for _, real in places for name in names])
        return PlainNames(tuple([f"{place}/{names[0]}" for place, _ in places]), every, there)

    def _places(self, reference: Reference) -> tuple[tuple[str, str], ...]:
        """The folders of outputs, as they are called and without links; () where that is not so plain."""
        try:
            found = self._naming.places_for(reference)
        except UsageError:
            return ()
        if any(isinstance(place, Remote) for place in found):
            return ()
        folders = [str(place.parent) for place in found if isinstance(place, Path)]
        return tuple((place.rstrip("/"), os.path.realpath(place).rstrip("/")) for place in folders)


def _lies(path: str) -> os.stat_result | None:
    """What has this name, None for nothing; OSError where that cannot be told."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def is_unfinished(name: str) -> bool:
    """Whether a file is called like one that a killed run left behind before it had its name."""
    return name.endswith(".part") and _UNFINISHED.fullmatch(Path(name).name) is not None


def is_input(target: Target, reference: Reference) -> bool:
    """Whether the output would take the place of the input itself, by whatever name."""
    if isinstance(target, Remote):
        return str(target) == reference.name
    path = getattr(reference, "path", None)
    try:
        # By the file itself: links and other spellings lead to an input, too.
        return path is not None and target.samefile(path)
    except OSError:
        return False  # the output does not exist yet


def require_free(target: Target, *, overwrite: bool) -> None:
    """UsageError where ``target`` exists and may not be replaced; a folder never may."""
    if not isinstance(target, Remote) and os.path.isdir(target):  # noqa: PTH112 (pathlib's raises for long names)
        raise UsageError(f"{target} is a folder", hint="choose another place with --output, or move the folder away")
    # lexists, for a link that leads nowhere holds the name all the same.
    if not overwrite and (target.exists() if isinstance(target, Remote) else os.path.lexists(target)):
        raise _taken(target)


@dataclass(slots=True)
class Draft:
    """A file that has no name yet, or only a hidden one: ``stream`` to write it, ``path`` to read it from disk."""

    stream: BinaryIO
    path: Path
    hidden: bool

    @property
    def shared_path(self) -> Path:
        """Where other processes of this user, on this machine, read it from."""
        return self.path if self.hidden else Path(f"/proc/{os.getpid()}/fd/{self.stream.fileno()}")

    def sync(self) -> None:
        """Bring every byte to the disk."""
        self.stream.flush()
        os.fsync(self.stream.fileno())

    def keep(self, target: Target, *, overwrite: bool, synced: bool = False) -> None:
        """Make it ``target``, once its bytes are on disk. UsageError where that name was taken meanwhile.

        ``synced``: nothing was written to it since ``sync``. SourceError where ``target`` is in an object store that
        refuses it.
        """
        if not synced:
            self.sync()
        if isinstance(target, Remote):
            target.receive(self.path, overwrite=overwrite)
            return
        try:
            if overwrite:
                beside = _beside(target)
                try:
                    # A link never replaces: the new file first gets a hidden name, which then takes the place in one
                    # step.
                    self._link(beside)
                    beside.replace(target)
                finally:
                    with suppress(OSError):
                        beside.unlink(missing_ok=True)
            else:
                self._link(target)
        except FileExistsError:
            raise _taken(target) from None
        except OSError as error:
            raise UsageError(f"{target} cannot be written: {error.strerror}", hint=ELSEWHERE) from error
        # The name is in the folder's own blocks: without this it could be lost although the bytes are there.
        sync_folder(target.parent)

    def _link(self, target: Path) -> None:
        if not self.hidden:
            # With a folder's descriptor the call follows /proc's link to the open file itself (linkat, open(2)).
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.link(self.path, target, src_dir_fd=folder, follow_symlinks=True)
            finally:
                os.close(folder)
            return
        try:
            os.link(self.path, target)
        except FileExistsError:
            raise
        except OSError:
            # A file system without hard links: renaming is the only way, and it must not replace anything.
            if os.path.lexists(target):
                raise FileExistsError(target) from None
            self.path.rename(target)


@contextmanager
def draft(target: Target, *, overwrite: bool) -> Iterator[Draft]:
    """A new file in the folder of ``target`` that becomes it by ``Draft.keep``; otherwise nothing is left behind.

    Where the system can, the file has no name before that, so that even a killed process leaves nothing. UsageError
    where the folder cannot be made or written, or where ``target`` exists and may not be replaced. What goes to an
    object store waits in the folder for temporary files, where only this user can read it.
    """
    require_free(target, overwrite=overwrite)
    try:
        if isinstance(target, Remote):
            # An object is sent in one go: until it is proved, its bytes lie here.
            unfinished = _new(Path(tempfile.gettempdir()) / "dcmaudit-output", mode=0o600)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = _new(target)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}", hint=ELSEWHERE) from error
    try:
        yield unfinished
    finally:
        unfinished.stream.close()
        if unfinished.hidden:
            with suppress(OSError):
                unfinished.path.unlink(missing_ok=True)


def _new(target: Path, *, mode: int = 0o666) -> Draft:
    # A file without a name is gone with the process, however that ends; not every file system can.
    if hasattr(os, "O_TMPFILE") and Path("/proc/self/fd").is_dir():
        with suppress(OSError):
            number = os.open(target.parent, os.O_TMPFILE | os.O_RDWR | AS_BYTES, mode)
            return Draft(os.fdopen(number, "w+b"), Path(f"/proc/self/fd/{number}"), hidden=False)
    path = _beside(target)
    number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | AS_BYTES, mode)
    return Draft(os.fdopen(number, "w+b"), path, hidden=True)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.part")


def _taken(target: Target) -> UsageError:
    return UsageError(f"{target} exists already", hint="--overwrite replaces existing files")
