"""The proof: a redacted file compared with its original and its plan, by code that knows nothing of the redactor.

Much of it says again what ``redact`` or ``codecs`` says: which elements hold UIDs, how segments lie in a codestream,
how an element's head is written. That is on purpose. Shared code would be wrong on both sides at once, and prove
nothing.
"""

from dcmaudit.verify.proof import prove

__all__ = ["prove"]
