"""Timetables of all kinds, as a project has them: what their tasks do is done to the world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple

from fwf import IdempotencyKey, RunInfo, Timetable, every_day, every_hour, it, named, state, task
from tests.schedules.days import now

SEEN = state("seen", int, first=0)


class Stretch(NamedTuple):
    """What is to be read of a source: from one mark up to another."""

    low: int
    high: int


def job(*, hours: bool, marked: bool, version: str, moved_by: Any = None) -> Any:
    """Reads, loads, closes; `version` is that of what loads."""
    load: Any = by_hour(version) if hours else by_day(version)
    if not marked:
        return named("job", whole >> load >> close)
    moved = (SEEN.moved_by if moved_by is None else moved_by)(load, to=it.high)
    return named("job", SEEN.read >> since >> moved >> close)


@task(effect="read")
def whole() -> Stretch:
    return Stretch(0, 0)


@task(effect="read")
def since(low: int) -> Stretch:
    return Stretch(low, max(low, now.world().source))


@task(effect="idempotent")
def close(label: str, *, key: IdempotencyKey, info: RunInfo) -> None:
    now.world().does("close", label, Stretch(0, 0), str(key), info.run_id)


def by_day(version: str) -> Any:
    @task(name="load", version=version, effect="idempotent")
    def load(s: Stretch, *, day: date, key: IdempotencyKey, info: RunInfo) -> str:
        now.world().does("load", day.isoformat(), s, str(key), info.run_id)
        return day.isoformat()

    return load


def by_hour(version: str) -> Any:
    @task(name="load", version=version, effect="idempotent")
    def load(s: Stretch, *, hour: datetime, key: IdempotencyKey, info: RunInfo) -> str:
        label = hour.isoformat(timespec="minutes")
        now.world().does("load", label, s, str(key), info.run_id)
        return label

    return load


def timetable(
    kind: str, version: str, moved_by: Callable[..., Any] | None = None
) -> Timetable[Any]:
    """A kind such as `days ordered marked` ⟶ its timetable."""
    hours, marked, ordered = (word in kind for word in ("hours", "marked", "ordered"))
    w = job(hours=hours, marked=marked, version=version, moved_by=moved_by)
    if hours:  # over the hour that is there twice
        return every_hour(
            w, tz="Europe/Berlin", param="hour", start=date(2025, 10, 26), after_previous=ordered
        )
    if marked:  # the second day begins at 01:00
        return every_day(
            w, tz="America/Santiago", param="day", start=date(2025, 9, 6), after_previous=ordered
        )
    return every_day(
        w, tz="Europe/Berlin", param="day", start=date(2025, 10, 25), after_previous=ordered
    )


KINDS = tuple(
    f"{unit}{ordered}{marked}"
    for unit in ("days", "hours")
    for ordered in ("", "_ordered")
    for marked in ("", "_marked")
)
VERSIONS = ("1", "2")
"""Of the code: another one of what loads."""


def attribute(kind: str, version: str) -> str:
    """What a timetable's attribute is called in this module."""
    return f"{kind}_{version}"


vars().update({attribute(kind, each): timetable(kind, each) for kind in KINDS for each in VERSIONS})
