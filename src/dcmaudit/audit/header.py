"""What the header of an instance leads to: rectangles of deid rules and of ultrasound regions."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.detect import rules as deid  # loaded with the first rule that is asked
from dcmaudit.detect.ultrasound import UltrasoundRegions, ultrasound_regions
from dcmaudit.dicom import Instance
from dcmaudit.dicom.header_view import header_view
from dcmaudit.model import Region, Size


@dataclass(frozen=True, slots=True)
class HeaderRectangles:
    """What the header of one instance leads to; a part is None where nobody asked for it, or there is no image.

    ``size`` is that of the image in pixels, None where the header has none. Then there is no place for a rectangle,
    but a rule may deny the file all the same.
    """

    size: Size | None
    rules: deid.Suggestions | None = None
    ultrasound: UltrasoundRegions | None = None
    denials: tuple[deid.Rule, ...] = ()

    @property
    def regions(self) -> tuple[Region, ...]:
        """Everything that is to be black in every frame, in pixels of the image; rectangles may overlap."""
        by_rules = self.rules.regions if self.rules is not None else ()
        return (*by_rules, *(self.ultrasound.regions if self.ultrasound is not None else ()))


def header_rectangles(instance: Instance, rules: deid.RuleSet | None, *, ultrasound: bool = False) -> HeaderRectangles:
    """What ``rules`` and, where asked for, the ultrasound regions of the header say about an open instance.

    Nothing but the header is read. RuleError where a rule cannot be asked.
    """
    device = instance.facts.device
    size = Size(device.columns, device.rows) if device.rows and device.columns else None
    header = header_view(instance)
    found = None if rules is None else deid.suggest_by_rules(rules, header, size or Size(1, 1))
    denials = () if found is None else found.denials
    if size is None:
        return HeaderRectangles(None, denials=denials)
    return HeaderRectangles(size, found, ultrasound_regions(header, size) if ultrasound else None, denials)
