"""The database that a person chose in the menu of the reviewer, kept for the next start.

It is state and no setting: one line in the user's own state folder, never in the settings file, which belongs to the
person who wrote it.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from dcmaudit.errors import UsageError
from dcmaudit.wholefile import whole_file

DATABASE_NAME = "dcmaudit.sqlite.db"
MEMORY_WORDS = "it was chosen in the reviewer's menu and is remembered"


def memory_path() -> Path:
    """The file that holds the choice; it need not exist."""
    return platformdirs.user_state_path("dcmaudit", appauthor=False) / "database"


def remembered_database() -> str | None:
    """The folder, file or address of a server that was chosen last, None where none was.

    UsageError where it is not there any more, be it that its folder is there and empty, as where something is not
    mounted: a new one, made silently, would look as if nothing was marked.
    """
    memory = memory_path()
    try:
        chosen = memory.read_bytes().decode("utf-8", "surrogateescape").rstrip("\n")
    except OSError:
        return None
    if not chosen:
        return None
    if "://" not in chosen and not _is_there(chosen):
        raise UsageError(
            f"the database is not there; {MEMORY_WORDS} in {memory}",
            file=chosen,
            hint=f"mount it again, or {how_to_choose()}",
        )
    return chosen


def how_to_choose() -> str:
    """What a person can do who wants another database than the remembered one."""
    config = platformdirs.user_config_path("dcmaudit", appauthor=False) / "config.toml"
    return (
        f"choose another with --db, DCMAUDIT_DB in the environment, or db in {config}; "
        f"without {memory_path()} the usual one is taken"
    )


def _is_there(chosen: str) -> bool:
    # Choosing a folder makes the file in it at once, so that one without it is not the folder that was chosen.
    place = os.path.join(chosen, DATABASE_NAME) if os.path.isdir(chosen) else chosen  # noqa: PTH112, PTH118
    return os.path.lexists(place)


def remember_database(chosen: str | None) -> None:
    """Keep the choice, None to forget it; OSError where that cannot be written."""
    memory = memory_path()
    if chosen is None:
        memory.unlink(missing_ok=True)
        return
    memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole_file(memory, mode=0o600) as stream:
        stream.write(os.fsencode(chosen) + b"\n")
