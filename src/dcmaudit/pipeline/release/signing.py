"""The signature under a release: Ed25519 (RFC 8032) over the chain's root and the report."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dcmaudit.errors import ListError, MissingExtraError, UsageError
from dcmaudit.pipeline.release.folder import CHECKER, PAGE, RECORDS, REPORT, SIGNATURE, write_whole
from dcmaudit.report.chain import START, canonical, read_chain
from dcmaudit.settings.privatefile import make_private, read_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNED = (REPORT, PAGE, CHECKER)


def make_key(path: Path) -> str:
    """A new private key in ``path`` (PEM, PKCS 8, mode 0600); its fingerprint. UsageError where a file is there."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = _ed25519().Ed25519PrivateKey.generate()
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        make_private(path, data)
    except FileExistsError as error:
        raise UsageError("a file of that name is there", file=str(path), hint="leave --make-key out") from error
    return fingerprint_of(_public(key))


def fingerprint_of(public: bytes) -> str:
    """The SHA-256 of a public key of 32 bytes, in hexadecimal."""
    return hashlib.sha256(public).hexdigest()


def sign(folder: Path, key_file: Path) -> str:
    """Sign the release in ``folder``; the fingerprint of who signed. ListError where it is not whole."""
    key = _private(key_file)
    link, count = START, 0
    try:
        for chained in read_chain(folder / RECORDS):
            link, count = chained.link, count + 1
        report = json.loads((folder / REPORT).read_bytes())
        files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in SIGNED}
    except (OSError, ValueError) as error:
        raise ListError("it holds no finished release", file=str(folder), hint="dcmaudit release makes one") from error
    if report.get("records", {}).get("root") != link:
        raise ListError("its report is not that of its records", file=str(folder), hint="finish it with --resume")
    signed: dict[str, Any] = {"format": "dcmaudit release 1", "root": link, "records": count, "files": files}
    public = _public(key)
    data = {
        "algorithm": "Ed25519", "public_key": public.hex(), "fingerprint": fingerprint_of(public),
        "signed": signed, "signature": key.sign(canonical(signed)).hex(),
    }  # fmt: skip
    write_whole(folder / SIGNATURE, json.dumps(data, indent=1, sort_keys=True) + "\n")
    return fingerprint_of(public)


def _private(path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    kind = _ed25519().Ed25519PrivateKey
    data = read_private(path)
    load = serialization.load_ssh_private_key if b"OPENSSH PRIVATE KEY" in data else serialization.load_pem_private_key
    try:
        key = load(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        hint = "needed is an Ed25519 key without a passphrase; --make-key makes one"
        raise UsageError("it is no private key that can be used", file=str(path), hint=hint) from error
    if not isinstance(key, kind):
        raise UsageError("it is a key of another kind", file=str(path), hint="needed is an Ed25519 key")
    return cast("Ed25519PrivateKey", key)


def _public(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise MissingExtraError(
            "signing needs the package cryptography", hint='pip install "dcmaudit[sign]"'
        ) from error
    return ed25519
