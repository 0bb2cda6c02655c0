"""What the header of a file leads to: rectangles of deid rules and of ultrasound regions."""

from __future__ import annotations

import threading

from dcmaudit.detect.rules import RuleSet, Suggestions, default_rules, load_rules, rule_files, suggest_by_rules
from dcmaudit.detect.ultrasound import ultrasound_regions
from dcmaudit.dicom import Instance
from dcmaudit.dicom.header_view import header_view, unknown_element
from dcmaudit.errors import DcmauditError
from dcmaudit.model import PlaneKind, Region, Size
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
        size = next((group.size for group in instance.planes.groups if group.kind is PlaneKind.FRAME), None)
        header = header_view(instance)
        try:
            suggested = suggest_by_rules(self._loaded(), header, size or Size(1, 1))
        except DcmauditError as error:
            suggested = Suggestions()
            notes = [f"the deid rules cannot be used, so nothing is suggested by them: {told(error)}"]
        else:
            notes = [
                f"the rule {rule.name} of %filter {rule.group} denies this file: redacting by these rules refuses it"
                for rule in suggested.denials
            ]
        if size is None:
            return [], notes
        ultrasound = ultrasound_regions(header, size)
        problems = [*ultrasound.problems, *suggested.problems]
        notes += dict.fromkeys(problem.message for problem in problems)
        return [*ultrasound.regions, *suggested.regions], notes

    def _loaded(self) -> RuleSet:
        with self._lock:
            if self._rules is None:
                found = rule_files(self._settings.deid_rules, self._settings.smi_root) or [default_rules()]
                self._rules = load_rules(found, unknown=unknown_element, ignore_sections=self._settings.ignore_sections)
            return self._rules
