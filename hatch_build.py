"""The build's own step: compile the one C file of the package where there is a compiler.

Without a compiler the package is built all the same, as pure Python, and JPEG blocks are walked about ten times
slower (docs/decisions/0005-jpeg-blocks.md). ``python hatch_build.py`` compiles in place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

SOURCE = Path("src/dcmaudit/codecs/jpeg/_walk.c")
LIBRARY = SOURCE.with_suffix(".so")


def compile_library(root: Path) -> bool:
    """Whether the library was built; says why where it was not."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform == "win32":
        sys.stderr.write("dcmaudit: no C compiler, building without the compiled JPEG loop\n")
        return False
    made = root / LIBRARY.with_suffix(".new")
    command = [*compiler.split(), "-O2", "-std=c99", "-shared", "-fPIC", "-o", str(made), str(root / SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the user's compiler
    if done.returncode:
        sys.stderr.write(f"dcmaudit: building without the compiled JPEG loop:\n{done.stderr}\n")
        return False
    made.replace(root / LIBRARY)  # at once: other processes may have the old one loaded
    return True


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, outside of a build
    pass
else:

    class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
        """Called by hatchling before it makes a wheel."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
            """Adds the library, and the platform's tag, to the wheel."""
            if self.target_name == "wheel" and compile_library(Path(self.root)):
                platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
                build_data["pure_python"] = False
                build_data["tag"] = f"py3-none-{platform}"
                build_data["artifacts"].append(str(LIBRARY))


if __name__ == "__main__":
    sys.exit(not compile_library(Path(__file__).parent))
