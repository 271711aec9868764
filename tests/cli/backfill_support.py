"""A project with timetables, and runs that are started in the process of the test itself."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from fwf import Journal, execute
from fwf.cli.journals import HELD
from fwf.cli.starting import Start
from fwf.cli.targets import load
from fwf.cli.timetables.backfill import Request, run_backfill
from fwf.cli.timetables.by_hand import begins_again
from fwf.cli.timetables.launch import Ended
from fwf.journal.errors import Held
from fwf.schedules.planning import Partition
from tests.cli_support import environment

SOURCE = """
import os, time
from datetime import date, datetime
from pathlib import Path
from fwf import always, every_day, every_hour, it, named, state, task

@task(effect="read")
def read(*, day: date) -> int:
    if Path(f"bad-{day}").exists():
        raise ConnectionError("no route")
    return day.day

@task(effect="idempotent", writes=["file://out"])
def load(n: int, *, day: date) -> str:
    Path(f"started-{day}").touch()
    while Path("slow").exists():
        time.sleep(0.01)
    with open("done.txt", "a") as file:
        file.write(f"{day}\\n")
    print(f"loaded {day}", flush=True)
    return f"{day}: {n}"

@task(effect="idempotent")
def tidy(*, day: date) -> None:
    if Path("slow").exists():  # so that a second signal would cut it
        time.sleep(0.3)
    Path(f"tidied-{day}").touch()

@task(effect="idempotent")
def load_hour(*, hour: datetime) -> str:
    with open("done.txt", "a") as file:
        file.write(f"{hour.isoformat(timespec='minutes')}\\n")
    return "hour"

START = date(2025, 6, 1)
daily = named("daily", always(read >> load, then=tidy))
workflow = nightly = every_day(daily, tz="Europe/Berlin", param="day", start=START)
ordered = every_day(
    named("ordered", read >> load), tz="Europe/Berlin", param="day", start=START,
    after_previous=True,
)
last = every_day(named("last", read >> load), tz="Europe/Berlin", param="day", start=START,
                 missed="last")
endless = every_day(named("endless", read >> load), tz="Europe/Berlin", param="day")

seen = state("seen", int, first=0)

@task(effect="idempotent")
def load_since(mark: int, *, day: date) -> int:
    if Path(f"bad-{day}").exists():
        raise ConnectionError("no route")
    with open("done.txt", "a") as file:
        file.write(f"{day} from {mark}\\n")
    return mark + 1

marked = every_day(
    named("marked", seen.read >> seen.moved_by(load_since, to=it + 1)), tz="Europe/Berlin",
    param="day", start=START,
)
hourly = every_hour(
    named("hourly", load_hour), tz="Europe/Berlin", param="hour", start=date(2024, 10, 26)
)
"""
NOW = datetime(2025, 6, 6, 9, tzinfo=UTC)
"""Five days are over, from June 1 to 5, and due."""


def project(folder: Path) -> Path:
    """Make the project in a folder."""
    (folder / "fwf.toml").touch()
    (folder / "jobs.py").write_text(SOURCE, encoding="utf-8")
    return folder


def remembering(**more: str) -> dict[str, str]:
    """An environment in which runs are remembered where they are by default."""
    return {name: each for name, each in environment(**more).items() if name != "FWF_JOURNAL"}


class Child:
    """A run that ends before anybody could stop it."""

    def stop(self, signal: int, /) -> None:
        raise AssertionError(signal)


class Here:
    """Starts runs in this process."""

    def __init__(self, target: str, before: Callable[[Partition], None] | None = None) -> None:
        self.target = load(target)
        self.before = before
        self.started = list[str]()

    def __call__(self, each: Partition, tell: Callable[[Ended], None]) -> Child:
        self.started.append(each.run.label)
        if self.before is not None:
            self.before(each)
        asked = self.target, each.run.params, None
        early = begins_again(*asked, anyway=False, now=each.run.end)
        journal = Journal(".fwf/runs.db", "process", again=each.again or early or False)
        try:
            went = execute(self.target.workflow, params=each.run.params, journal=journal)
        except Held:
            tell(Ended(each.run.label, HELD))
        else:
            tell(Ended(each.run.label, 0 if type(went.result).__name__ == "Success" else 1))
        return Child()


def backfilled(target: str, *, now: datetime = NOW, starts: Here | None = None, **more: Any) -> int:
    """What `fwf backfill` or `fwf run --due` does, at a time ⟶ its exit status."""
    asked = {name: more.pop(name) for name in ("as_json", "params", "salvage") if name in more}
    wanted = Request(Start(target, journal=more.pop("journal", None), **asked), **more)
    return run_backfill(wanted, (), now=now, start=starts or Here(target))


def lines(folder: Path) -> list[str]:
    """What was loaded, in order."""
    file = folder / "done.txt"
    return file.read_text().splitlines() if file.exists() else []


def day(number: int) -> date:
    return date(2025, 6, number)
