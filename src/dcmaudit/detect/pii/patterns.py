"""Texts that identify by their form: dates, times, numbers with check digits, telephone, e-mail, labels."""

from __future__ import annotations

import re

from dcmaudit.detect.pii.dates import dates_in, has_clock
from dcmaudit.detect.pii.terms import MATRIX
from dcmaudit.detect.pii.words import as_digits, plain
from dcmaudit.model import Judgement, Verdict
from dcmaudit.model.engines import NerEngine

_MAIL = re.compile(r"[\w.+-]+\s?[@©]\s?[\w-]+\s?\.\s?[A-Z]{2,}")
_PHONE = re.compile(r"(?<![\d.])(?:\+|00|\(?0)\s?\d[\d ()/-]{7,15}\d(?![\d.])")
_TEN = re.compile(r"(?<![0-9.])(?:[0-9OILSBZ][ -]?){9}[0-9OILSBZX](?![0-9.])")
_LONG = re.compile(r"(?<![0-9.])[0-9](?:[ -]?[0-9]){6,}(?![0-9.])")
_SOCIAL = re.compile(r"(?<![0-9])\d{3}-\d{2}-\d{4}(?![0-9])")
_INSURANCE = re.compile(r"(?<![A-Z0-9])[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![A-Z0-9])")
_POSTCODE = re.compile(r"(?<![A-Z0-9])[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?![A-Z0-9])")
_MIXED = re.compile(
    r"(?<![A-Z0-9])(?=[A-Z0-9]*[A-Z])(?=(?:[A-Z]*[0-9]){4})"
    rf"(?!{MATRIX}X{MATRIX}(?![A-Z0-9]))[A-Z0-9]{{6,}}(?![A-Z0-9])"
)
_UID = re.compile(r"(?<![0-9])[12](?:\.(?:0|[1-9][0-9]*)){5,}")
_LABEL = re.compile(
    r"(?<![A-Z])(?:PATIENT|PAT(?:IENT)?[. ]?(?:NAME|ID|NO)|PT[. ]?NAME|NAME|SURNAME|FORENAME|D\.?O\.?B|BORN|BIRTH"
    r"|MRN|CHI|NHS|HOSP(?:ITAL)?|CLINIC|UNIVERSITY|ACC(?:ESSION)?[. ]?(?:NO|NUM|#)|ADDRESS|WARD|CONSULTANT|PHYSICIAN"
    r"|OPERATOR|RADIOGRAPHER|SEX|GENDER|AGE)(?![A-Z])|(?<![A-Z])(?:DR|PROF|MRS?|MISS|MS)\.? [A-Z]{3}"
)
_AGE = re.compile(
    r"(?<![A-Z0-9])(?:0\d\d[YMWD]|\d{1,3} ?(?:Y|YRS?|YEARS?)(?: ?OLD)?|[MF] ?\d{2,3} ?Y|\d{2,3} ?[MF])(?![A-Z0-9])"
)


class PatternJudge:
    """Says IDENTIFYING or nothing; what has none of these forms it does not know."""

    def judge(self, text: str) -> Judgement | None:
        """The judgement of one line of text."""
        reason = _reason(plain(text))
        return None if reason is None else Judgement(Verdict.IDENTIFYING, reason, NerEngine.PATTERNS)


def _reason(text: str) -> str | None:
    if _MAIL.search(text):
        return "it looks like an e-mail address"
    number = _checked(text)
    if number is not None:
        return number
    if has_clock(text) and not any(True for _ in dates_in(text.replace(":", "H"))):
        return "it looks like a time of day"
    if any(True for _ in dates_in(text)):
        return "it looks like a date"
    for pattern, reason in (
        (_UID, "it looks like a UID"),
        (_SOCIAL, "it looks like a social security number"),
        (_INSURANCE, "it looks like an insurance number"),
        (_PHONE, "it looks like a telephone number"),
        (_LONG, "it holds a long number"),
        (_MIXED, "it holds a number with letters, as identifiers have"),
        (_POSTCODE, "it looks like a post code"),
        (_AGE, "it looks like an age"),
        (_LABEL, "it has a word that stands beside identifying text"),
    ):
        if pattern.search(text):
            return reason
    return None


def _checked(text: str) -> str | None:
    for found in _TEN.finditer(text):
        # Ten letters that could all be misread digits are a word.
        if sum(c.isdigit() for c in found[0]) < 7:
            continue
        digits = re.sub("[ -]", "", as_digits(found[0][:-1]) + as_digits(found[0][-1:]))
        if len(digits) == 10 and is_mod11(digits):
            # A CHI number begins with the date of birth, day first.
            if 1 <= int(digits[:2]) <= 31 and 1 <= int(digits[2:4]) <= 12:
                return "it is a CHI or NHS number: its check digit is right"
            return "it is an NHS number: its check digit is right"
    return None


def is_mod11(digits: str) -> bool:
    """Whether the tenth digit is the check digit of the first nine, as in NHS, CHI and H&C numbers."""
    if len(digits) != 10 or not digits.isdigit() or len(set(digits)) == 1:
        return False
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return check % 11 == int(digits[9]) and check != 10
