"""Ed25519 keys that an SSH agent holds (draft-miller-ssh-agent): they are listed, and sign. No key leaves it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from dcmaudit.errors import UsageError

_LIST, _LISTED, _SIGN, _SIGNED = 11, 12, 13, 14
_KIND = b"ssh-ed25519"
_SECONDS = 60
"""So long an agent may ask its user."""
_MOST = 1 << 18


def agent_keys() -> list[bytes]:
    """The public keys of 32 bytes that the agent holds, of this kind alone; UsageError where there is no agent."""
    with _agent() as agent:
        answer = _asked(agent, bytes([_LIST]), _LISTED)
    count, rest = int.from_bytes(answer[:4], "big"), answer[4:]
    found = []
    for _ in range(count):
        blob, rest = _text(rest)
        _, rest = _text(rest)  # a comment, often somebody's address
        if (key := key_of(blob)) is not None:
            found.append(key)
    return found


def agent_signature(key: bytes, message: bytes) -> bytes:
    """The signature (64 bytes) of a message by one of the agent's keys; UsageError where it does not give one."""
    with _agent() as agent:
        # Four bytes of flags, which are for RSA keys only.
        asked = bytes([_SIGN]) + _framed(blob_of(key)) + _framed(message) + bytes(4)
        blob, _ = _text(_asked(agent, asked, _SIGNED))
    kind, rest = _text(blob)
    signature, _ = _text(rest)
    if kind != _KIND or len(signature) != 64:
        raise _broken()
    return signature


def blob_of(key: bytes) -> bytes:
    """A public key as SSH writes it (RFC 8709)."""
    return _framed(_KIND) + _framed(key)


def key_of(blob: bytes) -> bytes | None:
    """The 32 bytes of a public key that SSH wrote; None where it is of another kind."""
    kind, rest = _text(blob)
    if kind != _KIND:
        return None
    key, rest = _text(rest)
    if len(key) != 32 or rest:
        raise _broken()
    return key


@contextmanager
def _agent() -> Iterator[socket.socket]:
    place = os.environ.get("SSH_AUTH_SOCK")
    if not place:
        raise UsageError("there is no SSH agent", hint="SSH_AUTH_SOCK names none; start one with: eval $(ssh-agent)")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
        agent.settimeout(_SECONDS)
        try:
            agent.connect(place)
            yield agent
        except OSError as error:
            reason = error.strerror or f"no answer for {_SECONDS} seconds"
            raise UsageError(f"the SSH agent cannot be asked: {reason}", hint="ssh-add -l asks it, too") from error


def _asked(agent: socket.socket, message: bytes, wanted: int) -> bytes:
    agent.sendall(_framed(message))
    size = int.from_bytes(_received(agent, 4), "big")
    # A length that cannot be must not make us wait for, or hold, so many bytes.
    if not 1 <= size <= _MOST:
        raise _broken()
    answer = _received(agent, size)
    # Whatever else it says: an agent that is locked answers with "failure".
    if answer[0] != wanted:
        raise UsageError("the SSH agent refused", hint="it may be locked, or its user said no")
    return answer[1:]


def _received(agent: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = agent.recv(size - len(data))
        if not piece:
            raise _broken()
        data += piece
    return data


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _text(data: bytes) -> tuple[bytes, bytes]:
    """The first string of SSH's encoding, and what follows it."""
    end = 4 + int.from_bytes(data[:4], "big")
    if len(data) < 4 or len(data) < end:
        raise _broken()
    return data[4:end], data[end:]


def _broken() -> UsageError:
    return UsageError("the SSH agent, or a key, does not say what SSH's protocol allows")
