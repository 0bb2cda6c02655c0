"""A release in a bucket: checked where it is, and what is needed of it brought to a folder of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dcmaudit.errors import DcmauditError, SourceNotFoundError
from dcmaudit.pipeline.release.folder import RECORDS, SIGNATURE
from dcmaudit.pipeline.release.outputs import outputs_at
from dcmaudit.pipeline.remote import Remote
from dcmaudit.report.check_release import outputs_of, signed_part
from dcmaudit.sources import reference_to
from dcmaudit.sources.s3.transfer import fetch

_FAULTS = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What files that somebody made up can cause."""


def problems_at(place: Remote, fingerprint: str) -> list[str]:
    """Everything that is wrong with the release in a part of a bucket, in the words of ``check_release.problems``.

    Nothing is written there. Every object is read once, and none but the records is kept meanwhile.
    """
    try:
        with brought(place, (SIGNATURE, RECORDS)) as folder:
            return differences(place, folder, signed_part(str(folder / SIGNATURE), fingerprint))
    except _FAULTS as error:
        return [f"it cannot be checked: {error}"]
    except DcmauditError as error:
        return [f"it cannot be checked: {error.words}"]


def differences(place: Remote, folder: Path, signed: dict[str, Any]) -> list[str]:
    """What of the objects at ``place`` is not what ``signed`` and the records in ``folder`` say; as ``problems_at``."""
    wrong: list[str] = []
    names = set(outputs_at(place).names())
    expected = {**outputs_of(str(folder / RECORDS), signed, wrong), **signed["files"]}
    for name in sorted(names & set(expected)):
        wrong += [f"{name} was changed"] if digest_at(place / name) != expected[name] else []
    wrong += [f"{name} is no part of the release" for name in sorted(names - set(expected) - {SIGNATURE})]
    return wrong + [f"{name} is missing" for name in sorted(set(expected) - names)]


@contextmanager
def brought(place: Remote, names: tuple[str, ...]) -> Iterator[Path]:
    """A folder of this machine with copies of these objects, for a while; SourceError where one cannot be had."""
    with TemporaryDirectory(prefix="dcmaudit-release-") as made:
        for name in names:
            try:
                fetch((place / name).place, Path(made) / name)
            except SourceNotFoundError as error:
                raise SourceNotFoundError(f"it holds no {name}", file=str(place)) from error
        yield Path(made)


def digest_at(place: Remote) -> str:
    """The SHA-256 of an object, read as a stream."""
    digest = hashlib.sha256()
    with reference_to(str(place)).open() as stream:
        for piece in iter(partial(stream.read, 1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()
