"""Finds and loads files of rules: all of every file, or none of any."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from dcmaudit.detect.header import Field
from dcmaudit.detect.rules.compiled import Compiler, needed
from dcmaudit.detect.rules.ctp import ScriptParser
from dcmaudit.detect.rules.recipe import RecipeParser
from dcmaudit.detect.rules.ruleset import Rule, RuleFile, RuleSet
from dcmaudit.detect.rules.syntax import Fault
from dcmaudit.errors import RuleError, SourceUnreadableError
from dcmaudit.plainfile import open_regular

_LARGEST_FILE = 16 * 1024 * 1024
_GLANCE = 64 * 1024
_RULE_ENDINGS = (".dicom", ".recipe", ".deid")
_LEFT_OVER = ("~", ".bak", ".orig", ".swp", ".rej")
"""Endings of copies that editors leave behind; such a file in the folder is not one of the rules."""

_CORRECT = "no rule of this file is used until it is corrected"
_SECTIONS = "take it out, or use the rest with --ignore-sections"

Unknown = Callable[[Field], str | None]
"""Why an element is none that a file can have, in words; None for one that a dictionary knows."""


def rule_files(deid_rules: str | Path | None = None, smi_root: str | Path | None = None) -> list[Path]:
    """The files to load: ``deid_rules`` (a file or folder) where given, else ``deid.dicom*`` in SMI_ROOT/data/deid.

    A folder gives its ``deid.dicom*`` and ``*.script`` files by name, without editors' left-overs. Without either
    argument, or where SMI_ROOT holds no rules, the list is empty. RuleError where ``deid_rules`` leads to
    no file: asked for and absent is an error, absent by default is not; and where a folder has a file of rules under
    a name that is not read.
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
    there = [path for path in names if not path.name.endswith(_LEFT_OVER) and path.is_file()]
    wanted = [path for path in there if path.name.startswith("deid.dicom") or path.suffix == ".script"]
    for path in there:
        # A file of rules with another name would be left out without a word: it is refused instead.
        if path not in wanted and not path.name.startswith(".") and _holds_rules(path):
            hint = "rules are in files named deid.dicom... or ....script: rename it, or take it out of the folder"
            raise RuleError("a file of rules that would not be read", file=str(path), hint=hint)
    return wanted


def _holds_rules(path: Path) -> bool:
    """Whether a file looks like rules: by its ending, or by what stands in it."""
    if path.suffix.lower() in _RULE_ENDINGS:
        return True
    try:
        with open_regular(path) as opened:
            text = _decoded(opened.read(_GLANCE), path)
    except (OSError, RuleError):
        return False
    is_recipe = re.search(r"^\s*(FORMAT\s+dicom\b|%filter\s)", text, re.MULTILINE | re.IGNORECASE)
    is_script = re.search(r"\{[^{}]*\.\s*[A-Za-z]+\s*\([^{}]*\}\s*\(\s*-?\d+\s*,", text)
    return bool(is_recipe or is_script)


def load_rules(
    paths: Iterable[str | Path], *, unknown: Unknown | None = None, ignore_sections: bool = False
) -> RuleSet:
    """All rules of the files, in the order given; a file named twice (also by a link) is loaded once.

    With ``unknown``, a part of a file that can never do anything is an error as well: a rule that asks for an element
    that there is not, a rule without criteria and coordinates, and (unless ``ignore_sections``) a section that is not
    about pixels.

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
        # Rules that are there twice would count twice in what is told of them.
        if real not in loaded:
            file = loaded[real] = _parse(text, path, compiler, fields)
            if unknown is not None:
                faults = _idle(file, unknown, ignore_sections=ignore_sections)
                only_sections = all(fault.is_section for fault in faults)
                _refuse(faults, path, hint=_SECTIONS if only_sections else _CORRECT)
    return RuleSet(tuple(loaded.values()), frozenset(fields | compiler.fields), compiler.questions)


def parse_rules(text: str, name: str = "rules") -> RuleSet:
    """The rules of one text under that name; RuleError as in ``load_rules``."""
    compiler = Compiler()
    fields: set[Field] = set()
    file = _parse(text, Path(name), compiler, fields)
    return RuleSet((file,), frozenset(fields | compiler.fields), compiler.questions)


def _idle(file: RuleFile, unknown: Unknown, *, ignore_sections: bool) -> list[Fault]:
    """The parts of a file that can never do anything."""
    faults = [
        Fault(note.line, 1, note.message, is_section=note.is_section)
        for note in file.notes
        if note.idle and not (ignore_sections and note.is_section)
    ]
    for field, (line, column) in file.places.items():
        why = unknown(field)
        if why is not None:
            faults.append(Fault(line, column, f"{why}: the rule would never apply"))
    return faults


def _read(path: Path) -> str:
    try:
        with open_regular(path) as opened:
            data = opened.read(_LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise RuleError("no such file of rules", file=str(path)) from error
    except OSError as error:
        raise SourceUnreadableError(f"cannot be read: {error.strerror}", file=str(path)) from error
    if len(data) > _LARGEST_FILE:
        raise RuleError(f"a file of rules larger than {_LARGEST_FILE >> 20} MiB", file=str(path))
    return _decoded(data, path)


def _decoded(data: bytes, path: Path) -> str:
    """The text: UTF-8, UTF-16 with its mark, or else Windows-1252, in which editors of old wrote names and comments."""
    # The mark of UTF-16, which Windows editors write.
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            encoding = "cp1252"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        message = f"line {line}, column {column}: not a text in UTF-8, UTF-16 or Windows-1252"
        raise RuleError(message, file=str(path), hint="save it as UTF-8") from error


def _parse(text: str, path: Path, compiler: Compiler, fields: set[Field]) -> RuleFile:
    # What stands in it decides, not its name: both kinds are found under either ending.
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
    places: dict[Field, tuple[int, int]] = {}
    for one in recipe.rules:
        for line in one.lines:
            for criterion in line.criteria:
                places.setdefault(criterion.field, (line.line, 1))
    return RuleFile(str(path), rules, ignored=recipe.ignored, notes=recipe.notes, places=places)


def _script(text: str, path: Path, fields: set[Field]) -> RuleFile:
    parser = ScriptParser(text)
    signatures = parser.parse()
    _refuse(parser.faults, path)
    fields |= parser.fields.keys()
    rules = tuple(Rule(one.label, path.name, one.line, "CTP", one.marks, one.condition) for one in signatures)
    return RuleFile(str(path), rules, first_only=True, notes=tuple(parser.notes), places=parser.fields)


def _refuse(faults: Sequence[Fault], path: Path, hint: str = _CORRECT) -> None:
    if not faults:
        return
    first, *others = sorted(faults, key=lambda fault: (fault.line, fault.column))
    more = f"; more errors in line {', '.join(str(fault.line) for fault in others)}" if others else ""
    message = f"line {first.line}, column {first.column}: {first.message}{more}"
    raise RuleError(message, file=str(path), hint=hint)
