"""A DAG file for Airflow: a workflow whose tasks write down what they do, some of which fail."""

import os
from datetime import date
from pathlib import Path
from typing import Any

from fwf import (
    Attempt,
    IdempotencyKey,
    every,
    every_day,
    in_pool,
    it,
    map_each,
    named,
    pure,
    retry,
    seconds,
    task,
)
from fwf.interpreters.engines.airflow.dag import to_dag

JUNE = date(2026, 6, 1)
LOG = Path(os.environ.get("STORY_LOG", "/dev/null"))
DOWN = LOG.with_suffix(".down")
"""While there is this file, what is asked for isn't there."""


def note(*words: object) -> None:
    with LOG.open("a") as file:
        file.write(" ".join(map(str, words)) + "\n")


@task(effect="read")
def fetch(*, day: date, key: IdempotencyKey) -> list[int]:
    note("fetch", day, key)
    return [day.day, day.month]


@task(effect="unrepeatable")
def mail(n: list[int], *, key: IdempotencyKey) -> list[int]:
    note("mail", n, key)
    return n


@task(effect="idempotent")
def put(n: int, *, key: IdempotencyKey, attempt: Attempt) -> int:
    note("put", n, attempt, key)
    if DOWN.exists():
        raise ConnectionError("down {{ ti }}")
    return n


each = in_pool(retry(put, attempts=2, wait=every(seconds(0)), on=OSError), "shop")
workflow: Any = named("story", fetch >> mail >> map_each(each, key=it) >> pure(it.length()))
timetable = every_day(workflow, tz="Europe/Berlin", param="day", start=JUNE, end=JUNE)
dag = to_dag(timetable, store=os.environ.get("STORY_STORE", ""))
