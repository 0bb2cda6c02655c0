"""What a file is, beside what it is called: finding it again after it was moved, and taking its marks along."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from dcmaudit.errors import StoreError
from dcmaudit.model import Identity, ReviewState
from dcmaudit.model.records import IdentityRecord
from dcmaudit.store import names, rows, schema
from dcmaudit.store.bulk import among, insert_many
from dcmaudit.store.journal import forget_seen, move_seen, note
from dcmaudit.store.ledger import forget_parts, move_parts, move_removed, note_replaced
from dcmaudit.store.schema import identity as table
from dcmaudit.store.session import Session


def write_identity(
    session: Session, filename: str, identity: Identity, size: int | None, modified_ns: int | None, user: str
) -> None:
    """Note or renew what is behind the name. The caller holds the file's lock.

    What was seen of the name is forgotten where that was of other content; equal pixels in another file keep what was
    seen of the pixels themselves (image frames and their stray bits). Whoever finished the file finished that content:
    the record of it says from then on that the file was replaced.
    """
    former = read_identity(session, filename)
    if former is not None and _is_other(former, identity, size, modified_ns):
        is_same = identity.pixel_digest is not None and former.identity.pixel_digest == identity.pixel_digest
        forget_seen(session, filename, except_pixels=is_same)
        forget_parts(session, filename, except_pixels=is_same)
        if not is_same and note_replaced(session, filename):
            note(session, user, "replaced since it was done", filename, 1)
    session.connection.execute(delete(table).where(table.c.filename == filename))
    session.connection.execute(
        insert(table).values(
            filename=filename,
            sop_instance_uid=identity.sop_instance_uid,
            pixel_digest=identity.pixel_digest,
            size=size,
            modified_ns=modified_ns,
            noted_at=rows.utc_now(),
            noted_by=user,
        )
    )


def _is_other(former: IdentityRecord, now: Identity, size: int | None, modified_ns: int | None) -> bool:
    """Whether what lies behind the name now may be something else than what was noted before."""
    known = former.identity
    # A file without a digest, or without a UID, says nothing of being the same or another.
    if None not in {known.pixel_digest, now.pixel_digest}:
        is_other = known.pixel_digest != now.pixel_digest
    else:
        uids = {known.sop_instance_uid, now.sop_instance_uid}
        is_other = None not in uids and len(uids) == 2
    return is_other or (size is not None and (former.size, former.modified_ns) != (size, modified_ns))


_COLUMNS = tuple(column.name for column in table.columns)

Known = tuple[str, Identity, int | None, int | None]
"""A name, what is behind it, its size in bytes and its time of change in nanoseconds."""


def write_many(session: Session, known: Sequence[Known], user: str) -> None:
    """The same for many files, each once."""
    if not known:
        return
    chosen, bound = among(session, [name for name, *_ in known])
    query = f"SELECT filename FROM dcmaudit_identity WHERE filename IN ({chosen})"  # noqa: S608 (constants of ours)
    former = {name for (name,) in session.rows(query, bound)}
    now = rows.utc_now()
    for name, identity, size, modified_ns in known:
        if name in former:
            write_identity(session, name, identity, size, modified_ns, user)
    insert_many(
        session, table.name, _COLUMNS,
        ((name, identity.sop_instance_uid, identity.pixel_digest, size, modified_ns, now, user)
         for name, identity, size, modified_ns in known if name not in former),
    )  # fmt: skip


def read_identity(session: Session, filename: str) -> IdentityRecord | None:
    """What was noted for the name."""
    if not session.has_own:
        return None
    return read_identities(session, [filename]).get(filename)


def read_identities(session: Session, filenames: Sequence[str]) -> dict[str, IdentityRecord]:
    """The same of those of the files for which it was noted."""
    if not session.has_own or not filenames:
        return {}
    chosen, bound = among(session, filenames)
    query = f"SELECT {', '.join(_COLUMNS)} FROM dcmaudit_identity WHERE filename IN ({chosen})"  # noqa: S608 (constants of ours)
    return {
        name: IdentityRecord(name, Identity(uid, digest), size, modified, rows.parse_time(at) or rows.EPOCH, by)
        for name, uid, digest, size, modified, at, by in session.rows(query, bound)
    }


def find_moved(session: Session, filename: str, identity: Identity) -> list[str]:
    """Other names with marks under which the same instance with the same pixels was noted, sorted.

    Empty where the identity is not complete: neither a UID nor a digest alone is proof.
    """
    if not session.has_own or identity.sop_instance_uid is None or identity.pixel_digest is None:
        return []
    query = (
        select(table.c.filename)
        .where(table.c.pixel_digest == identity.pixel_digest, table.c.sop_instance_uid == identity.sop_instance_uid)
        .where(table.c.filename != filename)
        .order_by(table.c.filename)
    )
    states = names.states(session, session.connection.scalars(query))
    return [name for name, state in states.items() if state is not ReviewState.NOT_REVIEWED]


_SINGLES = (schema.kinds, schema.looks, schema.shown, schema.done, schema.unshown, schema.searches)
MOVED = (schema.rects, schema.tags, schema.extra_rects, schema.judged, schema.hidden, *_SINGLES)
"""Tables whose rows go with a file that is found under a new name. What was seen is joined, see ``journal``."""


def adopt(session: Session, filename: str, identity: Identity, source: str | None) -> str:
    """Rename every mark of the moved file to ``filename`` and return its former name.

    ``source`` chooses among several former names. StoreError where there is none, more than one, a chosen one
    that is not the same instance, or where ``filename`` has marks of its own already.
    """
    if names.states(session, [filename])[filename] is not ReviewState.NOT_REVIEWED:
        raise StoreError("it has marks of its own already; nothing was moved", file=filename)
    found = find_moved(session, filename, identity)
    if source is not None:
        if source not in found:
            raise StoreError(f"{source} is not noted as the same instance with the same pixels", file=filename)
        found = [source]
    if not found:
        raise StoreError("no other name with marks is noted as the same instance with the same pixels", file=filename)
    # Copies of one file with different marks: only a person can say whose are meant.
    if len(found) > 1:
        raise StoreError(
            f"{len(found)} other names are the same instance: {', '.join(found[:5])}; nothing was moved",
            file=filename,
            hint="say which one is meant",
        )
    former = found[0]
    # These have one row a name: what the new name had without any marks makes room.
    for single in _SINGLES:
        session.connection.execute(delete(single).where(single.c.filename == filename))
    for moved in MOVED:
        session.connection.execute(update(moved).where(moved.c.filename == former).values(filename=filename))
    move_seen(session, former, filename)
    move_parts(session, former, filename)
    move_removed(session, former, filename)
    session.connection.execute(delete(table).where(table.c.filename == former))
    return former
