"""Which columns does a query give? Asked of DuckDB, with empty tables, before data moves."""

import re
from collections.abc import Mapping
from typing import Any, Final

import duckdb
import pyarrow as pa

from fwf.connectors.shared.identifiers import names_alike
from fwf.connectors.sql.engine import AnswerColumns, Connection, open_connection
from fwf.connectors.sql.marks import marked_line, message_of, only
from fwf.connectors.sql.parameters import examples
from fwf.connectors.sql.statement import check
from fwf.faults import near

NOT_IN_ARROW: Final[Mapping[str, str]] = {
    "UHUGEINT": "DECIMAL(38,0)",
    "BIGNUM": "DECIMAL(38,0)",
    "BIT": "VARCHAR",
    "TIME WITH TIME ZONE": "TIME",
    "VARIANT": "JSON",
    "GEOMETRY": "VARCHAR",
    "UNION": "VARCHAR",
}
"""Types of which Arrow has no like, and what a column may be cast to."""
WIDE: Final = "HUGEINT"
OF_NO_ROWS: Final = ("SELECT * FROM (\n", "\n) LIMIT 0")
"""What is put around a query whose columns are asked for, however long it would take to run."""
DESCRIBE: Final = "DESCRIBE "
NO_COLUMN: Final = re.compile(r'Values list "(.*)" does not have a column named "(.*)"')
QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
"""What stands in a type's text as it is: names of fields, and the texts of an ENUM."""


def bind(
    sql: str, schemas: Mapping[str, pa.Schema], types: Mapping[str, type], where: str
) -> AnswerColumns:
    """Query, schemas of its tables, types of its parameters ⟶ what it gives.

    Raises `ValueError` for what can't be bound, with the place in the query marked.
    """
    for name, schema in schemas.items():
        _check_schema(name, schema, where)
    with open_connection() as connection:
        for name, schema in schemas.items():
            _register(connection, name, schema, where)
        body = check(connection, sql, schemas, types, where)
        try:
            return _answer(connection, body, examples(types), where)
        except duckdb.Error as error:
            text, place = message_of(error, len(DESCRIBE))
            columns = [name for schema in schemas.values() for name in schema.names]
            place = place or only(sql, text)
            raise ValueError(
                f"{where}: {_binding_problem(text, columns)}{marked_line(sql, place)}"
            ) from None


def _answer(connection: Connection, body: str, values: dict[str, Any], where: str) -> AnswerColumns:
    description = connection.execute(DESCRIBE + body, values).fetchall()
    none = connection.sql(body.join(OF_NO_ROWS), params=values)
    schema: pa.Schema = none.to_arrow_reader(1).schema
    kinds = {str(name): QUOTED.sub("", str(kind)) for name, kind, *_ in description}
    _check_names([str(name) for name, *_ in description], where)
    for name, kind in kinds.items():
        _check_kind(name, kind, where)
    return AnswerColumns(schema, tuple(name for name, kind in kinds.items() if _has(kind, WIDE)))


def _binding_problem(text: str, columns: list[str]) -> str:
    """What DuckDB says of a query; of a column of a table that is registered it says it badly."""
    match = NO_COLUMN.fullmatch(text)
    return (
        f"table {match[1]!r} has no column {match[2]!r}{near(match[2], columns)}" if match else text
    )


def _has(kind: str, part: str) -> bool:
    return re.search(rf"\b{part}\b", kind) is not None


# What is declared, and what is given


def _check_schema(name: str, schema: pa.Schema, where: str) -> None:
    at = f"{where}: table {name!r}"
    if not schema.names:
        raise ValueError(f"{at} declares no columns, and SQL has no such tables; declare one")
    if "" in schema.names:
        raise ValueError(f"{at} has a column without a name, which SQL can't ask for; name it")
    pair = names_alike(schema.names)
    if pair is not None:
        raise ValueError(
            f"{at} has columns {pair[0]!r} and {pair[1]!r}: SQL doesn't tell large letters from "
            "small ones in names; rename one before"
        )


def _register(connection: Connection, name: str, schema: pa.Schema, where: str) -> None:
    try:
        connection.register(name, schema.empty_table())
    except (duckdb.Error, pa.ArrowException) as error:
        text = message_of(error).text if isinstance(error, duckdb.Error) else str(error)
        raise ValueError(
            f"{where}: table {name!r} has a column of a type that DuckDB has no like of: {text}"
        ) from None


def _check_names(names: list[str], where: str) -> None:
    pair = names_alike(names)
    if pair is not None:
        raise ValueError(
            f"{where}: two columns of the answer are named {pair[0]!r} and {pair[1]!r}: give each "
            "a name of its own with AS; SQL doesn't tell large letters from small ones"
        )


def _check_kind(name: str, kind: str, where: str) -> None:
    for other, like in NOT_IN_ARROW.items():
        if _has(kind, other):
            raise ValueError(
                f"{where}: column {name!r} is {kind}, which Arrow has no like of; give it as "
                f"another type: CAST(… AS {like})"
            )
