"""Azure Blob Storage and Google Cloud Storage, on servers that speak their languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli.program import main
from dcmaudit.errors import SourceNotFoundError, SourceUnreadableError, UsageError
from dcmaudit.pipeline.remote import Remote, target_folder
from dcmaudit.sources import Passed, Problem, find
from dcmaudit.sources.references import reference_to
from dcmaudit.sources.s3 import transfer
from dcmaudit.sources.s3.listing import list_folder, list_objects
from dcmaudit.sources.s3.names import ObjectName, Provider, is_foreign, is_object_name, without_secrets
from dcmaudit.sources.s3.reference import ObjectReference
from dcmaudit.sources.s3.transfer import fetch, remove, send
from support.cloudservers import WRONG_KEY, Azure, Google, azurite, fake_gcs, running_azurite, running_fake_gcs
from support.files import EXPLICIT, dataset, file_bytes

IMAGE = file_bytes(dataset(np.full((64, 64), 7, np.uint8)), EXPLICIT)
KEYS = ("s/a.dcm", "s/b.dcm", "s/deep/c.dcm", "s/text")


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    if azurite() is None:
        pytest.skip("needs azurite-blob (npm), see CONTRIBUTING.md")
    with running_azurite() as server:
        server.new_container("images")
        yield server


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    if fake_gcs() is None:
        pytest.skip("needs fake-gcs-server, see CONTRIBUTING.md")
    with running_fake_gcs() as server:
        server.new_bucket("images", {key: IMAGE if key.endswith(".dcm") else b"words" for key in KEYS})
        yield server


@pytest.fixture
def container(azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in azure.environment().items():
        monkeypatch.setenv(name, value)
    for key in KEYS:
        (tmp_path / "x").write_bytes(IMAGE if key.endswith(".dcm") else b"words")
        send(tmp_path / "x", ObjectName("images", key, Provider.AZURE), overwrite=True)
    return "images"


@pytest.fixture
def bucket(google: Google, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in google.environment().items():
        monkeypatch.setenv(name, value)
    return "images"


def names(place: str, *, recursive: bool = True) -> list[str]:
    return [found.name for found in find([place], recursive=recursive) if isinstance(found, ObjectReference)]


def test_names_of_three_kinds_are_objects_and_others_are_foreign() -> None:
    assert [is_object_name(name) for name in ("s3://b/k", "AZ://b/k", "gs://b/k")] == [True] * 3
    for name in ("azure://b/k", "gcs://b/k", "https://host/x", "abfss://c@a/x"):
        assert not is_object_name(name)
        assert is_foreign(name)
    assert not is_foreign("/a://b")
    assert not is_object_name("az:/b/k")
    assert str(ObjectName.parse("AZ://box/a/b")) == "az://box/a/b"
    with pytest.raises(SourceNotFoundError, match="no object"):
        ObjectName.parse("https://b/k")


@pytest.mark.parametrize("name", ["azure://box/a.dcm", "https://me:secret@host.org/a.dcm?sig=secret"])
def test_other_addresses_are_refused_without_the_secrets_in_them(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.csv").write_text(f"filename\n{name}\n")
    for given in (name, str(tmp_path / "list.csv")):
        (problem,) = find([given], recursive=False)
        assert isinstance(problem, Problem)
        assert "az://CONTAINER/BLOB" in str(problem.error)
        assert "secret" not in f"{problem.name} {problem.error}"
    with pytest.raises(UsageError, match="nothing can be written") as caught:
        target_folder(name)
    assert "secret" not in str(caught.value)
    assert main(["s3", "list", name]) == 1
    said = capsys.readouterr().err
    assert "no object can have this name" in said
    assert "secret" not in said


def test_an_address_is_shown_without_what_may_be_secret_in_it() -> None:
    assert without_secrets("https://u:p@h.org:1/a/b?sig=1#x") == "https://h.org:1/a/b"
    assert without_secrets("gcs://bucket/a") == "gcs://bucket/a"


@pytest.mark.parametrize(("name", "wanted"), [("az://box/a", "AZURE_STORAGE_ACCOUNT_NAME"), ("gs://box/a", "GOOGLE_")])
def test_without_credentials_the_variables_are_named(name: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(variable, raising=False)
    (problem,) = find([name], recursive=False)
    assert isinstance(problem, Problem)
    assert wanted in str(problem.error)


def test_nothing_is_written_to_a_google_bucket() -> None:
    with pytest.raises(UsageError, match="nothing can be written to gs://"):
        target_folder("gs://box/out")


# Azure


def test_blobs_are_found_read_and_listed(container: str, tmp_path: Path) -> None:
    assert names(f"az://{container}/s") == [f"az://{container}/{key}" for key in KEYS[:3]]
    assert names(f"az://{container}/s/*.dcm") == [f"az://{container}/s/a.dcm", f"az://{container}/s/b.dcm"]
    below = list(find([f"az://{container}/s/"], recursive=False))
    assert [item.name for item in below if isinstance(item, Passed)] == [
        f"az://{container}/s/deep/", f"az://{container}/s/text"
    ]  # fmt: skip
    with reference_to(f"az://{container}/s/a.dcm").open() as stream:
        stream.seek(100)
        assert stream.read() == IMAGE[100:]
    assert {one.key for one in list_objects(container, "s", provider=Provider.AZURE)} == set(KEYS)
    assert list_folder(container, "s", Provider.AZURE)[0] == ["s/deep"]
    (tmp_path / "list.csv").write_text(f"filename\naz://{container}/s/b.dcm\n")
    assert names(str(tmp_path / "list.csv")) == [f"az://{container}/s/b.dcm"]


def test_a_blob_is_copied_written_whole_not_replaced_and_deleted(container: str, tmp_path: Path) -> None:
    place = ObjectName(container, "s/a.dcm", Provider.AZURE)
    assert fetch(place, tmp_path / "copy").path.read_bytes() == IMAGE
    (tmp_path / "new").write_bytes(b"new")
    with pytest.raises(UsageError, match="already"):
        send(tmp_path / "new", place)
    send(tmp_path / "new", place, overwrite=True)
    with reference_to(str(place)).open() as stream:
        assert stream.read() == b"new"
    remove(place)
    remove(place)
    assert not Remote(place).exists()


def test_a_blob_sent_in_parts_replaces_none(container: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "IN_ONE", 2**20)
    monkeypatch.setattr(transfer, "object_at", lambda _name: None)  # somebody else was quicker
    place = ObjectName(container, "parts/x", Provider.AZURE)
    for number in (1, 2):
        (tmp_path / str(number)).write_bytes(bytes([number]) * 3 * 2**20)
    send(tmp_path / "1", place)
    with pytest.raises(UsageError, match="already"):
        send(tmp_path / "2", place)
    with reference_to(str(place)).open() as stream:
        assert stream.read(2) == b"\1\1"
    assert [one.key for one in list_objects(container, "parts", provider=Provider.AZURE)] == ["parts/x"]
    remove(place)


def test_a_blob_replaced_while_it_is_read_is_refused(container: str, tmp_path: Path) -> None:
    place = ObjectName(container, "long", Provider.AZURE)
    (tmp_path / "x").write_bytes(bytes(200_000))
    send(tmp_path / "x", place, overwrite=True)
    with reference_to(str(place)).open() as stream:
        send(tmp_path / "x", place, overwrite=True)
        stream.seek(150_000)
        with pytest.raises(SourceUnreadableError, match="replaced"):
            stream.read(10)
    remove(place)


def test_a_wrong_key_and_a_container_that_is_not_there_are_named(
    azure: Azure, container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (problem,) = find(["az://nowhere/s/"], recursive=True)
    assert isinstance(problem, Problem)
    assert "no container of this name" in str(problem.error)
    for name, value in azure.environment(WRONG_KEY).items():
        monkeypatch.setenv(name, value)
    for name in (f"az://{container}/s/a.dcm", f"az://{container}/s/"):
        (problem,) = find([name], recursive=True)
        assert isinstance(problem, Problem)
        assert "AZURE" in str(problem.error) or "refuses these credentials" in str(problem.error)
        assert WRONG_KEY not in str(problem.error)


def test_redacted_files_go_from_a_container_into_it(
    container: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = f"az://{container}/s/a.dcm", ObjectName(container, "out/a.redacted.dcm", Provider.AZURE)
    remove(out)
    words = ["redact", source, "--db", str(tmp_path), "--rect", "0,0,9,9", "-o", f"az://{container}/out", "-q"]
    assert main(words) == 0, capsys.readouterr().err
    with reference_to(str(out)).open() as stream:
        assert stream.read()[128:132] == b"DICM"
    assert main(words) != 0
    assert "already" in capsys.readouterr().err
    remove(out)


# Google


def test_objects_of_a_google_bucket_are_found_and_read(bucket: str) -> None:
    assert names(f"gs://{bucket}/s") == [f"gs://{bucket}/{key}" for key in KEYS[:3]]
    with reference_to(f"gs://{bucket}/s/a.dcm").open() as stream:
        stream.seek(100)
        assert stream.read() == IMAGE[100:]
    (problem,) = find([f"gs://{bucket}/none"], recursive=True)
    assert isinstance(problem, Problem)
    assert "no object of this name" in str(problem.error)


def test_an_object_of_a_google_bucket_that_is_replaced_while_it_is_read_is_refused(google: Google, bucket: str) -> None:
    google.put(bucket, "long", bytes(200_000))
    with reference_to(f"gs://{bucket}/long").open() as stream:
        google.put(bucket, "long", b"1" + bytes(199_999))
        stream.seek(150_000)
        with pytest.raises(SourceUnreadableError, match="replaced"):
            stream.read(10)
