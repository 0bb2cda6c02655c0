"""Inputs of a release and its folders, for tests."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

from dcmaudit.cli import main
from dcmaudit.dicom import open_instance
from dcmaudit.model import Box, DeviceFacts, FrameAddress, HowSeen
from dcmaudit.store import NewRect, open_store
from support.files import PathReference, dataset, file_bytes
from support.lettering import lettered
from support.stored import put_seen, set_marked

NO_HEADER = {"PatientName": "", "PatientID": ""}
POLICY = 'eyes = "none"\n'


class House:
    """Inputs, and the folders of a release."""

    def __init__(self, folder: Path, *, is_new: bool = True) -> None:
        self.folder = folder
        self.inputs, self.out, self.held = folder / "in", folder / "out", folder / "held"
        self.key, self.policy, self.db = folder / "key", folder / "policy.toml", folder / "db"
        if is_new:
            self.inputs.mkdir()
            self.policy.write_text(POLICY)

    def add(self, name: str, *strings: tuple[str, int, int], number: int = 0, **extra: Any) -> Path:
        number = number or len(list(self.inputs.iterdir())) + 1
        picture = lettered((160, 400), strings)
        picture[-1, -1] = number
        data = dataset(picture, extra={**NO_HEADER, "SOPInstanceUID": f"1.2.3.{number}", **extra})
        path = self.inputs / name
        path.write_bytes(file_bytes(data))
        return path

    def words(self, *more: str) -> list[str]:
        return [
            "release", str(self.inputs), "-o", str(self.out), "--held", str(self.held), "--key", str(self.key),
            "--policy", str(self.policy), "--db", str(self.db), "-j", "1", *more,
        ]  # fmt: skip

    def run(self, *more: str) -> int:
        return main(self.words(*more))

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line)["record"] for line in (self.out / "records.jsonl").read_bytes().splitlines()[1:]]

    def outcomes(self) -> list[tuple[str, str | None]]:
        return [(one["outcome"], one["why"]) for one in self.records()]

    def held_list(self) -> dict[str, dict[str, str]]:
        with (self.held / "held.csv").open(newline="") as stream:
            return {Path(row["input"]).name: row for row in csv.DictReader(stream)}

    def again(self, *more: str) -> int:
        """Forget the release that is there, and make another."""
        for folder in (self.out, self.held):
            shutil.rmtree(folder, ignore_errors=True)
        return self.run(*more)


def reviewed(house: House, path: Path, *, seen: bool = True, marks: tuple[Box, ...] = (), tagged: bool = False) -> None:
    with open_store(house.db, user="anna") as store, open_instance(PathReference(path)) as instance:
        store.add_rects(str(path), [NewRect(box, FrameAddress(0)) for box in marks])
        store.put_identity(
            str(path), instance.identity(), size=path.stat().st_size, modified_ns=path.stat().st_mtime_ns
        )
        if seen:
            put_seen(store, str(path), HowSeen.SEEN, [FrameAddress(0)])
        store.mark_done(str(path), DeviceFacts("OT"))
        if tagged:
            set_marked(store, str(path), DeviceFacts("OT"), marked=True)
