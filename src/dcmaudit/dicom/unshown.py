"""What an instance holds that cannot be shown as a plane: named, so that nobody takes it for audited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.blobs import Blob, find_blobs
from dcmaudit.dicom.header import Header
from dcmaudit.dicom.icons import Icon
from dcmaudit.dicom.nested import find_nested
from dcmaudit.model import UnshownKind
from dcmaudit.model.counts import counted
from dcmaudit.model.planes import Unshown


def find_unshown(header: Header, icons: Sequence[Icon], *, has_image: bool) -> list[Unshown]:
    """Each thing that is not audited, besides what the pixel data and overlays tell."""
    attributes = header.attributes
    found = [
        Unshown(UnshownKind.ICON, f"icon {icon.number + 1}", icon.problem) for icon in icons if icon.problem is not None
    ]
    found += _documents(header, attributes)
    found += [Unshown(UnshownKind.GRAPHICS, name, reason) for name, reason in _graphics(attributes)]
    found += find_nested(header)
    found += unshown_blobs(find_blobs(header))
    if header.frame_groups is not None and header.frame_groups.problem is not None:
        found.append(Unshown(UnshownKind.FRAME_GROUPS, "per-frame functional groups", header.frame_groups.problem))
    found += [Unshown(UnshownKind.FILE_END, "the end of the file", reason) for reason in header.loose_ends]
    if not header.pixels and not has_image:
        found += _without_pixels(attributes, found)
    return found


def unshown_blobs(blobs: Iterable[Blob]) -> list[Unshown]:
    """Entries for values in which a picture could hide."""
    return [
        Unshown(UnshownKind.PRIVATE if blob.is_private else UnshownKind.ELEMENT, blob.name, blob.reason)
        for blob in blobs
    ]


_DOCUMENTS = {
    0x00420011: (
        UnshownKind.DOCUMENT, "encapsulated document", "a document (PDF, CDA, STL...) is not shown page by page here",
    ),
    0x0040A730: (UnshownKind.DOCUMENT, "structured report", "its content is text and codes, not pixels"),
    0x54000100: (UnshownKind.DOCUMENT, "waveform", "waveforms are not drawn here"),
    0x00287FE0: (
        UnshownKind.REMOTE_PIXELS, "remote pixel data", "its pixel data are kept elsewhere (PixelDataProviderURL)",
    ),
    0x56000020: (UnshownKind.DOCUMENT, "spectroscopy data", "spectra are not drawn here"),
}  # fmt: skip


def _documents(header: Header, attributes: Attributes) -> list[Unshown]:
    return [Unshown(*what) for tag, what in _DOCUMENTS.items() if tag in attributes or tag in header.kept]


def _graphics(attributes: Attributes) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    texts = shapes = 0
    for item in attributes.items(0x00700001):
        texts += len(item.items(0x00700008))
        shapes += len(item.items(0x00700009)) + len(item.items(0x00700209))
    if 0x00700001 in attributes:
        found.append(
            (
                "graphic annotations",
                f"{counted(texts, 'text object')} and {counted(shapes, 'graphic object')} are not drawn here",
            )
        )
    curves = {tag >> 16 for tag in attributes.tags() if 0x5000 <= tag >> 16 <= 0x50FF and (tag >> 16) % 2 == 0}
    found += [(f"curve {group:04X}", "retired vector graphics are not drawn here") for group in sorted(curves)]
    return found


def _without_pixels(attributes: Attributes, found: list[Unshown]) -> list[Unshown]:
    if 0x00280010 in attributes or 0x00280011 in attributes:
        return [
            Unshown(UnshownKind.FRAMES, "image frames", "the header describes an image, but there are no pixel data")
        ]
    overlays = any(0x6000 <= tag >> 16 <= 0x60FF for tag in attributes.tags())
    if overlays or any(thing.kind not in {UnshownKind.PRIVATE, UnshownKind.ELEMENT} for thing in found):
        return []
    return [Unshown(UnshownKind.NO_PIXELS, "the whole instance", "it holds no pixel data")]
