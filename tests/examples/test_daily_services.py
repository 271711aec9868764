"""How the daily example finds its databases and services, and speaks to them over loopback."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from examples.daily import openers
from examples.daily.api import (
    Api,
    ServiceBusy,
    ServiceRefused,
    ServiceTrouble,
    content,
    wait_asked_for,
)
from examples.daily.places import Places, Unreachable, write_whole
from examples.daily.services import Mishap, rates_service, services, serving, with_mishaps
from examples.daily.sources import rates_page
from examples.daily.tables import Rate

DAY = date(1995, 9, 16)


class TestOpeners:
    def test_a_missing_shop_is_one_line_with_place_and_remedy(self, places: Places) -> None:
        with pytest.raises(Unreachable) as raised, openers.shop():
            pass
        assert str(places.shop) in str(raised.value)
        assert "python -m examples.daily.seed" in str(raised.value)
        assert "\n" not in str(raised.value)
        assert not places.shop.exists()

    def test_a_shop_that_is_no_database_is_named(self, places: Places) -> None:
        places.shop.write_bytes(b"not a database at all, and long enough to tell" * 100)
        with pytest.raises(Unreachable, match="not a database"), openers.shop():
            pass

    def test_a_damaged_warehouse_is_named_and_left_alone(self, places: Places) -> None:
        places.warehouse.write_bytes(b"no warehouse" * 1000)
        with pytest.raises(Unreachable, match=r"warehouse\.duckdb"), openers.warehouse():
            pass
        assert places.warehouse.read_bytes() == b"no warehouse" * 1000

    def test_services_that_were_never_started_are_one_line_with_the_remedy(
        self, places: Places
    ) -> None:
        with pytest.raises(Unreachable, match=r"crm service: no address .*daily\.services"):
            openers.address_of("crm")

    def test_an_address_in_the_environment_comes_first(
        self, places: Places, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DAILY_CRM_URL", "http://127.0.0.1:1")
        assert openers.address_of("crm") == "http://127.0.0.1:1"

    def test_running_services_are_found_and_forgotten_when_they_stop(self, places: Places) -> None:
        write_whole(places.rates, b'[{"currency": "USD", "usd": "1"}]')
        with services(places), openers.rates_api() as api:
            assert rates_page.fn(None, day=DAY, rates_api=api).items == [Rate("USD", Decimal(1))]
        assert not places.addresses.exists()


class TestHttp:
    def ask(self, mishap: Mishap) -> Any:
        service = with_mishaps(rates_service([]), lambda number: mishap)
        with serving(service) as address, Api("currency service", address) as api:
            return api.get("/rates")

    def test_too_many_requests_says_how_long_to_wait(self) -> None:
        with pytest.raises(
            ServiceBusy, match=r"currency service: GET http://.*/rates: 429"
        ) as busy:
            self.ask(Mishap.BUSY)
        assert busy.value.retry_after == timedelta(seconds=1)

    def test_a_failure_of_the_service_is_worth_another_try(self) -> None:
        with pytest.raises(ServiceTrouble, match="500 Internal Server Error"):
            self.ask(Mishap.BROKEN)

    def test_a_request_the_service_cannot_accept_is_not(self) -> None:
        with serving(rates_service([])) as address, Api("rates", address) as api:
            with pytest.raises(ServiceRefused, match=r"400 Bad Request: .*cursor=x"):
                api.get("/rates", cursor="x")
            with pytest.raises(ServiceRefused, match="404"):
                api.get("/nowhere")

    def test_nobody_listening_is_one_line_with_place_and_remedy(self) -> None:
        with serving(rates_service([])) as address:
            pass
        with Api("CRM", address) as api, pytest.raises(ServiceTrouble) as raised:
            api.get("/rates")
        assert str(raised.value).startswith(f"CRM: GET {address}/rates: nothing answers there")
        assert "python -m examples.daily.services" in str(raised.value)

    def test_an_answer_that_is_not_json_is_the_services_trouble(self) -> None:
        answer = httpx.Response(200, text="<html>Welcome to the hotel wireless</html>")
        with pytest.raises(ServiceTrouble, match="rates: 200 OK, but the answer is not JSON"):
            content("rates", answer)

    @pytest.mark.parametrize(
        ("text", "wait"),
        [
            ("7", timedelta(seconds=7)),
            ("Sat, 16 Sep 1995 07:00:30 GMT", timedelta(seconds=30)),
            ("Sat, 16 Sep 1995 06:00:00 GMT", timedelta()),
            ("soon", timedelta()),
            ("-5", timedelta()),
            ("٣", timedelta()),
            ("", timedelta()),
        ],
    )
    def test_retry_after_is_seconds_or_a_date(self, text: str, wait: timedelta) -> None:
        now = datetime(1995, 9, 16, 7, tzinfo=UTC)
        assert wait_asked_for({"retry-after": text}, now) == wait
