"""The proof is worth something because it is another program than the one that it judges."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from dcmaudit.redact.elements import attributes, meta
from dcmaudit.verify import grammar

ROOT = Path(__file__).parents[2]
CONTRACT = "The proof reaches nothing that writes, encodes or rewrites"


def _forbidden() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return list(next(one for one in contracts if one["name"] == CONTRACT)["forbidden_modules"])


def test_importing_the_proof_loads_no_writer() -> None:
    code = "import sys, dcmaudit.verify; print('\\n'.join(sorted(m for m in sys.modules if m.startswith('dcmaudit'))))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    # Pictures for people are made in the package whose face the proof does not use; Python loads it all the same.
    writers = [name for name in _forbidden() if name != "dcmaudit.render.encode"]
    assert "dcmaudit.verify.proof" in loaded
    assert [name for name in loaded if any(f"{name}.".startswith(f"{one}.") for one in writers)] == []


def test_the_contract_names_every_module_that_writes() -> None:
    """Whatever calls an encoder of another library, or makes bits of coefficients, is in the contract's list."""
    forbidden, missing = _forbidden(), []
    below = ("codecs", "dicom", "render", "redact", "verify")
    for path in (path for room in below for path in (ROOT / "src/dcmaudit" / room).rglob("*.py")):
        name = "dcmaudit." + str(path.relative_to(ROOT / "src/dcmaudit").with_suffix("")).replace("/", ".")
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        names = {one.attr for one in calls if isinstance(one, ast.Attribute)}
        encodes = any(one.endswith("_encode") or one in {"encode_buffer", "put_difference"} for one in names)
        if encodes and not any(name == one or name.startswith(f"{one}.") for one in forbidden):
            missing.append(name)
    assert missing == []


def test_the_proof_writes_its_own_words_as_the_writer_does() -> None:
    """Two lists, kept apart on purpose: they have to be the same, and nobody may make one out of the other."""
    assert grammar.IMPLEMENTATION.decode() == meta.IMPLEMENTATION
    assert grammar.VERSION.decode() == meta.VERSION
    assert attributes.DESCRIPTION in grammar.SENTENCES
    source = Path(grammar.__file__).read_text()
    assert "dcmaudit.redact" not in source
