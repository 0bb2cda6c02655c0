"""The proof: a redacted file compared with its original and its plan, by code that knows nothing of the redactor."""

from dcmaudit.verify.proof import prove

__all__ = ["prove"]
