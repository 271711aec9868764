"""Where do names stand in SQL, and what do values become?"""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from fwf.connectors.postgres import Database
from fwf.connectors.postgres.parameters import bind, parse_query
from fwf.connectors.shared.leaf import check_parameters

PLACES: list[tuple[str, tuple[str, ...]]] = [
    ("SELECT $a", ("a",)),
    ("SELECT $a + $b + $a", ("a", "b", "a")),
    ("SELECT '$a', $b", ("b",)),
    ("SELECT 'it''s $a', $b", ("b",)),
    (r"SELECT E'\'$a', $b", ("b",)),
    (r"SELECT 'c:\', $b", ("b",)),
    ('SELECT "$a" + "x""$a", $b', ("b",)),
    ("SELECT 1 -- $a\n, $b", ("b",)),
    ("SELECT 1 /* $a /* $a */ $a */, $b", ("b",)),
    ("SELECT $$ $a $$, $b", ("b",)),
    ("SELECT $q$ $a $$ ' $q$, $b", ("b",)),
    ("SELECT x$a, $b", ("b",)),
    ("SELECT $größe", ("größe",)),
    ("SELECT tags[1:$b], x::int, ':a'", ("b",)),
    ("SELECT $a::date", ("a",)),
    ("SELECT x ->> $a, x @> $b", ("a", "b")),
    ("SELECT 1 /* never closed $a", ()),
]


@pytest.mark.parametrize(("sql", "names"), PLACES)
def test_a_name_counts_where_it_stands_for_a_value(sql: str, names: tuple[str, ...]) -> None:
    query = parse_query(sql, "query")
    assert query.names == names
    assert query.text({name: f"${name}" for name in names}) == sql


WRONG: list[tuple[Any, type[Exception], str]] = [
    ("", ValueError, "needs a query"),
    (" \n", ValueError, "needs a query"),
    ("SELECT '\0'", ValueError, "NUL in it; this has one at 8"),
    ("SELECT $1", ValueError, r"\$1 has no name; write \$name"),
    (7, TypeError, "7 is not a text"),
]


@pytest.mark.parametrize(("sql", "kind", "said"), WRONG)
def test_what_is_no_query_is_refused(sql: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        parse_query(sql, "query")


def test_names_and_params_have_to_be_the_same() -> None:
    query = parse_query("SELECT $day", "query")
    with pytest.raises(
        ValueError, match=r"\$day is not among params=\['dya'\]; did you mean 'dya'"
    ):
        check_parameters(query.names, {"dya": date}, "query", "$")
    with pytest.raises(ValueError, match=r"'limit' does not stand in the query; write \$limit"):
        check_parameters(query.names, {"day": date, "limit": int}, "query", "$")


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
numbers = st.decimals(allow_nan=False, allow_infinity=False)
VALUES: dict[str, tuple[st.SearchStrategy[Any], pa.DataType]] = {
    "boolean": (st.booleans(), pa.bool_()),
    "bigint": (st.integers(-(2**63), 2**63 - 1), pa.int64()),
    "float8": (st.floats(allow_nan=False), pa.float64()),
    "text": (texts, pa.string()),
    "bytea": (st.binary(), pa.binary()),
    "date": (st.dates(), pa.date32()),
    "timestamp": (st.datetimes(), pa.timestamp("us")),
    "timestamptz": (
        st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(timezone.max)),
        pa.timestamp("us", "UTC"),
    ),
    "time": (st.times(), pa.time64("us")),
    "numeric(60, 20)": (
        st.decimals(-(10**30), 10**30, allow_nan=False, places=20),
        pa.decimal256(60, 20),
    ),
}


def test_values_arrive_as_they_were(shop: Database) -> None:
    @given(st.fixed_dictionaries({f"v{n}": kind for n, (kind, _) in enumerate(VALUES.values())}))
    def property(values: dict[str, Any]) -> None:
        columns = ", ".join(f"$v{n}::{kind} AS v{n}" for n, kind in enumerate(VALUES))
        schema = pa.schema({f"v{n}": kind for n, (_, kind) in enumerate(VALUES.values())})
        (row,) = shop.read(f"SELECT {columns}", values, schema=schema).to_pylist()
        assert row == values
        assert {name: type(each) for name, each in row.items()} == {
            name: type(each) for name, each in values.items()
        }

    property()


TYPES: list[tuple[Any, str]] = [
    (True, "boolean"),
    (2**63 - 1, "bigint"),
    (2**63, "numeric"),
    (1.5, "double precision"),
    ("x", "text"),
    (b"\0", "bytea"),
    (Decimal("1E+5"), "numeric"),
    (date(1, 1, 1), "date"),
    (datetime(2026, 7, 1), "timestamp without time zone"),
    (datetime(2026, 7, 1, tzinfo=UTC), "timestamp with time zone"),
    (time(1), "time without time zone"),
    (timedelta(days=-400, microseconds=1), "interval"),
    (UUID(int=7), "uuid"),
]


@pytest.mark.parametrize(("value", "kind"), TYPES)
def test_a_value_has_its_type_in_the_query(shop: Database, value: Any, kind: str) -> None:
    assert shop.read("SELECT pg_typeof($v)::text AS t", {"v": value}).to_pylist() == [{"t": kind}]
    assert shop.read("SELECT $v = $v AS same", {"v": value}).to_pylist() == [{"same": True}]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, TypeError),
        ([1], TypeError),
        ({}, TypeError),
        ("a\0b", ValueError),
        ("\ud800", ValueError),
        (Decimal("NaN"), ValueError),
        (time(1, tzinfo=UTC), ValueError),
    ],
)
def test_a_value_that_cannot_be_bound_is_refused(value: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        bind(parse_query("SELECT $v", "query"), {"v": value})


@given(texts)
def test_a_value_is_in_no_sql(text: str) -> None:
    query = parse_query("SELECT $v", "query")
    one, other = (bind(query, {"v": each}) for each in (text, "another"))
    assert one[:2] == other[:2] and one.sql.endswith("text)\n") and one.values == (text,)
