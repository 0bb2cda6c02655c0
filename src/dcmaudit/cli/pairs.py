"""Originals and their redacted files, two by two: of two folders, or of a list."""

from __future__ import annotations

import csv
import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dcmaudit.cli.rectangles import check_titles
from dcmaudit.errors import ListError
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable
from dcmaudit.pipeline.output import SUFFIX
from dcmaudit.plainfile import open_regular
from dcmaudit.sources import LocalReference, NameList, Problem, find
from dcmaudit.sources.csvlist import as_text
from dcmaudit.sources.references import whole_name

COLUMNS = ("before", "after")


class Sides:
    """Which of two folders a file belongs to where one leads into the other, or both are one.

    A file that really lies in both belongs to the inner folder, one that is met through a link to where it lies. Of
    one folder, files that are called like outputs of ``redact`` are the outputs. ``before`` and ``after`` may be two
    files, too.
    """

    def __init__(self, before: str, after: str) -> None:
        self._names = (before, after)
        self._before, self._after = os.path.realpath(before), os.path.realpath(after)
        self._is_one = self._before == self._after and os.path.isdir(before)  # noqa: PTH112 - plain names
        self._real = functools.cache(os.path.realpath)
        self._outputs = self._originals = 0

    def is_original(self, path: str) -> bool:
        """Whether a file that was found below ``before`` is an original."""
        if self._is_one:
            return not path.lower().endswith(SUFFIX)
        is_output = self._lies_in(path, self._after, self._before)
        self._outputs += is_output
        return not is_output

    def is_output(self, path: str) -> bool:
        """Whether a file that was found below ``after`` is an output."""
        if self._is_one:
            return path.lower().endswith(SUFFIX)
        is_original = self._lies_in(path, self._before, self._after)
        self._originals += is_original
        return not is_original

    def words(self) -> str | None:
        """What was met on both sides and counts on one, None where nothing was."""
        before, after = map(printable, self._names)
        if self._is_one:
            return f"{before} is both folders: its files that end in {SUFFIX} are the outputs, the others the originals"
        if self._outputs:
            return (
                f"{after} lies below {before}: each of its {counted(self._outputs, 'file')} counts as an output alone"
            )
        if self._originals:
            files = counted(self._originals, "file")
            return f"{before} lies below {after}: each of its {files} counts as an original alone"
        return None

    def _lies_in(self, path: str, folder: str, other: str) -> bool:
        """Whether a file that was found below ``other`` belongs to ``folder``."""
        real = self._real(os.path.dirname(path))  # noqa: PTH120 - a plain name
        return _within(real, folder) and (len(folder) > len(other) or not _within(real, other))


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


@dataclass(slots=True)
class Pairs:
    """The pairs, absolute names of original and redacted file; and files that have no partner, with the reason."""

    found: list[tuple[str, str]] = field(default_factory=list)
    alone: list[tuple[str, str]] = field(default_factory=list)
    words: str | None = None
    """What people should know of how the pairs were found."""


def of_folders(before: str, after: str) -> Pairs:
    """Every DICOM file of both folders, with their subfolders.

    The redacted file of ``a/x.dcm`` is ``a/x.redacted.dcm`` or ``a/x.dcm`` of the other folder. A file of either
    folder without a partner is not proved. Where one folder lies in the other, or both are one, see ``Sides``.
    """
    pairs, sides = Pairs(), Sides(before, after)
    outputs = dict.fromkeys(_files(after, pairs, sides.is_output))
    for original in _files(before, pairs, sides.is_original):
        name = os.path.relpath(original, before)
        stem = name[:-4] if name.lower().endswith(".dcm") else name
        candidates = [os.path.join(os.path.abspath(after), one) for one in (stem + SUFFIX, name)]  # noqa: PTH100, PTH118
        partner = next((one for one in candidates if one in outputs), None)
        if partner is None:
            pairs.alone.append((original, f"no redacted file of it in {after}"))
        else:
            del outputs[partner]
            pairs.found.append((original, partner))
    pairs.alone += [(output, f"no original of it in {before}") for output in outputs]
    pairs.words = sides.words()
    return pairs


def _files(folder: str, pairs: Pairs, belongs: Callable[[str], bool]) -> Iterator[str]:
    for one in find([folder], recursive=True):
        if isinstance(one, LocalReference):
            if belongs(one.path):
                yield one.path
        elif isinstance(one, Problem) and belongs(one.name):
            pairs.alone.append((one.name, str(one.error.message)))


def of_list(pair_list: NameList) -> Pairs:
    """The pairs of a CSV list with the columns before and after, absolute or relative to the working directory.

    ListError where it cannot be read, lacks a column, or a line names less than two files.
    """
    pairs = Pairs()
    try:
        with as_text(open_regular(pair_list.path)) as stream:
            first = stream.readline()
            stream.seek(0)
            delimiter = next((mark for mark in ",;\t|" if mark in first), ",")
            reader = csv.DictReader(stream, delimiter=delimiter, strict=True)
            titles = {title.strip().lower(): title for title in reader.fieldnames or ()}
            if missing := [column for column in COLUMNS if column not in titles]:
                raise ListError(
                    f"no column {' and '.join(missing)}", file=pair_list.title, hint="needed are before and after"
                )
            check_titles([title.strip().lower() for title in reader.fieldnames or ()], pair_list.title, COLUMNS)
            for row in reader:
                names = [(row.get(titles[column]) or "").strip() for column in COLUMNS]
                if not all(names):
                    raise ListError(
                        "this line names no pair of files", file=f"{pair_list.title} line {reader.line_num}"
                    )
                pairs.found.append((whole_name(names[0]), whole_name(names[1])))
    except OSError as error:
        raise ListError(f"it cannot be read: {error.strerror}", file=pair_list.title) from error
    except (csv.Error, UnicodeError) as error:
        raise ListError(
            "it cannot be read as CSV", file=pair_list.title, hint="save it as UTF-8, with matching quotes"
        ) from error
    return pairs
