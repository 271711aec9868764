"""Laws of a category, and of `first`: one thing after another."""

from __future__ import annotations

from fwf.algebra.builder import It, expr_of, it, pick
from fwf.algebra.expr import substitute
from fwf.algebra.workflow import AnyWorkflow
from fwf.arrows import first as hughes_first, fst, second as hughes_second, split
from fwf.combinators import fail, identity, par, pure, seq

from .law import Flow, FlowA, FlowB, Function, Sides, SureFunction, Tag, law

HUGHES = "Hughes, Generalising Monads to Arrows, 2000"


def first(w: AnyWorkflow) -> AnyWorkflow:
    """On the first half of a pair; the types of both halves are left open."""
    arrow: AnyWorkflow = hughes_first(w)
    return arrow


def second(w: AnyWorkflow) -> AnyWorkflow:
    """On the second half of a pair."""
    arrow: AnyWorkflow = hughes_second(w)
    return arrow


def composed(f: It, g: It) -> It:
    """f, g ⟶ g∘f: the second at what the first gives."""
    return It(substitute(expr_of(g), expr_of(f)))


@law("identity >> w = w", "S", HUGHES)
def left_unit(w: Flow) -> Sides:
    """Doing nothing first changes nothing."""
    return identity >> w, w


@law("w >> identity = w", "S", HUGHES)
def right_unit(w: Flow) -> Sides:
    """Doing nothing afterwards changes nothing."""
    return w >> identity, w


@law("(a >> b) >> c = a >> (b >> c)", "S", HUGHES)
def associative(a: Flow, b: Flow, c: Flow) -> Sides:
    """Steps in a row need no brackets."""
    return seq(seq(a, b), c), seq(a, seq(b, c))


@law("fail(z) >> w = fail(z)", "S", "GKAT, POPL'20")
def nothing_after_failure(z: Tag, w: Flow) -> Sides:
    """Nothing runs after a failure."""
    return fail(z) >> w, fail(z)


@law("pure(f) >> w = pure(f), where f has no value", "D", "semantics §1")
def nothing_after_a_defect(w: Flow) -> Sides:
    """An expression that has no value is a failure, and nothing runs after it. †"""
    return pure(it.missing) >> w, pure(it.missing)


@law("pure(f) >> pure(g) = pure(g∘f)", "S", HUGHES)
def pure_is_a_functor(f: SureFunction, g: Function) -> Sides:
    """Two expressions in a row are one."""
    return pure(f) >> pure(g), pure(composed(f, g))


@law("pure(f) >> pure(g) = pure(g∘f), for f total on its input", "D", HUGHES)
def pure_is_a_functor_on_numbers(f: Function, g: Function) -> Sides:
    """Two expressions in a row are one, wherever the first has a value."""
    return pure(f) >> pure(g), pure(composed(f, g))


@law("first(a >> b) = first(a) >> first(b)", "D", HUGHES, on="pair")
def first_is_a_functor(a: Flow, b: Flow) -> Sides:
    """What goes through one half goes through it step by step."""
    return first(a >> b), first(a) >> first(b)


@law("first(identity) = identity", "D", HUGHES, on="pair")
def first_of_identity() -> Sides:
    """Nothing done to one half is nothing done to the pair."""
    return first(identity), identity


@law("first(a) >> fst = fst >> a", "D", HUGHES, on="pair")
def first_then_forget(a: Flow) -> Sides:
    """The other half doesn't matter if it is dropped."""
    return first(a) >> fst, fst >> a


@law("first(a) >> second(pure(f)) = second(pure(f)) >> first(a)", "D", HUGHES, on="pair")
def first_slides_past_pure(a: Flow, f: Function) -> Sides:
    """Pure functions are central: they slide past work on the other half."""
    return first(a) >> second(pure(f)), second(pure(f)) >> first(a)


@law("first(first(a)) >> reassoc = reassoc >> first(a)", "D", HUGHES, on="pair")
def first_nests(a: Flow) -> Sides:
    """Work on the first of the first is work on the first, once brackets are moved."""
    nest = pure(pick(pick(0, 1), pick(1)))
    reassoc = pure(pick(_at(0, 0), pick(_at(0, 1), _at(1))))
    return nest >> first(first(a)) >> reassoc, nest >> reassoc >> first(a)


def _at(*keys: int) -> It:
    place = pick(keys[0])
    for key in keys[1:]:
        place = place[key]
    return place


@law("split(pure(f), pure(g)) = first(pure(f)) >> second(pure(g))", "D", HUGHES, on="pair")
def split_of_pures(f: Function, g: Function) -> Sides:
    """For pure functions side by side is one after the other."""
    return split(pure(f), pure(g)), first(pure(f)) >> second(pure(g))


@law(
    "split(a, b) ≤ first(a) >> second(b)", "≤ time", "semantics §2",
    "both succeed", "unlimited workers", "different tasks", on="pair",
)  # fmt: skip
def side_by_side_is_no_slower(a: FlowA, b: FlowB) -> Sides:
    """Side by side takes no longer than one after the other."""
    return split(a, b), first(a) >> second(b)


@law("par(pure(f), pure(g)) = pure(pick(f, g))", "D", HUGHES)
def pair_of_pures(f: Function, g: Function) -> Sides:
    """Two expressions side by side are one that gives a pair."""
    return par(pure(f), pure(g)), pure(pick(f, g))
