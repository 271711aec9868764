"""Laws of parameters: `with_params` binds, `param` asks."""

from __future__ import annotations

from fwf.algebra.builder import param, pick
from fwf.arrows import dup, fst, swap
from fwf.combinators import (
    always,
    branch,
    const,
    fallback,
    identity,
    loop_until,
    map_each,
    par,
    pure,
    retry,
    timeout,
    using,
    with_params,
)  # fmt: skip

from .law import (
    Bindings,
    Count,
    Duration,
    Filter,
    Flow,
    Sides,
    ValueTest,
    Waits,
    law,
)  # fmt: skip

READER = "the Reader monad's laws (semantics §2)"
AMOUNT = pure(param("amount", int))
FLAG = pure(param("flag", bool))


@law("with_params(param(k), k=v) = const(v)", "D", READER)
def asking_what_was_bound(n: Count) -> Sides:
    """What is bound is what is asked for. †"""
    return with_params(AMOUNT, amount=n), const(n)


@law("with_params(with_params(w, γ), β) = with_params(w, β◁γ)", "D", READER)
def nested(w: Flow, inner: Bindings, outer: Bindings) -> Sides:
    """Bindings merge, and the inner ones win."""
    return with_params(with_params(w, **inner), **outer), with_params(w, **{**outer, **inner})


@law("with_params(with_params(ask k, k=n), k=m) = const(n)", "D", READER)
def the_inner_one_wins(n: Count, m: Count) -> Sides:
    """Of two bindings of one parameter the inner one counts. †"""
    return with_params(with_params(AMOUNT, amount=n), amount=m), const(n)


@law("with_params(identity, k=v) >> ask k = ask k", "D", READER)
def bindings_end(n: Count) -> Sides:
    """A binding ends with what it is around. †"""
    return with_params(identity, amount=n) >> AMOUNT, AMOUNT


@law("with_params(w) = w", "S", READER)
def binding_nothing(w: Flow) -> Sides:
    """Binding nothing changes nothing."""
    return using(with_params(w)), w


@law("with_params(a >> b) = with_params(a) >> with_params(b)", "D", READER)
def over_seq(a: Flow, b: Flow, given: Bindings) -> Sides:
    """A binding goes to each step."""
    return with_params(a >> b, **given), with_params(a, **given) >> with_params(b, **given)


@law("with_params(par(a, b)) = par(with_params(a), with_params(b))", "D", READER)
def over_par(a: Flow, b: Flow, given: Bindings) -> Sides:
    """A binding goes to each part."""
    return with_params(par(a, b), **given), par(with_params(a, **given), with_params(b, **given))


@law(
    "with_params(branch(p, a, b)) = branch(p, with_params(a), with_params(b)), if p asks for none",
    "D",
    READER,
)
def over_branch(p: ValueTest, a: Flow, b: Flow, given: Bindings) -> Sides:
    """A binding goes to each arm, if the predicate doesn't read it."""
    left = with_params(branch(p, then=a, otherwise=b), **given)
    return left, branch(p, then=with_params(a, **given), otherwise=with_params(b, **given))


@law(
    "with_params(loop_until(w, p)) = loop_until(with_params(w), p), if p asks for none",
    "D",
    READER,
)
def over_loop_until(w: Flow, p: ValueTest, n: Count, given: Bindings) -> Sides:
    """A binding goes to the body, if the predicate doesn't read it."""
    return with_params(loop_until(w, p, limit=n), **given), loop_until(
        with_params(w, **given), p, limit=n
    )


@law("with_params(map_each(w)) = map_each(with_params(w))", "D", READER, on="list")
def over_map_each(w: Flow, given: Bindings) -> Sides:
    """A binding goes to the body of a map."""
    return with_params(map_each(w), **given), map_each(with_params(w, **given))


@law("with_params(retry(w)) = retry(with_params(w))", "D", READER)
def over_retry(w: Flow, s: Waits, on: Filter, given: Bindings) -> Sides:
    """A binding goes to what is retried."""
    left = with_params(retry(w, attempts=3, wait=s, on=on), **given)
    return left, retry(with_params(w, **given), attempts=3, wait=s, on=on)


@law("with_params(fallback(a, b)) = fallback(with_params(a), with_params(b))", "D", READER)
def over_fallback(a: Flow, b: Flow, on: Filter, given: Bindings) -> Sides:
    """A binding goes to both ways."""
    left = with_params(fallback(a, b, on=on), **given)
    return left, fallback(with_params(a, **given), with_params(b, **given), on=on)


@law("with_params(timeout(w, d)) = timeout(with_params(w), d)", "D", READER)
def over_timeout(w: Flow, d: Duration, given: Bindings) -> Sides:
    """A binding goes to what has a deadline."""
    return with_params(timeout(w, d), **given), timeout(with_params(w, **given), d)


@law("with_params(always(w, f)) = always(with_params(w), with_params(f))", "D", READER)
def over_always(w: Flow, f: Flow, given: Bindings) -> Sides:
    """A binding goes to what is finalised and to the finaliser."""
    left = with_params(always(w, then=f), **given)
    return left, always(with_params(w, **given), then=with_params(f, **given))


@law("par(ask, ask) = ask >> dup", "D", READER)
def asking_twice() -> Sides:
    """Asking twice gives the same twice."""
    return par(AMOUNT, AMOUNT), AMOUNT >> dup


@law("par(ask k, ask m) = par(ask m, ask k) >> swap", "D", READER)
def asking_in_any_order() -> Sides:
    """The order of questions doesn't matter."""
    return par(AMOUNT, FLAG), par(FLAG, AMOUNT) >> swap


@law("ask k >> ask m = ask m", "S", READER)
def asking_in_vain() -> Sides:
    """An answer that nobody uses needs no question."""
    return AMOUNT >> FLAG, FLAG


@law("w >> ask = par(ask, w) >> fst", "V", READER)
def asking_before_or_after(w: Flow) -> Sides:
    """Work doesn't change parameters, so they may be asked for at any time."""
    return w >> AMOUNT, par(AMOUNT, w) >> fst


@law("param(k) >> w = pick(k) >> w", "D", READER)
def parameters_are_expressions(w: Flow) -> Sides:
    """A parameter is an expression like any other."""
    both = pure(pick(param("amount", int), param("flag", bool)))
    return AMOUNT >> w, both >> fst >> w
