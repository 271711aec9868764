from typing import Any

import pytest
from hypothesis import given, strategies as st
from psycopg import sql

from fwf.connectors.shared.identifiers import column_name, dataset, sql_name, table_parts
from fwf.interpreters.lineage.dataset_names import table_of


@given(st.lists(st.text(), min_size=1, max_size=2))
def test_a_name_is_refused_or_quoted_as_the_driver_quotes_it(given_: list[str]) -> None:
    try:
        parts = table_parts(tuple(given_), "load")
    except ValueError:
        bad = [p for p in given_ if not p or "\0" in p or len(p.encode(errors="replace")) > 63]
        assert bad or any("\ud800" <= sign <= "\udfff" for p in given_ for sign in p)
    else:
        assert sql_name(parts) == sql.Identifier(*parts).as_string()


@pytest.mark.parametrize(
    ("table", "kind", "said"),
    [
        ("", ValueError, "at least one character"),
        ("shop.", ValueError, "at least one character"),
        ("a.b.c", ValueError, "the database is the opener's"),
        ((), ValueError, "by itself or by schema and table"),
        ("a\0b", ValueError, "NUL"),
        ("\ud800", ValueError, "surrogate"),
        ("ä" * 32, ValueError, "64 bytes long, the database keeps 63"),
        (7, TypeError, "'schema.table'"),
        (b"orders", TypeError, "'schema.table'"),
        (("shop", 7), TypeError, "7 is a int; a name is a text"),
    ],
)
def test_what_is_no_name_is_refused(table: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        table_parts(table, "load")


def test_names_may_be_longer_where_the_database_keeps_more() -> None:
    assert column_name("x" * 127, "load", most_bytes=127) == "x" * 127


def test_a_dot_in_a_name_is_written_as_a_tuple() -> None:
    assert table_parts("a.b", "load") == ("a", "b")
    assert table_parts(("a.b",), "load") == ("a.b",)


@pytest.mark.parametrize("parts", [("orders",), ("shop", "orders"), ("a/b?c#d%e",)])
def test_a_dataset_of_a_table_ends_in_its_name(parts: tuple[str, ...]) -> None:
    named = dataset("postgres", "db", parts)
    assert named.startswith("postgres://db/")
    assert table_of(named) == named.removeprefix("postgres://db/")
