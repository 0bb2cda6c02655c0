"""Every real plane that can be reached: of installed packages, the shared files and the packages in a folder."""

from __future__ import annotations

from collections.abc import Iterator

from dcmaudit.dicom import Samples
from dcmaudit.model import Size
from textgen.fetched import Folder, files, is_fetched, packages, planes_of
from textgen.reality import RealPlane, Shown, clean_planes, file_of, read_plane, real_planes


def absent(folder: Folder) -> list[str]:
    """What is not there: files that are not installed or shared, and packages that are not in the folder."""
    others = {plane.file for plane in real_planes() if not is_fetched(plane.file) and file_of(plane.file) is None}
    return sorted(others) + folder.absent()


def samples_of(plane: RealPlane, folder: Folder) -> Samples | None:
    """The decoded samples of a plane with text; None where its file is not there."""
    if is_fetched(plane.file):
        one = files()[plane.file]
        data = folder.read_all(one.package).get(plane.file)
        return next(samples for _, samples in planes_of(one.reader, data, (plane.key,))) if data is not None else None
    file = file_of(plane.file)
    return read_plane(file, plane.key) if file is not None else None


def with_text(folder: Folder) -> Iterator[tuple[RealPlane, Samples]]:
    """Every boxed plane that is there."""
    for plane in real_planes():
        samples = samples_of(plane, folder)
        if samples is not None:
            yield plane, samples


def without_text(folder: Folder) -> Iterator[tuple[str, str, Shown, Samples]]:
    """Every plane without letters and digits that is there: its file, its key, what it shows, its samples."""
    for file, key, what in clean_planes():
        yield file.id, key, what, read_plane(file, key)
    for package in packages():
        data = folder.read_all(package)
        for one in files().values():
            if one.id not in data or not one.planes:
                continue
            for key, samples in planes_of(one.reader, data[one.id], one.planes):
                rows, columns = samples.array.shape[:2]
                what = Shown(one.kind, one.group, len(one.planes), Size(columns, rows), "clean")
                yield one.id, key, what, samples
