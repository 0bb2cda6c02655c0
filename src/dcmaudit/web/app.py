"""The web application: the page, its files, the routes, and the guard around all of them."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dcmaudit import __version__
from dcmaudit.errors import DcmauditError
from dcmaudit.review import ReviewApp
from dcmaudit.web.replies import on_error, reply
from dcmaudit.web.routes import Routes
from dcmaudit.web.s3routes import S3Routes
from dcmaudit.web.security import Access, Guard, Refused

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
TEMPLATES = _HERE / "templates"


def make_app(review: ReviewApp, access: Access) -> Guard:
    """The application for one reviewer, behind its guard."""
    templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(default=True))
    content = templates.get_template("index.html").render(version=__version__, modules=_modules())

    async def page(_request: Request) -> Response:
        return HTMLResponse(content)

    app = Starlette(
        routes=[
            Route("/", page),
            *Routes(review).all(),
            *S3Routes(review).all(),
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        exception_handlers={
            Refused: _on_refused,
            DcmauditError: on_error,
            HTTPException: _on_http_error,
            Exception: _on_mistake,
        },
    )
    # Outermost: nothing is read or answered before it has let a request through.
    return Guard(app, access)


def _modules() -> list[str]:
    """The page's modules, so that it names them all at once and the browser need not find one through another."""
    # The worker is a program of its own, which the browser starts when the page asks for it.
    return sorted(path.name for path in (STATIC / "js").glob("*.js") if path.name != "worker.js")


async def _on_http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "there is nothing at this address", 405: "this way of asking is not known here"}
    return reply({"error": {"message": words.get(status, "the request cannot be answered"), "hint": None}}, status)


async def _on_refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101  # it is registered for these alone
    return reply({"error": {"message": error.message, "hint": error.hint}}, error.status)


async def _on_mistake(_request: Request, _error: Exception) -> Response:
    # The guard notes where it was; what it says may hold a value of the file and goes nowhere.
    return reply({"error": {"message": "the program made a mistake", "hint": "reload the page"}}, 500)
