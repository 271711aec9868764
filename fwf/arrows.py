"""Plumbing for those who want it: Hughes' arrows (2000) over pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from fwf.algebra.builder import expr_of, it, pick
from fwf.algebra.nodes import Pure
from fwf.algebra.workflow import Workflow
from fwf.combinators import par

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")

if TYPE_CHECKING:

    class Fst(Workflow[tuple[Any, Any], Any]):
        """The first of a pair, for type checkers."""

        def __rshift__(self, other: Workflow[A, B], /) -> Workflow[tuple[A, Any], B]: ...

    class Snd(Workflow[tuple[Any, Any], Any]):
        """The second of a pair, for type checkers."""

        def __rshift__(self, other: Workflow[A, B], /) -> Workflow[tuple[Any, A], B]: ...


fst: Fst = cast("Fst", Pure(expr_of(pick(0))))
"""(A, B) → A"""
snd: Snd = cast("Snd", Pure(expr_of(pick(1))))
"""(A, B) → B"""
dup: Workflow[Any, tuple[Any, Any]] = Pure(expr_of(pick(it, it)))
"""A → (A, A): the value twice; the work that made it is done once."""
swap: Workflow[tuple[Any, Any], tuple[Any, Any]] = Pure(expr_of(pick(1, 0)))
"""(A, B) → (B, A)"""


def split(f: Workflow[A, B], g: Workflow[C, D], /) -> Workflow[tuple[A, C], tuple[B, D]]:
    """(A → B), (C → D) ⟶ (A, C) → (B, D): each on its own half, side by side.

    Unlike Hughes' `***` it is not `first(f) >> second(g)`: neither waits for the other.
    """
    return par(cast(Workflow[Any, B], fst >> f), cast(Workflow[Any, D], snd >> g))


def first(w: Workflow[A, B], /) -> Workflow[tuple[A, C], tuple[B, C]]:
    """(A → B) ⟶ (A, C) → (B, C): on the first half; the second passes by."""
    return par(cast(Workflow[Any, B], fst >> w), cast(Workflow[Any, C], snd))


def second(w: Workflow[A, B], /) -> Workflow[tuple[C, A], tuple[C, B]]:
    """(A → B) ⟶ (C, A) → (C, B): on the second half; the first passes by."""
    return par(cast(Workflow[Any, C], fst), cast(Workflow[Any, B], snd >> w))
