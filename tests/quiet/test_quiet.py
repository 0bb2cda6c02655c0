"""README: "contacts no other machine, and has no telemetry". Every command and the reviewer, with every engine that is
installed, in a place where a lookup, a call, or a file outside the documented places is seen, whoever causes it."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from support import files, quiet
from support.lettering import lettered
from support.quiet import Seen, Step
from support.s3server import ACCESS_KEY, SECRET

ROOT = Path(__file__).resolve().parents[2]
PROMISE = "contacts no other machine, and has no telemetry"

DOCUMENTED = (
    "home/.local/share/dcmaudit/dcmaudit.sqlite.db",  # the database, and what PyDAL wants beside it
    "home/.local/share/dcmaudit/*_Dicom*.table",
    "home/.local/state/dcmaudit/database",  # the one that was chosen last
    "home/.local/state/dcmaudit/lists/*/*",  # how the lines of a list of ocr were made
    "home/.local/state/dcmaudit/outputs/*",  # seals of the outputs that redact has proved
    "home/.local/state/dcmaudit/sound/*",  # which databases were found sound
    "home/.config/dcmaudit/*",  # settings and credentials
    "work/out/*",  # what the commands were asked to write
    "work/examples/*",
)
"""Everything that may be written. What lies in the temporary folder must be gone at the end."""

MODEL = """
import sys
from pathlib import Path
import spacy
model = spacy.blank("en", config={"nlp": {"batch_size": 8}})
model.meta.update({"name": "core_web_md", "version": "3.8.0"})
ruler = model.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
ruler.add_patterns([{"label": "PERSON", "pattern": "Isolde Wintergreen"}])
package = Path(sys.argv[1]) / "en_core_web_md"
package.mkdir()
model.to_disk(package / "data")
(package / "__init__.py").write_text(
    "from pathlib import Path\\nfrom spacy.util import load_model_from_path\\n\\n\\n"
    "def load(**how):\\n    return load_model_from_path(Path(__file__).parent / 'data', **how)\\n")
about = Path(sys.argv[1]) / "en_core_web_md-3.8.0.dist-info"
about.mkdir()
(about / "METADATA").write_text("Metadata-Version: 2.1\\nName: en_core_web_md\\nVersion: 3.8.0\\n")
"""
"""A model of spaCy, as pip would install it."""

CLUSTER = """
import sys
import dask
import distributed
dask.config.set(temporary_directory="out/dask")
from dcmaudit.cli import main
if __name__ == "__main__":
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        answer = main(["ocr", "work", "--csv", "out/dask.csv", "--dask", cluster.scheduler_address, *sys.argv[1:]])
    raise SystemExit(answer)
"""

REVIEWER = """
import re, signal, subprocess, sys, time
import httpx
process = subprocess.Popen([sys.executable, "-m", "dcmaudit", "--no-browser", "-i", *sys.argv[1:]],
                           stdout=subprocess.PIPE, text=True)
try:
    address = next(found[0] for line in process.stdout if (found := re.search(r"http://127[^ \\n]*", line)))
    port = re.search(r":(\\d+)/", address)[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, headers={"X-Dcmaudit": "1"}) as client:
        client.get(address)
        page = "/api/d/" + client.post("/api/documents").json()["doc"]
        def state(): return client.get(page + "/state").json()
        def until(what):
            end = time.monotonic() + 120
            while not what(state()) and time.monotonic() < end: time.sleep(0.1)
            assert what(state()), state()
        until(lambda now: now["plane"] is not None and not now["file"]["suggesting"])
        for command in ("ocr",):
            answer = client.post(page + "/do", json={"command": command, "args": {}, "painted": []})
            assert answer.status_code == 200, answer.text
        until(lambda now: "place" in str(now.get("message")) or "No text" in str(now.get("message")))
finally:
    process.send_signal(signal.SIGINT)
    process.wait(30)
"""

BUCKET = """
import sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from dcmaudit.cli import main
class Refusing(BaseHTTPRequestHandler):
    def do_GET(self): self.send_error(403)
    def log_message(self, *_): pass
server = HTTPServer(("127.0.0.1", 0), Refusing)
threading.Thread(target=server.serve_forever, daemon=True).start()
where = ["--endpoint", f"http://127.0.0.1:{server.server_port}", "--access-key", sys.argv[1], "--secret-stdin"]
assert main(["s3", "credentials", "set", "bucket", *where]) == 0
assert main(["s3", "list", "bucket"]) == 1
"""
"""A bucket that refuses: what is seen is whether anybody else is asked for a role, a region or a name."""


def is_installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False


TALKATIVE = "import socket; s = socket.socket(); s.settimeout(0.3); s.connect_ex(('198.51.100.9', 443))"
ASKING = "import socket\ntry:\n    socket.getaddrinfo('telemetry.example', 443)\nexcept OSError:\n    pass"


@pytest.fixture(scope="module")
def way() -> list[str]:
    found = quiet.way()
    if found is None:
        pytest.skip("needs namespaces (unshare) or strace")
    return found


def environment(*more: Path) -> dict[str, str]:
    """What programs get of ours: where they are, and nothing that makes a library shy, such as CI."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(str(path) for path in (ROOT / "src", *more)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
    }


def test_the_place_sees_calls_lookups_and_files(tmp_path: Path, way: list[str]) -> None:
    steps = [
        Step("call", [sys.executable, "-c", TALKATIVE]),
        Step("lookup", [sys.executable, "-c", ASKING]),
        Step("file", ["sh", "-c", "touch left $HOME/x"]),
        Step("end", [sys.executable, "-c", "raise SystemExit(3)"]),
        Step("loopback", [sys.executable, "-c", TALKATIVE.replace("198.51.100.9", "127.0.0.1")]),
    ]  # fmt: skip
    seen = quiet.watched(tmp_path, steps, environment(), words=way)
    assert any(line == "call: 198.51.100.9 port 443" for line in seen.network)
    assert any(line.startswith("lookup: ") for line in seen.network)
    assert not any(line.startswith(("loopback", "end", "file")) for line in seen.network)
    assert seen.files == {"work/left", "home/x"}
    assert [fault.split(":")[0] for fault in seen.faults] == ["end"]


def test_lines_of_the_tracer_are_read() -> None:
    text = """7 connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("203.0.113.5")}, 16) = -1
7 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
7 connect(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
7 connect(3, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = -1
7 connect(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0
"""  # noqa: E501 - as it comes
    assert quiet.traced(text) == ["203.0.113.5 port 443", "127.0.0.1 port 53", "2001:db8::1 port 443"]


def steps(base: Path) -> list[Step]:
    """Every command, with every engine that is installed."""
    one = "work/a.dcm"
    python, ours = sys.executable, [sys.executable, "-m", "dcmaudit"]
    found = [
        Step("examples", [*ours, "examples", "examples"]),
        Step("frames", [*ours, "frames", "-x", "-o", "out/frames", one]),
        Step("ocr in processes", [*ours, "ocr", "-r", "work", "-j", "2"]),
        Step("ocr thorough", [*ours, "ocr", one, "--mode", "thorough", "--finder", "both", "--csv", "out/both.csv"]),
        Step("redact", [*ours, "redact", one, "--rect", "0,0,20,20", "--check-text", "-o", "out"], good=(3,)),
        Step("redact by rules", [*ours, "redact", "work/b.dcm", "--deid", "-o", "out/ruled"], good=(0, 1, 2)),
        Step("verify", [*ours, "verify", one, "out/a.redacted.dcm", "--rect", "0,0,20,20"], good=(0, 1)),
        Step("rules check", [*ours, "rules", "check", one], good=(0, 1)),
        Step("rules make", [*ours, "rules", "make", "-o", "out/rules"], good=(0, 1, 2)),
        Step("db info", [*ours, "db", "info"]),
        Step("db dump", [*ours, "db", "dump"]),
        Step("db identify", [*ours, "db", "identify", one], good=(0, 1)),
        Step("sample", [*ours, "sample", "draw", "work", "--size", "1", "-o", "out/sample.csv"], good=(0, 1)),
        Step("reviewer", [python, "-c", REVIEWER, one]),
    ]  # fmt: skip
    if shutil.which("tesseract") and is_installed("pytesseract"):
        found.append(Step("tesseract", [*ours, "ocr", one, "--engine", "tesseract", "--csv", "out/tesseract.csv"]))
    if is_installed("easyocr"):  # by its name: another test may have left a module of that name behind
        found.append(Step("easyocr", [*ours, "ocr", one, "--engine", "easyocr", "--csv", "out/easyocr.csv"]))
    if is_installed("spacy"):
        found.insert(0, Step("a model of spaCy", [python, "-c", MODEL, str(base / "models")]))
        found += [
            Step(f"judge {name}", [*ours, "ocr", one, "--pii", name, "--csv", f"out/{name}.csv"])
            for name in ("spacy", "presidio")
            if is_installed(name if name == "spacy" else "presidio-analyzer")
        ]
    if is_installed("distributed"):
        (base / "cluster.py").write_text(CLUSTER)
        found.append(Step("ocr on a cluster", [python, str(base / "cluster.py"), "-r"]))
    if is_installed("obstore"):
        found.append(Step("s3", [python, "-c", BUCKET, ACCESS_KEY], stdin=SECRET + "\n"))
    return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, way: list[str]) -> Seen:
    base = tmp_path_factory.mktemp("quiet")
    for name in ("work/work", "work/out", "models"):
        (base / name).mkdir(parents=True)
    shown = lettered((96, 480), [("DOE JANE jane@hospital.example", 10, 40)], scale=0.7)
    for number, name in enumerate(("a", "b", "c"), 1):
        data = files.dataset(shown, extra={"SOPInstanceUID": f"1.2.826.0.1.3680043.10.1.1.{number}"})
        (base / "work" / "work" / f"{name}.dcm").write_bytes(files.file_bytes(data))
    before = {str(path.relative_to(base)) for path in base.rglob("*")}
    found = quiet.watched(base, steps(base), environment(base / "models"), words=way)
    found.files -= before
    return found


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_command_does_its_work_there(seen: Seen) -> None:
    assert seen.faults == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_nobody_is_asked_or_called(seen: Seen) -> None:
    assert PROMISE in re.sub(r"\s+", " ", (ROOT / "README.md").read_text("utf-8"))
    assert seen.network == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_nothing_is_written_but_in_the_documented_places(seen: Seen) -> None:
    other = {name for name in seen.files if not any(fnmatch.fnmatch(name, one) for one in DOCUMENTED)}
    assert {name for name in other if not name.startswith(("models/", "cluster.py"))} == set()
