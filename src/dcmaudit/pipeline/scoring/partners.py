"""Which original a key means, and which output a tool made of it: by name, or by SOP Instance UID."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model import Reference
from dcmaudit.pipeline.output import SUFFIX
from dcmaudit.pipeline.scoring.file_score import ScoreTask
from dcmaudit.pipeline.scoring.keys import Answer, Key, KeyFormat

Named = tuple[Reference, str]
"""A file, and its name below the folder that was named (its base name, where it was named itself)."""


@dataclass(slots=True)
class Partners:
    """What is to be scored, and what could not be brought together."""

    tasks: list[ScoreTask] = field(default_factory=list)
    without_original: list[str] = field(default_factory=list)
    """Entries of the key that none of the originals is: nothing can be said of them."""
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Outputs whose SOP Instance UID cannot be read, and why."""


def partners_of(
    kind: KeyFormat, key: Key, originals: Iterable[Named], outputs: Iterable[Named], uids: Mapping[str, str]
) -> Partners:
    """Originals, outputs and answers brought together; originals that the key does not name have nothing to hide.

    An output belongs to the original of the same name below its folder (``x.redacted.dcm`` to ``x.dcm``), else to
    the one with its SOP Instance UID, which ``uids`` (old to new) translates. UsageError where a name in the key
    means several originals.
    """
    found = Partners()
    files = list(originals)
    by_name, by_uid = _outputs(outputs, found)
    answers = {} if kind is KeyFormat.MIDI_B else _answers_by_name(key, files, found)
    met = set[str]()
    for reference, name in files:
        uid = _uid(reference)
        answer = answers.get(reference.name)
        if kind is KeyFormat.MIDI_B and uid is not None:
            answer = key.get(uid)
            met.add(uid)
        after = by_name.get(_stem(name))
        if after is None and uid is not None:
            after = by_uid.get(uids.get(uid, uid))
        found.tasks.append(ScoreTask(reference, after, answer or Answer()))
    if kind is KeyFormat.MIDI_B:
        found.without_original = [uid for uid in key if uid not in met]
    return found


def _outputs(outputs: Iterable[Named], found: Partners) -> tuple[dict[str, Reference], dict[str, Reference]]:
    by_name: dict[str, Reference] = {}
    by_uid: dict[str, Reference] = {}
    for reference, name in outputs:
        by_name[_stem(name)] = reference
        try:
            with open_instance(reference) as instance:
                uid = instance.sop_instance_uid
        except DcmauditError as error:
            found.unread.append((reference.name, error.message))
            continue
        if uid is not None:
            by_uid[uid] = reference
    return by_name, by_uid


def _uid(reference: Reference) -> str | None:
    """The file's UID; None where it cannot be read, which is told when it is scored."""
    try:
        with open_instance(reference) as instance:
            return instance.sop_instance_uid
    except DcmauditError:
        return None


def _stem(name: str) -> str:
    lower = name.lower()
    if lower.endswith(SUFFIX):
        return name[: -len(SUFFIX)]
    return name[:-4] if lower.endswith(".dcm") else name


def _answers_by_name(key: Key, files: list[Named], found: Partners) -> dict[str, Answer]:
    """The answers by the full name of the original that each entry means: exactly, below its folder, or by its base."""
    spellings: dict[str, set[str]] = {}
    for reference, name in files:
        for spelling in {name, _stem(name), os.path.basename(name), os.path.basename(_stem(name))}:  # noqa: PTH119
            spellings.setdefault(spelling, set()).add(reference.name)
    full = {reference.name for reference, _ in files}
    answers: dict[str, Answer] = {}
    for name, answer in key.items():
        absolute = os.path.abspath(name)  # noqa: PTH100 - a plain name, compared with plain names
        meant = {absolute} & full or spellings.get(name) or spellings.get(os.path.basename(name)) or set()  # noqa: PTH119
        if len(meant) > 1:
            raise UsageError(
                f"the key names {name}, and {len(meant)} originals are called so", hint="name them in full"
            )
        if not meant:
            found.without_original.append(name)
            continue
        known = answers.setdefault(next(iter(meant)), Answer())
        known.places += answer.places
        known.unplaced += answer.unplaced
    return answers
