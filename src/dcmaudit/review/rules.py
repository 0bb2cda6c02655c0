"""What the header of a file leads to: rectangles of deid rules and of ultrasound regions."""

from __future__ import annotations

import threading

from dcmaudit.detect.rules import RuleSet, default_rules, load_rules, rule_files, suggest_by_rules
from dcmaudit.detect.ultrasound import ultrasound_regions
from dcmaudit.dicom import Instance
from dcmaudit.dicom.header_view import header_view
from dcmaudit.model import PlaneKind, Region
from dcmaudit.settings import Settings


class HeaderRules:
    """The site's rules, else those that come with dcmaudit; loaded when the first file asks for them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rules: RuleSet | None = None
        self._lock = threading.Lock()

    def regions(self, instance: Instance) -> tuple[list[Region], list[str]]:
        """Rectangles for the frames of an instance, and in words what could not be decided.

        None for an instance without frames: rules and regions speak of image pixels. RuleError or SourceError
        where the rules cannot be loaded.
        """
        size = next((group.size for group in instance.planes.groups if group.kind is PlaneKind.FRAME), None)
        if size is None:
            return [], []
        header = header_view(instance)
        ultrasound = ultrasound_regions(header, size)
        suggested = suggest_by_rules(self._loaded(), header, size)
        problems = [*ultrasound.problems, *suggested.problems]
        return [*ultrasound.regions, *suggested.regions], list(dict.fromkeys(problem.message for problem in problems))

    def _loaded(self) -> RuleSet:
        with self._lock:
            if self._rules is None:
                self._rules = load_rules(
                    rule_files(self._settings.deid_rules, self._settings.smi_root) or [default_rules()]
                )
            return self._rules
