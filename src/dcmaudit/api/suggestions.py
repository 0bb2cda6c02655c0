"""What was learned from finished files, for one plane of another."""

from __future__ import annotations

from dcmaudit.detect.learning import Learner, Pixels, Reliability, combined, grounded
from dcmaudit.dicom import Instance
from dcmaudit.errors import DicomError
from dcmaudit.model import Mark, Plane, Region
from dcmaudit.model.learning import reaches
from dcmaudit.store import Store


def learned_regions(store: Store, instance: Instance, plane: Plane) -> list[Region]:
    """Rectangles for ``plane``, the likeliest first, each with its reason; StoreError as the store raises it.

    What is marked on the file already is not suggested again. What lies under a place counts too, where the plane can
    be decoded.
    """
    if plane.size is None:
        return []
    name, facts = instance.reference.name, instance.facts
    learner = Learner(facts.device, store.examples(name, facts.device, facts.sop_class_uid), facts.number_of_frames)
    own = [
        Mark(row.box.left, row.box.top, row.box.right, row.box.bottom, reach)
        for row in store.rects(name)
        if row.box is not None and row.scope is not None and row.shape is None
        for reach in reaches(row.scope)
    ]
    candidates = learner.candidates(plane.address, plane.size, own)
    pixels: Pixels | None = None
    try:
        pixels = Pixels(instance.read(plane.address).array)
    except DicomError:
        pass  # the marks alone must do
    else:
        reliability = Reliability.of(store.judgements(), learner.grounds)
        candidates = grounded(candidates, pixels, reliability)
    similar = store.similar(name, facts.device, plane.address, facts.sop_class_uid)
    refuted = learner.refutes_unknown(plane.address)
    return list(combined(similar, candidates, refuted=refuted, pixels=pixels).regions)
