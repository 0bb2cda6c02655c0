"""A policy as a small TOML file, checked when it is read: what is wrong is told with line and column."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dcmaudit.dicom.dictionary import storage_class
from dcmaudit.errors import UsageError
from dcmaudit.model import Verdict
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, PrivatePolicy
from dcmaudit.pipeline.release.policy import KINDS, OTHER, Clean, Eyes, Headers, Policy
from dcmaudit.plainfile import read_text
from dcmaudit.redact.elements.marking import MEANINGS

KEYS: Mapping[str, Mapping[str, type]] = {
    "": {"name": str, "eyes": str, "headers": str},
    "people": {"modalities": list, "models": list},
    "look": {"mode": str, "engine": str},
    "black": {"text": list, "keep": list, "rules": bool, "ultrasound": bool, "marks": bool},
    "file": {"overlays": str, "icons": str, "private": str, "remove_high_bits": bool},
    "hold": {
        "modalities": list, "models": list, "classes": list, "forms": bool, "confidence": float, "doubts": float,
        "unlisted": bool, "sample": str,
    },
    "claim": {"clean": str, "measure": str, "codes": list},
}  # fmt: skip
_WORDS = {str: "a text", bool: "true or false", list: "a list of texts", float: "a number from 0 to 1"}
_VERDICTS = {"identifying": Verdict.IDENTIFYING, "unknown": Verdict.UNKNOWN, "harmless": Verdict.HARMLESS}
_DEFAULT = Policy(Eyes.ALL)
_MODES = ("fast", "default", "thorough")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,23}")
_PIXELS = frozenset({"113101", "113103"})
"""Codes that ``claim.clean`` puts there where they are true."""


class Said:
    """What a policy file says, with the places where it says so."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self._text = path, text
        self.values: dict[tuple[str, str], Any] = {}

    def get(self, table: str, key: str, default: Any) -> Any:
        """The value of a key, or the default."""
        return self.values.get((table, key), default)

    def has(self, table: str, key: str) -> bool:
        """Whether the file names it."""
        return (table, key) in self.values

    def choice(self, table: str, key: str, allowed: Mapping[str, Any], default: Any) -> Any:
        """What one of the allowed words means; UsageError for another."""
        if not self.has(table, key):
            return default
        value = self.values[table, key]
        if value not in allowed:
            raise self.wrong(table, key, f"{key} cannot be {value!r}", f"allowed: {', '.join(allowed)}")
        return allowed[value]

    def words(self, table: str, key: str, allowed: Mapping[str, Any] | None, default: frozenset[Any]) -> frozenset[Any]:
        """What a list of allowed words means; with None any words that are not empty."""
        if not self.has(table, key):
            return default
        for word in self.values[table, key]:
            if allowed is None and not word.strip():
                raise self.wrong(table, key, f"{key} holds an empty text", "leave it out")
            if allowed is not None and word not in allowed:
                raise self.wrong(table, key, f"{key} cannot hold {word!r}", f"allowed: {', '.join(allowed)}")
        return frozenset(word if allowed is None else allowed[word] for word in self.values[table, key])

    def wrong(self, table: str, key: str, message: str, hint: str) -> UsageError:
        """The error about one key, or about a table where ``key`` is empty, at its place."""
        place = next(self._places(table, key), None)
        where = str(self.path) if place is None else f"{self.path} line {place[0]} column {place[1]}"
        return UsageError(message, file=where, hint=hint)

    def _places(self, table: str, key: str) -> Iterator[tuple[int, int]]:
        """Where the key is said, in a table or with dots; else where the table is."""
        inside, tables = "", []
        for number, line in enumerate(self._text.splitlines(), 1):
            if found := re.match(r"\s*\[\[?\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*\]", line):
                inside = found[1]
                if inside in {table, key if not table else ""}:
                    tables.append((number, line.index("[") + 1))
                continue
            name = re.escape(key)
            if key and inside == table and (found := re.match(rf"(\s*)[\"']?{name}[\"']?\s*[=.]", line)):
                yield number, len(found[1]) + 1
            dotted = rf"(\s*)[\"']?{re.escape(table)}[\"']?\s*(?:\.\s*[\"']?{name}[\"']?\s*)?[=.]"
            if table and not inside and (found := re.match(dotted, line)):
                yield number, len(found[1]) + 1
        yield from tables


def load_policy(
    path: Path | None, *, eyes: str | None = None, engines: frozenset[str], needs_eyes: bool = True
) -> Policy:
    """The policy of a file, or the careful default of one that says nothing but ``eyes``.

    ``eyes`` is what the command line says; it may not contradict the file. Without ``needs_eyes``
    nobody need say it: for who only asks what is kept. ``engines`` are those that can read text.
    UsageError with line, column and what is allowed for anything that is unknown, of another type, or contradicts
    itself.
    """
    said = Said(path or Path("policy"), "")
    if path is not None:
        try:
            text = read_text(path)
        except UnicodeDecodeError as error:
            line, column = _place_of(error)
            raise UsageError("it is not UTF-8", file=f"{path} line {line} column {column}") from error
        except OSError as error:
            raise UsageError(f"it cannot be read: {error.strerror}", file=str(path)) from error
        said = Said(path, text)
        _take(said, _parsed(path, text))
    if not needs_eyes and eyes is None and not said.has("", "eyes"):
        eyes = (Eyes.SAMPLE if said.has("hold", "sample") else Eyes.ALL).value
    policy = _policy(said, eyes, engines)
    _contradictions(said, policy)
    return policy


def _place_of(error: UnicodeDecodeError) -> tuple[int, int]:
    """Line and column, in bytes, of what could not be decoded."""
    before = bytes(error.object[: error.start])
    return before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.rstrip("\r\n") + "\n")
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at ")
        found = re.match(r"line (\d+), column (\d+)", place)
        last = text.rstrip("\r\n").splitlines() or [""]
        line, column = (found[1], found[2]) if found else (len(last), len(last[-1]) + 1)
        raise UsageError(f"it is no TOML: {what}", file=f"{path} line {line} column {column}") from error


def _take(said: Said, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if key in KEYS and key and not isinstance(value, dict):
            raise said.wrong("", key, f"{key} is a table here", f"write [{key}] on a line of its own, once")
        if not isinstance(value, dict):
            said.values["", key] = _typed(said, "", key, value)
            continue
        if key not in KEYS or key == "":
            allowed = ", ".join(name for name in KEYS if name)
            raise said.wrong(key, "", f"there is no table [{key}]", f"allowed: {allowed}")
        for inner, one in value.items():
            said.values[key, inner] = _typed(said, key, inner, one)


def _typed(said: Said, table: str, key: str, value: Any) -> Any:
    wanted = KEYS[table].get(key)
    if wanted is None:
        raise said.wrong(table, key, f"{key} means nothing here", f"allowed: {', '.join(KEYS[table])}")
    if wanted is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    else:
        fits = isinstance(value, wanted)
    if wanted is list:
        fits = fits and all(isinstance(one, str) for one in value)
    if not fits:
        words = _WORDS[wanted]
        raise said.wrong(table, key, f"{key} is no {words.removeprefix('a ')}", f"needed is {words}")
    return float(value) if wanted is float else value


def _policy(said: Said, eyes: str | None, engines: frozenset[str]) -> Policy:
    sample = said.get("hold", "sample", None)
    classes = said.words("hold", "classes", None, frozenset())
    for name in classes:
        if storage_class(name) is None:
            raise said.wrong(
                "hold", "classes", f"PS3.6 has no SOP class {name!r}", "a UID, or a keyword such as CTImageStorage"
            )
    return Policy(
        _eyes(said, eyes),
        said.choice("", "headers", {one.value: one for one in Headers}, Headers.REFUSE),
        said.get("", "name", ""),
        said.choice("look", "mode", {mode: mode for mode in _MODES}, "default"),
        said.choice("look", "engine", {name: name for name in sorted(engines)}, "rapidocr"),
        said.words("black", "text", _VERDICTS, _DEFAULT.black),
        said.words("black", "keep", {name: name for name in (*KINDS, OTHER)}, _DEFAULT.keep),
        said.get("black", "rules", True),
        said.get("black", "ultrasound", True),
        said.get("black", "marks", True),
        said.get("black", "marks", False),
        said.choice("file", "overlays", {one.value: one for one in OverlayPolicy}, OverlayPolicy.NONE),
        said.choice("file", "icons", {one.value: one for one in IconPolicy}, IconPolicy.REDACT),
        said.choice("file", "private", {one.value: one for one in PrivatePolicy}, PrivatePolicy.REMOVE),
        said.get("file", "remove_high_bits", False),
        said.words("hold", "modalities", None, frozenset()),
        said.words("hold", "models", None, frozenset()),
        frozenset(uid for name in classes if (uid := storage_class(name)) is not None),
        said.get("hold", "forms", True),
        said.get("hold", "confidence", _DEFAULT.confidence),
        said.get("hold", "doubts", _DEFAULT.doubts),
        said.get("hold", "unlisted", True),
        None if sample is None else (said.path.parent / sample),
        said.choice("claim", "clean", {one.value: one for one in Clean}, Clean.NOBODY),
        said.get("claim", "measure", ""),
        tuple(said.get("claim", "codes", ())),
        said.words("people", "modalities", None, frozenset()),
        said.words("people", "models", None, frozenset()),
    )


def _eyes(said: Said, word: str | None) -> Eyes:
    kinds = {one.value: one for one in Eyes}
    written = said.choice("", "eyes", kinds, None)
    if written is not None and word is not None and written is not kinds[word]:
        raise said.wrong("", "eyes", f"eyes is {written.value} here, and --eyes says {word}", "say it once")
    whose = written or (None if word is None else kinds[word])
    if whose is None:
        raise UsageError(
            "nobody says whose eyes this release needs",
            hint='--eyes all, sample or none, or eyes = "all" in the policy',
        )
    return Eyes(whose)


def _contradictions(said: Said, policy: Policy) -> None:
    """UsageError for the first thing that cannot be true together with another."""
    is_seen = policy.eyes is Eyes.ALL
    harmless = Verdict.HARMLESS in policy.black
    cases = (
        (policy.name and not _NAME.fullmatch(policy.name), "", "name", "name cannot be written into a file as it is",
         "24 letters, digits, blanks, dots or dashes at most"),
        (Verdict.IDENTIFYING not in policy.black, "black", "text", "identifying text would be kept",
         "name identifying in it"),
        (Verdict.UNKNOWN not in policy.black and not is_seen, "black", "text",
         "text that nobody could judge would be kept, and no person sees all of it",
         'name unknown in it, or say eyes = "all"'),
        (harmless and said.has("black", "keep") and policy.keep, "black", "keep",
         "harmless text is blacked, so that no kind of it is kept", "leave harmless out of text, or keep out"),
        (not policy.marks and policy.needs_people, "black", "marks",
         "a person looks, and what she marked would not be blacked", "leave marks out"),
        (policy.icons is IconPolicy.KEEP and not is_seen, "file", "icons",
         "thumbnails would stay as they are, and no person sees all of them", 'icons = "redact", or eyes = "all"'),
        (policy.private is PrivatePolicy.KEEP and policy.clean is not Clean.NOBODY, "file", "private",
         "private elements that could hold a picture would stay, and files would say that they are clean",
         'private = "remove", or clean = "nobody"'),
        ((policy.sample is not None) != (policy.eyes is Eyes.SAMPLE), "hold", "sample",
         'hold.sample and eyes = "sample" go together', "name both, or neither"),
        (policy.eyes is Eyes.ALL and bool(policy.seen_modalities or policy.seen_models), "people", "",
         'eyes = "all" wants a person for every file already', "leave [people] out, or say eyes for the others"),
        (bool(policy.modalities) and not policy.seen_modalities <= policy.modalities, "people", "modalities",
         "it names a modality that hold.modalities lets nobody release", "name it in both, or in neither"),
        (bool(policy.models) and not policy.seen_models <= policy.models, "people", "models",
         "it names a device that hold.models lets nobody release", "name it in both, or in neither"),
        (policy.clean is Clean.PERSON and policy.eyes is Eyes.NONE, "claim", "clean",
         "a person is to stand for it, and none has to look", 'eyes = "all" or "sample"'),
        (policy.clean is Clean.MEASURE and not policy.measure.strip(), "claim", "clean",
         "a measure is to stand for it, and none is stated", "state it with measure"),
        (policy.measure and policy.clean is not Clean.MEASURE, "claim", "measure",
         "a measure is stated, and nothing stands on it", 'clean = "measure"'),
        (bool(_PIXELS & set(policy.codes)), "claim", "codes",
         "113101 and 113103 are written where they are true", "say with clean who stands for it"),
        (not set(policy.codes) <= MEANINGS.keys(), "claim", "codes",
         "codes names one that a release cannot claim: the profile itself, UIDs that stay, or none of CID 7050",
         f"allowed: {', '.join(sorted(MEANINGS.keys() - _PIXELS))}"),
        (policy.codes and policy.headers is not Headers.BEFORE, "claim", "codes",
         "they are about headers, and nobody is said to have cleaned those", 'headers = "cleaned-before"'),
    )  # fmt: skip
    for is_wrong, table, key, message, hint in cases:
        if is_wrong:
            raise said.wrong(table, key, message, hint)
