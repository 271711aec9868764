"""Tasks of simulated workflows, and what their attempts do: their step instance decides it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast
from zlib import crc32

from returns.result import Failure, Result

from fwf import task
from fwf.algebra.nodes import Task
from fwf.faults import Failed, Fault

from .simulated_outside import Doing, Plays, Step

VALUES = 5
SECOND = 1_000_000
ERRORS = (("builtins.ConnectionError", "OSError"), ("KeyError", "LookupError"), ("Odd",))


# Tasks; what they do is said by a script


@task(effect="idempotent", writes=["dw/a"])
def a(n: int) -> int: ...


@task(effect="idempotent", writes=["dw/b"])
def b(n: int) -> int: ...


@task(effect="read")
def c(n: int) -> int: ...


@task(effect="pure")
def d(n: int) -> int: ...


@task(effect="idempotent", writes=["dw/e"])
async def e(n: int) -> int: ...


@task(effect="idempotent", writes=["dw/tuned"])
def tuned(n: int, *, amount: int) -> int: ...


@task(effect="idempotent", writes=["dw/sure"])
def sure(n: int) -> int: ...


@task(effect="read")
def sure_too(n: int) -> int: ...


@task(effect="idempotent", writes=["dw/slow"])
def slow(n: int) -> int: ...


@task(effect="idempotent", writes=["dw/picky"])
def picky(n: int) -> int: ...


@task(effect="read")
def once() -> int: ...


@task(effect="idempotent", writes=["dw/two"])
def two(n: int, m: int) -> int: ...


@task(effect="idempotent", writes=["dw/page"])
def page(n: int) -> dict[str, Any]: ...


@task(effect="pure")
def of_page(page: dict[str, Any]) -> int: ...


@task(effect="pure")
def judged(result: Result[int, Fault]) -> int: ...


@task(effect="pure")
def counted(results: list[Result[int, Fault]]) -> int: ...


@task(effect="idempotent", writes=["cloud/clusters"])
def lent(n: int) -> int: ...


@task(effect="idempotent", writes=["cloud/clusters"])
def lent_or_not(n: int) -> int: ...


@task(effect="pure")
def told(failed: tuple[int, Fault]) -> None: ...


MAY_FAIL: tuple[Task[Any, Any], ...] = (a, b, c, d, e)
NEVER_FAIL: tuple[Task[Any, Any], ...] = (sure, sure_too)
POOLS = ("vendor", "warehouse")


# What they do


def script(seed: int, *, fails: int = 3, stretched: int = 0) -> Plays:
    """What each attempt does, by all that its step instance is.

    fails: of ten attempts that may fail so many do. stretched: another seed, by which all takes
    longer, as after a crash.
    """
    return partial(_played, seed, fails, stretched)


def _played(seed: int, fails: int, stretched: int, step: Step, task: Task[Any, Any]) -> Doing:
    said = repr((seed, step.task, step.path, step.tries, plain(step.value)))
    drawn = crc32(said.encode("utf-8", "surrogatepass")) ^ 0x5BD1E995
    least, most = (5, 9) if step.task == "slow" else (0, 3)
    lasts = least + (drawn >> 4) % (most - least + 1)
    if stretched:
        lasts += crc32(repr((stretched, said)).encode()) % 7
    failed = _fails(step, drawn >> 8, fails)
    value = None if failed else _value(step, drawn >> 16)
    fault = partial(_fault, step.path, ERRORS[(drawn >> 12) % 3]) if failed else None
    flags = drawn >> 20
    return Doing(value, fault, lasts * SECOND, early=flags & 3 == 0, stops=flags & 4 == 0)


def _fails(step: Step, drawn: int, fails: int) -> bool:
    if step.task == "picky":
        return step.value == 2 and fails > 0
    named = {each.name for each in MAY_FAIL} | {"tuned", "lent_or_not"}
    return step.task in named and drawn % 10 < fails


def _fault(path: str, tags: tuple[str, ...], end: int) -> Failed:
    return Failed(path, tags, "it didn't work: ü ☃")


def _value(step: Step, drawn: int) -> Any:
    match step.task:
        case "page":
            return {"rows": [drawn % VALUES, 2.5, None], "next": "é", "more": {"deep": [[]]}}
        case "of_page":
            return cast(Any, step.value)["rows"][0]
        case "told":
            return None
        case _:
            return drawn % VALUES


def plain(value: Any) -> Any:
    """A value as text that is the same in every process."""
    if isinstance(value, Failure):
        return "failure", str(cast(Any, value).failure())
    if isinstance(value, list | tuple):
        return [plain(each) for each in cast("Sequence[Any]", value)]
    return value if isinstance(value, dict | int | str | float | None) else str(value)
