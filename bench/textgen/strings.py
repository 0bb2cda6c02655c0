"""Made-up strings: identifying ones that match the file's own header, identifying ones that do not, harmless ones."""

from __future__ import annotations

import random
from dataclasses import dataclass

HEADER = {
    "PatientName": "Wintergreen^Isolde^M",
    "PatientID": "QX730458",
    "PatientBirthDate": "19570923",
    "AccessionNumber": "A55120934",
    "InstitutionName": "Larkfield Infirmary",
    "ReferringPhysicianName": "Okonkwo^Tobias",
    "StudyDate": "20190614",
    "StudyTime": "093351",
}

OWN = (
    "WINTERGREEN, ISOLDE", "Isolde Wintergreen", "ISOLDE M WINTERGREEN", "ID QX730458", "QX730458", "DOB 23/09/1957",
    "23-Sep-1957", "1957-09-23",
    "A55120934", "LARKFIELD INFIRMARY", "Larkfield", "Dr. T. Okonkwo", "14.06.2019", "14/06/19 09:33", "09:33:51",
    "WINTERGREEN",
)  # fmt: skip
OTHER = (
    "MARCHBANKS, PERCY", "Adelaide Fenwick", "DOB: 04.11.1938", "NHS 943 476 5919", "Tel 0131 496 0018",
    "2011-03-30 17:02", "MRN 30219844", "Ward 7B",
    "St Brannoc's Hospital", "p.march@example.org", "Thornbury^Eustace", "064Y F",
)  # fmt: skip
HARMLESS = (
    "120 kV 80 mAs", "LEFT LATERAL", "T2 TSE COR", "W: 400 L: 40", "Im: 12/30", "FOV 24 cm", "MI 0.8 TIS 0.4",
    "10.5 mm", "SUPINE", "AP PORTABLE",
    "TE 90 TR 4500", "5.0 MHz", "Gain 62 dB", "HEAD", "RCC", "Zoom 150%",
)  # fmt: skip
SHORT = ("L", "R", "RT", "A", "P", "7", "JW", "H", "23", "F")


@dataclass(frozen=True)
class String:
    """A text and what kind it is: ``own``, ``other``, ``harmless`` or ``short``."""

    text: str
    kind: str


def some_string(pick: random.Random) -> String:
    """A string; two in three of them identify somebody."""
    kind = pick.choices(("own", "other", "harmless", "short"), (4, 3, 3, 1.5))[0]
    return String(pick.choice({"own": OWN, "other": OTHER, "harmless": HARMLESS, "short": SHORT}[kind]), kind)
