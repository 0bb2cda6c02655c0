"""What dcmaudit-core takes from the project itself, so that nothing is said twice: dependencies, programs and files."""

from __future__ import annotations

import re
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

READERS = {"rapidocr", "onnxruntime", "opencv-python-headless"}
"""Distributions that only finding and reading text needs."""
LEFT_OUT = {".pyc", ".so", ".new"}


def project_of(root: str) -> tuple[Path, dict[str, Any]]:
    """The folder of the whole project, and what its pyproject.toml says."""
    folder = Path(root).parents[1]
    with (folder / "pyproject.toml").open("rb") as file:
        return folder, tomllib.load(file)


class CoreMetadataHook(MetadataHookInterface):
    """Fills in the dynamic fields."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Dependencies of the project without the readers, and its programs."""
        project = project_of(self.root)[1]["project"]
        metadata["dependencies"] = [
            one for one in project["dependencies"] if re.split(r"[\[<>=!~ ;]", one)[0] not in READERS
        ]
        metadata["scripts"] = project["scripts"]


class CoreBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts the same files into the wheel as the project's own."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """The package, what lies in share, and the compiled loop where there is a compiler."""
        folder, pyproject = project_of(self.root)
        sys.path.insert(0, str(folder))
        from hatch_build import LIBRARY, compile_library

        files = [path for path in (folder / "src/dcmaudit").rglob("*") if path.is_file()]
        included = {
            str(path): str(path.relative_to(folder / "src"))
            for path in files
            if path.suffix not in LEFT_OUT and "__pycache__" not in path.parts
        }
        if compile_library(folder):
            included[str(folder / LIBRARY)] = str(LIBRARY.relative_to("src"))
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{platform}"
        build_data["force_include"].update(included)
        shared = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
        for source, target in shared.items():
            place = folder / source
            # hatchling takes folders outside of its own for nothing, so each file is named
            files = [one for one in place.rglob("*") if one.is_file()] if place.is_dir() else [place]
            for one in files:
                within = f"{target}/{one.relative_to(place)}" if place.is_dir() else target
                build_data["shared_data"][str(one)] = within
