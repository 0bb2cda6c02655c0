from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dcmaudit.errors import DcmauditError, MissingExtraError, SourceNotFoundError, SourceUnreadableError, UsageError
from dcmaudit.sources import ObjectReference
from dcmaudit.sources.s3 import profiles, secretstore
from dcmaudit.sources.s3.checking import check_connection
from dcmaudit.sources.s3.client import credentials_for
from dcmaudit.sources.s3.credentials import CredentialBook, Credentials, book_path
from support.s3server import ACCESS_KEY, READER_KEY, READER_SECRET, SECRET, BadNetwork, Server

MINE = Credentials("mybucket", "https://s3.example.org", "KEY", "very-secret-word")


class Ring:
    """A keyring in memory."""

    priority = 5

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, name: str, secret: str) -> None:
        self.kept[service, name] = secret

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    ring = Ring()
    monkeypatch.setattr(secretstore, "_keyring", lambda: ring)
    return ring


def test_what_is_saved_comes_back_under_the_name_of_the_bucket() -> None:
    book = CredentialBook()
    assert book.get("mybucket") is None
    assert "only you may read" in book.put(MINE)
    assert book.buckets() == ["mybucket"]
    assert book.get("mybucket") == MINE


def test_without_a_keyring_the_secret_is_in_a_file_that_only_the_user_reads() -> None:
    CredentialBook().put(MINE)
    assert stat.S_IMODE(book_path().stat().st_mode) == 0o600
    assert sorted(path.name for path in book_path().parent.iterdir()) == ["s3.json", "s3.lock"]


def test_with_a_keyring_the_secret_is_in_no_file(ring: Ring) -> None:
    book = CredentialBook()
    assert "keyring" in book.put(MINE)
    assert MINE.secret not in book_path().read_text()
    assert book.get("mybucket") == MINE
    assert book.delete("mybucket")
    assert not ring.kept


def test_a_keyring_that_cannot_be_opened_is_an_error_and_no_empty_secret(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    CredentialBook().put(MINE)
    monkeypatch.setattr(secretstore, "_keyring", lambda: None)
    with pytest.raises(SourceUnreadableError, match="keyring"):
        CredentialBook().get("mybucket")


def test_a_keyring_that_does_not_keep_what_it_is_given_is_not_trusted(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "set_password", lambda *_: None)
    CredentialBook().put(MINE)
    assert CredentialBook().get("mybucket") == MINE


def test_editing_without_a_new_secret_keeps_the_saved_one(ring: Ring) -> None:
    book = CredentialBook()
    book.put(MINE)
    book.put(Credentials("mybucket", "https://other.example.org", "KEY2"))
    assert book.get("mybucket") == Credentials("mybucket", "https://other.example.org", "KEY2", MINE.secret)


def test_the_real_keyring_of_a_machine_without_one_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    import keyring
    from keyring.backends import null

    monkeypatch.setattr(keyring, "get_keyring", null.Keyring)
    assert not secretstore.has_keyring()


def test_the_keyring_library_keeps_the_secret_through_the_back_end_that_it_is_told_to_use(
    home: Path, tmp_path: Path
) -> None:
    ring = tmp_path / "ring.json"
    environment = {
        **os.environ, "PYTHON_KEYRING_BACKEND": "support.ring.FileRing", "RING_FILE": str(ring),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip

    def run(*words: str, secret: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dcmaudit", "s3", "credentials", *words],
            input=secret, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "very-secret-word" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    given = ("--endpoint", MINE.endpoint, "--access-key", MINE.access_key, "--secret-stdin")
    assert "keyring" in run("set", "mybucket", *given, secret=MINE.secret + "\n")
    assert json.loads(ring.read_text()) == {f"{secretstore.SERVICE}/mybucket": MINE.secret}
    assert MINE.secret not in book_path().read_text()
    assert "mybucket" in run("list")
    script = "from dcmaudit.sources.s3.client import credentials_for as f; print(len(f('mybucket').secret))"
    read = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert read.stdout.strip() == str(len(MINE.secret))
    run("delete", "mybucket")
    assert json.loads(ring.read_text()) == {}


def test_others_must_not_be_able_to_read_the_file() -> None:
    CredentialBook().put(MINE)
    book_path().chmod(0o640)
    with pytest.raises(SourceUnreadableError, match="others may read"):
        CredentialBook().get("mybucket")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"buckets": 3}', '{"buckets": {"a": "very-secret-word"}}'])
def test_a_damaged_file_is_said_to_be_one_and_not_repeated(text: str) -> None:
    CredentialBook().put(MINE)
    book_path().write_text(text)
    with pytest.raises(SourceUnreadableError, match="damaged") as caught:
        CredentialBook().buckets()
    assert "very-secret-word" not in repr(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "s3.example.org",
        "ftp://x",
        "https://user:very-secret-word@host",
        "https://h/path?x",
        "https://h:99999",
        "http://",
    ],
)
def test_an_endpoint_is_a_plain_address_and_is_not_repeated(endpoint: str) -> None:
    with pytest.raises(UsageError) as caught:
        CredentialBook().put(Credentials("mybucket", endpoint, "K", "S"))
    assert "very-secret-word" not in str(caught.value)


def test_the_secret_is_in_no_text_of_the_credentials() -> None:
    texts = [repr(MINE), str(MINE), f"{MINE!r}", repr([MINE])]
    assert not any("very-secret-word" in text for text in texts)


def test_saved_credentials_win_over_the_environment_and_are_not_mixed_with_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = server.new_bucket()
    server.fill(bucket, {"x": b"content"})
    CredentialBook().put(Credentials(bucket, server.endpoint, ACCESS_KEY, SECRET))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "SOMEBODY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "else")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a token that belongs to other keys")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with ObjectReference(f"s3://{bucket}/x").open() as stream:
        assert stream.read() == b"content"


def test_an_aws_profile_is_used_as_it_is(server: Server, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = server.new_bucket()
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        f"[team]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET}\n"
    )
    (home / ".aws" / "config").write_text(f"[profile team]\nregion = us-east-1\nendpoint_url = {server.endpoint}\n")
    with pytest.raises(SourceUnreadableError, match="no credentials"):
        credentials_for(bucket)
    monkeypatch.setenv("AWS_PROFILE", "team")
    assert "empty" in check_connection(credentials_for(bucket))
    monkeypatch.delenv("AWS_PROFILE")
    CredentialBook().put(Credentials(bucket, profile="team"))
    assert SECRET not in book_path().read_text()
    assert "empty" in check_connection(credentials_for(bucket))


def test_a_profile_that_cannot_be_read_is_named_without_its_values(home: Path) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text("[x]\nvery-secret-word\n")
    with pytest.raises(UsageError) as caught:
        profiles.from_profile("bucket", "x")
    assert "very-secret-word" not in str(caught.value)
    assert caught.value.__cause__ is None
    (home / ".aws" / "credentials").write_text("[x]\nrole_arn = a\n")
    with pytest.raises(UsageError, match="role"):
        profiles.from_profile("bucket", "x")


def refusals(server: Server) -> dict[str, tuple[Credentials, str]]:
    good = Credentials("firstone", server.endpoint, ACCESS_KEY, SECRET)
    return {
        "wrong secret": (Credentials("firstone", server.endpoint, ACCESS_KEY, "wrong-secret-abc"), "secret key"),
        "wrong key": (Credentials("firstone", server.endpoint, "NOBODY", "wrong-secret-abc"), "access key"),
        "no bucket": (Credentials("nosuchbucket", server.endpoint, ACCESS_KEY, SECRET), "no bucket"),
        "no permission": (Credentials("firstone", server.endpoint, READER_KEY, READER_SECRET), "no right"),
        "nobody there": (Credentials("firstone", "http://127.0.0.1:1", good.access_key, good.secret), "reached"),
        "no such host": (Credentials("firstone", "http://nohost.invalid", good.access_key, good.secret), "reached"),
    }


@pytest.mark.parametrize(
    "case", ["wrong secret", "wrong key", "no bucket", "no permission", "nobody there", "no such host"]
)
def test_a_connection_that_fails_says_why_and_tells_no_secret(
    server: Server, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmaudit.sources.s3.client.RETRIES", 1)
    credentials, words = refusals(server)[case]
    with pytest.raises((SourceUnreadableError, SourceNotFoundError), match=words) as caught:
        check_connection(credentials)
    assert credentials.secret not in f"{caught.value} {caught.value.__cause__} {caught.value!r}"
    CredentialBook().put(credentials)
    with pytest.raises(DcmauditError, match=words):
        ObjectReference(f"s3://{credentials.bucket}/x").open()


def test_a_reader_may_read_what_it_may_and_no_more(server: Server) -> None:
    bucket = server.new_bucket()
    server.fill(bucket, {"x": b"1"})
    assert "read" in check_connection(Credentials(bucket, server.endpoint, READER_KEY, READER_SECRET))


def test_a_wrong_endpoint_that_answers_is_told_apart(server: Server) -> None:
    # The filer of the same server: HTTP, but no S3.
    wrong = f"http://127.0.0.1:{server._ports[2]}"
    with pytest.raises(DcmauditError):
        check_connection(Credentials("firstone", wrong, ACCESS_KEY, SECRET))


def test_a_slow_server_can_be_tried(network: BadNetwork) -> None:
    network.delay = 0.2
    check_connection(Credentials("firstone", network.endpoint, ACCESS_KEY, SECRET))


def test_without_the_extra_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    CredentialBook().put(MINE)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(MissingExtraError, match=r"dcmaudit\[s3\]"):
        ObjectReference("s3://mybucket/x").open()


def test_the_file_says_which_version_it_is() -> None:
    CredentialBook().put(MINE)
    assert json.loads(book_path().read_text())["version"] == 1
