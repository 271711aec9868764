"""What the daily example loads, by its plain functions: `.fn`, without running fwf.

The DuckDB and SQLite files and the CRM service on loopback are real ones.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from examples.daily import openers
from examples.daily.api import Api, ServiceRefused, ServiceTrouble
from examples.daily.places import Places
from examples.daily.services import crm_service, loses_answers, serving, with_mishaps
from examples.daily.sources import rates_table
from examples.daily.tables import HITS, ORDERS, Batch, Hits, Loaded, Sales, Visits, table
from examples.daily.targets import crm_batches, post_batch, publish, to_profiles, to_warehouse
from examples.daily.transforms import enrich, sessions

DAY = date(1995, 9, 16)


def order_rows(*rows: tuple[int, int, str, str]) -> pa.Table:
    """Orders as (order, customer, currency, amount)."""
    return table(
        [(o, c, f"customer {c}", "Peru", cur, 1, Decimal(amount)) for o, c, cur, amount in rows],
        ORDERS,
    )


def rates_of(**usd: str) -> pa.Table:
    return rates_table({currency: Decimal(worth) for currency, worth in usd.items()}, DAY)


def some_sales(*rows: tuple[int, int, str, str]) -> Sales:
    chosen = rows or ((1, 1, "USD", "10.00"), (2, 1, "USD", "2.50"), (3, 2, "USD", "1.00"))
    return enrich.fn(order_rows(*chosen), NO_VISITS, rates_of(USD="1"), day=DAY)


NO_VISITS = Visits(sessions.fn(Hits(HITS.empty_table(), 0)).sessions, 0)


def enrich_nothing() -> Sales:
    """A day on which every order was too small."""
    given = order_rows((1, 1, "USD", "1"))
    return enrich.fn(given, NO_VISITS, rates_of(USD="1"), day=DAY, min_amount=Decimal(2))


class TestWarehouse:
    def rows(self) -> list[tuple[Any, ...]]:
        with openers.warehouse() as warehouse:
            return warehouse.execute("SELECT day, order_key, amount_usd FROM sales").fetchall()

    def load(self, sales: Sales, day: date = DAY) -> Loaded:
        with openers.warehouse() as warehouse:
            return to_warehouse.fn(sales, day=day, warehouse=warehouse)

    def test_loaded_twice_holds_the_day_once(self, places: Places) -> None:
        assert self.load(some_sales()) == Loaded("warehouse", 3)
        once = self.rows()
        self.load(some_sales())
        assert self.rows() == once

    def test_loaded_with_fewer_orders_drops_the_others_of_that_day_only(
        self, places: Places
    ) -> None:
        other = DAY + timedelta(days=1)
        given = order_rows((9, 9, "USD", "9"))
        rates = rates_table({"USD": Decimal(1)}, other)
        self.load(enrich.fn(given, NO_VISITS, rates, day=other), day=other)
        self.load(some_sales())
        self.load(some_sales((1, 1, "USD", "10.00")))
        assert sorted(self.rows()) == [(DAY, 1, 10), (other, 9, 9)]

    def test_that_fails_half_way_is_as_before(self, places: Places) -> None:
        self.load(some_sales())
        before = self.rows()
        broken = some_sales()._replace(orders=pa.table({"no_such_column": [1]}))
        with pytest.raises(Exception, match="no_such_column"):
            self.load(broken)
        assert self.rows() == before


class TestProfiles:
    def items(self) -> list[tuple[Any, ...]]:
        with openers.profiles() as profiles:
            return profiles.execute("SELECT * FROM items ORDER BY 1, 2").fetchall()

    def load(self, sales: Sales) -> Loaded:
        with openers.profiles() as profiles:
            return to_profiles.fn(sales, day=DAY, profiles=profiles)

    def test_hold_one_item_for_each_customer_however_often_loaded(self, places: Places) -> None:
        assert self.load(some_sales()) == Loaded("profiles", 2)
        once = self.items()
        self.load(some_sales())
        assert self.items() == once
        assert [key for key, _, _ in once] == [1, 2]
        assert json.loads(once[0][2])["amount_usd"] == "12.50"

    def test_drop_customers_who_have_no_order_any_more(self, places: Places) -> None:
        self.load(some_sales())
        self.load(some_sales((3, 2, "USD", "1.00")))
        assert [key for key, _, _ in self.items()] == [2]

    def test_that_fail_half_way_are_as_before(self, places: Places) -> None:
        self.load(some_sales())
        before = self.items()
        twice = some_sales()
        twice = twice._replace(customers=pa.concat_tables([twice.customers, twice.customers]))
        with pytest.raises(sqlite3.IntegrityError):
            self.load(twice)
        assert self.items() == before


class TestCrm:
    @pytest.fixture
    def crm(self, places: Places) -> Iterator[Api]:
        with serving(crm_service(places.crm)) as address, Api("CRM", address) as api:
            yield api

    def contacts(self, crm: Api, day: date = DAY) -> int:
        return int(crm.get(f"/days/{day}")["contacts"])

    def load(self, sales: Sales, crm: Api, batch_size: int = 10) -> Loaded:
        batches = crm_batches.fn(sales, day=DAY, batch_size=batch_size)
        return publish.fn([post_batch.fn(batch, crm=crm) for batch in batches], day=DAY, crm=crm)

    def test_batches_have_keys_of_their_content(self) -> None:
        sales = some_sales()
        one, two = crm_batches.fn(sales, day=DAY, batch_size=1)
        assert crm_batches.fn(sales, day=DAY, batch_size=1) == [one, two]
        (later, _) = crm_batches.fn(sales, day=DAY + timedelta(days=1), batch_size=1)
        assert len({one.key, two.key, later.key}) == 3

    def test_batches_cover_every_customer_once_and_none_is_empty(self) -> None:
        sales = some_sales(*((n, n, "USD", "1") for n in range(1, 8)))
        sizes = [
            len(json.loads(batch.body)["contacts"])
            for batch in crm_batches.fn(sales, day=DAY, batch_size=3)
        ]
        assert sizes == [3, 3, 1]
        assert crm_batches.fn(enrich_nothing(), day=DAY) == []

    def test_a_batch_size_below_one_is_refused(self) -> None:
        with pytest.raises(ValueError, match="batch_size=0: a batch holds at least 1 customer"):
            crm_batches.fn(some_sales(), day=DAY, batch_size=0)

    def test_loaded_twice_shows_each_contact_once(self, crm: Api, places: Places) -> None:
        for _ in range(2):
            assert self.load(some_sales(), crm, batch_size=1) == Loaded("CRM", 2)
        assert self.contacts(crm) == 2
        with closing(sqlite3.connect(places.crm)) as store:
            assert store.execute("SELECT count(*) FROM batches").fetchone() == (2,)

    def test_shows_nothing_of_batches_that_were_not_published(self, crm: Api) -> None:
        for batch in crm_batches.fn(some_sales(), day=DAY):
            post_batch.fn(batch, crm=crm)
        assert self.contacts(crm) == 0

    def test_shows_only_the_batches_published_last(self, crm: Api) -> None:
        self.load(some_sales(), crm, batch_size=1)
        self.load(some_sales((3, 2, "USD", "1.00")), crm)
        assert self.contacts(crm) == 1
        self.load(enrich_nothing(), crm)
        assert self.contacts(crm) == 0

    def test_refuses_other_data_under_a_used_key(self, crm: Api) -> None:
        post_batch.fn(Batch("k", '{"contacts": []}'), crm=crm)
        with pytest.raises(ServiceRefused, match=r"409 Conflict: .*key k was used for other data"):
            post_batch.fn(Batch("k", '{"contacts": [1]}'), crm=crm)

    def test_refuses_to_publish_batches_that_it_does_not_have(self, crm: Api) -> None:
        self.load(some_sales(), crm)
        with pytest.raises(ServiceRefused, match=r"409 Conflict: .*no such batch: nope"):
            publish.fn(["nope"], day=DAY, crm=crm)
        assert self.contacts(crm) == 2

    def test_asked_again_after_a_lost_answer_has_the_batch_once(self, places: Places) -> None:
        losing = with_mishaps(crm_service(places.crm), lambda number: loses_answers(number + 1))
        with serving(losing) as address, Api("CRM", address) as crm:
            (batch,) = crm_batches.fn(some_sales(), day=DAY)
            with pytest.raises(ServiceTrouble, match="500"):
                post_batch.fn(batch, crm=crm)
            assert post_batch.fn(batch, crm=crm) == batch.key
