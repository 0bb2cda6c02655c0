"""The options of ``redact``, and what those that ``verify`` has too ask for: both must mean the same by them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcmaudit.cli.common import add_ignore_sections, add_ordered, local_path
from dcmaudit.cli.distribution import add_dask, add_shard
from dcmaudit.cli.progress import add_progress

if TYPE_CHECKING:
    from dcmaudit.model.redaction import RedactionOptions, Request
    from dcmaudit.settings import Settings


def add_asked(group: argparse._ArgumentGroup) -> None:
    """What is blacked out of which files."""
    group.add_argument(
        "--from-db", action="store_true",
        help="use the rectangles of the database, of files that are done (default if nothing else is named)",
    )  # fmt: skip
    group.add_argument(
        "--include-unreviewed", action="store_true", help="with the database: take also files that are not marked done"
    )
    group.add_argument(
        "--moved", action="store_true", help="with the database: use also marks of the same image under another name"
    )
    group.add_argument(
        "--allow-unstored-previews", action="store_true",
        help="with the database: redact also files of which the reviewer's screen showed more black than is planned",
    )  # fmt: skip
    group.add_argument("--csv", type=local_path, metavar="FILE", help="filename,frame,overlay,left,top,right,bottom")
    group.add_argument(
        "--black", choices=("all", "identifying,unknown"), default="all", metavar="all|identifying,unknown",
        help="all rectangles of the database or list (default), or those whose text was not judged harmless",
    )  # fmt: skip
    group.add_argument(
        "--rect", action="append", default=[], metavar="RECTS",
        help="x0,y0,x1,y1 (inside) or x0,y0,+w,+h; several separated by ; in every file",
    )  # fmt: skip
    group.add_argument(
        "--shape", action="append", default=[], metavar="SHAPES",
        help="polygon x,y x,y x,y... | keep fan APEX END END [NEAR] | keep rectangle x,y x,y; keep: black outside; "
        "corners of pixels; several separated by ; on one plane or all frames",
    )  # fmt: skip
    group.add_argument("--frame", metavar="N", help="frame of --rect, --shape and --whole, from 0, or all (default)")
    group.add_argument(
        "--overlay", metavar="N", help="overlay of --rect, --shape and --whole: 0 for group 6000, 6002..., or all"
    )
    group.add_argument("--everywhere", action="store_true", help="--rect and --whole mean every plane")
    group.add_argument("--whole", action="store_true", help="black out whole planes")
    group.add_argument("--deid", action="store_true", help="rectangles of the deid rules that match")
    group.add_argument("--deid-rules", metavar="PATH", help="with --deid: this file or folder of rules")
    add_ignore_sections(group)
    group.add_argument("--ultrasound", action="store_true", help="everything outside the ultrasound regions")
    group.add_argument(
        "--overlays", choices=("same", "none", "remove"), default="none",
        help="black the image's rectangles in overlays too (same), only where named (none), or remove all overlays",
    )  # fmt: skip
    group.add_argument(
        "--icons", choices=("redact", "remove", "keep"), default="redact", help="thumbnails (default: redact)"
    )
    group.add_argument(
        "--remove-high-bit-overlays", action="store_true", help="clear every bit of the pixels that is not stored value"
    )
    group.add_argument(
        "--private", choices=("remove", "keep", "refuse"),
        help="private elements that could hold a picture, where something is blacked (default: remove; listed)",
    )  # fmt: skip
    group.add_argument(
        "--remove-private-bulk",
        action="store_true",
        help="do what --private remove does also in files where nothing is blacked",
    )


def add_how(group: argparse._ArgumentGroup) -> None:
    """What else is done with an output, and by how many."""
    group.add_argument("-n", "--dry-run", action="store_true", help="print the plan of each file and write nothing")
    group.add_argument(
        "--check-text", action="store_true",
        help="look for text on every plane of each output then, outside of what is black, and name what is seen",
    )  # fmt: skip
    group.add_argument(
        "--assert-clean", action="store_true",
        help="note in the file that you looked and that no identifying text is left (PS3.15 E.3)",
    )  # fmt: skip
    group.add_argument("--new-uids", action="store_true", help="new SOP Instance UIDs, consistent within the run")
    group.add_argument(
        "--new-uids-of", choices=("instance", "series", "study", "all"),
        help="new UIDs of the instance alone, of its series too, of its study too, or all, in every element",
    )  # fmt: skip
    group.add_argument("-r", "-R", "--recursive", action="store_true", default=None, help="look into subfolders too")
    group.add_argument("-j", "--jobs", type=int, metavar="N", help="processes (default: one a core)")
    add_ordered(group)
    add_progress(group)
    add_dask(group)
    add_shard(group)


def add_output(group: argparse._ArgumentGroup) -> None:
    """Where outputs go, and what stands beside them."""
    group.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="folder, s3://BUCKET/PREFIX or az://...; for one input also FILE.dcm (default: beside inputs)",
    )
    group.add_argument("--relative-path", metavar="PREFIX", help="with -o: keep the folders after PREFIX")
    group.add_argument("--overwrite", action="store_true", help="replace existing outputs")
    group.add_argument("--resume", action="store_true", help="pass over inputs whose output was proved for just this")
    group.add_argument(
        "--copy-clean", action="store_true",
        help="copy files for which nothing is asked, where the database knows that every plane was looked at",
    )  # fmt: skip
    group.add_argument(
        "--accept-text", choices=("none", "harmless"), default=None,
        help="with --copy-clean: what text ocr may have found where no person looked (default: none)",
    )  # fmt: skip
    group.add_argument(
        "--partly", metavar="DIR", help="folder of partly audited outputs (default: that of -o, .partly)"
    )
    group.add_argument("--allow-partly", action="store_true", help="put partly audited outputs among the others")
    group.add_argument("--sidecar", action="store_true", help="a .json beside each output: what is black, for users")
    group.add_argument("--proof", action="store_true", help="a .proof.json beside each output: what was compared")
    group.add_argument("--json", action="store_true", help="one JSON object a file on standard output")


def options_of(args: argparse.Namespace) -> RedactionOptions:
    """What is done besides blacking."""
    from dcmaudit.model.redaction import IconPolicy, NewUids, OverlayPolicy, PrivatePolicy, RedactionOptions

    return RedactionOptions(
        overlays=OverlayPolicy(args.overlays),
        icons=IconPolicy(args.icons),
        remove_high_bits=args.remove_high_bit_overlays,
        private=PrivatePolicy(args.private or "remove"),
        remove_private_bulk=args.remove_private_bulk,
        assert_clean=args.assert_clean,
        uids_of=NewUids(args.new_uids_of or "instance"),
    )


def rules_asked(args: argparse.Namespace, settings: Settings) -> tuple[str, ...]:
    """The files of rules whose rectangles are asked for; RuleError for a faulty one, before anything is done."""
    from dcmaudit.audit import checked_rules, rule_paths

    rules = rule_paths(args.deid_rules, settings) if args.deid else ()
    if rules:
        checked_rules(rules, ignore_sections=settings.ignore_sections)
    return rules


def requests_of(args: argparse.Namespace, rects: Sequence[str]) -> list[Request]:
    """What ``rects``, ``--whole`` and ``--shape`` ask of every file; UsageError where one of them is none."""
    from dcmaudit.cli.rectangles import parse_rects, parse_scopes, shape_requests
    from dcmaudit.model import Box, Everywhere, Origin, Scope
    from dcmaudit.model.redaction import Request

    boxes: list[Box | None] = [box for text in rects for box in parse_rects(text)]
    if args.whole:
        boxes.append(None)
    shapes = shape_requests(args.shape, args.frame, args.overlay, everywhere=args.everywhere)
    if not boxes:
        return shapes
    scopes: list[Scope] = [Everywhere.ALL_PLANES] if args.everywhere else parse_scopes(args.frame, args.overlay)
    drawn = [
        Request(box, scope, Origin.COMMAND, "--whole" if box is None else "--rect") for box in boxes for scope in scopes
    ]
    return [*drawn, *shapes]
