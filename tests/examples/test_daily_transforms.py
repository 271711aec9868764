"""What the daily example works out, by its queries and plain functions, without running fwf."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from examples.daily.sources import rates_table
from examples.daily.tables import ORDERS
from examples.daily.targets import NOTHING, report
from examples.daily.transforms import (
    UnknownCurrency,
    customers,
    in_dollars,
    large_enough,
    sessions,
    unknown_currency,
    without_rate,
)
from fwf.connectors.objects import ACCESS_LOG, BAD_LINES
from tests.examples.conftest import table

DAY = date(1995, 9, 16)
SEVEN = datetime(1995, 9, 16, 7, tzinfo=UTC)


def hit(minutes: float = 0, user: str | None = None, host: str = "198.18.0.1") -> tuple[Any, ...]:
    """A hit so many minutes after seven."""
    at = SEVEN + timedelta(minutes=minutes)
    return (host, user, at, "GET", "/a", "HTTP/1.0", 200, 5, None, "Lynx/2.4")


def sessions_of(*hits: tuple[Any, ...]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sessions.fn(table(ACCESS_LOG, *hits)).to_pylist()
    return rows


def rates_of(**usd: str) -> pa.Table:
    return rates_table({currency: Decimal(worth) for currency, worth in usd.items()}, DAY)


def order_rows(*rows: tuple[int, int, str, str]) -> pa.Table:
    """Orders as (order, customer, currency, amount)."""
    found = [(o, c, f"customer {c}", "Peru", cur, 1, Decimal(amount)) for o, c, cur, amount in rows]
    return table(ORDERS, *found)


def priced(orders: pa.Table, rates: pa.Table, *hits: tuple[Any, ...]) -> pa.Table:
    return in_dollars.fn(orders, sessions.fn(table(ACCESS_LOG, *hits)), rates, day=DAY)


class TestSessions:
    def test_end_after_more_than_thirty_quiet_minutes(self) -> None:
        found = sessions_of(hit(), hit(30), hit(60.1))
        assert [row["hits"] for row in found] == [2, 1]

    def test_do_not_depend_on_the_order_of_lines(self) -> None:
        (found,) = sessions_of(hit(20), hit(0), hit(10))
        assert sessions_of(hit(10), hit(0), hit(20)) == [found]
        assert found["ended"] - found["started"] == timedelta(minutes=20)

    def test_belong_to_a_customer_at_any_address_or_to_a_stranger_at_one(self) -> None:
        found = sessions_of(
            hit(user="7", host="a"), hit(user="7", host="b"), hit(host="a"), hit(host="b")
        )
        assert Counter(row["customer_key"] for row in found) == {7: 1, None: 2}

    @pytest.mark.parametrize("user", ["frank", "", "٣", "-1", "9" * 19, "1 2"])
    def test_of_a_user_who_is_no_customer_are_a_strangers(self, user: str) -> None:
        (found,) = sessions_of(hit(user=user))
        assert found["customer_key"] is None

    def test_repeated_lines_are_hits_of_one_session(self) -> None:
        (found,) = sessions_of(*[hit(user="7")] * 3)
        assert found["hits"] == 3

    def test_over_midnight_are_one_in_the_logs_given(self) -> None:
        (found,) = sessions_of(hit(1019), hit(1021))
        assert found["hits"] == 2

    def test_of_no_hits_are_none(self) -> None:
        assert sessions_of() == []


class TestSales:
    def test_are_in_dollars_and_rounded_to_cents(self) -> None:
        given = order_rows((1, 1, "EUR", "123.45"), (2, 2, "IDR", "99.99"))
        found = priced(given, rates_of(EUR="1.0842", IDR="0.0000614"))
        assert found.column("amount_usd").to_pylist() == [Decimal("133.84"), Decimal("0.01")]

    def test_have_their_customers_sessions_and_hits_and_none_is_zero(self) -> None:
        given = order_rows((1, 1, "USD", "1"), (2, 1, "USD", "2"), (3, 2, "USD", "3"))
        visits = [hit(user="1"), hit(120, user="1"), hit(), hit(user="99")]
        found = priced(given, rates_of(USD="1"), *visits)
        rows = found.to_pylist()
        assert [(row["sessions"], row["hits"]) for row in rows] == [(2, 2), (2, 2), (0, 0)]
        assert customers.fn(found, day=DAY).column("sessions").to_pylist() == [2, 0]

    def test_of_exactly_the_smallest_amount_are_kept(self) -> None:
        given = order_rows((1, 1, "USD", "9.99"), (2, 1, "USD", "10.00"), (3, 2, "USD", "0.01"))
        found = large_enough.fn(priced(given, rates_of(USD="1")), min_amount=Decimal(10))
        assert found.column("order_key").to_pylist() == [2]
        assert customers.fn(found, day=DAY).column("customer_key").to_pylist() == [1]

    def test_are_added_up_by_customer(self) -> None:
        given = order_rows((1, 1, "USD", "10.00"), (2, 1, "USD", "2.50"), (3, 2, "USD", "1.00"))
        first, second = customers.fn(priced(given, rates_of(USD="1")), day=DAY).to_pylist()
        assert (first["orders"], first["amount_usd"]) == (2, Decimal("12.50"))
        assert (second["orders"], second["amount_usd"]) == (1, Decimal("1.00"))

    def test_without_a_rate_are_found_and_refused_rather_than_lost(self) -> None:
        given = order_rows((1, 1, "XXX", "1"), (2, 1, "USD", "1"), (3, 1, "AAA", "1"))
        found = priced(given, rates_of(USD="1"))
        assert found.num_rows == 3
        missing = without_rate.fn(found)
        with pytest.raises(UnknownCurrency, match="orders of 1995-09-16: no rate for AAA, XXX"):
            unknown_currency.fn(missing, day=DAY)

    def test_of_an_empty_day_are_none_even_without_rates(self) -> None:
        found = priced(order_rows(), rates_of())
        assert (found.num_rows, without_rate.fn(found).num_rows) == (0, 0)


class TestReport:
    def report_of(self, sales: pa.Table, loaded: dict[str, int], bad: int = 0) -> list[str]:
        lines = [("a.log.gz", number + 1, "no format", "junk") for number in range(bad)]
        found = report.fn(sales, table(BAD_LINES, *lines), sales, loaded, day=DAY)
        return str(found).splitlines()

    def test_says_what_was_loaded_and_what_a_reader_should_know(self) -> None:
        older = rates_table({"EUR": Decimal(1)}, DAY - timedelta(days=2))
        rates = pa.concat_tables([rates_of(USD="1"), older])
        sales = priced(order_rows((1, 1, "USD", "10"), (2, 1, "EUR", "1")), rates)
        assert self.report_of(sales, {"warehouse": 2, "profiles": 1, "CRM": 1}, bad=5) == [
            "1995-09-16: 2 of 2 orders, 11.00 USD",
            "orders at an earlier day's rate: 1",
            "log lines set aside: 5",
            "loaded into warehouse: 2",
            "loaded into profiles: 1",
            "loaded into CRM: 1",
        ]

    def test_of_an_empty_day_says_that_there_was_nothing_to_load(self) -> None:
        assert self.report_of(priced(order_rows(), rates_of()), NOTHING)[-1] == "nothing to load"
