"""A command loads what it needs and no more: told by the names of modules, for times depend on the machine."""

from __future__ import annotations

import gc
import importlib
import json
import pkgutil
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

import dcmaudit
from dcmaudit.lazy import loading
from support.files import gradient, reference

_SCRIPT = """
import json, sys
from dcmaudit.cli import main
code = main(sys.argv[1:])
print("loaded", json.dumps([int(code), sorted(sys.modules)]), file=sys.stderr)
"""

DATABASE = {"sqlalchemy", "alembic", "psycopg"}
TEXT = {"cv2", "onnxruntime", "rapidocr", "dcmaudit.detect.textnet.network"}
NETWORK = {"obstore", "keyring", "requests", "starlette", "uvicorn", "distributed"}
RULES = {"dcmaudit.detect.rules.loading", "dcmaudit.detect.rules.ruleset"}
JUDGES = {"regex", "dcmaudit.detect.pii.allow", "dcmaudit.detect.pii.technical", "dcmaudit.detect.pii.patterns"}
BUCKETS = {"dcmaudit.sources.s3.client", "dcmaudit.sources.s3.finding", "dcmaudit.sources.s3.reference"}
UNREAD = {"sqlite3", "asyncio", *BUCKETS}
"""Of a local file that is no database."""
WRITING = {"dcmaudit.redact.file", "dcmaudit.codecs.encode.frames"}
PROOF = {"dcmaudit.verify.proof"}
HEAVY = DATABASE | TEXT | NETWORK | WRITING | PROOF
COMMANDS: dict[str, tuple[list[str], set[str], set[str]]] = {
    "--version": (["--version"], HEAVY | {"numpy", "pydicom", "pydantic"}, {"dcmaudit.cli.program"}),
    "redact --help": (
        ["redact", "--help"],
        HEAVY | {"numpy", "pydicom", "pydantic", "dcmaudit.model.addresses", "dcmaudit.report.redactions"},
        {"dcmaudit.cli.redact_report"},
    ),
    "redact --rect": (
        ["redact", "--rect", "1,1,5,5", "-o", "{out}", "{file}"],
        DATABASE | TEXT | NETWORK | RULES | JUDGES | UNREAD,
        PROOF | WRITING,
    ),
    "redact --deid-rules": (
        ["redact", "--deid", "-o", "{out}", "{file}"], DATABASE | TEXT | NETWORK | UNREAD, RULES
    ),
    "redact --from-db": (
        ["redact", "--from-db", "--db", "{out}", "--dry-run", "{file}"], TEXT | NETWORK, {"sqlalchemy"}
    ),
    "ocr to a list": (
        ["ocr", "--no-read", "--jobs", "1", "--csv", "{out}/a.csv", "{file}"],
        DATABASE | NETWORK | WRITING | PROOF | RULES | JUDGES | UNREAD | {"rapidocr"},
        {"onnxruntime"},
    ),
    "frames -i": (["frames", "-i", "{file}"], HEAVY | RULES | JUDGES | UNREAD, {"pydicom"}),
    "verify": (["verify", "{file}", "{file}"], DATABASE | TEXT | NETWORK | RULES | JUDGES, PROOF),
    "rules check": (["rules", "check", "{file}"], HEAVY, {"pydicom"}),
    "sample draw": (["sample", "draw", "{file}"], HEAVY | RULES | JUDGES | UNREAD, {"pydicom"}),
    "sample plan": (["sample", "plan"], HEAVY | {"pydicom", "numpy"}, {"dcmaudit.sources.sampling"}),
    "db info": (["db", "info", "--db", "{out}"], (HEAVY - DATABASE) | {"pydicom", "alembic"}, {"sqlalchemy"}),
}  # fmt: skip
"""By name: the words, what must not be loaded, and what must be (or the test would see nothing)."""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "image.dcm"
    path.write_bytes(reference(gradient()).data)
    return path


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_does_not_load_what_it_does_not_need(name: str, image: Path, tmp_path: Path) -> None:
    from dcmaudit.store import open_store

    with open_store(tmp_path, user="tester") as store:
        store.put_preference("a", 1)
    words, unwanted, wanted = COMMANDS[name]
    filled = [word.format(out=tmp_path, file=image) for word in words]
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *filled], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    code, loaded = json.loads(done.stderr.rpartition("loaded ")[2])
    assert code in {0, 1}, done.stderr
    assert set(loaded) >= wanted, name
    assert not (found := sorted(set(loaded) & unwanted)), (name, found)


def test_pydicom_is_loaded_without_the_library_for_downloads_and_that_one_can_still_be_loaded() -> None:
    pytest.importorskip("requests")
    script = "import dcmaudit.dicom, sys; assert 'requests' not in sys.modules; import requests; requests.Session"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def lazy_packages() -> list[str]:
    found = [module.name for module in pkgutil.walk_packages(dcmaudit.__path__, "dcmaudit.") if module.ispkg]
    return [name for name in found if hasattr(importlib.import_module(name), "__getattr__")]


def test_every_name_that_a_package_promises_is_there() -> None:
    packages = lazy_packages()
    assert "dcmaudit.store" in packages
    for package in packages:
        module = importlib.import_module(package)
        for name in module.__all__:
            assert getattr(module, name) is not None
        with pytest.raises(AttributeError, match="no_such_name"):
            module.no_such_name  # noqa: B018 (asking is the test)


def test_nothing_is_collected_while_modules_are_loaded_and_everything_is_afterwards() -> None:
    class Knot:
        """An object that holds itself."""

        me: object = None

    def left(within: bool) -> bool:
        knot = Knot()
        knot.me, alive = knot, weakref.ref(knot)
        del knot
        assert gc.isenabled() is not within
        if not within:
            gc.collect()
        return alive() is not None

    assert gc.isenabled()
    with loading():
        assert left(within=True)
    assert not left(within=False)
    # Who has switched it off already keeps it so, also where loading fails.
    gc.disable()
    try:
        with pytest.raises(ImportError), loading():
            raise ImportError
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
