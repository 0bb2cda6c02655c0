"""Checks a release: files, chain of records, report and signature. Needs Python 3.9 and nothing else.

    python check_release.py FOLDER FINGERPRINT

FINGERPRINT is that of the people who signed. Take it from them, not from the folder.
Prints what is wrong, a line each, and ends with 0 only where nothing is.
"""

import hashlib
import json
import os
import sys
from typing import Any, Dict, List, Optional, Tuple

Point = Tuple[int, int, int, int]
# Ed25519 (RFC 8032) by plain numbers: slow, and short enough to read.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(one: Point, other: Point) -> Point:
    """The sum of two points in extended coordinates."""
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, point: Point) -> Point:
    """A point added to itself so many times."""
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def point_of(data: bytes) -> Point:
    """The point that 32 bytes stand for; ValueError where they stand for none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if len(data) != 32 or y >= P:
        raise ValueError("no point")
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) is that of ``message`` by the owner of the public key (32 bytes)."""
    try:
        public, first = point_of(key), point_of(signature[:32])
    except ValueError:
        return False
    second = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or second >= ORDER:
        return False
    number = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(second, BASE), add(first, times(number, public))
    return all((left[k] * right[2] - right[k] * left[2]) % P == 0 for k in (0, 1))


def canonical(value: Any) -> bytes:
    """The bytes of a value of which digests are taken."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def digest_of(path: str) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


def signed_part(folder: str, fingerprint: str, wrong: List[str]) -> Optional[Dict[str, Any]]:
    """What was signed; None, with what is wrong, where it was not signed by these people."""
    try:
        with open(os.path.join(folder, "signature.json"), "rb") as stream:
            data = json.load(stream)
        key, signature, signed = bytes.fromhex(data["public_key"]), bytes.fromhex(data["signature"]), data["signed"]
    except (OSError, ValueError, KeyError, TypeError):
        wrong.append("signature.json is missing, or is no signature")
        return None
    if hashlib.sha256(key).hexdigest() != fingerprint.lower().replace("sha256", "", 1).replace(":", ""):
        wrong.append("it was signed by somebody else")
    elif not isinstance(signed, dict) or not is_signed(key, canonical(signed), signature):
        wrong.append("the signature is wrong")
    else:
        return signed
    return None


def outputs_of(folder: str, signed: Dict[str, Any], wrong: List[str]) -> Dict[str, str]:
    """Names and digests of the released files, by the chain of records."""
    link, count, outputs = "0" * 64, 0, {}
    with open(os.path.join(folder, "records.jsonl"), "rb") as stream:
        for count, line in enumerate(stream, 1):
            data = json.loads(line)
            record = data["record"]
            link = hashlib.sha256(link.encode("ascii") + canonical(record)).hexdigest()
            if data["link"] != link or not line.endswith(b"\n"):
                wrong.append("records.jsonl line %d does not follow from those before it" % count)
            if record.get("output") is not None:
                if record["output"] in outputs:
                    wrong.append(record["output"] + " is recorded twice")
                outputs[record["output"]] = record["output_sha256"]
    if link != signed["root"] or count != signed["records"]:
        wrong.append("records.jsonl is not the chain that was signed")
    return outputs


def is_filled_mark(path: str) -> bool:
    """Whether it is the mark of such a folder, which is empty, with something in it."""
    return path.endswith(".dcmaudit-release") and os.path.getsize(path) > 0


def problems(folder: str, fingerprint: str) -> List[str]:
    """Everything that is wrong with the release in ``folder``."""
    wrong: List[str] = []
    signed = signed_part(folder, fingerprint, wrong)
    if signed is None:
        return wrong
    try:
        expected = {**outputs_of(folder, signed, wrong), **signed["files"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [*wrong, "records.jsonl cannot be read"]
    own = {"records.jsonl", "signature.json", ".dcmaudit-release"}  # the last one is empty, and marks such a folder
    for place, folders, names in os.walk(folder):
        for name in names + folders:
            path = os.path.join(place, name)
            below = os.path.relpath(path, folder).replace(os.sep, "/")
            if os.path.islink(path):
                wrong.append(below + " is a link")
            elif name in names and below not in expected and (below not in own or is_filled_mark(path)):
                wrong.append(below + " is no part of the release")
    for name, digest in expected.items():
        path = os.path.join(folder, *name.split("/"))
        if not os.path.isfile(path) or digest_of(path) != digest:
            wrong.append(name + (" was changed" if os.path.isfile(path) else " is missing"))
    return wrong


if __name__ == "__main__":
    if len(sys.argv) != 3 or not os.path.isdir(sys.argv[1]):
        sys.exit("usage: python check_release.py FOLDER FINGERPRINT")
    found = problems(sys.argv[1], sys.argv[2])
    print("\n".join(found) or "the release is whole, and signed by the owner of this fingerprint")
    sys.exit(1 if found else 0)
