"""Reading the settings, with errors that name the key, the place and what is allowed.

File and environment are read here, and pydantic gets their values. pydantic-settings would do it, too: it takes a
file that is not there for an empty one, its errors name no file and repeat the value, which may be a password, and
loading it takes a tenth of the start of every command, most of it for servers and ``.env`` files. A ``.env`` file of
the working directory never counts here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from dcmaudit.errors import UsageError
from dcmaudit.model.paths import home_path
from dcmaudit.plainfile import read_text
from dcmaudit.settings.settings import PREFIX, Settings, variables_of

_PATHS = ("smi_root", "pacs_root", "tessdata_prefix", "ca_bundle", "deid_rules", "db")


def config_path() -> Path:
    """The settings file that is read when no other is named; it need not exist."""
    return platformdirs.user_config_path("dcmaudit", appauthor=False) / "config.toml"


def load(flags: Mapping[str, Any] | None = None, *, config: str | os.PathLike[str] | None = None) -> Settings:
    """The settings of this run.

    ``flags`` are those that the command line named (None stands for not named); ``config`` is a settings file that
    must exist, else ``config_path()`` is read if it is there. UsageError where the file cannot be read or is not
    TOML, where it has a key that is no setting, or where a value is not allowed; the value itself is not repeated,
    for it may hold a password.
    """
    named = {key: value for key, value in (flags or {}).items() if value is not None}
    path = config_path() if config is None else home_path(config)
    values = read_values(path, must_exist=config is not None)
    variables = _from_environment(os.environ)
    try:
        return Settings(**(values | variables | named))
    except ValidationError as error:
        raise _refused(error, path, values.keys() - variables.keys() - named.keys(), named) from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the environment says; an empty variable says nothing, and how it is spelt does not matter."""
    told = {key.upper(): value for key, value in environment.items() if value}
    found = {name: [told[one] for one in variables_of(name) if one in told] for name in Settings.model_fields}
    return {name: values[0] for name, values in found.items() if values}


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """Variables of the environment that begin with ``DCMAUDIT_`` and set nothing: misspelt, most likely."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    names = os.environ if environment is None else environment
    return sorted(name for name in names if name.upper().startswith(PREFIX) and name.upper() not in known)


def read_values(path: Path, *, must_exist: bool) -> dict[str, Any]:
    """What a settings file says, {} where it need not exist and does not; UsageError as ``load`` has it."""
    try:
        text = read_text(path)
    except FileNotFoundError as error:
        if must_exist:
            raise UsageError("no such settings file", file=str(path)) from error
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        hint = "mend it, or name another with --config"
        raise UsageError(f"the settings file cannot be read: {reason}", file=str(path), hint=hint) from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the settings file is not TOML: {error}", file=str(path)) from error
    _check_keys(values, path)
    for key in _PATHS:
        # A path in the file is meant from where the file is; the working directory is another every time.
        value = values.get(key)
        if isinstance(value, str) and value and "://" not in value:
            values[key] = str(path.absolute().parent / home_path(value))
    return values


def _check_keys(values: Mapping[str, Any], path: Path) -> None:
    allowed = sorted(Settings.model_fields)
    for key in values:
        if key not in allowed:
            near = get_close_matches(key, allowed, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"unknown setting {key!r}", file=str(path), hint=f"{meant}allowed: {', '.join(allowed)}")


def _refused(error: ValidationError, path: Path, of_file: Collection[str], named: Collection[str]) -> UsageError:
    first = error.errors(include_input=False, include_url=False)[0]
    key = str(first["loc"][0]) if first["loc"] else "settings"
    said = first["msg"].removeprefix("Value error, ")
    message = said[:1].lower() + said[1:]
    told = {one.upper(): one for one, value in os.environ.items() if value}
    variable = None if key in named else next((told[one] for one in variables_of(key) if one in told), None)
    where = "" if variable is None else f" ({variable} in the environment)"
    return UsageError(f"setting {key}{where}: {message}", file=str(path) if key in of_file else None)
