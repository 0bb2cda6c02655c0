"""A release: originals go in, files that may leave come out, with a report that can be signed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcmaudit.errors import UsageError
from dcmaudit.model.shards import Shard
from dcmaudit.pipeline.release.batch import Ended, ReleaseBatch
from dcmaudit.pipeline.release.folder import PAGE
from dcmaudit.pipeline.release.order import Order, checked
from dcmaudit.pipeline.remote import target_folder
from dcmaudit.settings import load
from dcmaudit.sources import find

Name = str | os.PathLike[str]
"""A path, or an ``s3://`` name."""


@dataclass(frozen=True, slots=True)
class ReleasedInput:
    """How one input ended. ``outcome`` is ``released``, ``released unchanged``, ``held back`` or ``failed``; ``why``
    and ``details`` say why it was not released. ``output`` is its name below OUT, None where it has none."""

    name: str
    outcome: str
    why: str | None
    details: tuple[str, ...]
    output: str | None


@dataclass(frozen=True, slots=True)
class ReleaseReport:
    """How a release ended.

    ``outcomes`` counts inputs by how they ended, ``root`` is the last link of the chain of records, ``page`` the report
    for people, ``data`` what ``report.json`` holds. ``strangers`` are names in OUT that no record names, ``lost``
    those of outputs that a run before had made and that are gone, ``unknown`` names in the list of the sample that were
    no inputs. Inputs that a run before had done are counted, too.
    """

    inputs: int
    outcomes: Mapping[str, int]
    root: str
    page: str
    strangers: tuple[str, ...]
    lost: tuple[str, ...]
    unknown: tuple[str, ...]
    data: Mapping[str, Any]

    @property
    def is_all(self) -> bool:
        """Whether every input was released and nothing else is there: where the command ends with 0."""
        left_back = self.outcomes["held back"] + self.outcomes["failed"]
        return bool(self.inputs) and not (left_back or self.strangers or self.lost or self.unknown)


def release(  # noqa: PLR0913 - keywords, each an option of the command
    inputs: Name | Iterable[Name],
    output: Name,
    *,
    held: Name,
    key: Name,
    policy: Name | None = None,
    eyes: str | None = None,
    database: Name | None = None,
    rules: Name | None = None,
    identifiers: Name | None = None,
    uid_map: Name | None = None,
    user: str | None = None,
    resume: bool = False,
    recursive: bool = False,
    jobs: int | None = None,
    dask: str | None = None,
    shard: str | None = None,
    tell: Callable[[ReleasedInput], None] | None = None,
) -> ReleaseReport:
    """Take originals to a folder of files that may leave the house, and one of what may not: ``dcmaudit release``.

    ``inputs`` are files, folders, wildcards, lists or ``s3://`` names, ``output`` a folder or a part of a bucket,
    ``held`` a folder. Each other keyword is the option of the command; what is not named comes from the environment and
    the settings file, as there. The same inputs, policy and key give the same outputs, records and report, byte by
    byte, whoever asks. ``jobs`` None: a process for each core; these start the calling program anew, which must guard
    its own work by ``if __name__ == "__main__"``. ``tell`` is called for each input, in order, once it is recorded.

    What becomes of an input is never an error. UsageError, ListError or RuleError where something that was named
    contradicts itself or cannot be used: then no input was opened. ClusterError where the cluster lost its workers for
    good. After that, and after a KeyboardInterrupt, what is finished is recorded, and ``resume`` goes on.

    >>> report = dcmaudit.release(example_file, output_folder, held=held_folder, key=key_file, eyes="none", jobs=1)
    >>> report.outcomes["released unchanged"], report.is_all
    (1, True)
    """
    if jobs is not None and (jobs < 1 or dask is not None):
        raise UsageError("jobs is 1 or more, and for this machine alone", hint="name jobs or dask")
    names = [inputs] if isinstance(inputs, (str, os.PathLike)) else list(inputs)
    files = [os.fspath(name) for name in names]
    flags = {"db": _text(database), "user": user, "deid_rules": _text(rules)}
    settings = load(flags)
    part = None if shard is None else Shard.parse(shard)
    order = Order(
        files, target_folder(os.fspath(output)), Path(held).absolute(), Path(key), policy=_path(policy), eyes=eyes,
        deid_rules=_text(rules), identifiers=_path(identifiers), uid_map=_path(uid_map), resume=resume, jobs=jobs,
        dask=dask, shard=part,
    )  # fmt: skip
    if eyes not in {None, "all", "sample", "none"}:
        raise UsageError(f"eyes cannot be {eyes!r}", hint="allowed: all, sample, none")
    found = find(files, recursive=recursive or settings.recursive, pacs_root=settings.pacs_root)
    with ReleaseBatch(checked(order, settings), found) as batch:
        for ended in batch.run(lambda: False):
            if tell is not None:
                tell(_told(ended))
        if not batch.is_through:
            raise KeyboardInterrupt
        done, folders = batch.conclude(), batch.folders
    return ReleaseReport(
        folders.count, done.report["outcomes"], folders.link, str(folders.place / PAGE), done.strangers, done.lost,
        done.unknown, done.report,
    )  # fmt: skip


def _told(ended: Ended) -> ReleasedInput:
    one = ended.release
    why = None if one.why is None else one.why.value
    return ReleasedInput(one.name, one.ending.value, why, one.details, ended.record["output"])


def _text(name: Name | None) -> str | None:
    return None if name is None else os.fspath(name)


def _path(name: Name | None) -> Path | None:
    return None if name is None else Path(name)
