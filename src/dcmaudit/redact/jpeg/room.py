"""Symbols added to a Huffman table of a sequential JPEG that is rewritten (ITU-T T.81, annex C)."""

from __future__ import annotations

from dcmaudit.codecs.jpeg.huffman import HuffmanSpec


def with_symbols(spec: HuffmanSpec, wanted: frozenset[int]) -> HuffmanSpec | None:
    """The table with the missing symbols of ``wanted`` added, every present code unchanged.

    New codes go behind the last one; the code of ones alone stays free at every length (C.2), as decoders
    ask. None where the table is full: nothing can be added without changing present codes.
    """
    missing = sorted(wanted - spec.codes.keys())
    if not missing:
        return spec
    counts = list(spec.counts)
    longest = max((length for length, count in enumerate(counts, 1) if count), default=0)
    for length in range(max(longest, 1), 17):
        # Codes of this length behind the last present one, less the code of ones alone.
        used = sum(count << (length - at) for at, count in enumerate(counts, 1) if at <= length)
        # Behind the codes that are there, so that none of them changes; that of ones alone stays free (T.81 annex C).
        if (1 << length) - used - 1 >= len(missing):
            counts[length - 1] += len(missing)
            return HuffmanSpec(spec.is_ac, tuple(counts), spec.symbols + bytes(missing))
    return None


def make_room(spec: HuffmanSpec, wanted: frozenset[int]) -> HuffmanSpec:
    """A table with the symbols of ``spec`` and of ``wanted``; other codes than before, lengths nearly the same.

    Room is made by lengthening the longest codes that have fewer than 16 bits.
    """
    length = {symbol: bits for symbol, (_, bits) in spec.codes.items()}
    missing = sorted(wanted - length.keys())
    while sum(1 << (16 - bits) for bits in length.values()) + len(missing) > 65535:
        # The rarest symbols have the longest codes: they pay for the room.
        deepest = max(bits for bits in length.values() if bits < 16)
        symbol = next(s for s, bits in reversed(length.items()) if bits == deepest)
        length[symbol] += 1
    length |= dict.fromkeys(missing, 16)
    order = sorted(length, key=length.__getitem__)
    counts = tuple(sum(bits == n for bits in length.values()) for n in range(1, 17))
    return HuffmanSpec(spec.is_ac, counts, bytes(order))
