"""The report of a release as one HTML page that prints well: no script, nothing from outside, no value of a header."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from dcmaudit.model.counts import counted
from dcmaudit.report.policies import policy_rows
from dcmaudit.report.releases import SOURCES

_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}"
    "h1{margin-bottom:0}h2{margin:2rem 0 .5rem;border-bottom:1px solid #999}"
    "table{border-collapse:collapse;margin:.5rem 0 1rem}caption{text-align:left;font-weight:bold;padding:.2rem 0}"
    "td,th{border:1px solid #999;padding:.2rem .6rem;text-align:left;vertical-align:top}th{background:#eee}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code{overflow-wrap:anywhere}"
    ".note{border-left:.3rem solid #666;padding-left:.8rem}"
    "@page{size:A4;margin:15mm}@media print{body{margin:0;padding:0;max-width:none;font-size:10pt}"
    "h2,caption{break-after:avoid}tr,.note{break-inside:avoid}"
    "thead{display:table-header-group}th{print-color-adjust:exact}}"
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
    "was. Then every plane was looked at again. A file in which something was still seen was held back."
)
_CHECK = (
    "<p><code>dcmaudit report check FOLDER --signer FINGERPRINT</code>, or <code>python check_release.py FOLDER "
    "FINGERPRINT</code>, which needs nothing but Python. Take the fingerprint from the people who signed, not from "
    "this folder.</p><p><code>files.csv</code> has a line for each input and <code>devices.csv</code> one for each "
    "device; <code>records.jsonl</code> has all of it, and is what the last link stands for.</p>"
)
_OUTCOMES = {
    "released": "blacked, proved, looked at again",
    "released unchanged": "no pixel was blacked; UIDs are new",
    "held back": "may not leave, or is not known to be right",
    "failed": "could not be read or written",
}


def page(data: Mapping[str, Any]) -> str:
    """The report whose numbers and texts are in ``data``."""
    policy = data["about"]["policy"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Release report</title>',
        '<meta name="viewport" content="width=device-width">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
        f"<style>{_STYLE}</style></head><body><main><h1>Release report</h1>",
        _made(data),
        "<h2>Inputs</h2>", *_inputs(data),
        "<h2>Released files</h2>", *_released(data["released"]),
        "<h2>Who looked</h2>", f"<p>{_eyes(policy)} {_marks(data)}</p>", *_looks(data["released"]),
        "<h2>Sample</h2>", _sample(data["sample"]),
        "<h2>Not audited</h2>", *_not_audited(data["not_audited"]),
        "<h2>Headers</h2>", f"<p>This program cleans pixels, not headers. {_HEADERS[policy['headers']]}</p>",
        f"<p>{_identifiers(data['about'])}</p>",
        "<h2>What the files say</h2>", f"<p>{_claims(policy)}</p>",
        "<h2>Devices</h2>", *_devices(data),
        "<h2>Detector</h2>", *_detector(data),
        "<h2>Requirements and evidence</h2>",
        _table("", ("requirement", "evidence", "where"), (tuple(row.values()) for row in data["evidence"])),
        "<h2>Policy</h2>",
        _table("", ("value", "is"), policy_rows(policy)),
        "<h2>Made by</h2>", *_versions(data["about"]),
        "<h2>How to check</h2>", f"{_CHECK}</main></body></html>\n",
    ]  # fmt: skip
    return "".join(parts)


def _identifiers(about: Mapping[str, Any]) -> str:
    if about.get("identifiers"):
        return "Text was also compared with a list of known identifiers that the house holds."
    return "Text was compared with the file's own header, and with no list of known identifiers."


def _eyes(policy: Mapping[str, Any]) -> str:
    kinds = [*policy.get("seen_modalities", ()), *policy.get("seen_models", ())]
    if not kinds:
        return _EYES[policy["eyes"]]
    others = _EYES[policy["eyes"]] if policy["eyes"] != "none" else "Of others no person had to look."
    return f"A person has seen every plane of every released file of {escape(', '.join(kinds))}. {others}"


def _claims(policy: Mapping[str, Any]) -> str:
    """What is written into released files of how they were cleaned, and who stands for it."""
    said = "Each names dcmaudit and the policy as a method of de-identification, and dcmaudit as equipment. "
    measure = escape(str(policy.get("measure", "")))
    said += {
        "nobody": "None says that no identifying text is left in its pixels: nobody stands for it.",
        "person": "Those of which a person has seen every plane say that no identifying text is left in their pixels "
        "(BurnedInAnnotation NO, code 113101).",
        "measure": "Each says that no identifying text is left in its pixels (BurnedInAnnotation NO, code 113101). "
        f"<strong>No person stands for that, but this measure:</strong> {measure}",
    }[policy.get("clean", "nobody")]
    if policy.get("codes"):
        codes = ", ".join(map(escape, policy["codes"]))
        said += f" Whoever cleaned the headers stands for the codes {codes}; this program did not check that."
    return said


def _made(data: Mapping[str, Any]) -> str:
    out = data["outcomes"]
    held = out["held back"] + out["failed"]
    part = data["about"].get("part")
    only = "" if part is None else f"<p><strong>Part {escape(part)}: this is not the whole release.</strong></p>"
    return (
        f'<p>{escape(data["about"]["program"])}</p>{only}<p class="note">{counted(data["inputs"], "input")}: '
        f"{data['released']['files']} released ({out['released unchanged']} of them unchanged), {held} not released. "
        f"The chain of records ends in <code>{escape(data['records']['root'])}</code>.</p>"
    )


def _inputs(data: Mapping[str, Any]) -> Iterable[str]:
    yield _table("Outcomes", ("outcome", "means", "inputs"), (
        (name, _OUTCOMES[name], number) for name, number in data["outcomes"].items()
    ))  # fmt: skip
    if data["reasons"]:
        yield _table("Why inputs were not released", ("outcome", "reason", "inputs"), (
            tuple(row.values()) for row in data["reasons"]
        ))  # fmt: skip
    yield "<p>Names of inputs are in no file of this folder. The house has them in its list <code>held.csv</code>.</p>"


def _released(out: Mapping[str, Any]) -> Iterable[str]:
    found = out["text_found"]
    yield _table("", ("what", "number"), (
        ("files", out["files"]),
        ("files whose proof passed", out["proved"]),
        ("planes that were looked at", out["planes"]),
        *((f"places of text judged {name}", number) for name, number in found.items()),
        ("places of text that were blacked", out["text_blacked"]),
        ("places of text that the policy keeps", out["text_kept"]),
        ("other places in which text was still seen at the end", out["text_left"]),
        ("elements left out, in which a picture could hide", out["elements_left_out"]),
    ))  # fmt: skip
    yield f"<p>{_PROVED}</p>"
    if out["text_blacked"] > found["identifying"] + found["unknown"]:
        yield (
            "<p>More places were blacked than were judged identifying or unknown. Some are seen only once bright "
            "letters beside them are black; a page of text is blacked whole; and a policy can black harmless text.</p>"
        )
    if out["rectangles_by_source"]:
        yield _table("Black rectangles", ("proposed by", "number"), (
            (SOURCES.get(name, name), number) for name, number in out["rectangles_by_source"].items()
        ))  # fmt: skip
        yield "<p>One rectangle can be on every frame of a cine, and then covers many places of text.</p>"


def _marks(data: Mapping[str, Any]) -> str:
    if not data["about"]["policy"]["marks"]:
        return "Rectangles that people stored were not used, as the policy says."
    if not data["about"]["has_database"]:
        return "There was no review database, so that no rectangles of people were used."
    return "Rectangles that people stored in the review database were blacked, too."


def _looks(out: Mapping[str, Any]) -> Iterable[str]:
    if out["files_by_who_looked"]:
        yield _table("Files", ("every plane looked at by", "released files"), out["files_by_who_looked"].items())
    if out["planes_by_look"]:
        yield _table("Planes", ("looked at by, and how", "planes of released files"), out["planes_by_look"].items())
        yield (
            "<p>A person has seen a plane where it was on the stage, lossless, at half size or more. Every other way "
            "(a projection of many planes, a small picture, a window) is a glance: it is told, and releases nothing. "
            "One plane can be in several lines.</p>"
        )


def _sample(sample: Mapping[str, Any] | None) -> str:
    if sample is None:
        return "<p>No sample was drawn, so that nothing is known of how much the machine missed in these files.</p>"
    return f"<p>{escape(sample['in_words'])}</p>"


def _not_audited(reasons: Mapping[str, int]) -> Iterable[str]:
    if not reasons:
        yield "<p>Every plane of every input was looked at.</p>"
        return
    yield "<p>These inputs were not looked at, or not wholly. None of them is among the released files.</p>"
    yield _table("", ("reason", "inputs"), reasons.items())


def _devices(data: Mapping[str, Any]) -> Iterable[str]:
    yield (
        "<p>Devices are numbered in the order in which they were met; their names are in the list "
        "<code>devices.csv</code> of the house. A device is a modality and a model.</p>"
    )
    yield _table("Inputs by outcome", ("device", "inputs", *data["outcomes"], "planes"), (
        (one["device"], one["inputs"], *one["outcomes"].values(), one["planes"]) for one in data["devices"]
    ))  # fmt: skip
    sources = sorted({name for one in data["devices"] for name in one["files_by_source"]})
    titles = ("device", *next(iter(data["devices"]), {"text": {}})["text"], *(f"by {name}" for name in sources))
    yield _table("Places of text by verdict, and files with black rectangles by who proposed them", titles, (
        (one["device"], *one["text"].values(), *(one["files_by_source"].get(name, 0) for name in sources))
        for one in data["devices"]
    ))  # fmt: skip
    yield _table("Who and what covers each device", ("device", "covered by", "inputs of it", "of"), (
        (one["device"], _cover(name, data["about"]["policy"]), number, one["inputs"])
        for one in data["devices"] for name, number in (one["covered_by"] or {"": 0}).items()
    ))  # fmt: skip
    if data["about"]["rules_sha256"]:
        yield (
            "<p>Rules are named by their file in the list under <em>Made by</em> and by their line in it. A rule that "
            "applies knows the places where such a device writes text.</p>"
        )
    words = {
        "no_text_found": "Devices of which files were released, and no text was found in any of them",
        "no_rule": "Devices of which files were released, and to which neither a rule nor ultrasound regions apply",
        "nothing_blacked": "Devices of which files were released, and nothing was blacked in any of them",
        "nothing_released": "Devices of which nothing was released",
    }
    yield _table("", ("devices without any", "numbers"), (
        (words[name], ", ".join(map(str, numbers)) or "none") for name, numbers in data["devices_without"].items()
    ))  # fmt: skip


def _cover(name: str, policy: Mapping[str, Any]) -> str:
    return {
        "": "nothing: none of it was looked at",
        "detector": f"the detector, which looked at every plane (mode {policy['mode']}; {policy['engine']} read)",
        "person": "a person, who saw every plane",
        "ultrasound regions": "its ultrasound regions: all outside of them is black",
    }.get(name, f"{name}: the rule applies")


def _detector(data: Mapping[str, Any]) -> Iterable[str]:
    yield (
        "<p>The detector was measured on made-up and on real pictures, not on these files. It misses some text, most "
        "of all faint letters of 5 to 6 pixels on texture. What nobody saw and the detector missed is still in the "
        "files.</p>"
    )
    yield _table("Measured recall", ("of", "found, per cent", "95 % interval", "by"), (
        (one["what"], one["found"], one["interval"], f"{one['source']} of dcmaudit") for one in data["recall"]
    ))  # fmt: skip


def _versions(about: Mapping[str, Any]) -> Iterable[str]:
    rows = [("program", about["program"]), *sorted(about.get("versions", {}).items())]
    rows += [(f"rules {n}, SHA-256", one) for n, one in enumerate(about["rules_sha256"], 1)] or [("rules", "none")]
    yield _table("", ("what", "is"), rows)


def _table(caption: str, titles: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    every = [tuple(row) for row in rows]
    names = tuple(titles)
    numeric = [bool(every) and all(_is_number(row[at]) for row in every) for at in range(len(names))]
    head = "".join(
        f'<th scope="col"{_kind(number)}>{escape(name)}</th>' for name, number in zip(names, numeric, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{_kind(_is_number(cell))}>{escape(_word(cell))}</td>" for cell in row) + "</tr>"
        for row in every
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind(number: bool) -> str:  # noqa: FBT001
    return ' class="n"' if number else ""


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value in ("", None) else str(value)
