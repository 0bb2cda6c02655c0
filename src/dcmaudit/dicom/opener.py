"""Opening an instance: its header read and checked, nothing decoded."""

from __future__ import annotations

from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.header import Header
from dcmaudit.dicom.header_reader import read_header
from dcmaudit.dicom.instance import Instance
from dcmaudit.errors import (
    DcmauditError,
    HeaderError,
    SourceNotFoundError,
    SourceUnreadableError,
    UnsupportedError,
)
from dcmaudit.model import (
    Reference,
)


def open_instance(reference: Reference) -> Instance:
    """The instance behind ``reference``, its header read and checked; close it, or use it in a ``with`` block.

    Raises SourceNotFoundError or SourceUnreadableError where the bytes cannot be had, NotDicomError where they hold
    no data set, TruncatedError where they end before the pixel data, HeaderError where the data set is damaged,
    UnsupportedError for a DICOMDIR, which is a list and no image.
    """
    try:
        stream = reference.open()
    except IsADirectoryError as error:
        raise UnsupportedError("it is a folder", file=reference.name, hint="open the files in it") from error
    except FileNotFoundError as error:
        raise SourceNotFoundError("nothing of that name exists", file=reference.name) from error
    except OSError as error:
        raise SourceUnreadableError(f"it cannot be opened: {error.strerror}", file=reference.name) from error
    source = ByteSource(stream, name=reference.name)
    try:
        return _opened(reference, source)
    except BaseException:
        source.close()
        raise


def _opened(reference: Reference, source: ByteSource) -> Instance:
    header = read_header(source)
    try:
        return _made(reference, source, header)
    except BaseException:
        header.body.close()
        raise


def _made(reference: Reference, source: ByteSource, header: Header) -> Instance:
    # The class of media directories, or a Directory Record Sequence.
    if header.attributes.code(0x00080016) == "1.2.840.10008.1.3.10" or 0x00041220 in header.attributes:
        raise UnsupportedError("it is a DICOMDIR, which lists files and holds no image", file=reference.name,
                               hint="open it as a list of files")  # fmt: skip
    try:
        return Instance(reference, source, header)
    except DcmauditError as error:
        if error.file is not None:
            raise
        raise type(error)(error.message, file=reference.name, hint=error.hint) from error
    except RecursionError as error:
        raise HeaderError("its sequences are nested too deeply to be a data set", file=reference.name) from error
    except Exception as error:
        raise HeaderError(f"its header cannot be understood ({type(error).__name__})", file=reference.name) from error
