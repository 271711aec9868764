"""⟦w⟧ while time passes: each part is a coroutine that says what it waits for.

One clause for each node, as in `denotation.py`; but a part knows no more than what has happened by
now, so that parts may wait for one another's workers. Who starts when is said elsewhere. What
happens at a place is what the scenario says of the place, attempt by attempt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, TypeAlias, assert_never, cast, final

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
from fwf.faults import BadInput, Exhausted, Fault, TimedOut, then
from fwf.records import changed
from fwf.worlds.scenario import Scenario
from fwf.worlds.trace import Event, series

from .denotation import (
    FOREVER,
    End,
    Err,
    Int,
    Ok,
    after,
    beside,
    bindings,
    caught,
    collected,
    decided,
    failing,
    finished,
    keyed,
    micros,
    open_result,
    predecessors,
    valued,
    values,
    with_hint,
    woven,
)  # fmt: skip
from .model import model_of_places

Moves: TypeAlias = "Generator[Wait | None, bool, End]"
"""A part, moving: it gives what it waits for, and is told whether that came about or it was cut.
None is the next end of one of its own parts."""


class Scope:
    """When what is in it is cut. Of a fail-fast part that is known only when another fails."""

    def __init__(self, outer: Scope | None = None, at: float = FOREVER) -> None:
        self.outer, self.at = outer, at

    @property
    def limit(self) -> float:
        return self.at if self.outer is None else min(self.at, self.outer.limit)


class Here(NamedTuple):
    """What a part is surrounded by. `place` tells how far to the left it stands."""

    spot: Spot
    p: Mapping[str, Any]
    scope: Scope
    tries: tuple[int, ...] = ()
    pools: frozenset[str] = frozenset()
    place: tuple[int, ...] = ()


@final
class Part:
    """A part under way, and the part that waits for it."""

    def __init__(self, moves: Moves, above: Part | None) -> None:
        self.moves, self.above = moves, above
        self.end: End | None = None


@final
class Wait:
    """What a part waits for: a delay; or an attempt, first its start and then its end."""

    def __init__(self, here: Here, since: int, until: int | None, step: str = "") -> None:
        self.here, self.since, self.until = here, since, until
        self.step = step
        """The path of the attempt's step. A delay has none."""
        self.writes = self.works_on = False
        """Whether no two attempts of the step may overlap; whether a cut one works on."""
        self.part: Part | None = None
        """Who waits: nobody any more for an attempt that was cut and works on."""

    @property
    def limit(self) -> float:
        return FOREVER if self.part is None else self.here.scope.limit


class InTime:
    """The parts of one run; `now` is the present."""

    def __init__(self, scenario: Scenario) -> None:
        self.m, self.paths = model_of_places(scenario), Paths()
        self.tries = Counter[str]()
        self.name = b""
        """What the run is named by, from which jitter draws."""
        self.now = 0
        self.movable: list[tuple[Part, Any]] = []
        """Parts that can go on, and what they are told."""
        self.moving: Part | None = None

    def begun(self, moves: Moves) -> Part:
        part = Part(moves, self.moving)
        self.movable.append((part, None))
        return part

    def ended(self, o: Ok | Err | Int) -> End:
        """An end now, of which there is nothing to tell."""
        return End(o, series([]), self.now, frozenset())

    def inner(self, here: Here, w: Node, index: int, tag: object = None) -> Here:
        key = None if tag is None else str(tag)
        return here._replace(spot=self.paths.child(here.spot, w, index, key))

    def attempt(self, t: Task[Any, Any], here: Here, x: Any) -> Moves:
        """Stand in line; then work, as the scenario says. Who is cut in line leaves no event."""
        path = self.paths.path(here.spot)
        wait = Wait(here, self.now, None, path)
        wait.writes = t.contract.effect not in ("pure", "read")
        if self.now > here.scope.limit or not (yield wait):
            return self.ended(Int())
        k, self.tries[path] = self.tries[path], self.tries[path] + 1
        x = x if t.contract.inputs else None
        r, d, wait.works_on = self.m(t, x, here.p, k, path)
        s, wait.until = self.now, self.now + d
        event = partial(Event, t.name, path, here.tries)
        if not (yield wait):
            return self.ended(Int())._replace(t=event("cut", None, s, self.now))
        if isinstance(r, Ok):
            return self.ended(r)._replace(t=event("ok", r.value, s, self.now))
        if r.not_before is not None:
            r = changed(r, not_before=r.not_before + self.now)
        return self.ended(Err(r))._replace(t=event("failed", r, s, self.now))

    def pause(self, d: int, here: Here, x: Any) -> Moves:
        """d > 0 and s + d > D: Int, at max(s, D); else Ok x at s + d."""
        late = d > 0 and self.now > here.scope.limit
        came_about = not late and (d <= 0 or (yield Wait(here, self.now, self.now + d)))
        return self.ended(Ok(x) if came_about else Int())

    def fork(
        self,
        here: Here,
        parts: list[Callable[[Here], Moves]],
        may_begin: Callable[[int, dict[int, Part]], bool],
        fail_fast: bool = False,
    ) -> Generator[None, bool, list[End | None]]:
        """Begin parts when they may, and wait for all that have begun."""
        scope, begun = Scope(here.scope), dict[int, Part]()
        while True:
            for i, moves in enumerate(parts):
                if i not in begun and may_begin(i, begun):
                    there = here._replace(scope=scope, place=(*here.place, i))
                    begun[i] = self.begun(moves(there))
            if all(part.end for part in begun.values()):
                return [begun[i].end if i in begun else None for i in range(len(parts))]
            yield None
            failed = [part.end.e for part in begun.values() if part.end and _erred(part.end)]
            if fail_fast and failed:
                scope.at = min(failed)

    def items(self, w: MapEach[Any, Any], here: Here, x: Any) -> Moves:
        """Items start in index order whenever fewer than k run; a lost slot is not used again."""
        names, fast, s = keyed(w, x, here.p, self.paths.path(here.spot)), w.on_error, self.now
        if isinstance(names, BadInput):
            return self.ended(Err(names))

        def moves(name: str, item: Any) -> Callable[[Here], Moves]:
            return lambda there: self.of(w.body, self.inner(there, w, 0, name), item)

        def may_begin(_: int, begun: dict[int, Part]) -> bool:
            ends = [part.end for part in begun.values()]
            lost = [end is None or isinstance(end.o, Int) or (fast == "fail_fast" and _erred(end))
                    for end in ends]  # fmt: skip
            return w.at_once is None or sum(lost) < w.at_once

        parts = [moves(name, item) for name, item in zip(names, x, strict=True)]
        all_ends = yield from self.fork(here, parts, may_begin, fast == "fail_fast")
        ends = [end for end in all_ends if end is not None]
        if fast == "collect" and not any(isinstance(end.o, Int) for end in ends):
            ends = [end._replace(o=Ok(collected(end.o))) for end in ends]
        return beside(lambda _: ends, fast == "fail_fast", list, s, FOREVER, frozenset(), len(x))

    def graph(self, w: Graph[Any, Any], here: Here, x: Any) -> Moves:
        """A step begins when those that it waits for are done, and none of them erred."""
        before, s = predecessors(w), self.now

        def moves(i: int, body: Node) -> Callable[[Here], Moves]:
            def begin(there: Here) -> Moves:
                arguments = values(w, w.steps[i].inputs, x, ends)
                value = arguments[0] if len(arguments) == 1 else arguments or None
                return self.of(body, self.inner(there, w, i), value)

            return begin

        ends: list[End | None] = [None] * len(w.steps)

        def may_begin(i: int, begun: dict[int, Part]) -> bool:
            for j, part in begun.items():
                ends[j] = part.end
            done = [ends[j] for j in before[i]]
            return all(end is not None and isinstance(end.o, Ok) for end in done)

        parts = [moves(i, step.body) for i, step in enumerate(w.steps)]
        all_ends = yield from self.fork(here, parts, may_begin)
        return woven(w, x, all_ends, s, FOREVER, frozenset())

    def of(self, w: Node, here: Here, x: Any) -> Moves:
        """⟦w⟧, as in `denotation.py`, but that the time is now."""
        path, s, D = self.paths.path(here.spot), self.now, here.scope
        match w:
            case Task():
                return (yield from self.attempt(w, here, x))
            case Pure():
                return self.ended(valued(path, w.expr, x, here.p))
            case Fail():
                return self.ended(failing(path, w, x, here.p))
            case Delay():
                return (yield from self.pause(micros(w.duration), here, x))
            case Seq():
                end = self.ended(Ok(x))
                for i, body in enumerate(w.parts):
                    if isinstance(end.o, Ok):
                        there = self.inner(here, w, i)
                        end = after(end, (yield from self.of(body, there, end.o.value)))
                return end
            case Par():

                def moves(i: int, body: Node) -> Callable[[Here], Moves]:
                    return lambda there: self.of(body, self.inner(there, w, i), x)

                parts = [moves(i, body) for i, body in enumerate(w.parts)]
                all_ends = yield from self.fork(here, parts, at_once, w.fail_fast)
                ends = cast("list[End]", all_ends)
                n = len(ends)
                return beside(lambda _: ends, w.fail_fast, tuple, s, FOREVER, frozenset(), n)
            case MapEach():
                return (yield from self.items(w, here, x))
            case Graph():
                return (yield from self.graph(w, here, x))
            case Branch():
                decision = decided(self.paths.enclosing(here.spot), w.predicate, x, here.p)
                if isinstance(decision, Err):
                    return self.ended(decision)
                at, body = (0, w.then) if decision.value else (1, w.otherwise)
                return (yield from self.of(body, self.inner(here, w, at), x))
            case LoopUntil():
                end = self.ended(Ok(x))
                for n in range(1, w.limit + 1):
                    assert isinstance(end.o, Ok)
                    there = self.inner(here, w, 0, n)
                    end = after(end, (yield from self.of(w.body, there, end.o.value)))
                    if not isinstance(end.o, Ok):
                        return end
                    done = decided(path, w.done, end.o.value, here.p)
                    if isinstance(done, Err):
                        return end._replace(o=done)
                    if done.value:
                        return end
                    late = w.within is not None and self.now > s + micros(w.within)
                    if n == w.limit or late:
                        stop = w.on_limit == "stop"
                        return end if stop else end._replace(o=Err(Exhausted(path, n)))
                raise AssertionError("a loop has at least one round")
            case Fallback():
                a = yield from self.of(w.body, self.inner(here, w, 0), x)
                if isinstance(a.o, Err) and caught(w.on, a.o.cause, all_of_them=True):
                    return after(a, (yield from self.of(w.handler, self.inner(here, w, 1), x)))
                return a
            case Retry():
                end = yield from self.of(w.body, here._replace(tries=(*here.tries, 1)), x)
                all_delays = each(w.wait, lambda jitter, n: factor(jitter, n, self.name, path))
                for n, d in enumerate(islice(all_delays, w.attempts - 1), 2):
                    if not isinstance(end.o, Err) or not caught(w.on, end.o.cause):
                        break
                    wait = with_hint(end.o.cause, micros(d), self.now, cap_of(w.wait))
                    end = after(end, (yield from self.pause(wait, here, x)))
                    if isinstance(end.o, Ok):
                        there = here._replace(tries=(*here.tries, n))
                        end = after(end, (yield from self.of(w.body, there, x)))
                return end
            case Timeout():
                deadline = s + micros(w.within)
                end = yield from self.of(w.body, here._replace(scope=Scope(D, deadline)), x)
                if isinstance(end.o, Int) and deadline <= D.limit:
                    fault: Fault = TimedOut(path, w.within)
                    return end._replace(
                        o=Err(fault if end.o.cause is None else then(fault, end.o.cause))
                    )
                return end
            case Always():
                a = yield from self.of(w.body, self.inner(here, w, 0), x)
                there = self.inner(here, w, 1)._replace(scope=Scope())
                f = after(a, (yield from self.of(w.finaliser, there, x)))
                return f._replace(o=finished(a.o, f.o))
            case AsResult():
                end = yield from self.of(w.body, here, x)
                return end if isinstance(end.o, Int) else end._replace(o=Ok(collected(end.o)))
            case FromResult():
                return self.ended(open_result(path, x))
            case WithParams():
                bound = bindings(path, w, x, here.p)
                if isinstance(bound, Err):
                    return self.ended(bound)
                there = here._replace(p={**here.p, **bound.value})
                return (yield from self.of(w.body, there, x))
            case Named():
                return (yield from self.of(w.body, self.inner(here, w, 0), x))
            case InPool():
                there = here._replace(pools=here.pools | {w.pool})
                return (yield from self.of(w.body, there, x))
            case Extension():
                return (yield from self.of(w.meaning, self.inner(here, w, 0), x))
            case _:
                assert_never(w)


def at_once(i: int, begun: Mapping[int, Part]) -> bool:
    """All parts may begin."""
    return True


def _erred(end: End) -> bool:
    return isinstance(end.o, Err)
