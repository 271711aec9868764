"""Which tasks touch PostgreSQL? A query, ranges of a key, a query of one range, a load."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from fwf.algebra import checked_fields
from fwf.algebra.nodes import Task
from fwf.connectors.postgres.arriving import INFINITY, Infinity
from fwf.connectors.postgres.database import Database
from fwf.connectors.postgres.parameters import parse_query
from fwf.connectors.postgres.ranges import HIGH, LOW
from fwf.connectors.postgres.targets import target_of
from fwf.connectors.postgres.values import Loaded, Range
from fwf.connectors.shared.declared_tables import declared_table
from fwf.connectors.shared.identifiers import (
    TableName,
    column_name,
    dataset,
    plain_table,
    table_parts,
)
from fwf.connectors.shared.leaf import (
    Parameter,
    Parameters,
    arguments,
    check_parameters,
    leaf,
    names_of,
    parameter_types,
)
from fwf.connectors.shared.loads import partition_types
from fwf.connectors.shared.schemas import check_schema, table_type

DIALECT = "postgres"


def query(
    sql: str,
    *,
    database: str,
    name: str = "query",
    params: Mapping[str, Parameter] | None = None,
    schema: pa.Schema | None = None,
    infinity: Infinity = "fail",
    reads: Sequence[str] = (),
    dialect: str = DIALECT,
) -> Task[object, pa.Table]:
    """_ ⟶ Table: the rows of a query, of one moment. It can change nothing.

        orders = query(
            "SELECT id, amount FROM orders WHERE day = $day",
            database="shop_db",
            params={"day": date},
            schema=pa.schema({"id": pa.int64(), "amount": pa.decimal128(10, 2)}),
            reads=["postgres://shop_db/orders"],
        )
        patient = retry(orders, attempts=3, wait=backoff(seconds(1)), on=Transient)

    sql: a SELECT. `$day` stands for the run parameter `day`, which is bound.
    database: the resource's name; `database(url)` opens it.
    params: run parameters by type, or with a default.
    schema: the columns, in this order; what comes is brought into these types, or is `BadData`. A
        numeric without bounds, such as a sum, needs one. For all types see `postgres.arriving`.
    infinity: "null" makes an infinite date or time NULL; else it's `BadData`, with the count.
    dialect: "postgres"; it stands in the config for those who read the SQL.

    Raises `Unreachable` or another `Transient`, where asking again helps; `Missing`,
    `Unauthorized`, `BadData` or another `Permanent`, where it doesn't.
    """
    where = "postgres.query"
    types, plain_params = _query_parameters(where, sql, params, schema, infinity, dialect)

    def query(**injected: Any) -> pa.Table:
        db: Database = injected[database]
        values = {each: injected[each] for each in types}
        return db.read(sql, values, schema=schema, infinity=infinity)

    config = {"sql": sql, "name": name, "params": plain_params}
    return _query_task(query, config, types, database, schema, infinity, reads)


def key_ranges(
    *, table: TableName, column: str, parts: int, database: str, name: str = "key_ranges"
) -> Task[object, list[Range]]:
    """_ ⟶ list[Range]: a table's keys in about `parts` ranges of one width, for `range_query`.

        ranges = key_ranges(table="orders", column="id", parts=8, database="shop_db")
        one = range_query("SELECT id, amount FROM orders", column="id", database="shop_db")
        orders = ranges >> map_each(retry(one, attempts=3, on=Transient), at_once=4)

    column: whole numbers, dates or times, best with an index: its least and greatest value are
        asked for. The ranges hold each row once, also rows that come later, or have no key.

    **The ranges are not of one moment**: each is read when its turn comes, and a row whose key
    changes meanwhile may be in two of them or in none. Cut by a key that never changes; what has
    to be of one moment is read by one `query`.
    """
    where = "postgres.key_ranges"
    target = table_parts(table, where)
    key = column_name(column, f"{where}(column=…)")
    checked_fields.at_least(parts, 1, where, "parts", "part")

    def key_ranges(**injected: Any) -> list[Range]:
        db: Database = injected[database]
        return db.ranges(target, key, parts=parts)

    return leaf(
        key_ranges,
        name=name,
        config=arguments(
            table=plain_table(table), column=column, parts=parts, database=database, name=name
        ),
        effect="read",
        output=list[Range],
        resources={database: Database},
        reads=(dataset(DIALECT, database, target),),
    )


def range_query(
    sql: str,
    *,
    column: str,
    database: str,
    name: str = "range_query",
    params: Mapping[str, Parameter] | None = None,
    schema: pa.Schema | None = None,
    infinity: Infinity = "fail",
    reads: Sequence[str] = (),
    dialect: str = DIALECT,
) -> Task[Range, pa.Table]:
    """Range ⟶ Table: the rows of a query whose `column` is in the range; see `key_ranges`.

    column: one of the columns that the query gives. An index on it is used where the query does
        nothing that has to see all rows first.

    The other arguments, and errors, are those of `query`.
    """
    where = "postgres.range_query"
    key = column_name(column, f"{where}(column=…)")
    types, plain_params = _query_parameters(where, sql, params, schema, infinity, dialect)
    for each in (LOW, HIGH):
        if each in types:
            raise ValueError(f"{where}(params=…): {each!r} is the name of a range's end")

    def range_query(within: Range, /, **injected: Any) -> pa.Table:
        db: Database = injected[database]
        values = {each: injected[each] for each in types}
        return db.read_range(sql, key, within, values, schema=schema, infinity=infinity)

    config = {"sql": sql, "column": column, "name": name, "params": plain_params}
    inputs = {"within": Range}
    return _query_task(range_query, config, types, database, schema, infinity, reads, inputs)


def load(
    *,
    table: TableName,
    schema: pa.Schema,
    database: str,
    key: Sequence[str] = (),
    partition: Mapping[str, Any] | None = None,
    name: str = "load",
    writes: Sequence[str] | None = None,
) -> Task[pa.Table, Loaded]:
    """Table ⟶ Loaded: put rows into a table, once: merged by key, for a partition, or added.

    One transaction of one connection: the ledger `fwf_ledger` (made where there is none) is asked
    for the step's idempotency key, under a lock on it; rows are staged in a temporary table, looked
    at, cast to the target's types and put there; the ledger gets a row. So it is done whole or not
    at all. With the same key and the same rows, in whatever order, nothing changes a second time
    (`repeated=True`); with the same key and other rows it's `KeyReused`.

        keep = load(table="orders", key=["id"], schema=ORDERS, database="shop_db")
        patient = retry(keep, attempts=3, wait=backoff(seconds(1)), on=Transient)

    table: `"sales"`, `"shop.sales"` or `("shop", "sales")`; its columns are found by name.
    schema: what arrives: these columns, in any order.
    key: rows that are there by these columns are changed, the others added; the table needs a
        primary key or unique index of exactly these columns.
    partition: `{"day": date}`: the rows of the day that the run parameter `day` names are deleted,
        and these are put in their place. Other loads of the partition wait; writers that aren't
        loads don't. Without key and partition rows are added.
    writes: the dataset's name; `postgres://DATABASE/TABLE` if None.

    Refused before anything is changed, as `BadData` with column and count: NULL in a key, keys that
    stand twice, rows of another partition, values that a cast would change (1.5 for a bigint, a
    text that is too long), NULs in texts.

    Raises `Unreachable` or another `Transient`, after which nothing is left; `MaybeDone` where the
    answer to COMMIT was lost and the ledger can't be asked, after which the same load finds out.
    """
    where = "postgres.load"
    check_schema(schema, where)
    types = partition_types(partition or {}, where)
    target = target_of(table, key, types, schema.names, where)

    def load(rows: pa.Table, **injected: Any) -> Loaded:
        db: Database = injected[database]
        return db.load(
            declared_table(rows, schema, f"load of {target.name}"),
            table=target.parts,
            idempotency_key=injected["idempotency_key"],
            key=target.key,
            partition={column: injected[column] for column in types},
        )

    return leaf(
        load,
        name=name,
        config=arguments(
            table=plain_table(table),
            schema=schema,
            database=database,
            key=list(key) or None,
            partition={column: kind.__name__ for column, kind in types.items()},
            name=name,
            writes=names_of(writes),
        ),
        effect="idempotent",
        inputs={"rows": table_type(schema)},
        output=Loaded,
        params=types,
        resources={database: Database},
        key="idempotency_key",
        writes=(dataset(DIALECT, database, target.parts),) if writes is None else writes,
    )


def _query_parameters(
    where: str,
    sql: str,
    params: Mapping[str, Parameter] | None,
    schema: pa.Schema | None,
    infinity: str,
    dialect: str,
) -> tuple[Parameters, dict[str, object]]:
    """Checked arguments of a query ⟶ its run parameters, and what the config holds of them."""
    if dialect != DIALECT:
        raise ValueError(f"{where}(dialect={dialect!r}): needs {DIALECT!r}")
    checked_fields.one_of(infinity, INFINITY, f"{where}(infinity=…)")
    if schema is not None:
        check_schema(schema, where)
    types, plain = parameter_types(params or {}, where)
    check_parameters(parse_query(sql, where).names, types, where, "$")
    return types, plain


def _query_task(
    fn: Callable[..., pa.Table],
    config: dict[str, Any],
    types: Parameters,
    database: str,
    schema: pa.Schema | None,
    infinity: str,
    reads: Sequence[str],
    inputs: Mapping[str, Any] | None = None,
) -> Task[Any, pa.Table]:
    """The task of a function that reads; `config` has what is of it alone."""
    settings = arguments(
        **config,
        database=database,
        schema=schema,
        infinity=None if infinity == "fail" else infinity,
        reads=list(reads) or None,
    )
    return leaf(
        fn,
        name=config["name"],
        config=settings | {"dialect": DIALECT},
        effect="read",
        inputs=inputs,
        output=table_type(schema),
        params=types,
        resources={database: Database},
        reads=reads,
    )
