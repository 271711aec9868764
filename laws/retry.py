"""Laws of `retry`: a word of delays between attempts."""

from __future__ import annotations

from fwf.algebra.builder import it
from fwf.algebra.schedule import Schedule, delays, each
from fwf.combinators import delay, fail, fallback, pure, retry

from .law import (
    Count,
    Duration,
    Filter,
    Flow,
    Function,
    Leaf,
    Other,
    OtherTag,
    Sides,
    Tag,
    Waits,
    Word,
    law,
)  # fmt: skip

PAGE = "semantics §2"
HASKELL = "Control.Retry (Haskell retry)"


def length(word: Schedule) -> int:
    """How many delays a finite schedule has."""
    return len(list(each(word)))


@law("retry(w, attempts=1) = w", "S", PAGE)
def once(w: Flow, s: Waits, on: Filter) -> Sides:
    """One attempt is no retry. †"""
    return retry(w, attempts=1, wait=s, on=on), w


@law("retry(w, [], attempts=n) = w", "D", PAGE)
def an_empty_schedule(w: Flow, n: Count) -> Sides:
    """Without delays there is nothing to retry after. †"""
    return retry(w, attempts=n, wait=delays()), w


@law("retry(retry(w, i), o) = retry(w, o.nest(i))", "S", "semantics §5", "same filter")
def nested(w: Flow, i: Word, o: Word, on: Filter) -> Sides:
    """Retries of retries are retries, with the inner delays between the outer ones."""
    inner = retry(w, attempts=length(i) + 1, wait=i, on=on)
    whole = o.nest(i)
    left = retry(inner, attempts=length(o) + 1, wait=o, on=on)
    return left, retry(w, attempts=length(whole) + 1, wait=whole, on=on)


@law("retry(w, 0, 0) = fallback(w, fallback(w, w))", "D", PAGE, "same filter")
def without_delay(w: Flow, on: Filter) -> Sides:
    """A retry without delays is a fallback to the same."""
    left = retry(w, attempts=3, on=on)
    return left, fallback(w, fallback(w, w, on=on), on=on)


@law("retry(w, d : s) = fallback(w, delay(d) >> retry(w, s))", "D", PAGE, "same filter")
def unfolded(w: Flow, d: Duration, s: Word, on: Filter) -> Sides:
    """An attempt, and when it fails the first delay and the other attempts. †"""
    n = length(s)
    left = retry(w, attempts=n + 2, wait=delays(d, *each(s)), on=on)
    return left, fallback(w, delay(d) >> retry(w, attempts=n + 1, wait=s, on=on), on=on)


@law("retry(pure(f), s) = pure(f)", "D", PAGE)
def of_pure(f: Function, s: Waits, n: Count) -> Sides:
    """What can't fail isn't retried."""
    return retry(pure(f), attempts=n, wait=s), pure(f)


@law("retry(pure(f) >> w) = pure(f) >> retry(w)", "D", PAGE)
def moves_across_pure_before(f: Function, w: Flow, s: Waits, on: Filter) -> Sides:
    """A pure function before the work needs no retry."""
    left = retry(pure(f) >> w, attempts=3, wait=s, on=on)
    return left, pure(f) >> retry(w, attempts=3, wait=s, on=on)


@law("retry(w >> pure(f)) = retry(w) >> pure(f)", "D", PAGE)
def moves_across_pure_after(f: Function, w: Flow, s: Waits, on: Filter) -> Sides:
    """A pure function after the work needs no retry."""
    left = retry(w >> pure(f), attempts=3, wait=s, on=on)
    return left, retry(w, attempts=3, wait=s, on=on) >> pure(f)


@law("retry(fail(z), s) = fail(z)", "T", PAGE, "no deadline")
def of_failure(z: Tag, s: Waits, n: Count) -> Sides:
    """What always fails the same fails the same, only later."""
    return retry(fail(z), attempts=n, wait=s), fail(z)


@law("retry(fail(z), [d, e]) = delay(d + e) >> fail(z)", "D", PAGE)
def every_delay_passes(z: Tag, d: Duration, e: Duration) -> Sides:
    """Between attempts all of each delay passes. †"""
    left = retry(fail(z), attempts=3, wait=delays(d, e))
    return left, delay(d) >> (delay(e) >> fail(z))


@law("retry(w, s, on=f + g) = retry(w, s, on=g + f + f)", "S", "semantics §5")
def filters_are_sets(w: Flow, s: Waits, f: Filter, g: Filter) -> Sides:
    """In which order a filter names errors, and how often, doesn't matter."""
    left = retry(w, attempts=3, wait=s, on=f + g)
    return left, retry(w, attempts=3, wait=s, on=g + f + f)


@law("retry(fail(z), on=y) = fail(z)", "D", "semantics §7")
def another_error(y: OtherTag, z: Tag, s: Waits) -> Sides:
    """An error that the filter doesn't match isn't retried. †"""
    return retry(fail(z), attempts=3, wait=s, on=y), fail(z)


@law("retry(pure(it.missing)) = pure(it.missing)", "D", "semantics §7")
def of_a_defect(s: Waits) -> Sides:
    """Wrong programs stay wrong: without `on=` a defect isn't retried. †"""
    return retry(pure(it.missing), attempts=3, wait=s), pure(it.missing)


@law("retry(w, s, n) = retry(w, s, n + m), if it succeeds", "D", PAGE, "left succeeds")
def success_is_stable(w: Flow, s: Waits, n: Count, m: Count) -> Sides:
    """More attempts than are needed change nothing."""
    return retry(w, attempts=n, wait=s), retry(w, attempts=n + m, wait=s)


@law(
    "retry(a >> b) succeeds ⇒ retry(a) >> retry(b) succeeds", "O", PAGE,
    "left succeeds", "responses ignore data", "no deadline",
)  # fmt: skip
def apart_if_together(a: Leaf, b: Other, s: Word) -> Sides:
    """Where responses ignore data, retrying two steps apart does whatever retrying both does."""
    n = length(s) + 1
    left = retry(a >> b, attempts=n, wait=s)
    return left, retry(a, attempts=n, wait=s) >> retry(b, attempts=n, wait=s)


@law("fallback(retry(w, s), retry(w, t)) = retry(w, s.then(t))", "D", "semantics §5", "same filter")
def one_schedule_after_another(w: Flow, s: Word, t: Word, on: Filter) -> Sides:
    """Falling back to another retry of the same is one retry with both schedules."""
    n, m = length(s) + 1, length(t) + 1
    left = fallback(retry(w, attempts=n, wait=s, on=on), retry(w, attempts=m, wait=t, on=on), on=on)
    return left, retry(w, attempts=n + m, wait=s.then(t), on=on)
