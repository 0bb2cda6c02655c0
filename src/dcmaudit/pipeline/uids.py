"""New UIDs for old ones (PS3.5 B.2)."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Callable


def uid_maker(key: bytes) -> Callable[[str], str]:
    """New UIDs for old ones: the same for the same key, and not to be led back without it (PS3.5 B.2)."""

    def new_uid(old: str) -> str:
        digest = hmac.digest(key, old.encode(), hashlib.sha256)[:16]
        return f"2.25.{uuid.UUID(bytes=digest, version=5).int}"

    return new_uid
