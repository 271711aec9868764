"""What the daily example reads, by its plain functions: `.fn`, without running fwf.

The SQLite databases, gzip files and HTTP services here are real ones.
"""

import gzip
import json
import sqlite3
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from examples.daily import access_log
from examples.daily.api import Api
from examples.daily.places import Places, write_whole
from examples.daily.services import rates_service, serving
from examples.daily.sources import (
    MissingLog,
    NoRates,
    UnreadableLog,
    fresh_rates,
    last_known_rates,
    log_files,
    orders,
    parse_log,
    rates_page,
    rates_table,
    read_last_rates,
    set_bad_lines_aside,
)
from examples.daily.tables import HITS, ORDERS, LogFile, Rate
from examples.daily.transforms import sessions
from fwf import Pages

DAY = date(1995, 9, 16)
REAL_LOG = Path(__file__).parents[3] / "shared" / "data" / "access_log"


def hit_line(
    time: str = "16/Sep/1995:07:00:00 +0000", user: str = "-", host: str = "198.18.0.1"
) -> str:
    return f'{host} - {user} [{time}] "GET /a HTTP/1.0" 200 5 "-" "Lynx/2.4"'


def write_log(places: Places, hour: str, content: bytes) -> LogFile:
    name = f"{DAY}/{hour}.log.gz"
    write_whole(places.logs / name, gzip.compress(content))
    return LogFile(name)


def rates_of(**usd: str) -> pa.Table:
    return rates_table({currency: Decimal(worth) for currency, worth in usd.items()}, DAY)


class TestOrders:
    def test_are_those_of_the_day_and_no_neighbouring_day(self, shop: sqlite3.Connection) -> None:
        found = orders.fn(day=DAY, shop_db=shop)
        assert found.column("order_key").to_pylist() == [11, 12, 13]

    def test_keep_every_cent_every_letter_and_orders_without_lines(
        self, shop: sqlite3.Connection
    ) -> None:
        first, second, third = orders.fn(day=DAY, shop_db=shop).to_pylist()
        assert first["amount"] == Decimal("123.45")
        assert second["amount"] == Decimal("0.01")
        assert first["name"] == "Zoë Ωμέγα"
        assert [row["lines"] for row in (first, second, third)] == [2, 1, 0]

    def test_of_an_empty_day_are_a_table_without_rows(self, shop: sqlite3.Connection) -> None:
        found = orders.fn(day=date(1994, 7, 20), shop_db=shop)
        assert found.num_rows == 0
        assert found.schema == ORDERS

    def test_cannot_be_changed_through_the_opened_shop(self, shop: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            shop.execute("DELETE FROM orders")


class TestAccessLogLines:
    def test_a_time_zone_becomes_utc(self) -> None:
        hit = access_log.parse(hit_line("16/Sep/1995:00:30:00 +0200"))
        assert hit.time == datetime(1995, 9, 15, 22, 30, tzinfo=UTC)
        assert access_log.instant("16/Sep/1995:00:30:00 -0930").hour == 10

    def test_the_size_dash_is_no_bytes_and_the_user_dash_is_nobody(self) -> None:
        hit = access_log.parse(hit_line().replace(" 200 5 ", " 304 - "))
        assert (hit.bytes, hit.customer_key) == (0, None)

    def test_a_user_who_is_no_customer_is_a_stranger(self) -> None:
        assert access_log.parse(hit_line(user="frank")).customer_key is None
        assert access_log.parse(hit_line(user="370")).customer_key == 370

    def test_quotes_and_foreign_letters_in_the_browser_name_are_kept(self) -> None:
        line = hit_line().replace("Lynx/2.4", r"Größe \"x\" ✓")
        assert access_log.parse(line).agent == r"Größe \"x\" ✓"

    @pytest.mark.parametrize(
        "line",
        [
            "",
            "198.18.0.1 - - [16/Sep/1995",
            hit_line("16/Spe/1995:07:00:00 +0000"),
            hit_line("31/Feb/1995:07:00:00 +0000"),
            hit_line("16/Sep/1995:24:00:00 +0000"),
            hit_line("16/Sep/1995:07:00:00 +9900"),
            hit_line("01/Jan/0001:00:00:00 +0200"),
            hit_line().replace("GET /a HTTP/1.0", r"\x16\x03\x01"),
            hit_line().replace("200 5", "200 99999999999999999999"),
            hit_line().replace("200 5", "200 -5"),
            hit_line() + " trailing",
        ],
    )
    def test_anything_else_is_refused_with_a_reason(self, line: str) -> None:
        with pytest.raises(ValueError, match=r"\w"):
            access_log.parse(line)

    def test_log_time_writes_what_instant_reads(self) -> None:
        at = datetime(1995, 9, 6, 7, 8, 9, tzinfo=UTC)
        assert access_log.log_time(at) == "06/Sep/1995:07:08:09 +0000"
        assert access_log.instant(access_log.log_time(at)) == at


class TestLogFiles:
    def test_are_listed_by_name_without_half_written_ones(self, places: Places) -> None:
        for hour in ("10", "09"):
            write_log(places, hour, b"")
        write_whole(places.logs / str(DAY) / "11.log.gz.part", b"")
        names = [file.name for file in log_files.fn(day=DAY, logs=places.logs)]
        assert names == ["1995-09-16/09.log.gz", "1995-09-16/10.log.gz"]

    def test_a_day_without_a_log_is_an_error_not_a_quiet_day(self, places: Places) -> None:
        with pytest.raises(MissingLog, match=r"1995-09-16; make one with .*--day 1995-09-16"):
            log_files.fn(day=DAY, logs=places.logs)

    def test_an_empty_file_has_neither_hits_nor_bad_lines(self, places: Places) -> None:
        parsed = parse_log.fn(write_log(places, "07", b""), logs=places.logs)
        assert (parsed.hits.num_rows, parsed.bad_lines) == (0, [])
        assert parsed.hits.schema == HITS

    def test_bad_lines_are_counted_by_place_and_the_rest_is_kept(self, places: Places) -> None:
        good = hit_line().encode()
        content = b"\n".join([good, b"junk", good.replace(b"Lynx", b"\xff\xfe"), b"", good])
        parsed = parse_log.fn(write_log(places, "07", content), logs=places.logs)
        assert parsed.hits.num_rows == 2
        assert [bad.line for bad in parsed.bad_lines] == [2, 3, 4]
        assert r"\xff\xfe" in parsed.bad_lines[1].text

    @pytest.mark.parametrize("damage", ["cut", "no gzip", "flipped", "gone"])
    def test_a_damaged_file_is_one_error_that_names_it(self, places: Places, damage: str) -> None:
        file = write_log(places, "07", b"".join(hit_line().encode() + b"\n" for _ in range(50)))
        path = places.logs / file.name
        whole = path.read_bytes()
        match damage:
            case "cut":
                path.write_bytes(whole[:-20])
            case "no gzip":
                path.write_bytes(b"plain text")
            case "flipped":
                path.write_bytes(whole[:20] + bytes([whole[20] ^ 0xFF]) + whole[21:])
            case _:
                path.unlink()
        with pytest.raises(UnreadableLog, match=r"1995-09-16.07\.log\.gz: .+") as raised:
            parse_log.fn(file, logs=places.logs)
        assert "\n" not in str(raised.value)

    def test_set_aside_twice_the_bad_lines_are_there_once(self, places: Places) -> None:
        content = f"{hit_line()}\nschön\n".encode()
        parsed = [parse_log.fn(write_log(places, "07", content), logs=places.logs)]
        for _ in range(2):
            hits = set_bad_lines_aside.fn(parsed, day=DAY, quarantine=places.quarantine)
        assert (hits.table.num_rows, hits.quarantined) == (1, 1)
        (line,) = (places.quarantine / "1995-09-16.jsonl").read_text("utf-8").splitlines()
        assert json.loads(line) == {
            "file": "1995-09-16/07.log.gz",
            "line": 2,
            "reason": "not in combined log format",
            "text": "schön",
        }
        assert [path.name for path in places.quarantine.iterdir()] == ["1995-09-16.jsonl"]


@pytest.mark.skipif(not REAL_LOG.is_dir(), reason="the real access log is not beside this project")
def test_a_real_access_log_gives_the_figures_computed_from_it(places: Places) -> None:
    expected: dict[str, Any] = json.loads((REAL_LOG / "expected.json").read_bytes())
    parsed = {}
    for path in sorted(REAL_LOG.glob("*/*.log")):
        name = f"{path.parent.name}/{path.name}"
        write_whole(places.logs / f"{name}.gz", gzip.compress(path.read_bytes()))
        parsed[name] = parse_log.fn(LogFile(f"{name}.gz"), logs=places.logs)
    hits = set_bad_lines_aside.fn(list(parsed.values()), day=DAY, quarantine=places.quarantine)
    rows = hits.table.to_pylist()
    assert (len(parsed), len(rows)) == (expected["files"], expected["lines"])
    assert hits.quarantined == len(expected["unparsable_lines"])
    assert sum(row["bytes"] for row in rows) == expected["bytes_sum"]
    assert len({row["host"] for row in rows}) == expected["distinct_clients"]
    assert Counter(str(row["status"]) for row in rows) == expected["hits_by_status"]
    assert Counter(row["method"] for row in rows) == expected["hits_by_method"]
    targets = Counter(row["target"] for row in rows)
    assert [list(pair) for pair in targets.most_common(5)] == expected["top5_paths"]
    assert {
        name: {
            "lines": log.hits.num_rows,
            "bytes_sum": sum(row["bytes"] for row in log.hits.to_pylist()),
        }
        for name, log in parsed.items()
    } == expected["by_file"]
    found = sessions.fn(hits).sessions.to_pylist()
    assert sum(row["hits"] for row in found) == expected["lines"]


RATES = [{"currency": f"C{number:02}", "usd": f"0.{number}"} for number in range(1, 20)]


class TestRates:
    def test_come_in_pages_with_every_digit(self) -> None:
        with serving(rates_service(RATES)) as address, Api("rates", address) as api:
            first = rates_page.fn(None, day=DAY, rates_api=api)
            second = rates_page.fn(first.next, day=DAY, rates_api=api)
            third = rates_page.fn(second.next, day=DAY, rates_api=api)
        assert third.next is None
        found = [*first.items, *second.items, *third.items]
        assert [(rate.currency, str(rate.usd)) for rate in found] == [
            (rate["currency"], rate["usd"]) for rate in RATES
        ]

    def test_complete_replace_the_last_known(self, places: Places) -> None:
        pages = Pages([Rate("EUR", Decimal("1.1"))], next=None, pages=1, complete=True)
        found = fresh_rates.fn(pages, day=DAY, last_rates=places.last_rates)
        assert found == rates_of(EUR="1.1")
        assert last_known_rates.fn(last_rates=places.last_rates) == found

    def test_cut_short_are_filled_from_the_last_known_and_say_how_old_they_are(
        self, places: Places
    ) -> None:
        earlier = date(1995, 9, 14)
        known = [Rate("EUR", Decimal(2)), Rate("USD", Decimal(1))]
        fresh_rates.fn(Pages(known, None, 1, True), day=earlier, last_rates=places.last_rates)
        cut = Pages([Rate("EUR", Decimal(3))], next=8, pages=1, complete=False)
        found = fresh_rates.fn(cut, day=DAY, last_rates=places.last_rates).to_pylist()
        assert [(row["currency"], row["usd"], row["as_of"]) for row in found] == [
            ("EUR", 3, DAY),
            ("USD", 1, earlier),
        ]
        assert read_last_rates(places.last_rates)[1] == earlier

    def test_of_an_old_day_do_not_replace_newer_last_known_ones(self, places: Places) -> None:
        for day, usd in ((DAY, "2"), (DAY - timedelta(days=9), "1")):
            pages = Pages([Rate("EUR", Decimal(usd))], None, 1, True)
            fresh_rates.fn(pages, day=day, last_rates=places.last_rates)
        assert read_last_rates(places.last_rates) == ({"EUR": Decimal(2)}, DAY)

    def test_listed_on_two_pages_count_once(self, places: Places) -> None:
        twice = [Rate("EUR", Decimal(1)), Rate("USD", Decimal(1)), Rate("EUR", Decimal(2))]
        pages = Pages(twice, None, 2, True)
        found = fresh_rates.fn(pages, day=DAY, last_rates=places.last_rates)
        assert found == rates_of(EUR="2", USD="1")

    def test_that_are_nowhere_are_an_error_that_names_both_places(self, places: Places) -> None:
        with pytest.raises(NoRates, match="currency service gave no rates"):
            fresh_rates.fn(Pages([], None, 0, False), day=DAY, last_rates=places.last_rates)
        with pytest.raises(NoRates, match=r"service gave no rates, and .*last_rates\.json"):
            last_known_rates.fn(last_rates=places.last_rates)

    def test_in_a_damaged_file_are_an_error_that_names_it(self, places: Places) -> None:
        places.last_rates.write_text('{"as_of": "1995')
        with pytest.raises(NoRates, match=r"last_rates\.json"):
            last_known_rates.fn(last_rates=places.last_rates)
