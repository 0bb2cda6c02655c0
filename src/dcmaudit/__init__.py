"""Find, show and remove text burned into the pixels of DICOM images."""

from importlib import import_module

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The public face, ``dcmaudit.api``, loaded when somebody first asks for a part of it: start-up stays quick."""
    # By name: everything knows this module, so that an import would be a circle.
    api = import_module("dcmaudit.api")
    if name in api.__all__:
        return getattr(api, name)
    raise AttributeError(f"module 'dcmaudit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *import_module("dcmaudit.api").__all__])
