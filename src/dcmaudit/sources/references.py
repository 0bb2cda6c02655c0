"""From a stored name back to the input that it names."""

from __future__ import annotations

import os

from dcmaudit.model import Reference
from dcmaudit.sources import s3
from dcmaudit.sources.local import LocalReference
from dcmaudit.sources.s3.names import is_object_name


def reference_to(name: str) -> Reference:
    """The reference that has this ``name``: an object of a store, else a file. Nothing is looked up."""
    return s3.ObjectReference(name) if is_object_name(name) and not os.path.isabs(name) else LocalReference(name)


def whole_name(name: str) -> str:
    """The name that ``reference_to`` takes for what a person calls ``name``: a file by its absolute path.

    A file that is here and is called like an object is the file, as for ``find``.
    """
    return name if is_object_name(name) and not os.path.lexists(name) else os.path.abspath(name)
