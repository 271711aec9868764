"""What the daily example loads: each target by itself, run as a workflow on its stand-in.

The files and the CRM service on loopback are real ones.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from examples.daily.places import Places
from examples.daily.services import crm_service, loses_answers, serving, with_mishaps
from examples.daily.sources import rates_table
from examples.daily.standins import resources
from examples.daily.tables import ORDERS
from examples.daily.targets import crm_batches, post_batch, publish, to_warehouse
from examples.daily.transforms import customers, in_dollars, sessions
from examples.daily.workflow import to_crm, to_profiles
from fwf import Workflow, named, run
from fwf.connectors import http
from fwf.connectors.objects import ACCESS_LOG
from fwf.connectors.shared.errors import KeyReused, Refused, Transient
from tests.examples.conftest import table

DAY = date(1995, 9, 16)
NEXT = DAY + timedelta(days=1)
SOME = ((1, 1, "10.00"), (2, 1, "2.50"), (3, 2, "1.00"))


def sales_of(*rows: tuple[int, int, str], day: date = DAY) -> pa.Table:
    """Sales in dollars, of (order, customer, amount)."""
    found = [(o, c, f"customer {c}", "Peru", "USD", 1, Decimal(amount)) for o, c, amount in rows]
    rates = rates_table({"USD": Decimal(1)}, day)
    visits = sessions.fn(ACCESS_LOG.empty_table())
    return in_dollars.fn(table(ORDERS, *found), visits, rates, day=day)


def customers_of(*rows: tuple[int, int, str], day: date = DAY) -> pa.Table:
    return customers.fn(sales_of(*rows, day=day), day=day)


def load(part: Workflow[Any, Any], rows: pa.Table, *, key: str, day: date = DAY) -> Any:
    """Run a part of the workflow on a table, under an idempotency key ⟶ its result or its fault."""
    done = run(named("load", part), rows, params={"day": day}, resources=resources, key=key)
    return done.value_or(None) or done.failure()


class TestWarehouse:
    def rows(self, places: Places) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(places.warehouse), read_only=True) as warehouse:
            return warehouse.execute(
                "SELECT day, order_key, amount_usd FROM sales ORDER BY ALL"
            ).fetchall()

    def test_loaded_twice_holds_the_day_once(self, places: Places) -> None:
        assert load(to_warehouse, sales_of(*SOME), key="a") == ("sales", 3, False)
        once = self.rows(places)
        assert load(to_warehouse, sales_of(*SOME), key="a") == ("sales", 3, True)
        assert load(to_warehouse, sales_of(*SOME), key="b") == ("sales", 3, False)
        assert self.rows(places) == once

    def test_loaded_with_fewer_orders_drops_the_others_of_that_day_only(
        self, places: Places
    ) -> None:
        load(to_warehouse, sales_of((9, 9, "9"), day=NEXT), key="a", day=NEXT)
        load(to_warehouse, sales_of(*SOME), key="b")
        load(to_warehouse, sales_of((1, 1, "10.00")), key="c")
        assert self.rows(places) == [(DAY, 1, 10), (NEXT, 9, 9)]

    def test_refuses_other_rows_under_a_used_key(self, places: Places) -> None:
        load(to_warehouse, sales_of(*SOME), key="a")
        before = self.rows(places)
        fault = load(to_warehouse, sales_of((1, 1, "10.00")), key="a")
        assert KeyReused.__name__ in str(fault)
        assert self.rows(places) == before


class TestProfiles:
    def items(self, places: Places) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(places.profiles)) as profiles:
            return profiles.execute("SELECT * FROM items ORDER BY 1, 2").fetchall()

    def test_hold_one_item_for_each_customer_however_often_loaded(self, places: Places) -> None:
        (written,) = load(to_profiles, customers_of(*SOME), key="a")
        assert (written.written, written.unprocessed) == (2, [])
        once = self.items(places)
        load(to_profiles, customers_of(*SOME), key="a")
        assert self.items(places) == once
        assert [key for _, key, _ in once] == [1, 2]
        assert json.loads(once[0][2])["amount_usd"] == "12.50"

    def test_drop_customers_who_have_no_order_any_more(self, places: Places) -> None:
        load(to_profiles, customers_of((5, 5, "1"), day=NEXT), key="a", day=NEXT)
        load(to_profiles, customers_of(*SOME), key="b")
        load(to_profiles, customers_of((3, 2, "1.00")), key="c")
        assert [key for _, key, _ in self.items(places)] == [2, 5]


class TestCrm:
    @pytest.fixture
    def crm(self, places: Places, monkeypatch: pytest.MonkeyPatch) -> Iterator[http.Client]:
        with (
            serving(crm_service(places.crm)) as address,
            http.client(address, allow_private=True) as client,
        ):
            monkeypatch.setenv("DAILY_CRM_URL", address)
            yield client

    def contacts(self, crm: http.Client, day: date = DAY) -> int:
        return int(crm.get(f"/days/{day}").content["contacts"])

    def test_batches_have_keys_of_their_content(self) -> None:
        one, two = crm_batches.fn(customers_of(*SOME), day=DAY, batch_size=1)
        assert crm_batches.fn(customers_of(*SOME), day=DAY, batch_size=1) == [one, two]
        (later, _) = crm_batches.fn(customers_of(*SOME, day=NEXT), day=NEXT, batch_size=1)
        assert len({one["key"], two["key"], later["key"]}) == 3

    def test_batches_cover_every_customer_once_and_none_is_empty(self) -> None:
        seven = customers_of(*((n, n, "1") for n in range(1, 8)))
        sizes = [len(each["contacts"]) for each in crm_batches.fn(seven, day=DAY, batch_size=3)]
        assert sizes == [3, 3, 1]
        assert crm_batches.fn(customers_of(), day=DAY) == []

    def test_a_batch_size_below_one_is_refused(self) -> None:
        with pytest.raises(ValueError, match="batch_size=0: a batch holds at least 1 customer"):
            crm_batches.fn(customers_of(*SOME), day=DAY, batch_size=0)

    def test_loaded_twice_shows_each_contact_once(self, crm: http.Client, places: Places) -> None:
        for _ in range(2):
            assert load(to_crm, customers_of(*SOME), key="a") == {"contacts": 2}
        assert self.contacts(crm) == 2
        with closing(sqlite3.connect(places.crm)) as store:
            assert store.execute("SELECT count(*) FROM batches").fetchone() == (1,)

    def test_shows_nothing_of_batches_that_were_not_published(self, crm: http.Client) -> None:
        for batch in crm_batches.fn(customers_of(*SOME), day=DAY):
            post_batch.fn(batch, crm=crm, own_key=batch["key"])
        assert self.contacts(crm) == 0

    def test_shows_only_the_batches_published_last(self, crm: http.Client) -> None:
        load(to_crm, customers_of(*SOME), key="a")
        load(to_crm, customers_of((3, 2, "1.00")), key="b")
        assert self.contacts(crm) == 1
        load(to_crm, customers_of(), key="c")
        assert self.contacts(crm) == 0

    def test_refuses_other_data_under_a_used_key(self, crm: http.Client) -> None:
        post_batch.fn({"contacts": []}, crm=crm, own_key="k")
        with pytest.raises(KeyReused, match="422"):
            post_batch.fn({"contacts": [1]}, crm=crm, own_key="k")

    def test_refuses_to_publish_batches_that_it_does_not_have(self, crm: http.Client) -> None:
        load(to_crm, customers_of(*SOME), key="a")
        with pytest.raises(Refused, match="400 Bad Request"):
            publish.fn([{"key": "nope"}], day=DAY, crm=crm, own_key="b")
        assert self.contacts(crm) == 2

    def test_asked_again_after_a_lost_answer_has_the_batch_once(self, places: Places) -> None:
        losing = with_mishaps(crm_service(places.crm), lambda number: loses_answers(number + 1))
        with (
            serving(losing) as address,
            http.client(address, allow_private=True) as crm,
        ):
            (batch,) = crm_batches.fn(customers_of(*SOME), day=DAY)
            with pytest.raises(Transient, match="500"):
                post_batch.fn(batch, crm=crm, own_key="k")
            assert post_batch.fn(batch, crm=crm, own_key="k") == {"key": "k"}
