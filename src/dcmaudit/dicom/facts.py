"""The facts of an instance, taken from its header."""

from __future__ import annotations

from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.header import Header
from dcmaudit.dicom.pace import pace_of
from dcmaudit.model import DeviceFacts, InstanceFacts


def device_facts(header: Header) -> DeviceFacts:
    """Modality, image type, model and size as the header has them, None where absent."""
    attributes = header.attributes
    manufacturer = attributes.text(0x00080070)
    versions = attributes.texts(0x00181020)
    software = "\\".join(versions) or None if versions else None
    joined = " ".join(part for part in (manufacturer, software) if part)
    image_type = attributes.texts(0x00080008)
    return DeviceFacts(
        modality=attributes.text(0x00080060),
        image_type=image_type or None,
        # As the original tool has it: without a model, maker and software stand for it.
        model=attributes.text(0x00081090) or joined or None,
        burned_in_annotation=attributes.text(0x00280301),
        rows=attributes.integer(0x00280010),
        columns=attributes.integer(0x00280011),
        manufacturer=manufacturer,
        software_versions=software,
    )


def instance_facts(header: Header, image: FrameReader | None) -> InstanceFacts:
    """The technical description; bit depths are None where there are no pixel data that can be read."""
    attributes = header.attributes
    layout = image.layout if image else None
    return InstanceFacts(
        device=device_facts(header),
        sop_class_uid=attributes.code(0x00080016),
        sop_instance_uid=attributes.code(0x00080018),
        study_uid=attributes.code(0x0020000D),
        series_uid=attributes.code(0x0020000E),
        transfer_syntax_uid=header.syntax.uid,
        photometric_interpretation=attributes.code(0x00280004),
        number_of_frames=image.count if image else 0,
        samples_per_pixel=layout.samples if layout else None,
        bits_allocated=layout.bits_allocated if layout else None,
        bits_stored=layout.bits_stored if layout else None,
        high_bit=layout.high if layout else None,
        signed=bool(layout and layout.signed),
        pace=pace_of(attributes, image.count) if image else None,
    )
