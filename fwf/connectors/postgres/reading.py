"""How do rows of a query come? By COPY, in one transaction that can change nothing."""

from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa

from fwf.connectors.postgres.arriving import Arriving, Infinity, arriving, dimensions_sql
from fwf.connectors.postgres.connections import Session
from fwf.connectors.postgres.errors import drivers
from fwf.connectors.postgres.parameters import Query, bind
from fwf.connectors.shared.errors import BadData
from fwf.connectors.shared.identifiers import sql_name
from fwf.faults import counted

WHAT: Final = "query"
BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


@contextmanager
def reading(
    session: Session,
    query: Query,
    values: Mapping[str, object],
    schema: pa.Schema | None,
    infinity: Infinity,
) -> Generator[pa.RecordBatchReader, None, None]:
    """The rows of a query; where they aren't read to their end, the connection is closed."""
    bound = bind(query, values)
    session.rows(BEGIN, WHAT)
    if bound.values:
        session.rows(bound.set_sql, WHAT, bound.values)
    ways = arriving(session.schema(bound.sql, WHAT), schema, infinity)
    _check_dimensions(session, bound.sql, ways)
    is_read = False
    with session.batches(bound.sql, WHAT) as batches, ThreadPoolExecutor(1) as worker:

        def rows() -> Iterator[pa.RecordBatch]:
            nonlocal is_read
            yield from _convert(session, batches, ways, worker)
            is_read = True

        yield pa.RecordBatchReader.from_batches(ways.schema, rows())
        if not is_read:
            session.close()
    if is_read:
        session.rows("ROLLBACK", WHAT)


def _convert(
    session: Session, batches: pa.RecordBatchReader, ways: Arriving, worker: ThreadPoolExecutor
) -> Iterator[pa.RecordBatch]:
    """Batches as they are asked for; one is made of the driver's while the next is fetched."""
    before: Future[pa.RecordBatch] | None = None
    while (batch := _next(session, batches)) is not None:
        future = worker.submit(ways.batch, batch)
        if before is not None:
            yield before.result()
        before = future
    if before is not None:
        yield before.result()


def _next(session: Session, batches: Any) -> pa.RecordBatch | None:
    try:
        batch: pa.RecordBatch = batches.read_next_batch()
    except StopIteration:
        return None
    except drivers() as error:
        trouble = session.error_of(error, WHAT)
    else:
        return batch
    raise trouble


def _check_dimensions(session: Session, sql: str, ways: Arriving) -> None:
    """Raise where arrays have two dimensions: the driver tells them as one list, flattened."""
    if not ways.arrays:
        return
    (counts,) = session.rows(dimensions_sql(sql, ways.arrays, sql_name), WHAT)
    for name, count in zip(ways.arrays, counts, strict=True):
        if count:
            raise BadData(
                f"column {name!r}: {counted(count, 'array')} of two dimensions or more, which "
                f"would come flattened; cast it in the query: to_jsonb({name})"
            )
