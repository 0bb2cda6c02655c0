"""The whole proof of one file: what was written, read again and compared with the original and the plan."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

from dcmaudit.codecs.codestreams import j2k_header, jpeg_header
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.overlays import ClassicOverlay, EmbeddedOverlay
from dcmaudit.errors import DcmauditError
from dcmaudit.model import FrameAddress, OverlayAddress, PlaneGroup, PlaneKind, Reference
from dcmaudit.model.proof import PlaneProof, Proof
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, RedactionPlan
from dcmaudit.verify.asked import Asked, Boxes
from dcmaudit.verify.colours import labels_of
from dcmaudit.verify.dataset import DataSet, Element
from dcmaudit.verify.elements import ElementComparison, icon_places, top_level
from dcmaudit.verify.envelope import LENGTH, Envelope, check_deflated_end, compare_envelopes, read_envelope
from dcmaudit.verify.fragments import check_count, check_extended, check_fragments
from dcmaudit.verify.frames import FrameComparison
from dcmaudit.verify.guard import Guard
from dcmaudit.verify.overlays import compare_icon, compare_overlay, is_plain_icon, length_of
from dcmaudit.verify.record import Record
from dcmaudit.verify.rules import Rules
from dcmaudit.verify.unseen import unseen_bytes

_LOSSLESS_JPEG = "1.2.840.10008.1.2.4.70"
_REWRITABLE = {0xC0, 0xC1, 0xC3}
_CHUNK = 256 << 10
_SHOWN = (PlaneKind.FRAME, PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY, PlaneKind.ICON)


def prove(
    before: Reference,
    after: Reference,
    plan: RedactionPlan,
    *,
    new_uids: bool = False,
    digests: bool = True,
    threads: int = 1,
) -> Proof:
    """What a comparison of a written file with its original and its plan found.

    Both files are opened anew and read to their last byte. Everything that the plan does not ask for must be as it was:
    stored values, other bits, frames, overlays, icons, elements; everything that it asks for must be black as
    rendered, and hold one value. The frames that changed are decoded by a second library where there is one. Nothing
    of the redactor or the writer is used. At most ``threads`` compressed frames are read at a time.

    ``new_uids`` says that a new SOP Instance UID was asked for. ``digests``: whether the proof names both files by
    their SHA-256. Nothing is proved by them, for the files are compared with each other; they tie a record that is
    kept to its files, and take several times as long as comparing native pixels.

    Never raises for what a file holds: a file that cannot be read or compared is a finding. PS3.3 C.7.6.3, PS3.5
    annex A, PS3.10 7.1.
    """
    record = Record()
    planes: list[PlaneProof] = []
    found = ["", ""]
    try:
        with ExitStack() as stack:
            files = [_File.open(stack, reference) for reference in (before, after)]
            # Hashing leaves the interpreter to others, so that it goes on beside the comparison.
            pool = stack.enter_context(ThreadPoolExecutor(2))
            hashing = [pool.submit(_digest, file.source) for file in files] if digests else []
            comparison = _Comparison(files[0], files[1], plan, record, new_uids=new_uids, threads=threads)
            try:
                comparison.run()
            finally:
                found = [digest.result() for digest in hashing] or found
            planes = comparison.planes
    except DcmauditError as error:
        record.fail("reading", "the file", error.message)
    except OSError as error:
        record.fail("reading", "the file", f"it cannot be read: {error.strerror}")
    except Exception as error:  # a proof that breaks off has not passed
        record.fail("reading", "the file", f"the comparison broke off ({type(error).__name__})")
    return Proof(
        plan.name, found[0], found[1], dict(record.checks), record.findings(), tuple(planes), tuple(record.notes)
    )


@dataclass(slots=True)
class _File:
    """One of the two files: its bytes, its envelope, its instance and the walk over its data set."""

    source: ByteSource
    envelope: Envelope
    instance: Instance
    data: DataSet
    start: int

    @classmethod
    def open(cls, stack: ExitStack, reference: Reference) -> _File:
        instance = stack.enter_context(open_instance(reference))
        source = ByteSource(reference.open(), name=reference.name)
        stack.callback(source.close)
        envelope = read_envelope(source)
        header = instance.parts.header
        syntax = header.syntax
        data = DataSet(header.body, implicit=syntax.implicit, little=syntax.little_endian, end=header.end)
        return cls(source, envelope, instance, data, 0 if syntax.deflated else envelope.start)

    def before_stream(self) -> bytes:
        """What stands before a deflated data set; nothing where it is not deflated, and its bytes are the file's."""
        is_deflated = self.instance.parts.header.syntax.deflated
        return self.source.read_at(0, self.envelope.start) if is_deflated else b""


@dataclass(slots=True)
class _Comparison:
    before: _File
    after: _File
    plan: RedactionPlan
    record: Record
    new_uids: bool
    threads: int = 1
    planes: list[PlaneProof] = field(default_factory=list)

    def run(self) -> None:
        old, new = self.before.instance.parts, self.after.instance.parts
        self.record.require("plan", "the plan", "it has problems, and so cannot have been carried out",
                            holds=not self.plan.problems)  # fmt: skip
        asked = Asked(self.plan, old)
        self._icons_are_planned()
        transcoded = self._is_transcoded(old.image, new.image)
        self._encoding()
        elements = self._structure()
        self._same_planes()
        relabelled = False
        if old.image is not None or new.image is not None:
            relabelled = _is_relabelled(old.image, new.image, asked)
            guard = self._guard(asked, old.image)
            guard.prepare(unseen_bytes(self.after.before_stream(), self.after.data, elements[1], new))
            labels = labels_of(old.image) if self.plan.blacks and not transcoded else frozenset()
            frames = FrameComparison(old, new, asked, self.record, transcoded, self.threads, relabelled, guard, labels)
            frames.run()
            self.planes += frames.planes
            guard.finish(self.record)
        elsewhere = self._overlays()
        touched = self._icons(elements)
        if old.image is not None:
            elsewhere |= {old.image.element.tag}
        rules = self._rules(transcoded=transcoded, strips=asked.strips, relabelled=relabelled)
        comparison = ElementComparison(self.before.data, self.after.data, rules, self.record, frozenset(elsewhere),
                                       frozenset(touched), self._removable_icons(elements[0]))  # fmt: skip
        comparison.run(*elements)

    @staticmethod
    def _guard(asked: Asked, image: FrameReader | None) -> Guard:
        """The guard for what is blacked in the frames."""
        if image is None:
            return Guard()
        boxes = [asked.frame(frame).boxes for frame in {0, image.count // 2, image.count - 1} if image.count]
        return Guard.for_frames(image.count, max((sum(box.area for box in one) for one in boxes), default=0))

    def _icons_are_planned(self) -> None:
        """A plan that blacks frames must black icons too, unless it is told to keep or remove them."""
        frames = any(group.kind is PlaneKind.FRAME and self._boxes(number)
                     for number, group in enumerate(self.plan.listing.groups))  # fmt: skip
        frames |= any(isinstance(address, FrameAddress) and items for address, items in self.plan.planes.items())
        if not frames or self.plan.options.icons is not IconPolicy.REDACT:
            return
        for group in self.plan.listing.groups:
            if group.kind is PlaneKind.ICON:
                self.record.require("plan", group.title, "frames are blacked and it is not",
                                    holds=bool(self._icon_boxes(group.number)))  # fmt: skip

    def _encoding(self) -> None:
        a, b = (file.instance.parts.header.syntax for file in (self.before, self.after))
        same = (a.implicit, a.little_endian, a.deflated) == (b.implicit, b.little_endian, b.deflated)
        self.record.require("encoding", "the data set", "it is written in another encoding", holds=same)

    def _structure(self) -> tuple[dict[int, Element], dict[int, Element]]:
        """The envelope, the top level to its last byte, and the fragments; the elements of both files come back."""
        record, before, after = self.record, self.before, self.after
        old, old_end = top_level(before.data, before.start, lambda *_: None)  # how the original is, is not judged
        new, end = top_level(after.data, after.start, lambda where, text: record.fail("order of elements", where, text))
        record.checks["order of elements"] += len(new)
        size = after.data.body.size
        record.require(LENGTH, "the end of the file", f"{size - end} bytes stand behind the last element",
                       holds=end == size)  # fmt: skip
        for tag, element in new.items():
            was_cut = tag in old and old[tag].cut
            if element.cut:
                record.require(LENGTH, element.name, "the file ends inside it", holds=was_cut)
        if not self.plan.blacks and before.data.rest(old_end).strip(b"\0"):
            record.fail(LENGTH, "the original", "bytes that are no element stand behind its data set")
        if after.instance.parts.header.syntax.deflated:
            check_deflated_end(record, after.source, after.envelope.start)
        ids: dict[int, bytes] = {tag: after.data.raw(new[tag]) for tag in (0x00080016, 0x00080018) if tag in new}
        transcoded = self._is_transcoded(before.instance.parts.image, after.instance.parts.image)
        uid = before.instance.parts.header.syntax.uid.encode()
        compare_envelopes(record, before.envelope, after.envelope, uid, new=ids, transcoded=transcoded,
                          new_uids=self.new_uids)  # fmt: skip
        self._fragments(old, new)
        return old, new

    def _fragments(self, old: dict[int, Element], new: dict[int, Element]) -> None:
        was, now = self.before.instance.parts.image, self.after.instance.parts.image
        if was is None or now is None:
            return
        check_count(self.record, was, now)
        if now.element.fragments is None:
            return
        if self._as_it_was(was, now):
            self.record.note("the pixel data are the original's, byte by byte; its offset tables were not judged")
        else:
            check_fragments(self.record, now)
        same = all(tag in old and self.before.data.raw(old[tag], 1 << 26) == self.after.data.raw(new[tag], 1 << 26)
                   for tag in (0x7FE00001, 0x7FE00002) if tag in new)  # fmt: skip
        if not (same and self._as_it_was(was, now)):
            check_extended(self.record, self.after.data, new, now)

    def _as_it_was(self, was: FrameReader, now: FrameReader) -> bool:
        a, b = was.element, now.element
        if a.length != b.length or not self.plan.is_empty:
            return False
        return all(
            was.body.read_at(a.offset + at, min(_CHUNK, a.length - at))
            == now.body.read_at(b.offset + at, min(_CHUNK, a.length - at))
            for at in range(0, a.length, _CHUNK)
        )

    def _is_transcoded(self, old: FrameReader | None, new: FrameReader | None) -> bool:
        """Whether the frames went to lossless JPEG, and had to: their own process cannot be written again exactly."""
        if old is None or new is None or old.index is None or new.index is None or old.syntax.uid == new.syntax.uid:
            return False
        if new.syntax.uid != _LOSSLESS_JPEG or old.syntax.codestream is not Codestream.JPEG or not old.count:
            return False
        heads = (jpeg_header(old.codestream(frame)).frame for frame in range(old.count))
        return any(head not in _REWRITABLE for head in heads)

    def _same_planes(self) -> None:
        """The same planes are there, in the same order and size, but for those that the plan removes."""
        removed = self._removed()
        old = [group for group in self.before.instance.planes.groups if group.kind in _SHOWN]
        new = [group for group in self.after.instance.planes.groups if group.kind in _SHOWN]
        planned = [group for group in self.plan.listing.groups if group.kind in _SHOWN]
        self.record.require("planes", "the plan", "it was made for other planes than the original has",
                            holds=planned == old)  # fmt: skip
        for group in old:
            if group in new:
                self.record.require("planes", group.title, "its place in the order is another", holds=True)
            elif group.kind is not PlaneKind.ICON:
                self.record.require("planes", group.title, "it is missing, or of another size, place or number of "
                                    "frames", holds=group.number in removed)  # fmt: skip
        kept = [group for group in old if group in new]
        others = [group for group in new if group not in old and group.kind is not PlaneKind.ICON]
        self.record.require("planes", "the list of planes", "planes are there that the original does not have",
                            holds=not others)  # fmt: skip
        self.record.require("planes", "the list of planes", "their order is another",
                            holds=[group for group in new if group in old] == kept)  # fmt: skip
        names = {group.name for group in self.before.instance.planes.groups if group.kind is PlaneKind.UNSHOWN}
        if removed:
            names.add("the whole instance")  # where overlays were all there was to look at
        unread = [group.name for group in self.after.instance.planes.groups
                  if group.kind is PlaneKind.UNSHOWN and group.name not in names]  # fmt: skip
        self.record.require("planes", "the list of planes", f"cannot be looked at any more: {', '.join(unread)}",
                            holds=not unread)  # fmt: skip

    def _removed(self) -> set[int]:
        """Overlay groups that may vanish."""
        places = self.before.instance.parts.overlays.places
        options = self.plan.options
        if options.overlays is OverlayPolicy.REMOVE:
            return set(places)
        return {n for n, place in places.items() if options.remove_high_bits and isinstance(place, EmbeddedOverlay)}

    def _boxes(self, number: int) -> Boxes:
        return tuple(item.box for item in self.plan.groups.get(number, ()))

    def _overlays(self) -> set[int]:
        """Compare the overlays that the plan touches; the tags of their data come back."""
        single: dict[int, dict[int, Boxes]] = {}
        for address, items in self.plan.planes.items():
            if isinstance(address, OverlayAddress) and items:
                single.setdefault(address.group, {})[address.frame] = tuple(item.box for item in items)
        found: set[int] = set()
        for number, group in enumerate(self.plan.listing.groups):
            if group.kind is not PlaneKind.OVERLAY or group.number in self._removed():
                continue
            everywhere, own = self._boxes(number), single.get(group.number, {})
            # What stands behind its last frame goes wherever something is blacked.
            if everywhere or own or (self.plan.blacks and self._has_rest(group)):
                old, new = self.before.instance.parts, self.after.instance.parts
                self.planes += compare_overlay(self.record, old, new, group, everywhere, own)
                if isinstance(new.overlays.places.get(group.number), ClassicOverlay):
                    found.add(group.number << 16 | 0x3000)
        return found

    def _has_rest(self, group: PlaneGroup) -> bool:
        """Whether bits of an overlay belong to none of its frames."""
        place = self.before.instance.parts.overlays.places.get(group.number)
        return isinstance(place, ClassicOverlay) and 8 * length_of(place.value) > len(group.frames) * place.frame_bits

    def _icons(self, elements: tuple[dict[int, Element], dict[int, Element]]) -> set[int]:
        """Compare the icons that the plan touches; their numbers in the original come back."""
        old, new = self.before.instance.parts.icons, self.after.instance.parts.icons
        kept = list(old)
        if len(new) < len(old):  # whether those that are gone may be, is judged with the elements
            left = {place.path for place in icon_places(self.after.data, elements[1])}
            places = icon_places(self.before.data, elements[0])
            kept = [icon for icon, place in zip(old, places, strict=False) if place.path in left]
        if not self.record.require("icons", "icons", f"there are {len(new)}, {len(kept)} were expected",
                                   holds=len(new) == len(kept)):  # fmt: skip
            return set()
        touched: set[int] = set()
        for was, now in zip(kept, new, strict=True):
            boxes = self._icon_boxes(was.number)
            whole = self.plan.options.icons is IconPolicy.REMOVE
            if not boxes and not whole:
                continue
            touched.add(was.number)
            proof = compare_icon(self.record, was, now, boxes, whole=whole)
            self.planes += [proof] if proof is not None else []
        return touched

    def _removable_icons(self, elements: dict[int, Element]) -> frozenset[int]:
        """Where the sequences of icons begin that may be left out: asked for, or not to be redacted where they lie."""
        options, parts = self.plan.options, self.before.instance.parts
        places = icon_places(self.before.data, elements)
        if options.icons is IconPolicy.REMOVE:
            return frozenset(place.sequence.start for place in places)
        if options.icons is IconPolicy.KEEP or self.plan.is_empty:
            return frozenset()
        return frozenset(
            place.sequence.start
            for icon, place in zip(parts.icons, places, strict=False)
            if not is_plain_icon(icon, place.elements)
        )

    def _icon_boxes(self, icon: int) -> Boxes:
        found: list[Boxes] = []
        for number, group in enumerate(self.plan.listing.groups):
            if group.kind is PlaneKind.ICON and group.number == icon:
                own = self.plan.planes.get(group.address(0), ())
                found.append((*self._boxes(number), *(item.box for item in own)))
        return tuple(dict.fromkeys(box for boxes in found for box in boxes))

    def _rules(self, *, transcoded: bool, strips: bool, relabelled: bool) -> Rules:
        parts = self.before.instance.parts
        options = self.plan.options
        asked = not self.plan.is_empty or options.overlays is OverlayPolicy.REMOVE or options.remove_high_bits
        changed = not self.plan.is_empty or strips or bool(self._removed())
        return Rules(
            plan=self.plan,
            transcoded=transcoded,
            new_uids=self.new_uids,
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
    if old.layout.photometric != "YBR_ICT" or all(asked.frame(frame).is_nothing for frame in range(old.count)):
        return False
    headers = (j2k_header(new.codestream(frame)) for frame in range(new.count))
    return all(header.reversible and header.transformed for header in headers)


def _digest(source: ByteSource) -> str:
    digest = hashlib.sha256()
    for at in range(0, source.size, _CHUNK):
        digest.update(source.read_at(at, min(_CHUNK, source.size - at)))
    return f"sha256:{digest.hexdigest()}"
