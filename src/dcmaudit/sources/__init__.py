"""Where inputs come from: names into references, lazily, with nothing left out silently.

``find`` turns what people name (files, wildcards, folders, CSV lists, databases, DICOMDIRs) into ``LocalReference``,
``Passed`` and ``Problem`` entries; ``Tally`` counts them. Nothing here decodes DICOM: recognising is one small read.
"""

from dcmaudit.sources.finder import find, find_listed
from dcmaudit.sources.found import Found, Passed, Passing, Problem, Tally
from dcmaudit.sources.local import LocalReference

__all__ = ["Found", "LocalReference", "Passed", "Passing", "Problem", "Tally", "find", "find_listed"]
