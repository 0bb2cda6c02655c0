"""Named entity recognisers as judges: spaCy and Presidio, each an extra with a model of its own."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from dcmaudit.errors import EngineError, MissingExtraError
from dcmaudit.model import Judgement, Verdict
from dcmaudit.model.engines import NerEngine

SPACY_MODELS = ("en_core_web_trf", "en_core_web_lg", "en_core_web_md", "en_core_web_sm")
"""In the order in which they are preferred."""

_JUDGES = dict(
    zip(SPACY_MODELS, (NerEngine.SPACY, NerEngine.SPACY_11, NerEngine.SPACY_12, NerEngine.SPACY_13), strict=True)
)

_PEOPLE_AND_PLACES = {"PERSON", "PER", "GPE", "LOC", "ORG", "FAC", "NORP", "DATE"}
_PRESIDIO_HARMLESS = {"URL"}


class SpacyJudge:
    """Says IDENTIFYING where spaCy sees a person, place, organisation or date; else nothing.

    That it sees none proves nothing for text from pictures: such text stays unknown.
    """

    def __init__(self, model: str | None = None) -> None:
        if find_spec("spacy") is None:
            raise MissingExtraError("spaCy is not installed", hint="pip install 'dcmaudit[spacy]'")
        import spacy

        names = (model,) if model else SPACY_MODELS
        found = next((name for name in names if find_spec(name) is not None or spacy.util.is_package(name)), None)
        if found is None:
            raise EngineError(
                f"spaCy has no model {model}" if model else "spaCy has no English model",
                hint=f"install one of {', '.join(SPACY_MODELS)} as a Python package",
            )
        try:
            self._model: Any = spacy.load(found)
        except Exception as error:
            raise EngineError(f"the spaCy model {found} cannot be loaded ({type(error).__name__})") from error
        self._judge = _JUDGES.get(found, NerEngine.SPACY_OTHER)

    def judge(self, text: str) -> Judgement | None:
        """The judgement of one line of text."""
        # Names are seldom recognised in capitals.
        for form in (text, text.title()):
            for entity in self._model(form).ents:
                if entity.label_ in _PEOPLE_AND_PLACES:
                    reason = f"spaCy takes part of it for {entity.label_}"
                    return Judgement(Verdict.IDENTIFYING, reason, self._judge)
        return None


class PresidioJudge:
    """Says IDENTIFYING where Presidio's analyser finds something; else nothing."""

    def __init__(self, model: str | None = None) -> None:
        if find_spec("presidio_analyzer") is None:
            raise MissingExtraError("Presidio is not installed", hint="pip install 'dcmaudit[presidio]'")
        import spacy
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider

        wanted = model or next((name for name in SPACY_MODELS[1:] if spacy.util.is_package(name)), None)
        if wanted is None or not spacy.util.is_package(wanted):
            # Presidio would begin to download it.
            raise EngineError(
                f"Presidio needs the spaCy model {wanted or SPACY_MODELS[1]}, which is not installed",
                hint=f"install one of {', '.join(SPACY_MODELS[1:])} as a Python package",
            )
        _keep_offline()
        settings = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": wanted}]}
        self._analyzer: Any = AnalyzerEngine(
            nlp_engine=NlpEngineProvider(nlp_configuration=settings).create_engine(), supported_languages=["en"]
        )

    def judge(self, text: str) -> Judgement | None:
        """The judgement of one line of text."""
        for result in self._analyzer.analyze(text=text, language="en"):
            if result.entity_type not in _PRESIDIO_HARMLESS:
                reason = f"Presidio takes part of it for {result.entity_type}"
                return Judgement(Verdict.IDENTIFYING, reason, NerEngine.PRESIDIO)
        return None


def _keep_offline() -> None:
    """Make the library with which Presidio checks e-mail addresses use the list of top-level domains that it carries.

    Left alone, it fetches a new one from the network at the first address, and keeps it in the home folder.
    """
    tldextract: Any = import_module("tldextract.tldextract")
    tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
