"""What can be set, and why each default is what it is."""

from __future__ import annotations

import getpass
import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, field_validator

from dcmaudit.model.paths import home_path
from dcmaudit.model.screen import PreviewPolicy
from dcmaudit.settings.remembered import remembered_database

PREFIX = "DCMAUDIT_"

_SHARED: Mapping[str, str] = {
    "smi_root": "SMI_ROOT",
    "pacs_root": "PACS_ROOT",
    "tessdata_prefix": "TESSDATA_PREFIX",
    "ca_bundle": "AWS_CA_BUNDLE",
}
"""Variables that other programs of the site read, too; our own wins over them."""

LONGEST_WAIT = 7 * 24 * 3600.0
"""Seconds: a queue may take days to start workers; more is waiting for ever."""

_IS_URL = re.compile(r"[a-z][a-z0-9+]+://", re.IGNORECASE)


def variables_of(name: str) -> tuple[str, ...]:
    """The variables of the environment that a setting is read from, the one that wins first."""
    own = f"{PREFIX}{name}".upper()
    return (own, _SHARED[name]) if name in _SHARED else (own,)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no user list knows.
        return f"uid {os.getuid()}"


class Settings(BaseModel):
    """The settings of one run. Immutable: what changes while the program runs is state, not a setting."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True)

    db: str | None = Field(default=None, repr=False)
    """The folder of the database, a database file, or the URL of a PostgreSQL database.

    None: ``$SMI_ROOT/data/dicompixelanon`` where SMI_ROOT is set, for the original tool keeps it there and both
    can work on it; else the one that the user chose last in the reviewer's menu; else the user's own data folder,
    which needs no rights and survives an update.
    """

    user: str = Field(default_factory=_login, min_length=1, max_length=200)
    """Who the marks are attributed to. The login name, because a shared server knows its people by it."""

    smi_root: Path | None = None
    """The folder that site-wide data lies in. None: nothing is looked for there."""

    deid_rules: Path | None = None
    """A file or folder of deid rules or CTP scripts. None: the site's own where SMI_ROOT has some, else ours."""

    ignore_sections: bool = False
    """Whether recipes may have sections that are not about pixels and do nothing here. False: such a recipe is refused,
    for somebody may rely on them."""

    pacs_root: Path | None = None
    """The folder under which relative names of lists are tried. None: only the working directory is."""

    tessdata_prefix: Path | None = None
    """The folder of Tesseract's language data. None: Tesseract's own default."""

    ca_bundle: Path | None = None
    """A file with certificates (PEM) to trust for object stores besides the public ones. None: only those."""

    port: int = Field(default=0, ge=0, le=65535)
    """The port of the reviewer on this machine. 0: one that is free, so that people on one server never collide."""

    browser: bool = True
    """Whether the reviewer opens the browser. True, because it saves a step; without a display it is not tried."""

    viewer: bool = False
    """Whether the reviewer only shows and never writes. False: marking is what it is for."""

    previews: PreviewPolicy = PreviewPolicy.STORE
    """What becomes of areas that rules show black when a file is finished: ask, store or leave. Store, because what is
    black on the screen is then what is written. Who chooses otherwise in the menu keeps that."""

    dask_wait: float = Field(default=300, gt=0, le=LONGEST_WAIT, allow_inf_nan=False)
    """Seconds that a Dask cluster may be without any worker before it is given up; said every half minute. Five
    minutes, for a queue may start workers late and nobody waits for ever."""

    db_wait: float = Field(default=10, gt=0, le=LONGEST_WAIT, allow_inf_nan=False)
    """Seconds that another process may hold the database before a command gives up; said after the first. Ten, because
    a write takes milliseconds, and whoever waits for longer should know what for."""

    recursive: bool = False
    """Whether folders are read with their subfolders. False as in the original, where the menu has both."""

    browse_roots: tuple[Path, ...] = ()
    """The folders that the open dialogs show; in the environment they are separated as in PATH.

    Empty: whatever the user may read, for the server runs as the user.
    """

    @field_validator("browse_roots", mode="before")
    @classmethod
    def _divided(cls, value: object) -> object:
        return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value

    @field_validator("port", "dask_wait", "db_wait", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        # In Python true is the number 1, and in a settings file a slip.
        if isinstance(value, bool):
            raise ValueError("it must be a number, not true or false")  # noqa: TRY004 - pydantic tells those alone
        return value

    @field_validator("user")
    @classmethod
    def _one_line(cls, value: str) -> str:
        # It stands in reports, lists and logs, of which a line must be one line.
        if any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in value):
            raise ValueError("it must be one line without line breaks or other control characters")
        return value

    @field_validator("db")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is None or _IS_URL.match(value):
            return value
        return os.path.abspath(home_path(value))  # noqa: PTH100 Path.absolute keeps ".."

    @field_validator("smi_root", "pacs_root", "tessdata_prefix", "ca_bundle", "deid_rules")
    @classmethod
    def _expanded(cls, value: Path | None) -> Path | None:
        return None if value is None else Path(os.path.abspath(home_path(value)))  # noqa: PTH100 as above

    @property
    def database(self) -> str:
        """Where the database is: a folder or a file (absolute; neither need exist), or a URL that may hold a password.

        UsageError where the one that was chosen in the menu is not there any more. It is for the store, which knows
        what the file in a folder is called; people are shown the store's name of it.
        """
        if self.db is not None:
            return self.db
        if self.smi_root is not None:
            return str(self.smi_root / "data" / "dicompixelanon")
        return remembered_database() or self.own_database

    @property
    def is_database_free(self) -> bool:
        """Whether nothing but the user's own choice in the menu says where the database is."""
        return self.db is None and self.smi_root is None

    @property
    def is_remembered(self) -> bool:
        """Whether the database is the one that was chosen last in the menu. UsageError where that is not there."""
        return self.is_database_free and remembered_database() is not None

    @property
    def own_database(self) -> str:
        """The folder in the user's own data folder that is taken where nobody chose another."""
        return str(platformdirs.user_data_path("dcmaudit", appauthor=False))

    @property
    def rules_folder(self) -> Path | None:
        """The folder of the site's deid rules, ``$SMI_ROOT/data/deid``; None without SMI_ROOT."""
        return None if self.smi_root is None else self.smi_root / "data" / "deid"
