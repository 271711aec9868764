"""Laws of schedules, told by a task that is retried under them: words of delays (semantics §5)."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice

from fwf.algebra.schedule import Schedule, backoff, delays, each, every
from fwf.algebra.workflow import Workflow
from fwf.combinators import delay, fail, map_each, retry
from fwf.durations import seconds

from .law import Count, Duration, Flow, Sides, Some, Tag, Waits, Word, law

PAGE = "semantics §5"
ZIO = "ZIO Schedule"
MANY = 7
ZERO = every(seconds(0))


def tried(w: Flow, s: Schedule, n: int = MANY) -> Workflow[int, int]:
    """A workflow, retried so often that the schedule decides."""
    return retry(w, attempts=n, wait=s)


@law("s & t = t & s", "D", ZIO)
def longer_is_commutative(w: Flow, s: Waits, t: Waits) -> Sides:
    """The longer of two delays, whichever is named first."""
    return tried(w, s & t), tried(w, t & s)


@law("s | t = t | s", "D", ZIO)
def shorter_is_commutative(w: Flow, s: Waits, t: Waits) -> Sides:
    """The shorter of two delays, whichever is named first."""
    return tried(w, s | t), tried(w, t | s)


@law("(s & t) & u = s & (t & u)", "D", ZIO)
def longer_is_associative(w: Flow, s: Waits, t: Waits, u: Waits) -> Sides:
    """The longest of three delays."""
    return tried(w, (s & t) & u), tried(w, s & (t & u))


@law("(s | t) | u = s | (t | u)", "D", ZIO)
def shorter_is_associative(w: Flow, s: Waits, t: Waits, u: Waits) -> Sides:
    """The shortest of three delays."""
    return tried(w, (s | t) | u), tried(w, s | (t | u))


@law("s & s = s", "D", ZIO)
def longer_of_the_same(w: Flow, s: Waits) -> Sides:
    """The longer of the same is the same."""
    return tried(w, s & s), tried(w, s)


@law("s | s = s", "D", ZIO)
def shorter_of_the_same(w: Flow, s: Waits) -> Sides:
    """The shorter of the same is the same."""
    return tried(w, s | s), tried(w, s)


@law("s & (s | t) = s", "D", PAGE)
def absorbed_by_longer(w: Flow, s: Waits, t: Waits) -> Sides:
    """Schedules are a lattice."""
    return tried(w, s & (s | t)), tried(w, s)


@law("s | (s & t) = s", "D", PAGE)
def absorbed_by_shorter(w: Flow, s: Waits, t: Waits) -> Sides:
    """Schedules are a lattice, both ways."""
    return tried(w, s | (s & t)), tried(w, s)


@law("s & (t | u) = (s & t) | (s & u)", "D", PAGE)
def distributive(w: Flow, s: Waits, t: Waits, u: Waits) -> Sides:
    """The lattice is distributive."""
    return tried(w, s & (t | u)), tried(w, (s & t) | (s & u))


@law("s & every(0) = s", "D", PAGE)
def unit_of_longer(w: Flow, s: Waits) -> Sides:
    """No delay, for ever, is the unit of `&`. †"""
    return tried(w, s & ZERO), tried(w, s)


@law("s | delays() = s", "D", PAGE)
def unit_of_shorter(w: Flow, s: Waits) -> Sides:
    """No attempt at all is the unit of `|`. †"""
    return tried(w, s | delays()), tried(w, s)


@law("s & delays() = delays()", "D", PAGE)
def stops_when_either_stops(w: Flow, s: Waits) -> Sides:
    """`&` stops when either stops. †"""
    return tried(w, s & delays()), w


@law("s.then(t, gap=d).then(u, gap=e) = s.then(t.then(u, gap=e), gap=d)", "D", PAGE)
def then_is_associative(w: Flow, s: Word, t: Word, u: Waits, d: Duration, e: Duration) -> Sides:
    """Schedules in a row need no brackets."""
    left = s.then(t, gap=d).then(u, gap=e)
    return tried(w, left), tried(w, s.then(t.then(u, gap=e), gap=d))


@law("delays().then(s, gap=d) = delays(d).then(s…): the gap is a delay", "D", PAGE)
def a_gap_is_a_delay(w: Flow, s: Word, d: Duration) -> Sides:
    """Between two schedules there is one more attempt, after the gap. †"""
    return tried(w, delays().then(s, gap=d)), tried(w, delays(d, *each(s)))


@law("s.nest(delays()) = s", "D", PAGE)
def nest_right_unit(w: Flow, s: Waits) -> Sides:
    """Nothing nested is the schedule itself."""
    return tried(w, s.nest(delays())), tried(w, s)


@law("delays().nest(s) = s", "D", PAGE)
def nest_left_unit(w: Flow, s: Waits) -> Sides:
    """Nested in nothing is the schedule itself."""
    return tried(w, delays().nest(s)), tried(w, s)


@law("o.nest(m).nest(i) = o.nest(m.nest(i))", "D", PAGE)
def nest_is_associative(w: Flow, o: Word, m: Word, i: Word) -> Sides:
    """Schedules nested deeper need no brackets."""
    return tried(w, o.nest(m).nest(i), 12), tried(w, o.nest(m.nest(i)), 12)


@law("(s & t).nest(i) = s.nest(i) & t.nest(i)", "D", PAGE)
def nest_distributes_over_longer(w: Flow, s: Word, t: Word, i: Word) -> Sides:
    """Nesting distributes over `&` in its outer argument."""
    return tried(w, (s & t).nest(i)), tried(w, s.nest(i) & t.nest(i))


@law("(s | t).nest(i) = s.nest(i) | t.nest(i)", "D", PAGE)
def nest_distributes_over_shorter(w: Flow, s: Word, t: Word, i: Word) -> Sides:
    """Nesting distributes over `|` in its outer argument."""
    return tried(w, (s | t).nest(i)), tried(w, s.nest(i) | t.nest(i))


@law("s.then(t, gap=d).nest(i) = s.nest(i).then(t.nest(i), gap=d)", "D", PAGE)
def nest_distributes_over_then(w: Flow, s: Word, t: Word, i: Word, d: Duration) -> Sides:
    """Nesting distributes over `then` in its outer argument."""
    left = s.then(t, gap=d).nest(i)
    return tried(w, left, 12), tried(w, s.nest(i).then(t.nest(i), gap=d), 12)


@law("retry(fail(z), o.nest(i)) = delay(Σo + (|o| + 1)·Σi) >> fail(z)", "D", PAGE)
def total_of_nest(z: Tag, o: Word, i: Word) -> Sides:
    """All of the inner delays once for every outer attempt."""
    outer = list(each(o))
    total = sum(outer, timedelta()) + (len(outer) + 1) * sum(each(i), timedelta())
    return retry(fail(z), attempts=20, wait=o.nest(i)), delay(total) >> fail(z)


@law("retry(w, o.nest(i)) has (|o| + 1)·(|i| + 1) attempts", "D", PAGE)
def attempts_multiply(w: Flow, o: Word, i: Word) -> Sides:
    """As many attempts as the outer and the inner schedule have, multiplied. †"""
    attempts = (len(list(each(o))) + 1) * (len(list(each(i))) + 1)
    return tried(w, o.nest(i), 20), tried(w, o.nest(i), attempts)


@law("backoff(d, cap=e) = backoff(d) | every(e)", "D", PAGE)
def a_cap_is_a_bound(w: Flow, d: Some, e: Duration) -> Sides:
    """A cap is the shorter of the growing delay and the cap."""
    return tried(w, backoff(d, cap=e)), tried(w, backoff(d) | every(e))


@law("cap(s.then(t)) = cap(s).then(cap(t))", "D", PAGE)
def a_cap_is_a_homomorphism(w: Flow, s: Word, t: Word, d: Duration) -> Sides:
    """A cap on schedules in a row is a cap on each."""
    return tried(w, s.then(t) | cut(s.then(t), d)), tried(w, (s | cut(s, d)).then(t | cut(t, d)))


@law("cap(o.nest(i)) = cap(o).nest(cap(i))", "D", PAGE)
def a_cap_goes_to_nested_ones(w: Flow, o: Word, i: Word, d: Duration) -> Sides:
    """A cap on nested schedules is a cap on each."""
    left = o.nest(i)
    return tried(w, left | cut(left, d), 20), tried(w, (o | cut(o, d)).nest(i | cut(i, d)), 20)


def cut(s: Schedule, d: timedelta) -> Schedule:
    """As many delays of `d` as a word has."""
    return every(d).times(len(list(each(s))))


@law("s.within(d).within(e) = s.within(min(d, e))", "D", PAGE)
def totals_compose(w: Flow, s: Waits, d: Duration, e: Duration) -> Sides:
    """Of two bounds on the total the smaller counts."""
    return tried(w, s.within(d).within(e)), tried(w, s.within(min(d, e)))


@law("retry(fail(z), s.within(d)) ≤ delay(d)", "≤ time", PAGE)
def a_total_is_kept(z: Tag, s: Waits, d: Duration) -> Sides:
    """All delays together stay within the total. †"""
    return retry(fail(z), attempts=MANY, wait=s.within(d)), delay(d)


@law("s.times(n).times(m) = s.times(min(n, m))", "D", PAGE)
def counts_compose(w: Flow, s: Waits, n: Count, m: Count) -> Sides:
    """Of two bounds on the number of delays the smaller counts."""
    return tried(w, s.times(n).times(m)), tried(w, s.times(min(n, m)))


@law("retry(w, s, attempts=n) = retry(w, s.times(n - 1))", "D", PAGE)
def attempts_are_delays_and_one(w: Flow, s: Waits, n: Count) -> Sides:
    """There is one more attempt than delays. †"""
    return tried(w, s, n), tried(w, s.times(n - 1))


@law("every(d) = delays(d, d, …)", "D", PAGE)
def a_constant_written_out(w: Flow, d: Duration, n: Count) -> Sides:
    """A constant schedule is a word of the same delays."""
    return tried(w, every(d), n), tried(w, delays(*[d] * (n - 1)), n)


@law("s.jitter(low, 1) ≤ s", "≤ time", PAGE, "no deadline")
def jitter_is_no_longer(z: Tag, s: Waits, n: Count) -> Sides:
    """Jitter below 1 only shortens delays."""
    shaken = s.jitter(n, 0.25, 1.0)
    return retry(fail(z), attempts=MANY, wait=shaken), retry(fail(z), attempts=MANY, wait=s)


@law("low·s ≤ s.jitter(low, 1)", "≤ time", PAGE, "no deadline")
def jitter_is_no_shorter(z: Tag, s: Waits, n: Count) -> Sides:
    """Jitter from `low` leaves at least that part of each delay."""
    least = delays(*(0.25 * d for d in islice(each(s), MANY)))
    shaken = s.jitter(n, 0.25, 1.0)
    return retry(fail(z), attempts=MANY, wait=least), retry(fail(z), attempts=MANY, wait=shaken)


@law("each item keeps to the bounds of s.jitter(low, 1)", "≤ time", PAGE, "no deadline", on="list")
def items_keep_to_the_bounds(z: Tag, s: Waits, n: Count) -> Sides:
    """Items wait for different times, and none for longer than without jitter."""
    shaken = retry(fail(z), attempts=MANY, wait=s.jitter(n, 0.25, 1.0))
    return map_each(shaken), map_each(retry(fail(z), attempts=MANY, wait=s))


@law("retry(retry(w, i.jitter), o.jitter) = retry(w, o.jitter.nest(i.jitter))", "D", PAGE)
def jitter_nests(w: Flow, o: Word, i: Word, n: Count) -> Sides:
    """What is drawn goes by the place and the attempt in its own retry, not by those around. †"""
    inner, outer = i.jitter(n), o.jitter(n + 1)
    few, several = len(list(each(i))) + 1, len(list(each(o))) + 1
    left = retry(retry(w, attempts=few, wait=inner), attempts=several, wait=outer)
    return left, tried(w, outer.nest(inner), few * several)


@law("s.jitter(seed, 1, 1) = s", "D", PAGE)
def no_jitter(w: Flow, s: Waits, n: Count) -> Sides:
    """Jitter between 1 and 1 changes nothing."""
    return tried(w, s.jitter(n, 1.0, 1.0)), tried(w, s)
