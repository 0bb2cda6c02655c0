"""Small pictures of released files before and after, for the officer: pages in a folder of what stays in the house."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from html import escape
from pathlib import Path

from dcmaudit.dicom import Instance, open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import PlaneAddress, Reference
from dcmaudit.model.counts import counted
from dcmaudit.plainfile import AS_BYTES
from dcmaudit.render import encode_jpeg, render
from dcmaudit.render.thumbnail import thumbnail
from dcmaudit.wholefile import sync_folder

FOLDER = "officer"
_EDGE, _MOST, _A_PAGE = 240, 2, 100
"""Pixels of a picture's longer side; planes a file; inputs a page."""
_NUMBER = re.compile(rb"<!--(\d+)-->")
_HEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Before and after</title>'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
    "<style>body{font:14px/1.4 sans-serif;margin:1rem;color:#111;background:#fff}h2{font-size:1rem;margin:1rem 0 .2rem;"
    "overflow-wrap:anywhere}figure{display:inline-block;margin:.2rem .6rem .4rem 0}img{border:1px solid #999}"
    "section{break-inside:avoid}</style>"
    "<main><p><strong>Not to leave the house.</strong> Inputs are named, and what was blacked is to be seen. Small "
    "pictures tell what was done; they are too small to tell that nothing is left.</p>\n"
)
_PAGE_HEAD = _HEAD.removesuffix("\n") + "<h1>Before and after</h1>\n"
"""Of a page that sections are appended to: nothing closes ``main``, and the end of the page does."""

Pictures = tuple[tuple[str, bytes, bytes], ...]
"""Title of a plane, and its picture before and after as JPEG."""


def pictures_of(before: Reference, after: Reference, keys: list[str]) -> Pictures:
    """Pictures of the first of the planes with these keys; planes that cannot be shown again are left out."""
    found: list[tuple[str, bytes, bytes]] = []
    with suppress(DcmauditError), open_instance(before) as one, open_instance(after) as other:
        for plane in one.planes:
            if plane.address.key in keys and len(found) < _MOST:
                found.append((plane.title, _picture(one, plane.address), _picture(other, plane.address)))
    return tuple(found)


def _picture(instance: Instance, address: PlaneAddress) -> bytes:
    if instance.planes.find(address) is None:
        return b""
    return encode_jpeg(thumbnail(render(instance.read(address)), _EDGE), (_EDGE, _EDGE))


def section(name: str, place: str, pictures: Pictures, planes: int) -> str:
    """What a page has of one input, as one line."""
    more = (
        f"<p>and {counted(planes - len(pictures), 'more plane')} with black areas</p>" if planes > len(pictures) else ""
    )
    shown = "".join(
        f"<figure>{_image(before, 'before')}{_image(after, 'after')}<figcaption>{escape(title)}</figcaption></figure>"
        for title, before, after in pictures
    )
    names = f"{escape(ascii(name)[1:-1])} &rarr; {escape(place)}"
    return f"<section><h2>{names}</h2>{shown}{more}</section>".replace("\n", " ")


def _image(data: bytes, when: str) -> str:
    if not data:
        return f"<span>{when}: it is not there any more</span>"
    return f'<img alt="{when}" src="data:image/jpeg;base64,{b64encode(data).decode("ascii")}"> '


class OfficerPages:
    """The pages while a run writes them: a line an input, behind its number. Mode 0600.

    Lines beyond the ``done`` inputs are cut off. ``committed`` of them are on the disk for certain; None: all.
    """

    def __init__(self, held: Path, done: int, committed: int | None) -> None:
        from dcmaudit.pipeline.release.house import write_whole

        self._folder = held / FOLDER
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._touched: set[Path] = set()
        for path in sorted(self._folder.glob("*.html")):
            there = path.read_bytes()
            sections = b"".join(line for line in there.splitlines(keepends=True) if _is_kept(line, done))
            kept = _PAGE_HEAD.encode() + sections
            if not sections:
                path.unlink()
            elif kept != there:
                # Never in place: nobody would miss a picture that was lost here, for its record stays.
                write_whole(path, kept.decode("utf-8", "backslashreplace"), mode=0o600)
            elif committed is not None and path >= self._page(committed + 1):
                self._touched.add(path)

    def _page(self, number: int) -> Path:
        return self._folder / f"page{(number - 1) // _A_PAGE + 1:05}.html"

    def add(self, number: int, text: str) -> None:
        """One input's section."""
        path = self._page(number)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | AS_BYTES, 0o600)
        with os.fdopen(descriptor, "ab") as stream:
            head = _PAGE_HEAD if stream.tell() == 0 else ""
            stream.write(f"{head}<!--{number}-->{text}\n".encode("utf-8", "backslashreplace"))
        self._touched.add(path)

    def sync(self) -> None:
        """Bring what was added to the disk."""
        for path in self._touched:
            descriptor = os.open(path, os.O_RDONLY | AS_BYTES)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        if self._touched:
            sync_folder(self._folder)
        self._touched.clear()

    def finish(self, counts: Mapping[str, int]) -> None:
        """The first page: how many inputs ended how, and where the others are."""
        links = "".join(
            f'<li><a href="{path.name}">{path.stem}</a></li>' for path in sorted(self._folder.glob("page*.html"))
        )
        rows = "".join(f"<li>{escape(name)}: {count}</li>" for name, count in counts.items())
        text = (
            f"{_HEAD}<h1>For the officer</h1><ul>{rows}</ul>"
            "<p>Why inputs were held back is in <code>held.csv</code>.</p>"
            f"<h2>Files in which something was blacked, before and after</h2><ul>{links or '<li>none</li>'}</ul>\n"
        )
        from dcmaudit.pipeline.release.house import write_whole

        write_whole(self._folder / "index.html", text, mode=0o600)


def _is_kept(line: bytes, done: int) -> bool:
    if not line.endswith(b"\n"):
        return False
    found = _NUMBER.match(line)
    # After a loss of power there may be anything behind what was committed.
    return found is not None and int(found[1]) <= done


def sections(held: Path) -> Iterator[tuple[int, str]]:
    """Number and section of each input that has one, in order."""
    for path in sorted((held / FOLDER).glob("page*.html")):
        with path.open("rb") as stream:
            for line in stream:
                if found := _NUMBER.match(line):
                    yield int(found[1]), line[found.end() :].decode("utf-8").rstrip("\n")
