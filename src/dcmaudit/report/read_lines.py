"""JSON lines of ours that are read again, maybe on another machine: what is not as it was written is none of them."""

from __future__ import annotations

import json
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from dcmaudit.report.jsonlines import SCHEMAS

Count = Annotated[int, Field(ge=0)]


class ReadLine(BaseModel):
    """A line with the fields of its schema; those that a later version added are passed over."""

    model_config = ConfigDict(frozen=True, strict=True, populate_by_name=True)

    schema_name: ClassVar[str]
    """Its name in the table of ``report.jsonlines``."""

    @classmethod
    def of(cls, line: bytes) -> Self | None:
        """What the line says; None where it is none of this kind, or does not end as it should (with a newline)."""
        if not line.endswith(b"\n"):
            return None
        try:
            # Not pydantic's own reader: names of files that are no UTF-8 have lone surrogates, which it refuses.
            found = json.loads(line)
            if not isinstance(found, dict) or found.get("schema") != SCHEMAS[cls.schema_name].title:
                return None
            return cls.model_validate(found)
        except (ValueError, RecursionError):  # ValidationError among them: its words would quote the line
            return None
