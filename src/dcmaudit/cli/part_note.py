"""What a run with ``--shard`` leaves beside its list, for ``report join``: which part it is, and how it was made."""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit import __version__
from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.wholefile import whole_file

if TYPE_CHECKING:
    from dcmaudit.model.shards import Shard
    from dcmaudit.settings import Settings

_HERE = frozenset({
    "append", "ca_bundle", "config", "csv", "dask", "db", "debug", "environment", "files", "files_from", "files_needed",
    "jobs", "json", "names", "ordered", "output", "overwrite", "pairs", "partly", "progress", "quiet", "recursive",
    "resume", "shard", "user", "verbose",
})  # fmt: skip
"""Arguments that two parts of one batch may differ in: where, how fast, with which words, of which names (a sum over
these is kept)."""

_BY_CONTENT = frozenset({"allow_list", "csv", "deid_rules", "ignore_sections"})
"""Arguments that ``_settings`` tells of: what a file holds counts, wherever it lies and whoever names it."""


def begin_part(command: str, args: argparse.Namespace, settings: Settings) -> dict[str, str]:
    """Before a run: what decides what its lines say, as it is now. UsageError where the place of what it will say of
    its list is another file's.

    What an earlier run said stays until then: it holds as long as the list is what that run left.
    """
    from dcmaudit.report.list_parts import is_note

    beside = _beside(args)
    if beside is not None and os.path.lexists(beside):
        is_ours = False
        with suppress(OSError):
            is_ours = is_note(beside)
        if not is_ours:
            raise UsageError(
                f"{beside} is in the way: what the part is of what will stand there", hint="take it away first"
            )
    return dict(_settings(command, args, settings))


def end_part(command: str, args: argparse.Namespace, settings: dict[str, str], code: int) -> None:
    """After a run that got to its end: say which part its list is."""
    from dcmaudit.report.list_parts import PartNote, list_digest

    shard: Shard = args.shard
    note = PartNote(
        part=str(shard), command=command, version=__version__, options=_options(args), settings=settings,
        inputs=shard.inputs, mine=shard.mine, names=shard.names, code=int(code),
    )  # fmt: skip
    # The parts of a sample say it in their first line, for they are drawn from, and those of a release in its records.
    if getattr(args, "json", False) and command not in {"sample", "release"}:
        print(note.line())
    beside = _beside(args)
    if beside is None or not Path(args.csv).is_file():  # a pipe is no list that can be put together
        return
    of_list = note.model_copy(update={"digest": list_digest(Path(args.csv))})
    with whole_file(beside, mode=0o600) as out:
        out.write(f"{of_list.line()}\n".encode())


def _beside(args: argparse.Namespace) -> Path | None:
    from dcmaudit.report.list_parts import note_beside

    name: str | None = getattr(args, "csv", None)
    if name is None or name in {"-", "stdout"} or not _writes_list(args):
        return None
    return note_beside(Path(name))


def _writes_list(args: argparse.Namespace) -> bool:
    # Of other commands --csv is an input, or only says how to print.
    return hasattr(args, "csv_header")


def _options(args: argparse.Namespace) -> dict[str, str]:
    """What the run was asked, as digests: a value may be a name that nobody else should read."""
    return {
        name: _short(repr(value).encode("utf-8", "surrogatepass"))
        for name, value in sorted(vars(args).items())
        if value not in (None, False, [], ()) and name not in _HERE and name not in _BY_CONTENT
    }


def _settings(command: str, args: argparse.Namespace, settings: Settings) -> Iterator[tuple[str, str]]:
    """What an environment, a settings file or a file that is named can change in the lines, as digests.

    The rest of the settings says who, where and how long (user, database, port, waiting), or which names are found,
    and of these there is a sum. Something that is not as it must be is left out: the command refuses it in its words.
    """
    if _uses_rules(command, args):
        from dcmaudit.audit.rules import rule_paths

        with suppress(DcmauditError, OSError):
            yield "set of deid rules", _of_files(rule_paths(args.deid_rules, settings))
        yield "ignore_sections", _short(str(settings.ignore_sections).encode())
    if not _writes_list(args) and isinstance(marks := getattr(args, "csv", None), Path):
        with suppress(OSError):
            yield "--csv", _of_files([str(marks)])
    if command == "ocr":
        yield from _of_reading(args, settings)


def _uses_rules(command: str, args: argparse.Namespace) -> bool:
    # The proof looks at rules where it is asked to; redaction also at those that the reviewer showed.
    return hasattr(args, "deid_rules") and (command != "verify" or args.deid)


def _of_reading(args: argparse.Namespace, settings: Settings) -> Iterator[tuple[str, str]]:
    from dcmaudit.detect.pii import DEFAULT, chain_plan

    if args.no_read:
        return
    with suppress(DcmauditError, OSError):
        plan = chain_plan(args.pii or DEFAULT, allow_file=args.allow_list, smi_root=settings.smi_root)
        if plan.allow_file is not None:
            yield "allow list", _of_files([plan.allow_file])
    if args.engine == "tesseract" and settings.tessdata_prefix is not None:
        with suppress(OSError):
            yield "language data of Tesseract", _of_files([str(settings.tessdata_prefix / "eng.traineddata")])


def _of_files(paths: Iterable[str]) -> str:
    """A digest of what the files hold, in whatever folder, and under whatever name, they lie."""
    return _long("".join(sorted(_of_file(path) for path in paths)).encode())


def _of_file(path: str) -> str:
    from dcmaudit.plainfile import read_regular

    return _long(read_regular(path))


def _long(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _short(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=6).hexdigest()
