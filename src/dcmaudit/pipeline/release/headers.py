"""Identifying attributes that are filled (PS3.15 table E.1-1): this program cleans pixels, and only looks at them."""

from __future__ import annotations

IDENTIFYING: dict[int, str] = {
    0x00100010: "Patient's Name", 0x00100020: "Patient ID", 0x00100030: "Patient's Birth Date",
    0x00100032: "Patient's Birth Time", 0x00101000: "Other Patient IDs", 0x00101001: "Other Patient Names",
    0x00101005: "Patient's Birth Name", 0x00101040: "Patient's Address", 0x00101060: "Patient's Mother's Birth Name",
    0x00101090: "Medical Record Locator", 0x00102150: "Country of Residence", 0x00102152: "Region of Residence",
    0x00102154: "Patient's Telephone Numbers", 0x00102155: "Patient's Telecom Information",
    0x00104000: "Patient Comments", 0x00102180: "Occupation",
    0x001021B0: "Additional Patient History", 0x00102297: "Responsible Person", 0x00102299: "Responsible Organization",
    0x00080050: "Accession Number", 0x00080080: "Institution Name", 0x00080081: "Institution Address",
    0x00080090: "Referring Physician's Name", 0x00080092: "Referring Physician's Address",
    0x00080094: "Referring Physician's Telephone Numbers", 0x0008009C: "Consulting Physician's Name",
    0x00081010: "Station Name", 0x00081040: "Institutional Department Name", 0x00081048: "Physician(s) of Record",
    0x00081050: "Performing Physician's Name", 0x00081060: "Name of Physician(s) Reading Study",
    0x00081070: "Operators' Name", 0x00080020: "Study Date", 0x00080021: "Series Date",
    0x00080022: "Acquisition Date", 0x00080023: "Content Date", 0x0008002A: "Acquisition DateTime",
    0x00080030: "Study Time", 0x00080031: "Series Time", 0x00080032: "Acquisition Time", 0x00080033: "Content Time",
    0x00181000: "Device Serial Number", 0x00181003: "Device ID",
    0x00200010: "Study ID", 0x00321032: "Requesting Physician", 0x00321033: "Requesting Service",
    0x00380010: "Admission ID", 0x00380300: "Current Patient Location", 0x00380400: "Patient's Institution Residence",
    0x00400006: "Scheduled Performing Physician's Name", 0x00400244: "Performed Procedure Step Start Date",
    0x00400253: "Performed Procedure Step ID", 0x00401001: "Requested Procedure ID",
    0x00402016: "Placer Order Number", 0x00402017: "Filler Order Number", 0x0040A075: "Verifying Observer Name",
    0x0040A123: "Person Name", 0x00700084: "Content Creator's Name",
}  # fmt: skip
"""Names, numbers, dates and addresses that the table cleans, by tag."""


def filled_names(found: frozenset[int]) -> list[str]:
    """The names of attributes by their tags, in the order of the table above."""
    return [name for tag, name in IDENTIFYING.items() if tag in found]
