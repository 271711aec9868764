"""Laws of `timeout`: deadlines go down, and are inclusive."""

from __future__ import annotations

from datetime import timedelta

from fwf.combinators import always, delay, fail, fallback, identity, par, pure, retry, timeout

from .law import Count, Duration, Flow, Function, Leaf, Sides, Some, Tag, law

PAGE = "semantics §2"


@law("timeout(w, ∞) = w", "S", PAGE)
def without_end(w: Flow) -> Sides:
    """A deadline that never comes changes nothing; the longest duration stands for it. †"""
    return timeout(w, timedelta.max), w


@law("timeout(timeout(w, d), e) = timeout(w, min(d, e))", "S", PAGE)
def nested(w: Flow, d: Duration, e: Duration) -> Sides:
    """Of two deadlines the earlier counts."""
    return timeout(timeout(w, d), e), timeout(w, min(d, e))


@law("timeout(pure(f), d) = pure(f)", "D", PAGE)
def of_pure(f: Function, d: Duration) -> Sides:
    """What takes no time meets every deadline."""
    return timeout(pure(f), d), pure(f)


@law("timeout(delay(d + e), d) = delay(d) >> fail(Timeout), for e > 0", "D", PAGE)
def too_late(d: Duration, e: Some) -> Sides:
    """At the deadline it fails with Timeout. †"""
    return timeout(delay(d + e), d), delay(d) >> fail("Timeout")


@law(
    "fallback(timeout(delay(d + e), d), w, on=TimeoutError) = delay(d) >> w, for e > 0",
    "D",
    "our choice: a filter that names Python's error takes ours",
)
def is_a_timeout_error(d: Duration, e: Some, w: Flow) -> Sides:
    """What isn't done in time is caught as a TimeoutError of Python is. †"""
    return fallback(timeout(delay(d + e), d), w, on=TimeoutError), delay(d) >> w


@law("timeout(delay(d), d + e) = delay(d)", "D", PAGE)
def just_in_time(d: Duration, e: Duration) -> Sides:
    """Work that ends at its deadline is in time. †"""
    return timeout(delay(d), d + e), delay(d)


@law("timeout(w >> pure(f), d) = timeout(w, d) >> pure(f)", "D", PAGE)
def pure_after(w: Flow, f: Function, d: Duration) -> Sides:
    """A pure function at the end needs no deadline."""
    return timeout(w >> pure(f), d), timeout(w, d) >> pure(f)


@law("timeout(pure(f) >> w, d) = pure(f) >> timeout(w, d)", "D", PAGE)
def pure_before(w: Flow, f: Function, d: Duration) -> Sides:
    """A pure function takes no time, so the deadline may start after it."""
    return timeout(pure(f) >> w, d), pure(f) >> timeout(w, d)


@law("timeout(w, d) = timeout(w, d + e), if it succeeds", "D", PAGE, "left succeeds")
def success_is_monotone(w: Flow, d: Duration, e: Duration) -> Sides:
    """More time than is needed changes nothing."""
    return timeout(w, d), timeout(w, d + e)


@law("timeout(w, d) ≤ delay(d)", "≤ time", PAGE, "no finalisers")
def ends_in_time(w: Flow, d: Duration) -> Sides:
    """Without finalisers it is over at its deadline."""
    return timeout(w, d), delay(d)


@law("timeout(par(a, b), d) = par(timeout(a, d), timeout(b, d))", "V", PAGE)
def over_par(a: Flow, b: Flow, d: Duration) -> Sides:
    """A deadline for all parts is one for each; who is blamed may differ."""
    return timeout(par(a, b), d), par(timeout(a, d), timeout(b, d))


@law(
    "timeout(a, d) >> timeout(b, e) = timeout(a >> b, d + e), if it succeeds",
    "D",
    PAGE,
    "left succeeds",
    "no finalisers",
)
def added_up(a: Flow, b: Flow, d: Duration, e: Duration) -> Sides:
    """Work that keeps two deadlines keeps their sum."""
    return timeout(a, d) >> timeout(b, e), timeout(a >> b, d + e)


@law("w ≤ timeout(w, d), for a task w", "≤ attempts", "semantics §1")
def a_cut_attempt_is_one(w: Leaf, d: Duration) -> Sides:
    """An attempt that is cut was made, and is told of. †"""
    return w, timeout(w, d)


@law(
    "timeout(retry(delay(d) >> fail(z), n + 2), 2·d) = delay(2·d) >> fail(Timeout), for d > 0",
    "D",
    PAGE,
)
def of_all_attempts(d: Some, z: Tag, n: Count) -> Sides:
    """A deadline around a retry is one for all attempts, not for each. †"""
    left = timeout(retry(delay(d) >> fail(z), attempts=n + 2), 2 * d)
    return left, delay(2 * d) >> fail("Timeout")


@law(
    "timeout(fallback(timeout(a, d + e), b), d) = timeout(fallback(a, b), d), for e > 0", "D", PAGE
)
def a_later_one_inside(a: Flow, b: Flow, d: Duration, e: Some) -> Sides:
    """What the outer deadline cuts can't be caught at an inner one that is later. †"""
    left = timeout(fallback(timeout(a, d + e), b), d)
    return left, timeout(fallback(a, b), d)


@law(
    "timeout(fallback(timeout(w, d), pure(f)), d) = fallback(timeout(w, d), pure(f))",
    "D",
    PAGE,
    "no finalisers",
)
def caught_around_it(w: Flow, d: Duration, f: Function) -> Sides:
    """Of two deadlines at one instant the inner one strikes, and can be caught. †"""
    caught = fallback(timeout(w, d), pure(f))
    return timeout(caught, d), caught


@law(
    "timeout(fallback(delay(d + e), identity), d) = delay(d) >> fail(Timeout)", "D", "semantics §1"
)
def cannot_be_caught_inside(d: Duration, e: Some) -> Sides:
    """A deadline can't be caught by what it cuts, only around the timeout. †"""
    left = timeout(fallback(delay(d + e), identity), d)
    return left, delay(d) >> fail("Timeout")


@law(
    "timeout(always(delay(d + e), f), d) = delay(d) >> always(fail(Timeout), f)",
    "D",
    "semantics §1",
    "no deadline",
)
def finalisers_pass_it(d: Duration, e: Some, f: Flow) -> Sides:
    """A finaliser runs to its end after the deadline, and its failure is told too. †"""
    left = timeout(always(delay(d + e), then=f), d)
    return left, delay(d) >> always(fail("Timeout"), then=f)


@law("timeout(always(w, f), d) = always(timeout(w, d), f)", "D", "semantics §1 and §7")
def commutes_with_always(w: Flow, f: Flow, d: Duration) -> Sides:
    """A finaliser may stand inside or outside a deadline, since it doesn't reach it."""
    return timeout(always(w, then=f), d), always(timeout(w, d), then=f)
