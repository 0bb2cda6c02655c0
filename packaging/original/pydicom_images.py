#!/usr/bin/env python3
"""A program of the original tool by its name that ends in .py; it starts dcmaudit's program of that name.

All files in this folder, share/dcmaudit/original of the environment that dcmaudit was installed into, are the same.
They have a folder of their own, for dcmaudit.py beside other programs would be imported in the package's place.
"""

import os
import sys
from pathlib import Path


def start(script: Path) -> None:
    """Go on in the environment of this file, whichever Python started it."""
    name = script.stem
    for python in (script.parents[3] / "bin" / "python", script.parents[3] / "Scripts" / "python.exe"):
        if python.exists():
            code = f"import sys; from dcmaudit.cli.original import {name}; sys.exit({name}())"
            # -P: the working folder, where a dcmaudit.py may lie, is not asked for modules.
            os.execv(python, [str(python), "-P", "-c", code, *sys.argv[1:]])  # noqa: S606 - no shell is wanted
    sys.exit(f"{name}.py: there is no environment with dcmaudit around {script.parent}")


if __name__ == "__main__":
    start(Path(__file__).resolve())
