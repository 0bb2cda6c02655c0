"""How the two files are built: envelope, top level to the last byte, fragments of the pixel data."""

from __future__ import annotations

from dcmaudit.codecs.codestreams import jpeg_header
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.verify.dataset import Element
from dcmaudit.verify.elements import top_level
from dcmaudit.verify.envelope import LENGTH, check_deflated_end, compare_envelopes
from dcmaudit.verify.fragments import check_count, check_extended, check_fragments
from dcmaudit.verify.pair import Pair

_LOSSLESS_JPEG = "1.2.840.10008.1.2.4.70"
_REWRITABLE = {0xC0, 0xC1, 0xC3}
_CHUNK = 256 << 10


def compare_encoding(pair: Pair) -> None:
    """Both data sets are written in the same encoding."""
    a, b = (file.instance.parts.header.syntax for file in (pair.before, pair.after))
    same = (a.implicit, a.little_endian, a.deflated) == (b.implicit, b.little_endian, b.deflated)
    pair.record.require("encoding", "the data set", "it is written in another encoding", holds=same)


def compare_structure(pair: Pair, *, transcoded: bool) -> tuple[dict[int, Element], dict[int, Element]]:
    """The envelope, the top level to its last byte, and the fragments; the elements of both files come back."""
    record, before, after = pair.record, pair.before, pair.after
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
    if not pair.plan.blacks and before.data.rest(old_end).strip(b"\0"):
        record.fail(LENGTH, "the original", "bytes that are no element stand behind its data set")
    if after.instance.parts.header.syntax.deflated:
        check_deflated_end(record, after.source, after.envelope.start)
    ids: dict[int, bytes] = {tag: after.data.raw(new[tag]) for tag in (0x00080016, 0x00080018) if tag in new}
    uid = before.instance.parts.header.syntax.uid.encode()
    compare_envelopes(record, before.envelope, after.envelope, uid, new=ids, transcoded=transcoded,
                      new_uids=pair.new_uids, plain=pair.plan.options.plain_meta)  # fmt: skip
    _fragments(pair, old, new)
    return old, new


def _fragments(pair: Pair, old: dict[int, Element], new: dict[int, Element]) -> None:
    was, now = pair.before.instance.parts.image, pair.after.instance.parts.image
    if was is None or now is None:
        return
    check_count(pair.record, was, now)
    if now.element.fragments is None:
        return
    if _as_it_was(pair, was, now):
        pair.record.note("the pixel data are the original's, byte by byte; its offset tables were not judged")
    else:
        check_fragments(pair.record, now)
    same = all(tag in old and pair.before.data.raw(old[tag], 1 << 26) == pair.after.data.raw(new[tag], 1 << 26)
               for tag in (0x7FE00001, 0x7FE00002) if tag in new)  # fmt: skip
    if not (same and _as_it_was(pair, was, now)):
        check_extended(pair.record, pair.after.data, new, now)


def _as_it_was(pair: Pair, was: FrameReader, now: FrameReader) -> bool:
    a, b = was.element, now.element
    if a.length != b.length or not pair.plan.is_empty:
        return False
    return all(
        was.body.read_at(a.offset + at, min(_CHUNK, a.length - at))
        == now.body.read_at(b.offset + at, min(_CHUNK, a.length - at))
        for at in range(0, a.length, _CHUNK)
    )


def is_transcoded(old: FrameReader | None, new: FrameReader | None) -> bool:
    """Whether the frames went to lossless JPEG, and had to: their own process cannot be written again exactly."""
    if old is None or new is None or old.index is None or new.index is None or old.syntax.uid == new.syntax.uid:
        return False
    if new.syntax.uid != _LOSSLESS_JPEG or old.syntax.codestream is not Codestream.JPEG or not old.count:
        return False
    heads = (jpeg_header(old.codestream(frame)).frame for frame in range(old.count))
    return any(head not in _REWRITABLE for head in heads)
