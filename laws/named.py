"""Laws of what only names or bounds: `named`, `using`, `limit`, and extensions."""

from __future__ import annotations

from typing import cast

from fwf.algebra.nodes import Node
from fwf.combinators import fallback, identity, in_pool, named
from fwf.testing.generated_pieces import renaming
from fwf.testing.sample_tasks import Tolerant, Twice

from .law import Flow, Sides, law

PAGE = "architecture, The algebra"


@law("named(name, w) = w", "S", PAGE)
def names_are_erased(w: Flow) -> Sides:
    """A name is for people: it changes paths, and nothing that happens."""
    return named("orders", w), w


@law("named(name, w, **notes) = named(name, w)", "S", PAGE)
def notes_are_erased(w: Flow) -> Sides:
    """Notes are for people."""
    return named("orders", w, owner="sales"), named("orders", w)


@law("using(using(w, db=a), a=b) = using(w, db=b, a=b)", "D", PAGE)
def renamings_compose(w: Flow) -> Sides:
    """Renamings compose, the inner ones first."""
    return renaming(renaming(w, db="a"), a="b"), renaming(w, db="b", a="b")


@law("in_pool(in_pool(w, p), p) = in_pool(w, p)", "D", "semantics §7")
def one_slot_is_enough(w: Flow) -> Sides:
    """An attempt takes one slot of a pool, however often the pool is named."""
    return in_pool(in_pool(w, "vendor"), "vendor"), in_pool(w, "vendor")


@law("in_pool(in_pool(w, p), q) = in_pool(in_pool(w, q), p)", "D", "semantics §7")
def pools_in_any_order(w: Flow) -> Sides:
    """All pools of an attempt are taken at once."""
    left = in_pool(in_pool(w, "vendor"), "other")
    return left, in_pool(in_pool(w, "other"), "vendor")


@law("in_pool(w, p) = w", "D", "semantics §7", "unlimited workers")
def pools_without_end(w: Flow) -> Sides:
    """A pool that nobody gave a size bounds nothing."""
    return in_pool(w, "vendor"), w


@law("Twice(w) = w >> w", "S", PAGE)
def an_extension_is_its_desugaring(w: Flow) -> Sides:
    """An extension means what it desugars to."""
    return Twice(cast(Node, w)), w >> w


@law("Tolerant(w) = fallback(w, identity)", "S", PAGE)
def another_extension(w: Flow) -> Sides:
    """An extension means what it desugars to, whatever that is made of."""
    return Tolerant(cast(Node, w)), fallback(w, identity)
