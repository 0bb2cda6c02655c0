"""Names of objects: ``s3://bucket/key``, ``az://container/blob``, ``gs://bucket/object``, nothing escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from dcmaudit.errors import SourceNotFoundError

SCHEME = "s3://"
ALLOWED = "s3://BUCKET/KEY, az://CONTAINER/BLOB, gs://BUCKET/OBJECT"

_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{1,254}")
_BEFORE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class Provider(StrEnum):
    """Whose object store; the value is what names begin with."""

    S3 = "s3"
    AZURE = "az"
    GOOGLE = "gs"


_KNOWN = {provider.value: provider for provider in Provider}


def is_object_name(name: str) -> bool:
    """Whether ``name`` is that of an object or of a part of a bucket."""
    return provider_of(name) is not None


def provider_of(name: str) -> Provider | None:
    """The store that ``name`` lies in; None for what is no object's name."""
    found = _BEFORE.match(name)
    return _KNOWN.get(found[1].lower()) if found else None


def is_foreign(name: str) -> bool:
    """Whether ``name`` is an address of a kind that is not read here, such as ``https://``; a path is none."""
    return _BEFORE.match(name) is not None and not is_object_name(name)


def without_secrets(address: str) -> str:
    """The address without a name and password in it, and without what follows a question mark: keys stand there."""
    scheme, _, rest = address.partition("://")
    place = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = place.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


@dataclass(frozen=True, slots=True)
class ObjectName:
    """A bucket and a key in it; an empty key, or one that ends in a slash, means everything below."""

    bucket: str
    key: str = ""
    provider: Provider = Provider.S3

    @classmethod
    def parse(cls, name: str) -> ObjectName:
        """The parts of ``name``; SourceNotFoundError where no object can be called so."""
        provider = provider_of(name)
        if provider is None:
            hint = f"allowed: {ALLOWED}"
            raise SourceNotFoundError("no object can have this name", file=without_secrets(name), hint=hint)
        bucket, _, key = name[len(provider) + 3 :].partition("/")
        check_bucket(bucket, name)
        segments = key.removesuffix("/").split("/") if key else []
        # The library folds or refuses these, so that another object would be read than the one named.
        if "\0" in key or any(segment in {"", ".", ".."} for segment in segments):
            raise SourceNotFoundError(
                "a key with an empty part, with . or .. as a part, or with NUL cannot be used", file=name
            )
        return cls(bucket, key, provider)

    def __str__(self) -> str:
        return f"{self.provider}://{self.bucket}/{self.key}"

    @property
    def is_folder(self) -> bool:
        """Whether it means what lies below, not one object."""
        return not self.key or self.key.endswith("/")


def check_bucket(bucket: str, name: str | None = None) -> None:
    """SourceNotFoundError where no bucket can be called so."""
    if not _BUCKET.fullmatch(bucket):
        hint = f"allowed: {ALLOWED}; a bucket's name has letters, digits, dots, dashes"
        raise SourceNotFoundError("there can be no bucket of this name", file=name or bucket, hint=hint)
