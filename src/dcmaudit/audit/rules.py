"""The deid rules and CTP scripts that count here, loaded once in each process."""

from __future__ import annotations

from functools import lru_cache

from dcmaudit.detect import rules as deid
from dcmaudit.dicom.header_view import is_known, unknown_element
from dcmaudit.model.agreed_files import name_file, version_of
from dcmaudit.model.texts import tag_text
from dcmaudit.settings import Settings


def rule_paths(deid_rules: str | None, settings: Settings) -> tuple[str, ...]:
    """The files to load: those named, here or in the settings, else those of the site, else dcmaudit's own rules.

    Their paths are absolute, for whoever does the work may be in another folder. RuleError where ``deid_rules`` leads
    to none.
    """
    found = deid.rule_files(deid_rules or settings.deid_rules, settings.smi_root)
    return tuple(map(name_file, found)) or (name_file(deid.default_rules()),)


def rules_of(paths: tuple[str, ...]) -> deid.RuleSet:
    """The rules of these files, loaded once in each process; RuleError and SourceError as ``load_rules`` has them.

    UsageError where this process works for another one, which means other files (``model.agreed_files``).
    """
    return _loaded(paths, tuple(map(version_of, paths)))


@lru_cache(maxsize=4)
def _loaded(paths: tuple[str, ...], _versions: tuple[bytes | None, ...]) -> deid.RuleSet:
    return deid.load_rules(paths)


def checked_rules(paths: tuple[str, ...], *, ignore_sections: bool = False) -> deid.RuleSet:
    """The rules of these files as they are now; RuleError where a part of them can never do anything.

    Every batch asks this first, so that ``rules_of`` has in the same process what is checked here.
    """
    # A program may do one batch after the other, with rules that were edited in between.
    _loaded.cache_clear()
    return deid.load_rules(paths, unknown=unknown_element, ignore_sections=ignore_sections)


def unknown_fields(rules: deid.RuleSet) -> list[str]:
    """Elements that rules ask for and no dictionary knows: misspelt, most likely, so their rules never apply."""
    return sorted(_name(field) for field in rules.fields if not is_known(field))


def _name(field: str | int | tuple[int, str, int]) -> str:
    return tag_text(field) if isinstance(field, int) else str(field)
