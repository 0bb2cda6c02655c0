"""Headers for the tests of rules: pydicom data sets made from keywords, and a plain stand-in without pydicom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset

from dcmaudit.detect.header import Field
from dcmaudit.dicom.header_view import HeaderView


def header(**elements: Any) -> HeaderView:
    """A view of a data set with these elements."""
    return HeaderView(dataset(**elements))


def dataset(**elements: Any) -> Dataset:
    """A pydicom data set with these elements."""
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def region(left: Any, top: Any, right: Any, bottom: Any) -> Dataset:
    """One item of SequenceOfUltrasoundRegions; None leaves an edge out."""
    edges = {"MinX0": left, "MinY0": top, "MaxX1": right, "MaxY1": bottom}
    return dataset(**{f"RegionLocation{name}": value for name, value in edges.items() if value is not None})


def ultrasound(*boxes: tuple[Any, Any, Any, Any], **elements: Any) -> HeaderView:
    """A header with these ultrasound regions, given with their last column and row."""
    return header(SequenceOfUltrasoundRegions=[region(*box) for box in boxes], **elements)


@dataclass
class PlainHeader:
    """A header without pydicom: what ``HeaderLike`` asks for and no more."""

    values: dict[Field, tuple[str, ...]] = field(default_factory=dict)
    nested: dict[Field, Sequence[PlainHeader]] = field(default_factory=dict)

    def get(self, field: Field) -> tuple[str, ...] | None:
        return self.values.get(field, ("",) * len(self.nested[field]) if field in self.nested else None)

    def text(self, field: Field) -> str | None:
        values = self.get(field)
        if values is None or len(values) == 1:
            return values[0] if values else None
        return str(list(values)) if values else ""

    def items(self, field: Field) -> Sequence[PlainHeader]:
        return self.nested.get(field, ())

    def integer(self, field: Field) -> int | None:
        values = self.values.get(field)
        return int(values[0]) if values and values[0].lstrip("-").isdigit() else None
