"""Random rectangles on random planes of a file, redacted and proved; and what independent judges say of the result."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, Everywhere, Origin, Outcome, Plane, Scope
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, RedactionOptions, Request
from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.redaction import redact_file
from support.files import PathReference

JUDGES = {"dciodvfy": ["dciodvfy"], "dcmtk": ["dcmdump", "-q-"], "gdcm": ["gdcminfo"]}
_PICKED = 3


@dataclass
class RandomRedaction:
    """How one file ended. ``complaints`` are new lines of each judge, None where nothing was written."""

    syntax: str = ""
    photometric: str = ""
    planes: tuple[str, ...] = ()
    is_decodable: bool = False
    outcome: Outcome = Outcome.FAILED
    reasons: tuple[str, ...] = ()
    output: Path | None = None
    checks: int = 0
    decoders: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    complaints: dict[str, list[str]] = field(default_factory=dict)


def redact_at_random(path: Path, name: str, folder: Path, *, seed: int = 0) -> RandomRedaction:
    """Redact up to three random rectangles of random planes of ``path`` into ``folder``.

    The same ``name`` and ``seed`` ask the same; options are drawn too.
    """
    rng = random.Random(zlib.crc32(f"{seed} {name}".encode()))  # noqa: S311 - repeatable, no secret
    found = RandomRedaction()
    requests = [Request(None, Everywhere.ALL_FRAMES, Origin.COMMAND, "everything")]
    try:
        with open_instance(PathReference(path)) as instance:
            facts = instance.facts
            found.syntax, found.photometric = facts.transfer_syntax_uid, facts.photometric_interpretation or ""
            planes = [plane for plane in instance.scan_frames() if plane.size is not None]
            picked = rng.sample(planes, min(len(planes), _PICKED))
            found.planes = tuple(plane.address.key for plane in picked)
            found.is_decodable = bool(planes)
            for plane in picked:
                instance.read(plane.address)
            requests = [_asked(rng, plane) for plane in picked] or requests
    except DcmauditError:
        found.is_decodable = False
    job = RedactionJob(Naming(folder, overwrite=True), _options(rng), uid_key=rng.choice([None, None, b"key" * 11]))
    report = redact_file(job, RedactionTask(PathReference(path), tuple(requests)))
    found.outcome, found.reasons, found.output = report.result.outcome, report.result.reasons, report.output
    if report.proof is not None:
        found.checks = sum(report.proof["checks"].values())
        found.decoders = tuple(sorted({name for plane in report.proof["planes"] for name in plane["decoders"]}))
        found.notes = tuple(report.proof["notes"])
    return found


def _asked(rng: random.Random, plane: Plane) -> Request:
    assert plane.size is not None
    left, top = rng.randrange(plane.size.width), rng.randrange(plane.size.height)
    box = Box(left, top, rng.randint(left + 1, plane.size.width), rng.randint(top + 1, plane.size.height))
    scope: Scope = plane.address
    return Request(box, scope, Origin.COMMAND, "drawn at random")


def _options(rng: random.Random) -> RedactionOptions:
    return RedactionOptions(
        overlays=rng.choice(list(OverlayPolicy)),
        icons=rng.choice([IconPolicy.REDACT, IconPolicy.REMOVE]),
        remove_high_bits=rng.random() < 0.2,
        remove_private_bulk=rng.random() < 0.2,
        assert_clean=rng.random() < 0.2,
    )


def missing_judges() -> list[str]:
    """The judges that this machine does not have."""
    return [name for name, command in JUDGES.items() if shutil.which(command[0]) is None]


def new_complaints(before: Path, after: Path) -> dict[str, list[str]]:
    """What each judge says of ``after`` that it does not say of ``before``; numbers and values are left out."""
    return {
        judge: sorted(_said(command, after) - _said(command, before))
        for judge, command in JUDGES.items()
        if shutil.which(command[0]) is not None
    }


def _said(command: Sequence[str], path: Path) -> set[str]:
    ran = subprocess.run([*command, str(path)], capture_output=True, check=False, timeout=300)
    text = ran.stderr.decode("latin-1") + ("" if command[0] != "dciodvfy" else ran.stdout.decode("latin-1"))
    lines = {_plain(line) for line in text.splitlines() if re.match(r"(Error|Warning|E:|W:|F:|.*[Cc]ould not)", line)}
    return lines | ({f"exit code {ran.returncode}"} if command[0] != "dciodvfy" and ran.returncode else set())


def _plain(line: str) -> str:
    """A complaint without what differs from file to file: values, offsets, file names."""
    return re.sub(r"\d{3,}|<[^>]*>|/\S+|'[^']*'|0x[0-9a-f]+", "#", line)[:160]
