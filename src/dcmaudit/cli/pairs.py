"""Originals and their redacted files, two by two: of two folders, or of a list."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from dcmaudit.errors import ListError
from dcmaudit.pipeline.output import SUFFIX
from dcmaudit.settings.plainfile import open_regular
from dcmaudit.sources import LocalReference, NameList, Problem, find
from dcmaudit.sources.csvlist import as_text

COLUMNS = ("before", "after")


@dataclass(slots=True)
class Pairs:
    """The pairs, absolute names of original and redacted file; and files that have no partner, with the reason."""

    found: list[tuple[str, str]] = field(default_factory=list)
    alone: list[tuple[str, str]] = field(default_factory=list)


def of_folders(before: str, after: str) -> Pairs:
    """Every DICOM file of both folders, with their subfolders.

    The redacted file of ``a/x.dcm`` is ``a/x.redacted.dcm`` or ``a/x.dcm`` of the other folder. A file of either
    folder without a partner is not proved.
    """
    pairs = Pairs()
    outputs = dict.fromkeys(_files(after, pairs))
    for original in _files(before, pairs):
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
    return pairs


def _files(folder: str, pairs: Pairs) -> Iterator[str]:
    for one in find([folder], recursive=True):
        if isinstance(one, LocalReference):
            yield one.path
        elif isinstance(one, Problem):
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
            reader = csv.DictReader(stream, delimiter=delimiter)
            titles = {title.strip().lower(): title for title in reader.fieldnames or ()}
            if missing := [column for column in COLUMNS if column not in titles]:
                raise ListError(
                    f"no column {' and '.join(missing)}", file=pair_list.title, hint="needed are before and after"
                )
            for row in reader:
                names = [(row.get(titles[column]) or "").strip() for column in COLUMNS]
                if not all(names):
                    raise ListError(
                        "this line names no pair of files", file=f"{pair_list.title} line {reader.line_num}"
                    )
                pairs.found.append((os.path.abspath(names[0]), os.path.abspath(names[1])))  # noqa: PTH100
    except OSError as error:
        raise ListError(f"it cannot be read: {error.strerror}", file=pair_list.title) from error
    except (csv.Error, UnicodeError) as error:
        raise ListError(
            "it cannot be read as CSV", file=pair_list.title, hint="save it as UTF-8, with matching quotes"
        ) from error
    return pairs
