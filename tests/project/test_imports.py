"""No circle in the import graph, not even one of types alone; and what the proof shares with the rewriter."""

from __future__ import annotations

import re
from copy import deepcopy
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("dcmaudit", cache_dir=None, exclude_type_checking_imports=False)


def _circle(graph: grimp.ImportGraph) -> list[str]:
    """The modules of one circle, in the order of its imports."""
    sorter = TopologicalSorter({m: graph.find_modules_directly_imported_by(m) for m in graph.modules})
    try:
        sorter.prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


def test_no_modules_import_each_other(graph: grimp.ImportGraph) -> None:
    assert _circle(graph) == []


def test_a_circle_of_types_alone_would_be_found(graph: grimp.ImportGraph) -> None:
    graph = deepcopy(graph)
    graph.add_import(importer="dcmaudit.errors", imported="dcmaudit.dicom.instance")
    assert "dcmaudit.errors" in _circle(graph)


def test_the_documentation_names_what_the_proof_shares_with_the_rewriter_of_jpeg(graph: grimp.ImportGraph) -> None:
    def reached(room: str) -> set[str]:
        above = {m for m in graph.modules if f"{m}.".startswith(f"{room}.")}
        return set().union(*(graph.find_upstream_modules(one) for one in above))

    shared = reached("dcmaudit.verify.blocks") & reached("dcmaudit.redact.jpeg")
    shared = {m.rpartition(".")[2] for m in shared if m.startswith("dcmaudit.codecs.jpeg.")}
    text = (ROOT / "docs/redaction.md").read_text("utf-8")
    said = re.search(r"entropy-coded data into coefficients: (.*?)\. That", text, re.DOTALL)
    assert said
    assert {name.rpartition(".")[2] for name in re.findall(r"`([\w.]+)`", said[1])} == shared
