"""Programs run where nothing but this machine is: what they look up, whom they call, and which files they leave.

``watched`` runs steps, each a command line, in a network and a view of the file system of their own. There, a resolver
answers every name, every address of the world leads back to the loopback device, and every packet on it is read:
whoever asks for a name or calls an address other than 127.0.0.1 and ::1 is seen. Where the system allows no such
places, the system calls of the steps are traced.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SPACES = ["unshare", "--net", "--mount", "--propagation", "private"]
ROOTLESS = ["unshare", "--map-root-user", "--net", "--mount", "--propagation", "private"]
TRACER = ["strace", "--follow-forks", "--quiet=all", "--trace=connect,sendto,sendmsg,sendmmsg"]

ANSWER = "203.0.113.7"
"""What every name leads to (RFC 5737: nobody has it)."""

_BIND, _IP, _IP6 = 4096, 0x0800, 0x86DD
_ICMP, _ICMP6 = 1, 58
_SETTLE = 0.5
"""Seconds after a step in which what it had begun is still seen."""


@dataclass(frozen=True)
class Step:
    """One command line, run in ``work``; ``good``: exit codes that are expected."""

    name: str
    words: Sequence[str]
    stdin: str = ""
    good: tuple[int, ...] = (0,)


@dataclass
class Seen:
    """What the steps did: ``network`` what they said to whom, ``faults`` steps that did not end as they should."""

    way: str
    network: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


def way() -> list[str] | None:
    """How programs can be watched here: words before a command, None where there is no way."""
    for words in (SPACES, ROOTLESS):
        if (
            shutil.which("unshare")
            and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
        ):
            return words
    if shutil.which("strace"):
        return TRACER
    return None


def watched(base: Path, steps: Sequence[Step], environment: dict[str, str], *, words: Sequence[str]) -> Seen:
    """Run the steps one after the other with ``base/home`` as their home and ``base/work`` as their folder."""
    for name in ("home", "work", "temporary"):
        (base / name).mkdir(parents=True, exist_ok=True)
    environment = {
        **environment,
        "HOME": str(base / "home"),
        "TMPDIR": str(base / "temporary"),
    }
    before = _tree(base)
    plan = {"base": str(base), "environment": environment, "steps": [vars(step) for step in steps]}
    if words[0] == "strace":
        seen = _run(plan, lambda words: [*TRACER, "-o", str(base / "trace"), *words])
        before |= {"trace"}
    else:
        (base / "plan").write_text(json.dumps(plan))
        before |= {"plan", "seen", "resolv.conf", "nsswitch.conf"}
        subprocess.run([*words, sys.executable, __file__, str(base / "plan")], check=True, timeout=1500)
        seen = Seen(**json.loads((base / "seen").read_text()) | {"files": set()})
    seen.files = _tree(base) - before
    return seen


def _tree(base: Path) -> set[str]:
    return {str(path.relative_to(base)) for path in base.rglob("*") if not path.is_dir() or path.is_symlink()}


def _run(plan: dict[str, Any], around: Callable[[list[str]], list[str]], sniffed: list[str] | None = None) -> Seen:
    """Every step of the plan, each with what was seen meanwhile."""
    base = Path(plan["base"])
    seen = Seen("system calls" if sniffed is None else "network of its own")
    for step in plan["steps"]:
        ran = subprocess.run(
            around(step["words"]), cwd=base / "work", env=plan["environment"], input=step["stdin"],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        if ran.returncode not in step["good"]:
            seen.faults.append(f"{step['name']}: exit code {ran.returncode}: {ran.stderr[-1500:]}{ran.stdout[-300:]}")
        if sniffed is None:
            said = traced((base / "trace").read_text(errors="replace"))
        else:
            time.sleep(_SETTLE)
            said, sniffed[:] = list(sniffed), []
        seen.network += [f"{step['name']}: {one}" for one in dict.fromkeys(said)]
    return seen


def traced(text: str) -> list[str]:
    """Who was spoken to, of the lines of strace: every internet address but this machine's, and every resolver."""
    found: list[str] = []
    for line in text.splitlines():
        four = re.search(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([\d.]+)"\)', line)
        six = re.search(r'sin6_port=htons\((\d+)\).*inet_pton\(AF_INET6, "([^"]+)"', line)
        told = [(match[1], match[2]) for match in (four, six) if match is not None]
        found += [
            f"{host} port {port}"
            for port, host in told
            if port == "53" or not (host.startswith("127.") or host == "::1")
        ]
    return found


# ---- inside


def main() -> None:
    """Make the place, run the steps, and write down what was seen."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    base = Path(plan["base"])
    _bind(base / "resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", "/etc/resolv.conf")
    _bind(base / "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", "/etc/nsswitch.conf")
    _all_addresses_lead_here()
    sniffed: list[str] = []
    for task in (_sniff, _resolve):
        threading.Thread(target=task, args=(sniffed,), daemon=True).start()
    time.sleep(0.2)
    seen = _run(plan, list, sniffed)
    (base / "seen").write_text(json.dumps({"way": seen.way, "network": seen.network, "faults": seen.faults}))


def _bind(file: Path, text: str, target: str) -> None:
    file.write_text(text)
    if Path(target).exists():
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(str(file).encode(), str(Path(target).resolve()).encode(), None, _BIND, None) != 0:
            raise OSError(ctypes.get_errno(), f"cannot put {file} in the place of {target}")


def _all_addresses_lead_here() -> None:
    """The loopback device up, with a second address and a route for the whole world: calls become packets on it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        fcntl.ioctl(asking, 0x8914, struct.pack("16sH22x", b"lo", 0x49))  # SIOCSIFFLAGS: up, loopback, running
        address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton("10.9.9.9"))
        fcntl.ioctl(asking, 0x8916, struct.pack("16s16s8x", b"lo:1", address))  # SIOCSIFADDR
        anywhere = struct.pack("HH4s8x", socket.AF_INET, 0, bytes(4))
        name = ctypes.create_string_buffer(b"lo")
        route = struct.pack(
            "@L16s16s16sHhLPhPLLH", 0, anywhere, anywhere, anywhere, 1, 0, 0, 0, 0, ctypes.addressof(name), 0, 0, 0
        )
        fcntl.ioctl(asking, 0x890B, route.ljust(128, b"\0"))  # SIOCADDRT


def _sniff(sniffed: list[str]) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as reading:
        reading.bind(("lo", 0))
        while True:
            said = _told(reading.recv(65535))
            if said is not None:
                sniffed.append(said)


def _told(frame: bytes) -> str | None:
    """To whom a packet goes that may not go there; None where it may."""
    (kind,) = struct.unpack("!H", frame[12:14])
    if kind == _IP:
        head = 14 + 4 * (frame[14] & 15)
        protocol, to = frame[23], socket.inet_ntoa(frame[30:34])
    elif kind == _IP6:
        head, protocol, to = 54, frame[20], socket.inet_ntop(socket.AF_INET6, frame[38:54])
    else:
        return None
    if protocol in {_ICMP, _ICMP6} or len(frame) < head + 4:
        return None
    (port,) = struct.unpack("!H", frame[head + 2 : head + 4])
    if port == 53:
        return f"asks for the address of {_asked(frame[head + 8 :])}"
    return None if to in {"127.0.0.1", "::1"} else f"{to} port {port}"


def _asked(question: bytes) -> str:
    """The name in a question to a resolver."""
    parts, at = [], 12
    while at < len(question) and question[at]:
        parts.append(question[at + 1 : at + 1 + question[at]].decode("latin-1"))
        at += 1 + question[at]
    return ".".join(parts)


def _resolve(_sniffed: list[str]) -> None:
    """Answer every question, so that whoever asks goes on to call."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
        answering.bind(("127.0.0.1", 53))
        while True:
            question, who = answering.recvfrom(4096)
            at = 12
            while at < len(question) and question[at]:
                at += 1 + question[at]
            is_four = question[at + 1 : at + 3] == b"\0\1"
            head = question[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_four else b"\0\0") + bytes(4)
            record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(ANSWER)
            answering.sendto(head + question[12 : at + 5] + (record if is_four else b""), who)


if __name__ == "__main__":
    main()
