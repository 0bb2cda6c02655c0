"""What the header of a file leads to: rectangles of deid rules and of ultrasound regions."""

from __future__ import annotations

import threading

from dcmaudit.audit import checked_rules, header_rectangles, rule_paths
from dcmaudit.detect.rules import RuleSet
from dcmaudit.dicom import Instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import PlaneKind, Region
from dcmaudit.review.services.page_words import told
from dcmaudit.settings import Settings


class HeaderRules:
    """The site's rules, else those that come with dcmaudit; loaded when the first file asks for them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rules: RuleSet | None = None
        self._lock = threading.Lock()

    def regions(self, instance: Instance) -> tuple[list[Region], list[str]]:
        """Rectangles for the frames of an instance, and in words what could not be decided.

        None for an instance without frames, but for what denies it: rules and regions speak of image pixels. Rules
        that cannot be loaded are such a problem too, for suggestions that nobody misses would pass for none.
        """
        try:
            rules = self._loaded()
            found = header_rectangles(instance, rules, ultrasound=True)
        except DcmauditError as error:
            notes = [f"the deid rules cannot be used, so nothing is suggested by them: {told(error)}"]
            found = header_rectangles(instance, None, ultrasound=True)
        else:
            notes = [
                f"the rule {rule.name} of %filter {rule.group} denies this file: redacting by these rules refuses it"
                for rule in found.denials
            ]
        if not any(group.kind is PlaneKind.FRAME for group in instance.planes.groups):
            return [], notes
        regions: list[Region] = []
        problems: list[str] = []
        for part in (found.ultrasound, found.rules):
            if part is not None:
                regions += part.regions
                problems += [problem.message for problem in part.problems]
        return regions, [*notes, *dict.fromkeys(problems)]

    def _loaded(self) -> RuleSet:
        with self._lock:
            if self._rules is None:
                paths = rule_paths(None, self._settings)
                self._rules = checked_rules(paths, ignore_sections=self._settings.ignore_sections)
            return self._rules
