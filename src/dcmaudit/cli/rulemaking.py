"""``dcmaudit rules make``: a recipe or script from what reviewers marked, and what it would hit and miss."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, add_common, exit_codes, local_path, say
from dcmaudit.errors import UsageError
from dcmaudit.report.made_rules import Effects, check_line, effect_lines, uncovered_lines, used_lines
from dcmaudit.wholefile import whole_text

if TYPE_CHECKING:
    from dcmaudit.detect.rules.making import MadeRules
    from dcmaudit.pipeline.rulemaking import Reviewed
    from dcmaudit.settings import Settings


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to those of ``dcmaudit rules``."""
    make = actions.add_parser(
        "make",
        help="make rules from the marks in the database",
        description="Make rules from the marks on files that are done, and say what they hit and miss there.",
        epilog=exit_codes("the rules cover every mark", "some marks are not covered, or there is nothing to make"),
    )
    make.add_argument(
        "-o", "--output", type=local_path, metavar="FILE", help="write the rules there (default: print them)"
    )
    make.add_argument("--overwrite", action="store_true", help="replace an existing file")
    make.add_argument("--ctp", action="store_true", help="a CTP script instead of a deid recipe")
    make.add_argument(
        "--share", type=float, default=0.5, metavar="S",
        help="share of the files of a kind that must have a rectangle for it to become part of the rule (default 0.5)",
    )  # fmt: skip
    make.add_argument("--check-files", action="store_true", help="ask the rules about the files themselves too")
    add_common(make)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Make the rules; 0 only where they cover every mark they were made from."""
    from dcmaudit.cli.existing_store import opened
    from dcmaudit.detect.rules.making import make_rules
    from dcmaudit.detect.rules.writing import script_text
    from dcmaudit.pipeline import rulemaking

    if not 0 < args.share <= 1:
        raise UsageError(f"--share {args.share} is no share", hint="allowed: more than 0, up to 1")
    if args.output is not None and args.output.exists() and not args.overwrite:
        raise UsageError("the file exists", file=str(args.output), hint="--overwrite replaces it")
    with opened(settings) as store:
        found = rulemaking.reviewed(store)
    made = make_rules(found.examples, share=args.share)
    _say_what_was_used(found)
    if not made.rules:
        say("no rule can be made: no file that is done has a mark on its frames")
        return Exit.NOT_ALL
    recipe = rulemaking.written(made)
    text = script_text(one.rule for one in made.rules) if args.ctp else recipe
    effects = rulemaking.effects(text, found.examples)
    _print_rules(text, args.output)
    complete = _say_effects(made, effects)
    if args.check_files:
        complete &= _say_files(recipe, found)
    else:
        say("that is what the database says; --check-files asks the files, whose model can be missing")
    return Exit.GOOD if complete and not found.left.with_shapes else Exit.NOT_ALL


def _print_rules(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    try:
        with whole_text(output) as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", file=str(output)) from error
    say(f"{output}: written")


def _say_what_was_used(found: Reviewed) -> None:
    marked = sum(bool(example.boxes) for example in found.examples)
    for line in used_lines(len(found.examples), marked, found.left):
        say(line)


def _say_effects(made: MadeRules, effects: Effects) -> bool:
    # By place: a script's comments cannot hold every label as it is.
    for one, effect in zip(made.rules, effects.rules.values(), strict=True):
        for line in effect_lines(one.rule.label, effect, one.files, one.left_out):
            say(line)
    for line in uncovered_lines(made.unnamed, effects.unmatched):
        say(line)
    return not (any(effect.missed for effect in effects.rules.values()) or made.unnamed or effects.unmatched)


def _say_files(text: str, found: Reviewed) -> bool:
    from dcmaudit.pipeline.rulemaking import check_files

    check = check_files(text, found.examples)
    say(check_line(check))
    return not check.differing and not check.unread
