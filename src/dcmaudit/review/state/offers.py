"""Which suggestions the options show, crossed or black, and which are previews: black, and not stored."""

from __future__ import annotations

from dcmaudit.model import Origin, Plane, Region
from dcmaudit.review.state.marked_areas import HEADER, covered_ids
from dcmaudit.review.state.open_file import OpenFile, Suggestion
from dcmaudit.review.state.options import Options

_SHOWN_BY = {
    Origin.SIMILAR: "show-similar",
    Origin.LEARNED: "show-similar",
    Origin.RULE: "show-rules",
    Origin.ULTRASOUND: "show-ultrasound",
}
LEARNED = frozenset({Origin.SIMILAR, Origin.LEARNED})
_REDACTED_BY = {Origin.RULE: "redact-rules", Origin.ULTRASOUND: "redact-ultrasound"}


def is_offered(options: Options, region: Region) -> bool:
    """Whether the options have this suggestion shown as a crossed rectangle. OCR was asked for, so always."""
    option = _SHOWN_BY.get(region.origin)
    return option is None or options[option]


def is_redacted(options: Options, region: Region) -> bool:
    """Whether the options have the area of this suggestion shown black although nobody stored it."""
    option = _REDACTED_BY.get(region.origin)
    return option is not None and options[option]


def offers(options: Options, file: OpenFile, plane: Plane) -> list[Suggestion]:
    """The suggestions for a plane that the options show, crossed or black, without those that say nothing new.

    What the header leads to is left out once marks cover it wherever it means; what was learned, where it lies inside
    of what the header leads to.
    """
    found = [item for item in file.suggestions_on(plane) if _is_shown(options, item.region)]
    header = [item for item in found if item.region.origin in HEADER]
    covered = covered_ids(file)
    boxes = [item.region.box for item in header if item.id not in covered]
    return [
        item
        for item in found
        if item.id not in covered
        and not (
            item.region.origin in LEARNED
            and item.region.shape is None
            and any(box.contains(item.region.box) for box in boxes)
        )
    ]


def undecided(options: Options, file: OpenFile, plane: Plane) -> list[Suggestion]:
    """The suggestions for a plane that wait for a yes or no, in the order in which the page lists them.

    Those over nothing but one flat value are not among them, as for "apply all".
    """
    return [item for item in offers(options, file, plane) if is_offered(options, item.region) and not item.is_empty]


def _is_shown(options: Options, region: Region) -> bool:
    return is_offered(options, region) or is_redacted(options, region)


def shown_black(options: Options, file: OpenFile) -> list[Suggestion]:
    """Everything in the file that the options show black without regard to marks: on all planes, seen or not."""
    return [item for item in file.suggestions if not file.is_out(item) and is_redacted(options, item.region)]


def unstored(options: Options, file: OpenFile) -> list[Region]:
    """Those of them that marks do not cover."""
    covered = covered_ids(file)
    left = (item.region for item in shown_black(options, file) if item.id not in covered)
    return list({(region.box, region.scope): region for region in left}.values())
