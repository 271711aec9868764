"""What the daily example works out, by its plain functions: `.fn`, without running fwf."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from examples.daily import access_log
from examples.daily.sources import rates_table
from examples.daily.tables import HITS, ORDERS, Hits, Loaded, Visits, table
from examples.daily.targets import empty_day, report
from examples.daily.transforms import UnknownCurrency, enrich, sessions

DAY = date(1995, 9, 16)


def hit_line(
    time: str = "16/Sep/1995:07:00:00 +0000", user: str = "-", host: str = "198.18.0.1"
) -> str:
    return f'{host} - {user} [{time}] "GET /a HTTP/1.0" 200 5 "-" "Lynx/2.4"'


def hits_of(*lines: str) -> Hits:
    return Hits(table([access_log.parse(line) for line in lines], HITS), quarantined=0)


def rates_of(**usd: str) -> pa.Table:
    return rates_table({currency: Decimal(worth) for currency, worth in usd.items()}, DAY)


def order_rows(*rows: tuple[int, int, str, str]) -> pa.Table:
    """Orders as (order, customer, currency, amount)."""
    return table(
        [(o, c, f"customer {c}", "Peru", cur, 1, Decimal(amount)) for o, c, cur, amount in rows],
        ORDERS,
    )


def no_visits() -> Visits:
    return sessions.fn(hits_of())


class TestSessions:
    def sessions_of(self, *lines: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = sessions.fn(hits_of(*lines)).sessions.to_pylist()
        return rows

    def test_end_after_more_than_thirty_quiet_minutes(self) -> None:
        times = ("07:00:00", "07:30:00", "08:00:01")
        found = self.sessions_of(*(hit_line(f"16/Sep/1995:{time} +0000") for time in times))
        assert [row["hits"] for row in found] == [2, 1]

    def test_do_not_depend_on_the_order_of_lines_or_on_their_time_zones(self) -> None:
        lines = [
            hit_line("16/Sep/1995:07:20:00 +0000"),
            hit_line("16/Sep/1995:09:00:00 +0200"),
            hit_line("15/Sep/1995:23:10:00 -0800"),
        ]
        (found,) = self.sessions_of(*lines)
        assert self.sessions_of(*reversed(lines)) == [found]
        assert found["ended"] - found["started"] == timedelta(minutes=20)

    def test_belong_to_a_customer_at_any_address_or_to_a_stranger_at_one(self) -> None:
        found = self.sessions_of(
            hit_line(user="7", host="a"),
            hit_line(user="7", host="b"),
            hit_line(host="a"),
            hit_line(host="b"),
        )
        assert Counter(row["customer_key"] for row in found) == {7: 1, None: 2}

    def test_repeated_lines_are_hits_of_one_session(self) -> None:
        (found,) = self.sessions_of(*[hit_line(user="7")] * 3)
        assert found["hits"] == 3

    def test_over_midnight_are_one_in_the_logs_given(self) -> None:
        (found,) = self.sessions_of(
            hit_line("16/Sep/1995:23:59:59 +0000"), hit_line("17/Sep/1995:00:00:01 +0000")
        )
        assert found["hits"] == 2

    def test_of_no_hits_are_none_and_the_quarantine_count_goes_on(self) -> None:
        visits = sessions.fn(hits_of()._replace(quarantined=4))
        assert (visits.sessions.num_rows, visits.quarantined) == (0, 4)


class TestEnrich:
    def test_turns_amounts_into_dollars_and_rounds_to_cents(self) -> None:
        given = order_rows((1, 1, "EUR", "123.45"), (2, 2, "IDR", "99.99"))
        rates = rates_of(EUR="1.0842", IDR="0.0000614")
        sales = enrich.fn(given, no_visits(), rates, day=DAY)
        dollars = sales.orders.column("amount_usd").to_pylist()
        assert dollars == [Decimal("133.84"), Decimal("0.01")]

    def test_counts_sessions_and_hits_by_customer_and_none_as_zero(self) -> None:
        lines = [hit_line(user="1"), hit_line("16/Sep/1995:09:00:00 +0000", user="1")]
        visits = sessions.fn(hits_of(*lines, hit_line(), hit_line(user="99")))
        given = order_rows((1, 1, "USD", "1"), (2, 1, "USD", "2"), (3, 2, "USD", "3"))
        sales = enrich.fn(given, visits, rates_of(USD="1"), day=DAY)
        rows = sales.orders.to_pylist()
        assert [(row["sessions"], row["hits"]) for row in rows] == [(2, 2), (2, 2), (0, 0)]
        assert [row["sessions"] for row in sales.customers.to_pylist()] == [2, 0]

    def test_keeps_orders_of_exactly_the_smallest_amount(self) -> None:
        given = order_rows((1, 1, "USD", "9.99"), (2, 1, "USD", "10.00"), (3, 2, "USD", "0.01"))
        sales = enrich.fn(
            given, no_visits(), rates_of(USD="1"), day=DAY, min_amount=Decimal("10.00")
        )
        assert sales.orders.column("order_key").to_pylist() == [2]
        assert sales.customers.column("customer_key").to_pylist() == [1]
        assert sales.orders_read == 3

    def test_adds_up_a_customers_orders(self) -> None:
        given = order_rows((1, 1, "USD", "10.00"), (2, 1, "USD", "2.50"), (3, 2, "USD", "1.00"))
        sales = enrich.fn(given, no_visits(), rates_of(USD="1"), day=DAY)
        first, second = sales.customers.to_pylist()
        assert (first["orders"], first["amount_usd"]) == (2, Decimal("12.50"))
        assert (second["orders"], second["amount_usd"]) == (1, Decimal("1.00"))

    def test_refuses_orders_without_a_rate_rather_than_lose_them(self) -> None:
        given = order_rows((1, 1, "XXX", "1"), (2, 1, "USD", "1"), (3, 1, "AAA", "1"))
        with pytest.raises(UnknownCurrency, match="orders of 1995-09-16: no rate for AAA, XXX"):
            enrich.fn(given, no_visits(), rates_of(USD="1"), day=DAY)

    def test_of_an_empty_day_is_empty_even_without_rates(self) -> None:
        sales = enrich.fn(order_rows(), no_visits(), rates_of(), day=DAY)
        assert (sales.orders.num_rows, sales.customers.num_rows, sales.orders_read) == (0, 0, 0)


class TestReport:
    def test_says_what_was_loaded_and_what_a_reader_should_know(self) -> None:
        given = order_rows((1, 1, "USD", "10"), (2, 1, "EUR", "1"))
        older = rates_table({"EUR": Decimal(1)}, DAY - timedelta(days=2))
        rates = pa.concat_tables([rates_of(USD="1"), older])
        sales = enrich.fn(given, no_visits()._replace(quarantined=5), rates, day=DAY)
        loaded = (Loaded("warehouse", 2), Loaded("profiles", 1), Loaded("CRM", 1))
        assert str(report.fn(sales, loaded, day=DAY)).splitlines() == [
            "1995-09-16: 2 of 2 orders, 11.00 USD",
            "orders at an earlier day's rate: 1",
            "log lines set aside: 5",
            "loaded into warehouse: 2",
            "loaded into profiles: 1",
            "loaded into CRM: 1",
        ]

    def test_of_an_empty_day_says_that_there_was_nothing_to_load(self) -> None:
        sales = enrich.fn(order_rows(), no_visits(), rates_of(), day=DAY)
        assert str(empty_day.fn(sales, day=DAY)).endswith("nothing to load")
