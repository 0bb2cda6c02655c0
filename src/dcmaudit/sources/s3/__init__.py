"""Objects in S3 buckets as inputs and outputs; needs the extra ``s3``.

``ObjectReference`` reads by ranges through one bounded cache, ``CredentialBook`` keeps who may, ``find_objects`` turns
``s3://`` names into references, ``Selection`` picks from a bucket of Study/Series/Instance, ``transfer`` copies. What
serves every name, local ones too, asks for these functions by ``s3.``, so that nothing of them is loaded before the
first name of an object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmaudit.lazy import deferred

if TYPE_CHECKING:
    from dcmaudit.sources.s3.finding import ObjectList, find_object, find_objects, has_magic, open_list
    from dcmaudit.sources.s3.listing import object_at
    from dcmaudit.sources.s3.reference import ObjectReference
    from dcmaudit.sources.s3.selection import is_selection, select
    from dcmaudit.sources.s3.transfer import remove, send

__all__ = [
    "ObjectList",
    "ObjectReference",
    "find_object",
    "find_objects",
    "has_magic",
    "is_selection",
    "object_at",
    "open_list",
    "remove",
    "select",
    "send",
]

__getattr__ = deferred(
    __name__,
    {
        "finding": ("ObjectList", "find_object", "find_objects", "has_magic", "open_list"),
        "listing": ("object_at",),
        "reference": ("ObjectReference",),
        "selection": ("is_selection", "select"),
        "transfer": ("remove", "send"),
    },
)
