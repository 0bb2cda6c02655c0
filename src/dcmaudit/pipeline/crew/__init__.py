"""Processes that work side by side, each with a pipe of its own.

Inputs go out in batches, so that the parent's part in a small file is a few microseconds; answers come back one by one,
the moment they are there, so that what a killed process had answered is known. What waits behind a long file is taken
back as soon as somebody else has nothing to do, and whoever has nothing to do helps with the long file itself. A
decoder that crashes takes its process with it and nothing else: the input that was worked on is done again while nobody
else works, for memory may have run out, and is given up where that fails too.
"""

from __future__ import annotations

from dcmaudit.pipeline.crew.parent import Crew

__all__ = ["Crew"]
