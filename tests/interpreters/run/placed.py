"""Tasks that tell where they are, of each kind; those of processes are found there by name."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from fwf import task
from fwf.interpreters.run import Here, here


def told() -> tuple[str, str, str, tuple[int, ...]] | None:
    found: Here | None = here()
    return found and (found.run_id, found.path, found.task, found.tries)


@task(effect="read")
def plain(x: Any) -> Any:
    return told()


@task(effect="read")
async def awaits(x: Any) -> Any:
    await asyncio.sleep(0)
    return told()


@task(effect="read", isolate=True)
def apart(x: Any) -> Any:
    return told()


@task(effect="read", isolate=True)
async def awaits_apart(x: Any) -> Any:
    await asyncio.sleep(0)
    return told()


@task(effect="read")
def flaky(x: Any) -> Any:
    found = here()
    if found is None or found.tries[-1] < 3:
        raise ConnectionError("not yet")
    return told()


class Shop:
    def __init__(self) -> None:
        self.opened = told()


@contextmanager
def shop() -> Generator[Shop]:
    yield Shop()


@task(effect="read")
def opens(x: Any, *, shop: Shop) -> Any:
    return shop.opened


@task(effect="read")
def asks_to_thread(x: Any) -> Any:
    """What a plain thread of the task's own knows: nothing, as of all context variables."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(told()))
    thread.start()
    thread.join()
    return found[0]
