"""The settings of one run: frozen, loaded once, each default with its reason.

Precedence: what the command line says, then the environment, then the settings file, then the default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmaudit.lazy import deferred

if TYPE_CHECKING:
    from dcmaudit.settings.loading import config_path, load, unknown_variables
    from dcmaudit.settings.remembered import (
        MEMORY_WORDS,
        how_to_choose,
        memory_path,
        remember_database,
        remembered_database,
    )
    from dcmaudit.settings.settings import Settings

__all__ = [
    "MEMORY_WORDS",
    "Settings",
    "config_path",
    "how_to_choose",
    "load",
    "memory_path",
    "remember_database",
    "remembered_database",
    "unknown_variables",
]

__getattr__ = deferred(
    __name__,
    {
        "loading": (
            "config_path",
            "load",
            "unknown_variables",
        ),
        "remembered": (
            "MEMORY_WORDS",
            "how_to_choose",
            "memory_path",
            "remember_database",
            "remembered_database",
        ),
        "settings": ("Settings",),
    },
)
