"""``dcmaudit [options] -i NAMES``: the reviewer, and what the same command line can do instead."""

from __future__ import annotations

import argparse
import ipaddress
import os
import platform
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dcmaudit.cli.common import Exit, add_ignore_sections, local_path, log, say
from dcmaudit.cli.existing_store import tell_new
from dcmaudit.cli.names import add_files_from
from dcmaudit.cli.start_page import StartPage
from dcmaudit.errors import DcmauditError, StoreError, UsageError

if TYPE_CHECKING:
    from dcmaudit.pipeline.release.stored import KeptReadings
    from dcmaudit.settings import Settings
    from dcmaudit.store import Store

LOOPBACK = "127.0.0.1"


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
        "DicomFilePath or filename; - reads a list from standard input",
    )
    add_files_from(parser)
    parser.add_argument(
        "-R", "-r", "--recursive", action="store_true", default=None, help="read folders with all their subfolders"
    )
    parser.add_argument("--viewer", action="store_true", default=None, help="only show: no marks, nothing written")
    parser.add_argument("--review", action="store_true", help="show files that are marked as done as well")
    parser.add_argument("--tagged", action="store_true", help="show only files that are tagged")
    parser.add_argument(
        "--deid-rules",
        metavar="PATH",
        help="file or folder of deid rules or CTP scripts to suggest by (default: the site's, else ours)",
    )
    add_ignore_sections(parser)
    parser.add_argument(
        "--policy", type=local_path, metavar="FILE",
        help="policy of a release: what it keeps of stored readings is outlined, and not black",
    )  # fmt: skip
    parser.add_argument("--dump-database", action="store_true", help="print the database as JSON and end")
    parser.add_argument("--port", type=int, metavar="N", help="port of the reviewer (default: one that is free)")
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        default=LOOPBACK,
        help="address to listen on (default: this machine only; any other lets the network in, unencrypted)",
    )
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", default=None, help="print the address, open no browser"
    )


def of_names(names: list[str]) -> argparse.Namespace:
    """The arguments of a reviewer that is told its inputs and nothing else."""
    parser = argparse.ArgumentParser()
    configure(parser)
    args = parser.parse_args([])
    args.names = names
    return args


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Start the reviewer and stay until it ends; or print the database."""
    if args.dump_database:
        return _dump(args, settings)
    if args.tagged and args.review:
        log.debug("--tagged shows tagged files, which are done: --review adds nothing to it")
    from dcmaudit.detect.rules import load_rules, rule_files
    from dcmaudit.dicom.header_view import unknown_element
    from dcmaudit.pipeline.marked_files import MarkedFiles
    from dcmaudit.web import serve

    _check_host(args.host)
    if settings.deid_rules is not None:
        # A rule file with a mistake is told now, and not with every file that is opened.
        paths = rule_files(settings.deid_rules)
        load_rules(paths, unknown=unknown_element, ignore_sections=settings.ignore_sections)
    keeps = None if args.policy is None else _keeps(args.policy)
    pages: list[StartPage] = []
    told: list[str] = []

    def announce(address: str) -> None:
        told.append(address)
        _announce(address, pages, browser=settings.browser)

    try:
        serve(
            names=args.names,
            settings=settings,
            review=args.review,
            tagged=args.tagged,
            host=args.host,
            ready=announce,
            opened=partial(tell_database, settings),
            # Outputs of the page black everything that is stored; with a policy the release writes.
            redactor=None if settings.viewer or keeps is not None else MarkedFiles(settings),
            keeps=keeps,
        )
    except KeyboardInterrupt:
        # The server listens for Ctrl+C a moment after its address was told.
        if not told:
            raise
    finally:
        for page in pages:
            page.close()
    # Ctrl+C is an ordinary way to end it.
    return Exit.GOOD


def tell_database(settings: Settings, store: Store) -> None:
    """Say what the reviewer begins with where the database was made just now, or is not there."""
    from dcmaudit.store import is_database_missing

    tell_new(store)
    if settings.viewer and is_database_missing(settings.database):
        say(f"{store.location}: no database here, so no marks are shown")


def _keeps(path: Path) -> KeptReadings:
    from dcmaudit.detect.ocr import ENGINES
    from dcmaudit.pipeline.release import load_policy
    from dcmaudit.pipeline.release.stored import KeptReadings

    return KeptReadings(load_policy(path, engines=frozenset(ENGINES), needs_eyes=False))


def _dump(args: argparse.Namespace, settings: Settings) -> int:
    if args.names:
        raise UsageError("--dump-database takes no files", hint="leave out -i: the whole database is printed")
    from dcmaudit.store import open_store

    _require_database(settings.database)
    with open_store(settings.database, user=settings.user, timeout=settings.db_wait, read_only=True) as store:
        store.dump_json(sys.stdout)
    return Exit.GOOD


def _require_database(location: str) -> None:
    # The store takes a missing database for an empty one; whoever mistyped the folder must not read "no marks".
    from dcmaudit.store import is_database_missing

    if is_database_missing(location):
        raise StoreError("no database here", file=location, hint="name the folder of an existing one with --db")


def _check_host(host: str) -> None:
    try:
        is_own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise UsageError(
            f"--host {host} is no address", hint=f"allowed: an IP address; {LOOPBACK} if left out"
        ) from error
    if not is_own:
        say(f"listening on {host}: what the page shows crosses the network unencrypted; an ssh tunnel is safer")


def _announce(address: str, pages: list[StartPage], *, browser: bool) -> None:
    """Tell where the reviewer is, and open the browser where there is a screen to open it on."""
    # The address holds the one-time token: it goes to the terminal of the user who started the program, only there.
    told = f"The reviewer is at {address}\nThe address works once. End with q in the page, or Ctrl+C here."
    try:
        print(told, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DcmauditError(
            "standard output cannot be written, so nobody can learn the address of the page", hint="send it elsewhere"
        ) from error
    if not browser:
        return
    if not has_screen():
        say(f"no display: open the address in a browser on this machine; {_tunnel(address)}")
        return
    try:
        pages.append(StartPage(address))
    except (OSError, RuntimeError) as error:  # no home, or it cannot be written
        why = getattr(error, "strerror", None) or "there is no home folder"
        say(f"no start page could be written ({why}): open the address yourself")
        return
    # Some start commands do not come back before the browser is closed.
    start = threading.Thread(
        target=_open_browser, args=(pages[-1].path.as_uri(),), name="dcmaudit-browser", daemon=True
    )
    start.start()


def _tunnel(address: str) -> str:
    port = urlsplit(address).port
    return f"from your own machine first run: ssh -L {port}:127.0.0.1:{port} {platform.node() or 'SERVER'}"


def has_screen() -> bool:
    """Whether a browser with a window could be opened; a text browser would take over the terminal."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_browser(page: str) -> None:
    import webbrowser

    try:
        is_open = webbrowser.open(page)
    except (webbrowser.Error, OSError):
        is_open = False
    if not is_open:
        say("no browser could be started: open the address yourself")
