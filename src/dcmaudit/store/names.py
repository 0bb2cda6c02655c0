"""Questions about many files at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from sqlalchemy import text

from dcmaudit.model import ReviewState
from dcmaudit.model.records import FinishMark
from dcmaudit.store import rows, sums
from dcmaudit.store.bulk import among as names_among
from dcmaudit.store.schema import REPLACED
from dcmaudit.store.session import Session

_SOURCES = (
    ("has_tags", '"DicomTags"', "mark"),
    ("has_rects", '"DicomRects"', None),
    ("has_own", "dcmaudit_rects", None),
)
_TAG_ACTS = (
    "done", "tagged", "tag restored", "tag removed", "cleared", "restored", "marks moved away", "marks moved here",
    "marks counted anew: to be reviewed", "replaced since it was done",
)  # fmt: skip
"""What the history calls that which changes a tag row, or what it is worth."""


def states(session: Session, filenames: Iterable[str], *, in_work: Collection[str] = ()) -> dict[str, ReviewState]:
    """The state of every name asked for, in one query.

    ``in_work`` are known to have rectangles in the shared table: of them only the tag row is asked for.
    """
    asked = dict.fromkeys(filenames, ReviewState.NOT_REVIEWED)
    # A name that no row can hold has none; nor may it spoil the question for the others.
    names = [name for name in asked if rows.is_storable_name(name)]
    chosen, bound = names_among(session, names)
    others, bound_others = names_among(session, [name for name in names if name not in in_work])
    parts = [
        f"SELECT DISTINCT filename, {mark or 'NULL'} AS mark, {1 if mark else 0} AS is_tag FROM {table} "  # noqa: S608
        f"WHERE filename IN ({chosen if mark else others.replace(':names', ':others')})"
        for attribute, table, mark in _SOURCES
        if getattr(session, attribute)
    ]
    if not parts or not names:
        return asked
    asked |= dict.fromkeys(in_work, ReviewState.IN_WORK)
    # Rectangles come first, so that a tag row of the same file has the last word.
    query = " UNION ALL ".join(parts) + " ORDER BY is_tag"
    for filename, mark, is_tag in session.rows(query, {**bound, "others": bound_others["names"]}):
        if is_tag:
            asked[filename] = ReviewState.TAGGED if rows.is_marked(mark) else ReviewState.DONE
        else:
            asked[filename] = ReviewState.IN_WORK
    return asked


def states_to_review(session: Session, filenames: Iterable[str]) -> dict[str, ReviewState]:
    """The same for whoever reviews: a done file under whose name another one lies since is in work.

    A tagged one stays tagged: it waits for another look anyway.
    """
    found = states(session, filenames)
    done = [name for name, state in found.items() if state is ReviewState.DONE]
    if done and session.has(REPLACED):
        chosen, bound = names_among(session, done)
        query = text(f"SELECT filename FROM dcmaudit_done WHERE replaced_at IS NOT NULL AND filename IN ({chosen})")  # noqa: S608 (constants of ours)
        for (name,) in session.connection.execute(query, bound):
            found[name] = ReviewState.IN_WORK
    return found


def finishers(session: Session, filenames: Iterable[str]) -> dict[str, str]:
    """Who wrote the tag row of those of the files that have one, in one query."""
    names = [name for name in filenames if rows.is_storable_name(name)]
    if not session.has_tags or not names:
        return {}
    among = "SELECT value FROM json_each(:names)" if session.is_sqlite else "SELECT unnest(CAST(:names AS text[]))"
    query = text(f'SELECT filename, last_modified_by FROM "DicomTags" WHERE filename IN ({among})')  # noqa: S608
    found = session.connection.execute(query, {"names": json.dumps(names) if session.is_sqlite else names})
    return {filename: str(who) for filename, who in found if who}


def newest_finish(session: Session) -> FinishMark:
    """The point in the tables up to which files were finished, or opened again, so far."""
    tags = session.connection.scalar(text('SELECT MAX(id) FROM "DicomTags"')) if session.has_tags else 0
    acts = session.connection.scalar(text("SELECT MAX(id) FROM dcmaudit_history")) if session.has_own else 0
    return FinishMark(tags or 0, acts or 0)


def finished_since(session: Session, mark: FinishMark) -> set[str]:
    """Files that got, lost or renewed their tag row after ``mark``; other tools leave no history and are seen where
    they add a row."""
    parts = []
    if session.has_tags:
        parts.append('SELECT filename FROM "DicomTags" WHERE id > :tags')
    if session.has_own:
        acts = ", ".join(f"'{act}'" for act in _TAG_ACTS)
        parts.append(f"SELECT filename FROM dcmaudit_history WHERE id > :acts AND action IN ({acts})")  # noqa: S608
    if not parts:
        return set()
    found = session.rows(" UNION ".join(parts), {"tags": mark.tags, "acts": mark.acts})
    return {name for (name,) in found if rows.is_readable_name(name)}


_LISTS = (
    ("has_tags", '"DicomTags"', sums.of_table("DicomTags")),
    ("has_rects", '"DicomRects"', sums.of_table("DicomRects")),
    ("has_own", "dcmaudit_rects", sums.of_table("dcmaudit_rects")),
    ("has_looks", "dcmaudit_looks", None),  # a file that nobody could look at has no marks
)
"""Tables with names, and where each name is only once: a file has many rectangles, and one sum."""


def filenames(session: Session, after: str | None, count: int) -> list[str]:
    """The next ``count`` names with marks, or that an engine looked at, after ``after``, sorted, each once."""
    parts = []
    for attribute, table, once in _LISTS:
        if not getattr(session, attribute):
            continue
        where = "filename IS NOT NULL" if after is None else "filename > :after"
        what, place = "DISTINCT filename", table
        if once is not None and session.has_sums:
            what, place = "filename", once
            where = "marks > 0 AND filename > " + ("''" if after is None else ":after")
        parts.append(
            f"SELECT filename FROM (SELECT {what} FROM {place} WHERE {where} "  # noqa: S608 (constants)
            f"ORDER BY filename LIMIT :count) AS part_{attribute}"
        )
    if not parts:
        return []
    query = " UNION ".join(parts) + " ORDER BY filename LIMIT :count"
    bound: dict[str, object] = {"count": count}
    if after is not None:
        bound["after"] = after
    return [name for (name,) in session.rows(query, bound)]


def unreadable(session: Session, most: int) -> list[str]:
    """Sentences about rows whose name no file can have, so that nobody will ever ask for them; ``most`` at most."""
    found: list[str] = []
    for attribute, table, _ in _SOURCES:
        if not getattr(session, attribute):
            continue
        # Each name once, from the index where there is one.
        for (name,) in session.rows(f"SELECT DISTINCT filename FROM {table}", {}):  # noqa: S608 (constants)
            if rows.is_readable_name(name):
                continue
            found += _rows_named(session, table, name, most - len(found))
            if len(found) >= most:
                return found
    return found


def _rows_named(session: Session, table: str, name: object, most: int) -> list[str]:
    title = table.strip('"')
    if name is None or name == "":
        query = f"SELECT id FROM {table} WHERE filename IS NULL OR filename = '' ORDER BY id LIMIT :most"  # noqa: S608
        return [f"row {row[0]} of {title}: filename is empty" for row in session.rows(query, {"most": most})]
    # What cannot be read cannot be asked for either: all rows are gone through, which happens in damage only.
    return [
        f"row {number} of {title}: filename is no text that a file can be called by"
        for number, other in session.rows(f"SELECT id, filename FROM {table}", {})  # noqa: S608 (constants)
        if other == name
    ][:most]
