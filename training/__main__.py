"""``python -m training``: train, export, score."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.train import Options, train


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("folder", type=Path, help="checkpoints, log and mined pictures; training goes on from what is there")
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--check-every", type=float, default=6)
    args = parser.parse_args()
    train(Options(args.folder, seed=args.seed, minutes=args.minutes, threads=args.threads, check_every=args.check_every))


if __name__ == "__main__":
    main()
