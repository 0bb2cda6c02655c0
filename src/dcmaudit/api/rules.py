"""Deid rules and CTP scripts: loaded, asked about a file, made from what was marked."""

from __future__ import annotations

import os
from collections.abc import Sequence

from dcmaudit.api.references import Source, paths_of, reference_of
from dcmaudit.audit import checked_rules, header_rectangles
from dcmaudit.detect.rules import RuleSet, default_rules
from dcmaudit.detect.rules.making import make_rules as rules_from
from dcmaudit.dicom import open_instance
from dcmaudit.pipeline.rulemaking import reviewed, written
from dcmaudit.store import Store

__all__ = ["RuleSet", "load_rules", "make_rules", "match_rules"]


def load_rules(paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = ()) -> RuleSet:
    """The rules of this file or these files; without any, those that come with dcmaudit.

    RuleError, with file, line and column, where a part of one is wrong or can never do anything.

    >>> len(dcmaudit.load_rules())
    1
    """
    return checked_rules(paths_of(paths) or (str(default_rules()),))


def match_rules(source: Source, rules: RuleSet) -> list[str]:
    """The names of the rules that apply to a file; only its header is read. DicomError where it has none.

    >>> dcmaudit.match_rules(example_file, dcmaudit.load_rules())
    []
    """
    with open_instance(reference_of(source)) as instance:
        found = header_rectangles(instance, rules)
    return [rule.name for rule in (found.rules.matches if found.rules is not None else found.denials)]


def make_rules(store: Store, *, share: float = 0.5) -> str:
    """A deid recipe from what was marked on the frames of finished files; "" where nothing was.

    ``share`` is the part of the files of a kind on which a rectangle must be marked. StoreError where the database
    cannot be read.

    >>> with dcmaudit.open_store(empty_folder, user="me", read_only=True) as store:
    ...     dcmaudit.make_rules(store)
    ''
    """
    made = rules_from(reviewed(store).examples, share=share)
    return written(made) if made.rules else ""
