"""Checks a release: files, chain of records, report and signature. Needs Python 3.9 and nothing else.

    python check_release.py FOLDER FINGERPRINT

FINGERPRINT (64 hexadecimal digits, or OpenSSH's SHA256:...) comes from the people who signed, not from the folder.
Prints what is wrong, a line each, and ends with 0 only where nothing is.
"""

import base64
import hashlib
import json
import os
import pathlib
import sys
from functools import partial
from typing import Any, Dict, List, Set, Tuple

Point = Tuple[int, int, int, int]
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(one: Point, other: Point) -> Point:
    """The sum of two points of Ed25519 (RFC 8032) in extended coordinates: slow, and short enough to read."""
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    return ((b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P)


def times(number: int, point: Point) -> Point:
    """A point added to itself so many times."""
    total = (0, 1, 1, 0)
    for bit in f"{number:b}":
        total = add(add(total, total), point) if bit == "1" else add(total, total)
    return total


def point_of(data: bytes) -> Point:
    """The point that 32 bytes stand for; ValueError where they stand for none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - square) % P else x
    if len(data) != 32 or y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) is that of ``message`` by the owner of the public key."""
    try:
        public, first, base = point_of(key), point_of(signature[:32]), point_of(b"\x58" + b"\x66" * 31)
    except ValueError:
        return False
    second = int.from_bytes(signature[32:], "little")
    number = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(second, base), add(first, times(number, public))
    same = all((left[k] * right[2] - right[k] * left[2]) % P == 0 for k in (0, 1))
    return same and len(signature) == 64 and second < ORDER


def canonical(value: Any) -> bytes:
    """The bytes of a value of which digests are taken: JSON without blanks, keys sorted."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def fingerprints(key: bytes) -> Tuple[str, str]:
    """The SHA-256 of a public key of 32 bytes in hexadecimal, and as OpenSSH writes it."""
    ssh = hashlib.sha256(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + key).digest()
    return hashlib.sha256(key).hexdigest(), "SHA256:" + base64.b64encode(ssh).decode("ascii").rstrip("=")


def signed_part(path: str, fingerprint: str) -> Dict[str, Any]:
    """What was signed; ValueError, with what is wrong, where it was not signed by these people."""
    data = json.loads(text := pathlib.Path(path).read_bytes())
    key, signature, signed = bytes.fromhex(data["public_key"]), bytes.fromhex(data["signature"]), data["signed"]
    plain, ssh = fingerprints(key)
    if fingerprint.rstrip("=") != ssh and fingerprint.lower().replace("sha256:", "", 1).replace(":", "") != plain:
        raise ValueError("it was signed by somebody else")
    whole = {"algorithm": "Ed25519", "public_key": key.hex(), "fingerprint": plain, "ssh_fingerprint": ssh,
             "signed": signed, "signature": signature.hex()}  # fmt: skip
    if text != (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode("ascii"):
        raise ValueError("signature.json is not as it was written")
    if signed["format"] != "dcmaudit release 1" or not is_signed(key, canonical(signed), signature):
        raise ValueError("the signature is wrong")
    return dict(signed)


def outputs_of(path: str, signed: Dict[str, Any], wrong: List[str]) -> Dict[str, str]:
    """Names and digests of the released files, by the chain of records."""
    link, count, outputs = "0" * 64, 0, {}
    with open(path, "rb") as stream:
        for count, line in enumerate(stream, 1):
            data = json.loads(line)
            record = data["record"]
            link = hashlib.sha256(link.encode("ascii") + canonical(record)).hexdigest()
            if data["link"] != link or line != canonical(data) + b"\n":
                wrong.append("records.jsonl line %d does not follow from those before it" % count)
            if record.get("output") in outputs:
                wrong.append(record["output"] + " is recorded twice")
            if record.get("output") is not None:
                outputs[record["output"]] = record["output_sha256"]
    if link != signed["root"] or count != signed["records"]:
        wrong.append("records.jsonl is not the chain that was signed")
    return outputs


def listed(folder: str, wrong: List[str]) -> Tuple[Set[str], Set[str]]:
    """Names of the plain files and of the folders below ``folder``; whatever else is there is wrong."""
    found: Tuple[Set[str], Set[str]] = (set(), set())
    for place, inner, names in os.walk(folder, onerror=lambda error: wrong.append("cannot be read: %s" % error)):
        for name in names + inner:
            path = os.path.join(place, name)
            below = os.path.relpath(path, folder).replace(os.sep, "/")
            found[name in inner].add(below)
            if os.path.islink(path) or not (os.path.isfile(path) or os.path.isdir(path)):
                raise ValueError(below + " is a link, or no plain file")
    return found


def problems(folder: str, fingerprint: str) -> List[str]:
    """Everything that is wrong with the release in ``folder``."""
    wrong: List[str] = []
    try:
        files, folders = listed(folder, wrong)
        signed = signed_part(os.path.join(folder, "signature.json"), fingerprint)
        expected = {**outputs_of(os.path.join(folder, "records.jsonl"), signed, wrong), **signed["files"]}
        for name in sorted(files & set(expected)):
            digest = hashlib.sha256()
            with open(os.path.join(folder, name), "rb") as stream:
                for piece in iter(partial(stream.read, 1 << 20), b""):
                    digest.update(piece)
            wrong += [name + " was changed"] if digest.hexdigest() != expected[name] else []
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return [*wrong, "it cannot be checked: %s" % error]
    files.discard("signature.json")
    parents = {name[:at] for name in expected for at, sign in enumerate(name) if sign == "/"}
    wrong += [name + " is no part of the release" for name in sorted((files - set(expected)) | (folders - parents))]
    return wrong + [name + " is missing" for name in sorted(set(expected) - files)]


if __name__ == "__main__":
    if len(sys.argv) != 3 or not os.path.isdir(sys.argv[1]):
        sys.exit("usage: python check_release.py FOLDER FINGERPRINT")
    found = problems(sys.argv[1], sys.argv[2])
    for each in found or ["the release is whole, and signed by the owner of this fingerprint"]:
        print(ascii(each)[1:-1])
    sys.exit(1 if found else 0)
