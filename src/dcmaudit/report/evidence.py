"""The table of clauses: what is required, what in this release serves it, and where that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dcmaudit.model.counts import counted

_HEADERS = {
    "refuse": "No attribute of the list of names, numbers, dates and addresses is filled in a released file; other "
              "attributes of table E.1-1 were not looked at.",
    "cleaned-before": "Somebody states that headers were cleaned before; this was not checked.",
    "cleaned-after": "Not met by these files: somebody states that headers will be cleaned later.",
}  # fmt: skip
_OVERLAYS = {
    "none": "Overlays are planes like frames: looked at, blacked where they have text, and proved.",
    "same": "Overlays are planes like frames, and got the rectangles of the frames, too.",
    "remove": "Overlays were removed.",
}
_EYES = {
    "all": "A person has seen every plane of every released file",
    "sample": "A person has seen every plane of the files of a drawn sample",
    "none": "No person had to look",
}


def _eyes(policy: Mapping[str, Any]) -> str:
    if not policy.get("seen_modalities") and not policy.get("seen_models"):
        return _EYES[policy["eyes"]]
    return (
        f"A person has seen every plane of the devices that the policy names under people. {_EYES[policy['eyes']]}"
        + (" at the others" if policy["eyes"] == "none" else "")
    )


def evidence(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Requirement, what serves it, and where it is, for the report whose other parts are in ``data``."""
    policy, out = data["about"]["policy"], data["released"]
    rectangles = sum(out["rectangles_by_source"].values())
    looked = (
        f"{counted(out['planes'], 'plane')} of {counted(out['files'], 'file')} were looked at by the detector; "
        f"{counted(out['text_blacked'], 'place')} "
        f"of text were blacked, {out['text_kept']} kept by the policy. Every file was proved, and looked at again: "
        f"{counted(out['text_left'], 'place is', 'places are')} left that the policy does not keep."
    )
    kept = (
        f"Outside of {counted(rectangles, 'black rectangle')} every pixel of every plane is what it was; that is part "
        f"of each proof. {_eyes(policy)}; who looked, and how, is recorded for each file."
    )
    expert = (
        "What an expert needs to know of the pixels: what was looked at, by whom, how much is missed, and with a drawn "
        "sample a bound. This report is no determination."
    )
    harbor = "Text in pixels alone. Full-face photographs (Q) were not looked for; for the header see E.1.1."
    uids = "Every UID that is somebody's is a new one, in references too. No confidentiality profile is claimed."
    rows = (
        ("PS3.15 E.1.1 (attributes of table E.1-1)", f"{_HEADERS[policy['headers']]} {uids}",
         "Headers; Policy: headers"),
        ("PS3.15 E.3.1 Clean Pixel Data Option", looked,
         "Released files; records.jsonl: planes, text_found, text_blacked, text_kept, proof"),
        ("PS3.15 E.3.2 Clean Recognizable Visual Features Option",
         "Nothing: faces and other features of the body were not looked at.", "-"),
        ("PS3.15 E.3.3 Clean Graphics Option", _OVERLAYS[policy["overlays"]], "Policy: overlays"),
        ("TCIA P15-PIX-K (pixels are kept, burned-in identifiers are removed)", kept,
         "Released files; Who looked; records.jsonl: proof, rectangles, looked_at_by, looks"),
        ("HIPAA 164.514(b)(1) (expert determination)", expert, "Sample; Detector; Not audited"),
        ("HIPAA 164.514(b)(2) (safe harbor)", harbor, "Released files; Headers"),
    )  # fmt: skip
    return [dict(zip(("requirement", "evidence", "where"), row, strict=True)) for row in rows]
