from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dcmaudit.errors import SourceUnreadableError, UsageError
from dcmaudit.sources import ObjectReference
from support.certificates import TlsFront, make_certificates
from support.s3server import Server


@pytest.fixture
def bundle(entered: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a private CA whose certificate the server has."""
    bundle, certificate = make_certificates(tmp_path)
    front = TlsFront(entered.port, certificate)
    monkeypatch.setenv("AWS_ENDPOINT_URL", front.endpoint)
    monkeypatch.setattr("dcmaudit.sources.s3.client.RETRIES", 0)
    yield bundle
    front.close()


def read(server: Server) -> bytes:
    server.fill("firstone", {"tls": b"over TLS"})
    with ObjectReference("s3://firstone/tls").open() as stream:
        return stream.read()


def test_a_private_ca_is_trusted_only_where_it_is_named(
    entered: Server, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceUnreadableError, match="not trusted") as caught:
        read(entered)
    assert "--ca-bundle" in str(caught.value)
    monkeypatch.setenv("DCMAUDIT_CA_BUNDLE", str(bundle))
    assert read(entered) == b"over TLS"


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_bundle_that_is_none_is_refused(
    entered: Server, bundle: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    broken = bundle.with_name("broken.pem")
    if content is not None:
        broken.write_bytes(content)
    monkeypatch.setenv("DCMAUDIT_CA_BUNDLE", str(broken))
    with pytest.raises((UsageError, SourceUnreadableError)):
        read(entered)
