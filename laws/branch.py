"""Laws of `branch`: which arm, and what may move in and out of arms."""

from __future__ import annotations

from typing import Literal

from fwf.algebra.builder import literal
from fwf.combinators import always, branch, fallback, par, pure, retry, timeout
from fwf.testing.strategies import UNFIT

from .category import composed
from .law import AnyTest, Duration, Filter, Flow, Function, Sides, Sure, Test, Waits, law

GKAT = "Smolka et al., Guarded Kleene Algebra with Tests, POPL'20"
PAGE = "semantics §2"
TOTAL: Literal["total predicate"] = "total predicate"


@law("branch(True, a, b) = a", "S", GKAT)
def constantly_true(a: Flow, b: Flow) -> Sides:
    """A predicate that is always true takes the first arm. †"""
    return branch(literal(True), then=a, otherwise=b), a


@law("branch(False, a, b) = b", "S", GKAT)
def constantly_false(a: Flow, b: Flow) -> Sides:
    """A predicate that is always false takes the other arm. †"""
    return branch(literal(False), then=a, otherwise=b), b


@law("branch(p, a, b) = pure(p), where p has no answer", "D", "semantics §1")
def no_answer(a: Flow, b: Flow) -> Sides:
    """A predicate that has no answer is a failure, and no arm is taken. †"""
    return branch(UNFIT, then=a, otherwise=b), pure(UNFIT)


@law("branch(p, a, a) = a", "S", GKAT, TOTAL)
def same_arms(p: Sure, a: Flow) -> Sides:
    """A choice between the same things is none."""
    return branch(p, then=a, otherwise=a), a


@law("branch(p, a, a) = a, for p total on its input", "D", GKAT, TOTAL)
def same_arms_on_numbers(p: Test, a: Flow) -> Sides:
    """A choice between the same things is none, wherever the predicate has an answer."""
    return branch(p, then=a, otherwise=a), a


@law("branch(~p, a, b) = branch(p, b, a)", "S", GKAT)
def negated(p: Test, a: Flow, b: Flow) -> Sides:
    """The opposite of a predicate swaps the arms."""
    return branch(~p, then=a, otherwise=b), branch(p, then=b, otherwise=a)


@law("branch(p, branch(p, a, b), c) = branch(p, a, c)", "S", GKAT)
def known_true(p: Test, a: Flow, b: Flow, c: Flow) -> Sides:
    """What was just tested is known in the first arm."""
    inner = branch(p, then=a, otherwise=b)
    return branch(p, then=inner, otherwise=c), branch(p, then=a, otherwise=c)


@law("branch(p, a, branch(p, b, c)) = branch(p, a, c)", "S", GKAT)
def known_false(p: Test, a: Flow, b: Flow, c: Flow) -> Sides:
    """What was just tested is known in the other arm."""
    inner = branch(p, then=b, otherwise=c)
    return branch(p, then=a, otherwise=inner), branch(p, then=a, otherwise=c)


@law(
    "branch(p, branch(q, a, b), branch(q, c, d)) = branch(q, branch(p, a, c), branch(p, b, d))",
    "D",
    GKAT,
    TOTAL,
)
def exchanged(p: Test, q: Test, a: Flow, b: Flow, c: Flow, d: Flow) -> Sides:
    """Two questions about one value may be asked in either order."""
    one = (branch(q, then=a, otherwise=b), branch(q, then=c, otherwise=d))
    other = (branch(p, then=a, otherwise=c), branch(p, then=b, otherwise=d))
    return branch(p, then=one[0], otherwise=one[1]), branch(q, then=other[0], otherwise=other[1])


@law("branch(p, a, b) >> c = branch(p, a >> c, b >> c)", "D", GKAT)
def what_follows_moves_in(p: AnyTest, a: Flow, b: Flow, c: Flow) -> Sides:
    """What comes after a choice may come at the end of each arm."""
    return branch(p, then=a, otherwise=b) >> c, branch(p, then=a >> c, otherwise=b >> c)


@law("pure(f) >> branch(p, a, b) = branch(p∘f, pure(f) >> a, pure(f) >> b)", "D", GKAT)
def pure_moves_in(f: Function, p: Test, a: Flow, b: Flow) -> Sides:
    """A pure function before a choice may move into the predicate and the arms."""
    left = pure(f) >> branch(p, then=a, otherwise=b)
    return left, branch(composed(f, p), then=pure(f) >> a, otherwise=pure(f) >> b)


@law("par(branch(p, a, b), c) = branch(p, par(a, c), par(b, c))", "D", PAGE, TOTAL)
def commutes_with_par(p: Test, a: Flow, b: Flow, c: Flow) -> Sides:
    """A choice inside a part may be made before the parts start."""
    left = par(branch(p, then=a, otherwise=b), c)
    return left, branch(p, then=par(a, c), otherwise=par(b, c))


@law("fallback(branch(p, a, b), c) = branch(p, fallback(a, c), fallback(b, c))", "D", PAGE, TOTAL)
def commutes_with_fallback(p: Test, a: Flow, b: Flow, c: Flow, on: Filter) -> Sides:
    """A choice in what may fail may be made before."""
    left = fallback(branch(p, then=a, otherwise=b), c, on=on)
    return left, branch(p, then=fallback(a, c, on=on), otherwise=fallback(b, c, on=on))


@law("fallback(c, branch(p, a, b)) = branch(p, fallback(c, a), fallback(c, b))", "D", PAGE, TOTAL)
def commutes_with_handlers(p: Test, a: Flow, b: Flow, c: Flow, on: Filter) -> Sides:
    """A choice in a handler may be made before, since the handler gets the same input."""
    left = fallback(c, branch(p, then=a, otherwise=b), on=on)
    return left, branch(p, then=fallback(c, a, on=on), otherwise=fallback(c, b, on=on))


@law("retry(branch(p, a, b)) = branch(p, retry(a), retry(b))", "D", PAGE)
def commutes_with_retry(p: Test, a: Flow, b: Flow, s: Waits, on: Filter) -> Sides:
    """Every attempt makes the same choice, so it may be made once."""
    left = retry(branch(p, then=a, otherwise=b), attempts=3, wait=s, on=on)
    arms = [retry(arm, attempts=3, wait=s, on=on) for arm in (a, b)]
    return left, branch(p, then=arms[0], otherwise=arms[1])


@law("timeout(branch(p, a, b), d) = branch(p, timeout(a, d), timeout(b, d))", "D", PAGE)
def commutes_with_timeout(p: AnyTest, a: Flow, b: Flow, d: Duration) -> Sides:
    """A choice takes no time, so a deadline may start after it."""
    left = timeout(branch(p, then=a, otherwise=b), d)
    return left, branch(p, then=timeout(a, d), otherwise=timeout(b, d))


@law("always(branch(p, a, b), f) = branch(p, always(a, f), always(b, f))", "D", "our choice", TOTAL)
def commutes_with_always(p: Test, a: Flow, b: Flow, f: Flow) -> Sides:
    """A choice in what is finalised may be made before."""
    left = always(branch(p, then=a, otherwise=b), then=f)
    return left, branch(p, then=always(a, then=f), otherwise=always(b, then=f))


@law(
    "branch(p, fallback(a, branch(p, b, c)), d) = branch(p, fallback(a, b), d)",
    "D",
    "semantics §3",
    TOTAL,
)
def tests_are_remembered(p: Test, a: Flow, b: Flow, c: Flow, d: Flow) -> Sides:
    """What was tested before a failure is still known in its handler."""
    inner = fallback(a, branch(p, then=b, otherwise=c))
    return branch(p, then=inner, otherwise=d), branch(p, then=fallback(a, b), otherwise=d)
