"""Rules asked about files, one file at a time, so that processes can share the work."""

from __future__ import annotations

from dcmaudit.audit import header_rectangles, rules_of
from dcmaudit.detect.rules import Rule
from dcmaudit.dicom import open_instance
from dcmaudit.model import Reference, covered_area
from dcmaudit.report.rules_check import FileAnswer, RuleMatch


def ask_rules(paths: tuple[str, ...], reference: Reference) -> FileAnswer:
    """The answer for one file; SourceError or DicomError where it cannot be read."""
    rules = rules_of(paths)
    with open_instance(reference) as instance:
        device = instance.facts.device
        header = header_rectangles(instance, rules)
    found = header.rules
    if found is None or header.size is None:
        return FileAnswer(reference.name, device, None)
    return FileAnswer(
        reference.name,
        device,
        header.size,
        tuple(_match(rule, denies=rule in found.denials) for rule in found.matches),
        len(found.regions),
        covered_area(region.box for region in found.regions) / header.size.area,
        tuple(problem.message for problem in found.problems),
        undecided=not found.is_complete,
        denied=bool(found.denials),
    )


def _match(rule: Rule, *, denies: bool) -> RuleMatch:
    return RuleMatch(rule.label, rule.file, rule.line, rule.group, len(rule.marks), denies)
