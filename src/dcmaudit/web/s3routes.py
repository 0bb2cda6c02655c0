"""The routes of the S3 dialogs: credentials, what is in a bucket, copies, and choosing what to open.

A secret comes in with the body of a request and never goes out again.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dcmaudit.errors import DcmauditError, ReviewError, SourceNotFoundError, UsageError
from dcmaudit.model.paths import home_path
from dcmaudit.review import ReviewApp
from dcmaudit.review.services.page_words import page_hint
from dcmaudit.sources import Passed, Problem, find
from dcmaudit.sources.s3.checking import check_connection
from dcmaudit.sources.s3.client import credentials_for, require_obstore
from dcmaudit.sources.s3.credentials import CredentialBook, Credentials
from dcmaudit.sources.s3.listing import Listing, list_folder, list_objects
from dcmaudit.sources.s3.names import ObjectName
from dcmaudit.sources.s3.profiles import from_profile
from dcmaudit.sources.s3.secretstore import has_keyring
from dcmaudit.sources.s3.selection import Selection, uids
from dcmaudit.sources.s3.transfer import fetch
from dcmaudit.web.replies import body_of, reply

Answer = TypeVar("Answer")

ENTRIES = 1000
_COPIES_KEPT = 50


@dataclass
class _Copy:
    """A copy that is being made, or was."""

    name: str
    done: int = 0
    total: int = 0
    path: str = ""
    checked: str = ""
    error: dict[str, object] | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name, "done": self.done, "total": self.total, "path": self.path, "checked": self.checked,
            "error": self.error,
        }  # fmt: skip


class S3Routes:
    """The routes below ``/api/s3``."""

    def __init__(self, app: ReviewApp) -> None:
        self._app = app
        self._copies: OrderedDict[int, _Copy] = OrderedDict()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def all(self) -> list[Route]:
        """Every route."""
        return [
            Route("/api/s3/buckets", self.buckets),
            Route("/api/s3/credentials", self.save, methods=["POST"]),
            Route("/api/s3/credentials/test", self.test, methods=["POST"]),
            Route("/api/s3/credentials/delete", self.delete, methods=["POST"]),
            Route("/api/s3/list", self.list, methods=["POST"]),
            Route("/api/s3/copies", self.copy, methods=["POST"]),
            Route("/api/s3/copies/{number:int}", self.copied),
            Route("/api/s3/selection", self.selection, methods=["POST"]),
        ]

    async def buckets(self, _request: Request) -> Response:
        """The buckets that credentials are saved for, without the secrets."""

        def work() -> dict[str, object]:
            book = CredentialBook()
            found = [book.get(bucket, with_secret=False) for bucket in book.buckets()]
            return {"buckets": [_shown(one) for one in found if one is not None], "keyring": has_keyring()}

        return reply(await self._run(work))

    async def save(self, request: Request) -> Response:
        """Save credentials; an empty secret keeps the saved one."""
        given = _credentials(await body_of(request))
        return reply({"where": await self._run(lambda: CredentialBook().put(given))})

    async def test(self, request: Request) -> Response:
        """Try credentials as they stand in the dialog, saved or not."""
        given = _credentials(await body_of(request))

        def work() -> str:
            book = CredentialBook()
            if given.profile:
                return check_connection(_of_profile(given))
            # The page never gets a saved secret: an empty field means that one.
            if not given.secret and not given.anonymous:
                saved = book.get(given.bucket)
                return check_connection(replace(given, secret=saved.secret if saved else "").checked())
            return check_connection(given.checked())

        return reply({"result": await self._run(work)})

    async def delete(self, request: Request) -> Response:
        """Forget credentials; the bucket stays as it is."""
        bucket = _text(await body_of(request), "bucket")
        return reply({"deleted": await self._run(lambda: CredentialBook().delete(bucket))})

    async def list(self, request: Request) -> Response:
        """A page of what is below a prefix; with ``text`` all objects however deep whose key has it."""
        body = await body_of(request)
        place = ObjectName(_text(body, "bucket"), _text(body, "prefix"))
        text, after = _text(body, "text").casefold(), _text(body, "after")

        def work() -> dict[str, object]:
            ObjectName.parse(str(place))
            credentials_for(place.bucket)
            folders: list[str] = []
            # A search goes through all keys below, for the server knows no search of its own.
            if text or after:
                found = (
                    one for one in list_objects(place.bucket, place.key, after=after) if text in one.key.casefold()
                )
                objects = list(itertools.islice(found, ENTRIES + 1))
            else:
                folders, objects = list_folder(place.bucket, place.key)
            shown = objects[:ENTRIES]
            more = shown[-1].key if text and len(objects) > ENTRIES else ""
            left_off = 0 if text else max(0, len(objects) - ENTRIES)
            entries = [_entry(one) for one in shown]
            return {"folders": folders[:ENTRIES], "objects": entries, "after": more, "left_off": left_off}

        return reply(await self._run(work))

    async def copy(self, request: Request) -> Response:
        """Begin to copy an object into a folder."""
        body = await body_of(request)
        name = ObjectName(_text(body, "bucket"), _text(body, "key"))
        folder = home_path(_text(body, "folder"))
        if not _text(body, "folder") or not folder.is_absolute():
            raise UsageError("a folder is needed", hint="its path from / on")
        overwrite = body.get("overwrite") is True
        await self._run(lambda: ObjectName.parse(str(name)))
        job = _Copy(str(name))
        with self._lock:
            number = next(self._numbers)
            self._copies[number] = job
            # Whoever asked for the fiftieth copy before has seen how it ended.
            while len(self._copies) > _COPIES_KEPT:
                self._copies.popitem(last=False)

        def progress(done: int, total: int) -> None:
            job.done, job.total = done, total
            if self._app.is_ending:
                raise ReviewError("the program ended")

        def work() -> None:
            try:
                done = fetch(name, folder / name.key.rsplit("/", 1)[-1], overwrite=overwrite, progress=progress)
            except DcmauditError as error:
                job.error = {"message": error.message, "hint": page_hint(error)}
            except Exception as error:  # a thread that ends must be seen as one
                job.error = {"message": f"the program made a mistake ({type(error).__name__})", "hint": None}
            else:
                job.done, job.total, job.checked, job.path = done.size, done.size, done.checked, str(done.path)

        threading.Thread(target=work, name="dcmaudit-copy", daemon=True).start()
        return reply({"number": number})

    async def copied(self, request: Request) -> Response:
        """How far a copy is."""
        with self._lock:
            job = self._copies.get(request.path_params["number"])
        if job is None:
            raise ReviewError("that copy is not known here", hint="begin it again")
        return reply(job.as_json())

    async def selection(self, request: Request) -> Response:
        """The name of a choice, with its seed, to be opened like a file."""
        body = await body_of(request)

        def number(name: str) -> int | None:
            value = body.get(name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
                raise UsageError(f"{name} must be a whole number")
            return value if isinstance(value, int) else None

        def work() -> dict[str, object]:
            chosen = Selection(
                _text(body, "bucket"), _text(body, "prefix"), uids(_text(body, "study")), uids(_text(body, "series")),
                _text(body, "csv"), number("random") or 0, body.get("overview") is True, number("seed"),
                _text(body, "output"),
            ).checked()  # fmt: skip
            credentials_for(chosen.bucket)
            if chosen.studies:
                _require_images(str(chosen))
            return {"name": str(chosen), "seed": chosen.seed}

        return reply(await self._run(work))

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        if self._app.services.settings.browse_roots:
            # Several people may share such a server; the credentials are those of the one who started it.
            raise UsageError("S3 is not offered where the folders that may be opened are limited")
        require_obstore()
        return await run_in_threadpool(work)


def _require_images(name: str) -> None:
    """SourceNotFoundError where a choice by its study leads to no image, as a mistyped UID does: the list that is open
    must not be left for an empty one.
    """
    for found in find([name], recursive=False):
        if isinstance(found, Problem):
            raise found.error
        if not isinstance(found, Passed):
            return
    raise SourceNotFoundError("no image was found for this study", hint="check the UIDs; the open list stays")


def _of_profile(given: Credentials) -> Credentials:
    found = from_profile(given.bucket, given.profile)
    if found is None:
        raise UsageError("there is no such AWS profile")
    return replace(found, endpoint=given.endpoint or found.endpoint, region=given.region or found.region)


def _credentials(body: Mapping[str, object]) -> Credentials:
    anonymous = body.get("anonymous") is True
    profile = _text(body, "profile")
    keys = not anonymous and not profile
    return Credentials(
        _text(body, "bucket"),
        _text(body, "endpoint"),
        _text(body, "access_key") if keys else "",
        _text(body, "secret") if keys else "",
        _text(body, "region"),
        "" if anonymous else profile,
        anonymous=anonymous,
    )


def _shown(credentials: Credentials) -> dict[str, object]:
    return {
        "bucket": credentials.bucket, "endpoint": credentials.endpoint, "access_key": credentials.access_key,
        "region": credentials.region, "profile": credentials.profile, "anonymous": credentials.anonymous,
    }  # fmt: skip


def _entry(listing: Listing) -> dict[str, object]:
    return {"key": listing.key, "size": listing.size, "modified": listing.modified.isoformat()}


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > 4096:
        raise UsageError(f"{name} must be a text")
    return value.strip()
