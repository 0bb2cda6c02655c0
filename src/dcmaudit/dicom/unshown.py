"""What an instance holds that cannot be shown as a plane: named, so that nobody takes it for audited."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataelem import RawDataElement

from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.header import Header
from dcmaudit.dicom.icons import Icon
from dcmaudit.dicom.nested import find_nested

PRIVATE_LIMIT = 64 * 1024
"""Private binary values from this many bytes on are named: a thumbnail or a second copy of the image can be in them.

Smaller ones are everywhere (vendor headers) and naming them would drown what matters."""

_BINARY = {"OB", "OW", "OF", "OD", "OL", "OV", "UN", None}


def find_unshown(header: Header, icons: Sequence[Icon], *, has_image: bool) -> list[tuple[str, str]]:
    """A name and a reason for each thing that is not audited, besides what the pixel data and overlays tell."""
    attributes = header.attributes
    found = [(f"icon {icon.number + 1}", icon.problem) for icon in icons if icon.problem is not None]
    found += _documents(header, attributes)
    found += _graphics(attributes)
    private = _private(header, attributes)
    named = {name for name, _ in private}
    found += private + [(name, reason) for name, reason in find_nested(header) if name not in named]
    if header.frame_groups is not None and header.frame_groups.problem is not None:
        found.append(("per-frame functional groups", header.frame_groups.problem))
    found += [("the end of the file", reason) for reason in header.loose_ends]
    if not header.pixels and not has_image:
        found += _without_pixels(attributes, found)
    return found


def _documents(header: Header, attributes: Attributes) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if 0x00420011 in attributes or 0x00420011 in header.kept:
        found.append(("encapsulated document", "a document (PDF, CDA, STL...) is not shown page by page here"))
    if 0x0040A730 in attributes:
        found.append(("structured report", "its content is text and codes, not pixels"))
    if 0x54000100 in attributes:
        found.append(("waveform", "waveforms are not drawn here"))
    if 0x00287FE0 in attributes:
        found.append(("remote pixel data", "its pixel data are kept elsewhere (PixelDataProviderURL)"))
    if 0x56000020 in attributes:
        found.append(("spectroscopy data", "spectra are not drawn here"))
    return found


def _graphics(attributes: Attributes) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    texts = shapes = 0
    for item in attributes.items(0x00700001):
        texts += len(item.items(0x00700008))
        shapes += len(item.items(0x00700009)) + len(item.items(0x00700209))
    if 0x00700001 in attributes:
        found.append(("graphic annotations", f"{texts} text objects and {shapes} graphic objects are not drawn here"))
    curves = {tag >> 16 for tag in attributes.tags() if 0x5000 <= tag >> 16 <= 0x50FF and (tag >> 16) % 2 == 0}
    found += [(f"curve {group:04X}", "retired vector graphics are not drawn here") for group in sorted(curves)]
    return found


def _private(header: Header, attributes: Attributes) -> list[tuple[str, str]]:
    found: dict[int, int] = {tag: kept.length for tag, kept in header.kept.items() if (tag >> 16) % 2}
    for tag in attributes.tags():
        element = attributes.element(tag)
        value = getattr(element, "value", None)
        if (tag >> 16) % 2 and isinstance(value, bytes) and attributes.vr(tag) in _BINARY:
            found[tag] = len(value)
        elif not isinstance(element, RawDataElement) and element is not None and element.VR == "SQ":
            for item in attributes.items(tag):
                found.update({inner: length for inner, length in _inner(item, 0) if length >= PRIVATE_LIMIT})
    found.update({tag: kept.length for tag, kept in header.kept.items() if tag >> 16 & 1})
    return [
        (f"private element ({tag >> 16:04X},{tag & 0xFFFF:04X})", f"{length} bytes of private binary data")
        for tag, length in sorted(found.items())
        if length >= PRIVATE_LIMIT or (0x6001 <= tag >> 16 <= 0x60FF and tag & 0xFFFF == 0x3000)
    ]


def _inner(item: Attributes, depth: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for tag in item.tags():
        element = item.element(tag)
        value = getattr(element, "value", None)
        if isinstance(value, bytes) and (tag >> 16) % 2 and item.vr(tag) in _BINARY:
            found.append((tag, len(value)))
        elif not isinstance(element, RawDataElement) and element is not None and element.VR == "SQ" and depth < 8:
            for deeper in item.items(tag):
                found += _inner(deeper, depth + 1)
    return found


def _without_pixels(attributes: Attributes, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if 0x00280010 in attributes or 0x00280011 in attributes:
        return [("image frames", "the header describes an image, but there are no pixel data")]
    overlays = any(0x6000 <= tag >> 16 <= 0x60FF for tag in attributes.tags())
    if found or overlays:
        return []
    return [("the whole instance", "it holds no pixel data")]


PIXEL_PARTS = (
    "image frames", "more pixel data", "overlay", "icon", "unused bits", "nested pixels", "the end of the file",
)  # fmt: skip
"""How the names of unshown parts begin that hold, or may hold, what a redaction must reach."""


def hides_pixels(name: str) -> bool:
    """Whether an unshown part of that name means that pixels of the file cannot be seen, and so not be redacted."""
    return name.startswith((*PIXEL_PARTS, "remote pixel data", "the whole instance"))
