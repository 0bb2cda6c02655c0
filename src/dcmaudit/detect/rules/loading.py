"""Finds and loads files of rules: all of every file, or none of any."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from dcmaudit.detect.header import Field
from dcmaudit.detect.rules.compiled import Compiler, needed
from dcmaudit.detect.rules.ctp import ScriptParser
from dcmaudit.detect.rules.recipe import RecipeParser
from dcmaudit.detect.rules.ruleset import Rule, RuleFile, RuleSet
from dcmaudit.detect.rules.syntax import Fault
from dcmaudit.errors import RuleError, SourceUnreadableError

_LARGEST_FILE = 16 * 1024 * 1024
_LEFT_OVER = ("~", ".bak", ".orig", ".swp", ".rej")
"""Endings of copies that editors leave behind; such a file in the folder is not one of the rules."""


def rule_files(deid_rules: str | Path | None = None, smi_root: str | Path | None = None) -> list[Path]:
    """The files to load: ``deid_rules`` (a file or folder) where given, else ``deid.dicom*`` in SMI_ROOT/data/deid.

    A folder gives its ``deid.dicom*`` and ``*.script`` files by name, without editors' left-overs. Without either
    argument, or where SMI_ROOT holds no rules, the list is empty. RuleError where ``deid_rules`` leads to
    no file: asked for and absent is an error, absent by default is not.
    """
    if deid_rules is not None:
        path = Path(deid_rules)
        if not path.is_dir():
            if not path.exists():
                hint = "--deid-rules names a recipe, a script or a folder of them"
                raise RuleError("no file or folder of rules", file=str(path), hint=hint)
            return [path]
        found = _in_folder(path)
        if not found:
            hint = "rules are in files named deid.dicom... or ....script"
            raise RuleError("no rules in this folder", file=str(path), hint=hint)
        return found
    folder = Path(smi_root) / "data" / "deid" if smi_root else None
    return _in_folder(folder) if folder is not None and folder.is_dir() else []


def default_rules() -> Path:
    """The rule file that comes with dcmaudit: what lies outside the ultrasound regions."""
    return Path(str(files("dcmaudit.detect.rules") / "deid.dicom.default"))


def _in_folder(folder: Path) -> list[Path]:
    try:
        names = sorted(folder.iterdir())
    except OSError as error:
        raise SourceUnreadableError(f"cannot be listed: {error.strerror}", file=str(folder)) from error
    wanted = [path for path in names if path.name.startswith("deid.dicom") or path.suffix == ".script"]
    return [path for path in wanted if not path.name.endswith(_LEFT_OVER) and path.is_file()]


def load_rules(paths: Iterable[str | Path]) -> RuleSet:
    """All rules of the files, in the order given; a file named twice (also by a link) is loaded once.

    Deid recipes and CTP scripts are told apart by what is in them. SourceUnreadableError where a file cannot be read;
    RuleError where it is not there, and with line and column where anything in one is wrong: then nothing is loaded at
    all. There are no includes in either language, so no file can lead to another.
    """
    compiler = Compiler()
    loaded: dict[Path, RuleFile] = {}
    fields: set[Field] = set()
    for path in map(Path, paths):
        text = _read(path)
        real = path.resolve()
        if real not in loaded:
            loaded[real] = _parse(text, path, compiler, fields)
    return RuleSet(tuple(loaded.values()), frozenset(fields | compiler.fields), compiler.questions)


def parse_rules(text: str, name: str = "rules") -> RuleSet:
    """The rules of one text under that name; RuleError as in ``load_rules``."""
    compiler = Compiler()
    fields: set[Field] = set()
    file = _parse(text, Path(name), compiler, fields)
    return RuleSet((file,), frozenset(fields | compiler.fields), compiler.questions)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            data = opened.read(_LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise RuleError("no such file of rules", file=str(path)) from error
    except OSError as error:
        raise SourceUnreadableError(f"cannot be read: {error.strerror}", file=str(path)) from error
    if len(data) > _LARGEST_FILE:
        raise RuleError(f"a file of rules larger than {_LARGEST_FILE >> 20} MiB", file=str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise RuleError(f"line {line}, column {column}: not UTF-8 text", file=str(path)) from error


def _parse(text: str, path: Path, compiler: Compiler, fields: set[Field]) -> RuleFile:
    if re.search(r"^\s*(FORMAT\b|%)", text, re.MULTILINE | re.IGNORECASE):
        return _recipe(text, path, compiler)
    if "{" in text:
        return _script(text, path, fields)
    hint = "a recipe begins with FORMAT dicom and has a %filter section; a script has { } and ( )"
    raise RuleError("line 1, column 1: neither a deid recipe nor a CTP script", file=str(path), hint=hint)


def _recipe(text: str, path: Path, compiler: Compiler) -> RuleFile:
    parser = RecipeParser()
    recipe = parser.parse(text)
    _refuse(parser.faults, path)
    rules = tuple(
        Rule(
            one.label,
            path.name,
            one.line,
            one.group,
            one.marks,
            compiler.rule(one.lines, applies_always=bool(one.marks)),
            needed(one.lines),
        )
        for one in recipe.rules
    )
    return RuleFile(str(path), rules, ignored=recipe.ignored, notes=recipe.notes)


def _script(text: str, path: Path, fields: set[Field]) -> RuleFile:
    parser = ScriptParser(text)
    signatures = parser.parse()
    _refuse(parser.faults, path)
    fields |= parser.fields
    rules = tuple(Rule(one.label, path.name, one.line, "CTP", one.marks, one.condition) for one in signatures)
    return RuleFile(str(path), rules, first_only=True, notes=tuple(parser.notes))


def _refuse(faults: Sequence[Fault], path: Path) -> None:
    if not faults:
        return
    first, *others = sorted(faults, key=lambda fault: (fault.line, fault.column))
    more = f"; more errors in line {', '.join(str(fault.line) for fault in others)}" if others else ""
    message = f"line {first.line}, column {first.column}: {first.message}{more}"
    raise RuleError(message, file=str(path), hint="no rule of this file is used until it is corrected")
