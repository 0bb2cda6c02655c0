"""Every element of two data sets compared: identical to its last byte, or exactly what ``rules`` allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from dcmaudit.dicom.blobs import is_safe_private
from dcmaudit.dicom.dictionary import standard_vr
from dcmaudit.errors import HeaderError
from dcmaudit.model.limits import LEAST_OF_A_PICTURE
from dcmaudit.verify.dataset import PIXELS, UNDEFINED, DataSet, Element, Item, tag_name
from dcmaudit.verify.grammar import bare, head, is_text
from dcmaudit.verify.record import Record
from dcmaudit.verify.rules import EQUIPMENT, ICONS, LARGE_DESCRIPTORS, METHODS, WATCHED, Change, Rules, descriptor_of
from dcmaudit.verify.uids import UidComparison, holds_uids

ELEMENTS, ORDER = "elements", "order of elements"
_CHUNK = 1 << 20
_DEEPEST, _DEEPEST_ICON = 40, 24
_SHORT = 1024
_LONGEST_TABLE = 1 << 18
_CHANGED = "its value changed"
_ENCODED = "it is written in another way: its VR, reserved bytes, form of length or delimiter"
PER_FRAME = 0x52009230
_GROWING = frozenset({METHODS, EQUIPMENT})
"""Sequences at whose end items may be added."""


@dataclass(slots=True)
class ElementComparison:
    """Compares the elements of ``before`` and ``after``; pixel data, and touched overlays, are compared elsewhere.

    ``elsewhere`` are top-level tags whose values others compare; ``touched_icons`` are the numbers of icons whose
    pixel data others compare.
    """

    before: DataSet
    after: DataSet
    rules: Rules
    record: Record
    elsewhere: frozenset[int]
    touched_icons: frozenset[int]
    removable_icons: frozenset[int] = frozenset()
    """Where the sequences of icons begin that may be left out."""
    _icons: int = 0
    _private: int = 0
    """How many private sequences the items that are compared lie in."""
    _level: dict[int, Element] = field(default_factory=dict)
    """The original's elements among which the one that is compared stands."""
    _old: dict[int, bytes] = field(default_factory=dict)
    _new: dict[int, bytes] = field(default_factory=dict)
    _uids: dict[bytes, bytes] = field(default_factory=dict)
    _every: UidComparison = field(default_factory=UidComparison)

    def run(self, old: dict[int, Element], new: dict[int, Element]) -> None:
        """Compare two top levels, given by tag."""
        self._level = old
        self._note_uids(old, new)
        # Icons are numbered with those of the per-frame groups last, see ``find_icons``.
        for tag in sorted({*old, *new}, key=lambda tag: (tag == PER_FRAME, tag)):
            was, now = old.get(tag), new.get(tag)
            if was is not None and tag in WATCHED:
                self._old[tag] = self.before.raw(was)
            if now is None and was is not None:
                self._missing(was)
            elif now is not None:
                if tag in WATCHED:
                    self._new[tag] = self.after.raw(now)
                reason = self.rules.must_go(tag)
                if reason is not None:
                    self.record.fail(ELEMENTS, now.name, f"it is still there: {reason}")
                self._one(was, now, is_right=is_right_length(self.after, list(new.values()), tag))
        # Asked of the file that was written: the original's elements do not matter here.
        if self.rules.removes_private:
            self._no_bulk(new)
        for tag, text in self.rules.missing(frozenset(new), self._old, self._new):
            self.record.fail(ELEMENTS, tag_name(tag), text)

    def _note_uids(self, old: dict[int, Element], new: dict[int, Element]) -> None:
        """What became of the UIDs of the top level: the same has to be true wherever they stand."""
        own = self.rules.plan.options.uids_of.tags if self.rules.new_uids else ()
        for tag in own:
            if tag in old and tag in new:
                self._uids[self.before.raw(old[tag]).strip(b" \0")] = self.after.raw(new[tag]).strip(b" \0")
        for tag in (*own, *sorted(new.keys() - set(own))) if self.rules.all_uids else ():
            if tag in old and tag in new and holds_uids(self.before, old[tag], old):
                self._top_uids(old[tag], new[tag], own=tag in own)
        self._uids.pop(b"", None)

    def _top_uids(self, old: Element, new: Element, *, own: bool) -> None:
        """Compare the UIDs of an element of the top level, and note what became of each."""
        values = self.before.raw(old), self.after.raw(new)
        fault = self._every.fault(*values, own=own)
        if fault is None and not self._is_headed(old, new) and values[0] != values[1]:
            fault = _ENCODED
        self.record.require(ELEMENTS, new.name, fault or "", holds=fault is None)
        was, now = (value.strip(b" \0").split(b"\\") for value in values)
        if fault is None:
            self._uids |= {a.strip(b" \0"): b for a, b in zip(was, now, strict=True) if a.strip(b" \0") != b}

    def _missing(self, element: Element) -> None:
        self._pass_over(element)
        self.record.require(ELEMENTS, element.name, "it is missing",
                            holds=element.start in self.removable_icons
                            or self.rules.may_go(element.tag, element.vr, element.end - element.value))  # fmt: skip

    def _pass_over(self, element: Element) -> None:
        """Number the icons in an element that is gone."""
        if self.touched_icons and self.before.is_sequence(element):
            self._icons += len(icon_places(self.before, {element.tag: element}))

    def _no_bulk(self, new: dict[int, Element]) -> None:
        """No private value in which a picture could hide may be left, at whatever depth, but those called safe."""
        for inner in _large(self.after, list(new.values()), 0):
            self.record.fail(ELEMENTS, inner.name, "a private element in which a picture could hide is still there")

    def _one(self, old: Element | None, new: Element, *, is_right: bool) -> None:
        """Compare an element of the top level; ``is_right``: it is a group length, and right."""
        if self.rules.all_uids and old is not None and holds_uids(self.before, old, self._level):
            return
        if self.rules.all_uids and old is not None and self._is_copied(old):
            self._copied(old, new)
            return
        if old is not None and self._is_same(old, new, new.name, 0):
            self.record.checks[ELEMENTS] += 1
            return
        # A group length may stay if it is true of the new group (PS3.5 7.2).
        if new.tag & 0xFFFF == 0 and old is not None:
            self.record.require(ELEMENTS, new.name, "it is not the length of its group", holds=is_right)
            return
        value = self.after.raw(new)
        change = Change(
            new.tag, None if old is None else self.before.raw(old), value,
            None if old is None else old.vr, 0 if old is None else old.end - old.value, self._entries(new.tag),
        )  # fmt: skip
        fault = self.rules.fault(change) if len(value) == new.end - new.value else "it is larger than it may be"
        if fault is None and not self._is_headed(old, new):
            fault = _ENCODED
        self.record.require(ELEMENTS, new.name, fault or "", holds=fault is None)

    def _is_copied(self, old: Element) -> bool:
        """Whether an element whose VR nobody knows holds one of the file's own UIDs and nothing else."""
        return old.vr in {None, "UN"} and old.end - old.value <= _SHORT and bare(self.before.raw(old)) in self._uids

    def _copied(self, old: Element, new: Element) -> None:
        wanted = self._uids[bare(self.before.raw(old))]
        holds = is_text(self.after.raw(new), wanted, "UI") and self._is_headed(old, new)
        self.record.require(ELEMENTS, new.name, "it holds a UID that the file does not have any more", holds=holds)

    def _entries(self, tag: int) -> int:
        """The entries of a look-up table, by the descriptor that stands beside its data in the original."""
        descriptor = self._level.get(descriptor_of(tag))
        if descriptor is None or descriptor.end - descriptor.value < 2:
            return 0
        value, order = self.before.raw(descriptor), self.before.order
        first = int.from_bytes(value[:2], order)
        # Their number of entries takes two words.
        if descriptor.tag in LARGE_DESCRIPTORS and len(value) >= 10:
            return first << 16 | int.from_bytes(value[2:4], order)
        # 0 stands for 65,536 (PS3.3 C.7.6.3.1.5).
        return first or 1 << 16

    def _is_headed(self, old: Element | None, new: Element) -> bool:
        """Whether a new or changed element has the head that its tag and the original's VR ask for."""
        vr = self.rules.vr_of(new.tag, None if old is None else old.vr)
        vr = None if self.after.is_implicit_in(None) else vr
        wanted = head(new.tag, vr, new.end - new.value, little=self.after.order == "little")
        return self.after.head(new) == wanted

    def _is_same(self, old: Element, new: Element, path: str, depth: int) -> bool:
        """Whether two elements of one tag say the same; deeper differences are told here, where they are."""
        if depth == 0 and old.tag in self.elsewhere:
            return self._same_head_elsewhere(old, new)
        same = _equal(self.before, old, self.after, new)
        more = self.rules.items_added(old.tag, self.before.raw(old)) if depth == 0 and old.tag in _GROWING else ()
        if not self.before.is_sequence(old) or not self.after.is_sequence(new):
            return self._is_right_inside(old, new, path, same=same) if depth else same
        if same and not more and (not self._must_look_into(old) or self._is_value(old)):
            return True
        if depth > _DEEPEST:
            raise HeaderError(f"{path}: its sequences are nested too deeply to be compared")
        if not same and not self._same_form(old, new):
            self.record.fail(ELEMENTS, path, _ENCODED)
            return True
        return self._same_items(old, new, path, depth, more)

    def _same_head_elsewhere(self, old: Element, new: Element) -> bool:
        """The head of an element whose value others compare: as it was, or as encapsulated frames ask (PS3.5 A.4)."""
        was, now = self.before.head(old), self.after.head(new)
        # OverlayData may have been put together from fragments, and then has a defined length.
        if old.tag not in PIXELS:
            return now in {was, head(old.tag, old.vr, new.length, little=self.after.order == "little")}
        if (old.length == UNDEFINED) != (new.length == UNDEFINED):
            return False
        allowed = {head(new.tag, vr, new.length, little=self.after.order == "little")
                   for vr in {old.vr, *(("OB", "OW") if new.vr is not None else ())}}  # fmt: skip
        return now in {was, *allowed}

    def _same_form(self, old: Element | Item, new: Element | Item) -> bool:
        """Whether two sequences or items are written in the same way, but for the number in a defined length.

        Reserved bytes and lengths of delimiters may be 00 now, as they have to be (PS3.5 7.1.2, 7.5).
        """
        if (old.length == UNDEFINED) != (new.length == UNDEFINED):
            return False
        was, now = self.before.bytes_of(old.start, old.value), self.after.bytes_of(new.start, new.value)
        tails = self.before.bytes_of(old.value_end, old.end), self.after.bytes_of(new.value_end, new.end)
        cleaned = was[:6] + b"\0\0" if len(was) == 12 else was[:-4]
        return now[:-4] in {was[:-4], cleaned} and tails[1] in {tails[0], tails[0][:4] + bytes(len(tails[0][4:]))}

    def _is_right_inside(self, old: Element, new: Element, path: str, *, same: bool) -> bool:
        """Whether a value inside a sequence is what it has to be; what is wrong is told here."""
        longest = _LONGEST_TABLE if self.rules.is_table(old.tag) else _SHORT
        if self.rules.all_uids and holds_uids(self.before, old, self._level):
            return self._are_right_uids(old, new, path)
        if same and old.end - old.value > _SHORT:
            return True
        # It differs and is too long to be one of the values that may.
        if new.end - new.value > longest:
            return False
        values = self.before.raw(old), self.after.raw(new)
        fault = self.rules.nested_fault(Change(old.tag, *values, old.vr, entries=self._entries(old.tag)), self._uids)
        if fault is None and not same:
            wanted = head(old.tag, old.vr, len(values[1]), little=self.after.order == "little")
            fault = None if self.after.head(new) == wanted else _ENCODED
        if fault is not None and fault != _CHANGED:
            self.record.fail(ELEMENTS, path, fault)
            return True
        return fault is None

    def _is_value(self, element: Element) -> bool:
        """Whether an element that nothing names a sequence only begins like one."""
        if element.vr == "SQ" or standard_vr(element.tag) == "SQ":
            return False
        try:
            return not all(self._walks(inner) for item in self.before.parts(element) for inner in item.elements)
        except HeaderError:
            return True

    def _walks(self, element: Element) -> bool:
        if not self.before.is_sequence(element):
            return True
        return all(self._walks(inner) for item in self.before.parts(element) for inner in item.elements)

    def _are_right_uids(self, old: Element, new: Element, path: str) -> bool:
        """Whether the UIDs of an element in an item are new ones as they have to be; what is wrong is told here."""
        values = self.before.raw(old), self.after.raw(new)
        fault = self._every.fault(*values)
        wanted = head(old.tag, old.vr, len(values[1]), little=self.after.order == "little")
        if fault is None and values[0] != values[1] and self.after.head(new) != wanted:
            fault = _ENCODED
        if fault is not None:
            self.record.fail(ELEMENTS, path, fault)
        return True

    def _must_look_into(self, element: Element) -> bool:
        """Whether equal bytes may be wrong, or hold what others compare: there may be 10,000 items in a sequence."""
        if self.rules.all_uids:
            return True
        marks = list(self._uids)
        if self.touched_icons:
            if element.tag == ICONS:
                return True
            marks += [b"\x88\0\0\x02", b"\0\x88\x02\0"]
        if self.rules.changed:
            marks += [b"\x08\0\x07\x90", b"\0\x08\x90\x07"]
        longest = max(map(len, marks), default=0)
        return any(
            mark in piece
            for at in range(element.value, element.end, _CHUNK)
            for piece in [self.before.body.read_at(at, min(_CHUNK + longest, element.end - at))]
            for mark in marks
        )

    def _same_items(self, old: Element, new: Element, path: str, depth: int, more: Sequence[bytes] = ()) -> bool:
        """Compare item by item; ``more`` are those that have to stand behind them."""
        a, b = list(self.before.parts(old)), list(self.after.parts(new))
        if len(a) + len(more) != len(b):
            self.record.fail(ELEMENTS, path, f"it has {len(b)} items, it had {len(a)} and {len(more)} were to be added")
            return True
        for one, wanted in zip(b[len(a) :], more, strict=True):
            holds = one.end - one.start == len(wanted) and self.after.bytes_of(one.start, one.end) == wanted
            self.record.require(ELEMENTS, path, "other items were added than somebody stands for", holds=holds)
        b = b[: len(a)]
        self._private += old.tag >> 16 & 1
        for number, (was, now) in enumerate(zip(a, b, strict=True)):
            icon = self._icons if old.tag == ICONS else None
            self._icons += old.tag == ICONS
            where = f"{path} item {number + 1}"
            if not self._same_form(was, now):
                self.record.fail(ELEMENTS, where, _ENCODED)
            elif self._same_tags(was.elements, now.elements, where):
                self._same_elements(was.elements, now.elements, where, depth, in_icon=icon in self.touched_icons)
        self._private -= old.tag >> 16 & 1
        return True

    def _same_tags(self, was: Sequence[Element], now: Sequence[Element], where: str) -> bool:
        """Whether an item has its elements in their order, but for those that may go; what is wrong is told here."""
        left = iter(was)
        for element in now:
            for other in left:
                if other.tag == element.tag:
                    break
                self._require_may_go(other, where)
            else:
                self.record.fail(ELEMENTS, where, f"{element.name} is new, or in another order")
                return False
        for other in left:
            self._require_may_go(other, where)
        return True

    def _require_may_go(self, element: Element, where: str) -> None:
        self._pass_over(element)
        size, private = element.end - element.value, self._private > 0
        holds = self.rules.may_go_inside(element.tag, element.vr, size, private=private)
        holds |= element.start in self.removable_icons
        self.record.require(ELEMENTS, f"{where} {element.name}", "it is missing", holds=holds)

    def _same_elements(
        self, was: Sequence[Element], now: Sequence[Element], where: str, depth: int, *, in_icon: bool
    ) -> None:
        old = {element.tag: element for element in was}
        level, self._level = self._level, old
        for element in now:
            before, inner = old[element.tag], f"{where} {element.name}"
            # The picture itself is compared as a plane.
            if in_icon and element.tag in PIXELS:
                holds = self.before.head(before) == self.after.head(element)
                self.record.require(ELEMENTS, inner, _ENCODED, holds=holds)
                continue
            holds = self._is_same(before, element, inner, depth + 1)
            if not holds and element.tag & 0xFFFF == 0:
                holds = is_right_length(self.after, now, element.tag) and element.end - element.value == 4
            self.record.require(ELEMENTS, inner, _CHANGED, holds=holds)
        self._level = level


def is_right_length(data: DataSet, elements: Sequence[Element], tag: int) -> bool:
    """Whether a group length (retired, PS3.5 7.2) among ``elements`` is right."""
    if tag & 0xFFFF:
        return False
    own = next(element for element in elements if element.tag == tag)
    last = max(element.end for element in elements if element.tag >> 16 == tag >> 16)
    return int.from_bytes(data.raw(own), data.order) == last - own.end


@dataclass(frozen=True, slots=True)
class IconPlace:
    """Where an icon stands: tags and numbers of items in turn, its sequence, and its elements."""

    path: tuple[int, ...]
    sequence: Element
    elements: tuple[Element, ...]


def icon_places(data: DataSet, elements: dict[int, Element]) -> list[IconPlace]:
    """Where each icon stands, in the order in which ``find_icons`` finds them."""

    def inside(element: Element, path: tuple[int, ...], depth: int) -> Iterator[IconPlace]:
        for number, item in enumerate(data.items(element)):
            here = (*path, element.tag, number)
            if element.tag == ICONS:
                yield IconPlace(here, element, item)
                continue
            for inner in item if depth < _DEEPEST_ICON else ():
                if data.is_sequence(inner):
                    yield from inside(inner, here, depth + 1)

    order = sorted(elements, key=lambda tag: (tag == PER_FRAME, tag))
    return [place for tag in order if data.is_sequence(elements[tag]) for place in inside(elements[tag], (), 0)]


def _large(data: DataSet, elements: Sequence[Element], depth: int) -> Iterator[Element]:
    creators = {
        element.tag >> 16 << 8 | element.tag & 0xFF: data.raw(element).decode("latin-1")
        for element in elements
        if element.tag >> 16 & 1 and 0x10 <= element.tag & 0xFFFF <= 0xFF and element.end - element.value <= _SHORT
    }
    for element in elements:
        # Deeper than any writer goes: a damaged file was refused before.
        if element.end - element.value < LEAST_OF_A_PICTURE or depth > _DEEPEST:
            continue
        if data.is_sequence(element):
            for item in data.items(element):
                yield from _large(data, item, depth + 1)
        elif element.tag >> 16 & 1 and not is_safe_private(creators.get(element.tag >> 8), element.tag):
            yield element


def _equal(one: DataSet, a: Element, other: DataSet, b: Element) -> bool:
    """Whether two elements have the same bytes, from their tags to their delimiters; read in pieces."""
    length = a.end - a.start
    if length != b.end - b.start:
        return False
    for at in range(0, length, _CHUNK):
        size = min(_CHUNK, length - at)
        if one.body.read_at(a.start + at, size) != other.body.read_at(b.start + at, size):
            return False
    return True


def top_level(data: DataSet, start: int, fail: Callable[[str, str], None]) -> tuple[dict[int, Element], int]:
    """The elements of a data set by tag, and where they end; ``fail(where, text)`` for disorder."""
    found: dict[int, Element] = {}
    end, last = start, -1
    for element in data.elements(start):
        if element.tag in found:
            fail(element.name, "it occurs twice")
        elif element.tag <= last:
            fail(element.name, "it stands behind a larger tag")
        found.setdefault(element.tag, element)
        end, last = element.end, element.tag
    return found, end
