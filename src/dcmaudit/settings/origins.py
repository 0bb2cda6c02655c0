"""Where the value of each setting comes from: for people who wonder why it is what it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from dcmaudit.model.paths import home_path
from dcmaudit.settings.loading import config_path, load, read_values
from dcmaudit.settings.remembered import memory_path, remembered_database
from dcmaudit.settings.settings import Settings, variables_of


class Source(Enum):
    """Who says what a setting is; what stands first wins."""

    FLAG = "command line"
    ENVIRONMENT = "environment"
    FILE = "settings file"
    REMEMBERED = "remembered"
    """Chosen in the reviewer's menu at an earlier time: the database alone."""
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """The value of a setting, and who says so. ``where``: the option, the variable or the file; None for defaults."""

    name: str
    value: object
    source: Source
    where: str | None = None


def origins(
    flags: Mapping[str, Any],
    *,
    config: str | os.PathLike[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[Origin]:
    """Every setting with its value and where that comes from, in the order of the settings.

    ``environment`` is that in which the settings were read, where it was changed since. The database is told as the
    place that will be used. UsageError as ``load`` has it.
    """
    settings = load(flags, config=config)
    path = config_path() if config is None else home_path(config)
    written = read_values(path, must_exist=config is not None)
    variables = {key.upper(): value for key, value in (environment or os.environ).items()}
    found = []
    for name in Settings.model_fields:
        value = getattr(settings, name)
        variable = next((one for one in variables_of(name) if variables.get(one)), None)
        if flags.get(name) is not None:
            found.append(Origin(name, value, Source.FLAG, _option(name)))
        elif variable is not None:
            found.append(Origin(name, value, Source.ENVIRONMENT, variable))
        elif name in written:
            found.append(Origin(name, value, Source.FILE, str(path)))
        elif name == "db":
            found.append(_database(settings))
        else:
            found.append(Origin(name, value, Source.DEFAULT))
    return found


def _option(name: str) -> str:
    return {"browser": "--no-browser"}.get(name, f"--{name.replace('_', '-')}")


def _database(settings: Settings) -> Origin:
    """The database that is used where no setting names one."""
    if settings.smi_root is not None:
        return Origin("db", settings.database, Source.DEFAULT, "below smi_root")
    chosen = remembered_database()
    if chosen is not None:
        return Origin("db", chosen, Source.REMEMBERED, str(memory_path()))
    return Origin("db", settings.own_database, Source.DEFAULT)
