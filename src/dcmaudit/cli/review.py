"""``dcmaudit [options] -i NAMES``: the reviewer, and what the same command line can do instead."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, log
from dcmaudit.errors import StoreError, UsageError

if TYPE_CHECKING:
    from dcmaudit.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost")
DATABASE_NAME = "dcmaudit.sqlite.db"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the reviewer."""
    parser.add_argument(
        "-i",
        dest="names",
        metavar="NAME",
        nargs="*",
        action="extend",
        default=[],
        help="DICOM files, folders, wildcards, DICOMDIRs, databases, or CSV lists of file names in a column "
        "DicomFilePath or filename",
    )
    parser.add_argument(
        "-R", "--recursive", action="store_true", default=None, help="read folders with all their subfolders"
    )
    parser.add_argument("--viewer", action="store_true", default=None, help="only show: no marks, nothing written")
    parser.add_argument("--review", action="store_true", help="show files that are marked as done as well")
    parser.add_argument("--tagged", action="store_true", help="show only files that are tagged")
    parser.add_argument("--dump-database", action="store_true", help="print the database as JSON and end")
    parser.add_argument("--port", type=int, metavar="N", help="port of the reviewer (default: one that is free)")
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        default=LOOPBACK[0],
        help="address to listen on: this machine's own, nothing else is allowed (use an ssh tunnel)",
    )
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", default=None, help="print the address, open no browser"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Start the reviewer and stay until it ends; or print the database."""
    if args.dump_database:
        return _dump(args, settings)
    if args.tagged and args.review:
        log.debug("--tagged shows tagged files, which are done: --review adds nothing to it")
    from dcmaudit.web import serve

    _check_host(args.host)
    return serve(settings, args.names, review=args.review, tagged=args.tagged)


def _dump(args: argparse.Namespace, settings: Settings) -> int:
    if args.names:
        raise UsageError("--dump-database takes no files", hint="leave out -i: the whole database is printed")
    from dcmaudit.store import open_store

    _require_database(settings.database)
    with open_store(settings.database, user=settings.user, read_only=True) as store:
        store.dump_json(sys.stdout)
    return Exit.GOOD


def _require_database(location: str) -> None:
    # The store takes a missing database for an empty one; whoever mistyped the folder must not read "no marks".
    place = Path(location)
    if "://" not in location and not place.is_file() and not (place / DATABASE_NAME).is_file():
        raise StoreError("no database here", file=location, hint="name the folder of an existing one with --db")


def _check_host(host: str) -> None:
    if host not in LOOPBACK:
        # Everything goes unencrypted: on a network the images and the token could be read by others.
        hint = f"allowed: {LOOPBACK[0]}; from another machine use a tunnel, ssh -L PORT:localhost:PORT with --port PORT"
        raise UsageError(f"the reviewer does not listen on {host}", hint=hint)
