"""Rules asked about files as the program opens them."""

from __future__ import annotations

import warnings

import pydicom
import pytest

from dcmaudit.detect.rules import default_rules, load_rules, suggest_by_rules
from dcmaudit.dicom import open_instance
from dcmaudit.dicom.header_view import HeaderView, header_view
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Size
from dcmaudit.sources import LocalReference
from support import deid_answers
from support.corpus import corpus

SIZE = Size(640, 480)


@pytest.mark.slow
def test_our_own_reader_gives_rules_the_same_header_as_pydicom_does() -> None:
    rules = load_rules([*deid_answers.BUNDLED, default_rules()])
    compared = 0
    for file in corpus():
        try:
            with open_instance(LocalReference(str(file.path))) as instance:
                view = header_view(instance)
        except DcmauditError:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = HeaderView(pydicom.dcmread(file.path, stop_before_pixels=True, force=True))
        assert suggest_by_rules(rules, view, SIZE) == suggest_by_rules(rules, other, SIZE), file.id
        compared += 1
    assert compared > 200
