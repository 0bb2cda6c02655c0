"""The unit of values after the modality transformation, as it is written beside them."""

from __future__ import annotations

from dcmaudit.dicom.display import groups_of
from dcmaudit.dicom.header import Header

_RESCALE_TYPE, _UNITS, _MODALITY = 0x00281054, 0x00541001, 0x00080060
_VALUE_TRANSFORMATION = 0x00289145
_LONGEST = 16

# PS3.3 C.11.1.1.2 (Rescale Type) and C.8.9.1.1.3 (Units); US is "unspecified". What is not here is written as it is.
_WRITTEN = {
    "OD": "10⁻³ OD", "US": "", "MGML": "mg/ml", "Z_EFF": "Z", "ED": "10²³ e/ml", "EDW": "rel. e", "HU_MOD": "HU mod.",
    "PCT": "%", "NONE": "", "CNTS": "counts", "CM2": "cm²", "CM2ML": "cm²/ml", "PCNT": "%", "CPS": "counts/s",
    "BQML": "Bq/ml", "MGMINML": "mg/min/ml", "UMOLMINML": "µmol/min/ml", "MLMING": "ml/min/g", "MLG": "ml/g",
    "1CM": "1/cm", "UMOLML": "µmol/ml", "PROPCNTS": "counts (prop.)", "PROPCPS": "counts/s (prop.)",
    "MLMINML": "ml/min/ml", "MLML": "ml/ml", "GML": "g/ml", "STDDEV": "standard deviations",
}  # fmt: skip


def unit_of(header: Header, frame: int) -> str | None:
    """The unit of rescaled values of a frame, None where the header names none.

    Rescale Type of the frame's functional group or of the data set; Units of a PET image (PS3.3 C.8.9.1). A CT image
    without Rescale Type has Hounsfield units (PS3.3 C.8.2.1.1).
    """
    attributes = header.attributes
    for source in (*groups_of(header, frame, _VALUE_TRANSFORMATION), attributes):
        kind = source.text(_RESCALE_TYPE)
        if kind:
            return _written(kind)
    modality = attributes.code(_MODALITY)
    if modality == "PT":
        units = attributes.code(_UNITS)
        return _written(units) if units else None
    return "HU" if modality == "CT" else None


def _written(kind: str) -> str | None:
    name = kind.strip().upper()
    return _WRITTEN.get(name, kind.strip()[:_LONGEST]) or None
