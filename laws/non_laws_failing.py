"""Tempting equations about what fails, is tried again, is cut or is finalised, that don't hold."""

from __future__ import annotations

from typing import Any

from fwf.algebra.builder import it
from fwf.algebra.schedule import delays, each, every
from fwf.combinators import (
    always,
    as_result,
    branch,
    const,
    delay,
    fail,
    fallback,
    identity,
    map_each,
    named,
    par,
    pure,
    retry,
    timeout,
)  # fmt: skip
from fwf.derived import on_failure
from fwf.durations import seconds
from fwf.testing import sample_tasks
from fwf.testing.sample_tasks import a, b, c, e
from fwf.worlds.scenario import Scenario

from .law import (
    Count,
    Duration,
    Filter,
    Flow,
    Function,
    Leaf,
    Other,
    Sides,
    Some,
    Tag,
    Waits,
    Word,
)  # fmt: skip
from .retry import length
from .tempting import on, tempting

TURNS = (
    Scenario()
    .task("a", gives=0, fails=["KeyError", None])
    .task("e", gives=0, fails=[None, "KeyError"])
)
"""First one task fails, and then the other."""
BOTH_ONCE = Scenario().task("a", gives=0, fails=["KeyError"]).task("e", gives=0, fails=["KeyError"])
"""Each of two tasks fails at its first attempt."""


# Retries


@tempting("retry(fail(z), s) = fail(z)", "D", on(0, z="KeyError", s=delays(seconds(1))))
def waiting_can_be_seen(z: Tag, s: Waits) -> Sides:
    """Delays between attempts that all fail can be seen by a deadline around them."""
    return retry(fail(z), attempts=3, wait=s), fail(z)


@tempting(
    "retry(a) >> retry(b) succeeds ⇒ retry(a >> b) succeeds",
    "O",
    on(0, BOTH_ONCE, a=a, b=e, n=2),
    "left succeeds",
    "responses ignore data",
)
def together_if_apart(a: Leaf, b: Other, n: Count) -> Sides:
    """Two budgets of attempts are more than one."""
    return retry(a, attempts=n) >> retry(b, attempts=n), retry(a >> b, attempts=n)


@tempting(
    "named(n, retry(w, s.jitter)) = retry(w, s.jitter)", "D", on(0, z="KeyError", d=seconds(1))
)
def jitter_stays_when_it_is_named(z: Tag, d: Some) -> Sides:
    """Jitter is drawn by the place, which a name is part of; the bounds stay."""
    shaken = retry(fail(z), attempts=3, wait=every(d).jitter(7))
    return named("part", shaken), shaken


@tempting(
    "map_each(retry(w, s.jitter), key=it) = map_each(retry(w, s.jitter))",
    "D",
    on([1], z="KeyError", d=seconds(1)),
    given="list",
)
def jitter_is_the_same_for_every_item(z: Tag, d: Some) -> Sides:
    """Jitter is drawn for each item, by its key or its number."""
    shaken = retry(fail(z), attempts=3, wait=every(d).jitter(7))
    return map_each(shaken, key=it), map_each(shaken)


@tempting("s.jitter = the delays that it draws", "D", on(0, z="KeyError", d=seconds(1)))
def jitter_can_be_spelt(z: Tag, d: Some) -> Sides:
    """What is drawn is known only where it stands, in a run; no list of delays says the same."""
    all_delays = list(each(every(d).times(2).jitter(7)))
    shaken = retry(fail(z), attempts=3, wait=every(d).jitter(7))
    return shaken, retry(fail(z), attempts=3, wait=delays(*all_delays))


@tempting("retry(par(a, b)) = par(retry(a), retry(b))", "O", on(0, TURNS, a=a, b=e))
def retry_not_over_par(a: Leaf, b: Other) -> Sides:
    """Retrying all parts repeats those that went well."""
    return retry(par(a, b), attempts=2), par(retry(a, attempts=2), retry(b, attempts=2))


@tempting(
    "retry(map_each(w)) = map_each(retry(w))",
    "O",
    on([0, 1], TURNS, a=a, b=e),
    given="list",
)
def retry_not_over_map_each(a: Leaf, b: Other) -> Sides:
    """Retrying the whole map repeats the items that went well."""
    w = branch(it > 0, then=a, otherwise=b)
    return retry(map_each(w), attempts=2), map_each(retry(w, attempts=2))


@tempting(
    "retry(fallback(a, b)) = fallback(retry(a), retry(b))",
    "O",
    on(0, Scenario().task("a", gives=1, fails=["KeyError"]).task("e", gives=2), a=a, b=e),
)
def retry_not_over_fallback(a: Leaf, b: Other) -> Sides:
    """Retrying both ways in turn isn't retrying one and then the other."""
    left = retry(fallback(a, b), attempts=2)
    return left, fallback(retry(a, attempts=2), retry(b, attempts=2))


@tempting(
    "retry(timeout(w, d)) = timeout(retry(w), d)",
    "O",
    on(
        0,
        Scenario().task("a", gives=0, fails=["KeyError"], takes=seconds(1)),
        w=a,
        d=seconds(1),
        n=2,
    ),
)
def retry_not_over_timeout(w: Leaf, d: Duration, n: Count) -> Sides:
    """A deadline for each attempt isn't one for all of them."""
    return retry(timeout(w, d), attempts=n), timeout(retry(w, attempts=n), d)


@tempting(
    "retry(always(w, f)) = always(retry(w), f)",
    "T",
    on(0, Scenario().task("a", gives=0, fails=["KeyError"]).task("b", gives=0), w=a, f=b, n=2),
)
def retry_not_over_always(w: Flow, f: Flow, n: Count) -> Sides:
    """A finaliser for each attempt isn't one for all of them."""
    return retry(always(w, then=f), attempts=n), always(retry(w, attempts=n), then=f)


@tempting(
    "retry(retry(w, i, on=f), o, on=g) = retry(w, o.nest(i), on=f + g)",
    "O",
    on(
        0,
        Scenario().task("a", gives=0, fails=["ConnectionError"] * 2),
        w=a,
        i=delays(seconds(0)),
        o=delays(seconds(0)),
        f=("ConnectionError",),
        g=("KeyError", "Timeout"),
    ),
)
def retries_do_not_nest_with_two_filters(w: Leaf, i: Word, o: Word, f: Filter, g: Filter) -> Sides:
    """With different filters a retry of a retry isn't one."""
    inner = retry(w, attempts=length(i) + 1, wait=i, on=f)
    whole = o.nest(i)
    left = retry(inner, attempts=length(o) + 1, wait=o, on=g)
    return left, retry(w, attempts=length(whole) + 1, wait=whole, on=f + g)


# Other ways


@tempting("fallback(a, b) = fallback(b, a)", "O", on(0, a=const(1), b=const(2)))
def fallback_is_not_commutative(a: Flow, b: Flow) -> Sides:
    """The first way that goes well is taken."""
    return fallback(a, b), fallback(b, a)


@tempting("fallback(w, w) = w", "O", on(0, Scenario().task("a", gives=0, fails=["KeyError"]), w=a))
def fallback_is_not_idempotent(w: Flow) -> Sides:
    """The same way again is a retry."""
    return fallback(w, w), w


@tempting("fallback(w, fail(z)) = w", "T", on(0, w=fail("KeyError"), z="ConnectionError"))
def a_failing_handler_is_not_nothing(w: Flow, z: Tag) -> Sides:
    """A last way that always fails changes the cause."""
    return fallback(w, fail(z)), w


@tempting(
    "fallback(a, b) >> c = fallback(a >> c, b >> c)",
    "O",
    on(0, Scenario().task("a", gives_by=sample_tasks.unless_even), a=const(0), b=const(1), c=a),
)
def what_follows_is_not_handled(a: Flow, b: Flow, c: Flow) -> Sides:
    """A handler doesn't catch what fails after it."""
    return fallback(a, b) >> c, fallback(a >> c, b >> c)


@tempting(
    "c >> fallback(a, b) = fallback(c >> a, c >> b)",
    "O",
    on(0, Scenario().task("c", gives_each=[1, 2]), a=fail("KeyError"), b=identity, c=c),
)
def what_came_before_is_not_repeated(a: Flow, b: Flow, c: Flow) -> Sides:
    """A handler doesn't repeat what went well before."""
    return c >> fallback(a, b), fallback(c >> a, c >> b)


@tempting(
    "fallback(a, fallback(b, c, on=g), on=f) = fallback(fallback(a, b, on=f), c, on=g)",
    "O",
    on(
        0,
        a=fail("KeyError"),
        b=const(1),
        c=const(2),
        f=("ConnectionError",),
        g=("KeyError", "Timeout"),
    ),
)
def two_filters_do_not_associate(a: Flow, b: Flow, c: Flow, f: Filter, g: Filter) -> Sides:
    """An error that the first filter doesn't match may match the second."""
    left = fallback(a, fallback(b, c, on=g), on=f)
    return left, fallback(fallback(a, b, on=f), c, on=g)


# Deadlines and finalisers


@tempting(
    "timeout(a, d) >> timeout(b, e) = timeout(a >> b, d + e)",
    "O",
    on(0, a=delay(seconds(1)), b=delay(seconds(2)), d=seconds(2), e=seconds(1)),
)
def deadlines_do_not_add_up(a: Flow, b: Flow, d: Duration, e: Duration) -> Sides:
    """Time that one step saves isn't given to the next."""
    return timeout(a, d) >> timeout(b, e), timeout(a >> b, d + e)


@tempting(
    "retry(timeout(w, d), 0) = fallback(timeout(w, d), timeout(w, d))",
    "O",
    on(
        0,
        Scenario().task("c", gives=0, takes=[seconds(3), seconds(0)]),
        w=c,
        d=seconds(1),
        on=("Timeout",),
    ),
    "same filter",
    "what is cut may work on",
)
def a_step_waits_for_itself(w: Leaf, d: Duration, on: Filter) -> Sides:
    """A writer that works on when it is cut holds up its own next attempt, not another step's."""
    cut = timeout(w, d)
    return retry(cut, attempts=2, on=on), fallback(cut, cut, on=on)


@tempting(
    "timeout(par(a, b), d) = par(timeout(a, d), timeout(b, d))",
    "D",
    on(0, a=delay(seconds(1)), b=delay(seconds(1)), d=seconds(0)),
)
def deadlines_over_par_change_the_cause(a: Flow, b: Flow, d: Duration) -> Sides:
    """One deadline is one fault; one for each part is one for each."""
    return timeout(par(a, b), d), par(timeout(a, d), timeout(b, d))


@tempting(
    "timeout(w, d) ≤ delay(d)",
    "≤ time",
    on(0, w=always(identity, then=delay(seconds(1))), d=seconds(0)),
)
def finalisers_pass_deadlines(w: Flow, d: Duration) -> Sides:
    """A finaliser runs to its end, whatever the deadline."""
    return timeout(w, d), delay(d)


@tempting(
    "timeout(always(w, f), d) = always(timeout(w, d), timeout(f, d))",
    "O",
    on(0, w=identity, f=delay(seconds(1)), d=seconds(0)),
)
def finalisers_have_no_deadline(w: Flow, f: Flow, d: Duration) -> Sides:
    """A deadline goes to the work only: its finaliser may take longer."""
    return timeout(always(w, then=f), d), always(timeout(w, d), then=timeout(f, d))


@tempting(
    "always(a >> b, f) = a >> always(b, f)",
    "T",
    on(0, Scenario().task("a", gives=0), a=fail("KeyError"), b=identity, f=a),
)
def a_finaliser_guards_all_of_it(a: Flow, b: Flow, f: Flow) -> Sides:
    """A finaliser runs when the first step fails, and gets the first step's input."""
    return always(a >> b, then=f), a >> always(b, then=f)


@tempting("always(w, f) = w >> f on the input", "O", on(0, w=const(0), f=const(1)))
def a_finaliser_is_not_a_step(w: Flow, f: Flow) -> Sides:
    """A finaliser runs after a failure too, and its value is dropped."""
    return always(w, then=f), w >> f


# Results


@tempting(
    "timeout(as_result(w), d) = as_result(timeout(w, d))",
    "D",
    on(0, w=delay(seconds(2)), d=seconds(1)),
)
def cuts_as_data(w: Flow, d: Duration) -> Sides:
    """A deadline outside goes through; one inside is a fault like any other."""
    left: Any = timeout(as_result(w), d)
    return left, as_result(timeout(w, d))


@tempting("retry(as_result(w)) = as_result(retry(w))", "D", on(0, TURNS, w=a, n=2))
def trying_again_around(w: Flow, n: Count) -> Sides:
    """Around it nothing is left to be tried again."""
    left: Any = retry(as_result(w), attempts=n)
    return left, as_result(retry(w, attempts=n))


@tempting(
    "on_failure(fail(z), h) = always(fail(z), h)",
    "D",
    on(0, z="KeyError", d=seconds(2), e=seconds(1)),
)
def told_whatever_happens(z: Tag, d: Duration, e: Duration) -> Sides:
    """A deadline reaches a handler, and no finaliser."""
    left = on_failure(fail(z), then=delay(d))
    return timeout(left, e), timeout(always(fail(z), then=delay(d)), e)


@tempting(
    "as_result(w >> f) = as_result(w) >> pure(f)",
    "D",
    on(0, Scenario().task("a", gives=1, fails="KeyError"), f=it + 1, w=a),
)
def going_on_after_a_failure(w: Flow, f: Function) -> Sides:
    """What follows within is skipped when it fails; what follows outside isn't."""
    left: Any = as_result(w >> pure(f)) >> pure(sample_tasks.outcome)
    return left, as_result(w) >> pure(sample_tasks.outcome) >> pure(f)
