"""Workflows that are run by processes: what they do is written into the file `SHOP_LOG`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from fwf import always, branch, const, it, loop_until, map_each, named, par, retry, task

pools = {"disk": 2}


def note(line: str) -> None:
    with Path(os.environ["SHOP_LOG"]).open("a") as file:
        file.write(f"{line}\n")


@task(effect="read")
def read(*, day: str) -> list[int]:
    note(f"read {day}")
    return [1, 2, 3]


@task(effect="idempotent")
def load(n: int) -> int:
    note(f"load {n}")
    return n


@task(effect="pure")
def total(numbers: list[int], *, day: str) -> str:
    return f"{len(numbers)} loaded of {day}"


@task(effect="unrepeatable")
def mail(said: list[int]) -> str:
    note("mail")
    return "mailed"


@task(effect="idempotent")
def save(n: int) -> int:
    note("save")
    if Path(f"{os.environ['SHOP_LOG']}.mended").exists():
        return n
    raise OSError("the disk is full")


@task(effect="pure")
def more(n: int) -> int:
    return n + 1


@task(effect="pure")
def many(n: int) -> list[int]:
    return [*range(n)]


def waited() -> str:
    note("begun")
    until = time.monotonic() + 60
    while os.environ.get("SHOP_WAIT") and time.monotonic() < until:
        time.sleep(0.01)
    return "done"


@task(effect="idempotent")
def wait() -> str:
    return waited()


@task(effect="unrepeatable")
def wait_once() -> str:
    return waited()


daily = named(
    "daily",
    read
    >> map_each(load, at_once=2)
    >> branch(it.length() > 0, then=par(total, mail), otherwise=total),
)
failing = named("failing", loop_until(retry(save, attempts=2, on=OSError), it > 1, limit=5))
closing = named("closing", always(load >> save, then=load))
unfit = named("unfit", always(branch(it.missing, then=load, otherwise=load), then=load))
waiting = named("waiting", wait)
waiting_once = named("waiting_once", wait_once)
waiting_items = named(
    "waiting_items", const([1]) >> map_each(const(None) >> wait, on_error="collect")
)
counting = named("counting", loop_until(more, it > 3, limit=5))
listing = named("listing", many >> map_each(more))
