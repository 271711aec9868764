"""What combinators and interpreters say of what isn't a workflow."""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

import fwf
from fwf import (
    Ref,
    always,
    bracket,
    branch,
    const,
    fallback,
    graph,
    in_pool,
    it,
    join,
    keep_input,
    loop_until,
    map_each,
    named,
    optional,
    paginate,
    par,
    param,
    poll,
    pure,
    recover,
    recursive,
    retry,
    seconds,
    seq,
    switch,
    task,
    timeout,
    using,
    when,
    with_params,
)
from fwf.interpreters import diagram


@task(effect="read")
def sales() -> int: ...


@task
def load(n: Any) -> str: ...


@task
def mail(n: int) -> str: ...


def plain(n: int) -> int: ...  # type: ignore[empty-body]


async def aplain() -> int: ...  # type: ignore[empty-body]


class Rows:
    def read(self) -> int: ...  # type: ignore[empty-body]

    def __call__(self, n: int) -> int: ...  # type: ignore[empty-body]


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("mute")


INSTEAD: list[tuple[str, Callable[[], Any]]] = [
    ("[load, mail] is not a workflow; to run all at once write par(load, mail)",
     lambda: [load, mail]),
    ("one after another seq(load, mail)", lambda: (load, mail)),
    ("to run all at once write par(load, mail)", lambda: {mail, load}),
    ("write par(load, const(3))", lambda: [load, 3]),
    ("write par(par(load, it.a), mail)", lambda: [[load, it.a], mail]),
    ("write load alone; par(load) gives a tuple of one", lambda: [load]),
    ("for the tuple of them write pick(it.a, it.b)", lambda: [it.a, it.b]),
    ("by name write join(task, a=load, b=mail), to choose one", lambda: {"a": load, "b": mail}),
    ("workflows that it gives at once write par(*…)", lambda: (each for each in [load])),
    ("at once write par(*…)", lambda: map(str, [load])),
    ("[1, 2] is not a workflow; to give a plain value write const([1, 2])", lambda: [1, 2]),
    ("[] is not a workflow; to give a plain value write const([])", list),
    ("to do nothing write identity, to give None const(None)", lambda: None),
    ("const(False); if it came from a comparison, compare `it`", lambda: False),
    ("write const('load'); a task of that name is load without quotes", lambda: "load"),
    ("to wait write delay(minutes(2))", lambda: seconds(120)),
    ("to fail write fail('KeyError')", lambda: KeyError),
    ("to fail write fail('KeyError')", lambda: KeyError("x")),
    ("<class 'int'> is not a workflow; write a function with @task that calls it", lambda: int),
    ("and it isn't plain data either: write a function with @task that", lambda: asyncio),
    ("a Mute is not a workflow; and it isn't plain data", Mute),
    ("plain is a plain function; put @task above it", lambda: plain),
    ("aplain is a plain function; put @task above it", lambda: aplain),
    ("a lambda has no name", lambda: lambda x: x),
    ("load is the bare function of a task; write load for the task", lambda: load.fn),
    ("can't be a task; write a function with @task that calls it",
     lambda: functools.partial(plain, 1)),
    ("Rows.read can't be a task; write a function", lambda: Rows().read),
    ("can't be a task; write a function", Rows),
    ("len can't be a task; write a function", lambda: len),
    ("… is not a workflow; to give a plain value write const('xxx", lambda: "x" * 500),
]  # fmt: skip


@pytest.mark.parametrize(("said", "make"), INSTEAD)
def test_what_is_no_workflow_is_told_what_to_write_instead(said: str, make: Any) -> None:
    for misuse in (lambda: sales >> make(), lambda: make() >> load, lambda: par(load, make())):
        with pytest.raises(TypeError) as told:
            misuse()
        assert said in str(told.value)
        assert len(str(told.value)) < 400


def test_a_call_without_await_is_told_of_too() -> None:
    called = aplain()
    with pytest.raises(TypeError, match="comes of a call; write the function's name"):
        TAKERS[">>"](called)
    called.close()


def test_a_list_that_holds_itself_is_told_of_too() -> None:
    knot: list[Any] = [load]
    knot.append(knot)
    with pytest.raises(TypeError, match=r"write par\(load, par\("):
        TAKERS["par"](knot)


@task(effect="read", config={})
def reads_db(*, db: object) -> None: ...


TAKERS: dict[str, Callable[[Any], Any]] = {
    ">>": lambda w: sales >> w,
    "expression >>": lambda w: it.a >> w,
    "seq": lambda w: seq(w),
    "par": lambda w: par(w),
    "branch(then=…)": lambda w: branch(it.a, then=w, otherwise=load),
    "branch(otherwise=…)": lambda w: branch(it.a, then=load, otherwise=w),
    "loop_until": lambda w: loop_until(w, it, limit=2),
    "map_each": lambda w: map_each(w),
    "retry": lambda w: retry(w, attempts=2),
    "timeout": lambda w: timeout(w, seconds(1)),
    "fallback": lambda w: fallback(w, load),
    "handler": lambda w: fallback(load, w),
    "always": lambda w: always(w, then=load),
    "always(then=…)": lambda w: always(load, then=w),
    "with_params": lambda w: with_params(always(w, then=pure(param("n"))), n=1),
    "using": lambda w: using(always(w, then=reads_db), db="eu"),
    "in_pool": lambda w: in_pool(w, "p"),
    "named": lambda w: named("x", w),
    "when": lambda w: when(it.a, w),
    "switch": lambda w: switch(it.a, {1: w}, otherwise=load),
    "switch(otherwise=…)": lambda w: switch(it.a, {1: load}, otherwise=w),
    "recover": lambda w: recover(w, 1),
    "optional": lambda w: optional(w),
    "keep_input": lambda w: keep_input(w),
    "bracket": lambda w: bracket(w, load, load),
    "bracket use": lambda w: bracket(load, w, load),
    "bracket release": lambda w: bracket(load, load, w),
    "join": lambda w: join(mail, n=w),
    "poll": lambda w: poll(w, it, every=seconds(1), limit=2),
    "paginate": lambda w: paginate(w, limit=2),
    "recursive": lambda w: recursive(lambda again: w, limit=2),
    **{name: getattr(fwf, name) for name in ("run", "dry_run", "check", "needs", "pretty")},
    **{name: getattr(fwf, name) for name in ("plan", "lineage", "definition_id")},
    **{name: getattr(diagram, name) for name in ("svg", "html", "mermaid", "dot")},
    "diff": lambda w: fwf.diff(w, load),
    "diff to": lambda w: fwf.diff(load, w),
}


@pytest.mark.parametrize("name", TAKERS)
@pytest.mark.parametrize(("value", "said"), [([sales, mail], "par(sales, mail)"), (3, "const(3)")])
def test_everything_that_takes_a_workflow_tells_it(name: str, value: Any, said: str) -> None:
    with pytest.raises(TypeError) as told:
        TAKERS[name](value)
    assert f"{value!r} is not a workflow; " in str(told.value) and said in str(told.value)


@pytest.mark.parametrize("name", TAKERS)
def test_and_takes_an_expression_for_the_workflow_that_it_stands_for(name: str) -> None:
    TAKERS[name](it.x)


def test_a_workflow_where_a_value_belongs_is_told_too() -> None:
    with pytest.raises(TypeError, match=r"const\(load\): a workflow isn't a plain value; write it"):
        const(load)
    with pytest.raises(TypeError, match=r"recover\(…, load\): .* write fallback\(w, …\)"):
        recover(sales, load)
    pair: Any = [it.a, it.b]
    with pytest.raises(TypeError, match=r"pure: .* for the tuple of several write pick\(…\)"):
        pure(pair)


def test_a_step_of_a_graph_is_called_and_not_chained() -> None:
    with pytest.raises(TypeError, match="sales is a step's result; it feeds the step that is call"):

        @graph
        def daily() -> Ref[str]:
            step: Any = sales()
            return step >> load
