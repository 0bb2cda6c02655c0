"""The inputs of ``dcmaudit redact``: what names and lists lead to, and which of it is worked on."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.common import say
from dcmaudit.cli.redact_earlier import Earlier, EarlierOutput
from dcmaudit.cli.redact_report import Report
from dcmaudit.errors import UsageError
from dcmaudit.model import Reference
from dcmaudit.model.counts import counted

if TYPE_CHECKING:
    from dcmaudit.cli.guard import Protected
    from dcmaudit.cli.inputs import Inputs
    from dcmaudit.model.known_names import KnownNames
    from dcmaudit.model.redaction import Request
    from dcmaudit.model.shards import Shard
    from dcmaudit.pipeline.jobs import RedactionJob
    from dcmaudit.pipeline.output import PlainNames
    from dcmaudit.pipeline.remote import Target
    from dcmaudit.settings import Settings
    from dcmaudit.sources import NameList, Tally


def from_csv(
    args: argparse.Namespace,
    settings: Settings,
    by_file: dict[str, list[Request]],
    problems: dict[str, list[str]],
    left: dict[str, int],
    report: Report,
) -> list[Reference]:
    """The files that the CSV list names; its requests go into ``by_file``, what is wrong with it into ``problems``, and
    how many were judged harmless and are not to be black into ``left``."""
    from dcmaudit.cli.rectangles import read_csv

    known: dict[str, Reference | None] = {}
    looks, failed = set[str](), set[str]()
    for row in read_csv(args.csv, with_looks=True):
        if row.request is None and row.problem is None:
            looks.add(row.filename)
            if args.files or not args.copy_clean:
                continue
            # A file of the list, in which nothing is to be blacked: that is what --copy-clean copies, or refuses.
        if row.filename not in known:
            known[row.filename] = _found(row.filename, args, settings, report, failed)
        reference = known[row.filename]
        if reference is None:
            continue
        if row.request is not None and row.is_harmless and args.black != "all":
            left[reference.name] = left.get(reference.name, 0) + 1
        elif row.request is not None:
            by_file.setdefault(reference.name, []).append(row.request)
        if row.problem is not None:
            problems.setdefault(reference.name, []).append(row.problem)
    if not args.files and (without := len(looks - known.keys())):
        # Who names no files means those of the list: none of them may go without a word.
        say(
            f"{counted(without, 'file')} of {args.csv} without a rectangle there: not asked for, no output "
            "(--copy-clean has them copied where all of them was looked at)"
        )
    return list({one.name: one for one in known.values() if one is not None}.values())


def _found(
    name: str, args: argparse.Namespace, settings: Settings, report: Report, failed: set[str]
) -> Reference | None:
    """What a name of the list leads to; where that is no file, it fails, unless files were named."""
    from dcmaudit.sources import Passed, Problem, find_listed

    found = None
    for one in find_listed([name], where=str(args.csv), pacs_root=settings.pacs_root):
        if not isinstance(one, (Problem, Passed)):
            found = one
        elif not args.files and _is_new_here(one.name or name, failed, args.shard):
            # Where files are named, a list may name more than are to be redacted now.
            report.fail(one.name or name, one.error.words if isinstance(one, Problem) else one.reason.value)
    return found


def _is_new_here(name: str, met: set[str], shard: Shard | None) -> bool:
    """Whether a name that leads to no file is met first, and in this part: each part answers for its own ones."""
    if name in met:
        return False
    met.add(name)
    if shard is None:
        return True
    is_mine = shard.holds(name)
    shard.mine, shard.others = shard.mine + is_mine, shard.others + (not is_mine)
    return is_mine


def references(
    args: argparse.Namespace,
    settings: Settings,
    inputs: Inputs,
    listed: list[Reference],
    tally: Tally,
    report: Report,
) -> Iterator[Reference]:
    """Every input: of the command line, else of the CSV list, else of the database."""
    from dcmaudit.sources import Problem, find_listed

    if args.files:
        names = iter(inputs)
    elif listed or (args.csv is not None and not args.from_db):
        # A list that leads to no file leads to none of the database either.
        yield from listed if args.shard is None else args.shard.of(listed)
        return
    else:
        names = find_listed(_stored(settings), where="the database", pacs_root=settings.pacs_root)
        names = names if args.shard is None else args.shard.of(names)
    written = _written(args.files)
    for found in names:
        if isinstance(found, Problem):
            report.fail(found.name, found.words)
        reference = tally.add(found)
        if reference is None:
            continue
        if args.files and _is_output(reference.name, written):
            report.counts.outputs += 1
            report.one_done(False)  # noqa: FBT003 - an output of an earlier run is not held back
        else:
            yield reference


def _stored(settings: Settings) -> Iterator[str]:
    """Every name of the database, page by page."""
    from dcmaudit.store import open_store

    with open_store(
        settings.database, user=settings.user, timeout=settings.db_wait, read_only=True, check=False
    ) as store:
        yield from store.filenames()


def _written(files: Iterable[str | NameList]) -> frozenset[str]:
    """The names that stand on the command line themselves, as they are written and as paths."""
    plain = [file for file in files or () if isinstance(file, str)]
    return frozenset((*plain, *map(os.path.abspath, plain)))


def _is_output(name: str, written: frozenset[str]) -> bool:
    """Whether a file that was found in a folder is called like an output, or like one that a killed run left behind.

    One that is named itself (``written``) is an input.
    """
    from dcmaudit.pipeline.output import SUFFIX, is_unfinished

    return (name.lower().endswith(SUFFIX) or is_unfinished(name)) and name not in written


def fresh(
    found: Iterable[Reference], args: argparse.Namespace, job: RedactionJob, report: Report, protected: Protected,
    earlier: Earlier,
) -> Iterator[Reference]:  # fmt: skip
    """The inputs that get an output: no two of one output, and none whose output is an input.

    Those whose output is there are told ``earlier``.
    """
    from dcmaudit.model.known_names import KnownNames
    from dcmaudit.pipeline.output import PlainPlaces

    if args.overwrite:
        found = list(found)  # outputs may replace files, so every input must be known first
    inputs = {key for one in found for key in _keys(_path_of(one) or one.name)} if args.overwrite else set()
    # Nearly every output is a new file of this machine, or one of an earlier run: its names say all.
    plain = None if args.overwrite else PlainPlaces(job.naming, job.sides.suffixes)
    outputs = _Outputs(job, report, protected, KnownNames(), inputs, earlier)
    for reference in found:
        names = None if plain is None else plain.look(reference)
        is_new = None if names is None else outputs.is_new_by_names(names, reference)
        if outputs.is_new(reference) if is_new is None else is_new:
            yield reference


@dataclass(frozen=True, slots=True)
class _Outputs:
    """The outputs of a run: ``taken`` by inputs that were met, ``inputs`` the keys of all where outputs may replace."""

    job: RedactionJob
    report: Report
    protected: Protected
    taken: KnownNames
    inputs: set[str | tuple[int, int]]
    earlier: Earlier

    def is_new_by_names(self, names: PlainNames, reference: Reference) -> bool | None:
        """``is_new`` where the names of the output and what lies there tell it; None where that needs a closer look."""
        from dcmaudit.pipeline.asked import stamp, stamp_of_input

        if any(map(self.protected.holds, names.every, names.there)):
            return None
        if names.is_free:
            return True if self.taken.meet_new(names.outputs, reference.name) else None
        # Among other outputs it has to be opened, to tell whether all of it could be seen.
        done = names.done if self.job.resume and not self.job.naming.mixed else None
        if done is None or any(name in self.taken for name in names.outputs):
            return None
        try:
            input_ = os.stat(_path_of(reference) or reference.name)  # noqa: PTH116 - of each of many files
        except (OSError, ValueError):
            return None
        output = names.output(done)
        if names.holds(input_) or output is None:
            return None
        self.taken.meet_new(names.outputs, reference.name)
        is_partly = done == len(names.called) - 1
        self.earlier.meet(
            reference, EarlierOutput(names.called[done], stamp(output), stamp_of_input(input_), is_partly)
        )
        return True

    def is_new(self, reference: Reference) -> bool:
        """Whether it is to be worked on; what else becomes of it is told."""
        from dcmaudit.pipeline.output import is_input

        job, report = self.job, self.report
        try:
            targets = job.naming.places_for(reference)
        except UsageError as error:
            report.refuse(reference.name, error.words)
            return False
        reals = {_real(str(target)): target for target in targets}
        other = next((real for real in reals if real in self.taken), None)
        if other is not None:
            first = self.taken.first(other) or "an input met before"
            report.refuse(reference.name, f"its output {reals[other]} is also that of {first}")
            return False
        input_ = next((one for one in targets if self._replaces(one) or is_input(one, reference)), None)
        if input_ is not None:
            report.refuse(reference.name, f"its output {input_} is an input: inputs are never replaced")
            return False
        precious = next((reason for each in targets if (reason := _is_precious(each, job, self.protected))), None)
        if precious is not None:
            report.refuse(reference.name, precious)
            return False
        # Also for an input that is done: another one with its output was not, and must not pass for it.
        for real in reals:
            self.taken.meet(real, reference.name)
        if job.resume:
            self._look_closely(reference, targets)
        return True

    def _look_closely(self, reference: Reference, targets: Sequence[Target]) -> None:
        """Tell ``earlier`` of an output that is there, with all that is to lie beside it."""
        from dcmaudit.pipeline.asked import lies

        there = {each: found for each in targets if (found := lies(each)) is not None}
        # Of one input there is one output; which of two is meant the worker cannot tell either, and refuses.
        if len(there) != 1:
            return
        ((target, found),) = there.items()
        if self.job.sides.missing(target):
            return
        partly = None if self.job.naming.mixed else target == targets[-1]
        self.earlier.meet(reference, EarlierOutput(target, found, None, partly))

    def _replaces(self, target: Target) -> bool:
        """Whether the output would take the place of an input."""
        return bool(self.inputs) and not self.inputs.isdisjoint(_keys(str(target)))


def _path_of(reference: Reference) -> str | None:
    return getattr(reference, "path", None)


def _keys(path: str) -> set[str | tuple[int, int]]:
    """A place by its name, and by what lies there, which may have other names."""
    keys: set[str | tuple[int, int]] = {_real(path)}
    with suppress(OSError, ValueError):
        found = Path(path).stat()
        keys.add((found.st_dev, found.st_ino))
    return keys


def _is_precious(output: Target, job: RedactionJob, protected: Protected) -> str | None:
    """Why an output or one of its side files may not lie where something of this run lies."""
    for place in (output, *job.sides.of(output).values()):
        if isinstance(place, Path):
            try:
                protected.require_other(place)
            except UsageError as error:
                return str(error)
    return None


def _real(path: str) -> str:
    """One name for all names of a place: links of its folder resolved."""
    folder, name = os.path.split(path)
    return f"{os.path.realpath(folder).rstrip('/')}/{name}"
