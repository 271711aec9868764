"""Laws of `map_each`: the same on every item of a list."""

from __future__ import annotations

from fwf.algebra.builder import it, literal, pick
from fwf.combinators import const, delay, fail, fallback, identity, map_each, par, pure, timeout
from fwf.testing import sample_tasks

from .law import Count, Duration, Flow, FlowA, FlowB, Function, Sides, Some, Tag, law

PAGE = "semantics §2"
SEVEN = "semantics §7"
WADLER = "Wadler, Theorems for free!, 1989"


@law("const([]) >> map_each(w) = const([])", "D", PAGE)
def of_nothing(w: Flow) -> Sides:
    """Without items nothing runs. †"""
    return const([]) >> map_each(w), const([])


@law("alone >> map_each(w) = w >> alone", "D", PAGE)
def of_one(w: Flow) -> Sides:
    """On one item it is the body. †"""
    return pure(sample_tasks.alone) >> map_each(w), w >> pure(sample_tasks.alone)


@law("pick(x, y) >> map_each(w) = par(x >> w, y >> w) >> as_list", "D", PAGE, on="pair")
def of_two(w: Flow) -> Sides:
    """On two items it is `par`. †"""
    both = par(pure(pick(0)) >> w, pure(pick(1)) >> w)
    return map_each(w), both >> pure(sample_tasks.as_list)


@law("map_each(w, fail_fast) = par(x >> w, y >> w, fail_fast) >> as_list", "D", SEVEN, on="pair")
def of_two_fast(w: Flow) -> Sides:
    """On two items it is `par`, fail-fast too. †"""
    both = par(pure(pick(0)) >> w, pure(pick(1)) >> w, fail_fast=True)
    return map_each(w, on_error="fail_fast"), both >> pure(sample_tasks.as_list)


@law("map_each(identity) = as_list", "D", WADLER, on="list")
def of_identity() -> Sides:
    """Nothing done to each item is nothing done to the list."""
    return map_each(identity), pure(sample_tasks.as_list)


@law("map_each(pure(f)) >> map_each(w) = map_each(pure(f) >> w)", "D", WADLER, on="list")
def pure_before(f: Function, w: Flow) -> Sides:
    """A pure function on each item may be part of the body, before."""
    return map_each(pure(f)) >> map_each(w), map_each(pure(f) >> w)


@law("map_each(w) >> map_each(pure(f)) = map_each(w >> pure(f))", "D", WADLER, on="list")
def pure_after(f: Function, w: Flow) -> Sides:
    """A pure function on each result may be part of the body, after."""
    return map_each(w) >> map_each(pure(f)), map_each(w >> pure(f))


@law("backwards >> map_each(w) = map_each(w) >> backwards", "D", WADLER, on="list")
def reversed_(w: Flow) -> Sides:
    """The order of items doesn't matter."""
    return pure(sample_tasks.backwards) >> map_each(w), map_each(w) >> pure(sample_tasks.backwards)


@law("map_each(w) = par(head >> map_each(w), tail >> map_each(w)) >> flat", "D", PAGE, on="list")
def concatenated(w: Flow) -> Sides:
    """A list in two parts is mapped part by part, side by side."""
    parts = par(pure(sample_tasks.head) >> map_each(w), pure(sample_tasks.tail) >> map_each(w))
    return map_each(w), parts >> pure(sample_tasks.flat)


@law("map_each(map_each(w)) >> flat = flat >> map_each(w)", "D", PAGE, on="lists")
def flattened(w: Flow) -> Sides:
    """A list of lists may be flattened before or after."""
    return map_each(map_each(w)) >> pure(sample_tasks.flat), pure(sample_tasks.flat) >> map_each(w)


@law("map_each(w, key=it) = map_each(w)", "D", SEVEN, on="set")
def keys_are_names(w: Flow) -> Sides:
    """A key only names items."""
    return map_each(w, key=it), map_each(w)


@law("fallback(map_each(w, key=1), x, on=BadInput) = x, on two items", "D", SEVEN, on="pair")
def keys_are_unique(w: Flow) -> Sides:
    """Two items of one name are bad input, and nothing runs. †"""
    twice = map_each(w, key=literal(1))
    return fallback(twice, const(0), on="BadInput"), const(0)


@law("map_each(w, at_once=n) = map_each(w), for n items and more", "D", SEVEN, on="list")
def wide_enough(w: Flow, n: Count) -> Sides:
    """A bound that is wide enough bounds nothing."""
    return map_each(w, at_once=n + 2), map_each(w)


@law(
    "map_each(delay(d), at_once=1) = delay(d) >> delay(d) >> as_list, on two items",
    "D",
    SEVEN,
    on="pair",
)
def one_at_a_time(d: Duration) -> Sides:
    """With `at_once=1` no two items overlap. †"""
    return map_each(delay(d), at_once=1), delay(d) >> delay(d) >> pure(sample_tasks.as_list)


@law(
    "map_each(delay(d) >> fail(z), at_once=1, fail_fast) = delay(d) >> fail(z), on two items",
    "D",
    SEVEN,
    on="pair",
)
def a_failed_slot_is_not_used_again(d: Duration, z: Tag) -> Sides:
    """Under fail-fast no further item takes the slot of a failed one. †"""
    body = delay(d) >> fail(z)
    return map_each(body, at_once=1, on_error="fail_fast"), body


@law(
    "map_each(delay(d) >> fail(z), at_once=1) = delay(2·d) >> par(fail(z), fail(z)), on two items",
    "D",
    SEVEN,
    on="pair",
)
def a_settled_slot_is_used_again(d: Duration, z: Tag) -> Sides:
    """When it settles, the other items have their turn after a failure. †"""
    left = map_each(delay(d) >> fail(z), at_once=1)
    return left, delay(d) >> delay(d) >> par(fail(z), fail(z))


@law(
    "timeout(map_each(delay(2·d), at_once=1), 3·d) = delay(3·d) >> fail(Timeout), on two items",
    "D",
    SEVEN,
    on="pair",
)
def a_deadline_ends_the_turns(d: Some) -> Sides:
    """A deadline cuts the item whose turn it is, and the others have none. †"""
    left = timeout(map_each(delay(2 * d), at_once=1), 3 * d)
    return left, delay(3 * d) >> fail("Timeout")


@law(
    "map_each(w, collect) >> unwrapped = map_each(w), if it succeeds",
    "D",
    SEVEN,
    "left succeeds",
    on="list",
)
def collected(w: Flow) -> Sides:
    """Collecting wraps what went well."""
    left = map_each(w)
    return left, map_each(w, on_error="collect") >> pure(sample_tasks.unwrapped)


@law("map_each(w, fail_fast) = map_each(w), if it succeeds", "D", SEVEN, "left succeeds", on="list")
def fast_and_settled_succeed_alike(w: Flow) -> Sides:
    """Without a failure there is nothing to be fast about."""
    return map_each(w, on_error="fail_fast"), map_each(w)


@law(
    "map_each(w, collect) >> const(0) = map_each(fallback(w, identity)) >> const(0)",
    "D",
    SEVEN,
    on="list",
)
def collecting_never_fails(w: Flow) -> Sides:
    """Collecting turns a failure into a value, whatever it was. †"""
    left = map_each(w, on_error="collect") >> const(0)
    return left, map_each(fallback(w, identity)) >> const(0)


@law(
    "map_each(a) >> map_each(b) = map_each(a >> b)", "O", WADLER,
    "different tasks", "no cuts", on="list",
)  # fmt: skip
def fused(a: FlowA, b: FlowB) -> Sides:
    """A barrier between two maps doesn't change what comes out when all goes well."""
    return map_each(a) >> map_each(b), map_each(a >> b)


@law(
    "map_each(a >> b) ≤ map_each(a) >> map_each(b)", "≤ time", WADLER,
    "both succeed", "unlimited workers", "different tasks", on="list",
)  # fmt: skip
def fused_is_no_slower(a: FlowA, b: FlowB) -> Sides:
    """Without the barrier it takes no longer."""
    return map_each(a >> b), map_each(a) >> map_each(b)
