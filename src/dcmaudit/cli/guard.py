"""What nothing may be written over: inputs, lists, the database, keys, rules, settings; by whatever name.

Every command's outputs are in the table below, and are looked at before the command begins. An existing file is only
replaced where it is the kind of file that the command itself writes, so that inputs are safe too that no argument
names: those found in folders, in lists, or under another hard link.
"""

from __future__ import annotations

import argparse
import glob
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmaudit.errors import UsageError

if TYPE_CHECKING:
    from dcmaudit.settings import Settings

_HEAD = 64 * 1024
_MOST_NAMES = 10_000
"""So many names of a wildcard or list are compared; beyond them the kind of the existing file decides alone."""
_COMPANIONS = ("", "-wal", "-shm", "-journal")
_IN_PLACE = frozenset({"ocr"})
"""Commands that write into what is there; the others put a new file in its place, which would take a device away."""
STANDARD = frozenset({"-", "stdout"})

Files = Callable[[Any], Iterable[Path]]
"""The files that an argument's value means."""
Kind = Callable[[bytes], bool]
"""Whether the beginning of a file is that of what the command writes."""


def _itself(value: Any) -> Iterable[Path]:
    return () if str(value) in STANDARD else (Path(value),)


def _exported(value: Any) -> Iterable[Path]:
    return (Path(value) / "rects.csv", Path(value) / "tags.csv")


def _begins(*titles: bytes) -> Kind:
    return lambda head: any(head.removeprefix(b"\xef\xbb\xbf").startswith(title) for title in titles)


def _is_ocr_list(head: bytes) -> bool:
    from dcmaudit.report.findings_list import parse

    whole, end, _ = head.rpartition(b"\n")
    return b"\0" not in head and parse(whole + end or head).is_ours


def _is_rules(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf")
    return b"\0" not in text and (b"%filter" in text or b"{" in text)


def _is_export(head: bytes) -> bool:
    """Whether the first line names the columns of either file."""
    from dcmaudit.store.schema import RECT_COLUMNS, TAG_COLUMNS, TAG_TITLES

    title = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].strip().decode("utf-8", "replace").split(",")
    return "filename" in title and set(title) <= {*RECT_COLUMNS, *TAG_COLUMNS, *TAG_TITLES.values()} | {"scope"}


def _nothing(_head: bytes) -> bool:
    return False


def _anything(_head: bytes) -> bool:
    return True


OUTPUTS: Mapping[tuple[str, str | None], Mapping[str, tuple[Files, Kind]]] = {
    ("ocr", None): {"csv": (_itself, _is_ocr_list)},
    ("sample", "draw"): {
        "output": (_itself, _begins(b"filename,series,stratum,", b'{"schema": "dcmaudit/sample-part/'))
    },
    ("sample", "merge"): {"output": (_itself, _begins(b"filename,series,stratum,"))},
    ("rules", "make"): {"output": (_itself, _is_rules)},
    ("db", "export"): {"folder": (_exported, _is_export)},
    ("db", "backup"): {"target": (_itself, _nothing)},
    ("s3", "select"): {"list": (_itself, _begins(b"filename,chosen_by"))},
    # Of these the names are known only once the inputs are: they ask ``Protected`` for each.
    ("s3", "get"): {"output": (lambda _value: (), _anything)},
    ("redact", None): {
        "output": (lambda _value: (), _anything),
        "partly": (lambda _value: (), _anything),
    },
    # A release writes into folders of its own, and refuses those that hold anything else.
    ("release", None): {
        "output": (lambda _value: (), _anything),
        "held": (lambda _value: (), _anything),
        "uid_map": (_itself, _begins(b"id_old,id_new")),
    },
    ("report", "merge"): {
        "output": (lambda _value: (), _anything),
        "held": (lambda _value: (), _anything),
        "uid_map": (_itself, _begins(b"id_old,id_new")),
    },
    ("report", "join"): {"output": (_itself, _begins(b"filename,", b'{"schema": "dcmaudit/'))},
    ("report", "sign"): {"folder": (lambda _value: (), _anything)},
    ("frames", None): {"output": (lambda _value: (), _anything)},
    ("examples", None): {"folder": (lambda _value: (), _anything)},
}
"""For each command and action the arguments that name outputs."""


class Protected:
    """The files that the arguments and settings of a run name, other than its outputs."""

    def __init__(self, command: str, args: argparse.Namespace, settings: Settings) -> None:
        self._real: dict[str, str] = {}
        self._same: dict[tuple[int, int], str] = {}
        self._real_folder = lru_cache(maxsize=256)(os.path.realpath)
        outputs = OUTPUTS.get((command, getattr(args, "action", None)), {})
        for dest, value in vars(args).items():
            # Whatever is no output is an input, also of options that are new: none can be forgotten.
            if dest not in outputs:
                for name in _names(value):
                    self._add(name, "an input of this command")
        for name in _of_settings(settings):
            self._add(name, "the database, or rules or settings that are in use")

    def _add(self, name: str, what: str) -> None:
        folder, last = os.path.split(name)
        try:
            found = os.lstat(name)
            is_plain = last not in {"", ".", ".."} and not stat.S_ISLNK(found.st_mode)
            if not is_plain:
                found = os.stat(name)  # noqa: PTH116 - asked for each of many files
        except (OSError, ValueError):
            self._real.setdefault(os.path.realpath(name), what)
            return
        # A batch of ten thousand files has few folders: their links are followed once.
        real = f"{self._real_folder(folder).rstrip('/')}/{last}" if is_plain else os.path.realpath(name)
        self._real.setdefault(real, what)
        if not stat.S_ISDIR(found.st_mode):
            # By the file itself: a hard link is another name of it.
            self._same.setdefault((found.st_dev, found.st_ino), what)

    def holds(self, real: str, there: os.stat_result | None = None) -> bool:
        """Whether this is one of them: by its name, which has no links in it, or by the file that lies ``there``."""
        return real in self._real or (there is not None and (there.st_dev, there.st_ino) in self._same)

    def require_other(self, target: Path) -> None:
        """UsageError where the output would take the place of one of them, under whatever name."""
        what = self._real.get(os.path.realpath(target))
        with suppress(OSError, ValueError):
            found = target.stat()
            if not stat.S_ISDIR(found.st_mode):
                what = what or self._same.get((found.st_dev, found.st_ino))
        if what is not None:
            raise UsageError("nothing is written over this file", file=str(target), hint=f"it is {what}")


def check(command: str, args: argparse.Namespace, settings: Settings) -> None:
    """UsageError where an output of the command would destroy something, before anything is opened."""
    table = OUTPUTS.get((command, getattr(args, "action", None)), {})
    named = {dest: value for dest in table if (value := getattr(args, dest, None)) is not None}
    if not named:
        return
    targets = [(target, table[dest][1]) for dest, value in named.items() for target in table[dest][0](value)]
    # Where the names of outputs are known only once the inputs are, the command looks itself.
    if not targets:
        return
    protected = Protected(command, args, settings)
    for target, kind in targets:
        protected.require_other(target)
        _require_kind(target, kind, writes_in_place=command in _IN_PLACE)


def _require_kind(target: Path, kind: Kind, *, writes_in_place: bool) -> None:
    """UsageError where the file is there and none that the command writes; whether to replace one is asked later."""
    try:
        found = target.stat()
    except (OSError, ValueError):
        return
    if stat.S_ISDIR(found.st_mode) or (writes_in_place and stat.S_ISCHR(found.st_mode)):
        return  # a folder is refused where it is opened; devices take what comes
    if stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode):
        raise UsageError("a device is not replaced by a file", file=str(target), hint="name a file")
    if not stat.S_ISREG(found.st_mode):
        raise UsageError("a pipe or socket cannot be written as a file", file=str(target), hint="- is standard output")
    # An empty file holds nothing that could be lost.
    if not found.st_size:
        return
    try:
        with target.open("rb") as opened:
            is_such = kind(opened.read(_HEAD))
    except OSError:
        return  # whoever may not read it is told so where it is opened
    if not is_such:
        raise UsageError(
            "the file is not one that this command writes, so it is not replaced", file=str(target),
            hint="choose another name, or take it away first",
        )  # fmt: skip


def _names(value: Any) -> Iterator[str]:
    """The names of files of this machine that an argument may mean, wildcards expanded."""
    if isinstance(value, str | Path):
        text = str(value)
        if not text or "://" in text or "\0" in text:
            return
        yield text
        if "*" in text or "?" in text or "[" in text:
            for number, name in enumerate(glob.iglob(text, recursive=True)):  # noqa: PTH207 - absolute or not
                if number == _MOST_NAMES:
                    return
                yield name
    elif isinstance(value, list | tuple):
        for one in value[:_MOST_NAMES]:
            yield from _names(one)


def _of_settings(settings: Settings) -> Iterator[str]:
    from dcmaudit.settings import config_path

    database = settings.database
    if "://" not in database:
        inside = str(Path(database) / "dcmaudit.sqlite.db")
        yield from (place + end for place in (database, inside) for end in _COMPANIONS)
    for path in (settings.deid_rules, settings.ca_bundle, config_path()):
        if path is not None:
            yield str(path)
            if path.is_dir():
                yield from (str(inner) for inner in path.iterdir())
    if settings.rules_folder is not None and settings.rules_folder.is_dir():
        yield from (str(inner) for inner in settings.rules_folder.iterdir())
