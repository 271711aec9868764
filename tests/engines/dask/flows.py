"""Steps that leave lines in a log, for workers in processes of their own, and die or wait there."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from fwf import (
    IdempotencyKey,
    Resource,
    const,
    delay,
    in_pool,
    map_each,
    named,
    par,
    retry,
    seconds,
    task,
    timeout,
)


def mark(folder: str, what: str, more: str = "") -> None:
    """Add a line to the log of a folder."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    file = os.open(f"{folder}/log", flags, 0o600)
    os.write(file, f"{what} {os.getpid()} {more}\n".encode())
    os.close(file)


def marks(folder: Path, what: str) -> list[list[str]]:
    """The lines of something: process, and what more was said."""
    log = folder / "log"
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [line.split()[1:] for line in lines if line.split()[0] == what]


def counts(folder: Path) -> Counter[str]:
    """How often each was marked."""
    log = folder / "log"
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return Counter(line.split()[0] for line in lines)


def once(folder: str, what: str) -> bool:
    """Whether this is the first to ask so, in whatever process."""
    try:
        os.close(os.open(f"{folder}/{what}", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def until(folder: str, what: str) -> None:
    """Wait until a file is there."""
    while not os.path.exists(f"{folder}/{what}"):
        time.sleep(0.01)


# Steps that end their worker


def _die() -> None:
    """A nanny gives up a worker that dies before it knows that it has begun."""
    time.sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)


@task(effect="idempotent")
def put(folder: str, *, key: IdempotencyKey) -> str:
    mark(folder, "put", key)
    if once(folder, "died"):
        _die()
    return folder


@task(effect="unrepeatable")
def pay(folder: str, *, key: IdempotencyKey) -> str:
    mark(folder, "pay", key)
    if once(folder, "died"):
        _die()
    return folder


@task(effect="idempotent")
def deadly(folder: str) -> str:
    mark(folder, "deadly")
    _die()
    return folder


@task(effect="pure")
def deadly_pure(folder: str) -> str:
    mark(folder, "deadly_pure")
    _die()
    return folder


@task(effect="unrepeatable")
def charge(folder: str, *, key: IdempotencyKey) -> str:
    mark(folder, "charge", key)
    return folder


@task(effect="idempotent")
def leaves(folder: str) -> str:
    mark(folder, "leaves")
    raise SystemExit(3)


@task(effect="pure")
def beside(folder: str) -> int:
    mark(folder, "beside")
    time.sleep(0.2)
    return 1


puts = named("puts", put)
pays = named("pays", pay)
charges = named("charges", charge)
dies = named("dies", deadly)
dies_pure = named("dies_pure", deadly_pure)
exits = named("exits", par(retry(leaves, attempts=2), beside, beside, beside))


# Steps that are cut


@task(effect="idempotent")
def slow(folder: str, *, key: IdempotencyKey) -> str:
    mark(folder, "begun", key)
    if once(folder, "slow"):
        time.sleep(2.5)
    mark(folder, "ended", key)
    return folder


@task(effect="idempotent", isolate=True)
def apart(folder: str) -> str:
    mark(folder, "apart")
    time.sleep(60)
    return folder


@task(effect="idempotent")
async def awaits(folder: str) -> str:
    from asyncio import sleep

    mark(folder, "awaits")
    try:
        await sleep(60)
    finally:
        mark(folder, "cancelled")
    return folder


@task(effect="pure")
def blocks(folder: str) -> str:
    mark(folder, "blocks")
    until(folder, "go")
    return folder


@task(effect="pure")
def late(folder: str) -> str:
    mark(folder, "late")
    return folder


cut = named("cut", retry(timeout(slow, seconds(2)), attempts=3))
cut_apart = named("cut_apart", timeout(apart, seconds(1)))
cut_awaits = named("cut_awaits", timeout(awaits, seconds(1)))
queued = named(
    "queued",
    par(blocks, blocks, blocks, blocks, timeout(delay(seconds(2)) >> late, seconds(4))),
)


heard = named("heard", charge >> blocks)


# A client that comes and goes


@task(effect="idempotent")
def long(folder: str, *, key: IdempotencyKey) -> str:
    mark(folder, "long", key)
    until(folder, "go")
    mark(folder, "long_done", key)
    return folder


@task(effect="unrepeatable")
def wire(folder: str, *, key: IdempotencyKey) -> str:
    mark(folder, "wire", key)
    until(folder, "go")
    mark(folder, "wire_done", key)
    return folder


@task(effect="unrepeatable")
def bounce(folder: str, *, key: IdempotencyKey) -> None:
    mark(folder, "bounce", key)
    raise ConnectionError("no route")


longs = named("longs", long >> charge)
bounces = named("bounces", bounce)
wires = named("wires", wire >> charge)


# Resources


@contextmanager
def desk() -> Iterator[int]:
    """Opened for each attempt."""
    mark(os.environ["DASK_FLOWS"], "desk")
    yield os.getpid()
    mark(os.environ["DASK_FLOWS"], "desk_closed")


class Counter_:
    """Opened once a process."""

    per_run = True

    def __enter__(self) -> int:
        mark(os.environ["DASK_FLOWS"], "shared")
        return os.getpid()

    def __exit__(self, *error: object) -> None:
        mark(os.environ["DASK_FLOWS"], "shared_closed")
        if os.path.exists(f"{os.environ['DASK_FLOWS']}/raise"):
            raise OSError("it can't be closed")


resources: dict[str, Any] = {"desk": desk, "shared": Counter_}
Desk = Annotated[int, Resource]


@task(effect="pure")
def uses(n: int, *, desk: Desk, shared: Desk) -> tuple[int, int, int]:
    time.sleep(0.05)
    return desk, shared, os.getpid()


@task(effect="pure")
def several(n: int) -> list[int]:
    return [*range(n)]


users = named("users", several >> map_each(uses))
pooled = named("pooled", const("x") >> in_pool(late, "vendor"))
