"""What the daily example reads, by its plain functions: `.fn`, without running fwf.

The database, the files and the HTTP services here are real ones.
"""

import gzip
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from examples.daily.places import Places
from examples.daily.services import rates_service, serving
from examples.daily.sources import (
    KEPT_RATES,
    NoRates,
    fresh_rates,
    keep_bad_lines,
    last_known_rates,
    log_files,
    orders,
    rates_page,
    rates_table,
    read_log,
    read_rates,
    together,
)
from examples.daily.standins import Shop, folder
from examples.daily.tables import ORDERS
from fwf import Pages
from fwf.connectors import http
from fwf.connectors.objects import Store
from fwf.connectors.shared.errors import Missing

DAY = date(1995, 9, 16)
LINE = b'198.18.0.1 - 7 [16/Sep/1995:07:00:00 +0000] "GET /a HTTP/1.0" 200 5 "-" "Lynx/2.4"\n'


def rates_of(**usd: str) -> pa.Table:
    return rates_table({currency: Decimal(worth) for currency, worth in usd.items()}, DAY)


def pages_of(*rates: tuple[str, str], complete: bool = True) -> Pages[Any]:
    items = [{"currency": currency, "usd": usd} for currency, usd in rates]
    return Pages(items, None if complete else 8, 1, complete)


class TestOrders:
    def test_are_those_of_the_day_and_no_neighbouring_day(self, shop: Shop) -> None:
        found = orders.fn(day=DAY, shop_db=shop)
        assert found.column("order_key").to_pylist() == [11, 12, 13]

    def test_keep_every_cent_every_letter_and_orders_without_lines(self, shop: Shop) -> None:
        first, second, third = orders.fn(day=DAY, shop_db=shop).to_pylist()
        assert first["amount"] == Decimal("123.45")
        assert second["amount"] == Decimal("0.01")
        assert first["name"] == "Zoë Ωμέγα"
        assert [row["lines"] for row in (first, second, third)] == [2, 1, 0]

    def test_of_an_empty_day_are_a_table_without_rows(self, shop: Shop) -> None:
        found = orders.fn(day=date(1994, 7, 20), shop_db=shop)
        assert found.num_rows == 0
        assert found.schema == ORDERS


class TestLog:
    @pytest.fixture
    def logs(self, places: Places) -> Store:
        return folder(places.logs)

    def test_of_a_day_is_all_of_its_files(self, logs: Store, places: Places) -> None:
        logs.put(f"{DAY}/09.log.gz", gzip.compress(LINE * 2))
        logs.put(f"{DAY}/10.log.gz", gzip.compress("schön\n".encode() + LINE * 20))
        logs.put(f"{DAY + timedelta(days=1)}/00.log.gz", gzip.compress(LINE))
        files = log_files.fn(day=DAY, logs=logs)
        read = [read_log.fn(file, logs=logs) for file in files]
        bad = together.fn([each.bad for each in read])
        assert together.fn([each.table for each in read]).num_rows == 22
        assert bad.num_rows == 1

        quarantine = folder(places.quarantine)
        for _ in range(2):
            keep_bad_lines.fn(bad, day=DAY, quarantine=quarantine)
        (line,) = quarantine.get(f"{DAY}.jsonl").decode().splitlines()
        kept = json.loads(line)
        assert (kept["key"], kept["number"], kept["text"]) == (f"{DAY}/10.log.gz", 1, "schön")

    def test_that_is_not_there_is_an_error_not_a_quiet_day(self, logs: Store) -> None:
        with pytest.raises(Missing, match=f"{DAY}/: no object"):
            log_files.fn(day=DAY, logs=logs)


RATES = [{"currency": f"C{number:02}", "usd": f"0.{number}"} for number in range(1, 20)]


class TestRates:
    @pytest.fixture
    def kept(self, places: Places) -> Store:
        return folder(places.folder)

    @pytest.fixture
    def api(self) -> Iterator[http.Client]:
        with (
            serving(rates_service(RATES)) as address,
            http.client(address, allow_private=True) as api,
        ):
            yield api

    def test_come_in_pages_with_every_digit(self, api: http.Client) -> None:
        pages = [rates_page.fn(None, day=DAY, rates_api=api)]
        while pages[-1].next is not None:
            pages.append(rates_page.fn(pages[-1].next, day=DAY, rates_api=api))
        assert [item for page in pages for item in page.items] == RATES
        assert len(pages) == 3

    def test_complete_replace_the_last_known(self, kept: Store) -> None:
        found = fresh_rates.fn(pages_of(("EUR", "1.1")), day=DAY, kept_rates=kept)
        assert found == rates_of(EUR="1.1")
        assert last_known_rates.fn(kept_rates=kept) == found

    def test_cut_short_are_filled_from_the_last_known_and_say_how_old_they_are(
        self, kept: Store
    ) -> None:
        earlier = date(1995, 9, 14)
        fresh_rates.fn(pages_of(("EUR", "2"), ("USD", "1")), day=earlier, kept_rates=kept)
        cut = pages_of(("EUR", "3"), complete=False)
        found = fresh_rates.fn(cut, day=DAY, kept_rates=kept).to_pylist()
        assert [(row["currency"], row["usd"], row["as_of"]) for row in found] == [
            ("EUR", 3, DAY),
            ("USD", 1, earlier),
        ]
        assert read_rates(kept)[1] == earlier

    def test_of_an_old_day_do_not_replace_newer_last_known_ones(self, kept: Store) -> None:
        for day, usd in ((DAY, "2"), (DAY - timedelta(days=9), "1")):
            fresh_rates.fn(pages_of(("EUR", usd)), day=day, kept_rates=kept)
        assert read_rates(kept) == ({"EUR": Decimal(2)}, DAY)

    def test_listed_on_two_pages_count_once(self, kept: Store) -> None:
        twice = pages_of(("EUR", "1"), ("USD", "1"), ("EUR", "2"))
        assert fresh_rates.fn(twice, day=DAY, kept_rates=kept) == rates_of(EUR="2", USD="1")

    def test_that_are_nowhere_are_an_error_that_names_both_places(self, kept: Store) -> None:
        with pytest.raises(NoRates, match="currency service gave no rates"):
            fresh_rates.fn(pages_of(complete=False), day=DAY, kept_rates=kept)
        with pytest.raises(NoRates, match=r"service gave no rates, and file://.* holds none"):
            last_known_rates.fn(kept_rates=kept)

    @pytest.mark.parametrize("damage", [b'{"as_of": "1995', b"[]", b'{"rates": [{}]}', b"\xff"])
    def test_in_a_damaged_file_are_an_error_that_names_it(self, kept: Store, damage: bytes) -> None:
        kept.put(KEPT_RATES, damage)
        with pytest.raises(NoRates, match=r"last_rates\.json"):
            last_known_rates.fn(kept_rates=kept)


def test_the_file_of_last_known_rates_is_the_one_that_is_seeded(places: Places) -> None:
    assert places.last_rates == Path(places.folder) / KEPT_RATES
