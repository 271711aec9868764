"""Combinators made of others by composition alone; interpreters know nothing of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Generic, NamedTuple, Protocol, TypedDict, TypeVar, cast, overload

from pyrsistent import pmap

from fwf.algebra.builder import It, apply, expr_of, it, literal, pick
from fwf.algebra.comparison import kind_of, plain
from fwf.algebra.expr import moved
from fwf.algebra.nodes import Branch, Named, Node, OnLimit, Pure, Task, WithParams
from fwf.algebra.traverse import rebuild, walk
from fwf.algebra.values import source
from fwf.algebra.workflow import Seq, Workflow, as_workflow
from fwf.combinators import (
    Error,
    Test,
    always,
    branch,
    const,
    delay,
    fallback,
    identity,
    loop_until,
    par,
    pure,
    seq,
)
from fwf.faults import near

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
K = TypeVar("K")
R = TypeVar("R")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
K_co = TypeVar("K_co", covariant=True)


def when(p: Test[A], w: Workflow[A, B], /) -> Workflow[A, A | B]:
    """(A → bool), (A → B) ⟶ A → A | B: the workflow where the predicate holds, else the input.

    >>> when(it > 9, pure(it - 1))
    branch(it > 9, then=pure(it - 1), otherwise=identity)
    """
    return branch(p, then=w, otherwise=identity)


def switch(
    selector: It | Callable[[A], K] | Workflow[A, K],
    cases: Mapping[K, Workflow[A, B]],
    /,
    *,
    otherwise: Workflow[A, C],
) -> Workflow[A, B | C]:
    """(A → K), {K: A → B}, (A → C) ⟶ A → B | C: the arm of the first case that equals the selector.

    Cases are values of one kind, and maybe None: a selector that can't be compared with a case is
    a `PredicateDefect`.

    >>> switch(it.kind, {"a": const(1)}, otherwise=const(0))
    branch(it.kind == 'a', then=const(1), otherwise=const(0))
    """
    if not _is_mapping(cases):
        raise TypeError(f"switch(…, {cases!r}): needs a dictionary of workflows by case")
    arms: dict[K, Workflow[Any, Any]] = {
        case: as_workflow(arm, f"switch(…, {{{source(case)}: …}})") for case, arm in cases.items()
    }
    _of_one_kind([case for case in arms if case is not None])
    chosen: Workflow[Any, Any] = as_workflow(otherwise, "switch(otherwise=…)")
    if isinstance(selector, Workflow):
        kept = {case: pick(0) >> arm for case, arm in arms.items()}
        return keep_input(cast(Workflow[Any, Any], selector)) >> switch(
            it[1], kept, otherwise=pick(0) >> chosen
        )
    key = selector if isinstance(selector, It) else apply(cast(Callable[[Any], Any], selector))
    for case, arm in reversed(list(arms.items())):
        chosen = branch(key == case, then=arm, otherwise=chosen)
    return chosen


def _is_mapping(given: object) -> bool:
    return isinstance(given, Mapping)


def _of_one_kind(cases: list[Any]) -> None:
    for case in cases[1:]:
        if kind_of(plain(case)) != kind_of(plain(cases[0])):
            raise TypeError(
                f"switch(…, {{{cases[0]!r}: …, {case!r}: …}}): no selector can be compared with "
                "both, so one of the two would fail the run: let it give values of one kind, such "
                "as a function that returns a text"
            )


def _flow(w: Workflow[A, B], where: str) -> Workflow[A, B]:
    """The workflow, or what an expression stands for; raises `TypeError` for anything else."""
    return cast(Workflow[A, B], as_workflow(w, where))


def recover(
    w: Workflow[A, B], value: C, /, *, on: Error | Sequence[Error] = ()
) -> Workflow[A, B | C]:
    """(A → B), C ⟶ A → B | C: a plain value instead when it fails."""
    if isinstance(value, Workflow):
        raise TypeError(f"recover(…, {value!r}): a workflow isn't a value; write fallback(w, …)")
    return fallback(_flow(w, "recover"), const(value), on=on)


def optional(w: Workflow[A, B], /, *, on: Error | Sequence[Error] = ()) -> Workflow[A, B | None]:
    """(A → B) ⟶ A → B | None: None instead when it fails."""
    return recover(_flow(w, "optional"), None, on=on)


def keep_input(w: Workflow[A, B], /) -> Workflow[A, tuple[A, B]]:
    """(A → B) ⟶ A → (A, B): the input beside the result."""
    return par(cast(Workflow[A, A], identity), _flow(w, "keep_input"))


def bracket(
    acquire: Workflow[A, R],
    use: Workflow[tuple[A, R], B],
    release: Workflow[tuple[A, R], object],
    /,
) -> Workflow[A, B]:
    """(A → R), (A, R → B), (A, R → _) ⟶ A → B: what was acquired is released, however use ended."""
    finalised = always(_flow(use, "bracket"), then=_flow(release, "bracket"))
    return keep_input(_flow(acquire, "bracket")) >> finalised


def join(task: Workflow[Any, B], /, **ws: Workflow[A, object]) -> Workflow[A, B]:
    """Task, its inputs by name ⟶ A → B: `par` in the order of the task's signature, then the task.

    Names are checked, so that two inputs of one type can't be swapped unseen.
    """
    if not isinstance(task, Task):
        raise TypeError(f"join({task!r}, …): needs a task first, whose inputs have names")
    names = [each.name for each in task.contract.inputs]
    for name in ws:
        if name not in names:
            raise TypeError(
                f"join({task.name}, {name}=…): it has no input {name!r}{near(name, names)}"
            )
    missing = [name for name in names if name not in ws]
    if missing or not names:
        said = f"its input {missing[0]!r} is missing" if missing else "it takes no input"
        raise TypeError(f"join({task.name}, …): {said}; it takes ({', '.join(names)})")
    inputs: list[Workflow[A, Any]] = [
        _flow(ws[name], f"join({task.name}, {name}=…)") for name in names
    ]
    if len(names) == 1:
        return inputs[0] >> cast(Workflow[Any, B], task)
    gathered: Workflow[A, Any] = par(*inputs)
    return gathered >> cast(Workflow[Any, B], task)


def poll(
    probe: Workflow[A, B],
    done: Test[B],
    /,
    *,
    every: timedelta,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
) -> Workflow[A, B]:
    """(A → B), (B → bool) ⟶ A → B: ask again from the same input until the answer will do.

    every: the wait between one answer and the next question. Bounds are those of `loop_until`.
    """
    again = pick(0) >> _flow(probe, "poll")
    wait = branch(it[2], then=delay(every), otherwise=identity)
    ask: Workflow[Any, Any] = wait >> par(pure(pick(0)), again, const(True))
    until: Any = pick(1) >> done if isinstance(done, Workflow) else _at(done, it[1])
    loop = loop_until(ask, until, limit=limit, within=within, on_limit=on_limit)
    return pick(it, literal(None), literal(False)) >> loop >> pure(pick(1))


class Pages(NamedTuple, Generic[T]):
    """What `paginate` read.

    `complete` says whether the last page was reached; if not, `next` is the cursor to go on from.
    """

    items: list[T]
    next: object
    pages: int
    complete: bool


class Page(TypedDict, Generic[T, K]):
    """One page as a dictionary: its items, and the cursor of the next page or None."""

    items: list[T]
    next: K | None


class HasPage(Protocol[T_co, K_co]):
    """One page as an object with the fields `items` and `next`."""

    @property
    def items(self) -> Sequence[T_co]: ...
    @property
    def next(self) -> K_co | None: ...


@overload
def paginate(
    fetch: Workflow[K | None, HasPage[T, K]],
    /,
    *,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
    on_error: OnLimit = "fail",
    on: Error | Sequence[Error] = (),
) -> Workflow[object, Pages[T]]: ...
@overload
def paginate(
    fetch: Workflow[K | None, Page[T, K]],
    /,
    *,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
    on_error: OnLimit = "fail",
    on: Error | Sequence[Error] = (),
) -> Workflow[object, Pages[T]]: ...
@overload
def paginate(
    fetch: Workflow[K | None, dict[str, Any]],
    /,
    *,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
    on_error: OnLimit = "fail",
    on: Error | Sequence[Error] = (),
) -> Workflow[object, Pages[Any]]: ...
def paginate(
    fetch: Workflow[Any, Any],
    /,
    *,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
    on_error: OnLimit = "fail",
    on: Error | Sequence[Error] = (),
) -> Workflow[object, Pages[Any]]:
    """(cursor | None → page) ⟶ _ → Pages: fetch page after page, following `next` from None.

    A page has `items`, a list, and `next`, a cursor or None. With `on_limit="stop"` (too many
    pages, or `within` is over) and `on_error="stop"` (a page failed) the pages read so far are
    kept, and `complete` is False: a timeout around the whole would lose them. `on` says which
    errors stop it; without it all do.
    """
    fetched = par(identity, pick(0) >> as_workflow(fetch, "paginate"))
    more = it[1]["next"].present()
    read = pick(it[1]["next"].or_else(None), it[0][1] + it[1]["items"], it[0][2] + 1, ~more, ~more)
    one: Workflow[Any, Any] = fetched >> pure(read)
    if on_error == "stop":
        stopped = pure(pick(it[0], it[1], it[2], literal(True), literal(False)))
        one = fallback(one, stopped, on=on)
    elif on_error != "fail":
        raise ValueError(f"paginate(on_error={on_error!r}): is none of 'fail', 'stop'")
    loop = loop_until(one, it[3], limit=limit, within=within, on_limit=on_limit)
    start = pick(literal(None), literal([]), literal(0), literal(False), literal(False))
    return start >> loop >> pure(as_pages)


def as_pages(state: tuple[object, list[T], int, bool, bool]) -> Pages[T]:
    """The last state of `paginate`'s loop ⟶ what it gives."""
    cursor, items, pages, _, complete = state
    return Pages(items, cursor, pages, complete)


def recursive(
    build: Callable[[Workflow[A, B]], Workflow[A, B]], /, *, limit: int
) -> Workflow[A, B]:
    """((A → B) ⟶ A → B) ⟶ A → B: a workflow that may start again, as its last step.

    `recursive(lambda again: branch(it.done, then=finish, otherwise=step >> again), limit=10)`
    becomes a `loop_until` of at most `limit` rounds. (For type checkers, write `build` as a
    function with annotations.) `again` may stand only last: in a tail of
    `>>`, in an arm of `branch`, under `named` or `with_params`.
    """
    given: Any = build
    if not callable(given) or isinstance(given, Workflow):
        raise TypeError(
            f"recursive({build!r}, …): needs a function that is given the workflow itself, such as "
            "lambda again: branch(it.done, then=finish, otherwise=step >> again)"
        )
    again: Workflow[Any, Any] = Named("again", cast(Node, identity), pmap({}))
    body = _tail(as_workflow(build(again), "recursive"), again)
    left = [visit.path for visit in walk(body) if visit.node is again]
    if left:
        raise TypeError(
            f"recursive: `again` stands at {left[0]}, where more follows or a wrapper encloses it; "
            "it may only be the last step of a chain or of a branch's arm"
        )
    loop = loop_until(pick(1) >> body, it[0], limit=limit)
    return pick(literal(False), it) >> loop >> pure(pick(1))


def _tail(node: Node, again: Workflow[Any, Any]) -> Node:
    """The node with its last step saying whether it is done, and with what."""
    if node is again:
        return Pure(expr_of(pick(literal(False), it)))
    match node:
        case Branch():
            return Branch(node.predicate, _tail(node.then, again), _tail(node.otherwise, again))
        case Named() | WithParams():
            return rebuild(node, (_tail(node.body, again),))
        case Seq() if node.parts:
            return cast(Node, seq(*node.parts[:-1], _tail(node.parts[-1], again)))
        case _:
            return cast(Node, node >> Pure(expr_of(pick(literal(True), it))))


def _at(predicate: Any, place: It) -> It:
    """The predicate at another place than the input itself."""
    if not isinstance(predicate, It):
        return apply(predicate, place)
    return It(moved(expr_of(predicate), expr_of(place)))
