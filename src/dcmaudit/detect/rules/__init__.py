"""Deid recipes and CTP pixel scripts: load once, then ask for each header which rectangles they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmaudit.lazy import deferred

if TYPE_CHECKING:
    from dcmaudit.detect.rules.loading import default_rules, load_rules, parse_rules, rule_files
    from dcmaudit.detect.rules.ruleset import Rule, RuleFile, RuleSet, Suggestions, suggest_by_rules

__all__ = [
    "Rule",
    "RuleFile",
    "RuleSet",
    "Suggestions",
    "default_rules",
    "load_rules",
    "parse_rules",
    "rule_files",
    "suggest_by_rules",
]

__getattr__ = deferred(
    __name__,
    {
        "loading": ("default_rules", "load_rules", "parse_rules", "rule_files"),
        "ruleset": ("Rule", "RuleFile", "RuleSet", "Suggestions", "suggest_by_rules"),
    },
)
