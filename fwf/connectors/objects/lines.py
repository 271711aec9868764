"""How do lines become a table, and what becomes of those that can't? They are set aside.

Lines end at the byte `\\n`, so that a bad one has its number; a blank one is no line of data.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Annotated, Any, Final, Generic, Literal, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute
from typing_extensions import TypeVar

from fwf.connectors.shared.errors import BadData
from fwf.connectors.shared.schemas import is_text

compute: Final[Any] = pyarrow.compute  # its stubs know few of the types that it takes
_schema: Final[Any] = pa.schema
_array: Final[Any] = pa.array

BLOCK: Final = 4 << 20
"""So many bytes of lines are parsed together."""
LONGEST: Final = 256 << 20
"""Bytes of a line: what has no end is no line."""
MOST_TEXT: Final = 10_000
"""So many characters of a bad line are kept."""
BLANK: Final = r"^[ \t\r\n\v\f]*$"
MARK: Final = b"\xef\xbb\xbf"
"""What some programs write at the beginning of UTF-8."""

Keep: TypeAlias = Literal["text", "digest"]

BAD_LINES: Final = _schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("number", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
    ]
)
"""The columns of what is set aside: the object, the line's number from 1, what is wrong with it,
what it says or the digest of that. What it says is data, and may be personal: it goes where the
data may go, and into no message."""


T = TypeVar("T", default=pa.Table)


class Lines(NamedTuple, Generic[T]):
    """The lines of an object as a table, and as another (`BAD_LINES`) those that aren't in it.

    `Lines[Annotated[pa.Table, SCHEMA]]` says which columns the table has, as the readers do.
    """

    table: T
    bad: Annotated[pa.Table, BAD_LINES]


class AtMost(NamedTuple):
    """So many bad lines are set aside, and no greater share of all lines; past either it fails.

    A count alone lets a short file be all garbage, a share alone lets a long one hold a lot of it.
    """

    lines: int
    share: float


class Unreadable(Exception):
    """A line says nothing that was expected; the message says why, without what it says."""


class ParsedLines(NamedTuple):
    """The table of some lines, and which of them, counted from 0, are not in it, and why."""

    table: pa.Table
    bad: list[tuple[int, str]]


class Block(NamedTuple):
    """Whole lines, none of them blank, each with its end."""

    content: bytes
    ends: Any
    """Where each line begins, and where the last one ends: an array of int32."""

    def __len__(self) -> int:
        return len(self.ends) - 1

    @property
    def array(self) -> Any:
        """The lines as an Arrow array of binaries; nothing is copied."""
        buffers = [None, pa.py_buffer(self.ends), pa.py_buffer(self.content)]
        return pa.Array.from_buffers(pa.binary(), len(self), buffers)

    def line(self, place: int) -> bytes:
        """A line without its end."""
        return self.content[self.ends[place] : self.ends[place + 1] - 1]

    def part(self, start: int, end: int) -> "Block":
        """Some of the lines, those from `start` to before `end`."""
        first = self.ends[start]
        return Block(self.content[first : self.ends[end]], self.ends[start : end + 1] - first)


Parse: TypeAlias = Callable[[Block, int], ParsedLines]
"""Lines, and how many bad ones are of interest ⟶ what they say; with more bad lines than that it
may stop."""


def block_of(content: bytes) -> Block:
    """Bytes whose lines all have an end ⟶ the block of them."""
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")) + 1
    return Block(content, np.concatenate([[0], ends]).astype(np.int32))


def read_lines(
    chunks: Iterable[bytes],
    parse: Parse,
    schema: pa.Schema,
    *,
    key: str,
    at_most: AtMost,
    keep: Keep = "text",
    first: int = 1,
) -> Lines:
    """An object's bytes ⟶ its lines; raises `BadData` past the bound, with counts and reasons.

    first: the number of the first line.
    """
    tables = [schema.empty_table()]
    bad: list[tuple[int, str, str]] = []
    total = 0
    for block, numbers in _blocks(chunks, key, first):
        table, unreadable = parse(block, at_most.lines - len(bad))
        tables.append(table)
        total += len(block)
        bad += (
            (numbers[at], reason, _kept_text(block.line(at), keep)) for at, reason in unreadable
        )
        if len(bad) > at_most.lines:
            break
    if len(bad) > at_most.lines or len(bad) > at_most.share * total:
        raise BadData(_too_many(key, bad, total, at_most))
    rows = [[key] * len(bad), *([each[i] for each in bad] for i in range(3))]
    columns = [_array(c, field.type) for c, field in zip(rows, BAD_LINES, strict=True)]
    return Lines(pa.concat_tables(tables), pa.table(columns, schema=BAD_LINES))


def _too_many(key: str, bad: list[tuple[int, str, str]], total: int, at_most: AtMost) -> str:
    reasons = list(dict.fromkeys(reason for _, reason, _ in bad))[:3]
    return (
        f"{key}: {len(bad)} of {total} lines are bad, the first is line {bad[0][0]} "
        f"({'; '.join(reasons)}); allowed are {at_most.lines} and a share of {at_most.share:g}"
    )


def _kept_text(line: bytes, keep: Keep) -> str:
    line = line.removesuffix(b"\r")
    if keep == "digest":
        return f"sha256:{sha256(line).hexdigest()}"
    text = line[:MOST_TEXT].decode(errors="backslashreplace").replace("\0", "\\x00")
    return text if len(line) <= MOST_TEXT else f"{text}… ({len(line)} bytes)"


def _blocks(chunks: Iterable[bytes], key: str, first: int) -> Iterator[tuple[Block, Any]]:
    """Chunks ⟶ their lines in blocks, and the number of each line."""
    for content in _whole_lines(chunks, key):
        block = block_of(content)
        numbers = np.arange(first, first + len(block))
        first += len(block)
        blank = compute.match_substring_regex(block.array, BLANK)
        if compute.any(blank).as_py():
            with_text = compute.invert(blank)
            numbers = numbers[with_text.to_numpy(zero_copy_only=False)]
            block = block_of(b"".join(block.array.filter(with_text).to_pylist()))
        if len(block):
            yield block, numbers.tolist()


def _whole_lines(chunks: Iterable[bytes], key: str) -> Iterator[bytes]:
    """Chunks ⟶ larger ones, each of whole lines; the last line gets an end, if it has none."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1 if size + len(chunk) >= BLOCK else 0
        if end:
            yield b"".join([*parts, chunk[:end]])
            parts, size = [], 0
        parts.append(chunk[end:])
        size += len(parts[-1])
        if size > LONGEST:
            raise BadData(f"{key}: a line has more than {LONGEST} bytes")
    if size:
        last = b"".join(parts)
        yield last if last.endswith(b"\n") else last + b"\n"


def without_mark(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes without a byte-order mark of UTF-8 at their beginning."""
    rest = iter(chunks)
    begin = b""
    for chunk in rest:
        begin += chunk
        if len(begin) >= len(MARK):
            break
    yield begin.removeprefix(MARK)
    yield from rest


def text_of(line: bytes) -> str:
    """A line as text; raises `Unreadable` for what no text column can hold."""
    if b"\0" in line:
        raise Unreadable("it holds the character NUL")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8") from None


def halving(
    convert: Callable[[Block], pa.Table], reason: Callable[[Block], str], schema: pa.Schema
) -> Parse:
    """A conversion of many lines that fails when one is bad ⟶ one that finds those, by halves."""

    def parse(block: Block, limit: int) -> ParsedLines:
        tables = [schema.empty_table()]
        bad: list[tuple[int, str]] = []
        pending = [(0, len(block))]
        while pending and len(bad) <= limit:
            start, end = pending.pop()
            part = block.part(start, end)
            try:
                tables.append(convert(part))
            except (pa.ArrowException, Unreadable) as error:
                if end - start == 1:
                    bad.append((start, str(error) if _ours(error) else reason(part)))
                else:
                    middle = (start + end) // 2
                    pending += [(middle, end), (start, middle)]
        return ParsedLines(pa.concat_tables(tables), bad)

    return parse


def _ours(error: Exception) -> bool:
    """Whether a text holds nothing of what the line says."""
    return isinstance(error, Unreadable)


# What readers of any format look for in the columns that they made


def checked_columns(table: pa.Table, schema: pa.Schema, *, nul: bool) -> pa.Table:
    """The table, of this schema; raises `Unreadable` for NUL in a text, and a null where none is.

    nul: whether there may be such a character at all.
    """
    for column, field in zip(table.columns, schema, strict=True):
        if column.null_count and not field.nullable:
            raise Unreadable(f"column {field.name!r} is missing or null")
        if (
            nul
            and _texts(column)
            and compute.any(compute.match_substring(_texts(column), "\0")).as_py()
        ):
            raise Unreadable(f"column {field.name!r} holds the character NUL")
    return pa.table(table.columns, schema=schema)


def _texts(column: Any) -> Any:
    """The texts of a column, also of those in lists; None if it has none."""
    while pa.types.is_list(column.type):
        column = compute.list_flatten(column)
    return column if is_text(column.type) else None
