"""JSON lines of the commands: one object a line, each with the name and version of its schema first.

A field is never renamed, removed or given another meaning within a version; fields may be added. The reference page in
``docs/reference/json.md`` is made of the table below, and the tests hold every line that a command prints against it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dcmaudit.model.texts import with_bytes_told

PREFIX = "dcmaudit"


@dataclass(frozen=True, slots=True)
class Field:
    """One key of an object. ``kind`` says in words what its value is; ``optional``: it may be left out."""

    name: str
    kind: str
    text: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """What the lines of one kind look like."""

    name: str
    version: int
    text: str
    fields: tuple[Field, ...]

    @property
    def title(self) -> str:
        """The value of the key ``schema``."""
        return f"{PREFIX}/{self.name}/{self.version}"


TEXT, NUMBER, FLAG, TEXTS, OBJECT, OBJECTS = "text", "number", "true or false", "texts", "object", "objects"
_FILE = Field("file", TEXT, "the name of the file, as the database has it")
_OUTCOME = Field(
    "outcome", TEXT, "done, copied unchanged, partly audited, text is left, refused, failed, or done before"
)
_REASONS = Field("reasons", TEXTS, "why it did not end as done; empty otherwise")

_TABLE = (
    Schema("frames", 1, "`frames --json`: an input.", (
        _FILE, _OUTCOME, _REASONS,
        Field("planes", OBJECTS, "every plane: plane (its key), title, kind, width, height, not_audited (a reason, or "
              "null), written (the picture file, or null), note (or null)"),
    )),
    Schema("ocr", 1, "`ocr --json`: an input. Never the text that was read; `--csv` has it.", (
        _FILE, _OUTCOME, _REASONS,
        Field("verdict", "text or null", "the worst verdict: identifying, unknown, harmless; null without text"),
        Field("planes", NUMBER, "how many planes the file has"),
        Field("places", OBJECTS, "each place of text: plane, box (left, top, right, bottom, inclusive), engine, "
              "verdict"),
    )),
    Schema("redact", 1, "`redact --json`: an input.", (
        _FILE, _OUTCOME,
        Field("reasons", TEXTS, "why it did not end as done; empty otherwise", optional=True),
        Field("output", "text or null", "the file that was written"),
        Field("plan", TEXTS, "what is blacked where and why", optional=True),
        Field("notes", TEXTS, "remarks on the file", optional=True),
        Field("proof", "object or null", "the record of the proof (see redaction.md)", optional=True),
        Field("partly_audited", FLAG, "whether parts of it could not be looked at", optional=True),
        Field("partly", FLAG, "the same, of an input that was done before", optional=True),
    )),
    Schema("verify", 1, "`verify --json`: a pair of files.", (
        Field("file", TEXT, "the original, or the file without a partner"),
        Field("passed", FLAG, "whether the proof passed"),
        Field("error", TEXT, "why there is no proof", optional=True),
        Field("after_file", TEXT, "the redacted file", optional=True),
        Field("before", TEXT, "digest of the original", optional=True),
        Field("after", TEXT, "digest of the redacted file", optional=True),
        Field("checks", OBJECT, "how often each rule was compared", optional=True),
        Field("findings", OBJECTS, "what is not as it must be: check, where, text", optional=True),
        Field("planes", OBJECTS, "planes in which something was blacked", optional=True),
        Field("notes", TEXTS, "remarks", optional=True),
        Field("text", OBJECT, "what --check-text saw: planes, left, not_looked_at", optional=True),
    )),
    Schema("progress", 1, "`--progress json`: how far a run is, every two seconds, on standard error.", (
        Field("work", TEXT, "what is done: reading, redacting, showing, proving, asking"),
        Field("done", NUMBER, "files (pairs) that are through"),
        Field("held_back", NUMBER, "of them, those that did not end well"),
        Field("total", "number or null", "how many there are, an estimate where total_is_exact is false; null where "
              "nothing can be said yet"),
        Field("total_is_exact", FLAG, "whether all were found"),
        Field("files_per_s", NUMBER, "since the beginning"),
        Field("seconds", NUMBER, "since the beginning"),
        Field("seconds_left", "number or null", "at this rate, as good as the total"),
        Field("ended", FLAG, "whether this is the last line; the exit code says how the run ended"),
    )),
    Schema("release", 1, "`release --json`: an input. It names inputs: it stays in the house.", (
        _FILE, Field("outcome", TEXT, "released, released unchanged, held back, failed"),
        Field("why", "text or null", "the kind of reason, where it was not released"),
        Field("details", TEXTS, "the reason in words"),
        Field("output", "text or null", "its name below OUT, made of new UIDs"),
        Field("n", NUMBER, "the number of its record"),
    )),
    Schema("score", 1, "`score --json`: an original, and last one line with the key `summary` alone.", (
        Field("file", TEXT, "the original", optional=True),
        Field("problem", "text or null", "why its output could not be compared", optional=True),
        Field("strings", OBJECTS, "each string on each plane: plane, box (left, top, right, bottom, inclusive), state "
              "(hidden, in part, left, empty, no output)", optional=True),
        Field("not_judged", NUMBER, "strings whose place the key does not tell, or no plane shows", optional=True),
        Field("pixels", NUMBER, "pixels of all planes outside of the strings", optional=True),
        Field("kept", NUMBER, "of them, those that are what they were", optional=True),
        Field("planes", NUMBER, "how many planes the original has", optional=True),
        Field("planes_unchanged", NUMBER, "planes that kept every such pixel", optional=True),
        Field("digest_kept", "true, false or null", "whether the pixel data have the MD5 of the key", optional=True),
        Field("summary", OBJECT, "the sum of all files", optional=True),
    )),
    Schema("rules-check", 1, "`rules check --json`: a file, and last one line with the key `summary` alone.", (
        Field("filename", TEXT, "the file", optional=True),
        Field("error", TEXT, "why it was not answered", optional=True),
        Field("modality", "text or null", "of the header", optional=True),
        Field("manufacturer", "text or null", "of the header", optional=True),
        Field("model", "text or null", "of the header", optional=True),
        Field("columns", "number or null", "of the image", optional=True),
        Field("rows", "number or null", "of the image", optional=True),
        Field("has_image", FLAG, "whether rules were asked at all", optional=True),
        Field("rules", OBJECTS, "the rules that match", optional=True),
        Field("rectangles", NUMBER, "how many rectangles they give", optional=True),
        Field("covered", NUMBER, "share of the image, 0 to 1", optional=True),
        Field("problems", TEXTS, "what could not be decided", optional=True),
        Field("undecided", FLAG, "whether a rule could not be decided", optional=True),
        Field("denied", FLAG, "whether redact refuses the file", optional=True),
        Field("summary", OBJECT, "counts of all files, devices and rules", optional=True),
    )),
    Schema("sample-plan", 1, "`sample plan --json`: one line.", (
        Field("series", NUMBER, "how many series to look at"),
        Field("of", "number or null", "how many there are"),
        Field("bound", NUMBER, "share of series that can have text, 0 to 1"),
        Field("confidence", NUMBER, "0 to 1"),
    )),
    Schema("sample-draw", 1, "`sample draw --json`, `sample merge --json`: an image that was drawn.", (
        _FILE, Field("series", TEXT, "the series that it stands for"), Field("stratum", TEXT, "its kind"),
        Field("series_in_stratum", NUMBER, "how many series of this kind there are"),
        Field("seed", NUMBER, "the seed of the draw"),
    )),
    Schema("part", 1, "`--json` with `--shard`: the last line. Beside a CSV list `LIST.part` has it.", (
        Field("part", TEXT, "which part, as 3/16"), Field("command", TEXT, "the command"),
        Field("version", TEXT, "of dcmaudit"), Field("options", OBJECT, "digests of what was asked, by option"),
        Field("settings", OBJECT, "digests of what else decides what a line says, by what it is: files of rules and "
              "lists that were named or set, and settings", optional=True),
        Field("inputs", NUMBER, "how many inputs all parts have"), Field("mine", NUMBER, "how many this part has"),
        Field("names", TEXT, "a sum over the names of the inputs of all parts", optional=True),
        Field("code", NUMBER, "the exit code"),
        Field("list", TEXT, "the SHA-256 of the CSV list", optional=True),
    )),
    Schema("sample-part", 1, "`sample draw --shard`: the first line of a part.", (
        Field("part", TEXT, "which part, as 3/16"), Field("seed", NUMBER, "the seed of the draw"),
        Field("by", TEXTS, "the attributes that divide the series"),
        Field("inputs", NUMBER, "how many inputs all parts have"),
        Field("names", TEXT, "a sum over their names", optional=True),
        Field("images", NUMBER, "how many images it met"),
        Field("unread", NUMBER, "how many inputs could not be read"),
        Field("series", NUMBER, "how many lines follow"),
    )),
    Schema("sample-part-series", 1, "`sample draw --shard`: a series that the part met.", (
        _FILE, Field("series", TEXT, "the series"), Field("values", TEXTS, "its values of the attributes"),
    )),
    Schema("sample-conclude", 1, "`sample conclude --json`: a kind of series, and last all of them.", (
        Field("stratum", "text or null", "the kind; null for all"),
        Field("series", NUMBER, "how many there are"), Field("looked_at", NUMBER, "how many were looked at"),
        Field("with_text", NUMBER, "how many of those have text"),
        Field("bound", NUMBER, "share of the series that have text at most, 0 to 1"),
        Field("confidence", NUMBER, "0 to 1"),
    )),
    Schema("db-import", 1, "`db import --json`: a file whose marks are taken, or a line that is not taken.", (
        Field("file", "text or null", "the file"), Field("rectangles", NUMBER, "how many are taken"),
        Field("tag", "true, false or null", "the mark of the tag row that is taken"),
        Field("line", "text or null", "list and number of a line that is not taken"),
        Field("not_taken", "text or null", "why"),
    )),
    Schema("db-unseen", 1, "`db unseen --json`: a done file of which not every plane was seen.", (
        _FILE, Field("planes", NUMBER, "how many it has; 0: not noted"), Field("unseen", NUMBER, "not seen"),
        Field("in_part", NUMBER, "of them seen in part"), Field("glanced", NUMBER, "of them at a glance or skipped"),
        Field("by_class", NUMBER, "of these only decided with others of their kind"),
        Field("searched", FLAG, "whether all of it had been searched for planes"),
        Field("replaced", "text or null", "when it was noticed that another file lies under the name since, ISO 8601"),
        Field("by", TEXT, "who marked it done"), Field("at", TEXT, "when, ISO 8601"),
    )),
    Schema("db-history", 1, "`db history --json`: something that was done, never a text.", (
        Field("at", TEXT, "when, ISO 8601"), Field("by", TEXT, "who"), Field("action", TEXT, "what"),
        Field("count", NUMBER, "to how many rows"), Field("file", "text or null", "to which file"),
    )),
    Schema("db-identity", 1, "`db identify --json` and `db adopt --json`: a file.", (
        _FILE, Field("done", FLAG, "whether something was noted or adopted"),
        Field("former", "text or null", "the name whose marks it got"),
        Field("error", "text or null", "why not"),
    )),
    Schema("s3-list", 1, "`s3 list --json`: an object or a folder.", (
        Field("folder", TEXT, "the address of a folder", optional=True),
        Field("name", TEXT, "the address of an object", optional=True),
        Field("size", NUMBER, "bytes", optional=True), Field("modified", TEXT, "ISO 8601", optional=True),
        Field("etag", "text or null", "the server's mark of its content", optional=True),
    )),
    Schema("s3-get", 1, "`s3 get --json`: an object that was to be copied.", (
        Field("name", TEXT, "its address"), Field("file", "text or null", "the copy"),
        Field("size", "number or null", "bytes"), Field("compared", "text or null", "by what it was compared"),
        Field("error", "text or null", "why there is no copy"),
    )),
    Schema("examples", 1, "`examples --json`: a file that was written.", (_FILE,)),
    Schema("doctor", 1, "`doctor --json`: something that was looked at.", (
        Field("section", TEXT, "the part: versions, codecs, database ..."), Field("name", TEXT, "what it is"),
        Field("state", TEXT, "good, note (works without it) or wrong (needed, and missing or faulty)"),
        Field("detail", TEXT, "in words"), Field("hint", "text or null", "what to do"),
    )),
    Schema("config", 1, "`config show --json`: a setting.", (
        Field("name", TEXT, "the key"), Field("value", "any value or null", "what it is"),
        Field("source", TEXT, "command line, environment, settings file, remembered or default"),
        Field("where", "text or null", "the option, the variable or the file"),
    )),
)  # fmt: skip

SCHEMAS: Mapping[str, Schema] = {one.name: one for one in _TABLE}
"""Every kind of line by its name."""


def json_line(schema: str, record: Mapping[str, Any]) -> str:
    r"""The record as one line of JSON, in ASCII; KeyError for a schema that is not in the table.

    Bytes of names that are no UTF-8 are told as ``\xhh``: half a pair of UTF-16 is no text to most readers of JSON.
    """
    line = json.dumps({"schema": SCHEMAS[schema].title, **record})
    return line if "\\ud" not in line else json.dumps(_told({"schema": SCHEMAS[schema].title, **record}))


def _told(value: Any) -> Any:
    match value:
        case str():
            return with_bytes_told(value)
        case Mapping():
            return {_told(key): _told(one) for key, one in value.items()}
        case list() | tuple():
            return [_told(one) for one in value]
        case _:
            return value


def problems(line: str) -> list[str]:
    """What is wrong with a line, against its schema; [] where nothing is. For tests."""
    record = json.loads(line)
    name = str(record.pop("schema", "")).removeprefix(f"{PREFIX}/").rpartition("/")[0]
    if name not in SCHEMAS:
        return [f"there is no schema {name!r}"]
    known = {one.name: one for one in SCHEMAS[name].fields}
    wrong = [f"{key} is not documented" for key in record if key not in known]
    wrong += [f"{key} is missing" for key, one in known.items() if key not in record and not one.optional]
    return wrong + [f"{key} is no {known[key].kind}" for key, value in record.items() if key in known
                    and not _fits(value, known[key].kind)]  # fmt: skip


def _fits(value: object, kind: str) -> bool:
    if value is None:
        return "null" in kind
    tests: dict[str, bool] = {
        TEXTS: isinstance(value, list) and all(isinstance(one, str) for one in value),
        OBJECTS: isinstance(value, list) and all(isinstance(one, dict) for one in value),
        OBJECT: isinstance(value, dict),
        NUMBER: isinstance(value, int | float) and not isinstance(value, bool),
        FLAG: isinstance(value, bool),
        TEXT: isinstance(value, str),
    }
    return next((fits for name, fits in tests.items() if kind.startswith(name)), True)


def reference() -> str:
    """The reference page, in Markdown."""
    parts = ["# JSON lines\n"]
    parts.append(
        "With `--json` a command prints one JSON object a line on standard output; everything else goes to\n"
        "standard error. The key `schema` of each line says which of the tables below describes it. Within a\n"
        "version fields are only added; no field changes its name or its meaning. Text is ASCII, with `\\u`\n"
        "escapes. Bytes of a file's name that are not UTF-8 stand as a backslash, `x` and two digits\n"
        "(`caf\\xe9.dcm`); a name leads back to its file just as it is written here. No line holds\n"
        "recognised text or the value of an attribute of the file.\n"
    )
    for one in _TABLE:
        parts.append(f"## {one.title}\n\n{one.text}\n\n| key | value | meaning |\n|---|---|---|")
        for field in one.fields:
            kind = f"{field.kind}, may be absent" if field.optional else field.kind
            parts.append(f"| `{field.name}` | {kind} | {field.text} |")
        parts.append("")
    return "\n".join(parts)
