"""Which tasks load a table into Redshift, and read one of its results?

Each is one attempt of one thing; the waiting between them is `poll`'s. The batch that loads goes on
when the run is gone: its id is a value before anybody waits for it, and the token that it is given
with is made of the step's idempotency key, so that a restart finds it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import pyarrow as pa

from fwf.algebra.contract import Effect
from fwf.algebra.nodes import Task
from fwf.connectors.redshift.checks import check_query
from fwf.connectors.redshift.columns import Widths, columns_of
from fwf.connectors.redshift.statements import PREPARE
from fwf.connectors.redshift.targets import check_target
from fwf.connectors.redshift.values import Loaded, Rows, Staged, Statement, Status
from fwf.connectors.redshift.warehouse import Warehouse
from fwf.connectors.shared import schemas as schemas  # how a schema stands in a config
from fwf.connectors.shared.identifiers import TableName, dataset, plain_table
from fwf.connectors.shared.leaf import (
    Parameter,
    arguments,
    check_parameters,
    leaf,
    names_of,
    parameter_types,
)
from fwf.connectors.shared.loads import checked_columns, partition_types
from fwf.types.declared_columns import SameColumns


def stage(
    *,
    warehouse: str,
    schema: pa.Schema,
    key: Sequence[str] = (),
    varchar: Widths | None = None,
    name: str = "stage",
    writes: Sequence[str] = (),
) -> Task[pa.Table, Staged]:
    """Table ⟶ Staged: put its rows into S3 as Parquet, under a manifest of exact keys and lengths.

    Everything lies under the digest of the rows, so that doing it twice changes nothing. Looked at
    before it is sent, with columns and counts in the error (`BadData`): types, lengths of texts in
    bytes, NULs, times that don't fit microseconds, NULLs in the key and keys that stand twice.

    warehouse: the resource's name.
    schema: what the table has to have: the same columns, in any order.
    key: columns by which rows are told apart, as for `submit`.
    varchar: lengths of columns in bytes: `{"name": 30}`; 65,535 where none is given.
    """
    widths = dict(varchar or {})
    columns_of(schema, widths, "redshift.stage")
    keys = checked_columns(key, schema.names, "redshift.stage(key=…)")

    def stage(table: pa.Table, **resources: Any) -> Staged:
        dw: Warehouse = resources[warehouse]
        return dw.stage(table, schema=schema, key=keys, varchar=widths)

    return leaf(
        stage,
        name=name,
        config=arguments(
            warehouse=warehouse, schema=schema, key=list(keys) or None, varchar=widths, name=name,
            writes=list(writes) or None,
        ),
        effect="idempotent",
        inputs={"table": Annotated[pa.Table, schema]},
        output=Annotated[Staged, SameColumns],
        resources={warehouse: Warehouse},
        writes=tuple(writes),
    )  # fmt: skip


def submit(
    *,
    warehouse: str,
    table: TableName,
    schema: pa.Schema,
    key: Sequence[str] = (),
    partition: Mapping[str, Any] | None = None,
    name: str = "submit",
    writes: Sequence[str] | None = None,
) -> Task[Staged, Statement]:
    """Staged ⟶ Statement: give Redshift the one batch that loads it, and come back at once.

    One transaction: it locks the ledger first, looks the idempotency key up, copies to a temporary
    table, looks at keys there, changes the target and writes the ledger. With the same key and the
    same rows it changes nothing a second time, whoever gives it; with the same key and other rows
    it fails as `KeyReused`. Where a batch of this key goes on or is done, that is the answer.

    table: `"sales"`, `"dw.sales"` or `("dw", "sales")`; its columns are found by name.
    key: rows are merged by these columns: those that are there are changed, the others added.
    partition: `{"day": date}`: the rows of the day that the run parameter `day` names are deleted,
        and these are put in their place. Without key and partition rows are added.
    writes: the dataset's name; `redshift://WAREHOUSE/TABLE` if None.
    """
    where = "redshift.submit"
    types = partition_types(partition or {}, where)
    columns_of(schema, {}, where)
    parts = check_target(where, table, key, list(types), schema.names)

    def submit(source: Staged, **injected: Any) -> Statement:
        dw: Warehouse = injected[warehouse]
        return dw.submit(
            source,
            table=parts,
            key=list(key),
            partition={column: injected[column] for column in types},
            idempotency_key=injected["idempotency_key"],
        )

    return leaf(
        submit,
        name=name,
        config=arguments(
            warehouse=warehouse,
            table=plain_table(table),
            schema=schema,
            key=list(key) or None,
            partition={column: kind.__name__ for column, kind in types.items()},
            name=name,
            writes=names_of(writes),
        ),
        effect="idempotent",
        inputs={"staged": Staged},
        output=Statement,
        params=types,
        resources={warehouse: Warehouse},
        key="idempotency_key",
        writes=table_dataset(warehouse, parts) if writes is None else writes,
    )


def status(*, warehouse: str, name: str = "status") -> Task[Statement, Status]:
    """Statement ⟶ Status: ask once how it is doing; a failed one raises what it failed of.

    Asked again by `poll`, which has the bound:

        poll(status(warehouse="dw"), it.ended, every=seconds(2), limit=900, within=minutes(30))

    Raises `KeyReused`, `BadData`, `Missing`, `Unauthorized` or another `Permanent`, which the same
    load doesn't help; `Conflict` (error 1023, a deadlock) or another `Transient`, after which
    `retry` may start the load again. A statement that was stopped is at its end, too.
    """

    def status(statement: Statement, **resources: Any) -> Status:
        dw: Warehouse = resources[warehouse]
        return dw.status(statement)

    return _call_task(status, warehouse, name, "read", Status, statement=Statement)


def cancel(*, warehouse: str, name: str = "cancel") -> Task[Statement, Statement]:
    """Statement ⟶ Statement: ask for it to be stopped; whether it was in time, `status` tells."""

    def cancel(statement: Statement, **resources: Any) -> Statement:
        dw: Warehouse = resources[warehouse]
        return dw.cancel(statement)

    return _call_task(cancel, warehouse, name, "idempotent", Statement, statement=Statement)


def loaded(*, warehouse: str, name: str = "loaded") -> Task[Status, Loaded]:
    """Status of a load that is finished ⟶ Loaded: how many rows, and whether they were there."""

    def loaded(end: Status, **resources: Any) -> Loaded:
        dw: Warehouse = resources[warehouse]
        return dw.loaded(end.statement)

    return _call_task(loaded, warehouse, name, "read", Loaded, ended=Status)


def query(
    sql: str,
    *,
    warehouse: str,
    params: Mapping[str, Parameter] | None = None,
    name: str = "query",
    reads: Sequence[str] = (),
    dialect: str = "redshift",
) -> Task[object, Statement]:
    """_ ⟶ Statement: give Redshift a SELECT, whose result is asked for when it has ended.

        asked = query("SELECT day FROM sales WHERE day > :since", warehouse="dw",
                      params={"since": date})
        asked >> poll(status(warehouse="dw"), it.ended, …) >> rows(warehouse="dw")

    params: run parameters by type, or with a default; they are bound to `:name` by the API, as
        texts to which Redshift gives the type. None can't be bound.
    dialect: "redshift"; it stands in the config for those who read the SQL.
    """
    where = "redshift.query"
    if dialect != "redshift":
        raise ValueError(f"{where}(dialect={dialect!r}): needs 'redshift'")
    names = check_query(sql, f"{where}(sql=…)")
    types, plain_params = parameter_types(params or {}, where)
    check_parameters(sorted(names), types, where, ":")

    def query(**injected: Any) -> Statement:
        dw: Warehouse = injected[warehouse]
        return dw.execute(sql, {each: injected[each] for each in types})

    return leaf(
        query,
        name=name,
        config=arguments(
            sql=sql, warehouse=warehouse, params=plain_params, name=name,
            reads=list(reads) or None,
        ) | {"dialect": dialect},
        effect="read",
        output=Statement,
        params=types,
        resources={warehouse: Warehouse},
        reads=reads,
    )  # fmt: skip


def rows(*, warehouse: str, name: str = "rows") -> Task[Status, Rows]:
    """Status of a query that is finished ⟶ Rows: the first page of its result.

    A page has `items` and `next`. Decimals, dates and times are texts, as the Data API has them.
    """

    def rows(end: Status, **resources: Any) -> Rows:
        dw: Warehouse = resources[warehouse]
        return dw.rows(end.statement)

    return _call_task(rows, warehouse, name, "read", Rows, ended=Status)


def ledger(*, warehouse: str, name: str = "ledger") -> Task[object, Statement]:
    """_ ⟶ Statement: make the table `fwf_ledger`, unless it is there; `prepare` waits for it."""

    def ledger(**resources: Any) -> Statement:
        dw: Warehouse = resources[warehouse]
        return dw.execute(PREPARE)

    return _call_task(ledger, warehouse, name, "idempotent", Statement)


def table_dataset(warehouse: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a table for `writes`."""
    return (dataset("redshift", warehouse, parts),)


def _call_task(
    fn: Callable[..., Any], warehouse: str, name: str, effect: Effect, output: Any, **inputs: Any
) -> Task[Any, Any]:
    """The task of a function that asks the warehouse one thing, and is told nothing else."""
    return leaf(
        fn,
        name=name,
        config=arguments(warehouse=warehouse, name=name),
        effect=effect,
        inputs=inputs,
        output=output,
        resources={warehouse: Warehouse},
    )
