"""Laws of parameters: `with_params` binds, `param` asks."""

from __future__ import annotations

from fwf.algebra.builder import It, expr_of, it, literal, param, pick
from fwf.algebra.expr import substitute
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
from fwf.testing.generated_pieces import local

from .law import (
    Bindings,
    Computed,
    Count,
    Duration,
    Filter,
    Flow,
    Function,
    Outer,
    Sides,
    SureFunction,
    ValueFunction,
    ValueTest,
    Waits,
    law,
)  # fmt: skip

READER = "the Reader monad's laws (semantics §2)"
AMOUNT = pure(param("amount", int))
FLAG = pure(param("flag", bool))
COMPUTED = "semantics §8"


def composed(g: It, f: It) -> It:
    """g of what f gives."""
    return It(substitute(expr_of(g), expr_of(f)))


@law("with_params(param(k), k=v) = const(v)", "D", READER)
def asking_what_was_bound(n: Count) -> Sides:
    """What is bound is what is asked for. †"""
    return local(AMOUNT, amount=n), const(n)


@law("with_params(with_params(w, γ), β) = with_params(w, β◁γ)", "D", READER)
def nested(w: Flow, inner: Bindings, outer: Bindings) -> Sides:
    """Bindings merge, and the inner ones win."""
    return local(local(w, **inner), **outer), local(w, **{**outer, **inner})


@law("with_params(with_params(ask k, k=n), k=m) = const(n)", "D", READER)
def the_inner_one_wins(n: Count, m: Count) -> Sides:
    """Of two bindings of one parameter the inner one counts. †"""
    return local(local(AMOUNT, amount=n), amount=m), const(n)


@law("with_params(w, k=literal(v)) = with_params(w, k=v)", "S", READER)
def a_constant_is_its_value(w: Flow, given: Bindings) -> Sides:
    """A plain value is the expression that is always this value."""
    return local(w, **{name: literal(value) for name, value in given.items()}), local(w, **given)


@law("with_params(param(k), k=f) = pure(f)", "D", COMPUTED)
def asking_what_was_computed(f: Function) -> Sides:
    """What is asked for is the expression's value at the input. †"""
    return local(pure(param("amount")), amount=f), pure(f)


@law("map_each(with_params(param(k), k=it)) = map_each(identity)", "D", COMPUTED, on="list")
def asking_in_items() -> Sides:
    """What is computed is computed for each item. †"""
    return map_each(local(AMOUNT, amount=it)), map_each(identity)


@law("with_params(w, k=f) = pure(f), where f has no value", "D", COMPUTED)
def nothing_starts(w: Flow, given: Bindings) -> Sides:
    """What is inside doesn't start if a parameter has no value. †"""
    return local(w, **given, other=it.missing), pure(it.missing)


@law("with_params(with_params(ask k, j=n, k=param(j)), j=m) = const(m)", "D", COMPUTED)
def all_at_once(n: Count, m: Count) -> Sides:
    """What is bound together is seen from outside: none of it sees another. †"""
    inner = local(pure(param("other", int)), amount=n, other=param("amount", int))
    return local(inner, amount=m), const(m)


@law("with_params(with_params(w, k=g(param k)), k=f) = with_params(w, k=g∘f)", "D", COMPUTED)
def nested_and_computed(w: Flow, f: Function, g: ValueFunction) -> Sides:
    """What the inner binding asks for is what the outer one binds, if that has a value."""
    inner = local(w, amount=composed(g, param("amount", int)))
    return local(inner, amount=f), local(w, amount=composed(g, f))


@law(
    "with_params(with_params(w, γ), β) = with_params(w, β◁γ), if γ asks for nothing that β binds",
    "S",
    COMPUTED,
)
def nested_apart(w: Flow, f: ValueFunction, outer: Bindings) -> Sides:
    """Bindings merge, computed or not."""
    return local(local(w, amount=f), **outer), local(w, **{**outer, "amount": f})


@law(
    "with_params(with_params(w, γ), β) = with_params(w, β◁γ), if what of β is dropped is total",
    "S",
    COMPUTED,
)
def nested_in_computed(w: Flow, inner: Bindings, f: SureFunction) -> Sides:
    """A computed binding that isn't used may go, if it always has a value."""
    return local(local(w, **inner), amount=f), local(w, **{"amount": f, **inner})


@law(
    "pure(f) >> with_params(w, β) = with_params(pure(f) >> w, β∘f), if f asks for nothing that β "
    "binds",
    "D",
    COMPUTED,
)
def after_pure(f: ValueFunction, g: Function, w: Flow) -> Sides:
    """What is computed from a pure function's value may be computed from its input."""
    return pure(f) >> local(w, amount=g), local(pure(f) >> w, amount=composed(g, f))


@law("with_params(identity, k=v) >> ask k = ask k", "D", READER)
def bindings_end(n: Count) -> Sides:
    """A binding ends with what it is around. †"""
    return local(identity, amount=n) >> AMOUNT, AMOUNT


@law("with_params(w) = w", "S", READER)
def binding_nothing(w: Flow) -> Sides:
    """Binding nothing changes nothing."""
    return using(with_params(w)), w


@law(
    "with_params(a >> b, β) = with_params(a, β) >> with_params(b, β), if β doesn't read `it`",
    "D",
    READER,
)
def over_seq(a: Flow, b: Flow, given: Outer) -> Sides:
    """A binding goes to each step, if it isn't computed from what comes in."""
    return local(a >> b, **given), local(a, **given) >> local(b, **given)


@law("with_params(par(a, b)) = par(with_params(a), with_params(b))", "D", READER)
def over_par(a: Flow, b: Flow, given: Computed) -> Sides:
    """A binding goes to each part."""
    return local(par(a, b), **given), par(local(a, **given), local(b, **given))


@law(
    "with_params(branch(p, a, b)) = branch(p, with_params(a), with_params(b)), if p asks for none",
    "D",
    READER,
)
def over_branch(p: ValueTest, a: Flow, b: Flow, given: Computed) -> Sides:
    """A binding goes to each arm, if the predicate doesn't read it."""
    left = local(branch(p, then=a, otherwise=b), **given)
    return left, branch(p, then=local(a, **given), otherwise=local(b, **given))


@law(
    "with_params(loop_until(w, p), β) = loop_until(with_params(w, β), p), if p asks for none and "
    "β doesn't read `it`",
    "D",
    READER,
)
def over_loop_until(w: Flow, p: ValueTest, n: Count, given: Outer) -> Sides:
    """A binding goes to the body, if the predicate doesn't read it, nor it the input."""
    return local(loop_until(w, p, limit=n), **given), loop_until(local(w, **given), p, limit=n)


@law(
    "with_params(map_each(w), β) = map_each(with_params(w, β)), if β doesn't read `it`",
    "D",
    READER,
    on="list",
)
def over_map_each(w: Flow, given: Outer) -> Sides:
    """A binding goes to the body of a map, if it isn't computed from the list."""
    return local(map_each(w), **given), map_each(local(w, **given))


@law("with_params(retry(w)) = retry(with_params(w))", "D", READER)
def over_retry(w: Flow, s: Waits, on: Filter, given: Computed) -> Sides:
    """A binding goes to what is retried."""
    left = local(retry(w, attempts=3, wait=s, on=on), **given)
    return left, retry(local(w, **given), attempts=3, wait=s, on=on)


@law("with_params(fallback(a, b)) = fallback(with_params(a), with_params(b))", "D", READER)
def over_fallback(a: Flow, b: Flow, on: Filter, given: Computed) -> Sides:
    """A binding goes to both ways."""
    left = local(fallback(a, b, on=on), **given)
    return left, fallback(local(a, **given), local(b, **given), on=on)


@law("with_params(timeout(w, d)) = timeout(with_params(w), d)", "D", READER)
def over_timeout(w: Flow, d: Duration, given: Computed) -> Sides:
    """A binding goes to what has a deadline."""
    return local(timeout(w, d), **given), timeout(local(w, **given), d)


@law("with_params(always(w, f)) = always(with_params(w), with_params(f))", "D", READER)
def over_always(w: Flow, f: Flow, given: Computed) -> Sides:
    """A binding goes to what is finalised and to the finaliser."""
    left = local(always(w, then=f), **given)
    return left, always(local(w, **given), then=local(f, **given))


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
