"""What do the lines of a CSV file say? One row a line, of which the declared columns are read.

Types are declared, never guessed: `01234` in a column of texts is that, and `NA` is Namibia. A
value is null only where it's written, without quotes, as was declared. A value has no line end in
it.
"""

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv

from fwf.connectors.objects.lines import (
    LONGEST,
    Block,
    Parse,
    Unreadable,
    checked_columns,
    halving,
    text_of,
)
from fwf.connectors.shared.errors import BadData

_csv: Final[Any] = pyarrow.csv


class Dialect(NamedTuple):
    """How a file writes values."""

    delimiter: str = ","
    null: str | None = None
    """What a value is written as that isn't there; None if each is."""
    encoding: str = "utf-8"


def csv_rows(schema: pa.Schema, header: Sequence[str], dialect: Dialect) -> Parse:
    """The schema of a table and the names of the file's columns ⟶ how lines become one."""
    convert = partial(_table, schema, list(header), dialect)
    return halving(convert, partial(_reason, schema, list(header), dialect), schema)


def _table(schema: pa.Schema, header: list[str], dialect: Dialect, block: Block) -> pa.Table:
    """Lines ⟶ their table; raises what says that one of them is bad."""
    content = block.content
    if not content.isascii() or b"\0" in content:
        text_of(content)
    if b'"' in content:
        _check_quotes(block)
    table: pa.Table = _csv.read_csv(
        pa.py_buffer(content),
        read_options=_csv.ReadOptions(
            column_names=header, use_threads=False, block_size=len(content) + 1
        ),
        parse_options=_csv.ParseOptions(delimiter=dialect.delimiter, ignore_empty_lines=False),
        convert_options=_csv.ConvertOptions(
            column_types={field.name: field.type for field in schema},
            include_columns=schema.names,
            null_values=[] if dialect.null is None else [dialect.null],
            strings_can_be_null=dialect.null is not None,
            quoted_strings_can_be_null=False,
        ),
    )
    if table.num_rows != len(block):
        raise Unreadable("it is no single row")
    return checked_columns(table, schema, nul=False)


def _check_quotes(block: Block) -> None:
    quotes = np.flatnonzero(np.frombuffer(block.content, np.uint8) == ord('"'))
    if (np.diff(np.searchsorted(quotes, block.ends)) % 2).any():
        raise Unreadable("a quote isn't closed: a value has no line end in it")


def _reason(schema: pa.Schema, header: list[str], dialect: Dialect, block: Block) -> str:
    """Why a line can't be read, without what it says."""
    for field in schema:
        try:
            _table(pa.schema([field]), header, dialect, block)
        except (pa.ArrowException, Unreadable) as error:
            if "Expected" in str(error):
                return f"it has not the {len(header)} columns of the file"
            return f"column {field.name!r} is no {field.type}"
    return "it is no row"


# The file's first line, and its encoding


def header_of(
    chunks: Iterable[bytes], schema: pa.Schema, dialect: Dialect, key: str
) -> tuple[list[str], Iterator[bytes]]:
    """A file's bytes ⟶ the names in its first line, and the other lines.

    Raises `BadData` for a column that is declared and not there, and for a name that stands twice.
    """
    rest = iter(chunks)
    begin = b""
    for chunk in rest:
        begin += chunk
        if b"\n" in chunk or len(begin) > LONGEST:
            break
    line, _, left = begin.partition(b"\n")
    names = _names(line, dialect, key) if line.strip() else []
    duplicates = sorted({name for name in names if names.count(name) > 1})
    missing = [name for name in schema.names if name not in names]
    if duplicates:
        raise BadData(f"{key}: the name {duplicates[0]!r} stands twice in its first line")
    if missing and (names or left.strip()):
        raise BadData(f"{key}: its first line doesn't name {', '.join(map(repr, missing))}")
    return names, _and_then(left, rest)


def _names(line: bytes, dialect: Dialect, key: str) -> list[str]:
    with suppress(csv.Error, Unreadable):
        text = text_of(line.removesuffix(b"\r"))
        return next(csv.reader([text], delimiter=dialect.delimiter, strict=True))
    raise BadData(f"{key}: its first line is no line of names")


def _and_then(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def in_utf8(chunks: Iterable[bytes], encoding: str, key: str) -> Iterator[bytes]:
    """Bytes of an encoding ⟶ the same text in UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for chunk in chain(filter(None, chunks), [b""]):
        text = _in_utf8(decoder, chunk)
        if text is None:
            raise BadData(f"{key}: it is not {encoding}")
        yield text


def _in_utf8(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bytes | None:
    """The text in UTF-8; None if it is none. An empty chunk is the end."""
    try:
        return decoder.decode(chunk, final=not chunk).encode()
    except UnicodeError:
        return None
