"""Testing style: a function by calling it, a night by what would happen, nothing patched."""

from datetime import date
from typing import Any

from examples import first
from examples.first import Sales, enrich
from fwf import Scenario, seconds
from fwf.testing import assert_never_ran, assert_ran

DAY = date(2026, 7, 15)


def test_what_is_sold_is_told_in_dollars() -> None:
    assert enrich.fn([10.0, 5.0], 3, 1.1, day=DAY) == Sales(DAY, 16.5, 3)


def test_a_day_without_rates_is_loaded_with_the_last_known_ones(dry_run: Any) -> None:
    bad = (
        Scenario()
        .task("orders", fails=["TimeoutError"], takes=seconds(30))
        .task("rates", fails="ConnectionError")
        .task("enrich", gives={"dollars": 10})
    )
    night = dry_run(first.workflow, scenario=bad, params={"day": DAY})
    assert_ran(night, "orders").attempts(2).before("enrich")
    assert_ran(night, "last_known_rates").after("rates")
    assert_never_ran(night, "empty_day")


def test_a_day_without_orders_loads_nothing(run: Any) -> None:
    sunday = run(first.workflow, params={"day": date(2026, 7, 19)})  # the tasks themselves
    assert sunday.unwrap() == "nothing was sold on 2026-07-19"
