"""Every element of two data sets compared: identical, or allowed to differ by ``rules``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dcmaudit.dicom.unshown import PRIVATE_LIMIT
from dcmaudit.errors import HeaderError
from dcmaudit.verify.dataset import PIXELS, UNDEFINED, DataSet, Element, tag_name
from dcmaudit.verify.record import Record
from dcmaudit.verify.rules import BULKY, ICONS, METHODS, WATCHED, Change, Rules

ELEMENTS, ORDER = "elements", "order of elements"
_CHUNK = 1 << 20
_DEEPEST = 40
_SHORT = 1024
_CHANGED = "its value changed"
PER_FRAME = 0x52009230


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
    _icons: int = 0
    _old: dict[int, bytes] = field(default_factory=dict)
    _new: dict[int, bytes] = field(default_factory=dict)
    _uids: dict[bytes, bytes] = field(default_factory=dict)

    def run(self, old: dict[int, Element], new: dict[int, Element]) -> None:
        """Compare two top levels, given by tag."""
        for tag in self.rules.plan.options.uids_of.tags if self.rules.new_uids else ():
            if tag in old and tag in new:
                self._uids[self.before.raw(old[tag]).strip(b" \0")] = self.after.raw(new[tag]).strip(b" \0")
        self._uids.pop(b"", None)
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
                reason = self.rules.must_go(tag, now.vr, now.end - now.value)
                if reason is not None:
                    self.record.fail(ELEMENTS, now.name, f"it is still there: {reason}")
                self._one(was, now)
        if self.rules.plan.options.remove_private_bulk:
            self._no_bulk(new)
        for tag, text in self.rules.missing(frozenset(new), self._old, self._new):
            self.record.fail(ELEMENTS, tag_name(tag), text)

    def _missing(self, element: Element) -> None:
        if element.tag == ICONS:
            self._icons += sum(1 for _ in self.before.items(element))
        self.record.require(ELEMENTS, element.name, "it is missing",
                            holds=self.rules.may_go(element.tag, element.vr, element.end - element.value))  # fmt: skip

    def _no_bulk(self, new: dict[int, Element]) -> None:
        """No large private binary value may be left, at whatever depth."""
        for element in new.values():
            for inner in _large(self.after, element, 0):
                self.record.fail(ELEMENTS, element.name, f"a large private element is still there: {inner.name}")

    def _one(self, old: Element | None, new: Element) -> None:
        if old is not None and self._is_same(old, new, new.name, 0):
            self.record.checks[ELEMENTS] += 1
            return
        if old is None and self.after.is_sequence(new) and new.tag != METHODS:
            self.record.fail(ELEMENTS, new.name, "it is new")
            return
        change = Change(
            new.tag, None if old is None else self.before.raw(old), self.after.raw(new),
            None if old is None else old.vr, 0 if old is None else old.end - old.value,
        )  # fmt: skip
        fault = self.rules.fault(change)
        self.record.require(ELEMENTS, new.name, fault or "", holds=fault is None)
        if fault is None and old is not None and old.vr != new.vr:
            self.record.fail(ELEMENTS, new.name, f"its VR is {new.vr}, it was {old.vr}")

    def _is_same(  # noqa: PLR0911 - one return a kind of element
        self, old: Element, new: Element, path: str, depth: int
    ) -> bool:
        """Whether two elements of one tag say the same; deeper differences are told here, where they are."""
        if old.vr != new.vr and not (depth == 0 and old.tag in PIXELS):
            return False
        if depth == 0 and old.tag in self.elsewhere:
            return True
        sequence = self.before.is_sequence(old)
        if sequence != self.after.is_sequence(new):
            return False
        same = _equal(self.before, old, self.after, new)
        if not sequence:
            return self._is_right_inside(old, new, path, same=same) if depth else same
        if same and not self._must_look_into(old):
            return True
        if old.tag == METHODS and depth == 0:
            return same
        if depth > _DEEPEST:
            raise HeaderError(f"{path}: its sequences are nested too deeply to be compared")
        return self._same_items(old, new, path, depth)

    def _is_right_inside(self, old: Element, new: Element, path: str, *, same: bool) -> bool:
        """Whether a value inside a sequence is what it has to be; what is wrong is told here."""
        if old.end - old.value > _SHORT or new.end - new.value > _SHORT:
            return same
        values = self.before.raw(old), self.after.raw(new)
        fault = self.rules.nested_fault(Change(old.tag, *values, old.vr), self._uids)
        if fault is not None and fault != _CHANGED:
            self.record.fail(ELEMENTS, path, fault)
            return True
        return fault is None

    def _must_look_into(self, element: Element) -> bool:
        """Whether equal bytes may be wrong, or hold what others compare: there may be 10,000 items in a sequence."""
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

    def _same_items(self, old: Element, new: Element, path: str, depth: int) -> bool:
        a, b = list(self.before.items(old)), list(self.after.items(new))
        if len(a) != len(b):
            self.record.fail(ELEMENTS, path, f"it has {len(b)} items, it had {len(a)}")
            return True
        for number, (was, now) in enumerate(zip(a, b, strict=True)):
            icon = self._icons if old.tag == ICONS else None
            self._icons += old.tag == ICONS
            where = f"{path} item {number + 1}"
            mine = {element.tag: element for element in now}
            tags = [element.tag for element in was]
            if [t for t in tags if t & 0xFFFF] != [element.tag for element in now if element.tag & 0xFFFF]:
                self.record.fail(ELEMENTS, where, "its elements are others, or in another order")
                continue
            for element in was:
                other = mine.get(element.tag)
                if other is None or (icon in self.touched_icons and element.tag in PIXELS):
                    continue
                inner = f"{where} {element.name}"
                holds = self._is_same(element, other, inner, depth + 1)
                self.record.require(ELEMENTS, inner, _CHANGED, holds=holds)
        return True


def _large(data: DataSet, element: Element, depth: int) -> Iterator[Element]:
    if element.end - element.value < PRIVATE_LIMIT or depth > _DEEPEST:
        return
    if data.is_sequence(element):
        for item in data.items(element):
            for inner in item:
                yield from _large(data, inner, depth + 1)
    elif element.tag >> 16 & 1 and element.vr in BULKY:
        yield element


def _equal(one: DataSet, a: Element, other: DataSet, b: Element) -> bool:
    """Whether two values have the same bytes; read in pieces."""
    length = a.value_end - a.value
    if length != b.value_end - b.value or (a.length == UNDEFINED) != (b.length == UNDEFINED):
        return False
    for at in range(0, length, _CHUNK):
        size = min(_CHUNK, length - at)
        if one.body.read_at(a.value + at, size) != other.body.read_at(b.value + at, size):
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
