"""What do runners meet over? Jobs that wait for a word, end their process, or must not be repeated.

They live in the folder that CRASH_PLACE names, and wait until there is a file `go` in it.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from fwf import (
    Attempt,
    IdempotencyKey,
    Ref,
    RunInfo,
    Workflow,
    always,
    const,
    fallback,
    graph,
    loop_until,
    map_each,
    named,
    par,
    retry,
    seconds,
    task,
    timeout,
)
from tests.crash.kill_effects import STARTER, Given, Value, leave, nap, tidy, work

PLACE: Final = "CRASH_PLACE"
Some = Workflow[Any, Any]
os.environ.setdefault(STARTER, str(os.getpid()))


def file(name: str) -> Path:
    return Path(os.environ[PLACE]) / name


def begun(given: Given, key: str, info: RunInfo, attempt: int) -> Value:
    """Leave a line, and say that it waits."""
    value = leave("did", given, key, info, attempt)
    file("waiting").touch()
    return value


@task(effect="idempotent", name="waits")
def waits(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> Value:
    value = begun(given, key, info, attempt)
    while not file("go").exists():
        time.sleep(0.005)
    return value


@task(effect="idempotent", name="waits", version="async")
async def waits_async(
    given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt
) -> Value:
    value = begun(given, key, info, attempt)
    while not file("go").exists():
        await asyncio.sleep(0.005)
    return value


@task(effect="idempotent", name="waits", version="isolated", isolate=True)
def waits_isolated(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> Value:
    value = begun(given, key, info, attempt)
    while not file("go").exists():
        time.sleep(0.005)
    return value


@task(effect="unrepeatable")
def pays(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> Value:
    value = begun(given, key, info, attempt)
    while not file("go").exists():
        time.sleep(0.005)
    return value


@task(effect="unrepeatable", name="pays", version="2")
def mails(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> None:
    begun(given, key, info, attempt)
    while not file("go").exists():
        time.sleep(0.005)


@task(effect="unrepeatable")
def bills(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> str:
    time.sleep(nap())
    leave("did", None, key, info, attempt)
    time.sleep(nap())
    return info.path


@task(effect="idempotent")
def kills_its_process(
    given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt
) -> Value:
    value = leave("did", given, key, info, attempt)
    if not file("go").exists():
        time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    return value


@task(effect="pure")
def down() -> None:
    raise ConnectionError("down")


held = named("held", const(None) >> named("first", work) >> waits >> named("last", work))
mailed = named("mailed", const(None) >> named("first", work) >> mails >> named("last", work))
paid = named("paid", const(None) >> named("first", work) >> pays >> named("last", work))
alone = named("alone", const(None) >> work >> named("bad", kills_its_process) >> work)
beside = named(
    "beside",
    const(None)
    >> par(named("bad", kills_its_process), *(work >> named(f"last{n}", work) for n in range(8))),
)

billed = named(
    "billed",
    named("b1", bills) >> par(named("b2", bills), named("b3", bills)) >> named("b4", bills),
)

# Jobs that a signal stops


def in_graph(wait: Some) -> Some:
    @graph
    def made(given: Ref[Given]) -> Ref[Value]:
        a = named("a", work)(given)
        return named("b", work)(a, wait(a))

    return made


NODES: Final[dict[str, Callable[[Some], Some]]] = {
    "chain": lambda wait: named("a", work) >> wait >> named("b", work),
    "par": lambda wait: par(named("a", work), wait, named("b", work >> work)) >> work,
    "loop": lambda wait: loop_until(work >> wait, const(True), limit=3),
    "map": lambda wait: const([{"v": c, "n": 0, "by": ""} for c in "xy"]) >> map_each(wait) >> work,
    "retry": lambda wait: retry(named("a", work) >> wait, attempts=3, wait=seconds(1)),
    "timeout": lambda wait: timeout(named("a", work) >> wait, seconds(60)),
    "fallback": lambda wait: (
        named("a", work) >> fallback(down, named("other", const(None) >> wait))
    ),
    "graph": in_graph,
    "always": lambda wait: always(named("a", work) >> wait, then=named("inner", tidy)),
}
KINDS: Final[dict[str, Some]] = {
    "def": waits, "async": waits_async, "isolated": waits_isolated,
}  # fmt: skip


def stopped(node: str, kind: str) -> Some:
    """A job with a finaliser, in which a task of some kind waits in some node."""
    body = NODES[node](named("wait", KINDS[kind]))
    return named(f"{node}-{kind}", always(const(None) >> body >> named("last", work), then=tidy))


for _node in NODES:
    for _kind in KINDS:
        globals()[f"{_node}_{_kind}"] = stopped(_node, _kind)
