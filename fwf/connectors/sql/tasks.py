"""Which task makes a table of tables, by a query?"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias, cast

import pyarrow as pa

from fwf.algebra.nodes import Task
from fwf.algebra.workflow import AnyWorkflow, Workflow
from fwf.connectors.shared.identifiers import names_alike
from fwf.connectors.shared.leaf import Parameter, leaf, parameter_types
from fwf.connectors.shared.schemas import to_plain
from fwf.connectors.sql.binding import bind
from fwf.connectors.sql.engine import answer
from fwf.connectors.sql.parameters import type_of
from fwf.types import table_types
from fwf.types.hints import name_of

ColumnsSource: TypeAlias = Any
"""What says which columns a table has: a `pa.Schema`, `Annotated[pa.Table, SCHEMA]`, or a task (or
workflow) whose output is declared so."""
READ_BY_OTHERS: tuple[str, ...] = ("dialect", "columns", "table")
"""Keys of a config that mean something to lineage."""


def sql(
    sql: str,
    *,
    name: str,
    params: Mapping[str, Parameter] | None = None,
    inputs: Sequence[str] | None = None,
    **tables: ColumnsSource,
) -> Task[Any, pa.Table]:
    """Tables ⟶ Table: a query of DuckDB's SQL over its inputs, as a pure task.

    Each keyword is an input, and the name of its table in the query; its value says which columns
    it has: a `pa.Schema`, `Annotated[pa.Table, SCHEMA]`, or the task that gives it.

    >>> ORDERS = pa.schema({"id": pa.int64(), "amount": pa.decimal128(10, 2), "in": pa.string()})
    >>> RATES = pa.schema({"in": pa.string(), "rate": pa.decimal128(8, 4)})
    >>> in_usd = sql(
    ...     'SELECT id, amount * rate AS usd FROM orders JOIN rates USING ("in") ORDER BY id',
    ...     name="in_usd", orders=ORDERS, rates=RATES,
    ... )
    >>> schema_of(in_usd)
    id: int64
    usd: decimal128(18, 6)
    >>> largest = sql("SELECT max(usd) AS usd FROM sales", name="largest", sales=in_usd)

    Its inputs are what `par` gives: `par(orders, rates) >> in_usd >> largest`.

    Which columns the query gives is asked when the task is made, with empty tables: a misspelt one
    raises `ValueError` then, so that `fwf check` shows it, with its place in the query marked. The
    output is declared with them, `Annotated[pa.Table, …]`, and so are the inputs: what is put
    before and behind is checked when it is built, and tables when they arrive.

    params: run parameters by type, `{"day": date}`, or with a default, `{"least": Decimal(0)}`; the
        query calls them $day and $least. An int is a BIGINT, a Decimal a DECIMAL(38,10), a datetime
        a TIMESTAMPTZ: CAST one where the type matters.

    inputs: the order in which the tables come; as they are written, if it isn't given.

    The query is one SELECT, FROM, VALUES or WITH … SELECT. Refused when the task is made: other
    statements; tables that aren't inputs, files among them; functions of the clock, of chance or of
    settings (`now()`, `random()`, `uuid()`), for a run parameter can say the day; samples; a PIVOT
    whose columns come from rows; two columns of one name; types that Arrow has no like of. Moments
    are given in UTC. Where there is no ORDER BY, rows come in an order that is the same each time
    for the same inputs.

    A whole number that is summed is a `decimal128(38, 0)`, as DuckDB sums to 128 bits: write
    `sum(n)::BIGINT` for an `int64`.

    Raises when it runs: `BadData` (a `Permanent`) where a value isn't what the query makes of it,
    `Permanent` where there isn't enough memory; the messages hold no value. To do it again helps in
    neither case, so nothing is to be retried. Its plain function is `select`.
    """
    where = f"sql(name={name!r})"
    text = _checked_text(sql, name, tables, where)
    order = _order(inputs, tables, where)
    schemas = {each: _schema(tables[each], f"{where}, {each}=") for each in order}
    types, plain_params = parameter_types(params or {}, where)
    _apart(schemas, types, where)
    columns = bind(text, schemas, types, where)

    def query(*inputs: pa.Table, **params: object) -> pa.Table:
        return answer(text, dict(zip(schemas, inputs, strict=True)), params, columns, where)

    config: dict[str, object] = {"sql": text, "name": name, "params": plain_params, "inputs": order}
    return leaf(
        query,
        name=name,
        config={each: value for each, value in config.items() if value} | dict(schemas),
        effect="pure",
        inputs={each: Annotated[pa.Table, schema] for each, schema in schemas.items()},
        output=Annotated[pa.Table, columns.schema],
        params=types,
    )


def schema_of(workflow: AnyWorkflow) -> pa.Schema:
    """The columns that a task, or a workflow, is declared to give.

    Raises `TypeError` where none are: see `Annotated[pa.Table, SCHEMA]`.
    """
    if not isinstance(cast(object, workflow), Workflow):
        raise TypeError(f"schema_of({workflow!r}): needs a task or a workflow")
    gives = workflow.contract.output if isinstance(workflow, Task) else workflow.edge.gives
    declaration = table_types.table_type(gives)
    if declaration is None or not isinstance(declaration.schema, pa.Schema):
        label = workflow.described() if isinstance(workflow, Task) else "the workflow"
        raise TypeError(
            f"schema_of: {label} gives {name_of(gives)}, which declares no columns; write "
            "-> Annotated[pa.Table, pa.schema({…})]"
        )
    return declaration.schema


def select(
    sql: str,
    tables: Mapping[str, pa.Table] | None = None,
    params: Mapping[str, object] | None = None,
) -> pa.Table:
    """Query, tables by name, values of `$name` ⟶ its rows.

    For the body of a task, or a test of a query. Where the query is the same each time, `sql` makes
    a task of it, whose columns are known before it runs.

    >>> orders = pa.table({"id": [1, 2], "cents": [250, 999]})
    >>> select("SELECT id FROM orders WHERE cents > $least", {"orders": orders}, {"least": 500})
    pyarrow.Table
    id: int64
    ----
    id: [[2]]

    Raises `ValueError` for what isn't one query that only its inputs decide, with the place marked;
    `BadData` where a value isn't what the query makes of it: the message has no value.
    """
    tables, params = dict(tables or {}), dict(params or {})
    for name, table in tables.items():
        if not isinstance(cast(object, table), pa.Table):
            raise TypeError(f"select: {name!r} is a {type(table).__qualname__}; needs a pa.Table")
    schemas = {name: table.schema for name, table in tables.items()}
    types = {each: type_of(value, f"select: parameter {each!r}") for each, value in params.items()}
    return answer(sql, tables, params, bind(sql, schemas, types, "select"), "select")


def _checked_text(sql: object, name: object, tables: Mapping[str, Any], where: str) -> str:
    if not isinstance(sql, str):
        raise TypeError(f"{where}: the query is a {type(sql).__name__}; it needs to be a text")
    if not isinstance(name, str):
        raise TypeError(
            f"{where}: a task's name is a text; to have a table of that name, call it otherwise"
        )
    for each in tables:
        if not each.isidentifier():
            raise ValueError(f"{where}: table {each!r} needs a name that Python can write")
        if each in READ_BY_OTHERS:
            raise ValueError(
                f"{where}: no table can be called {', '.join(READ_BY_OTHERS)}, as these say "
                f"something else of a task; rename {each!r}"
            )
    pair = names_alike(tables)
    if pair is not None:
        raise ValueError(
            f"{where}: {pair[0]!r} and {pair[1]!r} are one table to SQL, which doesn't tell large "
            "letters from small ones in names; rename one"
        )
    return sql


def _order(inputs: Sequence[str] | None, tables: Mapping[str, Any], where: str) -> list[str]:
    """The names of tables in their order; a config doesn't keep that of keywords."""
    order = list(tables if inputs is None else inputs)
    if sorted(order) != sorted(tables):
        raise ValueError(
            f"{where}, inputs={order!r}: needs each of the tables once: {', '.join(tables)}"
        )
    return order


def _schema(kind: Any, where: str) -> pa.Schema:
    schema = _declared_schema(kind, where)
    for field in schema:
        try:
            to_plain(pa.schema([field]))
        except ValueError as error:
            raise ValueError(f"{where}: column {field.name!r}: {error}") from None
    return schema


def _declared_schema(kind: Any, where: str) -> pa.Schema:
    if isinstance(kind, pa.Schema):
        return kind
    if isinstance(kind, Workflow):
        return schema_of(kind)
    declaration = table_types.table_type(kind)
    if declaration is None or not isinstance(declaration.schema, pa.Schema):
        raise TypeError(
            f"{where}{kind!r}: which columns has this table? Needs a pa.Schema, "
            "Annotated[pa.Table, SCHEMA], or the task that gives it"
        )
    return declaration.schema


def _apart(schemas: Mapping[str, pa.Schema], types: Mapping[str, type], where: str) -> None:
    both = sorted(schemas.keys() & types.keys())
    if both:
        raise ValueError(f"{where}: {both[0]!r} is a table and a run parameter; rename one")
