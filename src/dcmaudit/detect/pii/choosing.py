"""From the words of ``--pii`` to judges: what does not depend on a file is made once, the header's judge for each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.detect.pii.judging import Chain, Judge
from dcmaudit.errors import UsageError
from dcmaudit.model.agreed_files import name_file, version_of
from dcmaudit.plainfile import read_regular

if TYPE_CHECKING:
    from dcmaudit.detect.pii.cohort import Cohort
    from dcmaudit.detect.pii.header import HeaderValues

DEFAULT = "header,patterns,allowlist"
"""The header knows best; what looks like a date stays one even if a list of terms would let it pass."""

_ALIASES = {"ocr_allowlist": "allowlist", "ocr_whitelist": "allowlist", "whitelist": "allowlist", "allow": "allowlist"}
_KNOWN = ("header", "patterns", "allowlist", "spacy", "presidio")
_WITH_MODEL = {"spacy", "presidio"}


@dataclass(frozen=True, slots=True)
class Link:
    """One judge of a chain by name, with its model where it has one."""

    name: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class ChainPlan:
    """A chain before it is made: picklable, so that every process can make its own."""

    links: tuple[Link, ...]
    allow_file: str | None = None
    identifiers: tuple[str, str] | None = None
    """A list of known identifiers and its digest: it is asked before everybody else."""

    def check(self) -> None:
        """Make every judge once; MissingExtraError, EngineError or ListError where one cannot be made."""
        for link in self.links:
            if link.name != "header":
                _judge(link, self.allow_file)

    @property
    def lists_digest(self) -> str:
        """A digest of what the allow list holds and of the list of known identifiers; "" where there is neither."""
        uses = any(link.name == "allowlist" for link in self.links)
        listed = ""
        if uses and self.allow_file is not None:
            with suppress(OSError):  # whoever judges by it is told
                listed = sha256(read_regular(self.allow_file)).hexdigest()
        parts = [listed, self.identifiers[1] if self.identifiers else ""]
        return sha256("\n".join(parts).encode()).hexdigest()[:16] if any(parts) else ""

    @property
    def cohort(self) -> Cohort | None:
        """The list of known identifiers; ListError where it is wrong, or changed."""
        if self.identifiers is None:
            return None
        from dcmaudit.detect.pii.cohort import read_cohort

        return read_cohort(*self.identifiers)

    def chain(self, header: HeaderValues | None) -> Chain:
        """The chain for one file; without a header nothing is compared with one."""
        from dcmaudit.detect.pii.header import HeaderJudge

        judges: list[Judge] = list(self.cohort.judges(header)) if self.cohort is not None else []
        for link in self.links:
            if link.name != "header":
                judges.append(_judge(link, self.allow_file))
            # Without a file there is nothing to compare with: the other judges stay.
            elif header is not None:
                judges.append(HeaderJudge(header))
        return Chain(judges)


def chain_plan(text: str, *, allow_file: Path | None = None, smi_root: Path | None = None) -> ChainPlan:
    """The plan that ``--pii`` asks for: names in order, separated by commas; ``none`` for no judge at all.

    A model follows its judge after a colon, or, as in the original tool, after the comma. ``allow_file`` None: the
    site's list under ``smi_root`` where there is one. UsageError for a name that is none.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise UsageError("--pii names nobody", hint=f"allowed: {', '.join(_KNOWN)}, or none")
    if words == ["none"]:
        return ChainPlan(())
    links = _links(words)
    if allow_file is not None and not any(link.name == "allowlist" for link in links):
        raise UsageError("an allow list is named, but --pii leaves it out", hint=f"--pii {text},allowlist")
    chosen = allow_file or _of_site(smi_root)
    return ChainPlan(tuple(links), None if chosen is None else name_file(chosen))


def _of_site(smi_root: Path | None) -> Path | None:
    if smi_root is None:
        return None
    from dcmaudit.detect.pii.allow import default_file

    return default_file(smi_root)


def _links(words: Sequence[str]) -> list[Link]:
    links: list[Link] = []
    for word in words:
        name, _, model = word.partition(":")
        name = _ALIASES.get(name, name)
        if name in _KNOWN and (not model or name in _WITH_MODEL):
            links.append(Link(name, model or None))
        elif links and links[-1].name in _WITH_MODEL and links[-1].model is None and not model:
            links[-1] = Link(links[-1].name, word)
        else:
            raise UsageError(f"--pii has no {word!r}", hint=f"allowed: {', '.join(_KNOWN)}, or none; spacy:MODEL")
    return links


def _judge(link: Link, allow_file: str | None) -> Judge:
    if link.name != "allowlist" or allow_file is None:
        return _made(link, None, None)
    return _made(link, allow_file, version_of(allow_file))


@lru_cache(maxsize=16)
def _made(link: Link, allow_file: str | None, _version: bytes | None) -> Judge:
    match link.name:
        case "patterns":
            from dcmaudit.detect.pii.patterns import PatternJudge

            return PatternJudge()
        case "allowlist":
            from dcmaudit.detect.pii.allow import AllowList, read_list

            return AllowList(read_list(Path(allow_file)) if allow_file else ())
        case "spacy":
            from dcmaudit.detect.pii.entities import SpacyJudge

            return SpacyJudge(link.model)
        case _:
            from dcmaudit.detect.pii.entities import PresidioJudge

            return PresidioJudge(link.model)
