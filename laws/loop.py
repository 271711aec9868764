"""Laws of `loop_until`: bounded iteration, in the manner of Elgot."""

from __future__ import annotations

from fwf.algebra.builder import literal
from fwf.combinators import branch, delay, fail, identity, loop_until
from fwf.durations import seconds

from .law import AnyTest, Count, Flow, Sides, Some, Test, law

ELGOT = "Elgot, Monadic Computation and Iterative Algebraic Theories, 1975"


@law("loop_until(w, p, n + 1) = w >> branch(p, identity, loop_until(w, p, n))", "D", ELGOT)
def unrolled(w: Flow, p: AnyTest, n: Count) -> Sides:
    """A round, and then maybe the rest."""
    rest = loop_until(w, p, limit=n)
    return loop_until(w, p, limit=n + 1), w >> branch(p, then=identity, otherwise=rest)


@law("loop_until(w, p, 1) = w >> branch(p, identity, fail(Exhausted))", "D", ELGOT)
def one_round(w: Flow, p: AnyTest) -> Sides:
    """A loop whose bound is used up fails with Exhausted. †"""
    left = loop_until(w, p, limit=1)
    return left, w >> branch(p, then=identity, otherwise=fail("Exhausted"))


@law('loop_until(w, p, 1, on_limit="stop") = w', "D", "semantics §7", "total predicate")
def one_round_that_stops(w: Flow, p: Test) -> Sides:
    """With `on_limit="stop"` the last value will do. †"""
    return loop_until(w, p, limit=1, on_limit="stop"), w


@law(
    'loop_until(w, p, n + 1, "stop") = w >> branch(p, identity, loop_until(w, p, n, "stop"))',
    "D",
    ELGOT,
)
def unrolled_that_stops(w: Flow, p: AnyTest, n: Count) -> Sides:
    """A loop that stops at its bound unrolls as one that fails."""
    rest = loop_until(w, p, limit=n, on_limit="stop")
    left = loop_until(w, p, limit=n + 1, on_limit="stop")
    return left, w >> branch(p, then=identity, otherwise=rest)


@law("loop_until(w, True, n) = w", "D", ELGOT)
def done_at_once(w: Flow, n: Count) -> Sides:
    """A loop that is done after the first round is its body."""
    return loop_until(w, literal(True), limit=n), w


@law("loop_until(loop_until(w, p, m), p, n) = loop_until(w, p, m)", "D", ELGOT)
def denested(w: Flow, p: AnyTest, m: Count, n: Count) -> Sides:
    """A loop until what an inner loop has reached already is the inner loop."""
    inner = loop_until(w, p, limit=m)
    return loop_until(inner, p, limit=n), inner


@law(
    "loop_until(w, p, n) = loop_until(w, p, n + m), if it succeeds",
    "D",
    "semantics §2",
    "left succeeds",
)
def success_is_stable(w: Flow, p: AnyTest, n: Count, m: Count) -> Sides:
    """More rounds than are needed change nothing."""
    return loop_until(w, p, limit=n), loop_until(w, p, limit=n + m)


@law("loop_until(delay(d) >> w, p, n, within=0) = one round, for d > 0", "D", "semantics §7")
def no_round_starts_late(d: Some, w: Flow, p: AnyTest, n: Count) -> Sides:
    """No round but the first starts when the time is over. †"""
    late = loop_until(delay(d) >> w, p, limit=n, within=seconds(0))
    return late, loop_until(delay(d) >> w, p, limit=1)


@law("loop_until(delay(1) >> pure, False, 3, within=1) = two rounds", "D", "semantics §7")
def a_round_may_start_just_in_time(d: Some) -> Sides:
    """A round may start at the very end of the time. †"""
    never = literal(False)
    left = loop_until(delay(d), never, limit=3, within=d)
    return left, loop_until(delay(d), never, limit=2)
