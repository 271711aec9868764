"""How the daily example finds its stand-ins and services, and what they say when they are away."""

from datetime import date, timedelta
from typing import Any

import pytest

from examples.daily.places import Places, write_whole
from examples.daily.services import Mishap, rates_service, services, serving, with_mishaps
from examples.daily.sources import orders, rates_page
from examples.daily.standins import Shop, Warehouse, service
from fwf.connectors import http
from fwf.connectors.redshift import Statement
from fwf.connectors.shared.errors import Missing, Overloaded, Refused, Transient, Unreachable

DAY = date(1995, 9, 16)


class TestStandIns:
    def test_a_missing_shop_is_one_line_with_place_and_remedy(self, places: Places) -> None:
        with pytest.raises(Unreachable) as raised:
            orders.fn(day=DAY, shop_db=Shop(places.shop))
        assert str(places.shop) in str(raised.value)
        assert "python -m examples.daily.seed" in str(raised.value)
        assert "\n" not in str(raised.value)
        assert not places.shop.exists()

    def test_a_shop_that_is_no_database_is_named(self, places: Places) -> None:
        places.shop.write_bytes(b"not a database at all, and long enough to tell" * 100)
        with pytest.raises(Unreachable, match=r"shop\.duckdb"):
            orders.fn(day=DAY, shop_db=Shop(places.shop))

    def test_a_damaged_warehouse_is_named_and_left_alone(self, places: Places) -> None:
        places.warehouse.write_bytes(b"no warehouse" * 1000)
        with pytest.raises(Unreachable, match=r"warehouse\.duckdb"):
            Warehouse(places.warehouse).loaded(Statement("key"))
        assert places.warehouse.read_bytes() == b"no warehouse" * 1000

    def test_services_that_were_never_started_are_one_line_with_the_remedy(
        self, places: Places
    ) -> None:
        with pytest.raises(
            Unreachable, match=r"crm service: start .*daily\.services.*: no address"
        ):
            service("crm")

    def test_an_address_in_the_environment_comes_first(
        self, places: Places, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DAILY_CRM_URL", "http://127.0.0.1:1")
        assert "http://127.0.0.1:1" in repr(service("crm"))

    def test_running_services_are_found_and_forgotten_when_they_stop(self, places: Places) -> None:
        write_whole(places.rates, b'[{"currency": "USD", "usd": "1"}]')
        with services(places), service("rates") as api:
            page = rates_page.fn(None, day=DAY, rates_api=api)
            assert page.items == [{"currency": "USD", "usd": "1"}]
        assert not places.addresses.exists()


class TestMishaps:
    def ask(self, mishap: Mishap, path: str = "/rates", **query: str) -> Any:
        moody = with_mishaps(rates_service([]), lambda number: mishap)
        with serving(moody) as address, http.client(address, allow_private=True) as api:
            return api.get(path, query)

    def test_too_many_requests_says_how_long_to_wait(self) -> None:
        with pytest.raises(Overloaded, match=r"GET http://.*/rates: 429") as busy:
            self.ask(Mishap.BUSY)
        assert busy.value.retry_after == timedelta(seconds=1)

    def test_a_failure_of_the_service_is_worth_another_try(self) -> None:
        with pytest.raises(Transient, match="500 Internal Server Error"):
            self.ask(Mishap.BROKEN)

    def test_a_request_the_service_cannot_accept_is_not(self) -> None:
        with pytest.raises(Refused, match="400 Bad Request"):
            self.ask(Mishap.NONE, cursor="x")
        with pytest.raises(Missing, match="404"):
            self.ask(Mishap.NONE, "/nowhere")
