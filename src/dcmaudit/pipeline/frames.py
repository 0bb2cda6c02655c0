"""Every plane of an instance as a picture file, or only its description: one instance along the whole path."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from pathlib import Path

from dcmaudit.codecs.samples import Samples
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.dicom.mark import Mark
from dcmaudit.errors import DcmauditError, SourceUnreadableError, UsageError
from dcmaudit.model import (
    FrameAddress,
    IconAddress,
    Outcome,
    OverlayAddress,
    Plane,
    PlaneKind,
    Reference,
    Rendering,
    Result,
    StrayBitAddress,
    ThumbnailAddress,
    View,
)
from dcmaudit.model.runs import runs_of
from dcmaudit.pipeline.division import divided
from dcmaudit.render import encode_png, encode_tiff, render, shown_as
from dcmaudit.report.frames import InstanceReport, PlaneReport
from dcmaudit.wholefile import give_name

STRETCH = 25
"""Planes of a long file that one process shows one after the other, at most."""

_INTERRUPTED = "interrupted"
_OVERWRITE = "--overwrite replaces existing files"


class Format(Enum):
    """A kind of picture file; the value is its suffix."""

    PNG = "png"
    TIFF = "tiff"


@dataclass(frozen=True, slots=True)
class Target:
    """Where picture files go and what they look like.

    ``folder`` None: beside the input. Else all files lie in ``folder`` itself, with eight digits that stand for
    the input's folder in their names, so that inputs of one name from different folders never meet; or, where
    ``prefix`` is given, in the folders that the input's path has after it.
    """

    format: Format = Format.PNG
    folder: Path | None = None
    prefix: Path | None = None
    overwrite: bool = False


def _never() -> bool:
    return False


def show_instance(
    reference: Reference,
    view: View,
    target: Target | None = None,
    *,
    stop: Callable[[], bool] = _never,
) -> InstanceReport:
    """Read and render every plane of ``reference`` and, with a ``target``, write each to a file of its own.

    Nothing raises but what no input can cause: whatever fails is the reason of its plane, or of the whole input.
    DONE means that every plane was shown (and written); PARTLY that some were; REFUSED that the file is readable
    and none of its content can be shown; FAILED that nothing could be read. ``stop`` is asked before each plane; it
    goes to other processes, which may help with a long file.
    """
    planes: list[PlaneReport] = []
    try:
        base = _base(reference, target) if target else None
        with open_instance(reference) as instance:
            mark = instance.mark
            show = _Show(instance, view, target, base, stop)
            runs = runs_of(len(instance.first_planes), STRETCH)
            work = _LongShow(reference, mark, view, target, base, stop)
            # What has no mark may be another file when it is opened again.
            for reports in map(show.stretch, runs) if mark is None else divided(work, show.stretch, runs):
                planes += reports
            if not any(report.reason == _INTERRUPTED for report in planes):
                planes += show.each(instance.last_planes())
    except DcmauditError as error:
        return InstanceReport(_outcome(reference.name, planes, error.words), tuple(planes))
    return InstanceReport(_outcome(reference.name, planes), tuple(planes))


class _Show:
    """One open instance while its planes are shown, and written where there is a ``target``."""

    def __init__(
        self, instance: Instance, view: View, target: Target | None, base: Path | None, stop: Callable[[], bool]
    ) -> None:
        self._instance, self._view, self._target, self._base, self._stop = instance, view, target, base, stop

    def stretch(self, places: range) -> list[PlaneReport]:
        """A run of the first planes."""
        planes = self._instance.first_planes
        return self.each(planes[place] for place in places)

    def each(self, planes: Iterable[Plane]) -> list[PlaneReport]:
        """These planes; those behind the first one that was not begun are not told."""
        reports: list[PlaneReport] = []
        for plane in planes:
            if self._stop():
                return [*reports, PlaneReport(plane, _INTERRUPTED)]
            reports.append(
                _one_plane(plane, lambda: self._instance.read(plane.address), self._view, self._target, self._base)  # noqa: B023
            )
        return reports


@dataclass(frozen=True, slots=True)
class _LongShow:
    """A long file as another process opens it: only as it was when its owner did."""

    reference: Reference
    mark: Mark | None
    view: View
    target: Target | None
    base: Path | None
    stop: Callable[[], bool]

    @contextmanager
    def opened(self) -> Iterator[Callable[[range], list[PlaneReport]]]:
        with open_instance(self.reference) as instance:
            if instance.mark != self.mark:
                raise SourceUnreadableError("it changed while it was looked at", file=self.reference.name)
            yield _Show(instance, self.view, self.target, self.base, self.stop).stretch


def file_name(plane: Plane, view: View, kind: Format) -> str:
    """The end of a file's name that says which plane it holds, numbers from 1: ``.f0001.png``, ``.o6002.0001.png``."""
    match plane.address:
        case FrameAddress(frame):
            name = f".f{frame + 1:04}"
        case OverlayAddress(group, frame):
            name = f".o{group:04X}.{frame + 1:04}"
        case StrayBitAddress(bit, frame):
            name = f".b{bit:02}.{frame + 1:04}"
        case IconAddress(index):
            name = f".i{index + 1:04}"
        case ThumbnailAddress(frame, index):
            name = f".t{frame + 1:04}.{index + 1:02}"
        case _:
            raise UsageError(f"{plane.title} has no picture")
    if view.rendering is not Rendering.FULL:
        name += f".{view.rendering.value}"
    return f"{name}{'.inverted' if view.inverted else ''}.{kind.value}"


def _one_plane(
    plane: Plane,
    read: Callable[[], Samples],
    view: View,
    target: Target | None,
    base: Path | None,
) -> PlaneReport:
    if plane.kind is PlaneKind.UNSHOWN:
        return PlaneReport(plane, plane.group.reason or "it cannot be shown")
    try:
        path = None
        if target is not None and base is not None:
            path = base.with_name(base.name + file_name(plane, view, target.format))
            _require_free(path, target)
        samples = read()
        picture = render(samples, view)
        note = shown_as(samples, view).reason
        if path is not None and target is not None:
            _write(path, encode_png(picture) if target.format is Format.PNG else encode_tiff(picture), target)
    except DcmauditError as error:
        return PlaneReport(plane, error.words)
    except MemoryError:
        return PlaneReport(plane, "there is not enough memory for it")
    return PlaneReport(plane, written=path, note=note)


def _outcome(name: str, planes: list[PlaneReport], failure: str | None = None) -> Result:
    reasons = [f"{report.plane.title}: {report.reason}" for report in planes if report.reason]
    if failure is not None:
        reasons.append(failure)
    shown = any(report.reason is None for report in planes)
    if shown:
        return Result(name, Outcome.PARTLY if reasons else Outcome.DONE, tuple(reasons))
    # Nothing broke: there was just nothing that could be shown.
    if failure is None and all(report.plane.kind is PlaneKind.UNSHOWN for report in planes):
        return Result(name, Outcome.REFUSED, tuple(reasons) or ("there is nothing in it that can be shown",))
    return Result(name, Outcome.FAILED, tuple(reasons))


def _base(reference: Reference, target: Target) -> Path:
    """The path that the names of an input's files begin with; its folder is made where it is missing."""
    source = Path(getattr(reference, "path", reference.name))
    # Two inputs "a" and "a.dcm" side by side must not share names.
    shortened = source.suffix.lower() == ".dcm" and source.stem and not os.path.lexists(source.with_suffix(""))
    stem = source.stem if shortened else source.name
    if target.folder is None:
        return source.with_name(stem)
    if target.prefix is None:
        # Files of one name in different folders go into one folder here.
        digest = blake2b(os.fsencode(source.parent), digest_size=4).hexdigest()
        return _made(target.folder, reference) / f"{stem}.{digest}"
    try:
        inner = source.parent.relative_to(target.prefix)
    except ValueError:
        raise UsageError(
            f"the file is not below {target.prefix}",
            file=reference.name,
            hint="--relative-path must be the beginning of the path of every input",
        ) from None
    return _made(target.folder / inner, reference) / stem


def _made(folder: Path, reference: Reference) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the folder {folder} cannot be made: {error.strerror}", file=reference.name) from error
    return folder


def _require_free(path: Path, target: Target) -> None:
    if not os.path.lexists(path):
        return
    if not target.overwrite:
        raise UsageError(f"{path} exists already", hint=_OVERWRITE)
    if not _is_picture(path):
        raise UsageError(f"{path} is no picture, so it is not replaced", hint="take it away first")


def _is_picture(path: Path) -> bool:
    """Whether a file is one that this program could have written: no input ever is."""
    try:
        with path.open("rb") as opened:
            head = opened.read(132)
    except OSError:
        return path.is_symlink() and not path.exists()  # a link to nothing is replaced by the picture
    if head.endswith(b"DICM"):  # what comes before may say TIFF
        return False
    return not head or head.startswith((b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))


def _write(path: Path, data: bytes, target: Target) -> None:
    """Put ``data`` at ``path``, wholly or not at all; UsageError where that is not possible."""
    part = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    try:
        try:
            part.write_bytes(data)
            if target.overwrite:
                # Replacing is one step of the file system: a picture is there whole or not at all.
                part.replace(path)
            else:
                give_name(part, path)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        raise UsageError(f"{path} exists already", hint=_OVERWRITE) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
