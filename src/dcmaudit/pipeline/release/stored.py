"""What a policy keeps of the readings that the database has: decided once, for the page and for a release."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from dcmaudit.detect.pii.kinds import kinds_of
from dcmaudit.model import Judgement, Scope, Verdict
from dcmaudit.model.addresstexts import scope_text
from dcmaudit.model.engines import reads
from dcmaudit.model.records import RectId, RectRow
from dcmaudit.pipeline.release.policy import Policy


class KeptReadings:
    """The stored readings that a policy keeps: text that an engine read, that was judged harmless, and whose kind the
    policy names. A rectangle of a person, a line without text and a row that cannot be understood are never among
    them."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        said = [sorted(one.name for one in policy.black), sorted(policy.keep)]
        self._name = f"release keeps {_digest(said)}"

    def noted(self, rows: Sequence[RectRow]) -> str:
        """What finishing a file notes, where those of its ``rows`` that are kept were outlined.

        The same for policies that keep the same, as long as the kept ones lie where they did. What is stored once a
        file is finished was never outlined for whoever finished it: then it is another text.
        """
        kept = self.kept(rows)
        places = sorted((scope_text(row.scope), *row.box.inclusive) for row in rows
                        if row.id in kept and row.scope is not None and row.box is not None)  # fmt: skip
        return f"{self._name} at {_digest(places)}"

    def kept(self, rows: Sequence[RectRow]) -> dict[RectId, str]:
        """The rows of one file that are kept, each with its kind in words; those of a plane are judged together."""
        readings: dict[Scope, list[RectRow]] = {}
        for row in rows:
            if row.scope is not None and row.box is not None and row.shape is None and reads(row.engine) and row.text:
                readings.setdefault(row.scope, []).append(row)
        found: dict[RectId, str] = {}
        for beside in readings.values():
            boxes = [row.box for row in beside if row.box is not None]
            kinds = kinds_of([row.text or "" for row in beside], boxes)
            for row, kind in zip(beside, kinds, strict=True):
                is_kept = not self._policy.blacks(Judgement(Verdict.HARMLESS, "", keep=kind))
                if row.verdict is Verdict.HARMLESS and is_kept:
                    found[row.id] = "other harmless text" if kind is None else kind.value
        return found


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
