"""The policy of a release: a small TOML file, checked when it is read; every default is the careful one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any

from dcmaudit.errors import UsageError
from dcmaudit.model import Verdict
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, PrivatePolicy
from dcmaudit.settings.plainfile import read_text


class Eyes(Enum):
    """Whose eyes a release needs. There is no default: somebody has to say it."""

    ALL = "all"
    """A person has seen every plane of every file."""
    SAMPLE = "sample"
    """A person has seen every plane of the files of a drawn sample (``dcmaudit sample draw``)."""
    NONE = "none"
    """No person; the detector and the rules alone."""


class Headers(Enum):
    """What is known of identifying attributes in headers, which this program does not clean."""

    REFUSE = "refuse"
    """A file with a filled identifying attribute is held back."""
    BEFORE = "cleaned-before"
    """Another program cleaned them before; the report repeats that."""
    AFTER = "cleaned-after"
    """Another program will clean them; the report repeats that."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is looked at, what is blacked, what is held back. Immutable; ``record`` is what the report prints."""

    eyes: Eyes
    headers: Headers = Headers.REFUSE
    mode: str = "default"
    engine: str = "rapidocr"
    black: frozenset[Verdict] = frozenset({Verdict.IDENTIFYING, Verdict.UNKNOWN})
    """Text with these verdicts is blacked; harmless text may be kept."""
    rules: bool = True
    ultrasound: bool = True
    marks: bool = True
    """Rectangles that people stored count, of files that are done."""
    overlays: OverlayPolicy = OverlayPolicy.NONE
    icons: IconPolicy = IconPolicy.REDACT
    private: PrivatePolicy = PrivatePolicy.REMOVE
    remove_high_bits: bool = False
    modalities: frozenset[str] = frozenset()
    """Only files of these modalities are released; empty: any that names one."""
    models: frozenset[str] = frozenset()
    """Only files of these devices (Manufacturer's Model Name) are released; empty: any."""
    hold_forms: bool = True
    """A page of text is held back and not blacked whole."""
    sample: Path | None = None
    """The list of the sample, with ``eyes`` SAMPLE."""

    def record(self) -> dict[str, Any]:
        """Every value as plain text, numbers and lists, sorted, for the report and the digest."""
        return {one.name: _plain(getattr(self, one.name)) for one in sorted(fields(self), key=lambda one: one.name)}


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(str(_plain(one)) for one in value)
    if isinstance(value, Verdict):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    # Not the folder: the report is given away.
    return value.name if isinstance(value, Path) else value


_TABLES: Mapping[str, Mapping[str, type]] = {
    "": {"eyes": str, "headers": str},
    "look": {"mode": str, "engine": str},
    "black": {"text": list, "rules": bool, "ultrasound": bool, "marks": bool},
    "file": {"overlays": str, "icons": str, "private": str, "remove_high_bits": bool},
    "hold": {"modalities": list, "models": list, "forms": bool, "sample": str},
}
_VERDICTS = {"identifying": Verdict.IDENTIFYING, "unknown": Verdict.UNKNOWN, "harmless": Verdict.HARMLESS}
_MODES = ("fast", "default", "thorough")


class _Reader:
    """The text of a policy, so that what is wrong is told with its line and column."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self._text = path, text

    def wrong(self, table: str, key: str, message: str, hint: str) -> UsageError:
        """The error about one key, at its place."""
        inside = ""
        for number, line in enumerate(self._text.splitlines(), 1):
            if found := re.match(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]", line):
                inside = found[1]
                if key == "" and inside == table:
                    return self._error(number, line.index("[") + 1, message, hint)
            elif inside == table and (found := re.match(rf"(\s*)[\"']?{re.escape(key)}[\"']?\s*=", line)):
                return self._error(number, len(found[1]) + 1, message, hint)
        return UsageError(message, file=str(self.path), hint=hint)

    def _error(self, line: int, column: int, message: str, hint: str) -> UsageError:
        return UsageError(message, file=f"{self.path} line {line} column {column}", hint=hint)


def load_policy(path: Path | None, *, eyes: str | None = None, engines: frozenset[str]) -> Policy:
    """The policy of a file, or the careful default of one that says nothing but ``eyes``.

    ``eyes`` is what the command line says; it may not contradict the file. ``engines`` are those that can read text.
    UsageError with line, column and what is allowed for anything that is unknown, of another type, or contradicts
    itself.
    """
    values: dict[str, Any] = {}
    reader = _Reader(path or Path("policy"), "")
    if path is not None:
        try:
            text = read_text(path)
            reader = _Reader(path, text)
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"it is no TOML: {error}", file=str(path)) from error
        except UnicodeDecodeError as error:
            raise UsageError("it is not UTF-8", file=str(path)) from error
        except OSError as error:
            raise UsageError(f"it cannot be read: {error.strerror}", file=str(path)) from error
    return _policy(_checked(values, reader), reader, eyes, engines)


def _checked(values: Mapping[str, Any], reader: _Reader) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            if key not in _TABLES or key == "":
                allowed = ", ".join(name for name in _TABLES if name)
                raise reader.wrong(key, "", f"there is no table [{key}]", f"allowed: {allowed}")
            for inner, one in value.items():
                found[key, inner] = _typed(key, inner, one, reader)
        else:
            found["", key] = _typed("", key, value, reader)
    return found


def _typed(table: str, key: str, value: Any, reader: _Reader) -> Any:
    wanted = _TABLES[table].get(key)
    if wanted is None:
        raise reader.wrong(table, key, f"{key} means nothing here", f"allowed: {', '.join(_TABLES[table])}")
    is_texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if not isinstance(value, wanted) or (wanted is list and not is_texts):
        words = {str: "a text", bool: "true or false", list: "a list of texts"}[wanted]
        raise reader.wrong(table, key, f"{key} is no {words.removeprefix('a ')}", f"needed is {words}")
    return value


def _policy(found: Mapping[tuple[str, str], Any], reader: _Reader, eyes: str | None, engines: frozenset[str]) -> Policy:
    def choice(table: str, key: str, allowed: Mapping[str, Any], default: Any) -> Any:
        if (table, key) not in found:
            return default
        value = found[table, key]
        if value not in allowed:
            raise reader.wrong(table, key, f"{key} cannot be {value!r}", f"allowed: {', '.join(allowed)}")
        return allowed[value]

    whose = _eyes(reader, eyes, choice)
    black = frozenset(_VERDICTS.values()) & {Verdict.IDENTIFYING, Verdict.UNKNOWN}
    if ("black", "text") in found:
        names = found["black", "text"]
        if wrong := [name for name in names if name not in _VERDICTS]:
            raise reader.wrong("black", "text", f"{wrong[0]!r} is no verdict", f"allowed: {', '.join(_VERDICTS)}")
        black = frozenset(_VERDICTS[name] for name in names)
        if Verdict.IDENTIFYING not in black:
            raise reader.wrong("black", "text", "identifying text would be kept", "name identifying in it")
        if Verdict.UNKNOWN not in black and whose is not Eyes.ALL:
            raise reader.wrong(
                "black", "text", "text that nobody could judge would be kept, and no person sees all of it",
                'name unknown in it, or say eyes = "all"',
            )  # fmt: skip
    sample = found.get(("hold", "sample"))
    if (sample is not None) != (whose is Eyes.SAMPLE):
        raise reader.wrong("hold", "sample", 'hold.sample and eyes = "sample" go together', "name both, or neither")
    return Policy(
        whose,
        choice("", "headers", {one.value: one for one in Headers}, Headers.REFUSE),
        choice("look", "mode", {mode: mode for mode in _MODES}, "default"),
        choice("look", "engine", {name: name for name in sorted(engines)}, "rapidocr"),
        black,
        found.get(("black", "rules"), True),
        found.get(("black", "ultrasound"), True),
        found.get(("black", "marks"), True),
        choice("file", "overlays", {one.value: one for one in OverlayPolicy}, OverlayPolicy.NONE),
        choice("file", "icons", {one.value: one for one in IconPolicy}, IconPolicy.REDACT),
        choice("file", "private", {one.value: one for one in PrivatePolicy}, PrivatePolicy.REMOVE),
        found.get(("file", "remove_high_bits"), False),
        frozenset(found.get(("hold", "modalities"), ())),
        frozenset(found.get(("hold", "models"), ())),
        found.get(("hold", "forms"), True),
        None if sample is None else (reader.path.parent / sample),
    )


def _eyes(reader: _Reader, said: str | None, choice: Any) -> Eyes:
    kinds = {one.value: one for one in Eyes}
    written = choice("", "eyes", kinds, None)
    if written is not None and said is not None and written is not kinds[said]:
        raise reader.wrong("", "eyes", f"eyes is {written.value} here, and --eyes says {said}", "say it once")
    whose = written or (None if said is None else kinds[said])
    if whose is None:
        raise UsageError(
            "nobody says whose eyes this release needs",
            hint='--eyes all, sample or none, or eyes = "all" in the policy',
        )
    return Eyes(whose)
