"""A proof in words for people who look at one file: what was compared, and what that says and does not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dcmaudit.model.counts import counted
from dcmaudit.report.redactions import Redacted

_REASONS = 8


def words_of(report: Redacted) -> tuple[str, ...]:
    """How a file ended, in sentences: reasons first where it did not end well, then what the proof compared."""
    reasons = tuple(report.result.reasons)
    shown = reasons[:_REASONS]
    more = (f"and {counted(len(reasons) - _REASONS, 'more reason')}",) if len(reasons) > _REASONS else ()
    proof = () if report.proof is None else proof_words(report.proof)
    return (*shown, *more, *proof, *report.notes)


def proof_words(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The record of a proof in sentences; it holds no text of an image and no value of a header, and neither do they.

    Nothing is said of a comparison that the record does not count.
    """
    planes, checks = list(record["planes"]), record["checks"]
    if not record["passed"]:
        return ("The proof failed: nothing was written.",)
    told = [f"Read again from disk and proved: {_counted(sum(checks.values()), 'comparison')}, none failed."]
    if not planes:
        told.append("Nothing is black in it that was not black before.")
    else:
        told.append(f"Black as planned on {_counted(len(planes), 'plane')}.")
        wider = sum(plane["changed"] != plane["asked"] for plane in planes)
        more = f"On {_counted(wider, 'plane')} more than that is changed, for the encoding has no smaller parts. "
        told.append(f"{more if wider else ''}All other pixels are as they were.")
    around = sum("may_look_different" in plane for plane in planes)
    if around:
        told.append(f"On {_counted(around, 'plane')} decoders may show colours beside the black a little differently.")
    return (*told, *_decoders(planes), *_text(record.get("text")), *record["notes"])


def _decoders(planes: list[Mapping[str, Any]]) -> list[str]:
    two = sum(len(plane["decoders"]) > 1 for plane in planes)
    told = [f"A second decoder agrees on {_counted(two, 'plane')}."] if two else []
    alone: dict[str, int] = {}
    for plane in planes:
        if why := plane.get("one_decoder_because"):
            alone[why] = alone.get(why, 0) + 1
    return [*told, *(f"One decoder only on {_counted(count, 'plane')}: {why}." for why, count in alone.items())]


def _text(text: Mapping[str, Any] | None) -> list[str]:
    # Who reads of a proof must not take it for more than it is.
    if text is None:
        return ["Whether text is left elsewhere was not looked for: the proof does not say it."]
    looked = f"Looked for text on {_counted(text['planes'], 'plane')}"
    if text["left"] or text["not_looked_at"]:
        return [f"{looked}: see the reasons above."]
    return [f"{looked}: the detector saw none. That is no proof that there is none."]


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
