"""Is a text a value of the file's own header? Names, numbers, dates, places, whatever the order and the misreadings."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from dcmaudit.detect.pii.dates import dates_in, times_in
from dcmaudit.detect.pii.technical import is_technical
from dcmaudit.detect.pii.words import distance, folded, holds_nearly, plain, words
from dcmaudit.model import Judgement, Verdict
from dcmaudit.model.engines import NerEngine

NAMES = (
    "PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName", "ResponsiblePerson",
    "ReferringPhysicianName", "ConsultingPhysicianName", "PerformingPhysicianName", "OperatorsName",
    "PhysiciansOfRecord", "NameOfPhysiciansReadingStudy", "RequestingPhysician", "ScheduledPerformingPhysicianName",
    "AttendingPhysicianName", "ReviewerName", "ContentCreatorName", "VerifyingObserverName",
    "NamesOfIntendedRecipientsOfResults", "OrderEnteredBy",
)  # fmt: skip
PLACES = (
    "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "StationName", "PatientAddress",
    "CountryOfResidence", "RegionOfResidence", "CurrentPatientLocation", "PatientInstitutionResidence",
    "PerformedStationName", "PerformedLocation", "RequestingService", "Occupation", "EthnicGroup",
    "PatientReligiousPreference", "MilitaryRank", "BranchOfService",
)  # fmt: skip
NUMBERS = (
    "PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID", "AdmissionID", "MedicalRecordLocator",
    "RequestedProcedureID", "ScheduledProcedureStepID", "PerformedProcedureStepID", "ServiceEpisodeID",
    "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest", "PatientTelephoneNumbers",
    "DeviceSerialNumber", "DetectorID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID",
    "FrameOfReferenceUID", "PatientAge",
)  # fmt: skip
DATES = (
    "PatientBirthDate", "StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "AcquisitionDateTime",
    "InstanceCreationDate", "PerformedProcedureStepStartDate", "ScheduledProcedureStepStartDate", "AdmittingDate",
    "LastMenstrualDate", "DateOfSecondaryCapture", "OverlayDate", "CurveDate", "IssueDateOfImagingServiceRequest",
)  # fmt: skip
TIMES = (
    "PatientBirthTime", "StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime", "AcquisitionDateTime",
    "InstanceCreationTime", "PerformedProcedureStepStartTime", "TimeOfSecondaryCapture",
)  # fmt: skip
SEQUENCES = ("OtherPatientIDsSequence", "RequestAttributesSequence", "ReferencedStudySequence",
             "ReferringPhysicianIdentificationSequence", "InstitutionCodeSequence", "OriginalAttributesSequence",
             "ModifiedAttributesSequence", "ReferencedRequestSequence")  # fmt: skip

_MOST_ITEMS = 50
_SPLIT = re.compile(r"[\^=\\]+")


class HeaderValues(Protocol):
    """What is needed of a header: the values of an element as texts, and the items of a sequence."""

    def get(self, field: str) -> tuple[str, ...] | None:
        """Every value as text, None where the element is absent."""
        ...

    def items(self, field: str) -> Sequence[HeaderValues]:
        """The items of a sequence, () where it is absent."""
        ...


class HeaderJudge:
    """Says IDENTIFYING where a text shows a value of one file's header, else nothing."""

    def __init__(self, header: HeaderValues, harmless: Callable[[str], bool] = is_technical) -> None:
        self._harmless = harmless
        self._names: list[tuple[str, list[str]]] = []
        self._numbers: list[tuple[str, str]] = []
        self._dates: list[tuple[str, dt.date]] = []
        self._times: list[tuple[str, tuple[int, int]]] = []
        for values in _levels(header):
            self._take(values)

    def _take(self, header: HeaderValues) -> None:
        for keyword in (*NAMES, *PLACES):
            for value in header.get(keyword) or ():
                parts = [words(plain(part)) for part in _SPLIT.split(value)]
                known = [word for part in parts for word in part]
                if known:
                    self._names.append((keyword, known))
        for keyword in NUMBERS:
            for value in header.get(keyword) or ():
                number = folded("".join(words(plain(value))))
                if number:
                    self._numbers.append((keyword, number))
        for keyword in DATES:
            self._dates += [(keyword, date) for value in header.get(keyword) or () if (date := _date(value))]
        for keyword in TIMES:
            self._times += [(keyword, time) for value in header.get(keyword) or () if (time := _time(keyword, value))]

    def judge(self, text: str) -> Judgement | None:
        """The judgement of one line of text."""
        clean = plain(text)
        keyword = self._name(clean) or self._number(clean) or self._date(text) or self._time(text)
        if keyword is None:
            return None
        return Judgement(Verdict.IDENTIFYING, f"it shows the file's own {keyword}", NerEngine.HEADER)

    def _name(self, text: str) -> str | None:
        seen = [folded(word) for word in words(text)]
        joined = "".join(seen)
        initials = "".join(word for word in words(text)) if all(len(word) == 1 for word in words(text)) else ""
        for keyword, known in self._names:
            for word in known:
                if len(word) >= 3 and _shows(seen, joined, folded(word)):
                    return keyword
            if keyword in NAMES and _are_initials(initials or joined_short(text), known) and not self._harmless(text):
                # Two letters such as AP are far more often a view than a person.
                return keyword
            # A name with a part of two letters (Li, Wu) counts where the text is the whole of it.
            if any(len(word) == 2 for word in known) and [folded(word) for word in known] == seen:
                return keyword
        return None

    def _number(self, text: str) -> str | None:
        joined = folded("".join(words(text)))
        for keyword, number in self._numbers:
            # Short numbers are in every text: only a word of its own counts, and of two digits only the whole text.
            if len(number) < 4:
                if number in {folded(word) for word in words(text)} and (len(number) == 3 or joined == number):
                    return keyword
            elif holds_nearly(joined, number, _bound(len(number), short=6)):
                return keyword
        return None

    def _date(self, text: str) -> str | None:
        found = set(dates_in(text))
        return next((keyword for keyword, date in self._dates if date in found), None)

    def _time(self, text: str) -> str | None:
        found = {(hour, minute) for hour, minute, _ in times_in(text)}
        return next((keyword for keyword, time in self._times if time in found), None)


def joined_short(text: str) -> str:
    """The letters of a text of at most four characters written as one word, "" for any other."""
    found = words(text)
    return found[0] if len(found) == 1 and 2 <= len(found[0]) <= 4 else ""


def _levels(header: HeaderValues) -> Iterator[HeaderValues]:
    yield header
    for sequence in SEQUENCES:
        yield from header.items(sequence)[:_MOST_ITEMS]


def _shows(seen: Iterable[str], joined: str, word: str) -> bool:
    bound = _bound(len(word), short=5)
    if any(distance(one, word, bound) <= bound for one in seen):
        return True
    # Words that were read without the space between them, or with one inside.
    return len(word) >= 5 and holds_nearly(joined, word, _bound(len(word), short=7))


def _bound(length: int, *, short: int) -> int:
    """Changes that are put down to misreading: none in short words, for there any word is near another."""
    return 0 if length < short else 1 if length < 10 else 2


def allowed_changes(length: int) -> int:
    """Changes by which a word or number of this length may differ from what is read, at most."""
    return max(_bound(length, short=5), _bound(length, short=6), _bound(length, short=7))


def initials_of(known: Sequence[str]) -> set[str]:
    """The initials of a name of these words, in the orders in which they are written; none of a single word."""
    if len(known) < 2:
        return set()
    first = "".join(word[0] for word in known)
    return {first, first[::-1], first[1:] + first[:1], first[:2], first[1::-1]}


def _are_initials(text: str, known: Sequence[str]) -> bool:
    return len(text) >= 2 and text in initials_of(known)


def _date(value: str) -> dt.date | None:
    digits = re.sub(r"[^0-9]", "", value)[:8]
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) == 8 else None
    except ValueError:
        return None


def _time(keyword: str, value: str) -> tuple[int, int] | None:
    digits = re.sub(r"[^0-9]", "", value.split(".", maxsplit=1)[0])
    part = digits[8:12] if keyword.endswith("DateTime") else digits[:4]
    if len(part) < 4 or int(part) == 0:
        return None  # midnight is what stands where nothing is known
    return int(part[:2]), int(part[2:])
