"""Outputs in an object store, in the shape of the paths that other outputs have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath

from dcmaudit.errors import UsageError
from dcmaudit.sources import s3
from dcmaudit.sources.s3.names import ObjectName, Provider, is_foreign, is_object_name, provider_of, without_secrets


@dataclass(frozen=True, slots=True)
class Remote:
    """An object, or a part of a bucket as a folder. It is written wholly or not at all, and read back."""

    place: ObjectName

    @classmethod
    def parse(cls, name: str) -> Remote:
        """The place called ``s3://bucket/key`` or ``az://...``; SourceNotFoundError where there can be none."""
        return cls(ObjectName.parse(name.rstrip("/") if name.count("/") > 2 else name))

    def __str__(self) -> str:
        return str(self.place)

    def __truediv__(self, part: PurePath | str) -> Remote:
        parts = [self.place.key, PurePosixPath(part).as_posix()]
        return Remote(replace(self.place, key="/".join(text for text in parts if text not in {"", "."})))

    @property
    def name(self) -> str:
        """The last part of the key; "" for a whole bucket."""
        return PurePosixPath(self.place.key).name

    def with_name(self, name: str) -> Remote:
        """The same place with another last part."""
        parent = PurePosixPath(self.place.key).parent.as_posix()
        return Remote(replace(self.place, key=name if parent == "." else f"{parent}/{name}"))

    def with_suffix(self, suffix: str) -> Remote:
        """The same name with another suffix."""
        return Remote(replace(self.place, key=str(PurePosixPath(self.place.key).with_suffix(suffix))))

    def exists(self) -> bool:
        """Whether there is such an object; SourceError where the server refuses to say."""
        return s3.object_at(self.place) is not None

    def unlink(self, *, missing_ok: bool = False) -> None:  # noqa: ARG002 an object that is not there is no error
        """Delete the object."""
        s3.remove(self.place)

    def receive(self, path: Path, *, overwrite: bool) -> None:
        """Make the file ``path`` this object; errors as ``send``."""
        s3.send(path, self.place, overwrite=overwrite)


Target = Path | Remote
"""Where an output goes."""


def target_folder(text: str) -> Target:
    """The folder that ``--output`` names: of this machine, made absolute, or in an object store.

    UsageError for other addresses, which would become folders of this machine, and for stores that are only read.
    """
    if is_foreign(text) or provider_of(text) is Provider.GOOGLE:
        hint = "allowed: a folder of this machine, s3://BUCKET/PREFIX, az://CONTAINER/PREFIX"
        reason = f"nothing can be written to {text.partition('://')[0]}://"
        raise UsageError(reason, file=without_secrets(text), hint=hint)
    return Remote.parse(text) if is_object_name(text) else Path(text).absolute()


def prefix_of(text: str) -> Path:
    """What ``--relative-path`` names: a folder of this machine, or a part of a bucket."""
    return Path(text) if is_object_name(text) else Path(text).absolute()
