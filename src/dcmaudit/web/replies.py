"""Answers in JSON, and what an error of ours becomes in HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from dcmaudit.errors import (
    DcmauditError,
    DicomError,
    MissingExtraError,
    ReviewError,
    SourceError,
    SourceNotFoundError,
    SourceUnreadableError,
    StoreError,
    StoreLockedError,
    StoreReadOnlyError,
    UsageError,
)
from dcmaudit.review import error_json

_STATUS: tuple[tuple[type[DcmauditError], int], ...] = (
    (UsageError, 400),
    (ReviewError, 409),
    (StoreReadOnlyError, 403),
    (StoreLockedError, 503),
    (SourceNotFoundError, 404),
    (SourceUnreadableError, 403),
    (SourceError, 422),
    (DicomError, 422),
    (StoreError, 503),
    (MissingExtraError, 501),
)


def reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """``content`` as JSON."""
    # A name may hold halves of pairs, which no UTF-8 has: shown as escapes instead of ending the answer.
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(body, status, headers=dict(headers or {}), media_type="application/json")


def status_of(error: DcmauditError) -> int:
    """The HTTP status for an error of ours."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def error_reply(error: DcmauditError, extra: Mapping[str, object] | None = None) -> Response:
    """``{"error": {"message", "hint"}}`` with the status that fits."""
    return reply({"error": error_json(error), **(extra or {})}, status_of(error))


async def on_error(_request: Request, error: Exception) -> Response:
    """The handler for errors of ours that a route lets out."""
    assert isinstance(error, DcmauditError)  # noqa: S101  # it is registered for these alone
    return error_reply(error)


async def body_of(request: Request) -> dict[str, object]:
    """The request's JSON object; UsageError where it is none."""
    raw = await request.body()
    try:
        content = json.loads(raw or b"{}")
    # Brackets nested ten thousand deep end Python's reader by RecursionError.
    except (ValueError, RecursionError) as error:
        raise UsageError("the request is not JSON") from error
    if not isinstance(content, dict):
        raise UsageError("the request must be one JSON object")
    return content


def query_number(request: Request, name: str, default: int, *, most: int) -> int:
    """A whole number of the query from 0 to ``most`` (larger ones are cut); UsageError for anything else."""
    text = request.query_params.get(name)
    if text is None:
        return default
    # isdigit alone takes digits of every script, and int a number of any length takes its time.
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise UsageError(f"{name} must be a whole number")
    return min(int(text), most)
