"""Which types do run parameters have in a query, whatever their values are?

DuckDB gives a parameter the type of its value: `3` is an INTEGER, `3_000_000_000` a BIGINT, and
each `Decimal` has the type of its own digits. So would the columns that are made of it. Here each
type of Python has one in SQL.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Final, cast
from uuid import UUID

import duckdb

from fwf.connectors.shared.errors import BadData

DIGITS: Final = 38
SCALE: Final = 10
TYPES: Final[Mapping[type, str]] = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    Decimal: f"DECIMAL({DIGITS},{SCALE})",
    date: "DATE",
    datetime: "TIMESTAMPTZ",
    time: "TIME",
    timedelta: "INTERVAL",
    UUID: "UUID",
}
"""A moment without a zone is one of UTC. A decimal has ten digits behind the point, at most."""
EXAMPLES: Final[Mapping[type, object]] = {
    str: "",
    int: 0,
    float: 0.0,
    bool: False,
    Decimal: Decimal(0),
    date: date(2000, 1, 1),
    datetime: datetime(2000, 1, 1, tzinfo=UTC),
    time: time(),
    timedelta: timedelta(),
    UUID: UUID(int=0),
}


def examples(types: Mapping[str, type]) -> dict[str, Any]:
    """Run parameters by type ⟶ values of these types, to bind a query with."""
    return bound_values({name: EXAMPLES[kind] for name, kind in types.items()}, "sql")


def bound_values(params: Mapping[str, object], where: str) -> dict[str, Any]:
    """Run parameters ⟶ as DuckDB takes them; raises `BadData` for one that has no such type."""
    return {name: _bind(value, f"{where}: parameter {name!r}") for name, value in params.items()}


def type_of(value: object, where: str) -> type:
    """A value ⟶ which of the types it has; raises `TypeError` for another."""
    kind = next((each for each in type(value).__mro__ if each in TYPES), None)
    if kind is None:
        names = ", ".join(each.__name__ for each in TYPES)
        raise TypeError(f"{where} is a {type(value).__qualname__}; a query takes one of {names}")
    return kind


def _bind(value: object, where: str) -> Any:
    kind = type_of(value, where)
    argument: Any = value
    if kind is datetime and argument.tzinfo is None:
        argument = argument.replace(tzinfo=UTC)
    elif kind is time and argument.tzinfo is not None:
        raise BadData(f"{where}: a time of a zone has no type in Arrow; give it without")
    elif kind is Decimal:
        argument = str(_with_scale(argument, where))
    elif kind is int and not -(2**63) <= argument < 2**63:
        raise BadData(f"{where}: needs to fit 64 bits; give larger ones as a Decimal")
    return cast(Any, duckdb.Value)(argument, TYPES[kind])


def _with_scale(value: Decimal, where: str) -> Decimal:
    """A decimal with ten digits behind the point, if it is that one."""
    with localcontext(prec=DIGITS):
        try:
            exact = value.quantize(Decimal(1).scaleb(-SCALE))
        except InvalidOperation:
            exact = None
    if exact is None or exact != value:
        raise BadData(
            f"{where}: needs at most {DIGITS - SCALE} digits before the point and {SCALE} behind it"
        )
    return exact
