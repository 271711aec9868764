"""A backfill before anything runs: which days it has, and how long they take, four at once."""

from datetime import date

from examples import schedule
from fwf import Scenario, dry_run_all, every_day, minutes, partitions

nightly = every_day(schedule.workflow, tz="Europe/Berlin", param="day")
spring = partitions(nightly, date(2025, 3, 1), date(2025, 5, 31))
open_days = [run for run in spring if run.day.weekday() < 6]  # there are no takings on Sundays
slow = Scenario().task("takings", takes=minutes(2)).task("load", takes=minutes(5))

if __name__ == "__main__":
    print(f"{len(open_days)} of {len(spring)} days, {spring[0].label} … {spring[-1].label}")
    print(dry_run_all(open_days, at_once=4, scenario=slow))
