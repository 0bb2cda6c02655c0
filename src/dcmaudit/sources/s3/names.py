"""Names of objects: ``s3://bucket/key``, with the key as it is, nothing escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dcmaudit.errors import SourceNotFoundError

SCHEME = "s3://"

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")


def is_object_name(name: str) -> bool:
    """Whether ``name`` is that of an object or of a part of a bucket."""
    return name[: len(SCHEME)].lower() == SCHEME


@dataclass(frozen=True, slots=True)
class ObjectName:
    """A bucket and a key in it; an empty key, or one that ends in a slash, means everything below."""

    bucket: str
    key: str = ""

    @classmethod
    def parse(cls, name: str) -> ObjectName:
        """The parts of ``name``; SourceNotFoundError where no object can be called so."""
        bucket, _, key = name[len(SCHEME) :].partition("/")
        check_bucket(bucket, name)
        segments = key.removesuffix("/").split("/") if key else []
        # The library folds or refuses these, so that another object would be read than the one named.
        if "\0" in key or any(segment in {"", ".", ".."} for segment in segments):
            raise SourceNotFoundError(
                "a key with an empty part, with . or .. as a part, or with NUL cannot be used", file=name
            )
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    @property
    def is_folder(self) -> bool:
        """Whether it means what lies below, not one object."""
        return not self.key or self.key.endswith("/")


def check_bucket(bucket: str, name: str | None = None) -> None:
    """SourceNotFoundError where no bucket can be called so."""
    if not _BUCKET.fullmatch(bucket):
        hint = "allowed: s3://BUCKET/KEY; a bucket's name has letters, digits, dots, dashes"
        raise SourceNotFoundError("there can be no bucket of this name", file=name or bucket, hint=hint)
