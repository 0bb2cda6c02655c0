"""What the program needs to know about an instance besides its pixels. No attribute of a person is in here."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.model.travel import Travels


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """The attributes by which the database compares images, as the header has them, None where absent.

    ``model`` is ManufacturerModelName, or Manufacturer and SoftwareVersions joined by a space where that is
    absent. ``image_type`` is the multi-valued ImageType, empty values kept.
    """

    modality: str | None = None
    image_type: tuple[str, ...] | None = None
    model: str | None = None
    burned_in_annotation: str | None = None
    rows: int | None = None
    columns: int | None = None
    manufacturer: str | None = None
    software_versions: str | None = None


@dataclass(frozen=True, slots=True)
class Identity(Travels):
    """What stays the same when a file is moved or renamed.

    ``pixel_digest`` is ``sha256:`` and the hexadecimal digest of the value of the pixel data element (Pixel Data,
    Float Pixel Data or Double Float Pixel Data) as it lies in the file, None where there is none or it was not
    computed yet.
    """

    sop_instance_uid: str | None
    pixel_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How long frames are to be shown, in milliseconds: a value for each frame, or one for all of them."""

    times: tuple[float, ...]

    def of(self, frame: int) -> float:
        """Milliseconds for which the frame with that number (from 0) is to be shown."""
        return self.times[min(frame, len(self.times) - 1)]


@dataclass(frozen=True, slots=True)
class InstanceFacts:
    """The technical description of one instance.

    ``pace`` is None where the header says nothing of it. Bit depths are None where the file has no pixel data.
    ``number_of_frames`` is what can be addressed: the header's value after it was checked against the bytes present.
    """

    device: DeviceFacts
    sop_class_uid: str | None
    sop_instance_uid: str | None
    study_uid: str | None
    series_uid: str | None
    transfer_syntax_uid: str
    photometric_interpretation: str | None
    number_of_frames: int
    samples_per_pixel: int | None
    bits_allocated: int | None
    bits_stored: int | None
    high_bit: int | None
    signed: bool
    pace: Pace | None = None
