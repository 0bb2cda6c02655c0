"""The one tree of errors.

    DcmauditError
    ├── UsageError              an option, argument or setting that cannot be used
    │   └── RuleError               a file of rules (deid recipe, CTP script) with an error in it
    ├── MissingExtraError       an optional part of the program is not installed
    ├── EngineError             an engine that reads text is damaged, or failed on a picture
    │   └── ProcessorError          this processor computes something else than the engine was checked with
    ├── SourceError             a name that leads to no bytes
    │   ├── SourceNotFoundError     nothing of that name
    │   ├── SourceUnreadableError   it is there and cannot be read
    │   └── ListError               a list (CSV, database, DICOMDIR) that cannot be used
    ├── DicomError              bytes that are not a usable DICOM instance
    │   ├── NotDicomError           no DICOM data set in them
    │   ├── TruncatedError          fewer bytes than the header promises
    │   ├── HeaderError             attributes that contradict each other, the bytes or a limit
    │   ├── UnsupportedError        valid DICOM that no decoder here can show
    │   └── DecodeError             a codestream that a decoder refused
    │       └── DamagedError            a codestream of which a part is missing or changed
    ├── StoreError              the database
    │   ├── StoreConflictError      somebody else has changed it since
    │   ├── StoreLockedError        another process holds it for too long
    │   ├── StoreReadOnlyError      it may be read only
    │   ├── StoreNewerError         written by a newer dcmaudit
    │   └── StoreCorruptError       not a database, or a damaged one
    ├── RedactionError          a redaction that was not carried out
    │   ├── PlanRefusedError        the plan has problems, nothing was written
    │   └── ProofError              the written file did not pass its proof and was deleted
    ├── ClusterError            the cluster that was to do the work has nobody to do it
    ├── ReviewError             a command that makes no sense in the present state
    └── ServerError             the local web server could not do its part

Every message says what was found, what was allowed and what to do next, and names the file. No message ever
holds recognised text, a person's attribute value or a secret. Foreign exceptions are translated where they
cross into our code, with ``raise ... from``.
"""

from __future__ import annotations


class DcmauditError(Exception):
    """The base of every error that the program raises on purpose.

    ``message`` is one sentence in plain words; ``file`` the name the user knows the input by; ``hint`` what to
    do next. ``str()`` joins them into one line for a terminal.
    """

    def __init__(self, message: str, *, file: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.hint = hint

    @property
    def words(self) -> str:
        """The message and the hint, for a line that names the file itself."""
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def __str__(self) -> str:
        return f"{self.file}: {self.words}" if self.file else self.words

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders with the worker pools; the default pickling drops keyword arguments.
        return _rebuild, (type(self), self.message, self.file, self.hint)


def _rebuild(kind: type[DcmauditError], message: str, file: str | None, hint: str | None) -> DcmauditError:
    return kind(message, file=file, hint=hint)


class UsageError(DcmauditError):
    """An option, argument or setting that cannot be used."""


class RuleError(UsageError):
    """A file of rules (deid recipe, CTP script) has an error; none of its rules is used."""


class MissingExtraError(DcmauditError):
    """An optional part of the program is not installed; the hint names the extra."""


class EngineError(DcmauditError):
    """An engine that reads text is missing a part of itself, is damaged, or failed on a picture."""


class ProcessorError(EngineError):
    """This processor computes something else than the engine was checked with: nobody may look with it."""


class SourceError(DcmauditError):
    """A name that leads to no bytes."""


class SourceNotFoundError(SourceError):
    """Nothing of that name exists."""


class SourceUnreadableError(SourceError):
    """It exists and cannot be read."""


class ListError(SourceError):
    """A list of names (CSV, database, DICOMDIR) that cannot be used."""


class DicomError(DcmauditError):
    """Bytes that are not a usable DICOM instance."""


class NotDicomError(DicomError):
    """No DICOM data set was found in the bytes."""


class TruncatedError(DicomError):
    """Fewer bytes than the header promises."""


class HeaderError(DicomError):
    """Attributes that contradict each other, the bytes present, or a limit."""


class UnsupportedError(DicomError):
    """Valid DICOM that no decoder here can show."""


class DecodeError(DicomError):
    """A codestream that a decoder refused."""


class DamagedError(DecodeError):
    """A codestream of which a part is missing or changed, so that a decoder would make up pixels."""


class StoreError(DcmauditError):
    """The database could not do what was asked."""


class StoreConflictError(StoreError):
    """Somebody else has changed since what was to be taken back or done again."""


class StoreLockedError(StoreError):
    """Another process holds the database for too long."""


class StoreReadOnlyError(StoreError):
    """The database may be read only."""


class StoreNewerError(StoreError):
    """The database was written by a newer dcmaudit."""


class StoreCorruptError(StoreError):
    """Not a database, or a damaged one."""


class RedactionError(DcmauditError):
    """A redaction that was not carried out."""


class PlanRefusedError(RedactionError):
    """The plan has problems; nothing was written."""


class ProofError(RedactionError):
    """The written file did not pass its proof and was deleted."""


class ClusterError(DcmauditError):
    """The cluster that was to do the work has had no workers for too long; what was finished is kept."""


class ReviewError(DcmauditError):
    """A command that makes no sense in the present state."""


class ServerError(DcmauditError):
    """The local web server could not do its part."""
