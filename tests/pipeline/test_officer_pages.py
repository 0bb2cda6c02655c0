"""The officer's pages of a release that goes on: what is kept of them, and what stands above it."""

from __future__ import annotations

from pathlib import Path

from dcmaudit.pipeline.release.pictures import FOLDER, OfficerPages


def test_a_page_that_goes_on_keeps_its_sections_and_has_one_head_of_today(tmp_path: Path) -> None:
    first = OfficerPages(tmp_path, 0, None)
    for number in (1, 2, 3):
        first.add(number, f"<section>{number}</section>")
    page = tmp_path / FOLDER / "page00001.html"
    whole = page.read_bytes()
    head, _, sections = whole.partition(b"\n")
    assert b"<main>" in head
    assert b"<h1>" in head
    page.write_bytes(b"<!doctype html>the head of an earlier version\n" + sections + b"<!--4--><section>torn")
    OfficerPages(tmp_path, 3, None)
    assert page.read_bytes() == whole
    OfficerPages(tmp_path, 1, None).add(2, "<section>again</section>")
    assert page.read_bytes() == head + b"\n<!--1--><section>1</section>\n<!--2--><section>again</section>\n"
    OfficerPages(tmp_path, 0, None)
    assert not page.exists()
