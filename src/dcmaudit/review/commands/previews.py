"""What rules and ultrasound regions show black although nobody stored it, and what becomes of it when a file is done.

What is black on the screen is what is written, or is called a preview. So when a file is finished, previews become
marks, on all frames that they mean and not only on those that were visited; or they are left, and the database says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dcmaudit.errors import UsageError
from dcmaudit.model import Everywhere, Origin, Region, Scope
from dcmaudit.model.counts import counted
from dcmaudit.model.screen import PreviewPolicy, Screen, ShownArea
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.marked_areas import frame_count, single_frame
from dcmaudit.review.state.offers import shown_black, unstored
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Question, Session
from dcmaudit.store import NewRect, OcrEngine

WORDS = "preview, not stored"
_ENGINES = {Origin.RULE: OcrEngine.RULE, Origin.ULTRASOUND: OcrEngine.ULTRASOUND, Origin.OCR: OcrEngine.LINES}
_OPTIONS = ("redact-rules", "redact-ultrasound")


@dataclass(frozen=True, slots=True)
class AtFinish:
    """What finishing a file writes beside its tag row, and what there is to tell about it."""

    rects: tuple[NewRect, ...]
    screen: Screen
    message: str = ""
    kind: str = "info"


def new_rect(file: OpenFile, region: Region, scope: Scope | None = None) -> NewRect:
    """The mark that a region becomes, where it means or at ``scope``."""
    where = single_frame(file.planes, region.means) if scope is None else scope
    return NewRect(
        region.box,
        where,
        engine=_ENGINES.get(region.origin, OcrEngine.NONE),
        text=region.text or "",
        verdict=region.verdict,
        frames=frame_count(file.planes) if where is Everywhere.ALL_FRAMES else None,
        shape=region.shape,
    )


def accepted(session: Session, rect: NewRect) -> NewRect:
    """The mark of a suggestion that a person wants black: no reading any more, of which the policy could keep it."""
    return rect if session.keeps is None else replace(rect, engine=OcrEngine.NONE)


def complete(services: Services, file: OpenFile) -> None:
    """Have every preview of the file before it is finished; errors as the rules raise them."""
    # The search may still be under way: what it finds must not be missing from what was asked about.
    if file.facts is not None and not file.header_searched:
        services.suggestions.complete(file)


def question(
    session: Session, services: Services, file: OpenFile, command: str, arguments: Mapping[str, object]
) -> Question | None:
    """What to ask before the file is finished; None where that is settled or there is nothing to ask about."""
    if session.options.previews is not PreviewPolicy.ASK or "previews" in arguments:
        return None
    complete(services, file)
    count = len(unstored(session.options, file))
    if not count:
        return None
    what = counted(count, "area is", "areas are")
    return Question(
        text=f"{what} shown black by rules or ultrasound regions, as a preview: nothing of that is stored.",
        command=command,
        arguments={**arguments, "previews": PreviewPolicy.STORE.value, "file_id": file.file_id},
        yes="Store, and finish the file",
        no="Go on looking",
        other="Leave as it is, and finish",
        other_arguments={**arguments, "previews": PreviewPolicy.LEAVE.value, "file_id": file.file_id},
    )


def policy_of(session: Session, arguments: Mapping[str, object]) -> PreviewPolicy:
    """What to do with previews: what was answered, else what the setting says; UsageError for any other answer."""
    answer = arguments.get("previews")
    if answer is None:
        return session.options.previews
    if answer not in {PreviewPolicy.STORE.value, PreviewPolicy.LEAVE.value}:
        raise UsageError(f"previews cannot be treated as {answer!r}", hint="allowed: store, leave")
    return PreviewPolicy(answer)


def at_finish(session: Session, services: Services, file: OpenFile, policy: PreviewPolicy) -> AtFinish:
    """What finishing the file writes; ``policy`` ASK counts as STORE, for whoever was asked has answered."""
    complete(services, file)
    options = session.options
    regions = [item.region for item in shown_black(options, file)]
    areas = [ShownArea(one.box, single_frame(file.planes, one.scope), one.origin) for one in regions]
    left = unstored(options, file)
    stores = policy is not PreviewPolicy.LEAVE
    screen = Screen(
        PreviewPolicy.STORE if stores else PreviewPolicy.LEAVE,
        (*(name for name in _OPTIONS if options[name]), *([session.keeps.noted(file.rects)] if session.keeps else [])),
        tuple(dict.fromkeys(areas)),
    )
    rects = tuple(new_rect(file, region) for region in left) if stores else ()
    return AtFinish(rects, screen, *_told(len(left), stores=stores))


def _told(count: int, *, stores: bool) -> tuple[str, str]:
    if not count:
        return "", "info"
    what = counted(count, "area")
    if stores:
        was, it, its = ("was", "it", "the frames it means") if count == 1 else ("were", "they", "the frames they mean")
        are = "is" if count == 1 else "are"
        return f"{what} that {was} black as a preview {are} stored now: {it} {are} marked on all {its}.", "info"
    were, are = ("was", "it is") if count == 1 else ("were", "they are")
    left = f"{what} that {were} black as a preview {were} left as {are}: not stored."
    return f"{left} redact will refuse the file until somebody decides.", "warning"
