"""Files in which nothing is blacked: released only where it is known that every plane was looked at."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.dicom import Instance
from dcmaudit.errors import SourceUnreadableError
from dcmaudit.model import Content, Reference
from dcmaudit.model.redaction import RedactionOptions
from dcmaudit.pipeline.clearance import AcceptedText, Clearance, Ledger, clear, undecoded
from dcmaudit.pipeline.content import content_of


@dataclass(frozen=True, slots=True)
class Copy:
    """What the file held when it was asked about, who looked at it, and whether its copy stays as it is."""

    content: Content
    clearance: Clearance
    is_exact: bool

    def require_same(self, original: Reference, written: Reference) -> None:
        """SourceUnreadableError where what was written is not made of what was asked about."""
        # An exact copy is asked itself; one with changed elements can only be compared by what it was made of.
        now = content_of(written if self.is_exact else original)
        if now.digest != self.content.digest:
            raise SourceUnreadableError("it changed while it was copied", file=original.name, hint="do it again")


def copy_of(
    instance: Instance, ledger: Ledger | None, options: RedactionOptions, accepted: AcceptedText, *, is_exact: bool
) -> Copy:
    """The copy of an open file, its clearance with reasons where it may not be made; SourceError as ``content_of``.

    Every plane is decoded: what no decoder reads was looked at by nobody.
    """
    content = content_of(instance.reference)
    clearance = clear(instance, content, ledger, options, accepted)
    # Decoding takes the time: only where nothing else forbids the copy.
    if not clearance.reasons and (problem := undecoded(instance)) is not None:
        clearance = Clearance(reasons=(problem,))
    return Copy(content, clearance, is_exact)
