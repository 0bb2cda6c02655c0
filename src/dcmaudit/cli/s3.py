"""``dcmaudit s3``: credentials of buckets, what is in them, copies of objects, and choosing what to review."""

from __future__ import annotations

import argparse
import csv
import getpass
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, local_path, say
from dcmaudit.cli.guard import Protected
from dcmaudit.cli.names import add_files, listed
from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model.texts import printable
from dcmaudit.report.jsonlines import json_line
from dcmaudit.report.objects import CopiedObject, ListedObject, failed_record, folder_line, folder_record, listed_line
from dcmaudit.wholefile import whole_text

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from dcmaudit.settings import Settings
    from dcmaudit.sources import Tally
    from dcmaudit.sources.s3.credentials import CredentialBook
    from dcmaudit.sources.s3.listing import Listing
    from dcmaudit.sources.s3.names import ObjectName
    from dcmaudit.sources.s3.selection import Selection

NAME = "s3"
SUMMARY = "credentials of buckets; list and copy objects"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _configure_credentials(actions.add_parser("credentials", help="save, change, try and delete credentials"))
    listing = actions.add_parser("list", help="list objects, a line each: size, time, name")
    listing.add_argument("place", metavar="s3://BUCKET/PREFIX", help="the bucket, and how the names begin")
    listing.add_argument("-r", "-R", "--recursive", action="store_true", help="everything below, however deep")
    listing.add_argument("--filter", default="", metavar="TEXT", help="only names with this text in them")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    get = actions.add_parser("get", help="copy objects into a folder, resumed and checked")
    add_files(get, "objects", metavar="s3://BUCKET/KEY", dest="names")
    get.add_argument(
        "-o", "--output", type=local_path, default=Path(), metavar="DIR", help="folder (default: this one)"
    )
    get.add_argument("--overwrite", action="store_true", help="replace existing files")
    get.add_argument("--json", action="store_true", help="one JSON object an object")
    for action, text in (
        ("open", "review images of a bucket whose keys are Study/Series/Instance"),
        ("select", "write the same choice as a CSV list, for -i and for the records"),
    ):
        chosen = actions.add_parser(action, help=text)
        _configure_selection(chosen)
        if action == "open":
            chosen.add_argument("--viewer", action="store_true", default=None, help="only show: nothing written")
            chosen.add_argument("--port", type=int, metavar="N", help="port of the reviewer (default: a free one)")
            chosen.add_argument("--no-browser", dest="browser", action="store_false", default=None, help="open none")
        else:
            chosen.add_argument(
                "-o", "--list", dest="list", type=local_path, metavar="FILE", help="the CSV list to write"
            )
            chosen.add_argument("--overwrite", action="store_true", help="replace an existing list")


def _configure_credentials(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    actions.add_parser("list", help="the buckets that credentials are saved for; never the secrets")
    save = actions.add_parser("set", help="save or change; the secret key is asked for, or read with --secret-stdin")
    save.add_argument("bucket", metavar="BUCKET", help="the bucket, or container, that the keys are for")
    save.add_argument("--endpoint", metavar="URL", help="address of the server (default: AWS)")
    save.add_argument("--access-key", metavar="KEY", help="the access key; the secret one is asked for")
    save.add_argument("--region", metavar="NAME", help="region of the bucket (default: us-east-1)")
    save.add_argument("--profile", metavar="NAME", help="use the keys of this AWS profile")
    save.add_argument("--anonymous", action="store_true", help="a public bucket: sign nothing")
    save.add_argument("--secret-stdin", action="store_true", help="read the secret from standard input")
    for name, text in (("delete", "forget them; the bucket stays as it is"), ("test", "try them out")):
        actions.add_parser(name, help=text).add_argument("bucket", metavar="BUCKET", help="the bucket of the keys")


def _configure_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bucket", metavar="BUCKET", help="name of the bucket")
    parser.add_argument("--prefix", default="", help="where in the bucket the studies lie")
    parser.add_argument("--study", default="", metavar="UIDS", help="study UIDs, separated by commas")
    parser.add_argument("--series", default="", metavar="UIDS", help="series UIDs, separated by commas")
    parser.add_argument(
        "--csv", default="", metavar="FILE", help="CSV list with StudyInstanceUID and SeriesInstanceUID of the bucket"
    )
    parser.add_argument("--random", type=int, metavar="N", help="N studies of the list at random")
    parser.add_argument("--overview", action="store_true", help="one image of each series, at random")
    parser.add_argument("--seed", type=int, metavar="N", help="repeat the random choice that was made with this seed")
    parser.add_argument(
        "--copy-to", default="", metavar="DIR", help="copy the images there; {study} {series} {file} are filled in"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Do one action. Results go to standard output, everything else to standard error."""
    match args.action:
        case "credentials":
            return _credentials(args)
        case "list":
            return _list(args)
        case "get":
            return _get(args, settings)
        case "open":
            return _open(args, settings)
        case _:
            return _select(args)


# Credentials


def _credentials(args: argparse.Namespace) -> int:
    from dcmaudit.sources.s3.checking import check_connection
    from dcmaudit.sources.s3.client import credentials_for
    from dcmaudit.sources.s3.credentials import CredentialBook

    book = CredentialBook()
    match args.what:
        case "list":
            for bucket in book.buckets():
                found = book.get(bucket, with_secret=False)
                if found is not None:
                    keys = "anonymous" if found.anonymous else f"profile {found.profile}" if found.profile else "keys"
                    print(f"{bucket}\t{found.endpoint or 'AWS'}\t{keys}")
        case "set":
            print(f"{args.bucket}: saved; {_save(args, book)}")
        case "delete":
            if not book.delete(args.bucket):
                raise UsageError(f"nothing is saved for {args.bucket!r}", hint="dcmaudit s3 credentials list")
            print(f"{args.bucket}: deleted here; the bucket itself is as it was")
        case _:
            print(f"{args.bucket}: {check_connection(credentials_for(args.bucket))}")
    return Exit.GOOD


def _save(args: argparse.Namespace, book: CredentialBook) -> str:
    from dataclasses import replace

    from dcmaudit.sources.s3.client import require_obstore
    from dcmaudit.sources.s3.credentials import Credentials

    require_obstore()
    before = book.get(args.bucket, with_secret=False) or Credentials(args.bucket)
    given = {name: getattr(args, name) for name in ("endpoint", "access_key", "region", "profile")}
    chosen = replace(before, **{name: value for name, value in given.items() if value is not None})
    if args.anonymous:
        return book.put(replace(chosen, anonymous=True, access_key="", profile=""))
    if chosen.profile and args.access_key is None:
        return book.put(replace(chosen, anonymous=False, access_key=""))
    if not chosen.access_key:
        raise UsageError("an access key is needed", hint="--access-key, --profile or --anonymous")
    return book.put(replace(chosen, anonymous=False, profile="", secret=_secret(from_stdin=args.secret_stdin)))


def _secret(*, from_stdin: bool) -> str:
    # Never an argument: those of a running program can be read by everybody on the machine.
    if from_stdin:
        return sys.stdin.readline().strip()
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked for the secret key", hint="--secret-stdin reads it from standard input")
    return getpass.getpass("Secret key (empty keeps the saved one): ").strip()


# Objects


def _list(args: argparse.Namespace) -> int:
    from dcmaudit.sources.s3.listing import list_folder, list_objects

    place = _place(args.place)
    text, total, size, met, shown = args.filter.casefold(), 0, 0, False, 0
    listed: Iterator[Listing]
    if args.recursive:
        listed = list_objects(place.bucket, place.key, provider=place.provider)
    else:
        folders, objects = list_folder(place.bucket, place.key, place.provider)
        met = bool(folders)
        for folder in folders:
            name = str(replace(place, key=folder + "/"))
            if text in name.casefold():
                shown += 1
                print(json_line("s3-list", folder_record(name)) if args.json else folder_line(name))
        listed = iter(objects)
    for one in listed:
        name, met = str(replace(place, key=one.key)), True
        if text not in name.casefold():
            continue
        total, size = total + 1, size + one.size
        row = ListedObject(name, one.size, one.modified, one.etag)
        print(json_line("s3-list", row.record()) if args.json else row.line())
    if not getattr(args, "quiet", False):
        print(listed_line(total, size), file=sys.stderr)
    if total or shown:
        return Exit.GOOD
    # A mistyped name must not look like a bucket that was looked through.
    say(
        f"{printable(str(place))}: "
        + ("no name has the text of --filter" if met else "there is nothing below this name")
    )
    return Exit.NOT_ALL


def _get(args: argparse.Namespace, settings: Settings) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from dcmaudit.sources.s3.transfer import fetch

    failed = 0
    protected = Protected(NAME, args, settings)
    quiet = getattr(args, "quiet", False)
    with Progress(console=Console(stderr=True), disable=quiet or not sys.stderr.isatty()) as bars:
        for name in [one.name for one in listed(args.names)]:
            bar = bars.add_task(name, total=None)
            try:
                place = _place(name)
                if place.is_folder:
                    raise UsageError("names no single object", file=name, hint="dcmaudit s3 list shows what is there")
                target = args.output / place.key.rsplit("/", 1)[-1]
                protected.require_other(target)
                done = fetch(place, target, overwrite=args.overwrite, progress=_mover(bars, bar))
            except DcmauditError as error:
                say(str(error))
                failed += 1
                if args.json:
                    print(json_line("s3-get", failed_record(name, error.message)))
                continue
            copied = CopiedObject(name, str(done.path), done.size, done.checked, done.resumed)
            print(json_line("s3-get", copied.record()) if args.json else copied.line())
    return Exit.NOT_ALL if failed else Exit.GOOD


def _mover(bars: Progress, bar: TaskID) -> Callable[[int, int], None]:
    return lambda done, total: bars.update(bar, completed=done, total=total)


def _place(name: str) -> ObjectName:
    from dcmaudit.sources.s3.names import SCHEME, ObjectName

    return ObjectName.parse(name if "://" in name else SCHEME + name)


# Choosing


def _selection(args: argparse.Namespace) -> Selection:
    from dcmaudit.sources.s3.client import credentials_for, require_obstore
    from dcmaudit.sources.s3.selection import Selection, uids

    require_obstore()
    if args.random is not None and args.random < 1:
        raise UsageError(f"--random {args.random} draws nothing", hint="1 or more")
    if args.seed is not None and args.random is None and not args.overview:
        raise UsageError("--seed means nothing without --random or --overview")
    chosen = Selection(
        args.bucket, args.prefix, uids(args.study), uids(args.series), args.csv, args.random or 0, args.overview,
        args.seed, args.copy_to,
    ).checked()  # fmt: skip
    credentials_for(chosen.bucket)
    if chosen.seed is not None:
        say(f"seed {chosen.seed}: --seed {chosen.seed} makes the same choice again")
    return chosen


def _open(args: argparse.Namespace, settings: Settings) -> int:
    from dcmaudit.cli import review

    name = str(_selection(args))
    say(f"this choice can be opened again with: dcmaudit -i '{name}'")
    return review.run(review.of_names([name]), settings)


def _select(args: argparse.Namespace) -> int:
    from dcmaudit.sources import Problem, Tally
    from dcmaudit.sources.s3.selection import select

    chosen = _selection(args)
    if args.list is not None and os.path.lexists(args.list) and not args.overwrite:
        raise UsageError("the list exists already", file=str(args.list), hint="--overwrite replaces it")
    tally = Tally()
    rows: list[list[str]] = []
    for found in select(str(chosen)):
        if isinstance(found, Problem):
            say(str(found))
        reference = tally.add(found)
        if reference is not None:
            rows.append([reference.name, str(chosen)])
    _write_list(rows, args.list)
    say(tally.summary())
    if not tally.found and not tally.problems:
        among = f" among those that {printable(args.csv)} names" if args.csv else ""
        say(f"nothing in {args.bucket} is in this choice{among} (dcmaudit s3 list {args.bucket} shows what is there)")
    return Exit.GOOD if _is_complete(tally) else Exit.NOT_ALL


def _write_list(rows: list[list[str]], path: Path | None) -> None:
    table = [["filename", "chosen_by"], *rows]
    if path is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows(table)
        return
    with whole_text(path) as stream:
        csv.writer(stream, lineterminator="\n").writerows(table)


def _is_complete(tally: Tally) -> bool:
    return tally.found > 0 and tally.problems == 0
