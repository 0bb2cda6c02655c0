"""``dcmaudit verify``: the proof alone, of files that any program redacted."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, add_common, add_ignore_sections, exit_codes, local_path, require_deid, say
from dcmaudit.cli.distribution import add_dask, add_shard, has_nothing_to_do, require_one_place, where
from dcmaudit.cli.names import add_files_from, listed
from dcmaudit.cli.progress import Progress, add_progress
from dcmaudit.cli.redact_options import options_of, requests_of, rules_asked
from dcmaudit.errors import UsageError
from dcmaudit.model.counts import counted
from dcmaudit.report.jsonlines import json_line
from dcmaudit.report.proofs import (
    passed_line,
    problem_lines,
    proof_record,
    summary,
    unproved_line,
    unproved_record,
)

if TYPE_CHECKING:
    from dcmaudit.model.proof import Proof
    from dcmaudit.model.redaction import Request
    from dcmaudit.pipeline.jobs import RedactionJob
    from dcmaudit.pipeline.verification import VerificationTask
    from dcmaudit.settings import Settings

NAME = "verify"
SUMMARY = "prove redacted files, whoever wrote them"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.description = (
        "Compare redacted files with their originals: everything that was asked for is black, everything else is what "
        "it was. Name the same rectangles and options that the redaction was given; with none, a file must be a copy."
    )
    parser.epilog = exit_codes(
        "every file passed", "some did not", text_left="all passed, but --check-text saw text on some"
    )
    parser.add_argument(
        "files", nargs="*", metavar="BEFORE AFTER",
        help="an original and its redacted file, or two folders of them; more such pairs, and last a list of "
        "rectangles if --rect is not used; - reads a list of names, two a pair, from standard input",
    )  # fmt: skip
    parser.add_argument(
        "--pairs", metavar="LIST", help="a CSV list with the columns before and after; - is standard input"
    )
    add_files_from(parser)
    _what(parser.add_argument_group("what was asked"))
    parser.add_argument(
        "--check-text", action="store_true",
        help="look for text on every plane of the redacted files too, outside of what is black; what is seen is named",
    )  # fmt: skip
    parser.add_argument("-j", "--jobs", type=int, metavar="N", help="processes (default: one a core)")
    add_dask(parser)
    add_shard(parser)
    add_progress(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a pair on standard output")
    add_common(parser)


def _what(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--csv", type=local_path, metavar="FILE", help="filename,frame,overlay,left,top,right,bottom")
    group.add_argument("--rect", action="append", default=[], metavar="RECTS",
                       help="x0,y0,x1,y1 (inside) or x0,y0,+w,+h; several separated by ; in every file")  # fmt: skip
    group.add_argument("--shape", action="append", default=[], metavar="SHAPES", help="as for redact")
    group.add_argument("--frame", metavar="N", help="frame of the rectangles and --whole, from 0, or all (default)")
    group.add_argument("--overlay", metavar="N", help="overlay of them: 0 for group 6000, 6002..., or all")
    group.add_argument("--everywhere", action="store_true", help="they mean every plane")
    group.add_argument("--whole", action="store_true", help="whole planes")
    group.add_argument("--deid", action="store_true", help="rectangles of the deid rules that match")
    group.add_argument("--deid-rules", metavar="PATH", help="with --deid: this file or folder of rules")
    add_ignore_sections(group)
    group.add_argument("--ultrasound", action="store_true", help="everything outside the ultrasound regions")
    group.add_argument("--overlays", choices=("same", "none", "remove"), default="none", help="as for redact")
    group.add_argument("--icons", choices=("redact", "remove", "keep"), default="redact", help="as for redact")
    group.add_argument(
        "--remove-high-bit-overlays", action="store_true", help="every bit that is not stored value has to be clear"
    )
    group.add_argument(
        "--private", choices=("remove", "keep", "refuse"),
        help="as for redact",
    )  # fmt: skip
    group.add_argument(
        "--remove-private-bulk",
        action="store_true",
        help="do what --private remove does also in files where nothing is blacked",
    )
    group.add_argument("--assert-clean", action="store_true", help="the file has to say that it is clean")
    group.add_argument("--new-uids", action="store_true", help="its SOP Instance UID has to be a new one")
    group.add_argument(
        "--new-uids-of", choices=("instance", "series", "study", "all"), help="which UIDs have to be new ones"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Prove every pair; findings go to standard error, JSON to standard output."""
    from dcmaudit.pipeline import workers
    from dcmaudit.pipeline.verification import verify_pair

    names, rects = _split(args)
    job = _job(args, settings)
    names, alone = _mine(args, *_paired(args, names))
    tasks = _tasks(args, names, rects)
    for name, reason in alone:
        _tell_unproved(args, name, reason)
    passed = left = unseen = 0
    is_interrupted = False
    how = {"quiet": getattr(args, "quiet", False), "form": args.progress, "answers": True}
    try:
        with Progress("proving", lambda _given_up: len(tasks), **how) as progress:
            for task, answer in workers.each(partial(verify_pair, job), tasks, **where(args, settings)):
                is_proved = _tell(args, task, answer)
                passed += is_proved
                text = None if isinstance(answer, Exception) else answer.text
                left += text is not None and bool(text.left)
                unseen += text is not None and bool(text.unseen)
                progress.advance(not is_proved)
    except KeyboardInterrupt:
        is_interrupted = True
        say("interrupted: what is not named above was not proved")
    if not getattr(args, "quiet", False):
        say(summary(passed, len(tasks) + len(alone), left))
    if is_interrupted:
        return Exit.INTERRUPTED
    if not tasks and not alone and has_nothing_to_do(args):
        return Exit.GOOD
    if passed < len(tasks) or alone or (unseen and not left):
        return Exit.NOT_ALL
    return Exit.TEXT_LEFT if left else Exit.GOOD


def _mine(
    args: argparse.Namespace, names: list[str], alone: list[tuple[str, str]]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Of files two a pair, and of those without a partner, the ones in the part that is asked for."""
    shard = args.shard
    if shard is None:
        return names, alone
    from dcmaudit.sources.references import whole_name

    pairs = list(zip(names[::2], names[1::2], strict=True))
    # By whole names, as everywhere: those of two jobs may be written in two ways.
    mine = [name for pair in pairs if shard.meet(whole_name(pair[0])) for name in pair]
    left = [one for one in alone if shard.meet(whole_name(one[0]))]
    return mine, left


def _paired(args: argparse.Namespace, names: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The files two a pair, with those of folders and of the list, and files that have no partner."""
    from dcmaudit.cli.pairs import of_folders, of_list
    from dcmaudit.sources import name_list

    flat, alone = list[str](), list[tuple[str, str]]()
    found = [of_list(name_list(args.pairs))] if args.pairs is not None else []
    for before, after in zip(names[::2], names[1::2], strict=True):
        if os.path.isdir(before) != os.path.isdir(after):  # noqa: PTH112 - plain names
            raise UsageError(f"{before} and {after} are a file and a folder", hint="compare two files, or two folders")
        if os.path.isdir(before):  # noqa: PTH112
            found.append(of_folders(before, after))
        else:
            flat += [before, after]
    for pairs in found:
        flat += [name for pair in pairs.found for name in pair]
        alone += pairs.alone
        if pairs.words is not None:
            say(pairs.words)
    if not flat and not alone:
        raise UsageError("no pair of files is named", hint="dcmaudit verify BEFORE AFTER, or --pairs LIST")
    return flat, alone


def _split(args: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The files, two a pair, and every list of rectangles."""
    from dcmaudit.sources.local import path_of

    require_one_place(args)
    require_deid(args)
    if args.everywhere and (args.frame is not None or args.overlay is not None):
        raise UsageError("--everywhere means every plane", hint="leave --frame and --overlay out")
    names, rects = [path_of(one.name) for one in listed(args.files)], list(args.rect)
    if len(names) % 2:
        is_rects = bool(args.files) and args.files[-1] == names[-1] and not os.path.exists(names[-1])  # noqa: PTH110
        if len(names) < 3 or not is_rects:  # the last word is most likely no path at all
            raise UsageError(
                f"files are compared in pairs, and there {'is' if len(names) == 1 else 'are'} "
                f"{counted(len(names), 'name')}",
                hint="dcmaudit verify BEFORE AFTER [BEFORE AFTER]... [RECTS]; a list names an original and its "
                "redacted file in turn",
            )
        rects.append(names.pop())
    drawn = bool(rects) or args.whole or bool(args.shape)
    if not drawn and (args.frame is not None or args.overlay is not None or args.everywhere):
        raise UsageError("--frame, --overlay and --everywhere mean nothing without rectangles, --shape or --whole")
    return names, rects


def _job(args: argparse.Namespace, settings: Settings) -> RedactionJob:
    from dcmaudit.pipeline.jobs import RedactionJob
    from dcmaudit.pipeline.output import Naming
    from dcmaudit.pipeline.text_check import looking_job

    rules = rules_asked(args, settings)
    key = b"new UIDs are expected" if args.new_uids or args.new_uids_of else None
    if args.check_text:
        looking_job().make_finder()  # a missing detector ends the run before anything is compared
    return RedactionJob(
        Naming(), options_of(args), rules=rules, ultrasound=args.ultrasound, uid_key=key, copy_clean=True,
        check_text=args.check_text,
    )  # fmt: skip


def _tasks(args: argparse.Namespace, names: list[str], rects: list[str]) -> list[VerificationTask]:
    from dcmaudit.pipeline.jobs import RedactionTask
    from dcmaudit.pipeline.verification import VerificationTask
    from dcmaudit.sources import reference_to
    from dcmaudit.sources.references import whole_name

    everywhere = requests_of(args, rects)
    by_file, problems = _from_csv(args.csv)
    tasks = []
    for before, after in zip(names[::2], names[1::2], strict=True):
        place = whole_name(before)
        if args.csv is not None and place not in by_file and place not in problems:
            raise UsageError(f"the list {args.csv} has no line for {before}")
        asked = RedactionTask(reference_to(place), (*everywhere, *by_file.get(place, ())),
                              tuple(problems.get(place, ())))  # fmt: skip
        tasks.append(VerificationTask(asked, reference_to(whole_name(after))))
    return tasks


def _from_csv(path: Path | None) -> tuple[dict[str, list[Request]], dict[str, list[str]]]:
    """The requests and problems of a list, by the absolute names of the originals; [] where only a look is noted."""
    from dcmaudit.cli.rectangles import read_csv
    from dcmaudit.sources.references import whole_name

    by_file: dict[str, list[Request]] = {}
    problems: dict[str, list[str]] = {}
    for row in read_csv(path, with_looks=True) if path is not None else ():
        name = whole_name(row.filename)
        requests = by_file.setdefault(name, [])
        if row.request is not None:
            requests.append(row.request)
        if row.problem is not None:
            problems.setdefault(name, []).append(row.problem)
    return by_file, problems


def _tell(args: argparse.Namespace, task: VerificationTask, answer: Proof | Exception) -> bool:
    """Say how one pair came out; whether it passed."""
    name = task.after.name
    if isinstance(answer, Exception):
        from dcmaudit.pipeline.process import reason_of

        _tell_unproved(args, name, reason_of(answer), original=task.asked.reference.name)
        return False
    if args.json:
        print(json_line("verify", proof_record(answer) | {"after_file": name}), flush=True)
    for line in problem_lines(name, answer):
        print(line, file=sys.stderr)
    if not args.json and answer.passed:
        print(passed_line(name, answer))
    return answer.passed


def _tell_unproved(args: argparse.Namespace, name: str, reason: str, *, original: str | None = None) -> None:
    print(unproved_line(name, reason), file=sys.stderr)
    if args.json:
        pair = {} if original is None else {"file": original, "after_file": name}
        print(json_line("verify", unproved_record(name, reason) | pair), flush=True)
