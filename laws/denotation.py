"""⟦w⟧ of `semantics.md`, section 1 with what section 7 decides, as one recursive function.

It maps (ρ, x, s, D, h) to (o, t, e, h′) for a model M. Written to be read beside the page, and to
judge `dry_run`, which says the same a thousand times faster and at any depth. Reruns, copies and
recursion are how the page says it. Workers and pools are unlimited, so that of what section 8 says
of a cut only this is left: an attempt that writes waits for the earlier ones of its step that were
cut and work on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count, islice
from typing import Any, NamedTuple, assert_never, cast

from returns.result import Failure, Result, Success

from fwf.algebra.evaluation import Undefined, evaluate, message, test
from fwf.algebra.expr import Expr
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    FromResult,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)  # fmt: skip
from fwf.algebra.paths import Paths, Spot
from fwf.algebra.schedule import cap_of, draw as factor, each
from fwf.faults import (
    BadInput,
    Exhausted,
    Failed,
    Fault,
    Interrupted,
    PredicateDefect,
    TimedOut,
    both,
    carries,
    leaves,
    then,
)  # fmt: skip
from fwf.records import changed, record
from fwf.worlds.trace import Event, Partial, Trace, parallel, series

Model = Callable[
    [Task[Any, Any], Any, Mapping[str, Any], int, str], "tuple[Ok | Failed, int, bool]"
]
"""M(task, x, ρ, k) = (response, duration in µs, whether it works on when it is cut). A failure is
told its path; when it asks not to be tried again before some time, it counts that from its end."""
FOREVER = float("inf")


class Past(NamedTuple):
    """An attempt in the causal past: its number, its task and input, its step, and its end.

    That is when its work was over, later than its event's end if it was cut and worked on.
    """

    number: int
    key: object
    path: str
    over: int


Taken = tuple[tuple[str, Fault], ...]
"""Where faults were taken up, and count, and which: the `g` of an end."""
History = frozenset[Past]
"""The attempts in the causal past."""


@record()
class Ok:
    """Ended, with a value. With `Err` and `Int` one of three, of which a `Result` has two."""

    value: Any


@record()
class Err:
    """Failed."""

    cause: Fault


@record()
class Int:
    """Cut, with the fault of a finaliser if one failed."""

    cause: Fault | None = None


def result_of(o: Ok | Err | Int) -> Result[Any, Fault]:
    """How a whole run ends; one that was cut has been `Interrupted`."""
    match o:
        case Ok(value):
            return Success(value)
        case Err(cause):
            return Failure(cause)
        case Int(cause):
            return Failure(cause or Interrupted())


class End(NamedTuple):
    o: Ok | Err | Int
    t: Trace
    e: int
    h: History
    g: Taken = ()

    @property
    def degraded(self) -> tuple[str, ...]:
        """The paths where faults were taken up, but for those that were raised again."""
        if not isinstance(self.o, Ok):
            return ()
        paths: list[str] = []
        for n, (path, cause) in enumerate(self.g, 1):
            later = [leaf for _, other in self.g[n:] for leaf in leaves(other)]
            if not all(leaf in later for leaf in leaves(cause)):
                paths.append(path)
        return tuple(dict.fromkeys(paths))


class At(NamedTuple):
    """Where a part stands, for the paths in events and faults; no part of its meaning."""

    spot: Spot
    tries: tuple[int, ...] = ()


def meaning(m: Model, w: Any, x: Any = None, params: Mapping[str, Any] | None = None) -> End:
    """⟦w⟧ from time 0, without a deadline."""
    paths = Paths()
    return Denotation(m, paths).of(w, At(paths.root(w)), params or {}, x, 0, FOREVER, frozenset())


class Denotation:
    run = b""
    """What the run is named by, from which jitter draws."""

    def __init__(self, m: Model, paths: Paths) -> None:
        self.m, self.paths, self.numbers = m, paths, count()
        self.polls: set[int] = set()

    def of(
        self, w: Node, at: At, p: Mapping[str, Any], x: Any, s: int, D: float, h: History
    ) -> End:
        """⟦w⟧(ρ, x, s, D, h), with ρ written p."""
        path = self.paths.path(at.spot)

        def inside(index: int, part: Node, x: Any, s: int, h: History, tag: object = None) -> End:
            return self.of(part, self.inner(at, w, index, tag), p, x, s, D, h)

        match w:
            case Task():
                return self.attempt(w, at, p, x, s, D, h)
            case Pure():  # Ok f(x); no event, no time
                return End(valued(path, w.expr, x, p), series([]), s, h)
            case Fail():
                return End(failing(path, w, x, p), series([]), s, h)
            case Delay():
                return pause(micros(w.duration), x, s, D, h)
            case Seq():  # Ok v from a: ⟦b⟧ v at a.end, trace S(a, b); otherwise a's result
                end = End(Ok(x), series([]), s, h)
                for index, part in enumerate(w.parts):
                    if isinstance(end.o, Ok):
                        end = after(end, inside(index, part, end.o.value, end.e, end.h))
                return end
            case Par():

                def parts(D: float) -> list[End]:
                    return [self.of(part, self.inner(at, w, i), p, x, s, D, h)
                            for i, part in enumerate(w.parts)]  # fmt: skip

                return beside(parts, w.fail_fast, tuple, s, D, h, len(w.parts))
            case MapEach():  # par over list elements
                return self.items(w, at, p, x, s, D, h)
            case Graph():
                return self.graph(w, at, p, x, s, D, h)
            case Branch():
                decision = decided(self.paths.enclosing(at.spot), w.predicate, x, p)
                if isinstance(decision, Err):
                    return End(decision, series([]), s, h)
                return (
                    inside(0, w.then, x, s, h)
                    if decision.value
                    else inside(1, w.otherwise, x, s, h)
                )
            case LoopUntil():  # w >> branch(p, id, loop_until(w, p, n - 1))
                end = End(Ok(x), series([]), s, h)
                for n in range(1, w.limit + 1):
                    if id(w) in self.polls:  # nobody sees an answer but the last
                        end = end._replace(g=())
                    assert isinstance(end.o, Ok)
                    end = after(end, inside(0, w.body, end.o.value, end.e, end.h, n))
                    if not isinstance(end.o, Ok):
                        return end
                    done = decided(path, w.done, end.o.value, p)
                    if isinstance(done, Err):
                        return end._replace(o=done)
                    if done.value:
                        return end
                    late = w.within is not None and end.e > s + micros(w.within)
                    if n == w.limit or late:  # `within=t` starts no round after s + t
                        return (
                            end if w.on_limit == "stop" else end._replace(o=Err(Exhausted(path, n)))
                        )
                raise AssertionError("a loop has at least one round")
            case Fallback():  # only on Err: ⟦b⟧ x at a.end, trace S, last cause wins
                a = inside(0, w.body, x, s, h)
                if isinstance(a.o, Err) and caught(w.on, a.o.cause, all_of_them=True):
                    a = a._replace(g=((path, a.o.cause),))
                    return after(a, inside(1, w.handler, x, a.e, a.h))
                return a
            case Retry():  # retry (d:ds) w = fallback(w, delay d >> retry ds w)
                all_delays = each(w.wait, lambda jitter, n: factor(jitter, n, self.run, path))
                delays = islice(all_delays, w.attempts - 1)
                end = self.of(w.body, At(at.spot, (*at.tries, 1)), p, x, s, D, h)
                for n, d in enumerate(delays, 2):
                    if not isinstance(end.o, Err) or not caught(w.on, end.o.cause):
                        break
                    wait = with_hint(end.o.cause, micros(d), end.e, cap_of(w.wait))
                    end = after(end._replace(g=()), pause(wait, x, end.e, D, end.h))
                    if isinstance(end.o, Ok):
                        there = At(at.spot, (*at.tries, n))
                        end = after(end, self.of(w.body, there, p, x, end.e, D, end.h))
                return end
            case Timeout():  # run with D' = min(D, s+d); if Int and s+d ≤ D: Err Timeout(d)
                deadline = s + micros(w.within)
                end = self.of(w.body, at, p, x, s, min(D, deadline), h)
                if isinstance(end.o, Int) and deadline <= D:
                    fault: Fault = TimedOut(path, w.within)
                    cause = end.o.cause
                    return end._replace(o=Err(fault if cause is None else then(fault, cause)))
                return end
            case Always():  # then ⟦f⟧ x with D = ∞, always; both fail: Then(c1, c2)
                a = inside(0, w.body, x, s, h)
                there = self.inner(at, w, 1)
                f = after(a, self.of(w.finaliser, there, p, x, a.e, FOREVER, a.h))
                return f._replace(o=finished(a.o, f.o))
            case AsResult():  # Ok v: Ok (Success v);  Err c: Ok (Failure c);  Int stays Int
                end = with_taken_up(path, self.of(w.body, at, p, x, s, D, h))
                return end if isinstance(end.o, Int) else end._replace(o=Ok(collected(end.o)))
            case FromResult():  # Ok (Success v): Ok v;  Ok (Failure c): Err c
                return End(open_result(path, x), series([]), s, h)
            case WithParams():  # ρ := ρ ◁ β, each β_k at (x, ρ); one without a value: Err
                bound = bindings(path, w, x, p)
                if isinstance(bound, Err):
                    return End(bound, series([]), s, h)
                return self.of(w.body, at, {**p, **bound.value}, x, s, D, h)
            case Named():
                return inside(0, w.body, x, s, h)
            case InPool():
                return self.of(w.body, at, p, x, s, D, h)
            case Extension():
                if w.forgets:
                    self.polls.update(id(part) for part in parts_of(w.meaning))
                return inside(0, w.meaning, x, s, h)
            case _:
                assert_never(w)

    def inner(self, at: At, w: Node, index: int, tag: object = None) -> At:
        key = None if tag is None else str(tag)
        return At(self.paths.child(at.spot, w, index, key), at.tries)

    def attempt(
        self, t: Task[Any, Any], at: At, p: Mapping[str, Any], x: Any, s: int, D: float, h: History
    ) -> End:
        """s>D: Int.  (r,d) = M(t,x,h[t,x]);  s+d>D: Int at D, event "cut";  else r at s+d.

        A writer starts when all earlier attempts of its step are over; later than D: Int at D.
        """
        if s > D:
            return End(Int(), series([]), s, h)
        path, x = self.paths.path(at.spot), x if t.contract.inputs else None
        if t.contract.effect not in ("pure", "read"):
            s = max([s, *(past.over for past in h if past.path == path)])
        if s > D:
            return End(Int(), series([]), int(D), h)
        injected = {each.name: p.get(each.name) for each in t.contract.injected}
        key = self.key(t, x, injected, path)
        k = sum(past.key == key for past in h)
        r, d, works_on = self.m(t, x, injected, k, path)
        e = s + d
        over = e if e <= D or works_on else int(D)
        h |= {Past(next(self.numbers), key, path, over)}
        if e > D:
            return End(Int(), Event(t.name, path, at.tries, "cut", None, s, int(D)), int(D), h)
        if isinstance(r, Ok):
            return End(r, Event(t.name, path, at.tries, "ok", r.value, s, e), e, h)
        if r.not_before is not None:
            r = changed(r, not_before=r.not_before + e)
        return End(Err(r), Event(t.name, path, at.tries, "failed", r, s, e), e, h)

    def key(self, t: Task[Any, Any], x: Any, injected: Mapping[str, Any], path: str) -> object:
        """What the attempts have in common that M counts: the task, and all that it is given."""
        return t.name, repr((x, injected))

    def items(
        self,
        w: MapEach[Any, Any],
        at: At,
        p: Mapping[str, Any],
        x: Any,
        s: int,
        D: float,
        h: History,
    ) -> End:
        """Items start in index order whenever fewer than k run; a lost slot is not used again."""
        names = keyed(w, x, p, self.paths.path(at.spot))
        if isinstance(names, BadInput):
            return End(Err(names), series([]), s, h)

        def parts(D: float) -> list[End]:
            slots, ends = [s] * (w.at_once or len(x)), list[End]()
            for name, item in zip(names, x, strict=True):
                if not slots:
                    break
                start = heappop(slots)
                ends.append(self.of(w.body, self.inner(at, w, 0, name), p, item, start, D, h))
                lost = isinstance(ends[-1].o, Int) or (
                    isinstance(ends[-1].o, Err) and w.on_error == "fail_fast"
                )
                if not lost:
                    heappush(slots, ends[-1].e)
            return ends

        if w.on_error == "collect":
            ends = parts(D)
            if not any(isinstance(end.o, Int) for end in ends):
                there = [self.inner(at, w, 0, name).spot for name in names]
                ends = [
                    with_taken_up(self.paths.path(p), end)
                    for p, end in zip(there, ends, strict=True)
                ]
                ends = [end._replace(o=Ok(collected(end.o))) for end in ends]
            return beside(lambda _: ends, False, list, s, D, h, len(x))
        return beside(parts, w.on_error == "fail_fast", list, s, D, h, len(x))

    def graph(
        self, w: Graph[Any, Any], at: At, p: Mapping[str, Any], x: Any, s: int, D: float, h: History
    ) -> End:
        """Step i starts at the max end of its predecessors; skipped when one of them erred."""
        ends: list[End | None] = []
        for index, (step, before) in enumerate(zip(w.steps, predecessors(w), strict=True)):
            waited = [ends[i] for i in before]
            if not all(end is not None and isinstance(end.o, Ok) for end in waited):
                ends.append(None)
                continue
            arguments = values(w, step.inputs, x, ends)
            done = [end for end in waited if end is not None]
            ends.append(
                self.of(
                    step.body, self.inner(at, w, index), p,
                    arguments[0] if len(arguments) == 1 else arguments or None,
                    max([s, *(end.e for end in done)]), D, h.union(*(end.h for end in done)),
                )
            )  # fmt: skip
        return woven(w, x, ends, s, D, h)


def failing(path: str, w: Fail[Any, Any], x: Any, p: Mapping[str, Any]) -> Err:
    """Err z; a message that can't be told is a defect."""
    try:
        text = w.message if isinstance(w.message, str) else message(w.message, x, p)
    except Undefined as error:
        return Err(PredicateDefect(path, str(error)))
    return Err(Failed(path, (w.tag,), text))


def open_result(path: str, x: Any) -> Ok | Err:
    """The value of a result, or its fault."""
    if isinstance(x, Success):
        return Ok(cast(Any, x).unwrap())
    cause: Any = cast(Any, x).failure() if isinstance(x, Failure) else None
    return Err(cause) if isinstance(cause, Fault) else Err(BadInput(path, "no result"))


def keyed(w: MapEach[Any, Any], x: Any, p: Mapping[str, Any], path: str) -> list[str] | BadInput:
    """What the items are called: by their keys, which must differ, or by their numbers."""
    if w.key is None:
        return [str(i) for i in range(len(x))]
    names = [str(evaluate(w.key, item, p)) for item in x]
    for i, name in enumerate(names):
        if name in names[:i]:
            problem = f"items {names.index(name)} and {i} have the same key {name!r}"
            return BadInput(path, problem)
    return names


def predecessors(w: Graph[Any, Any]) -> list[tuple[int, ...]]:
    """The steps that each step waits for."""
    return [tuple(sorted({i for i in (*step.inputs, *step.after) if i >= 0})) for step in w.steps]


def values(
    w: Graph[Any, Any], numbers: tuple[int, ...], x: Any, ends: Sequence[End | None]
) -> tuple[Any, ...]:
    """What steps gave, by their numbers; a negative one stands for a part of the graph's input."""

    def value(i: int) -> Any:
        if i < 0:
            return x if w.arity == 1 else x[-1 - i]
        return cast(Ok, cast(End, ends[i]).o).value

    return tuple(map(value, numbers))


def woven(
    w: Graph[Any, Any], x: Any, ends: Sequence[End | None], s: int, D: float, h: History
) -> End:
    """What a graph comes to, of which these steps ran."""
    ran = [end for end in ends if end is not None]
    parts = [series([]) if end is None else series([end.t]) for end in ends]
    t = Partial(tuple(zip(parts, predecessors(w), strict=True)))
    whole = beside(lambda _: ran, False, list, s, D, h, len(ran))._replace(t=t)
    if not isinstance(whole.o, Ok):
        return whole
    if isinstance(w.outputs, int):
        return whole._replace(o=Ok(values(w, (w.outputs,), x, ends)[0]))
    return whole._replace(o=Ok(values(w, w.outputs, x, ends)))


def beside(
    parts: Callable[[float], Sequence[End]],
    fail_fast: bool,
    make: Any,
    s: int,
    D: float,
    h: History,
    n: int,
) -> End:
    """par: end = max; any Int: Int; any Err: Err Both{…}; else tuple.

    fail_fast: t* = earliest failure; rerun the others with D = t*; Err Both{causes failing
    exactly at t*}. Fewer ends than `n` means that some never started.
    """
    ends = parts(D)
    first = min((end.e for end in ends if isinstance(end.o, Err)), default=None)
    if fail_fast and first is not None:
        ends = parts(min(D, first))
    e = max([s, *(end.e for end in ends)])
    t = parallel([end.t for end in ends])
    history = h.union(*(end.h for end in ends))
    cuts = [end.o.cause for end in ends if isinstance(end.o, Int) and end.o.cause is not None]
    if fail_fast and first is not None:
        fault = both(end.o.cause for end in ends if isinstance(end.o, Err) and end.e == first)
        return End(Err(then(fault, both(cuts)) if cuts else fault), t, e, history)
    if any(isinstance(end.o, Int) for end in ends):
        return End(Int(both(cuts) if cuts else None), t, e, history)
    faults = [end.o.cause for end in ends if isinstance(end.o, Err)]
    if faults:
        return End(Err(both(faults)), t, e, history)
    g = tuple(each for end in ends for each in end.g)
    return End(Ok(make(end.o.value for end in ends if isinstance(end.o, Ok))), t, e, history, g)


def collected(o: Ok | Err | Int) -> Any:
    """What `on_error="collect"` gives for an item."""
    assert not isinstance(o, Int)
    return Success(o.value) if isinstance(o, Ok) else Failure(o.cause)


def after(a: End, b: End) -> End:
    """b, with a's trace before its own, and what was taken up in a."""
    return b._replace(t=series([a.t, b.t]), g=a.g + b.g)


def with_taken_up(path: str, end: End) -> End:
    """A fault is taken up: of what failed, nothing else counts."""
    return end._replace(g=((path, end.o.cause),)) if isinstance(end.o, Err) else end


def parts_of(w: Node) -> Sequence[Node]:
    """The parts of a chain; of anything else, itself."""
    return w.parts if isinstance(w, Seq) else (w,)


def pause(d: int, x: Any, s: int, D: float, h: History) -> End:
    """d>0 and s+d>D: Int, at max(s, D); else Ok x at s+d."""
    if d > 0 and s + d > D:
        return End(Int(), series([]), max(s, int(D)), h)
    return End(Ok(x), series([]), s + max(d, 0), h)


def finished(a: Ok | Err | Int, f: Ok | Err | Int) -> Ok | Err | Int:
    """How a finally ends: as its body did, unless the finaliser failed too."""
    assert not isinstance(f, Int)
    if isinstance(f, Ok):
        return a
    if isinstance(a, Ok):
        return f
    cause = f.cause if a.cause is None else then(a.cause, f.cause)
    return Err(cause) if isinstance(a, Err) else Int(cause)


def caught(on: tuple[str, ...], cause: Fault, *, all_of_them: bool = False) -> bool:
    """`on=` matches iff all leaves of the cause match; without it, all or all but `Defect`."""
    if on:
        return all(carries(leaf, on) for leaf in leaves(cause))
    return all_of_them or not any("Defect" in leaf.tags for leaf in leaves(cause))


def with_hint(cause: Fault, d: int, now: int, cap: timedelta | None) -> int:
    """The later of `not_before` and the schedule, capped by the schedule's cap."""
    hints = [leaf.not_before for leaf in leaves(cause) if isinstance(leaf, Failed)]
    hint_delay = max((round(hint) - now for hint in hints if hint is not None), default=0)
    return max(d, hint_delay if cap is None else min(hint_delay, micros(cap)))


def valued(path: str, expr: Expr, x: Any, p: Mapping[str, Any]) -> Ok | Err:
    try:
        return Ok(evaluate(expr, x, p))
    except Undefined as error:
        return Err(PredicateDefect(path, str(error)))


def bindings(path: str, w: WithParams[Any, Any], x: Any, p: Mapping[str, Any]) -> Ok | Err:
    """What is bound by name, all of it seen from outside; or the first that has no value."""
    bound: dict[str, Any] = {}
    for name in sorted(w.params):
        value = valued(path, w.params[name], x, p)
        if isinstance(value, Err):
            return value
        bound[name] = value.value
    return Ok(bound)


def decided(path: str, expr: Expr, x: Any, p: Mapping[str, Any]) -> Ok | Err:
    try:
        return Ok(test(expr, x, p))
    except Undefined as error:
        return Err(PredicateDefect(path, str(error)))


def micros(d: timedelta) -> int:
    return d // timedelta(microseconds=1)
