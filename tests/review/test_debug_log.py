"""``-d`` tells what the reviewer does, in names of files and counts, and nothing of what is in them or was typed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, Origin, Region
from dcmaudit.review import ReviewApp
from support.apps import do, ready, settled, wait_for
from support.files import dataset, file_bytes, gradient

SECRETS = ("Kowalska^Secret", "1.2.826.0.1.999.77", "SECRETMODEL", "wordread", "a typed comment", "hushhush")


def test_the_log_names_files_and_counts_and_no_value_or_text(
    open_app: Callable[..., ReviewApp],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("dcmaudit"), "propagate", True)
    extra = {
        "PatientName": SECRETS[0], "StudyInstanceUID": SECRETS[1], "ManufacturerModelName": SECRETS[2],
        "Modality": "US", "ImageType": ["DERIVED", "PRIMARY"],
    }  # fmt: skip
    paths = [tmp_path / "a.dcm", tmp_path / "b\n.dcm"]
    for path in paths:
        path.write_bytes(file_bytes(dataset(np.stack([gradient(48, 64)] * 2), frames=2, extra=extra)))
    with caplog.at_level(logging.DEBUG, logger="dcmaudit"):
        app = open_app([str(path) for path in paths])
        session = ready(app)
        file = session.file
        assert file is not None
        region = Region(Box(4, 4, 20, 12), file.planes[0].address, Origin.OCR, SECRETS[3], text=SECRETS[3])
        app.services.suggestions.replace_read(file, file.planes[0].address, [region])
        do(session, "apply-all")
        do(session, "comment", text=SECRETS[4])
        with suppress(DcmauditError):
            do(session, "set-database", path="postgresql://u@127.0.0.1:1/x", password=SECRETS[5])
        do(session, "cursor", box=[4, 4, 20, 12])
        do(session, "next-frame")
        settled(session)
        do(session, "done-next", confirm=True)
        wait_for(lambda: session.file is not file)
        settled(session)
    log = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("dcmaudit"))
    for part in (
        "opened ", "a.dcm: 2 planes", "plane f0 of", "suggestions by", "command apply-all: done",
        "command comment: done", "command set-database: ", "command done-next", "database: done",
        "database: written for",
    ):  # fmt: skip
        assert part in log, log
    assert "b\\n.dcm" in log or "b\\x0a.dcm" in log, "control characters are escaped"
    for secret in SECRETS:
        assert secret not in log
