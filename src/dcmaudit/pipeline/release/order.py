"""What a release is asked to do, and everything that is checked before the first input is opened."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmaudit import __version__
from dcmaudit.audit import checked_rules, rule_paths
from dcmaudit.detect.ocr import ENGINES, FinderKind, Mode
from dcmaudit.detect.pii import DEFAULT, chain_plan
from dcmaudit.detect.pii.cohort import digest_of, read_cohort
from dcmaudit.detect.textnet import weights_digest
from dcmaudit.errors import UsageError
from dcmaudit.model.shards import Shard
from dcmaudit.pipeline.ocr import OcrJob
from dcmaudit.pipeline.process import cores
from dcmaudit.pipeline.release.folder import (
    Key,
    ReleaseFolders,
    require_apart_from_inputs,
    require_outside,
)
from dcmaudit.pipeline.release.policy import Eyes, Policy
from dcmaudit.pipeline.release.policy_file import load_policy
from dcmaudit.pipeline.release.rule_places import digests_of
from dcmaudit.pipeline.release.task import ReleaseJob
from dcmaudit.pipeline.remote import Target
from dcmaudit.report.policies import policy_record
from dcmaudit.sources.samplelist import rows_of
from dcmaudit.store import Store, is_database_missing, open_store

if TYPE_CHECKING:
    from dcmaudit.settings import Settings

Sample = Mapping[str, tuple[str, int]]
"""The drawn files: stratum, and how many series that has."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line, or a program, says. Paths that are None were not named.

    ``files`` are the names of inputs as they were given; ``deid_rules`` is a file or folder of rules, ``jobs`` None:
    a process for each core, ``dask`` the address of a scheduler, ``shard`` the part that is to be done.
    """

    files: Sequence[Any]
    output: Target
    held: Path
    key: Path
    policy: Path | None = None
    eyes: str | None = None
    deid_rules: str | None = None
    identifiers: Path | None = None
    uid_map: Path | None = None
    resume: bool = False
    jobs: int | None = None
    dask: str | None = None
    shard: Shard | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """An order that can be carried out. ``about`` is the first record: what the whole chain stands on."""

    order: Order
    settings: Settings
    policy: Policy
    rules: tuple[str, ...]
    sample: Sample | None
    known: tuple[str, str] | None
    """The list of known identifiers and its digest."""
    key: Key
    is_key_new: bool
    has_database: bool
    about: Mapping[str, Any]

    def store(self) -> AbstractContextManager[Store | None]:
        """The database of the review, only to be read; None without one."""
        if not self.has_database:
            return nullcontext(None)
        settings = self.settings
        return open_store(settings.database, user=settings.user, timeout=settings.db_wait, read_only=True)

    def folders(self) -> ReleaseFolders:
        """Both folders, for this run alone."""
        order = self.order
        return ReleaseFolders(
            order.output, order.held, about=self.about, resume=order.resume, user=self.settings.user
        )  # fmt: skip

    def job(self, staging: Path) -> ReleaseJob:
        """What all inputs have in common; MissingExtraError where the engine is not there."""
        policy, settings, order = self.policy, self.settings, self.order
        look = OcrJob(
            engine=policy.engine,
            mode=Mode(policy.mode),
            plan=replace(chain_plan(DEFAULT, smi_root=settings.smi_root), identifiers=self.known),
            threads=1 if order.dask else max(1, cores() // (order.jobs or cores())),
            tessdata=None if settings.tessdata_prefix is None else str(settings.tessdata_prefix),
            finder=FinderKind.OWN,
        )
        look.make_finder()
        digests = tuple(self.about["rules_sha256"])
        return ReleaseJob(policy, look, self.rules, digests, self.key.uids, self.key.records, staging)


def checked(order: Order, settings: Settings) -> Checked:
    """The order, with everything that it names read; nothing is written but a key that is not there.

    UsageError, ListError or RuleError for what contradicts itself or cannot be used.
    """
    policy = load_policy(order.policy, eyes=order.eyes, engines=frozenset(ENGINES))
    rules, sample = _rules(order, settings, policy), _sample(policy)
    require_apart_from_inputs([name for name in order.files if isinstance(name, str)], order.output, order.held)
    _require_places(order)
    known = _identifiers(order)
    has_database = _has_database(settings, policy)
    key, is_new = Key.of(order.key)
    about = _about(policy, rules, key, known, has_database=has_database, shard=order.shard)
    return Checked(order, settings, policy, rules, sample, known, key, is_new, has_database, about)


def _require_places(order: Order) -> None:
    """What must not leave lies outside of OUT; what is written at the end can be written there."""
    for option in ("key", "policy", "identifiers", "uid_map"):
        path = getattr(order, option)
        if path is not None and isinstance(order.output, Path):
            require_outside(order.output, path, f"--{option.replace('_', '-')}")
    if order.uid_map is None:
        return
    if order.uid_map.exists() and not order.resume:
        raise UsageError("a file of that name is there", file=str(order.uid_map), hint="name a new one")
    if not order.uid_map.absolute().parent.is_dir():
        raise UsageError("there is no such folder", file=str(order.uid_map.absolute().parent), hint="make it first")


def _rules(order: Order, settings: Settings, policy: Policy) -> tuple[str, ...]:
    if not policy.rules:
        if order.deid_rules is not None:
            raise UsageError("--deid-rules means nothing: the policy says rules = false")
        return ()
    paths = rule_paths(order.deid_rules, settings)
    checked_rules(paths, ignore_sections=settings.ignore_sections)
    return paths


def _identifiers(order: Order) -> tuple[str, str] | None:
    if order.identifiers is None:
        return None
    found = (str(order.identifiers.absolute()), digest_of(order.identifiers))
    read_cohort(*found)
    return found


def _sample(policy: Policy) -> Sample | None:
    if policy.sample is None:
        return None
    return {row["filename"]: (row["stratum"], int(row["series_in_stratum"])) for row in rows_of(policy.sample)}


def _has_database(settings: Settings, policy: Policy) -> bool:
    """Whether there is a database; UsageError where the policy needs one that is not there."""
    if not is_database_missing(settings.database):
        if policy.needs_marks:
            _require_marks(settings)
        return True
    if policy.needs_people:
        whose = "of some devices" if policy.eyes is Eyes.NONE else policy.eyes.value
        raise UsageError(
            f"the policy needs a person's eyes ({whose}), and no database says who looked",
            hint="name the database of the review with --db",
        )
    if policy.needs_marks:
        raise UsageError(
            "the policy says that marks of people are blacked (marks = true), and there is no database of them",
            hint="name the database of the review with --db, or leave marks out",
        )
    return False


def _require_marks(settings: Settings) -> None:
    """UsageError where the database is empty: then it is not the one of the review."""
    with open_store(settings.database, user=settings.user, timeout=settings.db_wait, read_only=True) as store:
        info = store.info()
        if not (info.rects or info.extra_rects or info.tags):
            raise UsageError(
                "the policy says that marks of people are blacked (marks = true), and the database holds no marks",
                file=info.location, hint="name the database of the review with --db, or leave marks out",
            )  # fmt: skip


def _about(
    policy: Policy, rules: tuple[str, ...], key: Key, known: tuple[str, str] | None, *, has_database: bool,
    shard: Shard | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "program": f"dcmaudit {__version__}",
        "versions": _versions(policy),
        "policy": policy_record(policy),
        "has_database": has_database,
        "rules_sha256": digests_of(rules),
        # Keyed: a plain digest of a list of names could be found by trying lists.
        "identifiers": None if known is None else hmac.digest(key.records, known[1].encode(), hashlib.sha256).hex(),
        "key": hashlib.sha256(b"which key: " + key.records).hexdigest()[:16],
        **({} if shard is None else {"part": str(shard)}),
    }


def _versions(policy: Policy) -> dict[str, str]:
    """What decides what is seen and read: the same versions give the same release on every machine."""
    found = {"detector, SHA-256 of its weights": weights_digest()}
    for package in (policy.engine, "onnxruntime", "opencv-python-headless", "pydicom"):
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
