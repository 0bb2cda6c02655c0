"""What the proof has compared so far, and what it found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from dcmaudit.model.proof import Finding

_MOST = 12
"""Findings of one check that are told one by one: a file that is wrong in 10,000 frames needs no 10,000 lines."""


@dataclass(slots=True)
class Record:
    """Counts and findings, by check. A check that never ran is not in ``checks``."""

    checks: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    _found: list[Finding] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    def require(self, check: str, where: str, text: str, *, holds: bool) -> bool:
        """Count one comparison; a finding where it does not hold. Returns ``holds``."""
        self.checks[check] += 1
        if not holds:
            self.fail(check, where, text)
        return holds

    def fail(self, check: str, where: str, text: str) -> None:
        """One finding."""
        self._counts[check] += 1
        if self._counts[check] <= _MOST:
            self._found.append(Finding(check, where, text))

    def note(self, text: str) -> None:
        """One remark that is no fault; said once."""
        if text not in self.notes:
            self.notes.append(text)

    def absorb(self, other: Record) -> None:
        """Take over what another record has, behind what this one has."""
        self.checks.update(other.checks)
        for text in other.notes:
            self.note(text)
        for finding in other._found:
            self._counts[finding.check] += 1
            if self._counts[finding.check] <= _MOST:
                self._found.append(finding)
        for check, count in other._counts.items():
            self._counts[check] += max(0, count - _MOST)

    def findings(self) -> tuple[Finding, ...]:
        """Every finding, those beyond the limit as a number."""
        more = [
            Finding(check, "the file", f"{count - _MOST} more of this kind")
            for check, count in self._counts.items()
            if count > _MOST
        ]
        return (*self._found, *more)
