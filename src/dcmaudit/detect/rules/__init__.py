"""Deid recipes and CTP pixel scripts: load once, then ask for each header which rectangles they give."""

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
