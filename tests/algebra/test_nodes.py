"""A node checks its own fields, whoever makes it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pyrsistent import pmap, pvector

from fwf import dry_run, identity, it, load, pick, plan, pretty, pure, run, seconds, task
from fwf.algebra.builder import expr_of
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Fail,
    Fallback,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Par,
    Pure,
    Retry,
    Seq,
    Step,
    Timeout,
    WithParams,
)
from fwf.algebra.schedule import Constant

W: Any = identity
TEST = expr_of(it > 1)
WAIT = Constant(seconds(1))


@task(effect="pure")
def one() -> int:
    return 1


@task(effect="pure")
def text() -> str:
    return "a"


@task(effect="pure")
def add(a: int, b: int) -> int:
    return a + b


def raw(cls: Any, *fields: Any) -> Any:
    return cls(*fields)


@pytest.mark.parametrize(
    ("cls", "fields", "message"),
    [
        (Retry, (W, 0, WAIT, ()), "retry(attempts=0): needs at least 1 attempt; to skip a step"),
        (Retry, (W, True, WAIT, ()), "retry(attempts=True): needs a whole number of attempts"),
        (Retry, (W, 2, seconds(1), ()), "is not a schedule; write backoff(…)"),
        (Retry, (W, 2, WAIT, ("",)), "retry(on=('',)): needs exception classes or error tags"),
        (Retry, (W, 2, WAIT, ["a"]), "retry(on=['a']): needs exception classes or error tags"),
        (Retry, (one.fn, 2, WAIT, ()), "retry: one is the bare function of a task; write one"),
        (Timeout, (W, -seconds(1)), "timeout: seconds(-1) is negative"),
        (Timeout, (W, 5), "timeout: 5 is not a duration; write seconds(…)"),
        (Delay, (-timedelta.resolution,), "is negative; a duration is 0 or more"),
        (MapEach, (W, None, 0, "settle"), "map_each(at_once=0): needs at least 1 item"),
        (MapEach, (W, None, 1, "ignore"), "map_each(on_error=…): 'ignore' is none of 'settle'"),
        (MapEach, (W, it.id, 1, "settle"), "is not an expression as data"),
        (LoopUntil, (W, TEST, 0, None, "fail"), "loop_until(limit=0): needs at least 1 round"),
        (LoopUntil, (W, TEST, 1, -seconds(1), "fail"), "loop_until(within=…): seconds(-1) is"),
        (LoopUntil, (W, TEST, 1, None, "go"), "loop_until(on_limit=…): 'go' is none of"),
        (LoopUntil, (W, it > 1, 1, None, "fail"), "loop_until: it > 1 is not an expression"),
        (Branch, (it > 1, W, W), "branch: it > 1 is not an expression as data"),
        (Branch, (TEST, W, 1), "branch: 1 is not a workflow; to give a plain value write const(1)"),
        (Par, ([W], False), "is not a tuple of workflows"),
        (Par, ((it.n,), False), "par: it.n is an expression; write pure(…)"),
        (Par, ((W,), 1), "par(fail_fast=1): needs True or False"),
        (Seq, ((W,),), "seq: (identity,) is not a vector of workflows"),
        (Seq, (pvector([W, 1]),), "seq: 1 is not a workflow"),
        (Fallback, (W, None, ()), "fallback: None is not a workflow"),
        (Fallback, (W, W, "a"), "fallback(on='a'): needs exception classes or error tags"),
        (Always, (W, 1), "always: 1 is not a workflow"),
        (AsResult, (1,), "as_result: 1 is not a workflow"),
        (WithParams, (W, {"a": 1}, pmap()), "is not a dictionary, as pmap(…)"),
        (WithParams, (W, pmap(), pmap({"a": "b c"})), "using(a='b c'): needs the name of another"),
        (InPool, (W, ""), "in_pool(''): needs the name of a pool"),
        (Named, ("", W, pmap()), "named: '' is no name"),
        (Named, ("a > b", W, pmap()), "named: '>' can't stand in the name"),
        (Named, ("a", W, {}), "is not a dictionary of notes"),
        (Fail, ("", ""), "fail(''): an error's tag is a text that isn't empty"),
        (Fail, ("a", None), "fail('a', None): an error's message is a text"),
        (Pure, (it.n,), "pure: it.n is not an expression as data"),
    ],
)  # fmt: skip
def test_a_field_that_no_combinator_lets_in_gets_in_by_no_other_way(
    cls: Any, fields: tuple[Any, ...], message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        raw(cls, *fields)


@pytest.mark.parametrize(
    ("steps", "outputs", "arity", "message"),
    [
        ((), 0, 0, "its outputs have 0; needs none"),
        ((), -2, 1, "its outputs have -2; needs none, or of one of the graph's inputs"),
        ((Step(one, ()),), 1, 0, "its outputs have 1; needs the number of a step before, from 0"),
        ((Step(one, ()),), (0, True), 0, "its outputs have True"),
        ((Step(one, ()),), [0], 0, "its outputs have [0]"),
        ((Step(one, ()),), None, 0, "its outputs have None"),
        ((Step(one, ()),), 0, -1, "its arity is -1; needs a number of inputs, 0 or more"),
        ((Step(one, ()),), 0, True, "its arity is True"),
        ([Step(one, ())], 0, 0, "is not a tuple of steps"),
        ((one,), 0, 0, "step 0 is one; write Step(task, (0, 1)), or a function with @graph"),
        ((Step(W, (0,)),), 0, 0, "step 0: inputs has 0; needs none: put it behind the steps"),
        ((Step(W, (1,)), Step(one, ())), 0, 0, "step 0: inputs has 1; needs none"),
        ((Step(one, ()), Step(W, (7,))), 0, 0, "step 1: inputs has 7; needs the number of a step"),
        ((Step(one, ()), Step(W, (False,))), 0, 0, "step 1: inputs has False"),
        ((Step(W, (-1,)),), 0, 0, "step 0: inputs has -1"),
        ((Step(W, (-3,)),), 0, 2, "step 0: inputs has -3; needs none, or of one of the graph's"),
        ((Step(one, (), (0,)),), 0, 0, "step 0: after has 0"),
        ((Step(one, (), (-1,)),), 0, 0, "step 0: after has -1"),
        ((Step(one, ()), Step(W, [0])), 0, 0, "step 1: inputs=[0] is not a tuple"),
        ((Step(one.fn, ()),), 0, 0, "step 0: <function"),
        ((Step(one, ()), Step(add, (0, 0, 0))), 0, 0, "step 1: has 3 inputs, but takes 2"),
        ((Step(one, ()), Step(add, ())), 0, 0, "step 1: has 0 inputs, but takes 2"),
        ((Step(one, ()), Step(add, (0,))), 0, 0, "step 1: takes tuple[int, int], but is given int"),
        ((Step(text, ()), Step(add, (0, 0))), 0, 0, "but is given tuple[str, str]"),
    ],
)  # fmt: skip
def test_a_graph_that_no_notation_draws_can_not_be_made(
    steps: Any, outputs: Any, arity: Any, message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match="Graph: .*" + re.escape(message)):
        Graph(steps, outputs, arity)


NUMBERS = st.integers(-3, 3) | st.booleans()
INPUTS = st.lists(NUMBERS, max_size=2).map(tuple)


@given(
    st.lists(st.tuples(INPUTS, INPUTS), max_size=3),
    NUMBERS | st.lists(NUMBERS, max_size=2).map(tuple),
    st.integers(0, 2),
)
def test_a_graph_that_can_be_made_can_be_run_and_written_down(
    drawn: list[Any], outputs: Any, arity: int
) -> None:
    body: Any = pure(pick(it))
    try:
        made: Any = Graph(tuple(Step(body, *each) for each in drawn), outputs, arity)
    except ValueError:
        return
    value = tuple(range(arity)) if arity > 1 else 0
    assert run(made, value).unwrap() == dry_run(made, value).result.unwrap()
    assert load(plan(made)).unwrap() == made
    assert pretty(made) and repr(made)
