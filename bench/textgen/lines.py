"""Lines of text as they are burned in, by the thousand, and as readers misread them: for judging without pictures."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

_CONFUSED = {
    "0": "OQD", "O": "0QD", "1": "Il|", "I": "1l|", "l": "1I|", "5": "S", "S": "5", "8": "B", "B": "8", "2": "Z",
    "Z": "2", "6": "G", "G": "6C", "C": "G(", "7": "T", "T": "7Y", "4": "A", "A": "4", "D": "O0", "E": "F", "F": "EP",
    "P": "F", "N": "M", "M": "N", "U": "V", "V": "U", "R": "K", "K": "R", "m": "rn", "c": "e", "e": "c", "o": "0",
    "i": "1", ":": ".;", ".": ",", ",": ".", "/": "1", "-": "~", "9": "g", "3": "8",
}  # fmt: skip
"""What readers take each character for."""

_TOWNS = ("Larkfield", "Brannoc", "Tyne", "Northgate", "Elmbridge", "Kelso", "Durham", "Aldgate", "Ninewells", "Oban")
_PLACES = ("{} Infirmary", "{} Royal Hospital", "St {}'s Hospital", "{} Clinic", "University of {}", "NHS {}",
           "{} General Hosp", "{} Imaging Centre", "Dept of Radiology {}")  # fmt: skip
_DATES = ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%y", "%d-%b-%Y", "%d %B %Y", "%m/%d/%Y", "%Y%m%d", "%b %d, %Y", "%d.%m.%Y")


@dataclass(frozen=True)
class Identity:
    """A made-up person with the values that a header holds."""

    values: dict[str, str] = field(repr=False)

    def get(self, name: str) -> tuple[str, ...] | None:
        """The values of an element, None where it is absent."""
        return (self.values[name],) if name in self.values else None

    def items(self, name: str) -> tuple[Identity, ...]:  # noqa: ARG002 - it has no sequences
        """No items of any sequence."""
        return ()


@lru_cache(maxsize=1)
def surnames() -> tuple[str, ...]:
    """The 88,799 family names of the United States' census of 1990, the most frequent first; () without the package."""
    return _listed("dist.all.last")


@lru_cache(maxsize=1)
def forenames() -> tuple[str, ...]:
    """The given names of the same census."""
    return (*_listed("dist.female.first"), *_listed("dist.male.first"))


def _listed(name: str) -> tuple[str, ...]:
    spec = find_spec("names")
    if spec is None or spec.origin is None:
        return ()
    return tuple(line.split()[0] for line in (Path(spec.origin).parent / name).read_text("ascii").splitlines())


def someone(pick: random.Random) -> Identity:
    """A person: frequent names half of the time, any of the others else."""
    last, first, doctor = _one_of(surnames(), pick), _one_of(forenames(), pick), _one_of(surnames(), pick)
    born, day = _date(pick, 1915, 2024), _date(pick, 1998, 2026)
    number = pick.choice((f"{pick.randrange(10**6, 10**9)}", _letters(pick, 2) + f"{pick.randrange(10**6):06}"))
    return Identity({
        "PatientName": f"{last}^{first}",
        "PatientID": number,
        "PatientBirthDate": born.strftime("%Y%m%d"),
        "AccessionNumber": _letters(pick, 1) + f"{pick.randrange(10**7):07}",
        "InstitutionName": pick.choice(_PLACES).format(pick.choice(_TOWNS)),
        "ReferringPhysicianName": f"{doctor}^{_letters(pick, 1)}",
        "StudyDate": day.strftime("%Y%m%d"),
        "StudyTime": f"{pick.randrange(7, 20):02}{pick.randrange(60):02}{pick.randrange(60):02}",
    })  # fmt: skip


def partly(pick: random.Random, of: Identity) -> Identity:
    """The header of that person as it often is: initials, names in the other order, other dates, a letter misread."""
    values = dict(of.values)
    last, first = values["PatientName"].split("^")
    letter = pick.randrange(len(last))
    values["PatientName"] = pick.choice((
        f"{last[0]}{first[0]}", f"{first}^{last}", last, f"{last}^{first[0]}",
        f"{last[:letter]}{pick.choice('AEIOU')}{last[letter + 1 :]}^{first}",
    ))  # fmt: skip
    if pick.random() < 0.5:
        values["StudyDate"] = _date(pick, 1998, 2026).strftime("%Y%m%d")
    if pick.random() < 0.3:
        del values["PatientBirthDate"]
    if pick.random() < 0.3:
        values["PatientID"] = values["PatientID"].lstrip("0A")[:6]
    return Identity(values)


def piece_of_number(pick: random.Random, of: Identity) -> str:
    """What a reader leaves of a number or an age: two to six digits, without the zeros before them."""
    digits = "".join(letter for letter in of.values["PatientID"] if letter.isdigit())
    return pick.choice((
        str(max(10, int(digits[-pick.randrange(2, 7) :]))), f"{pick.randrange(18, 99)}",
        f"0{pick.randrange(100, 999)}",
        f"{pick.randrange(1, 31)}/{pick.randrange(10, 13)}", f"{pick.choice('LR')} {digits[-3:]}",
    ))  # fmt: skip


def identifying(pick: random.Random, of: Identity) -> str:
    """A line that says something of that person."""
    last, first = of.values["PatientName"].split("^")
    doctor = of.values["ReferringPhysicianName"].split("^")[0]
    born = dt.datetime.strptime(of.values["PatientBirthDate"], "%Y%m%d").replace(tzinfo=dt.UTC)
    day = dt.datetime.strptime(of.values["StudyDate"], "%Y%m%d").replace(tzinfo=dt.UTC)
    clock = f"{of.values['StudyTime'][:2]}:{of.values['StudyTime'][2:4]}:{of.values['StudyTime'][4:]}"
    number, technical = of.values["PatientID"], harmless(pick)
    line = pick.choice((
        f"{last}, {first}", f"{first} {last}", f"{last}^{first}", f"{last} {first[0]}", f"{first[0]}. {last}", last,
        f"Mr {last}", f"Dr {doctor}", f"Name: {last}", f"{last} {first} {born:%d/%m/%Y}", f"{last} {technical}",
        f"{technical} {last}", f"{first} {technical}", f"ID {number}", number, f"MRN: {number}", f"#{number}",
        f"{number} {technical}", of.values["AccessionNumber"], f"Acc {of.values['AccessionNumber']}",
        of.values["InstitutionName"], f"{of.values['InstitutionName']} {technical}",
        born.strftime(pick.choice(_DATES)), f"DOB {born.strftime(pick.choice(_DATES))}", f"{born:%d %b %Y} {first[0]}",
        day.strftime(pick.choice(_DATES)), f"{day.strftime(pick.choice(_DATES))} {clock}", clock,
        f"{technical} {clock}",
        f"{day.strftime(pick.choice(_DATES))} {technical}", f"{pick.randrange(18, 99):03}Y {pick.choice('MF')}",
        f"Age {pick.randrange(1, 99)}", f"Tel 0131 {pick.randrange(200, 999)} {pick.randrange(1000, 9999)}",
        f"{first.lower()}@example.org", _postcode(pick), f"Ward {pick.randrange(1, 40)} {last}",
    ))  # fmt: skip
    return pick.choice((line, line.upper(), line, line.title()))


def harmless(pick: random.Random) -> str:
    """A line that only a machine has something to do with."""
    n = pick.randrange
    line = pick.choice((
        f"{n(40, 140)} kV {n(1, 400)} mAs", f"{n(1, 30)}.{n(10)} MHz", f"MI {n(2)}.{n(10)} TIS {n(2)}.{n(10)}",
        f"TIs {n(2)}.{n(10)}", f"MI: {n(2)}.{n(10)}", f"FR {n(5, 90)}Hz", f"FPS: {n(10, 90)}", f"Gain {n(99)} dB",
        f"Gn {n(99)}", f"{n(5, 30)} cm", f"{n(1, 200)}.{n(10)} mm", f"Depth {n(4, 30)}.0 cm", f"FOV {n(10, 50)} cm",
        f"W: {n(50, 4000)} L: {n(-800, 900)}", f"WW {n(50, 4000)} WL {n(10, 900)}", f"Im: {n(1, 99)}/{n(99, 400)}",
        f"Se: {n(1, 12)}", f"Img {n(200)}", f"SL {n(1, 9)}.{n(10)}",
        f"TE {n(2, 140)} TR {n(300, 9000)}", f"TR: {n(300, 9000)}", f"TI {n(100, 2900)}",
        f"ST {n(1, 9)}.0 mm SP {n(1, 9)}.5",
        f"Zoom {n(50, 400)}%", f"{n(10, 99)} %", f"Angle {n(90)}°", f"PRF {n(500, 9000)} Hz", f"WF {n(40, 300)} Hz",
        f"Dist {n(1, 20)}.{n(100):02} cm", f"Area {n(1, 90)}.{n(10)} cm2", f"Vol {n(1, 900)} ml",
        f"HR {n(45, 180)} bpm",
        f"DR {n(40, 90)}", f"Map {n(1, 9)}", f"{n(2, 10)} dB/DR{n(40, 80)}", f"Vmax {n(20, 300)} cm/s",
        f"{n(1, 99)}/{n(100, 300)}", f"{n(1, 9)} of {n(9, 60)}",
        "512 x 512", f"RAO {n(50)} CRAN {n(30)}", f"LAO {n(50)}", f"DAP {n(90)}.{n(10)}",
        f"Flip angle {n(90)}", f"FA {n(5, 180)}", f"{n(1, 4)}.{n(10)} T", f"{n(1, 9)}.{n(10)} sec",
        f"Matrix {n(128, 512)} x {n(128, 512)}", f"CTDIvol {n(1, 60)}.{n(10)} mGy", f"DLP {n(50, 900)}.{n(10)}",
        "LEFT LATERAL", "RIGHT", "L", "R", "LT", "RT", "AP", "PA ERECT", "AP PORTABLE", "SUPINE", "PRONE", "HEAD",
        "FEET",
        "RCC", "LMLO", "L MLO", "R CC", "T2 TSE COR", "T1 SE SAG", "FLAIR AX", "STIR COR", "DOPPLER", "Color Doppler",
        "Power Doppler", "B-MODE", "M-Mode", "2D", "3D", "Harmonic", "THI", "Freeze", "FROZEN",
        "ARTERIAL PHASE", "VENOUS PHASE", "POST CONTRAST", "PRE CONTRAST", "SCOUT AP", "Localizer",
        "LEFT HAND", "RT KNEE LATERAL", "CHEST PA", "ABDOMEN", "C-SPINE LAT", "CERVICAL SPINE",
        "Carotid", "Thyroid", "SIEMENS", "TOSHIBA", "SonoSite", "GE Medical Systems", "Lossy compressed",
        "NOT FOR DIAGNOSTIC USE", "WITHOUT CONTRAST", "LEFT DECUBITUS",
        "WEIGHT BEARING", "SEMI-ERECT", "INSPIRATION",
        "Transverse", "LONGITUDINAL", "SAG T2", "AXIAL CT", "MIP", "MPR CORONAL", "S/D 2.4", "PS 62.1 cm/s ED 20 cm/s",
    ))  # fmt: skip
    return pick.choice((line, line, line.upper()))


def misread(text: str, pick: random.Random, rate: float) -> str:
    """The line as a reader might give it, with about ``rate`` of its characters taken for others.

    Spaces are lost as often; a quarter as often a character is; now and then an end is cut off.
    """
    out = []
    for letter in text:
        if pick.random() < rate:
            if letter == " ":
                continue
            out.append(pick.choice(_CONFUSED.get(letter, _CONFUSED.get(letter.upper(), letter))))
        elif pick.random() >= rate / 4:
            out.append(letter)
    if pick.random() < rate and len(out) > 4:
        out = out[1:] if pick.random() < 0.5 else out[:-1]
    return "".join(out)


def _one_of(names: tuple[str, ...], pick: random.Random) -> str:
    return names[pick.randrange(min(1000, len(names)))] if pick.random() < 0.5 else pick.choice(names)


def _date(pick: random.Random, first: int, last: int) -> dt.date:
    return dt.date(first, 1, 1) + dt.timedelta(days=pick.randrange((last - first) * 365))


def _letters(pick: random.Random, count: int) -> str:
    return "".join(pick.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(count))


def _postcode(pick: random.Random) -> str:
    return f"{_letters(pick, 2)}{pick.randrange(1, 20)} {pick.randrange(1, 9)}{_letters(pick, 2)}"
