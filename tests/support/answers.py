"""What the program says and writes about the files of a folder: a program of its own, run on several processors.

``python answers.py FOLDER OUT`` prints one JSON line; outputs of redactions go to OUT. Nothing is started from here:
under ``qemu-user`` a child would run on the real processor.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from dcmaudit.audit.pictures import pictures_of
from dcmaudit.detect.ocr import FinderKind, Mode
from dcmaudit.detect.pii import ChainPlan
from dcmaudit.detect.textnet import TextNet
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.model import Box, Everywhere, Origin
from dcmaudit.model.redaction import Request
from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
from dcmaudit.pipeline.ocr import OcrJob, read_file
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.redaction import redact_file
from dcmaudit.pipeline.verification import VerificationTask, verify_pair
from dcmaudit.render.strokes import stroke_map
from support.files import PathReference

BOX = Request(Box(5, 3, 60, 17), Everywhere.ALL_FRAMES, Origin.COMMAND, "asked for")


def digest(array: np.ndarray) -> str:
    """Shape, type and every bit of it."""
    kind = array.dtype.newbyteorder("<")
    told = f"{array.shape} {kind.str} ".encode()
    return hashlib.sha256(told + np.ascontiguousarray(array, kind).tobytes()).hexdigest()[:16]


def planes(instance: Instance) -> Any:
    """Each plane that can be shown, with its samples."""
    for plane in instance.all_planes():
        if plane.size is not None:
            yield plane, instance.read(plane.address)


def seen(path: Path, net: TextNet, *, hard: bool) -> dict[str, Any]:
    """Stored values, pictures, maps and findings of one file; ``hard``: in the thorough mode."""
    answer: dict[str, Any] = {}
    with open_instance(PathReference(path)) as instance:
        for plane, samples in planes(instance):
            pictures = pictures_of(samples, Mode.THOROUGH)
            maps = [net.maps(picture) for picture in pictures]
            answer[plane.title] = {
                "values": digest(samples.array),
                "pictures": [digest(picture) for picture in pictures],
                "maps": [digest(np.stack([one.ink, one.region])) for one in maps],
                "strokes": digest(stroke_map(samples.array)),
            }
    mode = Mode.THOROUGH if hard else Mode.DEFAULT
    reading = read_file(OcrJob("", mode, ChainPlan(()), finder=FinderKind.OWN, read=False), PathReference(path))
    answer["outcome"] = [reading.result.outcome.value, *reading.result.reasons]
    answer["findings"] = [
        [plane.title, *(repr(found.box) for found in plane.findings)] for plane in reading.planes if plane.findings
    ]
    return answer


def written(path: Path, out: Path) -> dict[str, Any]:
    """The redacted file to the last byte, and its proof, made once more by ``verify``."""
    task = RedactionTask(PathReference(path), (BOX,))
    job = RedactionJob(Naming(out))
    report = redact_file(job, task)
    answer: dict[str, Any] = {"outcome": [report.result.outcome.value, *report.result.reasons]}
    if report.output is not None:
        name = out / Path(report.output.name).name
        answer["file"] = hashlib.sha256(name.read_bytes()).hexdigest()
        proof = verify_pair(job, VerificationTask(task, PathReference(name)))
        answer["proof"] = [proof.checks, [repr(finding) for finding in proof.findings]]
    return answer


def main() -> None:
    """Those of ``pictures`` are looked at, a fifth of them thoroughly; those of ``files`` are redacted."""
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    net = TextNet(1)
    looks = sorted((folder / "pictures").glob("*.dcm"))
    answers: dict[str, Any] = {path.name: seen(path, net, hard=n % 5 == 0) for n, path in enumerate(looks)}
    for path in sorted((folder / "files").glob("*.dcm")):
        with open_instance(PathReference(path)) as instance:
            values = [digest(samples.array) for _, samples in planes(instance)]
        answers[path.name] = {"values": values, **written(path, out)}
    sys.stdout.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
