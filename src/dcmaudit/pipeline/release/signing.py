"""The signature under a release: Ed25519 (RFC 8032) over the chain's root and the files of the report."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dcmaudit.errors import ListError, MissingExtraError, SourceNotFoundError, UsageError
from dcmaudit.pipeline.release import agent
from dcmaudit.pipeline.release.buckets import brought, differences
from dcmaudit.pipeline.release.folder import MARK, RECORDS, REPORT, SIGNATURE, WRITTEN
from dcmaudit.pipeline.release.house import write_whole
from dcmaudit.pipeline.remote import Remote, Target
from dcmaudit.plainfile import read_regular
from dcmaudit.report.chain import START, canonical, read_chain
from dcmaudit.report.check_release import fingerprints, is_signed, problems
from dcmaudit.settings.privatefile import make_private, read_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = "dcmaudit release 1"


class Signer:
    """Somebody who signs: ``public`` is the key of 32 bytes, ``sign`` makes 64 bytes of a message."""

    def __init__(self, public: bytes, sign: Callable[[bytes], bytes]) -> None:
        self.public, self._sign = public, sign

    def sign(self, message: bytes) -> bytes:
        """The signature; UsageError where whoever holds the key gave one that is wrong."""
        signature = self._sign(message)
        if not is_signed(self.public, message, signature):
            raise UsageError("the signature that was made is wrong")
        return signature


def make_key(path: Path) -> str:
    """A new private key in ``path`` (PEM, PKCS 8, mode 0600); its fingerprint. UsageError where a file is there."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = _ed25519().Ed25519PrivateKey.generate()
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        make_private(path, data)
    except FileExistsError as error:
        raise UsageError("a file of that name is there", file=str(path), hint="leave --make-key out") from error
    return fingerprints(_public(key))[0]


def signer_of_file(path: Path) -> Signer:
    """Who signs with a key file: PEM or OpenSSH (mode 0600), or a public OpenSSH key (``.pub``) whose private half an
    SSH agent holds. UsageError for anything else."""
    try:
        line = read_regular(path)
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}", file=str(path)) from error
    words = line.split(None, 2)
    if words and words[0] == b"ssh-ed25519":
        try:
            public = agent.key_of(base64.b64decode(words[1], validate=True))
        except (IndexError, binascii.Error) as error:
            raise UsageError("it is no public key", file=str(path)) from error
        return _signer_of_agent(public)
    key = _private(path)
    return Signer(_public(key), key.sign)


def signer_of_agent(fingerprint: str) -> Signer:
    """Who signs with the key of the SSH agent that has this fingerprint; "" means the only Ed25519 key that it holds.

    UsageError where there is none, or several of them.
    """
    keys = agent.agent_keys()
    if fingerprint:
        keys = [key for key in keys if is_fingerprint_of(fingerprint, key)]
    if len(keys) > 1:
        hint = "name one: " + ", ".join(fingerprints(key)[1] for key in keys)
        raise UsageError(f"the SSH agent holds {len(keys)} Ed25519 keys", hint=hint)
    return _signer_of_agent(keys[0] if keys else None)


def _signer_of_agent(public: bytes | None) -> Signer:
    if public is None or public not in agent.agent_keys():
        raise UsageError("the SSH agent holds no such Ed25519 key", hint="ssh-add adds one; ssh-add -l lists them")
    return Signer(public, lambda message: agent.agent_signature(public, message))


def is_fingerprint_of(text: str, public: bytes) -> bool:
    """Whether it is the fingerprint of this key, in our writing or in that of OpenSSH."""
    plain, ssh = fingerprints(public)
    return text.rstrip("=") == ssh or text.lower().replace("sha256:", "", 1).replace(":", "") == plain


def sign(place: Target, signer: Signer) -> tuple[str, str]:
    """Sign the release in a folder or a part of a bucket; the fingerprint of who signed, in our writing and in that of
    OpenSSH.

    ListError where the release is not whole: every output is read. An older signature is replaced, and stays where the
    new one could not be made.
    """
    if isinstance(place, Remote):
        _sign_at(place, signer)
    else:
        _sign_in(place, signer)
    return fingerprints(signer.public)


def _sign_in(folder: Path, signer: Signer) -> None:
    text = _signature(_statement(folder, str(folder)), signer)
    if (folder / MARK).exists():
        raise ListError("a run is writing into it, or was killed", file=str(folder), hint="finish it with --resume")
    before = (folder / SIGNATURE).read_text() if (folder / SIGNATURE).exists() else None
    write_whole(folder / SIGNATURE, text)
    if wrong := problems(str(folder), fingerprints(signer.public)[0]):
        (folder / SIGNATURE).unlink()
        if before is not None:
            write_whole(folder / SIGNATURE, before)
        raise _not_whole(str(folder), wrong)


def _sign_at(place: Remote, signer: Signer) -> None:
    try:
        with brought(place, WRITTEN) as folder:
            signed = _statement(folder, str(place))
            if wrong := differences(place, folder, signed):
                raise _not_whole(str(place), wrong)
            write_whole(folder / SIGNATURE, _signature(signed, signer))
            (place / SIGNATURE).receive(folder / SIGNATURE, overwrite=True)
    except SourceNotFoundError as error:
        hint = "dcmaudit release makes one, and sends its records and report at the end"
        raise ListError(f"it holds no finished release: {error.message}", file=str(place), hint=hint) from error


def _statement(folder: Path, name: str) -> dict[str, Any]:
    """What is signed: root, number of records, and the files of the report in ``folder``; ListError where they are not
    those of one finished release."""
    link, count = START, 0
    try:
        for chained in read_chain(folder / RECORDS):
            link, count = chained.link, count + 1
        report = json.loads((folder / REPORT).read_bytes())
        files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(WRITTEN)}
    except (OSError, ValueError) as error:
        raise ListError("it holds no finished release", file=name, hint="dcmaudit release makes one") from error
    if report.get("records", {}).get("root") != link:
        raise ListError("its report is not that of its records", file=name, hint="finish it with --resume")
    return {"format": FORMAT, "root": link, "records": count, "files": files}


def _signature(signed: dict[str, Any], signer: Signer) -> str:
    plain, ssh = fingerprints(signer.public)
    data = {
        "algorithm": "Ed25519", "public_key": signer.public.hex(), "fingerprint": plain, "ssh_fingerprint": ssh,
        "signed": signed, "signature": signer.sign(canonical(signed)).hex(),
    }  # fmt: skip
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def _not_whole(name: str, wrong: list[str]) -> ListError:
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return ListError(f"it is not whole: {wrong[0]}{more}", file=name, hint="nothing was signed")


def _private(path: Path) -> Ed25519PrivateKey:
    kind = _ed25519().Ed25519PrivateKey
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    data = read_private(path)
    load = serialization.load_ssh_private_key if b"OPENSSH PRIVATE KEY" in data else serialization.load_pem_private_key
    try:
        key = load(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        hint = "needed is an Ed25519 key without a passphrase; one that has one goes through ssh-add and --ssh-agent"
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
        hint = 'pip install "dcmaudit[sign]", or sign with a key of an SSH agent: --ssh-agent'
        raise MissingExtraError("signing with a key file needs the package cryptography", hint=hint) from error
    return ed25519
