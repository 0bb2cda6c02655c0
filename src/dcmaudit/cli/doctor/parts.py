"""The parts of the program: codecs, finders, engines, database, keyring, settings, rules."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.doctor.machine import nearest
from dcmaudit.errors import DcmauditError, EngineError, MissingExtraError, ProcessorError, StoreError
from dcmaudit.model.counts import counted
from dcmaudit.report.examinations import Finding, State

if TYPE_CHECKING:
    from dcmaudit.settings import Settings

EXTRAS = {
    "postgres": ("psycopg", "a database server for a team"),
    "s3": ("obstore", "S3, Azure and Google buckets"),
    "sign": ("cryptography", "signing a release"),
    "tesseract": ("pytesseract", "Tesseract as a reader"),
    "easyocr": ("easyocr", "EasyOCR as a reader"),
    "spacy": ("spacy", "spaCy as a judge of text"),
    "presidio": ("presidio_analyzer", "Presidio as a judge of text"),
    "dask": ("distributed", "a Dask cluster"),
}
"""Optional parts, the module of each, and what it is for."""


def codecs(_settings: Settings) -> Iterator[Finding]:
    """Every transfer syntax that can be tried here, by coding and decoding a made-up picture."""
    from dcmaudit.codecs.jpeg import loops
    from dcmaudit.codecs.selftest import codec_tests

    for test in codec_tests():
        state = State.GOOD if test.problem is None else State.WRONG
        hint = None if test.problem is None else "install dcmaudit again; files in this syntax are named not audited"
        yield Finding("codecs", f"{test.title} ({test.uid})", state, test.problem or "works", hint)
    is_compiled = loops.library() is not None
    yield Finding(
        "codecs", "compiled JPEG loop", State.GOOD if is_compiled else State.NOTE,
        "there" if is_compiled else "not there: JPEG is walked through in Python, about ten times slower",
        None if is_compiled else "install with a C compiler where that matters",
    )  # fmt: skip


def detector(_settings: Settings) -> Iterator[Finding]:
    """Whether dcmaudit's own detector gives its expected answer on this processor, to the last bit."""
    if find_spec("onnxruntime") is None:
        yield _without_engines("detector", "own")
        return
    from dcmaudit.detect.textnet import TextNet

    try:
        net = TextNet(1)
    except ProcessorError as error:
        yield Finding("detector", "own", State.WRONG, error.message, error.hint)
    except EngineError as error:
        yield Finding("detector", "own", State.WRONG, error.message, error.hint)
    else:
        how = "in the quickest way" if net.is_quickest else "in the exact way, which takes two to three times as long"
        yield Finding("detector", "own", State.GOOD, f"gives its expected answer on this processor, {how}")


def engines(settings: Settings) -> Iterator[Finding]:
    """Every reader with its models; those that are extras may be missing."""
    from dcmaudit.detect.ocr.base import DEFAULT_ENGINE, ENGINES

    if find_spec("onnxruntime") is None:
        yield _without_engines("engines", DEFAULT_ENGINE)
        return
    tessdata = None if settings.tessdata_prefix is None else str(settings.tessdata_prefix)
    for kind in ENGINES.values():
        is_needed = kind.name == DEFAULT_ENGINE
        if kind.name in EXTRAS and find_spec(EXTRAS[kind.name][0]) is None:
            yield Finding("engines", kind.name, State.NOTE, "not installed", f"pip install '{kind.requirement}'")
            continue
        try:
            kind.make(threads=1, tessdata=tessdata)
        except (EngineError, MissingExtraError) as error:
            yield Finding("engines", kind.name, State.WRONG if is_needed else State.NOTE, error.message, error.hint)
        else:
            yield Finding("engines", kind.name, State.GOOD, "works with its models")


def _without_engines(section: str, name: str) -> Finding:
    from dcmaudit.detect.vision import SMALL

    return Finding(section, name, State.NOTE, f"not installed: {SMALL}", "pip install dcmaudit")


def extras(_settings: Settings) -> Iterator[Finding]:
    """Which optional parts are installed."""
    for name, (module, purpose) in EXTRAS.items():
        is_there = find_spec(module) is not None
        yield Finding(
            "extras", name, State.GOOD if is_there else State.NOTE,
            f"{purpose}: {'installed' if is_there else 'not installed'}",
            None if is_there else f"pip install 'dcmaudit[{name}]'",
        )  # fmt: skip


def keyring(_settings: Settings) -> Iterator[Finding]:
    """Where the secrets of buckets are kept."""
    from dcmaudit.sources.s3.secretstore import has_keyring

    if find_spec("keyring") is None:
        yield Finding("keyring", "secrets", State.NOTE, "not installed; it comes with dcmaudit[s3]")
    elif has_keyring():
        yield Finding("keyring", "secrets", State.GOOD, "kept in the keyring of the system")
    else:
        hint = "unlock or install a keyring where that is not enough"
        yield Finding("keyring", "secrets", State.NOTE, "no keyring: kept in a file that only you can read", hint)


def database(settings: Settings) -> Iterator[Finding]:
    """Where it is, whether it may be written, its shape, and whether it is sound. Nothing is made or changed."""
    from dcmaudit.store import is_database_missing, name_of, open_store

    name = name_of(settings.database)
    if is_database_missing(settings.database):
        folder = nearest(Path(settings.database))
        can = os.access(folder, os.W_OK)
        yield Finding(
            "database", "place", State.GOOD if can else State.WRONG,
            f"{name}: not there yet; {'it can be made' if can else f'{folder} cannot be written'}",
            None if can else "choose another folder with --db",
        )  # fmt: skip
        return
    try:
        with open_store(
            settings.database, user=settings.user, timeout=settings.db_wait, read_only=True, check=False
        ) as store:
            info, damage = store.info(), store.check()
    except StoreError as error:
        yield Finding("database", "place", State.WRONG, f"{name}: {error.message}", error.hint)
        return
    yield Finding("database", "place", State.GOOD, f"{name} ({info.kind})")
    yield Finding("database", "shape", State.GOOD, info.version or "as the original tool made it")
    yield _writable(settings, name)
    if damage:
        hint = "restore a copy made with dcmaudit db backup; dcmaudit db info names what was found"
        yield Finding(
            "database",
            "integrity",
            State.WRONG,
            f"{counted(len(damage), 'kind of damage was', 'kinds of damage were')} found",
            hint,
        )
    else:
        yield Finding("database", "integrity", State.GOOD, "no damage was found")


def _writable(settings: Settings, name: str) -> Finding:
    from dcmaudit.store import open_store

    # Opening changes nothing; what keeps a write from being done is known all the same.
    with open_store(settings.database, user=settings.user, timeout=settings.db_wait, check=False) as store:
        notes = store.notes
        if store.is_writable:
            return Finding("database", "writable", State.GOOD, "yes" + "".join(f"; {note}" for note in notes))
    return Finding("database", "writable", State.NOTE, "; ".join(notes), f"only reading is possible at {name}")


def configuration(settings: Settings) -> Iterator[Finding]:
    """Settings, rules, lists and certificates that are named: each can be read and understood."""
    from dcmaudit.settings import config_path, unknown_variables

    path = config_path()
    yield Finding("settings", "file", State.GOOD, f"{path}{'' if path.exists() else ' (not there: defaults are used)'}")
    for variable in unknown_variables():
        hint = "misspelt? dcmaudit config show lists all settings"
        yield Finding("settings", variable, State.WRONG, "it is no setting", hint)
    if settings.ca_bundle is not None and not settings.ca_bundle.is_file():
        yield Finding(
            "settings", "ca_bundle", State.WRONG, f"{settings.ca_bundle} is no file", "name a file in PEM form"
        )
    for name in ("smi_root", "pacs_root"):
        folder = getattr(settings, name)
        if folder is not None and not folder.is_dir():
            yield Finding("settings", name, State.WRONG, f"{folder} is no folder", f"correct {name.upper()}")


def rules(settings: Settings) -> Iterator[Finding]:
    """The deid rules and CTP scripts that are in use."""
    from dcmaudit.audit.rules import checked_rules, rule_paths

    paths = rule_paths(None if settings.deid_rules is None else str(settings.deid_rules), settings)
    try:
        found = checked_rules(paths, ignore_sections=settings.ignore_sections)
    except DcmauditError as error:
        yield Finding("rules", "deid", State.WRONG, str(error), "dcmaudit rules check says more")
        return
    count = f"{counted(len(found), 'rule')} of {counted(len(paths), 'file')}"
    yield Finding("rules", "deid", State.GOOD, count)
