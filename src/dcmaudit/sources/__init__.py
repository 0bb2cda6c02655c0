"""Where inputs come from: names into references, lazily, with nothing left out silently.

``find`` turns what people name (files, wildcards, folders, CSV lists, databases, DICOMDIRs) into ``LocalReference``,
``Passed`` and ``Problem`` entries; ``Tally`` counts them. Nothing here decodes DICOM: recognising is one small read.

To add a kind of list, write a module with a function that yields ``Listed`` entries and raises ``ListError``, give its
content a place in ``recognise.Content``, and call it in ``finder``. To add a kind of place, write a reference with
``name`` and ``open()`` as in ``local`` or ``s3.reference``, and let ``finder`` and ``reference_to`` choose it by the
scheme of the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmaudit.lazy import deferred

if TYPE_CHECKING:
    from dcmaudit.sources.finder import find, find_listed
    from dcmaudit.sources.found import Found, Passed, Passing, Problem, Tally
    from dcmaudit.sources.local import LocalReference
    from dcmaudit.sources.namelist import NameList, name_list
    from dcmaudit.sources.references import reference_to
    from dcmaudit.sources.s3.reference import ObjectReference

__all__ = [
    "Found",
    "LocalReference",
    "NameList",
    "ObjectReference",
    "Passed",
    "Passing",
    "Problem",
    "Tally",
    "find",
    "find_listed",
    "name_list",
    "reference_to",
]

__getattr__ = deferred(
    __name__,
    {
        "finder": (
            "find",
            "find_listed",
        ),
        "found": (
            "Found",
            "Passed",
            "Passing",
            "Problem",
            "Tally",
        ),
        "local": ("LocalReference",),
        "namelist": (
            "NameList",
            "name_list",
        ),
        "references": ("reference_to",),
        "s3.reference": ("ObjectReference",),
    },
)
