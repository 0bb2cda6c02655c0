"""Credentials that are there already: AWS environment variables and profiles, as other tools use them."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path

from dcmaudit.errors import UsageError
from dcmaudit.model.paths import home_path
from dcmaudit.sources.s3.credentials import Credentials

_NOT_UNDERSTOOD = ("role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file")
_ROLE_VARIABLES = (
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip


def from_environment(bucket: str) -> Credentials | None:
    """What the variables AWS_ACCESS_KEY_ID and so on say, None where they do not."""
    access_key, secret = _variable("AWS_ACCESS_KEY_ID"), _variable("AWS_SECRET_ACCESS_KEY")
    if not (access_key and secret):
        return None
    return Credentials(bucket, _endpoint({}), access_key, secret, _region({}), token=_variable("AWS_SESSION_TOKEN"))


def from_profile(bucket: str, profile: str = "") -> Credentials | None:
    """The keys of an AWS profile: ``profile``, else $AWS_PROFILE, else ``default``; None where that one is not there.

    UsageError where a profile that was named is not there, or gets its keys in a way that is not read here.
    """
    name = profile or _variable("AWS_PROFILE") or "default"
    values = {
        # In the configuration all but "default" are headed "profile NAME"; in the credentials none are.
        **_section(_file("AWS_CONFIG_FILE", "config"), name if name == "default" else f"profile {name}"),
        **_section(_file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), name),
    }
    access_key, secret = values.get("aws_access_key_id", ""), values.get("aws_secret_access_key", "")
    if access_key and secret:
        token = values.get("aws_session_token", "")
        return Credentials(bucket, _endpoint(values), access_key, secret, _region(values), name, token=token)
    # Told by itself: "no keys" would send people to look for a spelling mistake.
    if any(key in values for key in _NOT_UNDERSTOOD):
        hint = "aws configure export-credentials --format env prints variables that are understood"
        raise UsageError(f"the AWS profile {name} gets its keys by a role, SSO or a program", hint=hint)
    if profile or _variable("AWS_PROFILE"):
        raise UsageError(f"there are no keys in an AWS profile {name}", hint="aws configure list-profiles names them")
    return None


def has_role() -> bool:
    """Whether a container or a web identity gives keys for the asking."""
    return any(_variable(name) for name in _ROLE_VARIABLES)


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()


def _endpoint(values: Mapping[str, str]) -> str:
    return _variable("AWS_ENDPOINT_URL_S3") or _variable("AWS_ENDPOINT_URL") or values.get("endpoint_url", "")


def _region(values: Mapping[str, str]) -> str:
    return _variable("AWS_REGION") or _variable("AWS_DEFAULT_REGION") or values.get("region", "")


def role_credentials(bucket: str) -> Credentials:
    """For a role: where the bucket is; the keys come from the role itself."""
    return Credentials(bucket, _endpoint({}), region=_region({}))


def _file(variable: str, name: str) -> Path:
    return home_path(_variable(variable) or f"~/.aws/{name}")


def _section(path: Path, section: str) -> dict[str, str]:
    # No interpolation: a secret may hold a per cent sign.
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        # The library's message repeats the line, which may be the secret.
        raise UsageError("this AWS file cannot be read", file=str(path)) from None
    return dict(parser[section]) if parser.has_section(section) else {}
