"""spaCy and Presidio as judges, with a small model that the test makes itself, and never a word to another host."""

from __future__ import annotations

import importlib
import importlib.metadata
import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest

from dcmaudit.detect.pii.choosing import chain_plan
from dcmaudit.detect.pii.entities import PresidioJudge, SpacyJudge
from dcmaudit.errors import EngineError
from dcmaudit.model import Verdict
from dcmaudit.model.records import NerEngine

pytestmark = [
    # Old habits of the libraries, not of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every host that somebody asks for; each try fails, as it does in a secure environment."""
    asked: list[str] = []

    def refuse(host: Any, *_others: Any, **_named: Any) -> NoReturn:
        asked.append(str(host))
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: refuse(address))
    return asked


def _install(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model package that knows one person and one hospital, installed as pip would do it."""
    import spacy

    model = spacy.blank("en", config={"nlp": {"batch_size": 8}})
    model.meta.update({"name": name.removeprefix("en_"), "version": "3.8.0"})
    ruler = model.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([  # type: ignore[attr-defined]
        {"label": "PERSON", "pattern": "Isolde Wintergreen"},
        {"label": "ORG", "pattern": "Larkfield Infirmary"},
    ])  # fmt: skip
    package = folder / name
    package.mkdir()
    model.to_disk(package / "data")
    (package / "__init__.py").write_text(
        "from pathlib import Path\nfrom spacy.util import load_model_from_path\n\n\n"
        "def load(**overrides):\n    return load_model_from_path(Path(__file__).parent / 'data', **overrides)\n"
    )
    about = folder / f"{name}-3.8.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 3.8.0\n")
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    assert importlib.metadata.version(name) == "3.8.0"


def test_spacy_judges_with_the_model_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reached: list[str]
) -> None:
    _install(tmp_path, "en_core_web_md", monkeypatch)
    chain = chain_plan("spacy").chain(None)
    person = chain.judge("ISOLDE WINTERGREEN")
    assert person.verdict is Verdict.IDENTIFYING
    assert person.judge is NerEngine.SPACY_12  # the second from the end of the original's four models
    assert "Wintergreen" not in person.reason  # the reason names the kind, never the text
    assert chain.judge("Larkfield Infirmary").verdict is Verdict.IDENTIFYING
    # That spaCy sees nobody does not make a text harmless.
    assert chain.judge("T2 TSE COR").verdict is Verdict.UNKNOWN
    assert reached == []


def test_another_model_of_spacy_has_its_own_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, "en_our_site", monkeypatch)
    found = SpacyJudge("en_our_site").judge("Isolde Wintergreen")
    assert found is not None
    assert found.judge is NerEngine.SPACY_OTHER


def test_a_model_that_is_missing_or_damaged_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="no model en_nowhere"):
        SpacyJudge("en_nowhere")
    with pytest.raises(EngineError, match="en_nowhere, which is not installed"):
        PresidioJudge("en_nowhere")
    _install(tmp_path, "en_core_web_sm", monkeypatch)
    (tmp_path / "en_core_web_sm" / "data" / "config.cfg").write_text("[nlp\n")
    with pytest.raises(EngineError, match="cannot be loaded"):
        SpacyJudge("en_core_web_sm")


def test_presidio_judges_without_asking_any_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reached: list[str]
) -> None:
    monkeypatch.setenv("TLDEXTRACT_CACHE", str(tmp_path / "cache"))
    _install(tmp_path, "en_core_web_lg", monkeypatch)
    chain = chain_plan("presidio").chain(None)
    for text in ("Isolde Wintergreen", "p.march@example.org", "NHS 943 476 5919"):
        judgement = chain.judge(text)
        assert judgement.verdict is Verdict.IDENTIFYING, judgement.reason
        assert judgement.judge == NerEngine.PRESIDIO
    assert chain.judge("left lateral").verdict is Verdict.UNKNOWN
    assert reached == []
    assert not (tmp_path / "cache").exists()
