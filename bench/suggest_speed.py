"""How long all sources of suggestions take for one file, in a large database with many rules. For ``bench/suggest``."""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from types import ModuleType

from pydicom.dataset import Dataset

from dcmaudit.detect.learning import Learner, Reliability, combined
from dcmaudit.detect.rules import RuleSet, load_rules, suggest_by_rules
from dcmaudit.detect.ultrasound import ultrasound_regions
from dcmaudit.dicom.header_view import HeaderView
from dcmaudit.model import DeviceFacts, FrameAddress, Size
from dcmaudit.store import Store, open_store

RUNS = 25


def add_options(parser: argparse.ArgumentParser) -> None:
    """How large the database and the rules are."""
    parser.add_argument("--rects", type=int, default=1_000_000)
    parser.add_argument("--stored-files", type=int, default=200_000)
    parser.add_argument("--stored-devices", type=int, default=40)
    parser.add_argument("--rules", type=int, default=2000)


def measured(args: argparse.Namespace) -> dict[str, object]:
    """Medians in milliseconds: what the clock said, and what the processor worked (others use the machine, too)."""
    with tempfile.TemporaryDirectory(dir=args.folder, prefix="suggest") as folder:
        rules = _rules(Path(folder), args.rules)
        with open_store(folder, user="bench") as store:
            bench = _bench_store()
            store.mark_done("first", bench.device(0))
            size = argparse.Namespace(rects=args.rects, files=args.stored_files, devices=args.stored_devices)
            bench.fill(store, size)
            return _timed(store, rules, [bench.device(number) for number in range(args.stored_devices)])


def _timed(store: Store, rules: RuleSet, devices: list[DeviceFacts]) -> dict[str, object]:
    steps: dict[str, list[tuple[float, float]]] = {}
    for run in range(RUNS + 3):
        for name, clock, worked in _once(store, rules, devices[run % len(devices)]):
            steps.setdefault(name, []).append((1000 * clock, 1000 * worked))
    return {
        name: {
            "ms": round(statistics.median(clock for clock, _ in times[3:]), 2),
            "cpu_ms": round(statistics.median(worked for _, worked in times[3:]), 2),
        }
        for name, times in steps.items()
    }


def _once(store: Store, rules: RuleSet, device: DeviceFacts) -> list[tuple[str, float, float]]:
    """One file, source by source; ``all`` is everything from a header that was read to what is shown."""
    size, at = Size(device.columns or 1, device.rows or 1), FrameAddress(0)
    header = HeaderView(_dataset(device))
    marks: list[tuple[str, float, float]] = []

    def note(name: str) -> None:
        marks.append((name, time.perf_counter(), time.thread_time()))

    note("begin")
    suggest_by_rules(rules, header, size)
    ultrasound_regions(header, size)
    note("rules")
    similar = store.similar("/new.dcm", device, at)
    note("similar")
    learner = Learner(device, store.examples("/new.dcm", device), 1)
    Reliability.of(store.judgements())
    note("examples")
    candidates = learner.candidates(at, size)
    combined(similar, candidates, refuted=learner.refutes_unknown(at))
    note("learned")
    spent = [(name, now - before, work - done) for (_, before, done), (name, now, work) in itertools.pairwise(marks)]
    spent.append(("all", marks[-1][1] - marks[0][1], marks[-1][2] - marks[0][2]))
    return spent


def _rules(folder: Path, count: int) -> RuleSet:
    lines = ["FORMAT dicom", "", "%filter graylist", ""]
    for number in range(count):
        lines += [
            f"LABEL Scanner {number}",
            f"contains ManufacturerModelName Scanner {number}$",
            "  + equals Modality US",
            f"  coordinates 0,0,{100 + number % 300},{20 + number % 40}",
            "",
        ]
    path = folder / "deid.dicom.bench"
    path.write_text("\n".join(lines))
    return load_rules([path])


def _dataset(device: DeviceFacts) -> Dataset:
    header = Dataset()
    header.Modality, header.ManufacturerModelName = device.modality, device.model
    header.ImageType = list(device.image_type or ())
    header.Rows, header.Columns = device.rows, device.columns
    return header


def _bench_store() -> ModuleType:
    """``bench/store``, which knows how to fill a large database."""
    loader = importlib.machinery.SourceFileLoader("bench_store", str(Path(__file__).with_name("store")))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_store", loader))  # type: ignore[arg-type]
    loader.exec_module(module)
    return module
