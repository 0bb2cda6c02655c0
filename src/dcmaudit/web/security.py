"""The guard in front of every route: who may ask, from where, and what every answer says about itself.

The server runs as one user and can read what that user can read. Other people on the same machine, and pages of
other sites in the user's own browser, can reach its port; neither may get anything.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from asyncio import CancelledError
from collections.abc import Sequence
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
WRITE_HEADER = "x-dcmaudit"
BODY_LIMIT = 1024 * 1024
_ADDRESS_LIMIT = 8192
_READING = {"GET", "HEAD"}

_NO_COOKIE_PAGE = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>dcmaudit</title></head>
<body><h1>dcmaudit</h1>
<p>This page belongs to the person who started the program.</p>
<p>If that is you: <a href="/">open the reviewer</a>. If this page comes again, the start address was used already;
start the program again for a new one.</p></body></html>
"""

_ONWARD_PAGE = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=/"><title>dcmaudit</title></head>
<body><a href="/">Open the reviewer</a></body></html>
"""


class Access:
    """The one-time token of the start address, and the cookie that it is exchanged for."""

    def __init__(self, port: int, names: Sequence[str] = ("127.0.0.1", "localhost", "[::1]")) -> None:
        self.port = port
        self._names = names
        self.cookie_name = f"dcmaudit_{port}"
        self._token: str | None = secrets.token_urlsafe(32)
        self._cookie = secrets.token_urlsafe(32)

    @property
    def token(self) -> str | None:
        """The token that is still to be used, None after it was."""
        return self._token

    def start_address(self) -> str:
        """The address that opens the reviewer, once."""
        return f"http://{self._names[0]}:{self.port}/?token={self._token}"

    def hosts(self) -> set[str]:
        """The values of Host that are this server: its names with its own port."""
        return {f"{name}:{self.port}" for name in self._names}

    def exchange(self, token: str) -> str | None:
        """The cookie's value for the right token, once; None for any other, and ever after."""
        if self._token is None or not hmac.compare_digest(token.encode(), self._token.encode()):
            return None
        self._token = None
        return self._cookie

    def knows(self, headers: Headers) -> bool:
        """Whether the request carries the cookie."""
        # By hand: http.cookies gives up at the first cookie that it dislikes, and other programs on this machine
        # may have set such ones, for cookies do not tell ports apart.
        for header in headers.getlist("cookie"):
            for part in header.split(";"):
                name, _, value = part.strip().partition("=")
                if name == self.cookie_name and hmac.compare_digest(value.encode(), self._cookie.encode()):
                    return True
        return False


class Refused(Exception):  # noqa: N818  # an answer, not an error of the program
    """A request that is answered by the guard itself."""

    def __init__(self, status: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint


class Guard:
    """An ASGI application around another one that lets only the right requests through.

    Every answer, whoever makes it, carries the security headers. Whatever goes wrong inside becomes an answer
    without a traceback, and a log line with the kind of the error alone.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        # There are no websockets here: 1008 says that the other side broke a rule.
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = _Answer(send)
        try:
            if await self._exchange(scope, answer):
                return
            self._check(scope)
            await self._app(scope, _limited(receive), answer)
        except Refused as refused:
            await self._refuse(scope, answer, refused)
        except ClientDisconnect:
            _LOG.debug("whoever asked went away")
        except CancelledError:
            # The server ends and waits no longer; without an answer of ours it would give one that blames itself.
            if not answer.started:
                await answer.json(503, "the program is ending", "start it again; what was asked last may be done")
        except Exception as error:  # the last fence: its message may hold what no log may hold
            _LOG.error("a request failed: %s", _where(error))  # a traceback would hold the message
            if not answer.started:
                await answer.json(500, "the program made a mistake", "reload the page; report it if it comes again")

    async def _exchange(self, scope: Scope, answer: _Answer) -> bool:
        """Answer the start address; whether it was that."""
        query = scope.get("query_string", b"")
        if scope["path"] != "/" or b"token=" not in query:
            return False
        headers = Headers(scope=scope)
        self._check_host(headers)
        token = parse_qs(query.decode("latin-1")).get("token", [""])[0]
        cookie = self._access.exchange(token)
        if cookie is None and not self._access.knows(headers):
            raise Refused(403, "this start address is wrong or was used already", "start the program again")
        extra = []
        if cookie is not None:
            value = f"{self._access.cookie_name}={cookie}; HttpOnly; SameSite=Strict; Path=/"
            extra.append((b"set-cookie", value.encode("ascii")))
        if headers.get("sec-fetch-site", "none") in {"none", "same-origin"}:
            await answer.plain(303, b"", [*extra, (b"location", b"/")])
        else:
            # From a link on another page, or a local file, a redirection would still count as that page's request
            # and go without the strict cookie; a page of ours that leads on does not.
            await answer.plain(200, _ONWARD_PAGE, [*extra, (b"content-type", b"text/html; charset=utf-8")])
        return True

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        self._check_host(headers)
        # Before anything is taken apart: work on a long address is work for whoever sent it.
        if len(scope.get("raw_path") or b"") + len(scope.get("query_string", b"")) > _ADDRESS_LIMIT:
            raise Refused(414, "the address is too long")
        method = scope["method"]
        if method not in _READING | {"POST"}:
            raise Refused(405, "this way of asking is not known here")
        self._check_origin(headers, method)
        if not self._access.knows(headers):
            raise Refused(403, "this page belongs to the person who started the program", "use the start address")
        # A form of another site can send a cookie, but no header of its own without being asked for leave first.
        if method == "POST" and headers.get(WRITE_HEADER) != "1":
            raise Refused(403, "the request does not come from the reviewer's own page")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_LIMIT:
            raise Refused(413, f"the request is larger than {BODY_LIMIT} bytes")

    def _check_host(self, headers: Headers) -> None:
        # A foreign name that was made to point at this machine (DNS rebinding) arrives with its own Host.
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._access.hosts():
            hint = f"its port is {self._access.port}; a tunnel must use the same number at both ends"
            raise Refused(403, "this server answers only under its own name and port", hint)

    def _check_origin(self, headers: Headers, method: str) -> None:
        site = headers.get("sec-fetch-site")
        navigates = headers.get("sec-fetch-mode") == "navigate" and method in _READING
        if site is not None and site not in {"same-origin", "none"} and not navigates:
            raise Refused(403, "the request comes from another site")
        # Old browsers know no Sec-Fetch headers, but name the origin of what they send.
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in {f"http://{host}" for host in self._access.hosts()}:
            raise Refused(403, "the request comes from another site")

    async def _refuse(self, scope: Scope, answer: _Answer, refused: Refused) -> None:
        if answer.started:
            return
        if scope["path"] == "/" and scope["method"] in _READING and refused.status == 403:
            await answer.plain(403, _NO_COOKIE_PAGE, [(b"content-type", b"text/html; charset=utf-8")])
        else:
            await answer.json(refused.status, refused.message, refused.hint)


class _Answer:
    """The way out: adds the security headers to whatever answer is sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
        await self._send(message)

    async def plain(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Send a whole answer."""
        size = (b"content-length", str(len(body)).encode("ascii"))
        await self({"type": "http.response.start", "status": status, "headers": [*headers, size]})
        await self({"type": "http.response.body", "body": body})

    async def json(self, status: int, message: str, hint: str | None = None) -> None:
        """Send an error."""
        body = json.dumps({"error": {"message": message, "hint": hint}}).encode()
        await self.plain(status, body, [(b"content-type", b"application/json")])


def _limited(receive: Receive) -> Receive:
    """``receive`` that refuses a body longer than the limit, also one that does not say its length."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > BODY_LIMIT:
                raise Refused(413, f"the request is larger than {BODY_LIMIT} bytes")
        return message

    return limited


def _where(error: BaseException) -> str:
    """The kind of an error and the place in the code where it arose, without its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} in {trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}"
