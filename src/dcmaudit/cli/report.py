"""``dcmaudit report``: sign a release, and check one that somebody else made."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, add_common, local_path, say
from dcmaudit.cli.names import add_files
from dcmaudit.errors import UsageError
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable

if TYPE_CHECKING:
    from dcmaudit.pipeline.remote import Target
    from dcmaudit.settings import Settings

NAME = "report"
SUMMARY = "sign a release, check one, or put parts together"

_ANSWERED = frozenset({Exit.GOOD, Exit.NOT_ALL, Exit.TEXT_LEFT})
"""Exit codes of runs that answered for every input; anything else ended the run before."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    sign = actions.add_parser("sign", help="sign the release in a folder with an Ed25519 key", allow_abbrev=False)
    sign.add_argument(
        "folder", type=target_folder, metavar="OUT", help="folder that dcmaudit release wrote; s3://BUCKET/PREFIX too"
    )
    with_key = sign.add_mutually_exclusive_group(required=True)
    with_key.add_argument(
        "--signing-key", type=local_path, metavar="FILE",
        help="private key, PEM or OpenSSH, mode 0600; or a .pub file whose key the SSH agent holds",
    )  # fmt: skip
    with_key.add_argument(
        "--ssh-agent", nargs="?", const="", metavar="FINGERPRINT",
        help="sign with the SSH agent's Ed25519 key; name its fingerprint where it holds several",
    )  # fmt: skip
    sign.add_argument("--make-key", action="store_true", help="make that key first; it may not be there yet")
    add_common(sign)
    merge = actions.add_parser(
        "merge", help="put the parts of a release together that --shard made apart", allow_abbrev=False
    )
    merge.add_argument(
        "--part", nargs=2, type=target_folder, action="append", required=True, metavar=("OUT", "HELD"),
        help="the two folders of one part, OUT in a bucket too; once for each part",
    )  # fmt: skip
    merge.add_argument(
        "-o", "--output", type=target_folder, required=True, metavar="OUT",
        help="folder of the whole; s3://BUCKET/PREFIX too",
    )  # fmt: skip
    merge.add_argument("--held", type=local_path, required=True, metavar="DIR", help="folder of the lists that stay")
    merge.add_argument("--uid-map", type=local_path, metavar="FILE", help="list of old and new UIDs; not in OUT")
    add_common(merge)
    join = actions.add_parser(
        "join", help="put the lists (CSV or JSON lines) together that parts of a batch left", allow_abbrev=False
    )
    add_files(join, "the lists of all parts", metavar="PART", dest="names")
    join.add_argument("-o", "--output", type=local_path, required=True, metavar="FILE", help="the whole list")
    join.add_argument("--overwrite", action="store_true", help="replace an existing list")
    add_common(join)
    check = actions.add_parser("check", help="check files, records, report and signature", allow_abbrev=False)
    check.add_argument(
        "folder", type=target_folder, metavar="OUT", help="the folder as it was received; s3://BUCKET/PREFIX too"
    )
    check.add_argument(
        "--signer",
        required=True,
        metavar="FINGERPRINT",
        help="of who signed, also as ssh-keygen -l prints it; take it from them, not from the folder",
    )
    add_common(check)


def target_folder(text: str) -> Target:
    """A folder of this machine as it was written, or a part of a bucket."""
    from dcmaudit.pipeline import remote

    found = remote.target_folder(text)
    return Path(text) if isinstance(found, Path) else found


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Sign, check or merge; what is wrong goes to standard error, the fingerprint to standard output."""
    if args.action == "merge":
        return _merge(args, settings)
    if args.action == "join":
        return _join(args)
    if isinstance(args.folder, Path) and not args.folder.is_dir():
        raise UsageError(f"{args.folder} is no folder")
    return _sign(args) if args.action == "sign" else _check(args)


def _merge(args: argparse.Namespace, settings: Settings) -> int:
    from dcmaudit.cli.release import finish
    from dcmaudit.pipeline.release import ReleaseFolders, require_apart_from_inputs, require_outside
    from dcmaudit.pipeline.release.conclusion import conclude
    from dcmaudit.pipeline.release.parts import Part, common_about, merge

    names = [str(folder) for part in args.part for folder in part]
    require_apart_from_inputs(names, args.output, args.held)
    if args.uid_map is not None and isinstance(args.output, Path):
        require_outside(args.output, args.uid_map, "--uid-map")
    if remote := [held for _, held in args.part if not isinstance(held, Path)]:
        raise UsageError(
            f"{remote[0]} is in a bucket, and what must not leave is on this machine", hint="--part OUT HELD"
        )
    parts = [Part.of(out, held) for out, held in args.part]
    about = common_about(parts)
    out = args.output.absolute() if isinstance(args.output, Path) else args.output
    held = args.held.absolute()
    with ReleaseFolders(out, held, about=about, resume=False, user=settings.user) as folders:
        merge(parts, folders)
        return finish(args, folders, conclude(folders, about, parts[0].sample(), uid_map=args.uid_map))


def _join(args: argparse.Namespace) -> int:
    from dcmaudit.cli.names import listed
    from dcmaudit.report.list_parts import join
    from dcmaudit.wholefile import whole_file

    if not args.overwrite and args.output.exists():
        raise UsageError(f"{args.output} exists already", hint="--overwrite replaces it")
    try:
        # A list of findings holds text from images.
        parts = [Path(one.name) for one in listed(args.names)]
        with whole_file(args.output, mode=0o600, replace=args.overwrite) as out:
            undone = join(parts, out, ended=_ANSWERED)
    except FileExistsError:
        raise UsageError(f"{args.output} exists already", hint="--overwrite replaces it") from None
    for part in undone:
        ended = f"part {part.note.shard} ended with exit code {part.note.code}"
        say(f"{part.path}: {ended}: look there for what is not done")
    say(f"{args.output}: the lists of {counted(len(parts), 'part')}, which are all there")
    codes = {part.note.code for part in undone}
    return Exit.GOOD if not codes else Exit.TEXT_LEFT if codes == {Exit.TEXT_LEFT} else Exit.NOT_ALL


def _sign(args: argparse.Namespace) -> int:
    from dcmaudit.pipeline.release import signing

    if args.make_key and args.signing_key is None:
        raise UsageError("--make-key makes a key file, and none is named", hint="--signing-key FILE names it")
    if args.make_key:
        signing.make_key(args.signing_key)
        say(f"{args.signing_key}: a new key was made; keep it where only you can read it")
    is_file = args.signing_key is not None
    signer = signing.signer_of_file(args.signing_key) if is_file else signing.signer_of_agent(args.ssh_agent)
    plain, ssh = signing.sign(args.folder, signer)
    print(plain)
    if not getattr(args, "quiet", False):
        say(f"signed; tell the receivers this fingerprint, or {ssh}, by another way than the folder")
    return Exit.GOOD


def _check(args: argparse.Namespace) -> int:
    from dcmaudit.pipeline.release.buckets import problems_at
    from dcmaudit.report.check_release import problems

    if not re.fullmatch(r"(?i:sha256:)?[0-9A-Fa-f:]{64,95}|SHA256:[A-Za-z0-9+/]{43}=?", args.signer):
        hint = "64 hexadecimal digits, as dcmaudit report sign prints them, or SHA256:... as ssh-keygen -l does"
        raise UsageError("this is no fingerprint", hint=hint)
    is_here = isinstance(args.folder, Path)
    found = problems(str(args.folder), args.signer) if is_here else problems_at(args.folder, args.signer)
    for each in found:
        print(printable(each), file=sys.stderr)
    if found:
        say(f"{args.folder}: {counted(len(found), 'thing is', 'things are')} wrong with this release")
        return Exit.NOT_ALL
    say(f"{args.folder}: the release is whole, and signed by the owner of this fingerprint")
    return Exit.GOOD
