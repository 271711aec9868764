"""The small world that generated workflows are made of: tasks, functions, errors, an extension.

All stand at the top of a module, so that a printed counterexample can be pasted into a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from returns.result import Failure, Result, Success

from fwf.algebra.nodes import Extension, Node, Task
from fwf.algebra.workflow import AnyWorkflow
from fwf.combinators import fallback, identity, seq
from fwf.derived import Pages
from fwf.durations import seconds
from fwf.faults import Fault
from fwf.records import record
from fwf.states import state
from fwf.tasks import task

VALUES = 5
"""Numbers stay below it, so that the same task meets the same input again."""


@task(effect="pure", duration=seconds(1))
def a(n: int) -> int:
    return increased(n)


@task(effect="read", reads=["shop/orders"], duration=seconds(2))
def b(n: int) -> int:
    return doubled(n)


@task(effect="idempotent", writes=["dw/sales"], duration=seconds(1))
def c(n: int) -> int:
    return n


@task(effect="unrepeatable", writes=["crm/mails"])
def d(n: int) -> int:
    return turned(n)


@task(effect="pure", duration=seconds(3))
def e(n: int) -> int:
    return zero(n)


@task(effect="read", reads=["shop/visits"], duration=seconds(1))
async def f(n: int) -> int:
    return increased(n)


@task(effect="idempotent", reads=["dw/sales"], writes=["dw/report"], duration=seconds(2))
async def g(n: int) -> int:
    return doubled(n)


@task
def h(n: int) -> int:
    return n


@task(effect="read", duration=seconds(1))
def ping() -> int:
    return 1


@task(effect="pure", duration=seconds(1))
def add(left: int, right: int) -> int:
    return increased((left, right))


@task(effect="read", duration=seconds(1))
def shifted(n: int, *, amount: int) -> int:
    return increased((n, amount))


seen = state("seen", int, first=0)
"""A state, whose mark nobody keeps."""
PLAIN: tuple[Task[int, int], ...] = (a, b, c, d, e, f, g, h)
"""Tasks that take a number and give one."""
TASKS: tuple[Task[Any, Any], ...] = (*PLAIN, ping, add, shifted)


# What scripted tasks give, by their input; all accept whatever a task above may get


def number(value: Any) -> int:
    """A number, a tuple or list of numbers, or nothing ⟶ a number."""
    if isinstance(value, tuple | list):
        return sum(number(each) for each in cast(Sequence[Any], value)) % VALUES
    return value % VALUES if isinstance(value, int) else 0


def increased(value: Any) -> int:
    return (number(value) + 1) % VALUES


def doubled(value: Any) -> int:
    return 2 * number(value) % VALUES


def turned(value: Any) -> int:
    return VALUES - 1 - number(value)


def zero(value: Any) -> int:
    return 0


def unless_odd(value: Any) -> int:
    if number(value) % 2:
        raise ConnectionError("odd")
    return number(value)


def unless_even(value: Any) -> int:
    if number(value) % 2 == 0:
        raise KeyError("even")
    return number(value)


def as_long(value: Any) -> timedelta:
    return seconds(number(value))


def half_as_long(value: Any) -> timedelta:
    return seconds(number(value) // 2)


SHIFT = (increased, doubled, turned, number, zero)
"""What always gives a number."""
ERRORS = ("ConnectionError", "KeyError", "PermissionError", "TypeError")
"""How tasks fail; two of them are OSErrors, and the last is a defect."""


# Functions of workflows' values


def is_odd(value: Any) -> bool:
    return number(value) % 2 == 1


def several(value: Any) -> list[int]:
    """A number ⟶ a list of up to three, all different."""
    first = number(value)
    return [first + at for at in range(first % 4)]


def total(values: Any) -> int:
    return number(list(values))


def good(results: Sequence[Result[int, Fault]]) -> int:
    """What `map_each(on_error="collect")` gives ⟶ the sum of what went well."""
    return number([each.unwrap() for each in results if not isinstance(each, Failure)])


def success(value: Any) -> Result[Any, Fault]:
    """What `as_result` makes of a value."""
    return Success(value)


def outcome(result: Result[int, Fault]) -> int:
    """What `as_result` gives ⟶ the value, or a number that the fault's tags come to."""
    if not isinstance(result, Failure):
        return result.unwrap()
    return number([len(tag) for tag in result.failure().tags])


def unwrapped(results: Sequence[Result[Any, Fault]]) -> list[Any]:
    return [each.unwrap() for each in results]


def alone(value: Any) -> list[Any]:
    return [value]


def as_list(values: Sequence[Any]) -> list[Any]:
    return list(values)


def page(value: Any) -> dict[str, Any]:
    """A number ⟶ a page that holds it, and that another comes after if it is odd."""
    n = number(value)
    return {"items": [n], "next": n // 2 if n % 2 else None}


def last_page(value: Any) -> dict[str, Any]:
    """A number ⟶ the only page, which holds it."""
    return {"items": [number(value)], "next": None}


def total_of_page(page: dict[str, Any]) -> int:
    """What `total_of_pages` gives for that page alone."""
    return number([*page["items"], 1])


def total_of_pages(pages: Pages[int]) -> int:
    return number([*pages.items, pages.pages])


def backwards(values: Sequence[Any]) -> list[Any]:
    return list(values)[::-1]


def head(values: Sequence[Any]) -> list[Any]:
    return list(values)[:1]


def tail(values: Sequence[Any]) -> list[Any]:
    return list(values)[1:]


def flat(lists: Sequence[Sequence[Any]]) -> list[Any]:
    return [each for one in lists for each in one]


# A node of somebody else's


@record(eq=False, repr=False)
class Twice(Extension[int, int]):
    """The body two times, one after the other."""

    body: Node

    def desugar(self) -> AnyWorkflow:
        return seq(self.body, self.body)


@record(eq=False, repr=False)
class Tolerant(Extension[int, int]):
    """The body, or its input where it fails."""

    body: Node

    def desugar(self) -> AnyWorkflow:
        return fallback(self.body, identity)
