"""The example of an interpreter of one's own: which laws hold, and that they tell mistakes."""

from typing import Any

import pytest
from returns.result import Failure, Success

from examples.own_interpreter import engine, rebuild, unroll, unrolled
from fwf import (
    Scenario,
    branch,
    const,
    dry_run,
    fail,
    identity,
    it,
    loop_until,
    pure,
    seconds,
    task,
)
from fwf.algebra.builder import It
from fwf.algebra.nodes import LoopUntil, Node
from fwf.algebra.traverse import fold, walk
from fwf.testing import BrokenLaw, assert_lawful, catalogue
from tests.sizes import sizes

Parts = tuple[Node, ...]


@task
def ask(n: int) -> int: ...


@pytest.mark.parametrize("family", ["category", "loop", "retry", "fallback", "always", "map_each"])
def test_the_laws_hold_for_loops_unrolled(family: str) -> None:
    assert_lawful(unrolled, laws=catalogue(family), max_examples=10)


def test_no_loop_is_left_but_those_bounded_by_time() -> None:
    inner = loop_until(ask, it > 0, limit=3)
    plain = fold(unroll, loop_until(inner >> ask, it > 1, limit=2))
    assert not any(isinstance(here.node, LoopUntil) for here in walk(plain))
    found = dry_run(plain, 0, scenario=Scenario().task("ask", gives=1))
    assert isinstance(found.result, Failure)
    assert (found.attempts, found.result.failure().tags) == (4, ("Exhausted",))
    timed = loop_until(ask, it > 0, limit=3, within=seconds(9))
    assert fold(unroll, timed) == timed


@sizes(deep=20_000)
def test_many_rounds_are_unrolled_without_recursion(size: int) -> None:
    plain = fold(unroll, loop_until(pure(it + 1), it >= size, limit=size + 10_000))
    assert dry_run(plain, 0).result == Success(size)


def of_loops(made: Any) -> Any:
    """A rewrite with a mistake, from what it makes of a loop and its body."""

    def rewrite(node: Node, parts: Parts) -> Node:
        return made(node, parts[0]) if isinstance(node, LoopUntil) else rebuild(node, parts)

    return engine(rewrite)


def rounds(node: Any, body: Any, n: int, last: Any) -> Any:
    for _ in range(n):
        last = body >> branch(It(node.done), then=identity, otherwise=last)
    return last


def end(node: Any) -> Any:
    return identity if node.on_limit == "stop" else fail("Exhausted")


MISTAKES = {
    "one round": lambda node, body: body,
    "a round too few": lambda node, body: rounds(node, body, node.limit - 1, end(node)),
    "a round too many": lambda node, body: rounds(node, body, node.limit + 1, end(node)),
    "stops where it should fail": lambda node, body: rounds(node, body, node.limit, identity),
    "another error": lambda node, body: rounds(node, body, node.limit, fail("Timeout")),
    "asks before the first round": lambda node, body: branch(
        It(node.done), then=identity, otherwise=rounds(node, body, node.limit, end(node))
    ),
    "forgets the value": lambda node, body: rounds(node, body, node.limit, end(node)) >> const(0),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_unrolling_breaks_a_law(mistake: str) -> None:
    with pytest.raises(BrokenLaw, match="loop_until"):
        assert_lawful(of_loops(MISTAKES[mistake]), laws=catalogue("loop"))
