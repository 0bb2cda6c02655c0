"""Texts that are known to be harmless: technical terms that come with dcmaudit, and a site's own list of patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

import regex

from dcmaudit.detect.pii.judging import Judgement
from dcmaudit.detect.pii.words import plain
from dcmaudit.errors import ListError
from dcmaudit.model import Verdict

NAME = "allowlist"
NUMBER = 50

FILE_NAMES = ("ocr_allowlist_regex.txt", "ocr_whitelist_regex.txt")
"""What the original tool calls the file, now and formerly, in ``$SMI_ROOT/data/dicompixelanon``."""

_SECONDS = 0.25
_LONGEST = 400
"""Characters of a text beyond which no pattern of a list is asked: no technical term is so long."""

_UNITS = (
    "KVP? MAS? UA MM CM M CM2 MM2 CM3 ML CC L MS US NS S SEC MIN HZ KHZ MHZ GHZ T MT DB % FPS F/S FR/S BPM PX "
    "PIXELS? DEG HU MGY MSV "
    "UGY GY GYCM2 MGYCM2? DGYCM2 MGY*CM UGYM2 CM/S M/S MM/S KG/M2 G KG W MW MW/CM2 MMHG IN X FR BIT KBQ MBQ GBQ MCI "
    "KCTS CTS"
)
_NUMBER = r"[-+±~<>=]{0,2}\s?[0-9O]{1,3}(?:[.,][0-9O]{1,3})?"
_LARGE = r"[-+±~<>=]{0,2}\s?[0-9O]{1,5}(?:[.,][0-9O]{1,3})?"
_UNIT = "|".join(re.escape(unit).replace(r"\?", "?") for unit in _UNITS.split())
_ONE = rf"(?:{_LARGE}\s?(?:{_UNIT}|°)|{_NUMBER})"
_QUANTITY = rf"{_ONE}(?:\s?[X×/*]\s?{_ONE})*"

_NAMES_OF_NUMBERS = (
    "KV KVP MA MAS DAP REX EI S EXI DI LGM TI MI TIS TIB TIC TR TE FA ETL NEX NSA FOV DFOV SFOV ST SL SP SLICE THK "
    "THICKNESS MAG ZOOM ZM W L WL WW "
    "WC C WIDTH LEVEL WINDOW CENTER CENTRE GAIN GN DR FR FPS FREQ DEPTH D MAP PERSIST PRF PW CW FILTER FLT SV SVD "
    "ANGLE RAO LAO CRAN CAUD CRA TABLE TILT ROT "
    "ROLL PITCH GAP SNR BW MATRIX IMG IMAGE IM I SER SERIES SE SC SEQ ACQ AQ FRAME F SCAN LOC POS SCORE COMP FORCE "
    "COMPRESSION THRESHOLD "
    "EXP ECHO B TD BV HR PEAK MEAN MAX MIN AVG SD AREA DIST DIAM VOL LEN LENGTH RATIO SPEED TIME T DOSE CTDI "
    "CTDIVOL DLP SUV COUNTS TOTAL LUT EDGE ENH SHARP "
    "P R Z X Y 2D 3D M-MODE MM"
)
_WORDS = (
    "L R LT RT LEFT RIGHT A P H F S I HEAD FEET FOOT ANT POST ANTERIOR POSTERIOR SUP INF SUPERIOR INFERIOR LATERAL "
    "LAT MEDIAL MED PROX DIST PROXIMAL DISTAL "
    "AP PA AXIAL CORONAL SAGITTAL AX COR SAG OBL OBLIQUE TRANS TRANSVERSE LONG LONGITUDINAL TRV MLO CC ML LM XCC "
    "RMLO LMLO RCC LCC RML LML "
    "DECUB DECUBITUS ERECT SUPINE PRONE STANDING SITTING SEMI SEMI-ERECT WEIGHT BEARING WEIGHT-BEARING PORTABLE "
    "MOBILE PORT RESUS TROLLEY "
    "UNDER IN HORIZONTAL BEAM HB HBL INSPIRATION EXPIRATION INSP EXP FLEXION EXTENSION NEUTRAL VIEW SWIMMERS "
    "SKYLINE ODONTOID TUNNEL STRESS REST "
    "CHEST ABDOMEN PELVIS SPINE SKULL KNEE HIP ANKLE WRIST HAND ELBOW SHOULDER FOOT FEMUR TIBIA FIBULA HUMERUS "
    "RADIUS ULNA CERVICAL THORACIC LUMBAR "
    "BRAIN NECK LIVER KIDNEY SPLEEN BLADDER PANCREAS UTERUS OVARY HEART AORTA THYROID PROSTATE BREAST CAROTID LUNG "
    "BONE SOFT TISSUE "
    "CT MR MRI US DX CR XA RF NM PT PET SPECT MG XR DSA T1 T2 T1W T2W FLAIR STIR DWI ADC SWI TOF GRE TSE FSE SE EPI "
    "DTI FFE MPR MIP MINIP VRT "
    "PRE POST CONTRAST GAD DELAYED ARTERIAL VENOUS PORTAL PHASE SCOUT TOPOGRAM LOCALIZER LOCALISER SURVIEW "
    "SCANOGRAM RECON STD STANDARD SHARP SMOOTH DETAIL "
    "SIEMENS PHILIPS GE HEALTHCARE MEDICAL SYSTEMS TOSHIBA CANON HITACHI FUJIFILM FUJI AGFA KODAK CARESTREAM "
    "HOLOGIC SAMSUNG MINDRAY ESAOTE ALOKA ACUSON SONOSITE "
    "HARMONIC COLOR COLOUR POWER DOPPLER FLOW B-MODE M-MODE 2D 3D 4D THI CHI GEN RES PEN FROZEN FREEZE LIVE CAL MAP "
    "OFF ON LOW HIGH AUTO OPT "
    "COMPARE DISTANCE AREA VOLUME MEAN MAX MIN AVG PEAK SYS DIA PS ED RI PI S/D HR BPM CINE LOOP IMAGE SERIES FRAME "
    "SLICE SCAN SCALE "
    "LOSSY COMPRESSED NOT FOR DIAGNOSIS DIAGNOSTIC USE OF WW WL FOV GRID NO WITHOUT WITH C- C+ IV"
)
_VOCABULARY = frozenset(_WORDS.split()) | frozenset(_NAMES_OF_NUMBERS.split())
_LABELLED = re.compile(
    rf"(?:{'|'.join(re.escape(word) for word in _NAMES_OF_NUMBERS.split())})\s?[:.=#]?\s?-?\s?{_QUANTITY}"
)
_ALONE = re.compile(_QUANTITY)
_COUNT = re.compile(r"[0-9O]{1,3}\s?(?:/|OF)\s?[0-9O]{1,3}")
_SEPARATORS = re.compile(r"[\s:;,.=/()\[\]#*_|-]+")


@cache
def _is_term(word: str) -> bool:
    return word in _VOCABULARY or bool(_ALONE.fullmatch(word) or _LABELLED.fullmatch(word))


@lru_cache(maxsize=4096)
def is_technical(text: str) -> bool:
    """Whether the whole text is made of technical terms, small numbers and quantities with units.

    Numbers of four digits and more are not: they may be years, or parts of numbers of people. Nor are three numbers
    in a row, which may be a date.
    """
    clean = plain(text)
    if len(clean) > _LONGEST:
        return False
    if _ALONE.fullmatch(clean) or _LABELLED.fullmatch(clean) or _COUNT.fullmatch(clean):
        return _bare_numbers(clean) < 3
    parts = [part for part in _SEPARATORS.split(_without_quantities(clean)) if part]
    return bool(words_or_units(clean)) and all(_is_term(part) for part in parts) and _bare_numbers(clean) < 3


def words_or_units(text: str) -> list[str]:
    """The letters of a text, run by run: a text without any is no term."""
    return re.findall(r"[A-Z]+", text)


def _without_quantities(text: str) -> str:
    unit = rf"(?<![0-9A-Z.]){_LARGE}\s?(?:{_UNIT}|°)(?![0-9A-Z])"
    return re.sub(unit, " ", text)


def _bare_numbers(text: str) -> int:
    """Numbers that follow each other with nothing but a mark or a space between."""
    longest = 0
    for run in re.findall(r"(?:[0-9O]+(?:[\s/.,:-]+|$))+", text):
        longest = max(longest, len(re.findall(r"[0-9O]+", run)))
    return longest


class AllowList:
    """Says HARMLESS or nothing: for technical terms, and for whole texts that a pattern of a site's list matches."""

    def __init__(self, patterns: Iterable[regex.Pattern[str]] = (), *, builtin: bool = True) -> None:
        self._patterns = tuple(patterns)
        self._builtin = builtin

    def judge(self, text: str) -> Judgement | None:
        """The judgement of one line of text."""
        if self._builtin and is_technical(text):
            return Judgement(Verdict.HARMLESS, "it is made of technical terms", NAME, NUMBER)
        stripped = text.strip()
        if stripped and len(stripped) <= _LONGEST and any(_matches(pattern, stripped) for pattern in self._patterns):
            return Judgement(Verdict.HARMLESS, "the site's allow list has it", NAME, NUMBER)
        return None


def _matches(pattern: regex.Pattern[str], text: str) -> bool:
    try:
        return pattern.fullmatch(text, timeout=_SECONDS) is not None
    except TimeoutError:
        return False  # not decided is not harmless


def default_file(smi_root: Path | None) -> Path | None:
    """The site's list where the original tool looks for it, None where there is none."""
    if smi_root is None:
        return None
    folder = smi_root / "data" / "dicompixelanon"
    return next((folder / name for name in FILE_NAMES if (folder / name).is_file()), None)


def read_list(path: Path) -> list[regex.Pattern[str]]:
    """The patterns of a file: one regular expression a line, empty lines left out.

    Each must match a whole text. ListError names the line that is no regular expression, or says that the file
    cannot be read.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ListError(f"the allow list cannot be read ({type(error).__name__})", file=str(path)) from error
    patterns = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            patterns.append(regex.compile(line))
        except regex.error as error:
            raise ListError(
                f"line {number} of the allow list is no regular expression: {error.msg}",
                file=str(path),
                hint="each line is one pattern that must match a whole text",
            ) from error
    return patterns
