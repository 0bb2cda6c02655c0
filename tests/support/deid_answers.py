"""What the deid package itself answers, rule by rule, and the pixels that it would blacken."""

from __future__ import annotations

import copy
import io
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

with warnings.catch_warnings():
    # deid imports parts of pydicom and matplotlib that are on their way out.
    warnings.simplefilter("ignore")
    import deid
    from deid.config import DeidRecipe
    from deid.dicom.pixels import clean_pixel_data, has_burned_pixels
    from deid.logger import bot

bot.level = -5

BUNDLED = tuple(sorted((Path(deid.__file__).parent / "data").glob("deid.dicom*")))
"""The recipes that come with deid."""


class DeidFailedError(Exception):
    """deid ended the program or fell over: it has no answer."""


def file_dataset(dataset: Dataset) -> FileDataset:
    """The same data set as deid wants to have it."""
    if isinstance(dataset, FileDataset):
        return dataset
    return FileDataset("", dataset, file_meta=getattr(dataset, "file_meta", None))


def recipe(path: Path) -> DeidRecipe:
    """The recipe as deid loads it; DeidFailedError where it ends the program."""
    try:
        with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
            return DeidRecipe(str(path))
    except (SystemExit, ValueError, IndexError, UnboundLocalError) as error:
        raise DeidFailedError(str(error)) from error


def answer(loaded: DeidRecipe, dataset: Dataset) -> dict[str, Any]:
    """deid's answer for one data set. The recipe is copied: deid writes the regions of the first file into it."""
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            found: dict[str, Any] = has_burned_pixels(file_dataset(dataset), deid=copy.deepcopy(loaded))
    except (SystemExit, Exception) as error:
        raise DeidFailedError(f"{type(error).__name__}: {error}") from error
    return found


def matches(loaded: DeidRecipe, dataset: Dataset) -> list[tuple[str, int]]:
    """The rules that apply, as (filter name, place in that filter)."""
    marked = copy.deepcopy(loaded)
    for items in marked.get_filters().values():
        for place, item in enumerate(items):
            if item["filters"] or item["coordinates"]:
                # deid's answer does not name rules, only their coordinates.
                item["coordinates"] = [[0, str(place)]]
    return [(one["group"], int(one["coordinates"][0][1])) for one in answer(marked, dataset)["results"]]


def blackened(found: dict[str, Any], rows: int, columns: int) -> npt.NDArray[np.bool_]:
    """The pixels that deid blackens for an answer: its own cleaning of an image that is white all over."""
    white = Dataset()
    white.Rows, white.Columns, white.SamplesPerPixel = rows, columns, 1
    white.BitsAllocated = white.BitsStored = 8
    white.HighBit, white.PixelRepresentation, white.PhotometricInterpretation = 7, 0, "MONOCHROME2"
    white.PixelData = np.full((rows, columns), 255, np.uint8).tobytes() + b"\0" * (rows * columns % 2)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        cleaned = clean_pixel_data(FileDataset("", white, file_meta=meta), found)
    return np.asarray(cleaned) == 0
