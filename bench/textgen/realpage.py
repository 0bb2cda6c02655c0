"""The figures of ``bench/real`` as the tables of a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_BEGIN, _END = "<!-- figures of bench/real -->", "<!-- end of the figures -->"

_ROWS = {
    "legible": "all legible strings",
    "legible, line by line": "the same, line by line: by boxes over one line alone",
    "legible, tightly": "the same, by boxes alone of which half and more is text",
    "3 characters and more, cap 7 and more": "3 characters and more, capitals of 7 px and more",
    "kind line": "lines (3 characters and more)",
    "kind short": "1-2 characters",
    "kind scale": "numbers and units of rulers and colour bars",
    "kind marker": "markers in radiographs",
    "cap up to 6": "capitals of up to 6 px",
    "cap 7-9": "capitals of 7-9 px",
    "cap 10-16": "capitals of 10-16 px",
    "cap 17 and more": "capitals of 17 px and more",
    "picture unseen": "in pictures that the own network was never trained on",
    "picture trained on": "in pictures that it saw, this text left out of the loss",
    "not legible": "not legible (cut, or a few grey levels)",
}


def write_page(page: Path, mode: str, answers: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the tables between the two marks of a page. ValueError where the page does not have both."""
    text = page.read_text(encoding="utf-8")
    block = f"{_BEGIN}\n{tables(mode, answers)}\n{_END}"
    if not is_marked(text):
        raise ValueError(f"{page.name} does not have the marks {_BEGIN} and {_END} once")
    new = re.sub(f"{re.escape(_BEGIN)}.*{re.escape(_END)}", lambda _: block, text, flags=re.DOTALL)
    page.write_text(new, encoding="utf-8")


def is_marked(text: str) -> bool:
    """Whether a page has both marks, each once, in order."""
    return re.fullmatch(f".*{re.escape(_BEGIN)}.*{re.escape(_END)}.*", text, re.DOTALL) is not None and (
        text.count(_BEGIN) == text.count(_END) == 1
    )


def tables(mode: str, answers: Mapping[str, Mapping[str, Any]]) -> str:
    """Recall, what else is boxed, and every legible string that was missed, as Markdown."""
    names = list(answers)
    lines = [f"| found, `--mode {mode}` | {' | '.join(f'`--finder {name}`' for name in names)} |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for key, title in _ROWS.items():
        cells = [_share(answers[name]["recall"].get(key)) for name in names]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    for title, value in _OTHER:
        lines.append(f"| {title} | {' | '.join(value(answers[name]) for name in names)} |")
    for name in names:
        lines += ["", *_misses(name, answers[name]["misses"])]
    return "\n".join(lines)


def _share(counted: Mapping[str, Any] | None) -> str:
    if counted is None:
        return "-"
    low, high = 100 * counted["low"], 100 * counted["high"]
    return f"{100 * counted['share']:.1f} % ({low:.1f} to {high:.1f}; n = {counted['count']})"


def _clean(kind: str) -> Any:
    def value(answer: Mapping[str, Any]) -> str:
        planes = answer["clean_planes"].get(kind)
        if planes is None:
            return "-"
        return (
            f"{planes['boxes_a_plane']:.2f} boxes a plane; {100 * planes['area_masked']:.2f} % of the area,"
            f" {100 * planes['area_masked_worst']:.2f} % at worst; n = {planes['count']} of {planes['sources']}"
        )

    return value


def _by_source(kind: str) -> Any:
    def value(answer: Mapping[str, Any]) -> str:
        planes = answer["clean_planes"].get(kind)
        if planes is None:
            return "-"
        boxes, area = planes["boxes_a_source"], 100 * planes["area_masked_a_source"]
        return f"{boxes:.2f} boxes a plane; {area:.2f} % of the area; n = {planes['sources']}"

    return value


def _other(answer: Mapping[str, Any]) -> str:
    planes = answer["text_planes"]
    if not planes["count"]:
        return "-"
    worst = 100 * planes["other_area_masked_worst"]
    return f"{100 * planes['other_area_masked']:.2f} % on average, {worst:.2f} % at worst; n = {planes['count']}"


_OTHER = (
    ("other area masked on planes with text", _other),
    ("pictures without text: planes of how many sources", _clean("pictures")),
    ("the same, each source counting once", _by_source("pictures")),
    ("pictures without text that training never saw", _clean("pictures unseen")),
    ("the same, each source counting once", _by_source("pictures unseen")),
    ("test patterns without text", _clean("patterns")),
)


def _misses(name: str, misses: list[Mapping[str, Any]]) -> list[str]:
    legible = [one for one in misses if one["legible"]]
    if not legible:
        return [f"`--finder {name}` missed no legible string."]
    lines = [
        f"What `--finder {name}` missed, of the legible strings:",
        "",
        "| file | plane | box | kind | characters | capitals, px | ink covered |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in legible:
        box = ", ".join(str(edge) for edge in one["box"])
        cells = (
            f"`{one['file']}`", one["plane"], box, one["kind"], one["characters"], one["cap"],
            f"{100 * one['ink_covered']:.0f} %",
        )  # fmt: skip
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return lines
