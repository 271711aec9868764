"""A module of steps that leave marks in a folder, for workers in processes of their own."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from fwf import IdempotencyKey, Resource, it, map_each, named, pure, retry, seconds, task, timeout
from fwf.algebra.contract import Attempt


def mark(what: str, key: str) -> None:
    """Add a line to the log."""
    with open(os.environ["STEPS_LOG"], "a", encoding="utf-8") as log:
        log.write(f"{what} {key}\n")


def pause(what: str) -> None:
    """Stand still at a point, if the test says so, until it has killed the process."""
    if os.environ.get("STEPS_PAUSE") == what:
        Path(os.environ["STEPS_LOG"] + ".paused").touch()
        time.sleep(60)


@contextmanager
def desk() -> Iterator[None]:
    """Is opened once an attempt is claimed, and closed before its outcome is kept."""
    pause("before")
    yield
    pause("after")


resources = {"desk": desk}
Desk = Annotated[None, Resource]


@task(effect="unrepeatable")
def pay(n: int, *, key: IdempotencyKey, desk: Desk) -> int:
    mark("pay", key)
    pause("in")
    return n + 1


@task(effect="idempotent")
def put(n: int, *, key: IdempotencyKey, desk: Desk) -> int:
    mark("put", key)
    pause("in")
    return n + 1


@task
def undeclared(n: int, *, key: IdempotencyKey, desk: Desk) -> int:
    mark("undeclared", key)
    pause("in")
    return n + 1


@task(effect="read")
def look(n: int, *, key: IdempotencyKey, desk: Desk) -> int:
    mark("look", key)
    pause("in")
    return n + 1


@task(effect="unrepeatable")
def fails(n: int, *, key: IdempotencyKey, desk: Desk) -> int:
    mark("fails", key)
    raise ConnectionError("no")


@task(effect="idempotent")
def counts(n: int, *, attempt: Attempt) -> int:
    mark("counts", str(attempt))
    return int(attempt)


@task(effect="pure")
def leaves(n: int) -> int:
    raise SystemExit(n)


@task(effect="pure")
def interrupts(n: int) -> int:
    raise KeyboardInterrupt


@task(effect="pure")
def prints(n: int) -> int:
    print("to stdout")
    subprocess.run(["echo", "from a child"], check=True)
    return n


@task(effect="idempotent")
def slow(n: float) -> float:
    mark("slow", "")
    time.sleep(n)
    mark("slow done", "")
    return n


@task(effect="pure")
def large(n: int) -> str:
    return "x" * n


@task(effect="pure")
def nothing(n: int) -> None:
    return None


@task(effect="pure")
def several(n: int) -> list[int]:
    return [*range(n)]


whole = named("daily", retry(pay, attempts=3) >> put >> undeclared >> look)
block = named("block", put >> pay >> look)
ends = named("ends", leaves >> interrupts >> prints)
late = named("late", timeout(slow >> pure(it), seconds(30)))
sizes = named("sizes", large >> pure(it.missing))
none = nothing
failing = named("failing", retry(fails, attempts=2) >> look)
items = named("items", several >> map_each(counts))
pause("import")
