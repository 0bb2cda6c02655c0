"""A script for Orthanc's Python plug-in: images in which text may be burned are not stored.

Put its path into Orthanc's configuration, and install dcmaudit into the Python that the plug-in uses:

    "Plugins": ["libOrthancPython.so"],
    "PythonScript": "/etc/orthanc/hold_text.py"

Each instance that arrives is looked at before it is stored, every plane of it. It is stored only where all planes were
looked at and nothing was found that may identify somebody. Everything else, also a fault of this script, keeps it out:
what nobody could look at is not clean. Set DCMAUDIT_HOLD to a folder to keep a copy of what was held back.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import orthanc  # type: ignore[import-not-found]

import dcmaudit

HOLD = os.environ.get("DCMAUDIT_HOLD")


def reasons_to_hold(data: bytes) -> list[str]:
    """Why the instance must not be stored: kinds of reasons only, never a text or a value of the header."""
    reasons = []
    with dcmaudit.open(data) as instance:
        if not instance.planes:
            return []  # no image: nothing can be burned into it
        if instance.unshown:
            reasons.append(f"{len(instance.unshown)} parts cannot be looked at")
        for reading in instance.find_text():
            if reading.reason is not None:
                reasons.append(f"{reading.title} was not looked at")
            harmful = [one for one in reading.findings if one.judgement.verdict is not dcmaudit.Verdict.HARMLESS]
            if harmful:
                reasons.append(f"{reading.title} has {len(harmful)} places of text")
    return reasons


def keep(data: bytes, folder: Path) -> None:
    """Keep a copy under a name of its own: several instances arrive at once, and somebody may take copies away."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"held-{time.time_ns()}-{secrets.token_hex(4)}.dcm").open("xb") as file:
        file.write(data)


def received(data: bytes, origin: str) -> tuple[int, None]:  # noqa: ARG001 - what Orthanc calls
    """Called for each instance that arrives; says whether Orthanc stores it as it is."""
    try:
        reasons = reasons_to_hold(data)
    except dcmaudit.DcmauditError as error:
        reasons = [f"it could not be looked at ({type(error).__name__})"]
    except Exception as error:  # a fault must not let an image through
        reasons = [f"the script failed ({type(error).__name__})"]
    if not reasons:
        return orthanc.ReceivedInstanceAction.KEEP_AS_IS, None
    orthanc.LogWarning(f"an instance was not stored: {'; '.join(reasons)}")
    if HOLD is not None:
        try:
            keep(data, Path(HOLD))
        except OSError as error:  # a full disk must not decide what becomes of the instance
            orthanc.LogWarning(f"no copy of it could be kept ({error.strerror}): it has to be sent again")
    return orthanc.ReceivedInstanceAction.DISCARD, None


orthanc.RegisterReceivedInstanceCallback(received)
