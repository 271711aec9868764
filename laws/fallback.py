"""Laws of `fallback`: another way, from the same input."""

from __future__ import annotations

from fwf.algebra.builder import it
from fwf.arrows import fst
from fwf.combinators import const, fail, fallback, identity, par, pure

from .law import Filter, Flow, Function, OtherTag, Sides, Tag, law

PAGE = "semantics §2"


@law("fallback(a, fallback(b, c)) = fallback(fallback(a, b), c)", "S", PAGE)
def associative(a: Flow, b: Flow, c: Flow) -> Sides:
    """A list of ways to try needs no brackets."""
    return fallback(a, fallback(b, c)), fallback(fallback(a, b), c)


@law(
    "fallback(a, fallback(b, c, on=f), on=f) = fallback(fallback(a, b, on=f), c, on=f)",
    "D",
    PAGE,
    "same filter",
)
def associative_with_one_filter(a: Flow, b: Flow, c: Flow, on: Filter) -> Sides:
    """With a filter too, if it is the same one."""
    left = fallback(a, fallback(b, c, on=on), on=on)
    return left, fallback(fallback(a, b, on=on), c, on=on)


@law("fallback(fail(z), w) = w", "S", PAGE)
def failing_first(z: Tag, w: Flow) -> Sides:
    """What always fails is skipped. †"""
    return fallback(fail(z), w), w


@law("fallback(w, fail(z)) = w", "V", PAGE)
def failing_last(w: Flow, z: Tag) -> Sides:
    """A last way that always fails changes only the cause."""
    return fallback(w, fail(z)), w


@law("fallback(pure(f), w) = pure(f)", "D", PAGE)
def left_catch(f: Function, w: Flow) -> Sides:
    """What can't fail needs no other way."""
    return fallback(pure(f), w), pure(f)


@law("pure(f) >> fallback(a, b) = fallback(pure(f) >> a, pure(f) >> b)", "D", PAGE)
def pure_before(f: Function, a: Flow, b: Flow, on: Filter) -> Sides:
    """A pure function before may be done in both ways."""
    left = pure(f) >> fallback(a, b, on=on)
    return left, fallback(pure(f) >> a, pure(f) >> b, on=on)


@law("fallback(a, b) >> pure(f) = fallback(a >> pure(f), b >> pure(f))", "D", PAGE)
def pure_after(f: Function, a: Flow, b: Flow, on: Filter) -> Sides:
    """A pure function after may be done in both ways."""
    left = fallback(a, b, on=on) >> pure(f)
    return left, fallback(a >> pure(f), b >> pure(f), on=on)


@law("fallback(fail(z), w, on=z) = w", "D", "semantics §7")
def the_error_is_caught(z: Tag, w: Flow) -> Sides:
    """An error that the filter names is caught. †"""
    return fallback(fail(z), w, on=z), w


@law("fallback(pure(f), w) = w, where f has no value", "D", "semantics §7")
def a_defect_is_caught(w: Flow) -> Sides:
    """Without a filter everything is caught, defects too. †"""
    return fallback(pure(it.missing), w), w


@law("fallback(a, b, on=f + g) = fallback(a, b, on=g + f + f)", "S", "semantics §5")
def filters_are_sets(a: Flow, b: Flow, f: Filter, g: Filter) -> Sides:
    """In which order a filter names errors, and how often, doesn't matter."""
    return fallback(a, b, on=f + g), fallback(a, b, on=g + f + f)


@law("fallback(fail(z), w, on=y) = fail(z)", "D", "semantics §7")
def another_error(y: OtherTag, z: Tag, w: Flow) -> Sides:
    """An error that the filter doesn't name keeps its cause. †"""
    return fallback(fail(z), w, on=y), fail(z)


@law(
    "fallback(w >> fail(z), pure(f)) = par(identity, fallback(w, const(0))) >> fst >> pure(f)",
    "D",
    PAGE,
)
def the_handler_gets_the_input(w: Flow, z: Tag, f: Function) -> Sides:
    """The handler starts from the input, however far the first way got. †"""
    attempted = par(identity, fallback(w, const(0)))
    return fallback(w >> fail(z), pure(f)), attempted >> fst >> pure(f)
