"""Talking to an object store: one client a bucket, its limits of time, and its errors in our words."""

from __future__ import annotations

import importlib
import os
import re
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmaudit.errors import (
    DcmauditError,
    MissingExtraError,
    SourceNotFoundError,
    SourceUnreadableError,
    UsageError,
)
from dcmaudit.plainfile import read_regular
from dcmaudit.sources.s3 import clouds, profiles
from dcmaudit.sources.s3.credentials import DEFAULT_REGION, CredentialBook, Credentials
from dcmaudit.sources.s3.names import Provider

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

    Client = S3Store | AzureStore | GCSStore

CONNECT_SECONDS = 5
"""A server on the network answers in milliseconds; whoever mistyped an address should not wait for minutes."""
STALL_SECONDS = 30
"""How long a server may say nothing before the request is given up and asked again."""
REQUEST_SECONDS = 300
RETRIES = 4
RETRY_SECONDS = 60

CA_VARIABLES = ("DCMAUDIT_CA_BUNDLE", "AWS_CA_BUNDLE")

_CODE = re.compile(r"<Code>(\w{1,60})</Code>|\(code: (\w{1,60})\)")
_STATUS = re.compile(r"status code: (\d{3})")
_CERTIFICATE = re.compile(r"certificate|UnknownIssuer|CaUsedAsEndEntity|NotValidForName", re.IGNORECASE)

_KEY = re.compile(r"(?:parse|parsing) [Pp]ath|path segment|character sequence")

_lock = threading.Lock()
_clients: dict[tuple[Provider, str], tuple[object, str, Client]] = {}


def ca_bundle() -> Path | None:
    """The file with the certificates of a private CA, which is trusted besides the public ones; None for no such file.

    In the environment, because worker processes inherit that; the command line puts the setting there.
    """
    named = next(filter(None, map(os.environ.get, CA_VARIABLES)), None)
    return Path(named) if named else None


def require_obstore() -> Any:
    """The module obstore; MissingExtraError where it is not installed."""
    try:
        return importlib.import_module("obstore")
    except ImportError:
        raise MissingExtraError(
            "reading from S3 needs the library obstore", hint="pip install 'dcmaudit[s3]'"
        ) from None


def credentials_for(bucket: str) -> Credentials:
    """The credentials that count for ``bucket``: saved ones, else AWS variables, an AWS profile, a role.

    SourceUnreadableError where there are none at all.
    """
    saved = CredentialBook().get(bucket)
    if saved is not None and saved.profile:
        found = profiles.from_profile(bucket, saved.profile)
        assert found is not None  # noqa: S101 a profile that is named and not there raises
        # What was saved beside the profile's name counts before what the profile says.
        return replace(found, endpoint=saved.endpoint or found.endpoint, region=saved.region or found.region)
    if saved is not None:
        return saved
    given = profiles.from_environment(bucket) or profiles.from_profile(bucket)
    if given is not None:
        return given
    if profiles.has_role():
        return profiles.role_credentials(bucket)
    raise SourceUnreadableError(
        "there are no credentials for this bucket",
        file=f"s3://{bucket}",
        hint=f"save them: dcmaudit s3 credentials set {bucket}; AWS profiles and variables are used as well",
    )


def client_for(bucket: str, provider: Provider = Provider.S3) -> Client:
    """The client for ``bucket`` with the credentials that count now; the same one while they stay the same."""
    rights: object = credentials_for(bucket) if provider is Provider.S3 else clouds.rights(provider, bucket)
    bundle = str(ca_bundle() or "")
    with _lock:
        known = _clients.get((provider, bucket))
        # Credentials that were changed by another process count from the next request on.
        if known is not None and known[:2] == (rights, bundle):
            return known[2]
        client = make_client(rights) if isinstance(rights, Credentials) else _cloud_client(provider, bucket)
        _clients[provider, bucket] = (rights, bundle, client)
        return client


def _cloud_client(provider: Provider, bucket: str) -> Client:
    require_obstore()
    try:
        return clouds.make(provider, bucket, _client_options(allow_http=clouds.is_plain(provider)), _retries())
    except Exception as error:
        raise _unusable(error, f"{provider}://{bucket}") from None


def make_client(credentials: Credentials) -> S3Store:
    """A client with exactly these credentials: nothing of the environment is mixed in."""
    require_obstore()
    from obstore.store import S3Store

    endpoint, region = credentials.endpoint, credentials.region or DEFAULT_REGION
    options = _client_options(allow_http=endpoint.startswith("http://"))
    rights: dict[str, Any] = {}
    if credentials.anonymous:
        # A public bucket refuses a signature by a key that it does not know.
        rights["skip_signature"] = True
    elif credentials.access_key:
        # By a provider and not as options: beside options the library takes a session token of the environment.
        answer = {
            "access_key_id": credentials.access_key,
            "secret_access_key": credentials.secret,
            "token": credentials.token or None,
            "expires_at": None,
        }
        rights["credential_provider"] = lambda: answer
    try:
        return S3Store(
            credentials.bucket,
            endpoint=endpoint or f"https://s3.{region}.amazonaws.com",
            region=region,
            # Servers in a house seldom have a name for each bucket; AWS still takes paths.
            virtual_hosted_style_request=False,
            copy_if_not_exists="multipart",  # ended with If-None-Match, as AWS and others have it
            client_options=options,
            retry_config=_retries(),
            **rights,
        )
    except Exception as error:
        raise _unusable(error, f"s3://{credentials.bucket}") from None


def _client_options(*, allow_http: bool) -> Any:
    options: dict[str, object] = {
        "allow_http": allow_http,
        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
        "read_timeout": timedelta(seconds=STALL_SECONDS),
        "timeout": timedelta(seconds=REQUEST_SECONDS),
        "user_agent": "dcmaudit",
    }
    bundle = ca_bundle()
    if bundle is not None:
        options["root_certificate"] = _certificates(bundle)
    return options


def _retries() -> Any:
    return {
        "max_retries": RETRIES,
        "retry_timeout": timedelta(seconds=RETRY_SECONDS),
        "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=5), "base": 2},
    }


def _unusable(error: Exception, name: str) -> DcmauditError:
    """Why no client could be made; not in the library's words, which may repeat what it was given."""
    if isinstance(error, DcmauditError):
        return error
    bundle = ca_bundle()
    if bundle is not None and _CERTIFICATE.search(str(error)):
        return UsageError("holds no certificate that can be used", file=str(bundle), hint="PEM is expected")
    return SourceUnreadableError("no connection can be made with these credentials", file=name)


def _certificates(bundle: Path) -> str:
    try:
        return read_regular(bundle).decode("ascii", errors="replace")
    except OSError as error:
        raise UsageError(f"the CA bundle cannot be read: {error.strerror}", file=str(bundle)) from error


def is_missing(error: BaseException) -> bool:
    """Whether the server said that there is no such object."""
    # A missing bucket is another matter than a missing object: nothing in it can be made or looked up.
    return isinstance(error, FileNotFoundError) and code_of(error) not in _NO_BUCKET


def is_precondition(error: BaseException) -> bool:
    """Whether the server said that the object is another one than expected."""
    # By name, for the library is an extra and may not be imported here.
    return type(error).__name__ in {"PreconditionError", "AlreadyExistsError"} or status_of(error) == 412


def code_of(error: BaseException) -> str:
    """The S3 error code in the server's answer, "" where there is none."""
    found = _CODE.search(str(error))
    return (found[1] or found[2]) if found else ""


def status_of(error: BaseException) -> int:
    """The HTTP status of the server's answer, 0 where there was none."""
    found = _STATUS.search(str(error))
    return int(found[1]) if found else 0


_NO_BUCKET = {"NoSuchBucket", "ContainerNotFound"}
_SAVE_AGAIN, _TRY_AGAIN = "save the credentials again", "try again"
_CHECK_AZURE = "check AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or the token that is used instead"
_ANSWERS: dict[str, tuple[str, str]] = {
    "NoSuchBucket": ("there is no bucket of this name on the server", "check name and endpoint"),
    "ContainerNotFound": ("there is no container of this name in the account", "check name and account"),
    "AuthenticationFailed": ("the server does not accept the account key or signature", _CHECK_AZURE),
    "AuthorizationPermissionMismatch": ("these credentials have no right to do this", "ask the owner of the container"),
    "NoSuchKey": ("there is no object of this name", "check the spelling; capitals count"),
    "SignatureDoesNotMatch": ("the server does not accept the secret key", _SAVE_AGAIN),
    "InvalidAccessKeyId": ("the server does not know the access key", _SAVE_AGAIN),
    "AccessDenied": ("these credentials have no right to do this", "ask the owner of the bucket"),
    "ExpiredToken": ("the session token has expired", "get a new one"),
    "RequestTimeTooSkewed": ("the clocks of this machine and the server differ", "set the clock"),
    "InvalidObjectState": ("the object is archived", "have it restored first"),
    "PermanentRedirect": ("the bucket is in another region", "save its region with the credentials"),
    "AuthorizationHeaderMalformed": ("the bucket is in another region", "save its region with the credentials"),
}


def translated(error: BaseException, name: str) -> DcmauditError:
    """``error`` of the library as one of ours about ``name``.

    To be raised ``from None``: what a server answers to a request that it refuses can repeat the headers, and a
    session token is among them.
    """
    if isinstance(error, DcmauditError):
        return error
    status = status_of(error)
    missing = isinstance(error, FileNotFoundError | ValueError) or status == 404
    # The server's own code says most; without one the HTTP status; without an answer what the connection did.
    message, hint = _ANSWERS.get(code_of(error)) or _by_status(status, missing=missing) or _by_failure(str(error))
    kind = SourceNotFoundError if missing else SourceUnreadableError
    return kind(message, file=name, hint=hint)


def _by_status(status: int, *, missing: bool) -> tuple[str, str] | None:
    if missing:
        return "there is nothing of this name on the server", "check the spelling; capitals count"
    if status in {401, 403}:
        return "the server refuses these credentials", "check the access key, its secret and its rights"
    return (f"the server answered with an error (HTTP {status})", _TRY_AGAIN) if status else None


def _by_failure(text: str) -> tuple[str, str]:
    """What it means where no answer came at all."""
    if _CERTIFICATE.search(text):
        return (
            "the certificate of the server is not trusted",
            "name the file of its CA with --ca-bundle or the setting ca_bundle",
        )
    if _KEY.search(text):
        return (
            "the name of an object there cannot be used: it has a control character or an empty part",
            "name a part of the bucket without it, or rename the object",
        )
    if "kind: Connect" in text:
        return "the server cannot be reached", "check the endpoint, and that the server can be reached from here"
    if "kind: Timeout" in text:
        return "the server did not answer in time", _TRY_AGAIN
    return "the connection to the server broke off", _TRY_AGAIN
