"""The public face: what notebooks, plug-ins and services use. Everything here is stable; other modules are not.

    >>> import dcmaudit
    >>> with dcmaudit.open(example_file) as instance:
    ...     for plane in instance.planes:
    ...         print(plane.address.key, plane.title, plane.size)
    f0 frame 1/1 Size(width=64, height=48)

A box is half-open, in the pixels of its own plane: ``Box(left, top, right, bottom)``. A plane is named by its address,
or by the short key of that: ``f0`` (first frame), ``o6000.0`` (first frame of overlay 6000), ``b12.0`` (bit 12 of the
first frame), ``i0`` (first icon), ``t0.0`` (first thumbnail inside of the first frame). Every error is a
``DcmauditError``; its message names no value of the header and no recognised text.
"""

from dcmaudit.api.instance import Instance, open  # noqa: A004 - read as dcmaudit.open
from dcmaudit.api.redaction import black, black_shape, redact_file, verify_file
from dcmaudit.api.releases import ReleasedInput, ReleaseReport, release
from dcmaudit.api.rules import RuleSet, load_rules, make_rules, match_rules
from dcmaudit.errors import DcmauditError
from dcmaudit.model import (
    Box,
    Everywhere,
    Finding,
    Judgement,
    Origin,
    Outcome,
    Plane,
    PlaneAddress,
    PlaneKind,
    PlaneReading,
    Region,
    Rendering,
    Size,
    Verdict,
    View,
)
from dcmaudit.model.proof import Proof
from dcmaudit.model.redaction import (
    IconPolicy,
    OverlayPolicy,
    PrivatePolicy,
    RedactionOptions,
    RedactionPlan,
    Request,
)
from dcmaudit.model.shapes import Shape
from dcmaudit.report.proofs import proof_record
from dcmaudit.store import Store, open_store

__all__ = [
    "Box",
    "DcmauditError",
    "Everywhere",
    "Finding",
    "IconPolicy",
    "Instance",
    "Judgement",
    "Origin",
    "Outcome",
    "OverlayPolicy",
    "Plane",
    "PlaneAddress",
    "PlaneKind",
    "PlaneReading",
    "PrivatePolicy",
    "Proof",
    "RedactionOptions",
    "RedactionPlan",
    "Region",
    "ReleaseReport",
    "ReleasedInput",
    "Rendering",
    "Request",
    "RuleSet",
    "Shape",
    "Size",
    "Store",
    "Verdict",
    "View",
    "black",
    "black_shape",
    "load_rules",
    "make_rules",
    "match_rules",
    "open",
    "open_store",
    "proof_record",
    "redact_file",
    "release",
    "verify_file",
]
