"""Laws of `always` and `bracket`: finalisers run, whatever happened."""

from __future__ import annotations

from fwf.algebra.builder import it, pick
from fwf.arrows import fst
from fwf.combinators import always, const, delay, fail, fallback, identity, par, pure, timeout
from fwf.derived import bracket

from .law import Duration, Flow, Function, OtherTag, Sides, Some, Tag, law

PAGE = "semantics §2"


@law("always(always(w, f), g) = always(w, always(f, g))", "D", PAGE)
def associative(w: Flow, f: Flow, g: Flow) -> Sides:
    """Finalisers in a row need no brackets."""
    return always(always(w, then=f), then=g), always(w, then=always(f, then=g))


@law("always(w, pure(f)) = w", "D", PAGE)
def pure_finaliser(w: Flow, f: Function) -> Sides:
    """A finaliser without effect is none."""
    return always(w, then=pure(f)), w


@law("always(pure(f), w) >> const(0) = w >> const(0)", "D", PAGE, "no deadline")
def after_pure(f: Function, w: Flow) -> Sides:
    """A finaliser after a pure function runs, and its failure is a failure. †"""
    return always(pure(f), then=w) >> const(0), w >> const(0)


@law("always(fail(z), f) = f >> fail(z)", "V", PAGE, "no deadline")
def runs_on_failure(z: Tag, f: Flow) -> Sides:
    """A finaliser runs after a failure, and can't undo it. †"""
    return always(fail(z), then=f), f >> fail(z)


@law("always(fail(z), f) = fail(z), if f is pure", "D", PAGE)
def the_cause_is_kept(z: Tag, f: Function) -> Sides:
    """A finaliser that goes well keeps the cause. †"""
    return always(fail(z), then=pure(f)), fail(z)


@law("fallback(always(fail(y), fail(z)), w, on=y) = always(fail(y), fail(z))", "D", "semantics §7")
def both_causes_are_told(y: Tag, z: OtherTag, w: Flow) -> Sides:
    """The failures of work and finaliser are both told, so a filter must match both. †"""
    left = fallback(always(fail(y), then=fail(z)), w, on=y)
    return left, always(fail(y), then=fail(z))


@law("fallback(always(fail(y), fail(z)), w, on=z) = always(fail(y), fail(z))", "D", "semantics §7")
def the_first_cause_is_told(y: Tag, z: OtherTag, w: Flow) -> Sides:
    """The finaliser's failure doesn't hide that of the work. †"""
    left = fallback(always(fail(y), then=fail(z)), w, on=z)
    return left, always(fail(y), then=fail(z))


@law(
    "always(w, f) = par(identity, w) >> …: f on the input, then w's value, if it succeeds",
    "D",
    PAGE,
    "left succeeds",
    "no deadline",
)
def in_a_row(w: Flow, f: Flow) -> Sides:
    """When all goes well a finaliser runs after the work, and its value is dropped."""
    both = par(identity, w) >> par(pure(pick(1)), fst >> f)
    return always(w, then=f), both >> fst


@law("always(timeout(delay(d + e), d), f) starts f at d", "V", PAGE, "no deadline")
def runs_on_interruption(d: Duration, e: Some, f: Flow) -> Sides:
    """A finaliser runs when its work was cut. †"""
    cut = timeout(always(delay(d + e), then=f), d)
    return cut, delay(d) >> (f >> fail("Timeout"))


@law("timeout(always(identity, f), d) = always(identity, f)", "D", "semantics §1")
def cannot_be_interrupted(f: Flow, d: Duration) -> Sides:
    """No deadline reaches into a finaliser. †"""
    return timeout(always(identity, then=f), d), always(identity, then=f)


@law("bracket(pure(f), u, pure(g)) = pick(it, f) >> u", "D", PAGE)
def bracket_of_pures(f: Function, g: Function, u: Flow) -> Sides:
    """What needs no acquiring and no releasing is only used."""
    use = pure(it[0] + it[1]) >> u
    release = pure(pick(1)) >> pure(g)
    return bracket(pure(f), use, release), pure(pick(it, f)) >> use


@law("bracket(a, u, r) = par(identity, a) >> always(u, r)", "S", PAGE)
def bracket_unfolded(a: Flow, u: Flow, r: Flow) -> Sides:
    """What is acquired is released, however its use ended."""
    use, release = pure(pick(1)) >> u, pure(pick(1)) >> r
    return bracket(a, use, release), par(identity, a) >> always(use, then=release)


@law("bracket(fail(z), u, r) = fail(z)", "D", PAGE)
def what_was_not_acquired(z: Tag, u: Flow, r: Flow) -> Sides:
    """What was never acquired is neither used nor released. †"""
    use, release = pure(pick(1)) >> u, pure(pick(1)) >> r
    return bracket(fail(z), use, release), fail(z)
