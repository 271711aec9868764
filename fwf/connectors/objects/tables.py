"""How do objects become tables, and tables objects? Lines and Parquet, in parts and published."""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet

from fwf.connectors.objects import manifests
from fwf.connectors.objects.access_log import ACCESS_LOG, access_log
from fwf.connectors.objects.client import Found, Objects
from fwf.connectors.objects.csv_rows import Dialect, csv_rows, header_of, in_utf8
from fwf.connectors.objects.json_lines import json_lines
from fwf.connectors.objects.json_written import written_lines
from fwf.connectors.objects.lines import AtMost, Keep, Lines, Parse, read_lines, without_mark
from fwf.connectors.objects.manifests import Manifest, Part, Swept
from fwf.connectors.objects.unpacking import unpack
from fwf.connectors.shared.digest import Digest
from fwf.connectors.shared.errors import OTHER_KEY, BadData, Conflict, KeyReused, Missing, Refused
from fwf.connectors.shared.parquet import Batches, parquet_chunks

_parquet: Final[Any] = pyarrow.parquet
FEW: Final = AtMost(100, 0.01)
PLAIN: Final = Dialect()


class Store(Objects):
    """The objects below a URL. Several threads may use it at once; it has nothing to close."""

    # Lines

    def read_json_lines(
        self, key: str, schema: pa.Schema, *, at_most: AtMost = FEW, keep: Keep = "text"
    ) -> Lines:
        """The declared columns of an object whose lines are JSON objects."""
        return self._lines(key, json_lines(schema), schema, at_most, keep)

    def read_access_log(self, key: str, *, at_most: AtMost = FEW, keep: Keep = "text") -> Lines:
        """The requests in a web server's log, common or combined: the columns of `ACCESS_LOG`."""
        return self._lines(key, access_log, ACCESS_LOG, at_most, keep)

    def read_csv(
        self,
        key: str,
        schema: pa.Schema,
        *,
        dialect: Dialect = PLAIN,
        has_header: bool = True,
        at_most: AtMost = FEW,
        keep: Keep = "text",
    ) -> Lines:
        """The declared columns of a CSV file, by the names in its first line, or in order."""
        where = self.where(key)
        chunks = unpack(self.chunks(key), where)
        if dialect.encoding != "utf-8":
            chunks = in_utf8(chunks, dialect.encoding, where)
        chunks, header = without_mark(chunks), list(schema.names)
        if has_header:
            header, chunks = header_of(chunks, schema, dialect, where)
        parse = csv_rows(schema, header, dialect)
        first = 2 if has_header else 1
        return read_lines(chunks, parse, schema, key=key, at_most=at_most, keep=keep, first=first)

    def _lines(
        self, key: str, parse: Parse, schema: pa.Schema, at_most: AtMost, keep: Keep
    ) -> Lines:
        chunks = without_mark(unpack(self.chunks(key), self.where(key)))
        return read_lines(chunks, parse, schema, key=key, at_most=at_most, keep=keep)

    def write_json_lines(self, key: str, table: pa.Table, *, packed: bool = False) -> Part:
        """Write a table as JSON lines, in place of any other object of this key.

        Raises `BadData`, by column, for what JSON has no form of: NaN and infinity, bytes, spans of
        time, maps.
        """
        content = written_lines(table, self.where(key))
        if packed:
            content = gzip.compress(content, mtime=0)
        self.put(key, content)
        return Part(key, table.num_rows, len(content))

    # Parquet

    def read_parquet(self, key: str, schema: pa.Schema) -> pa.Table:
        """The declared columns of a Parquet file; raises `BadData` for one of another type."""
        where = self.where(key)
        content = self.get(key)
        table = _table_of(content, schema, where)
        nulls = [
            f"column {field.name!r} has {column.null_count} nulls"
            for field, column in zip(schema, table.columns, strict=True)
            if column.null_count and not field.nullable
        ]
        if nulls:
            raise BadData(f"{where}: {'; '.join(nulls)}")
        return pa.table(table.columns, schema=schema)

    def write_parquet(self, folder: str, table: Batches, *, by: str) -> Part:
        """Write a part, seen by nobody before it is published; a reader is never held as a whole.

        by: the idempotency key of the step.
        """
        key = manifests.part_key(folder, by)
        size = _PartSize()
        self.put(key, size.of(parquet_chunks(table, size.count)))
        return Part(key, size.rows, size.size)

    # Published

    def publish(
        self, folder: str, parts: Iterable[Part], *, by: str, replace: bool = False
    ) -> Manifest:
        """Let these parts, and only these, be what the folder holds, by one conditional request.

        What is there with the same rows is taken for this, whose answer was lost: it is given back.
        Raises `KeyReused` where the same step published other data, and `Refused` where another
        did, unless `replace`; `Conflict` if somebody else publishes at this moment.
        """
        key = manifests.manifest_key(folder)
        where = self.where(key)
        manifest = manifests.manifest_of(folder, list(parts), by, where)
        self._check_parts(manifest, where)
        content = manifests.manifest_bytes(manifest, where)
        head = self.head(key)
        if head is None and self.create(key, content):
            return manifest
        there = self.manifest(folder)
        if there is None:
            raise Conflict(f"{where}: it was there a moment ago; now it isn't")
        is_same = there.parts == manifest.parts
        if is_same or ((there.by == by or not replace) and self._same_rows(there, manifest)):
            return there
        if there.by == by:
            raise KeyReused(f"{where}: this step published other data; {OTHER_KEY}")
        if not replace:
            raise Refused(f"{where}: other data are published; replace=True puts these in place")
        if head is None or not self.replace(head, content):
            raise Conflict(f"{where}: somebody else publishes at this moment")
        return manifest

    def _same_rows(self, a: Manifest, b: Manifest) -> bool:
        """Whether two manifests name the same rows: a retry may read them in another order."""
        return a.rows == b.rows and self._digest(a) == self._digest(b)

    def _digest(self, manifest: Manifest) -> str | None:
        """The digest of all rows; None if there is no part, the keys where types differ."""
        digest: Digest | None = None
        schema = None
        for part in manifest.parts:
            file = _parquet_file(self.get(part.key), self.where(part.key))
            if schema is not None and not schema.equals(file.schema_arrow):
                return repr(manifest.parts)
            schema = file.schema_arrow
            digest = digest or Digest(schema)
            digest.update(file.iter_batches())
        return digest.text if digest else None

    def _check_parts(self, manifest: Manifest, where: str) -> None:
        """What was swept, or cut, isn't published."""
        sizes = {each.key: each.size for each in self.list(f"{manifest.folder}/part-")}
        missing = sum(sizes.get(part.key) != part.size for part in manifest.parts)
        if missing:
            raise Missing(
                f"{where}: {missing} of {len(manifest.parts)} parts aren't there (any more)"
            )

    def manifest(self, folder: str) -> Manifest | None:
        """What is published in a folder; None if nothing is."""
        key = manifests.manifest_key(folder)
        head = self.head(key)
        if head is None:
            return None
        content = self.read(head, at_most=manifests.LARGEST)
        return manifests.read(content, folder, self.where(key))

    def read_published(self, folder: str, schema: pa.Schema) -> pa.Table:
        """The rows of all parts that are published; raises `Missing` if nothing is."""
        there = self.manifest(folder)
        if there is None:
            raise Missing(f"{self.where(folder)}: nothing is published")
        tables = [self.read_parquet(part.key, schema) for part in there.parts]
        return pa.concat_tables([schema.empty_table(), *tables])

    def sweep(self, prefix: str, *, older: timedelta, now: datetime | None = None) -> Swept:
        """Remove parts below a prefix that no manifest names and that are older than a time.

        Only what has the name of a part is removed. Uploads that were cut lie in S3 where no list
        shows them: a lifecycle rule of the bucket (AbortIncompleteMultipartUpload) ends them.
        """
        before = (now or datetime.now(UTC)) - older
        old = [each for each in self.list(prefix) if manifests.is_part(each.key)]
        old = [each for each in old if each.modified < before]
        orphans = list(self._orphans(old))
        self.delete(each.key for each in orphans)
        return Swept(len(orphans), sum(each.size for each in orphans))

    def _orphans(self, objects: list[Found]) -> Iterator[Found]:
        names: dict[str, set[str]] = {}
        for each in objects:
            folder = manifests.folder_of(each.key)
            if folder not in names:
                there = self.manifest(folder)
                names[folder] = {part.key for part in there.parts} if there else set()
            if each.key not in names[folder]:
                yield each


class _PartSize:
    """What is known of bytes that have gone by."""

    def __init__(self) -> None:
        self.rows = self.size = 0

    def count(self, rows: int) -> None:
        self.rows += rows

    def of(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            yield chunk


def _table_of(content: bytes, schema: pa.Schema, where: str) -> pa.Table:
    """The declared columns of a Parquet file."""
    file = _parquet_file(content, where)
    _check_columns(file.schema_arrow, schema, where)
    table: pa.Table | None = None
    with suppress(pa.ArrowException, OSError):
        table = file.read(columns=schema.names)
    if table is None:
        raise BadData(f"{where}: it is damaged Parquet")
    return table.select(schema.names)


def _parquet_file(content: bytes, where: str) -> Any:
    """A Parquet file, of which nothing is read but what it says of itself."""
    with suppress(pa.ArrowException, OSError):
        return _parquet.ParquetFile(pa.BufferReader(content))
    raise BadData(f"{where}: it is no Parquet, or it is damaged")


def _check_columns(actual: pa.Schema, schema: pa.Schema, where: str) -> None:
    wrong: list[str] = []
    for field in schema:
        count = actual.names.count(field.name)
        if count != 1:
            wrong.append(f"column {field.name!r} is there {count} times")
        elif actual.field(field.name).type != field.type:
            wrong.append(
                f"column {field.name!r} is {actual.field(field.name).type}, not {field.type}"
            )
    if wrong:
        raise BadData(f"{where}: {'; '.join(wrong)}")
