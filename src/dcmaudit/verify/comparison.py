"""The whole comparison of two files, in the order in which one part needs what another found."""

from __future__ import annotations

from functools import partial

from dcmaudit.codecs.codestreams import j2k_header
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.overlays import EmbeddedOverlay
from dcmaudit.model.proof import PlaneProof
from dcmaudit.model.redaction import OverlayPolicy
from dcmaudit.verify.colours import labels_of
from dcmaudit.verify.demands import Asked
from dcmaudit.verify.elements import ElementComparison
from dcmaudit.verify.longproof import Divide, LongProof, frames_of
from dcmaudit.verify.pair import Pair
from dcmaudit.verify.planes import compare_icons, compare_overlays, compare_planes, removable_icons, require_icons
from dcmaudit.verify.rules import Rules
from dcmaudit.verify.shapes import require_sizes
from dcmaudit.verify.structure import compare_encoding, compare_structure, is_transcoded


def compare(
    pair: Pair, *, threads: int = 1, work: LongProof | None = None, divide: Divide | None = None
) -> list[PlaneProof]:
    """Compare everything that the files hold; what is found goes into the record, what was changed comes back.

    At most ``threads`` compressed frames are read at a time. ``divide`` has the runs of frames of a long file compared,
    by other processes too, which open ``work``. Raises what reading raises.
    """
    record, plan = pair.record, pair.plan
    old, new = pair.before.instance.parts, pair.after.instance.parts
    record.require("plan", "the plan", "it has problems, and so cannot have been carried out", holds=not plan.problems)
    asked = Asked(plan, old)
    require_sizes(plan, record)
    require_icons(pair)
    transcoded = is_transcoded(old.image, new.image)
    compare_encoding(pair)
    elements = compare_structure(pair, transcoded=transcoded)
    compare_planes(pair)
    relabelled, planes = False, list[PlaneProof]()
    if old.image is not None or new.image is not None:
        relabelled = _is_relabelled(old.image, new.image, asked)
        frames = frames_of(pair, elements[1], transcoded=transcoded)
        frames.threads, frames.relabelled = threads, relabelled
        frames.labels = labels_of(old.image) if plan.blacks and not transcoded else frozenset()
        if work is not None and divide is not None and work.is_shareable:
            frames.run(partial(divide, work, frames.stretch))
        else:
            frames.run()
        planes += frames.planes
        frames.guard.finish(record)
    overlays, elsewhere = compare_overlays(pair)
    icons, touched = compare_icons(pair, elements)
    planes += [*overlays, *icons]
    # Its pixel data were compared above, frame by frame.
    if old.image is not None:
        elsewhere.add(old.image.element.tag)
    rules = _rules(pair, transcoded=transcoded, strips=asked.strips, relabelled=relabelled)
    ElementComparison(
        pair.before.data,
        pair.after.data,
        rules,
        record,
        frozenset(elsewhere),
        frozenset(touched),
        removable_icons(pair, elements[0]),
    ).run(*elements)
    return planes


def _rules(pair: Pair, *, transcoded: bool, strips: bool, relabelled: bool) -> Rules:
    parts = pair.before.instance.parts
    options = pair.plan.options
    asked = not pair.plan.is_empty or options.overlays is OverlayPolicy.REMOVE or options.remove_high_bits
    changed = not pair.plan.is_empty or strips or bool(pair.removed_overlays())
    return Rules(
        plan=pair.plan,
        transcoded=transcoded,
        new_uids=pair.new_uids,
        changed=changed,
        may_derive=asked,
        colour=parts.image is not None and parts.image.layout.samples == 3,
        embedded=frozenset(n for n, p in parts.overlays.places.items() if isinstance(p, EmbeddedOverlay)),
        little=parts.header.syntax.little_endian,
        implicit=parts.header.syntax.implicit,
        has_palette=parts.image is None or parts.image.layout.photometric == "PALETTE COLOR",
        interleaved=_is_interleaved(parts.image),
        widened=parts.image is not None and parts.image.widened,
        relabelled=relabelled,
        labels=frozenset(label.encode() for label in labels_of(parts.image)),
    )


def _is_interleaved(reader: FrameReader | None) -> bool:
    """Whether codestreams say themselves how the samples lie, whatever PlanarConfiguration says (PS3.5 8.2)."""
    own = {Codestream.JPEG, Codestream.JPEG_LS, Codestream.JPEG_2000, Codestream.JPEG_XL}
    return reader is not None and reader.index is not None and reader.syntax.codestream in own


def _is_relabelled(old: FrameReader | None, new: FrameReader | None, asked: Asked) -> bool:
    """Whether frames of YBR_ICT changed, and all that were written are coded by the reversible transformation."""
    if old is None or new is None or new.index is None or new.syntax.codestream is not Codestream.JPEG_2000:
        return False
    # Only frames that changed are coded anew, and only reversibly: then ICT is not true any more (PS3.5 8.2.4).
    if old.layout.photometric != "YBR_ICT" or all(asked.frame(frame).is_nothing for frame in range(old.count)):
        return False
    headers = (j2k_header(new.codestream(frame)) for frame in range(new.count))
    return all(header.reversible and header.transformed for header in headers)
