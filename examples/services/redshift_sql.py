"""What does Redshift's SQL mean on PostgreSQL? The same, or an error for what it doesn't have.

Names are folded to lower case, even in quotes; lengths of texts are counted in bytes; `COPY` reads
Parquet from S3 by its manifest, column by column in their order, and casts nothing.
"""

import io
import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast
from urllib.parse import urlsplit

import psycopg
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
from psycopg import sql

_arrow: Any = pa
_compute: Any = pyarrow.compute
_csv: Any = pyarrow.csv
_parquet: Any = pyarrow.parquet

TOKEN: Final = re.compile(r"'(?:[^']|'')*'" r'|"(?:[^"]|"")*"' r"|--[^\n]*|/\*.*?\*/", re.S)
NAME: Final = r'"n"(?:\."n")?'
CHANGED: Final = re.compile(
    r'(?:MERGE INTO|INSERT INTO|UPDATE) ("(?:[^"]|"")*"(?:\."(?:[^"]|"")*")?) '
)
MERGE: Final = re.compile(
    rf"MERGE INTO {NAME} USING {NAME} ON (?P<on>.+?) "
    r"WHEN MATCHED THEN (?:UPDATE SET .+|DELETE) "
    r"WHEN NOT MATCHED THEN INSERT \([^()]+\) VALUES \(.+\)",
    re.S,
)
EQUALITY: Final = re.compile(r'"n"\."n" = (?:"n"\."n"|\("n"\."n" AT TIME ZONE \'t\'\))')
COPY: Final = re.compile(
    r"COPY (?P<table>\S+) \((?P<columns>.+)\) FROM '(?P<manifest>s3://[^']+)' "
    r"IAM_ROLE (?:default|'arn:[^']+') FORMAT AS PARQUET MANIFEST",
    re.S,
)
LACKING: Final = tuple(
    (re.compile(pattern, re.I | re.S), what)
    for pattern, what in (
        (r"\bON CONFLICT\b", "ON CONFLICT"),
        (r"\bRETURNING\b", "RETURNING"),
        (r"\bON COMMIT\b", "ON COMMIT"),
        (r"\bFILTER ?\(", "FILTER"),
        (r"\bLATERAL\b", "LATERAL"),
        (r"\bFOR (UPDATE|SHARE)\b", "FOR UPDATE"),
        (r"\bIN \w+( \w+)? MODE\b", "modes of a lock"),
        (r"\bUNLOGGED\b", "UNLOGGED"),
        (r"\bCREATE (UNIQUE )?INDEX\b", "an index"),
        (r"\bpg_(try_)?advisory\w*", "advisory locks"),
        (r"\b(bytea|jsonb?|uuid|serial|bigserial|money|xml|inet|hstore)\b", "this type"),
        (r"\[\]|\bARRAY ?\[", "arrays"),
        (r"\bWITH\b.*\bMERGE\b", "WITH before MERGE"),
        (r"\bMERGE INTO \S+ (AS )?(?!USING\b)\w", "an alias of the target of MERGE"),
        (r"\bWHEN (NOT )?MATCHED AND\b", "WHEN … AND"),
        (r"\bDO NOTHING\b", "DO NOTHING"),
        (r"\bTRUNCATE\b|\bVACUUM\b|\bAPPEND FROM\b", "in a transaction that goes on"),
    )
)


class Refused(Exception):
    """What Redshift says of a statement that it doesn't run."""


def run(connection: Any, statement: str, params: Mapping[str, str], s3: Any) -> Any:
    """Run a statement of Redshift within a transaction of PostgreSQL ⟶ the cursor.

    params: what is bound to `:name`. s3: boto3's client.
    """
    check(statement)
    folded = _folded(statement)
    copy = COPY.fullmatch(folded)
    if copy:
        return _copy(connection, copy, s3)
    text = re.sub(r"\bSYSDATE\b", "(now() AT TIME ZONE 'UTC')", folded)
    cursor = connection.execute(_bound(text), params or None)
    target = CHANGED.match(folded)
    if target:
        _check_bytes(connection, target[1])
    return cursor


def check(statement: str) -> None:
    """Raise `Refused` for what Redshift has no grammar for, or reads otherwise than PostgreSQL."""
    for token in TOKEN.findall(statement):
        if token.startswith("'") and "\\" in token:
            raise Refused("a backslash in a text, which escapes what follows in Redshift")
    plain = TOKEN.sub(lambda found: {"'": "'t'", '"': '"n"'}.get(found[0][0], " "), statement)
    for pattern, what in LACKING:
        if pattern.search(plain):
            raise Refused(f"syntax error: Redshift has no {what}")
    if ";" in plain.rstrip().rstrip(";"):
        raise Refused("multiple statements in one text")
    if plain.startswith("COPY") and not COPY.fullmatch(statement):
        raise Refused("syntax error in COPY, or a form of it that the stand-in doesn't have")
    if plain.startswith("MERGE"):
        merge = MERGE.fullmatch(plain)
        if not merge:
            raise Refused("syntax error in MERGE: no alias of the target, both clauses, no more")
        if not all(map(EQUALITY.fullmatch, merge["on"].split(" AND "))):
            raise Refused("MERGE: only equality is supported in ON")


def _folded(statement: str) -> str:
    """The letters A to Z of names are small, even in quotes."""
    small = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
    return TOKEN.sub(lambda t: t[0].translate(small) if t[0][0] == '"' else t[0], statement)


def _bound(text: str) -> Any:
    """A statement with `:name` ⟶ the one of psycopg, with `%(name)s`."""
    pieces: list[str] = []
    last = 0
    for found in [*TOKEN.finditer(text), None]:
        end = found.start() if found else len(text)
        outside = text[last:end].replace("%", "%%")
        pieces.append(re.sub(r"(?<![:\w]):([A-Za-z_]\w*)", r"%(\1)s", outside))
        if found:
            pieces.append(found[0].replace("%", "%%"))
            last = found.end()
    bound = "".join(pieces)
    return bound if "%(" in bound else bound.replace("%%", "%")


class _Column(NamedTuple):
    """A column of a table as PostgreSQL describes it; its width in bytes, if it has one."""

    name: str
    type: str
    width: int | None


def _columns(connection: Any, table: str) -> dict[str, _Column]:
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod), atttypmod FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        [table],
    ).fetchall()
    return {
        name: _Column(
            name, kind, width - 4 if kind.startswith("character v") and width > 4 else None
        )
        for name, kind, width in rows
    }


def _check_bytes(connection: Any, table: str) -> None:
    for column in _columns(connection, table).values():
        if column.width is None:
            continue
        query = sql.SQL("SELECT 1 FROM {} WHERE octet_length({}) > %s LIMIT 1").format(
            sql.SQL(cast(Any, table)),
            sql.Identifier(column.name),
        )
        if connection.execute(query, [column.width]).fetchone():
            raise Refused(f"value too long for type character varying({column.width})")


def _copy(connection: Any, copy: re.Match[str], s3: Any) -> Any:
    """COPY by a manifest: every file of exactly the length and the types that are expected."""
    known = _columns(connection, copy["table"])
    names = [
        name[1:-1].replace('""', '"') for name in re.findall(r'"(?:[^"]|"")*"', copy["columns"])
    ]
    cursor = connection.cursor()
    for entry in _manifest(s3, copy["manifest"]):
        table = _parquet_of(s3, entry)
        if len(table.schema) != len(names):
            raise Refused(
                f"Number of columns in parquet file does not match: {len(table.schema)} columns, "
                f"expected {len(names)}"
            )
        for field, name in zip(table.schema, names, strict=True):
            _check_column(table.column(field.name), field, known[name])
        sink = io.BytesIO()
        _csv.write_csv(table, sink, _csv.WriteOptions(include_header=False))
        with cursor.copy(f"COPY {copy['table']} ({copy['columns']}) FROM STDIN (FORMAT csv)") as to:
            to.write(sink.getvalue())
    return cursor


def _manifest(s3: Any, address: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(_read(s3, address))["entries"]
    if not entries:
        raise Refused(f"The manifest {address} has no entries")
    return entries


def _parquet_of(s3: Any, entry: Mapping[str, Any]) -> Any:
    content = _read(s3, entry["url"])
    expected = entry.get("meta", {}).get("content_length")
    if expected != len(content):
        raise Refused(
            f"Spectrum Scan Error: content_length {expected} of the manifest, the size of the file "
            f"{entry['url']} is {len(content)}"
        )
    return _parquet.read_table(io.BytesIO(content))


def _read(s3: Any, address: str) -> bytes:
    place = urlsplit(address)
    try:
        answer = s3.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))
    except s3.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        raise Refused(f"S3ServiceException: {code}, the file {address} cannot be found") from None
    content: bytes = answer["Body"].read()
    return content


_TYPES: Final = {
    "boolean": _arrow.bool_(),
    "smallint": _arrow.int16(),
    "integer": _arrow.int32(),
    "bigint": _arrow.int64(),
    "real": _arrow.float32(),
    "double precision": _arrow.float64(),
    "date": _arrow.date32(),
    "timestamp without time zone": _arrow.timestamp("us"),
}


def _check_column(column: Any, field: Any, to: _Column) -> None:
    """Raise for a column that isn't of the very type; COPY of Parquet casts nothing."""
    expected = _TYPES.get(to.type)
    if to.type.startswith("numeric("):
        precision, scale = map(int, re.findall(r"\d+", to.type))
        expected = _arrow.decimal128(precision, scale)
    elif to.width is not None:
        expected = _arrow.string()
    if field.type != expected:
        raise Refused(
            f"Spectrum Scan Error: incompatible Parquet schema for column {to.name}: {to.type}, "
            f"in the file {field.type}"
        )
    longest = _compute.max(_compute.binary_length(column)).as_py() if to.width else None
    if longest is not None and longest > to.width:
        raise Refused(
            f"Spectrum Scan Error: The length of the data column {to.name} is longer than the "
            f"length defined in the table. Table: {to.width}, Data: {longest}"
        )


def said_of(error: Exception) -> str:
    """An error ⟶ the text that Redshift has for it, values of rows included."""
    if not isinstance(error, psycopg.Error):
        return f"ERROR: {error}"
    found = error.diag
    detail = f"\n  Detail: {found.message_detail}" if found.message_detail else ""
    match error.sqlstate:
        case "40001":
            text = "1023\n  DETAIL: Serializable isolation violation on table"
        case "23502":
            text = f"Cannot insert a NULL value into column {found.column_name}"
        case "42P01" | "42703":
            text = f"{found.message_primary}"
        case _:
            text = found.message_primary or type(error).__name__
    return f"ERROR: {text}{detail}"
