"""A user who may only read some buckets, on a real server: every refusal is named and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli.program import main
from dcmaudit.errors import SourceUnreadableError
from dcmaudit.sources import Problem, find
from dcmaudit.sources.s3.listing import list_objects
from dcmaudit.sources.s3.names import ObjectName
from dcmaudit.sources.s3.transfer import fetch, remove, send
from support.files import EXPLICIT, dataset, file_bytes
from support.s3server import READER_KEY, READER_SECRET, REGION, Server

IMAGE = file_bytes(dataset(np.full((32, 32), 7, np.uint8)), EXPLICIT)
REFUSED = "no right|refuses these credentials"


@pytest.fixture
def reader(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, with the keys of somebody who may only read what is open."""
    variables = {
        "AWS_ACCESS_KEY_ID": READER_KEY, "AWS_SECRET_ACCESS_KEY": READER_SECRET, "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": server.endpoint,
    }  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture(scope="module")
def closed(server: Server) -> str:
    bucket = server.new_bucket("closed0")
    server.fill(bucket, {"a/1.dcm": IMAGE})
    return bucket


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_may_not_be_written_is_refused_and_nothing_is_there(
    reader: Server, tmp_path: Path, *, overwrite: bool
) -> None:
    bucket = reader.new_bucket()
    reader.fill(bucket, {"there": b"before"})
    (tmp_path / "x").write_bytes(b"after")
    for key in ("new", "there") if overwrite else ("new",):
        with pytest.raises(SourceUnreadableError, match=REFUSED):
            send(tmp_path / "x", ObjectName(bucket, key), overwrite=overwrite)
    with pytest.raises(SourceUnreadableError, match=REFUSED):
        remove(ObjectName(bucket, "there"))
    assert reader.keys(bucket) == ["there"]
    assert reader.get(bucket, "there") == b"before"


def test_what_may_not_be_listed_or_read_is_named(reader: Server, closed: str, tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadableError, match=REFUSED):
        list(list_objects(closed))
    with pytest.raises(SourceUnreadableError, match=REFUSED):
        fetch(ObjectName(closed, "a/1.dcm"), tmp_path / "copy")
    assert list(tmp_path.glob("copy*")) == []
    for name in (f"s3://{closed}/a/1.dcm", f"s3://{closed}/a/", f"s3://{closed}/a/*.dcm"):
        (problem,) = find([name], recursive=True)
        assert isinstance(problem, Problem)
        assert isinstance(problem.error, SourceUnreadableError)
        assert name in str(problem)


def test_redacting_into_a_bucket_that_may_only_be_read_fails_for_each_file_and_says_so(
    reader: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = reader.new_bucket()
    reader.fill(bucket, {"in/1.dcm": IMAGE, "in/2.dcm": IMAGE})
    inputs, output = f"s3://{bucket}/in/", f"s3://{bucket}/out"
    status = main(["--db", str(tmp_path / "db"), "redact", "--rect", "0,0,9,9", "-o", output, inputs])
    told = capsys.readouterr()
    assert status != 0
    assert reader.keys(bucket) == ["in/1.dcm", "in/2.dcm"]
    for number in (1, 2):
        line = next(line for line in (told.out + told.err).splitlines() if f"{number}.dcm" in line)
        assert "right" in line or "refuse" in line
    assert READER_SECRET not in told.out + told.err


def test_a_database_in_a_bucket_is_refused(reader: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--db", "s3://open/db", "db", "info"]) != 0
    assert "cannot be kept in a bucket" in capsys.readouterr().err
