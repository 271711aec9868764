from datetime import timedelta
from typing import Any

import pytest

from fwf import (
    always,
    apply,
    backoff,
    branch,
    const,
    delay,
    every,
    fail,
    fallback,
    identity,
    in_pool,
    it,
    literal,
    loop_until,
    map_each,
    minutes,
    named,
    par,
    param,
    pick,
    pure,
    retry,
    seconds,
    seq,
    timeout,
    using,
    with_params,
)
from fwf.algebra.builder import expr_of
from fwf.algebra.nodes import Branch, Fallback, LoopUntil, Retry, WithParams
from fwf.algebra.traverse import desugared
from tests.samples import (
    anything,
    from_db,
    is_big,
    namespace,
    orders,
    ping,
    to_int,
    to_text,
    unannotated,
)

W: Any = unannotated
BOTH = pure(pick(param("a"), param("b")))


@pytest.mark.parametrize(
    ("made", "source"),
    [
        (identity, "identity"),
        (const({"b": 1, "a": [True, None]}), "const({'a': [True, None], 'b': 1})"),
        (pure(it.a), "pure(it.a)"),
        (pure(is_big), "pure(is_big)"),
        (pure(apply(is_big, it.n)), "pure(apply(is_big, it.n))"),
        (pure(param("day")), "pure(param('day'))"),
        (fail("NoOrders"), "fail('NoOrders')"),
        (fail("NoOrders", "closed"), "fail('NoOrders', 'closed')"),
        (delay(minutes(2)), "delay(minutes(2))"),
        (seq(), "identity"),
        (seq(W), "unannotated"),
        (seq(W, W), "(unannotated >> unannotated)"),
        (par(), "par()"),
        (par(W, it.a, fail_fast=True), "par(unannotated, it.a, fail_fast=True)"),
        (
            branch((it.a > 1) & it.b, then=W, otherwise=identity),
            "branch(((it.a > 1) & it.b), then=unannotated, otherwise=identity)",
        ),
        (
            branch(literal(True), then=W, otherwise=W),
            "branch(literal(True), then=unannotated, otherwise=unannotated)",
        ),
        (
            loop_until(W, is_big, limit=3, within=seconds(5), on_limit="stop"),
            "loop_until(unannotated, is_big, limit=3, within=seconds(5), on_limit='stop')",
        ),
        (
            map_each(W, key=it.id, at_once=4, on_error="collect"),
            "map_each(unannotated, key=it.id, at_once=4, on_error='collect')",
        ),
        (retry(W, attempts=3), "retry(unannotated, attempts=3)"),
        (
            retry(W, attempts=3, wait=seconds(5), on=OSError),
            "retry(unannotated, attempts=3, wait=seconds(5), on='OSError')",
        ),
        (
            retry(W, attempts=3, wait=backoff(seconds(5), cap=minutes(1)), on=("b", "a")),
            "retry(unannotated, attempts=3, wait=backoff(seconds(5), cap=minutes(1)), "
            "on=('a', 'b'))",
        ),
        (timeout(W, seconds(90)), "timeout(unannotated, seconds(90))"),
        (fallback(W, ping, on="X"), "fallback(unannotated, ping, on='X')"),
        (always(W, then=ping), "always(unannotated, then=ping)"),
        (
            with_params(BOTH, b=1, a="x"),
            "with_params(pure(pick(param('a'), param('b'))), a='x', b=1)",
        ),
        (using(from_db, shop_db="other"), "using(from_db, shop_db='other')"),
        (in_pool(W, "vendor"), "in_pool(unannotated, 'vendor')"),
        (named("x", W), "named('x', unannotated)"),
        (
            named("x", W, owner="us", links=["a"]),
            "named('x', unannotated, links=['a'], owner='us')",
        ),
    ],
)
def test_every_combinator_prints_as_it_is_written(made: Any, source: str) -> None:
    assert repr(made) == source
    assert eval(source, namespace()) == made


def test_combinators_that_would_do_nothing_make_no_node() -> None:
    assert with_params(ping) is ping and using(ping) is ping and seq(ping) is ping
    assert seq() is identity


def test_a_constant_wait_is_a_schedule_and_filters_are_sorted_names() -> None:
    made = retry(ping, attempts=2, wait=seconds(1), on=[KeyError, "b", OSError, "b"])
    assert isinstance(made, Retry)
    assert made.wait == every(seconds(1)) and made.on == ("KeyError", "OSError", "b")
    assert retry(ping, attempts=2, wait=timedelta(0)) == retry(ping, attempts=2)


def test_a_workflow_that_decides_is_kept_beside_its_input() -> None:
    made = branch(anything, then=to_text, otherwise=ping)
    assert repr(made) == "branch(anything, then=to_text, otherwise=ping)"
    assert repr(desugared(made)) == (
        "(par(identity, anything) >> branch(it[1], "
        "then=(pure(it[0]) >> to_text), otherwise=(pure(it[0]) >> ping)))"
    )
    looped = loop_until(anything, anything, limit=3)
    assert repr(looped) == "loop_until(anything, anything, limit=3)"
    assert repr(desugared(looped)) == (
        "(pure(pick(it, literal(False))) >> loop_until((pure(it[0]) >> anything >> "
        "par(identity, anything)), it[1], limit=3) >> it[0])"
    )


def test_chains_of_computed_lists_give_what_the_operator_gives() -> None:
    assert seq(*[unannotated] * 20) == seq(*[unannotated] * 10, *[unannotated] * 10)
    with pytest.raises(TypeError, match=r"gives str, but .* takes int"):
        seq(*[to_text, to_text])


MISUSE: list[tuple[Any, str]] = [
    (lambda: const(it.a), r"const\(it.a\): an expression isn't a plain value; write pure\(…\)"),
    (lambda: pure(3), "pure: 3 is not an expression, a workflow or a function"),
    (lambda: pure(lambda x: x), "pure: a lambda has no name, so it can't be printed, compared"),
    (lambda: fail(""), r"fail\(''\): an error's tag is a text that isn't empty"),
    (lambda: fail(3), r"fail\(3\): an error's tag is a text"),
    (lambda: fail("X", 3), r"fail\('X', 3\): an error's message is a text"),
    (lambda: delay(5), r"delay: 5 is not a duration; write seconds\(…\) or minutes\(…\)"),
    (lambda: delay(seconds(-1)), r"delay: seconds\(-1\) is negative; a duration is 0 or more"),
    (lambda: seq(3), "seq: 3 is not a workflow"),
    (lambda: seq(ping, 3), ">>: 3 is not a workflow"),
    (lambda: par(ping, is_big), "par: is_big is a plain function; put @task above it"),
    (lambda: branch(True, then=ping, otherwise=ping), r"branch\(True\): needs a predicate such as"),
    (lambda: branch(3, then=ping, otherwise=ping), "branch: 3 is not an expression, a workflow or"),
    (
        lambda: branch(lambda x: x, then=ping, otherwise=ping),
        "branch: a lambda has no name, so it c",
    ),
    (lambda: branch(it, then=3, otherwise=ping), r"branch\(then=…\): 3 is not a workflow"),
    (lambda: branch(it, then=ping, otherwise=3), r"branch\(otherwise=…\): 3 is not a workflow"),
    (lambda: loop_until(ping, it, limit=0), r"loop_until\(limit=0\): needs at least 1 round"),
    (
        lambda: loop_until(ping, it, limit=1.5),
        r"loop_until\(limit=1.5\): needs a whole number of r",
    ),
    (lambda: loop_until(ping, it, limit=True), r"loop_until\(limit=True\): needs a whole number"),
    (lambda: loop_until(ping, it, limit=1, within=3), r"loop_until\(within=…\): 3 is not a durati"),
    (
        lambda: loop_until(ping, it, limit=1, on_limit="x"),
        r"loop_until\(on_limit=…\): 'x' is none of 'fail', 'stop'",
    ),
    (lambda: loop_until(ping, False, limit=1), r"loop_until\(False\): needs a predicate"),
    (lambda: map_each(ping, at_once=0), r"map_each\(at_once=0\): needs at least 1 item"),
    (
        lambda: map_each(ping, at_once="2"),
        r"map_each\(at_once='2'\): needs a whole number of items",
    ),
    (
        lambda: map_each(ping, on_error="skip"),
        r"map_each\(on_error=…\): 'skip' is none of 'settle'",
    ),
    (lambda: map_each(ping, key=lambda x: x), r"map_each\(key=…\): a lambda has no name"),
    (lambda: map_each(ping, key=3), r"map_each\(key=…\): 3 is not an expression"),
    (lambda: map_each(3), "map_each: 3 is not a workflow"),
    (
        lambda: retry(ping, attempts=0),
        r"retry\(attempts=0\): needs at least 1 attempt; to skip a step, remove it",
    ),
    (lambda: retry(ping, attempts=2.0), r"retry\(attempts=2.0\): needs a whole number of attempts"),
    (lambda: retry(ping, attempts=2, wait=5), r"wait=5: needs a duration such as seconds\(5\), or"),
    (lambda: retry(ping, attempts=2, wait=seconds(-1)), "wait: .* is negative"),
    (lambda: retry(ping, attempts=2, on=3), r"retry\(on=3\): needs exception classes or error tag"),
    (
        lambda: retry(ping, attempts=2, on=int),
        r"retry\(on=<class 'int'>\): needs exception classes",
    ),
    (lambda: retry(ping, attempts=2, on=""), r"retry\(on=''\): needs exception classes"),
    (lambda: retry(ping, attempts=2, on=[OSError()]), r"retry\(on=OSError\(\)\): needs exception"),
    (lambda: timeout(ping, 5), "timeout: 5 is not a duration"),
    (lambda: fallback(ping, 3), "fallback: 3 is not a workflow"),
    (lambda: always(ping, then=3), r"always\(then=…\): 3 is not a workflow"),
    (lambda: with_params(3, a=1), "with_params: 3 is not a workflow"),
    (lambda: with_params(ping, a=object()), "is a object; a value in a workflow is plain data"),
    (lambda: using(ping, db=3), r"using\(db=3\): needs the name of another resource"),
    (lambda: using(ping, db="a b"), r"using\(db='a b'\): needs the name of another resource"),
    (lambda: in_pool(ping, ""), r"in_pool\(''\): needs the name of a pool"),
    (lambda: in_pool(ping, 3), r"in_pool\(3\): needs the name of a pool"),
    (lambda: named("", ping), "named: '' is no name, which is a text that isn't empty"),
    (lambda: named(ping, "x"), "named: "),
    (
        lambda: named("a > b", ping),
        r"named: '>' can't stand in the name 'a > b', since paths are wr",
    ),
    (lambda: named("a#2", ping), "'#' can't stand in the name"),
    (lambda: named("a\nb", ping), r"'\\n' can't stand in the name"),
]


@pytest.mark.parametrize(("misuse", "said"), MISUSE)
def test_wrong_arguments_are_refused_with_the_rule_and_the_remedy(misuse: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        misuse()


def test_mandatory_arguments_are_mandatory() -> None:
    for misuse in (
        lambda: retry(ping),
        lambda: loop_until(ping, it),
        lambda: branch(it, then=ping),
    ):
        with pytest.raises(TypeError, match="missing 1 required keyword-only argument"):
            misuse()


def test_nodes_hold_what_they_were_given() -> None:
    made: Any = branch(it.n > 1, then=to_text, otherwise=orders)
    assert isinstance(made, Branch) and (made.then, made.otherwise) == (to_text, orders)
    looped: Any = loop_until(unannotated, it.n > 1, limit=5)
    assert isinstance(looped, LoopUntil) and (looped.limit, looped.within) == (5, None)
    caught: Any = fallback(to_int, ping)
    assert isinstance(caught, Fallback) and caught.on == ()
    bound: Any = with_params(BOTH, a=[1])
    assert isinstance(bound, WithParams) and not bound.resources
    assert bound.params["a"] == expr_of(literal([1]))
