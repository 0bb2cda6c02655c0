"""Signed notes that go out with pictures: what a page says it showed must be a picture that it was given."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from dcmaudit.review.state.sight import Fidelity, Issued


class Tickets:
    """Signed notes that go out with pictures and come back when they were on a stage.

    A page cannot say of a picture that it never got that it was shown, nor call one view another: what the picture
    is stands in the ticket. The file's id is signed along, and a file that is read again has another one.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def issue(self, session: str, file_id: int, label: str, shown: str, fidelity: Fidelity = Fidelity.LOSSLESS) -> str:
        """The ticket of a picture; ``label`` is the key of its plane, or ``g`` and the number of a projected group."""
        return f"{shown}.{fidelity.value}.{self._sign(session, file_id, label, shown, fidelity.value)}"

    def read(self, ticket: str, session: str, file_id: int, label: str) -> Issued | None:
        """What the ticket says; None where it is not one of ours for this session, file and plane."""
        shown, fidelity, signature = [*ticket.split("."), "", "", ""][:3]
        wanted = self._sign(session, file_id, label, shown, fidelity)
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), wanted.encode("ascii")):
            return None
        return Issued(shown, Fidelity(fidelity))

    def _sign(self, session: str, file_id: int, label: str, shown: str, fidelity: str) -> str:
        text = "\0".join([session, str(file_id), label, shown, fidelity])
        return hmac.new(self._secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]
