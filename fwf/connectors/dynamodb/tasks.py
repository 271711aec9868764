"""Which tasks touch DynamoDB? A batch of writes, a put, a transaction, a page of keys or items."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import pyarrow as pa

from fwf.algebra.nodes import Task
from fwf.connectors.dynamodb.batches import (
    BATCH,
    batches,
    check_schema,
    check_size,
    gone,
    items_of,
)
from fwf.connectors.dynamodb.items import Item, Write, Written, key_names, table_name
from fwf.connectors.dynamodb.table import Page, Stored, Tables
from fwf.connectors.shared import schemas as schemas  # how a schema stands in a config
from fwf.connectors.shared.leaf import Parameter, leaf, parameter_types
from fwf.types.declared_columns import SameColumns

TABLES: Final = "tables"
PAGE: Final = 1000
MOST: Final = 100_000
OF_KEYS: Final = (str, int, Decimal, date, datetime)
"""Types of run parameters that a partition key may have."""


def batch_write(
    *,
    table: str,
    key: Sequence[str],
    name: str,
    tables: str = TABLES,
    writes: Sequence[str] | None = None,
) -> Task[list[Write] | Written, Written]:
    """list[Write] | Written ⟶ Written: one BatchWriteItem of at most 25 puts and deletes.

    table, key: the table's name; the names of its partition key and, if it has one, sort key.
    name: the task's name.
    tables: the resource, opened by `dynamodb.tables`.
    writes: the dataset; `dynamodb://TABLES/TABLE` if not given.

    What DynamoDB hands back undone comes out as `unprocessed`. A `Written` as input goes on with
    what it has there. So a batch is written by a loop, with a pause where something is left, and a
    list of batches, as `batches` cuts it, by `map_each`:

    >>> from fwf import backoff, delay, it, loop_until, map_each, retry, seconds, when
    >>> from fwf.connectors.shared.errors import Transient
    >>> one = batch_write(table="profiles", key=["day", "customer"], name="write")
    >>> patient = retry(one, attempts=5, wait=backoff(seconds(1), cap=seconds(20)), on=Transient)
    >>> rest = it.unprocessed.length() > 0
    >>> whole = loop_until(patient >> when(rest, delay(seconds(1))), ~rest, limit=20)
    >>> every_batch = map_each(whole, at_once=4)

    Batch writes take no conditions. They are for items that may be written twice, since key and
    content decide what is there in the end: an attempt that comes late puts its item in the place
    of a newer one. A batch is no transaction: after a failure, some of it may be there.

    Before anything is sent all is checked that would be refused in the middle: types, digits,
    sizes, empty keys, and two writes of one key (BadData, by attribute and count). Sizes are those
    of the Amazon DynamoDB API reference, "BatchWriteItem": 25 writes, 16 MB, 400 KB an item.
    """
    settings = _settings("batch_write", table, key, name, tables, writes)

    def written(batch: list[Write] | Written, **resources: Tables) -> Written:
        before, todo = batch if isinstance(batch, Written) else Written(0, batch)
        count, left = resources[tables].write(table, todo, key=key)
        return Written(before + count, left)

    accepts: Any = list[Write] | Written
    gives: Any = Annotated[Written, SameColumns]
    return leaf(written, **settings, effect="idempotent", inputs={"given": accepts}, output=gives)


def put(
    *,
    table: str,
    key: Sequence[str],
    name: str,
    tables: str = TABLES,
    writes: Sequence[str] | None = None,
) -> Task[Item, Stored]:
    """Item ⟶ Stored: one PutItem, if nothing has its key, or this step put it there before.

    The arguments are those of `batch_write`.

    The item is put with the idempotency key and the digest of its content, as `fwf_key` and
    `fwf_digest`, on the condition that there is none of its key. Where there is one, DynamoDB gives
    it back: with our key and content it is the work of an attempt whose answer was lost, which is
    a success; else it is `KeyReused`. So it is safe in a `retry`, however late, and never writes
    over an item that is there.

    >>> from fwf import backoff, retry, seconds
    >>> from fwf.connectors.shared.errors import Transient
    >>> one = put(table="orders", key=["id"], name="keep_order")
    >>> safe = retry(one, attempts=5, wait=backoff(seconds(1)), on=Transient)
    """
    settings = _settings("put", table, key, name, tables, writes)

    def stored(item: Item, *, own_key: str, **resources: Tables) -> Stored:
        return resources[tables].put(table, item, key=key, own_key=own_key)

    return leaf(
        stored,
        **settings,
        effect="idempotent",
        inputs={"item": Item},
        output=Stored,
        key="own_key",
    )


def transact(
    *,
    table: str,
    key: Sequence[str],
    name: str,
    tables: str = TABLES,
    writes: Sequence[str] | None = None,
) -> Task[list[Write], Stored]:
    """list[Write] ⟶ Stored: at most 100 puts and deletes and 4 MB, all of them or none.

    The arguments are those of `batch_write`.

    Items are put as by `put`, and the request carries a token made of the idempotency key: for ten
    minutes DynamoDB knows it, and other writes under the same key are `KeyReused`. After that the
    items' conditions tell; a `Delete` has none, so one that comes that late may take away a newer
    item, and other items under the same key are recognised where they have keys of the first.

    >>> from fwf import backoff, retry, seconds
    >>> from fwf.connectors.shared.errors import Transient
    >>> one = transact(table="orders", key=["id"], name="keep_orders")
    >>> safe = retry(one, attempts=5, wait=backoff(seconds(1)), on=Transient)
    """
    settings = _settings("transact", table, key, name, tables, writes)

    def stored(changes: list[Write], *, own_key: str, **resources: Tables) -> Stored:
        return resources[tables].transact(table, changes, key=key, own_key=own_key)

    return leaf(
        stored,
        **settings,
        effect="idempotent",
        inputs={"changes": list[Write]},
        output=Stored,
        key="own_key",
    )


def query(
    *,
    table: str,
    key: Sequence[str],
    params: Mapping[str, Parameter],
    name: str,
    tables: str = TABLES,
    limit: int = PAGE,
    reads: Sequence[str] | None = None,
) -> Task[Item | None, Page]:
    """Cursor | None ⟶ Page: one page of the items of a partition.

    params: the one run parameter that is the partition key's value: `{"day": date}`.
    limit: items of a page at most; DynamoDB ends one after 1 MB.
    reads: the dataset; `dynamodb://TABLES/TABLE` if not given. Other arguments as `batch_write`.

    A page shows what was written before it was asked for; all of them together are not one moment.

    >>> from datetime import date
    >>> from fwf import paginate
    >>> page = query(table="profiles", key=["day", "customer"], params={"day": date}, name="held")
    >>> held = paginate(page, limit=1000)
    """
    settings = _reading("query", table, key, params, name, tables, limit, reads)

    def page(after: Item | None, **injected: Any) -> Page:
        partition, source = _partition_and_tables(injected, tables)
        return source.page(table, partition, key=key, after=after, limit=limit)

    return leaf(page, **settings)


def query_keys(
    *,
    table: str,
    key: Sequence[str],
    params: Mapping[str, Parameter],
    name: str,
    tables: str = TABLES,
    limit: int = PAGE,
    reads: Sequence[str] | None = None,
) -> Task[Item | None, Page]:
    """Cursor | None ⟶ Page: one page of the keys of a partition; otherwise as `query`."""
    settings = _reading("query_keys", table, key, params, name, tables, limit, reads)

    def page(after: Item | None, **injected: Any) -> Page:
        partition, source = _partition_and_tables(injected, tables)
        return source.page(table, partition, key=key, after=after, limit=limit, only_keys=True)

    return leaf(page, **settings)


def replacement(
    *, schema: pa.Schema, key: Sequence[str], name: str, size: int = BATCH
) -> Task[tuple[pa.Table, list[Item]], list[Written]]:
    """Table, keys that are held ⟶ batches: each row is put, and what is held without a row deleted.

    schema: of the table; its columns are checked here by the types that have a place in DynamoDB.
    key: the columns that are partition key and, if there is one, sort key.
    size: writes in a batch, at most 25.

    So a partition is replaced, in steps that may all be done again:

    >>> from datetime import date
    >>> from fwf import graph, it, loop_until, map_each, paginate, pure
    >>> day = pa.schema({"day": pa.date32(), "customer": pa.int64(), "orders": pa.int64()})
    >>> place = {"table": "profiles", "key": ["day", "customer"]}
    >>> held = paginate(query_keys(**place, params={"day": date}, name="held"), limit=1000)
    >>> cut = replacement(schema=day, key=["day", "customer"], name="cut")
    >>> one = loop_until(batch_write(**place, name="write"), it.unprocessed.length() == 0, limit=9)
    >>> @graph
    ... def replace_day(rows):
    ...     return map_each(one)(cut(rows, pure(it.items)(held())))

    For a while readers see some of the new items beside some of the old ones.
    """
    names = list(key_names(key, "replacement"))
    check_schema(schema, "replacement", key=names)
    check_size(size, "replacement")
    config = {"schema": schema, "key": names, "name": name}

    def changes(rows: pa.Table, held: list[Item]) -> list[Written]:
        items = items_of(rows)
        return batches([*items, *gone(held, items, key=names)], key=names, size=size)

    inputs = {"rows": Annotated[pa.Table, schema], "held": list[Item]}
    return leaf(
        changes,
        name=name,
        config=config | ({"size": size} if size != BATCH else {}),
        effect="pure",
        inputs=inputs,
        output=list[Annotated[Written, SameColumns]],
    )


def _reading(
    factory: str,
    table: str,
    key: Sequence[str],
    params: Mapping[str, Parameter],
    name: str,
    tables: str,
    limit: int,
    reads: Sequence[str] | None,
) -> dict[str, Any]:
    """What the tasks that read say of themselves alike."""
    place = _place(factory, table, key, name, tables)
    types, plain = parameter_types(params, factory)
    if len(types) != 1 or tables in types:
        raise ValueError(
            f"{factory}(params={dict(params)!r}): needs one run parameter, whose value is that of "
            f"{place['config']['key'][0]!r}, and which isn't the resource {tables!r}"
        )
    (kind,) = types.values()
    if kind not in OF_KEYS:
        raise TypeError(
            f"{factory}(params={dict(params)!r}): the value of a key is one of "
            f"{', '.join(each.__name__ for each in OF_KEYS)}"
        )
    if not 1 <= limit <= MOST:
        raise ValueError(f"{factory}(limit={limit!r}): a page has 1 to {MOST:,} items")
    place["config"] |= {"params": plain}
    place["config"] |= {"limit": limit} if limit != PAGE else {}
    place["config"] |= {"reads": list(reads)} if reads is not None else {}
    return place | {
        "effect": "read",
        "inputs": {"after": Item | None},
        "output": Page,
        "params": types,
        "reads": reads if reads is not None else [f"dynamodb://{tables}/{table}"],
    }


def _partition_and_tables(injected: Mapping[str, Any], tables: str) -> tuple[object, Tables]:
    """The one run parameter, and the resource."""
    (partition,) = (value for name, value in injected.items() if name != tables)
    return partition, injected[tables]


def _settings(
    factory: str,
    table: str,
    key: Sequence[str],
    name: str,
    tables: str,
    writes: Sequence[str] | None,
) -> dict[str, Any]:
    """What the tasks that write say of themselves alike: name, config, resource and dataset."""
    place = _place(factory, table, key, name, tables)
    place["config"] |= {"writes": list(writes)} if writes is not None else {}
    return place | {"writes": writes if writes is not None else [f"dynamodb://{tables}/{table}"]}


def _place(factory: str, table: str, key: Sequence[str], name: str, tables: str) -> dict[str, Any]:
    names = list(key_names(key, factory))
    config = {"table": table_name(table, factory), "key": names, "name": name}
    return {
        "name": name,
        "config": config | ({"tables": tables} if tables != TABLES else {}),
        "resources": {tables: Tables},
    }
