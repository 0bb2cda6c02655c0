"""``python -m training PART FOLDER``: pictures, training, a larger network, training further, the package's weights."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "dcmaudit" / "detect" / "textnet"


def main() -> None:
    """Read the arguments, then train or put what was trained into the package."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    trainer = parts.add_parser("train", help="train, going on from the folder's last checkpoint")
    trainer.add_argument("folder", type=Path, help="checkpoints, log and mined pictures")
    trainer.add_argument("--minutes", type=float, default=68)
    trainer.add_argument("--seed", type=int, default=11)
    trainer.add_argument("--threads", type=int, default=2)
    trainer.add_argument("--check-every", type=float, default=5)
    adder = parts.add_parser("extra", help="further pictures without text, from downloaded packages")
    adder.add_argument("folder", type=Path, help="the folder of the training")
    adder.add_argument("--packages", type=Path, help="where the downloaded packages are (default: FOLDER/packages)")
    grower = parts.add_parser("grow", help="begin a larger network where a smaller one ended")
    grower.add_argument("source", type=Path, help="of the training of the smaller network")
    grower.add_argument("folder", type=Path, help="of the training that goes on")
    _further_parts(parts)
    writer = parts.add_parser("write", help="put the folder's last network into the package")
    writer.add_argument("folder", type=Path)
    args = parser.parse_args()
    if args.part == "write":
        write(args.folder)
        return
    if args.part == "extra":
        extra(args.folder, args.packages or args.folder / "packages")
        return
    if args.part == "stock":
        from training.stock import fill

        fill(args.folder, args.seed, args.count)
        return
    if args.part == "further":
        from training.begin import begin
        from training.further import Options as Further
        from training.further import further

        begin(PACKAGE / "weights.onnx", args.folder, args.begin)
        further(Further(args.folder, seed=args.seed, minutes=args.minutes, threads=args.threads, rate=args.rate))
        return
    if args.part == "between":
        from training.between import between

        between(PACKAGE / "weights.onnx", args.checkpoint, args.folder, args.share)
        return
    if args.part == "grow":
        from training.grow import grow

        grow(args.source, args.folder)
        return
    from training.train import Options, train

    train(
        Options(args.folder, seed=args.seed, minutes=args.minutes, threads=args.threads, check_every=args.check_every)
    )


def _further_parts(parts: Any) -> None:
    """The commands of a training that goes on from the weights in the package."""
    stocker = parts.add_parser("stock", help="make pieces for training further, as a process of its own")
    stocker.add_argument("folder", type=Path)
    stocker.add_argument("--seed", type=int, default=21, help="another one for every process")
    stocker.add_argument("--count", type=int, default=400, help="files of 200 pieces")
    later = parts.add_parser("further", help="train the package's network further, on what stock makes")
    later.add_argument("folder", type=Path)
    later.add_argument("--minutes", type=float, default=40)
    later.add_argument("--seed", type=int, default=11)
    later.add_argument("--threads", type=int, default=1)
    later.add_argument("--rate", type=float, default=4e-4, help="the largest step size")
    later.add_argument("--begin", type=Path, help="a checkpoint of another training to go on from")
    middle = parts.add_parser("between", help="weights between the package's and those of training further")
    middle.add_argument("checkpoint", type=Path, help="FOLDER/further-STEP.pt, its log beside it")
    middle.add_argument("folder", type=Path, help="a new one, for what comes out")
    middle.add_argument("--share", type=float, default=0.5, help="0 is the package's weights, 1 the checkpoint's")


def extra(folder: Path, packages: Path) -> None:
    """Write the listed pictures, then say what is missing or was refused; it fails unless all of them are there."""
    from training.alike import scored
    from training.extra import listed, make

    sources = listed()
    faults = make(folder, packages, sources, tuple(scored()))
    counts = [f"{len(list((folder / name).glob('*.png')))} pictures in {folder / name}" for name in ("extra", "judged")]
    sys.stdout.write("\n".join([*faults, *counts]) + "\n")
    if faults:
        raise SystemExit(f"{len(faults)} left out, see above; packages belong into {packages}")


def write(folder: Path) -> None:
    """Copy the network, in 8 bits, into the package, and describe it by the folder's log."""
    from training.export import describe, without_places

    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    target = PACKAGE / "weights.onnx"
    whole = folder / "last-8-bits.onnx"
    if not whole.exists() or whole.stat().st_mtime < (folder / "last.onnx").stat().st_mtime:
        from training.quantize import quantize

        quantize(folder / "last.onnx", whole, folder)
    without_places(whole)
    facts = further_facts(lines) if "rate" in lines[0] and "seed" not in lines[0] else facts_of(lines)
    shutil.copyfile(whole, target)
    describe(target, facts)


def facts_of(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """How weights of ``train`` came to be."""
    begins = [line for line in lines if line.get("event") == "start"]
    check = [line for line in lines if line.get("event") == "check"][-1]
    kept = ("step", "minutes", "mined", "recall", "strings", "clean_area", "clean_boxes", "other_area")
    return {
        "command": f"python -m training train FOLDER --minutes {begins[-1]['minutes']:g} --seed {begins[-1]['seed']}",
        "seed": begins[-1]["seed"],
        "starts": [{k: line[k] for k in ("step", "minutes", "rate")} for line in begins],
        "grown at step": [line["step"] for line in lines if line.get("event") == "grow"],
        "last check": {k: check[k] for k in kept},
    }


def further_facts(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """How weights of ``further`` came to be: what is told of those they began with, and the last check by class."""
    before = json.loads((PACKAGE / "weights.json").read_text("utf-8"))
    del before["probe"]
    begin = next(line for line in lines if line.get("event") == "start")
    check = [line for line in lines if line.get("event") == "check"][-1]
    recall = {kind: one["recall"] for kind, one in check["classes"].items() if one["strings"]}
    shares = [line["share"] for line in lines if line.get("event") == "between"]
    return {
        "command": f"python -m training further FOLDER --minutes {begin['minutes']:g} --rate {begin['rate']:g}",
        **({"share of them, the rest from before": shares[-1]} if shares else {}),
        "before": before,
        "last check": {name: check[name] for name in ("step", "minutes", "pieces")} | {"recall": recall},
    }


if __name__ == "__main__":
    main()
