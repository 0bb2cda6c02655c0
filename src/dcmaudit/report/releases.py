"""The report of a release: what is known and what is not, as JSON and as one page that prints well.

Nothing in it is a value of a header, a name of an input or a text of the pixels: it lies among the files that leave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

RECALL = (
    "The detector is measured on made-up and on real pictures (docs/model-card.md and docs/detection.md of dcmaudit). "
    "It misses some text, most of all faint letters of 5 to 6 pixels on texture. What nobody saw and the detector "
    "missed is still in the files."
)

EVIDENCE: tuple[tuple[str, str, str], ...] = (
    ("PS3.15 E.3.1 Clean Pixel Data Option", "every plane was looked at; places of text were blacked and proved",
     "planes, text, rectangles; records.jsonl"),
    ("PS3.15 E.3.3 Clean Graphics Option", "overlays are planes like frames", "policy: overlays"),
    ("PS3.15 E.1.1 attributes", "headers are not cleaned by this program", "policy: headers"),
    ("TCIA P15-PIX-K", "who looked, and how, per file", "looked_at_by in records.jsonl"),
    ("HIPAA 164.514(b)", "this report is evidence for an expert's determination, and no determination", "all of it"),
)  # fmt: skip
"""Requirement, what serves it, where it is."""


def summary(
    about: Mapping[str, Any], records: Iterable[Mapping[str, Any]], root: str, sample: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Everything that the report says, as plain numbers and texts. ``sample`` is what follows from a drawn sample."""
    outcomes, reasons, sources = Counter[str](), Counter[str](), Counter[str]()
    seen: Counter[str] = Counter()
    devices: dict[int, Counter[str]] = {}
    count = planes = blacked = kept = left_out = 0
    for one in records:
        count += 1
        outcomes[one["outcome"]] += 1
        if one["why"] is not None:
            reasons[one["why"]] += 1
        device = devices.setdefault(one["device"], Counter())
        device[one["outcome"]] += 1
        if one["output"] is None:
            continue
        planes += one["planes"]
        blacked += one["text_blacked"]
        kept += one["text_kept"]
        left_out += one["left_out"]
        sources.update(one["rectangles"])
        device.update({f"by {source}": number for source, number in one["rectangles"].items()})
        seen[" and ".join(one["looked_at_by"])] += 1
    return {
        "about": dict(about),
        "inputs": count,
        "outcomes": dict(sorted(outcomes.items())),
        "reasons": dict(sorted(reasons.items())),
        "released": {
            "planes": planes, "text_blacked": blacked, "text_kept": kept, "elements_left_out": left_out,
            "rectangles_by_source": dict(sorted(sources.items())), "files_by_who_looked": dict(sorted(seen.items())),
        },
        "devices": {str(number): dict(sorted(counts.items())) for number, counts in sorted(devices.items())},
        "sample": None if sample is None else dict(sample),
        "not_known": [RECALL],
        "evidence": [dict(zip(("requirement", "evidence", "where"), row, strict=True)) for row in EVIDENCE],
        "records": {"file": "records.jsonl", "count": count + 1, "root": root},
    }  # fmt: skip


_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{border:1px solid #999;padding:.2rem .6rem;"
    "text-align:left;vertical-align:top}th{background:#eee}code{overflow-wrap:anywhere}"
    "@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}"
)
_HEADERS = {
    "refuse": "A file with a filled identifying attribute was held back.",
    "cleaned-before": "Somebody states that headers were cleaned before. This program did not check that.",
    "cleaned-after": "Somebody states that headers will be cleaned later. <strong>They are not clean now.</strong>",
}
_EYES = {
    "all": "A person has seen every plane of every released file.",
    "sample": "A person has seen every plane of the files of a drawn sample, and of others by chance.",
    "none": "<strong>No person had to look.</strong> The detector and the rules looked alone.",
}


_PROVED = (
    "Every released file was read again from disk and proved: what was asked for is black, everything else is what it "
    "was. Then every plane was looked at again."
)
_CHECK = (
    "<p><code>dcmaudit report check FOLDER --signer FINGERPRINT</code>, or <code>python check_release.py FOLDER "
    "FINGERPRINT</code>, which needs nothing but Python. Take the fingerprint from the people who signed, not from "
    "this folder.</p>"
)


def _marks(data: Mapping[str, Any]) -> str:
    if not data["about"]["policy"]["marks"]:
        return "Rectangles that people stored were not used, as the policy says."
    if not data["about"]["has_database"]:
        return "There was no review database, so that no rectangles of people were used."
    return "Rectangles that people stored in the review database were blacked, too."


def _made(data: Mapping[str, Any]) -> str:
    return (
        f"<p>Made by {escape(data['about']['program'])}. {data['inputs']} inputs. The last link of the chain of "
        f"records is <code>{escape(data['records']['root'])}</code>.</p>"
    )


def page(data: Mapping[str, Any]) -> str:
    """The report as one HTML page: no script, nothing from outside, no value of a header."""
    policy, released = data["about"]["policy"], data["released"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Release report</title>',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
        f"<style>{_STYLE}</style></head><body><h1>Release report</h1>",
        _made(data),
        "<h2>What became of the inputs</h2>", _table(("outcome", "files"), data["outcomes"].items()),
        _table(("reason", "files"), data["reasons"].items()) if data["reasons"] else "",
        "<h2>What is in the released files</h2>",
        _table(("what", "number"), (
            ("planes that were looked at", released["planes"]),
            ("places of text that were blacked", released["text_blacked"]),
            ("places of text that the policy keeps", released["text_kept"]),
            ("elements left out, in which a picture could hide", released["elements_left_out"]),
        )),
        f"<p>{_PROVED}</p>",
        _table(("black rectangles by source", "number"), released["rectangles_by_source"].items()),
        "<h2>Who looked</h2>", f"<p>{_EYES[policy['eyes']]} {_marks(data)}</p>",
        _table(("every plane looked at by", "released files"), released["files_by_who_looked"].items()),
        _sample(data["sample"]),
        "<h2>Headers</h2>", f"<p>This program cleans pixels, not headers. {_HEADERS[policy['headers']]}</p>",
        "<h2>Devices</h2>", "<p>Their names are in the list <code>devices.csv</code> of the house.</p>", _devices(data),
        "<h2>What is not known</h2>", *(f"<p>{escape(text)}</p>" for text in data["not_known"]),
        "<h2>Requirements and evidence</h2>",
        _table(("requirement", "evidence", "where"), (tuple(row.values()) for row in data["evidence"])),
        "<h2>Policy</h2>",
        _table(("value", "is"), ((name, ", ".join(value) if isinstance(value, list) else value)
                                 for name, value in policy.items())),
        "<h2>How to check</h2>",
        f"{_CHECK}</body></html>\n",
    ]  # fmt: skip
    return "".join(parts)


def _table(titles: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(_word(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value in ("", None) else str(value)


def _sample(sample: Mapping[str, Any] | None) -> str:
    if sample is None:
        return ""
    return (
        f"<p>Of {sample['series']} series {sample['looked_at']} were drawn at random and seen by a person. In "
        f"{sample['with_missed_text']} of them the person marked text that neither the detector nor a rule had seen. "
        f"So, with {100 * sample['confidence']:g} % confidence, at most {100 * sample['bound']:.2f} % of all series "
        "have such text left.</p>"
    )


def _devices(data: Mapping[str, Any]) -> str:
    titles = sorted({name for counts in data["devices"].values() for name in counts})
    rows = ((number, *(counts.get(title, 0) for title in titles)) for number, counts in data["devices"].items())
    return _table(("device", *titles), rows)
