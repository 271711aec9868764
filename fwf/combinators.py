"""The vocabulary: validate, type, build. Each function makes one node, or none if none is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Never, TypeAlias, TypeVar, cast, overload

from pyrsistent import PMap, pmap

from fwf.algebra.builder import It, as_expr, expr_of, literal
from fwf.algebra.error_filters import Error as Error, tags as tags
from fwf.algebra.expr import IT, Call, Expr, argument, type_of
from fwf.algebra.functions import of_one_value
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Fail,
    Fallback,
    FromResult,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    OnError,
    OnLimit,
    Par,
    Pure,
    Retry,
    Timeout,
    WithParams,
)
from fwf.algebra.plain_values import freeze
from fwf.algebra.questions import message as message_of
from fwf.algebra.schedule import Schedule, as_schedule
from fwf.algebra.workflow import AnyWorkflow, Edge, Workflow, as_workflow, set_edge
from fwf.types import hints, table_types

if TYPE_CHECKING:
    from returns.result import Result

    from fwf.algebra.builder import ParamIt
    from fwf.algebra.workflow import Opened, Same
    from fwf.faults import Fault

    from_result: Opened

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")
I = TypeVar("I")  # noqa: E741 (the ninth of A, B, C, …)
T = TypeVar("T")

Test: TypeAlias = It | Callable[[A], bool] | Workflow[A, bool]
"""A predicate: an expression over the value, a named pure function, or a workflow that decides."""
identity: Same = cast("Same", Pure(IT))
"""A → A: the value as it is."""


def __getattr__(name: str) -> Any:
    """`from_result` is made when it is first asked for: its type takes a library of 20 ms.

    Result[B, Fault] → B: the value of a `Success`; of a `Failure` the fault, as it was. Undoes
    `as_result` (semantics §8). Anything else is a `BadInput`.
    """
    if name != "from_result":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    node: FromResult[Any, Any] = FromResult()
    globals()[name] = node
    return node


def const(value: T, /) -> Workflow[object, T]:
    """A ⟶ B: this value, whatever comes in. Plain data, or a class with a registered codec.

    >>> const([1, True])
    const([1, True])
    """
    if isinstance(value, It):
        raise TypeError(f"const({value!r}): an expression isn't a plain value; write pure(…)")
    if isinstance(value, Workflow):
        raise TypeError(f"const({value!r}): a workflow isn't a plain value; write it without const")
    return Pure(expr_of(literal(value)))


@overload
def pure(expr: ParamIt[T], /) -> Workflow[object, T]: ...
@overload
def pure(expr: It, /) -> AnyWorkflow: ...
@overload
def pure(expr: Callable[[A], B], /) -> Workflow[A, B]: ...
def pure(expr: Any, /) -> AnyWorkflow:
    """Expression or named pure function ⟶ A → B: its value at the input; no effect, no time.

    Where it can't be evaluated the workflow fails with a `PredicateDefect`.

    >>> from fwf import it
    >>> pure(it.price * it.count)
    pure(it.price * it.count)
    """
    return Pure(_expression(expr, "pure"))


def fail(tag: str, message: str | It = "") -> Workflow[object, Never]:
    """A → never: fail with a declared error.

    message: a text, or an expression that is evaluated at the place and told as `text` does; one
        without a value is a `PredicateDefect`.

    >>> from fwf import it, text
    >>> fail("NoOrders", text("nothing sold on {}", it.day))
    fail('NoOrders', text('nothing sold on {}', it.day))
    """
    return Fail(tag, cast("str | Expr", message_of(message)))


def delay(duration: timedelta, /) -> Same:
    """A → A: let time pass; the value stays."""
    return cast("Same", Delay(duration))


# fmt: off
@overload
def seq(a: Workflow[A, B], /) -> Workflow[A, B]: ...
@overload
def seq(a: Workflow[A, B], b: Workflow[B, C], /) -> Workflow[A, C]: ...
@overload
def seq(a: Workflow[A, B], b: Workflow[B, C], c: Workflow[C, D], /) -> Workflow[A, D]: ...
@overload
def seq(
    a: Workflow[A, B], b: Workflow[B, C], c: Workflow[C, D], d: Workflow[D, E], /
) -> Workflow[A, E]: ...
@overload
def seq(
    a: Workflow[A, B], b: Workflow[B, C], c: Workflow[C, D], d: Workflow[D, E], e: Workflow[E, F], /
) -> Workflow[A, F]: ...
@overload
def seq(
    a: Workflow[A, B], b: Workflow[B, C], c: Workflow[C, D], d: Workflow[D, E],
    e: Workflow[E, F], f: Workflow[F, G], /
) -> Workflow[A, G]: ...
@overload
def seq(
    a: Workflow[A, Any], b: AnyWorkflow, c: AnyWorkflow, d: AnyWorkflow,
    e: AnyWorkflow, f: AnyWorkflow, g: AnyWorkflow, /, *ws: AnyWorkflow,
) -> Workflow[A, Any]: ...
# fmt: on
def seq(*ws: Any) -> AnyWorkflow:
    """(A → B), (B → C) … ⟶ A → C: one after another, as `>>` does (Hughes 2000).

    For computed lists: `seq(*steps)`. `seq()` is `identity`, `seq(a)` is `a`.
    """
    if not ws:
        return identity
    first = as_workflow(ws[0], "seq")
    if len(ws) == 1:
        return first
    chain: AnyWorkflow = first
    for w in ws[1:]:
        chain = chain >> w
    return chain


# fmt: off
@overload
def par(b: Workflow[A, B], /, *, fail_fast: bool = False) -> Workflow[A, tuple[B]]: ...
@overload
def par(
    b: Workflow[A, B], c: Workflow[A, C], /, *, fail_fast: bool = False
) -> Workflow[A, tuple[B, C]]: ...
@overload
def par(
    b: Workflow[A, B], c: Workflow[A, C], d: Workflow[A, D], /,
    *, fail_fast: bool = False,
) -> Workflow[A, tuple[B, C, D]]: ...
@overload
def par(
    b: Workflow[A, B], c: Workflow[A, C], d: Workflow[A, D], e: Workflow[A, E], /,
    *, fail_fast: bool = False,
) -> Workflow[A, tuple[B, C, D, E]]: ...
@overload
def par(
    b: Workflow[A, B], c: Workflow[A, C], d: Workflow[A, D], e: Workflow[A, E],
    f: Workflow[A, F], /,
    *, fail_fast: bool = False,
) -> Workflow[A, tuple[B, C, D, E, F]]: ...
@overload
def par(
    b: Workflow[A, B], c: Workflow[A, C], d: Workflow[A, D], e: Workflow[A, E],
    f: Workflow[A, F], g: Workflow[A, G], /,
    *, fail_fast: bool = False,
) -> Workflow[A, tuple[B, C, D, E, F, G]]: ...
@overload
def par(
    b: Workflow[A, B], c: Workflow[A, C], d: Workflow[A, D], e: Workflow[A, E],
    f: Workflow[A, F], g: Workflow[A, G], h: Workflow[A, H], /,
    *, fail_fast: bool = False,
) -> Workflow[A, tuple[B, C, D, E, F, G, H]]: ...
@overload
def par(
    b: Workflow[A, B], c: Workflow[A, C], d: Workflow[A, D], e: Workflow[A, E],
    f: Workflow[A, F], g: Workflow[A, G], h: Workflow[A, H], i: Workflow[A, I], /,
    *, fail_fast: bool = False,
) -> Workflow[A, tuple[B, C, D, E, F, G, H, I]]: ...
@overload
def par(
    b: Workflow[A, B], c: Workflow[A, B], d: Workflow[A, B], e: Workflow[A, B], f: Workflow[A, B],
    g: Workflow[A, B], h: Workflow[A, B], i: Workflow[A, B], j: Workflow[A, B], /,
    *ws: Workflow[A, B], fail_fast: bool = False,
) -> Workflow[A, tuple[B, ...]]: ...
# fmt: on
def par(*ws: Any, fail_fast: bool = False) -> AnyWorkflow:
    """(A → B), (A → C) … ⟶ A → (B, C, …): all at once on the same input.

    Settles: all run to their end, and the faults of all are reported. With `fail_fast` the first
    failure cuts the others. `par()` gives the empty tuple. All parts are given the same object, so
    none may change its input.
    """
    parts = tuple(as_workflow(w, "par") for w in ws)
    node: Par[Any, Any] = Par(parts, fail_fast)
    _one_input(parts, node.edge.accepts, "par")
    return node


def branch(p: Test[A], /, *, then: Workflow[A, B], otherwise: Workflow[A, C]) -> Workflow[A, B | C]:
    """(A → bool), (A → B), (A → C) ⟶ A → B | C: one arm or the other, by the current value.

    A predicate that can't be evaluated is a `PredicateDefect`, never silently false.

    >>> from fwf import it
    >>> branch(it.total > 0, then=identity, otherwise=fail("Empty"))
    branch(it.total > 0, then=identity, otherwise=fail('Empty'))
    """
    arms = (as_workflow(then, "branch(then=…)"), as_workflow(otherwise, "branch(otherwise=…)"))
    if isinstance(p, Workflow):
        decides = _decides(p, "branch")
        accepts = hints.meet(part.edge.accepts for part in (decides, *arms))
        _one_input((decides, *arms), accepts, "branch")
        from fwf.derived.deciding import DecidedBranch  # which is made of these

        return DecidedBranch(decides, *arms)
    node: Branch[Any, Any] = Branch(_predicate(p, "branch"), *arms)
    _one_input(arms, node.edge.accepts, "branch")
    _check_probes(node)
    return node


def loop_until(
    body: Workflow[A, A],
    done: Test[A],
    /,
    *,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
) -> Workflow[A, A]:
    """(A → A), (A → bool) ⟶ A → A: the body, each round fed the last output, until `done`.

    The body runs at least once and at most `limit` times; no round starts later than `within`
    after the first. Then it fails with `Exhausted`, or gives the last value (`on_limit="stop"`).
    Elgot iteration, bounded: our choice, so that every analysis ends.

    >>> from fwf import it
    >>> loop_until(pure(it * 2), it > 100, limit=10)
    loop_until(pure(it * 2), it > 100, limit=10)
    """
    part = as_workflow(body, "loop_until")
    _repeats(part, "loop_until")
    if isinstance(done, Workflow):
        from fwf.derived.deciding import DecidedLoop

        return DecidedLoop(part, _decides(done, "loop_until"), limit, within, on_limit)
    until = _predicate(done, "loop_until")
    node: LoopUntil[Any, Any] = LoopUntil(part, until, limit, within, on_limit)
    _check_fields(node.done, part.edge.output, "loop_until")
    return node


@overload
def map_each(
    body: Workflow[A, B],
    /,
    *,
    key: It | Callable[[A], object] | None = None,
    at_once: int | None = None,
    on_error: Literal["collect"],
) -> Workflow[Sequence[A], list[Result[B, Fault]]]: ...
@overload
def map_each(
    body: Workflow[A, B],
    /,
    *,
    key: It | Callable[[A], object] | None = None,
    at_once: int | None = None,
    on_error: Literal["settle", "fail_fast"] = "settle",
) -> Workflow[Sequence[A], list[B]]: ...
def map_each(
    body: AnyWorkflow,
    /,
    *,
    key: It | Callable[[Any], object] | None = None,
    at_once: int | None = None,
    on_error: OnError = "settle",
) -> AnyWorkflow:
    """(A → B) ⟶ Sequence[A] → list[B]: the body on each item; the width is known at run time.

    key: names items in paths and idempotency keys, by its text; must be unique. Without it, the
        index.
    at_once: how many items run at the same time; all if None.
    on_error: `settle` runs all items and reports every fault, `fail_fast` cuts the others at the
        first, `collect` never fails and gives a list of `Result`s.
    """
    part = as_workflow(body, "map_each")
    name = None if key is None else _expression(key, "map_each(key=…)")
    if name is not None:
        _check_fields(name, part.edge.accepts, "map_each")
    return MapEach(part, name, at_once, on_error)


def retry(
    w: Workflow[A, B],
    /,
    *,
    attempts: int,
    wait: timedelta | Schedule = timedelta(0),
    on: Error | Sequence[Error] = (),
) -> Workflow[A, B]:
    """(A → B) ⟶ A → B: again from the same input when it fails, up to so many attempts in all.

    Every attempt is given the same object, so none may change its input.

    wait: a duration, or a schedule such as `backoff(seconds(5), cap=minutes(1))`. An error with
        `retry_after` waits at least that long, up to the schedule's cap (RFC 9110 §10.2.3).
    on: error classes or tags. Without it every error is retried but `Defect`s: wrong programs
        and bad input stay wrong.
    """
    return Retry(as_workflow(w, "retry"), attempts, as_schedule(wait), tags(on, "retry"))


def timeout(w: Workflow[A, B], within: timedelta, /) -> Workflow[A, B]:
    """(A → B) ⟶ A → B: fail with tag `Timeout` unless done in that time.

    It also carries the tag of Python's `TimeoutError`, so that `on=TimeoutError` takes both.

    The deadline goes down to every part and is inclusive; only finalisers may pass it.
    """
    return Timeout(as_workflow(w, "timeout"), within)


def fallback(
    w: Workflow[A, B], handler: Workflow[A, C], /, *, on: Error | Sequence[Error] = ()
) -> Workflow[A, B | C]:
    """(A → B), (A → C) ⟶ A → B | C: when the first fails, the other, from the same input.

    Both are given the same object, so the first may not change its input.

    on: error classes or tags that are caught; all if none are given.
    """
    parts = (as_workflow(w, "fallback"), as_workflow(handler, "fallback"))
    node: Fallback[Any, Any] = Fallback(*parts, tags(on, "fallback"))
    _one_input(parts, node.edge.accepts, "fallback")
    return node


def always(w: Workflow[A, B], /, *, then: Workflow[A, object]) -> Workflow[A, B]:
    """(A → B), (A → _) ⟶ A → B: after the first, however it ended, run a finaliser on its input.

    The finaliser runs on success, failure and interruption, to its end: no deadline reaches it.
    If both fail, both faults are reported.
    """
    parts = (as_workflow(w, "always"), as_workflow(then, "always(then=…)"))
    node: Always[Any, Any] = Always(*parts)
    accepts = hints.meet(part.edge.accepts for part in parts)
    _one_input(parts, accepts, "always")
    return node


def as_result(w: Workflow[A, B], /) -> Workflow[A, Result[B, Fault]]:
    """(A → B) ⟶ A → Result[B, Fault]: never fails; how it ended is what it gives.

    `Success` of the value or, whatever the fault, `Failure` of it (semantics §8). What a deadline
    cuts stays cut. Expressions ask a result: `failed(it, on="Timeout")`, `value_of(it)`,
    `fault_of(it).message`. `from_result` makes of it what it was.

    >>> from fwf import it
    >>> as_result(pure(it.price * it.count))
    as_result(pure(it.price * it.count))
    """
    return AsResult(as_workflow(w, "as_result"))


def with_params(w: Workflow[A, B], /, **params: object) -> Workflow[A, B]:
    """(A → B) ⟶ A → B: bind parameters for a part; the innermost binding wins.

    A parameter is bound to a plain value or to an expression over the part's input. That is
    evaluated when the part is entered, with the parameters outside of it; where it has no value
    the part doesn't start, and fails with a `PredicateDefect`: ⟦local β w⟧ρ x = ⟦w⟧(ρ ◁ β(x, ρ)) x.
    So `days >> map_each(with_params(daily, day=it), key=it)` does each day with its own `day`.

    What is bound must be taken inside, and be of the type that is taken.

    >>> from fwf import param
    >>> from fwf import it
    >>> with_params(pure(param("n", int) + 1), n=it.count)
    with_params(pure(param('n', int) + 1), n=it.count)
    """
    if not params:
        return w
    bound = pmap({name: as_expr(value) for name, value in params.items()})
    return _check_with_params(WithParams(as_workflow(w, "with_params"), bound, pmap({})))


def using(w: Workflow[A, B], /, **resources: str) -> Workflow[A, B]:
    """(A → B) ⟶ A → B: let a part use other resources: `using(w, shop_db="shop_eu")`.

    Each name must be that of a resource or a secret that something inside takes.
    """
    if not resources:
        return w
    return _check_with_params(WithParams(as_workflow(w, "using"), pmap({}), pmap(resources)))


def in_pool(w: Workflow[A, B], pool: str, /) -> Workflow[A, B]:
    """(A → B) ⟶ A → B: take a slot of a named pool for every attempt of every task in it.

    Pools are shared by the whole run; their sizes are given to the interpreter:
    `run(w, pools={"vendor": 2})`.
    """
    return InPool(as_workflow(w, "in_pool"), pool)


def named(name: str, w: Workflow[A, B], /, **notes: object) -> Workflow[A, B]:
    """(A → B) ⟶ A → B: give a part a name in paths, and notes (owner, docs, links) for people.

    The note `silence` names rules of `check` that are silent in this part, one or a list.

    >>> named("tenants", identity, owner="sales")
    named('tenants', identity, owner='sales')
    """
    part, frozen_notes = as_workflow(w, "named"), cast("PMap[str, object]", freeze(notes))
    return Named(name, part, frozen_notes)


def _expression(value: Any, where: str) -> Expr:
    if isinstance(value, list | tuple):
        raise TypeError(
            f"{where}: {value!r} is not an expression; for the tuple of several write pick(…)"
        )
    return expr_of(value) if isinstance(value, It) else Call(of_one_value(value, where), IT)


def as_test(p: Any, where: str) -> Expr | Node:
    """A predicate as a field has it: an expression, or the workflow that decides."""
    return _decides(p, where) if isinstance(p, Workflow) else _predicate(p, where)


def _decides(p: Any, where: str) -> Node:
    """A workflow that decides; raises `TypeError` if it certainly gives neither True nor False."""
    node = as_workflow(p, where)
    if not hints.compatible(node.edge.output, bool):
        raise TypeError(
            f"{where}: {_short(node)} decides, so it must give True or False, but gives "
            f"{hints.name_of(node.edge.output)}: put a step after it that says yes or no"
        )
    return node


def _predicate(value: Any, where: str) -> Expr:
    if isinstance(value, bool):
        raise TypeError(
            f"{where}({value}): needs a predicate such as it.total > 0; "
            "if this came from a comparison, compare `it` or `param`, not plain values"
        )
    return _expression(value, where)


def _one_input(parts: tuple[Node, ...], accepts: Any, where: str) -> None:
    """Parts that share one input must be able to take the same value."""
    for part in parts:
        if not hints.compatible(accepts, part.edge.accepts):
            raise TypeError(
                f"{where}: its parts get the same input, but one takes {hints.name_of(accepts)} "
                f"and {_short(part)} takes {hints.name_of(part.edge.accepts)}"
                f"{table_types.in_brackets(accepts, part.edge.accepts)}: "
                "turn the input into what each takes, such as it.field >> part"
            )


def _check_with_params(node: WithParams[A, B]) -> WithParams[A, B]:
    """Bindings that something inside takes, of types that fit; raises `TypeError` for others."""
    from fwf.analysis.bindings import accepts, check  # which most definitions don't need

    for name, expr in node.computed:
        _check_fields(expr, node.edge.accepts, f"with_params({name}={argument(expr)})")
    check(node)
    if node.computed:
        set_edge(node, Edge(accepts(node), node.edge.gives, node.edge.probes))
    return node


def _repeats(body: Node, where: str) -> None:
    edge = body.edge
    if not hints.compatible(edge.output, edge.accepts):
        raise TypeError(
            f"{where}: each round is fed the last round's output, but {_short(body)} gives "
            f"{hints.name_of(edge.output)} and takes {hints.name_of(edge.accepts)}"
            f"{table_types.in_brackets(edge.output, edge.accepts)}"
        )


def _check_probes(node: Branch[Any, Any]) -> None:
    for probe in node.edge.probes:
        _check_fields(probe, node.edge.accepts, "branch")


def _check_fields(expr: Expr, input_type: Any, where: str) -> None:
    try:
        type_of(expr, input_type)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None


def _short(part: Node) -> str:
    text = repr(part)
    return text if len(text) <= 60 else f"{text[:57]}…"
