"""How a release calls a rule: by its file's place in the report's list and its line.

A rule's label can name a device, a site or a person; the report leaves the house.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from dcmaudit.audit import rules_of
from dcmaudit.detect.rules import Rule, RuleSet
from dcmaudit.errors import RuleError


def digests_of(paths: Iterable[str]) -> list[str]:
    """The SHA-256 of each file of rules, sorted: the first of them is ``rules 1``."""
    return sorted(hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths)


def covering(paths: tuple[str, ...], digests: Sequence[str], matches: Iterable[Rule]) -> tuple[str, ...]:
    """The names of the rules that apply and know a place, sorted; a rule without one only remarks on a file.

    RuleError where the files are not those of ``digests``, which the first record of the release has.
    """
    rules, now, names = _names(paths)
    if rules is not rules_of(paths):
        _names.cache_clear()
        _, now, names = _names(paths)
    if list(digests) != now:
        raise RuleError("the rules were changed after the release began", file=paths[0],
                        hint="make the release anew, in new folders")  # fmt: skip
    return tuple(sorted({names[id(rule)] for rule in matches if rule.marks}))


@lru_cache(maxsize=4)
def _names(paths: tuple[str, ...]) -> tuple[RuleSet, list[str], dict[int, str]]:
    # The set is held, too: its rules are told apart by what they are, for two files may have the same name.
    rules, digests = rules_of(paths), digests_of(paths)
    return (
        rules,
        digests,
        {
            id(rule): f"rules {digests.index(digests_of([file.path])[0]) + 1}, line {rule.line}"
            for file in rules.files
            for rule in file.rules
        },
    )
