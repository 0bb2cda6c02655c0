"""The settings of one run: frozen, loaded once, each default with its reason.

Precedence: what the command line says, then the environment, then the settings file, then the default.
"""

from dcmaudit.settings.loading import config_path, load, unknown_variables
from dcmaudit.settings.settings import Settings

__all__ = ["Settings", "config_path", "load", "unknown_variables"]
