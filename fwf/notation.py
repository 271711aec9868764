"""`@graph`: results used twice, and other shapes that `>>` and `par` can't draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from pyrsistent import pmap

from fwf.algebra.functions import COROUTINE, KWARGS, VARARGS
from fwf.algebra.graph_steps import Recorder, Ref, recording
from fwf.algebra.nodes import Graph, Named
from fwf.algebra.workflow import AnyWorkflow, Workflow
from fwf.types import hints

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")
U = TypeVar("U")


@overload
def graph(fn: Callable[[], Ref[R]], /) -> Workflow[object, R]: ...
@overload
def graph(fn: Callable[[], tuple[Ref[R], Ref[S]]], /) -> Workflow[object, tuple[R, S]]: ...
@overload
def graph(
    fn: Callable[[], tuple[Ref[R], Ref[S], Ref[T]]], /
) -> Workflow[object, tuple[R, S, T]]: ...
@overload
def graph(
    fn: Callable[[], tuple[Ref[R], Ref[S], Ref[T], Ref[U]]], /
) -> Workflow[object, tuple[R, S, T, U]]: ...
@overload
def graph(fn: Callable[[Ref[A]], Ref[R]], /) -> Workflow[A, R]: ...
@overload
def graph(fn: Callable[[Ref[A]], tuple[Ref[R], Ref[S]]], /) -> Workflow[A, tuple[R, S]]: ...
@overload
def graph(
    fn: Callable[[Ref[A]], tuple[Ref[R], Ref[S], Ref[T]]], /
) -> Workflow[A, tuple[R, S, T]]: ...
@overload
def graph(
    fn: Callable[[Ref[A]], tuple[Ref[R], Ref[S], Ref[T], Ref[U]]], /
) -> Workflow[A, tuple[R, S, T, U]]: ...
@overload
def graph(fn: Callable[[Ref[A], Ref[B]], Ref[R]], /) -> Workflow[tuple[A, B], R]: ...
@overload
def graph(
    fn: Callable[[Ref[A], Ref[B]], tuple[Ref[R], Ref[S]]], /
) -> Workflow[tuple[A, B], tuple[R, S]]: ...
@overload
def graph(
    fn: Callable[[Ref[A], Ref[B]], tuple[Ref[R], Ref[S], Ref[T]]], /
) -> Workflow[tuple[A, B], tuple[R, S, T]]: ...
@overload
def graph(
    fn: Callable[[Ref[A], Ref[B]], tuple[Ref[R], Ref[S], Ref[T], Ref[U]]], /
) -> Workflow[tuple[A, B], tuple[R, S, T, U]]: ...
@overload
def graph(fn: Callable[[Ref[A], Ref[B], Ref[C]], Ref[R]], /) -> Workflow[tuple[A, B, C], R]: ...
@overload
def graph(
    fn: Callable[[Ref[A], Ref[B], Ref[C]], tuple[Ref[R], Ref[S]]], /
) -> Workflow[tuple[A, B, C], tuple[R, S]]: ...
@overload
def graph(
    fn: Callable[[Ref[A], Ref[B], Ref[C]], tuple[Ref[R], Ref[S], Ref[T]]], /
) -> Workflow[tuple[A, B, C], tuple[R, S, T]]: ...
@overload
def graph(
    fn: Callable[[Ref[A], Ref[B], Ref[C]], tuple[Ref[R], Ref[S], Ref[T], Ref[U]]], /
) -> Workflow[tuple[A, B, C], tuple[R, S, T, U]]: ...
@overload
def graph(
    fn: Callable[[Ref[A], Ref[B], Ref[C], Ref[D]], Ref[R]], /
) -> Workflow[tuple[A, B, C, D], R]: ...
@overload
def graph(
    fn: Callable[[Ref[A], Ref[B], Ref[C], Ref[D]], tuple[Ref[R], Ref[S]]], /
) -> Workflow[tuple[A, B, C, D], tuple[R, S]]: ...
@overload
def graph(
    fn: Callable[[Ref[A], Ref[B], Ref[C], Ref[D]], tuple[Ref[R], Ref[S], Ref[T]]], /
) -> Workflow[tuple[A, B, C, D], tuple[R, S, T]]: ...
@overload
def graph(
    fn: Callable[[Ref[A], Ref[B], Ref[C], Ref[D]], tuple[Ref[R], Ref[S], Ref[T], Ref[U]]], /
) -> Workflow[tuple[A, B, C, D], tuple[R, S, T, U]]: ...
def graph(fn: Callable[..., Any], /) -> AnyWorkflow:
    """A function from references to a reference ⟶ A → B: a directed acyclic graph of workflows.

    The function runs once, now: calling a workflow in it makes a step, which starts when the
    steps that it is called on are done. `ping(ref)` on a task without positional parameters only
    orders. Each positional parameter of the function is an input of the graph.

    >>> from fwf import task
    >>> @task(effect="pure")
    ... def one() -> int: ...
    >>> @task(effect="pure")
    ... def add(a: int, b: int) -> int: ...
    >>> @graph
    ... def twice() -> Ref[int]:
    ...     n = one()
    ...     return add(n, n)
    >>> twice
    named('twice', Graph((Step(one, ()), Step(add, (0, 0)), ), 1, 0))
    """
    name, parameters = _signature(fn)
    recorder = Recorder(name)
    refs = [Ref[Any](recorder, -1 - at, hints.ANY, each) for at, each in enumerate(parameters)]
    token = recording.set(recorder)
    try:
        result = fn(*refs)
    finally:
        recording.reset(token)
    outputs = _outputs(recorder, result)
    return Named(name, Graph(tuple(recorder.steps), outputs, len(parameters)), pmap({}))


def _signature(fn: Any) -> tuple[str, tuple[str, ...]]:
    """Function ⟶ its name, and those of its parameters."""
    name = getattr(fn, "__name__", "<lambda>")
    if "<lambda>" in name or not hasattr(fn, "__code__"):
        raise TypeError(f"@graph: {fn!r} is not a function; a graph is written with def")
    code = fn.__code__
    if code.co_flags & (VARARGS | KWARGS | COROUTINE) or code.co_kwonlyargcount:
        raise TypeError(
            f"@graph {name}: its positional parameters are the graph's inputs; it takes no "
            "others, and isn't async"
        )
    return name, code.co_varnames[: code.co_argcount]


def _outputs(recorder: Recorder, result: Any) -> int | tuple[int, ...]:
    several: list[Any] = [*cast(Any, result)] if isinstance(result, tuple) else [result]
    for ref in several:
        if not isinstance(ref, Ref):
            raise TypeError(
                f"@graph {recorder.name}: returns {ref!r}; it must return a step's result, "
                "such as `return report(sales)`, or a tuple of them"
            )
        if ref.recorder is not recorder:
            raise TypeError(f"@graph {recorder.name}: {ref!r} belongs to another graph")
    indices = tuple(ref.index for ref in several)
    return indices if isinstance(result, tuple) else indices[0]
