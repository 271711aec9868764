"""The night of `examples/night.py`: rehearsed, run, and what its alert says."""

from datetime import date

from examples.night import alert, orders, workflow
from fwf import Scenario, VirtualClock, check, dry_run, execute, minutes, pretty, run, seconds
from fwf.testing import assert_ran
from fwf.worlds.trace import events

DAY = {"day": date(2026, 11, 28)}
TOLD = ["T07: T07 is closed on 2026-11-28", "T19: no orders in shop_19 on 2026-11-28"]


def test_the_alert_names_who_failed_and_why_and_the_others_are_loaded() -> None:
    ran = execute(workflow, params=DAY, clock=VirtualClock())
    assert ran.result.unwrap() == TOLD
    loads = [each for each in events(ran.trace) if each.path.endswith("load")]
    assert len(loads) == 28 and {each.ending for each in loads} == {"ok"}
    assert "night > map_each[T01] > then > load" in {each.path for each in loads}


def test_a_file_that_comes_late_is_waited_for() -> None:
    late = Scenario().task("prices_there", gives_each=[False, False, True])
    found = dry_run(workflow, scenario=late, params=DAY)
    assert_ran(found, "poll > prices_there").attempts(3)
    assert found.took == minutes(10)


def test_a_file_that_never_comes_is_said_so_and_the_finaliser_runs() -> None:
    never = Scenario().task("prices_there", gives=False).task("drop_staging", takes=seconds(1))
    found = dry_run(workflow, scenario=never, params=DAY)
    said = "night > poll prices_there: not true after 24 rounds"
    assert str(found.result.failure()) == said
    assert_ran(found, "drop_staging")


def test_it_is_told_as_to_a_colleague() -> None:
    text = pretty(workflow, width=100)
    assert not any(plumbing in text for plumbing in ("pick", "it[", "identity", "loop_until"))
    assert not check(workflow)


def test_its_business_logic_is_functions() -> None:
    assert alert.fn([]) == []
    assert run(orders, ("T01", "shop_01", False), params=DAY).failure().tags[-1] == "Defect"
