"""Laws of `par`: what runs side by side, how it interchanges with `>>`, and copies."""

from __future__ import annotations

from typing import Any

from fwf.algebra.builder import it, pick
from fwf.arrows import dup, fst, snd, split, swap
from fwf.combinators import always, const, delay, fail, fallback, identity, par, pure, timeout

from .category import second
from .law import (
    Duration,
    Flow,
    FlowA,
    FlowB,
    FlowC,
    FlowD,
    Function,
    OtherTag,
    Sides,
    Some,
    Tag,
    law,
)  # fmt: skip

HEUNEN = "Heunen–Sigal, Duoidally enriched Freyd categories"
PAQUET = "Paquet–Saville, concurrent pseudomonads"
PAGE = "semantics §2"
FAST = True


@law("par(a, b) = par(b, a) >> swap", "D", HEUNEN)
def symmetric(a: Flow, b: Flow) -> Sides:
    """It doesn't matter which part is written first."""
    return par(a, b), par(b, a) >> swap


@law("par(a, b, c) = par(par(a, b), c) >> reassoc", "D", HEUNEN)
def associative(a: Flow, b: Flow, c: Flow) -> Sides:
    """Parts side by side need no brackets, but for those of the tuple."""
    return par(a, b, c), par(par(a, b), c) >> pure(pick(it[0][0], it[0][1], it[1]))


@law("par(a, par(b, c)) >> reassoc = par(par(a, b), c)", "D", HEUNEN)
def bracketed_left_or_right(a: Flow, b: Flow, c: Flow) -> Sides:
    """Brackets move, if those of the tuple move too."""
    reassoc = pure(pick(pick(it[0], it[1][0]), it[1][1]))
    return par(a, par(b, c)) >> reassoc, par(par(a, b), c)


@law("par(a, identity) >> fst = a", "D", HEUNEN)
def unit(a: Flow) -> Sides:
    """The input beside it, and dropped, changes nothing."""
    return par(a, identity) >> fst, a


@law("par(a) >> pick(0) = a", "D", PAGE)
def of_one(a: Flow) -> Sides:
    """A part alone is itself, in a tuple of one."""
    return par(a) >> pure(pick(0)), a


@law("par() = const(())", "D", PAGE)
def of_none() -> Sides:
    """No parts give the empty tuple at once. †"""
    of_all: Any = par
    return of_all(), const(())


@law(
    "split(a, b) >> split(pure(f), pure(g)) = split(a >> pure(f), b >> pure(g))",
    "D",
    HEUNEN,
    on="pair",
)
def interchange_with_pure_after(a: Flow, b: Flow, f: Function, g: Function) -> Sides:
    """A later stage may be split up when it is pure."""
    return split(a, b) >> split(pure(f), pure(g)), split(a >> pure(f), b >> pure(g))


@law(
    "split(pure(f), pure(g)) >> split(a, b) = split(pure(f) >> a, pure(g) >> b)",
    "D",
    HEUNEN,
    on="pair",
)
def interchange_with_pure_before(a: Flow, b: Flow, f: Function, g: Function) -> Sides:
    """An earlier stage may be split up when it is pure."""
    return split(pure(f), pure(g)) >> split(a, b), split(pure(f) >> a, pure(g) >> b)


@law("pure(f) >> par(a, b) = par(pure(f) >> a, pure(f) >> b)", "D", HEUNEN)
def pure_is_copied(f: Function, a: Flow, b: Flow) -> Sides:
    """What is pure may as well be done in each part."""
    return pure(f) >> par(a, b), par(pure(f) >> a, pure(f) >> b)


@law("fallback(par(fail(z), a), pure(f)) = fallback(a >> fail(z), pure(f))", "D", PAGE)
def all_parts_run_to_their_end(a: Flow, z: Tag, f: Function) -> Sides:
    """A failure doesn't stop what runs beside it: `par` settles. †"""
    return fallback(par(fail(z), a), pure(f)), fallback(a >> fail(z), pure(f))


@law("timeout(par(fail(z), delay(d + e)), d) = delay(d) >> fail(Timeout), for e > 0", "D", PAGE)
def a_cut_beats_a_failure(z: Tag, d: Duration, e: Some) -> Sides:
    """When a part is cut they all are, though another one had failed. †"""
    left = timeout(par(fail(z), delay(d + e)), d)
    return left, delay(d) >> fail("Timeout")


@law("fallback(par(fail(y), fail(z)), w, on=y) = par(fail(y), fail(z))", "D", "semantics §7")
def both_causes_are_told(y: Tag, z: OtherTag, w: Flow) -> Sides:
    """Two failures side by side are both reported, so a filter must match both. †"""
    return fallback(par(fail(y), fail(z)), w, on=(y,)), par(fail(y), fail(z))


@law("fallback(par(fail(y), fail(z)), w, on=(y, z)) = w", "D", "semantics §7")
def both_causes_match(y: Tag, z: OtherTag, w: Flow) -> Sides:
    """A filter that matches both causes catches them. †"""
    return fallback(par(fail(y), fail(z)), w, on=(y, z)), w


# Fail fast


@law("par(a, b, fail_fast) = par(b, a, fail_fast) >> swap", "D", PAGE)
def fast_is_symmetric(a: Flow, b: Flow) -> Sides:
    """Which part is written first doesn't decide which failure is the first: ties are united."""
    return par(a, b, fail_fast=FAST), par(b, a, fail_fast=FAST) >> swap


@law(
    "par(a, b, c, fail_fast) = par(par(a, b, fail_fast), c, fail_fast) >> reassoc",
    "D",
    PAGE,
    "no finalisers",
)
def fast_is_associative(a: Flow, b: Flow, c: Flow) -> Sides:
    """Fail-fast parts need no brackets, unless finalisers make a failure come later."""
    nested = par(par(a, b, fail_fast=FAST), c, fail_fast=FAST)
    return par(a, b, c, fail_fast=FAST), nested >> pure(pick(it[0][0], it[0][1], it[1]))


@law("par(a, b, fail_fast) = par(a, b), if it succeeds", "D", PAGE, "left succeeds")
def fast_and_settled_succeed_alike(a: Flow, b: Flow) -> Sides:
    """Without a failure there is nothing to be fast about."""
    return par(a, b, fail_fast=FAST), par(a, b)


@law("par(fail(z), delay(d), fail_fast) = fail(z)", "D", PAGE)
def fast_cuts(z: Tag, d: Duration) -> Sides:
    """The first failure cuts what runs beside it. †"""
    return par(fail(z), delay(d), fail_fast=FAST), fail(z)


@law("fallback(par(fail(y), fail(z), fail_fast), w, on=y) = par(fail(y), fail(z))", "D", PAGE)
def fast_unites_ties(y: Tag, z: OtherTag, w: Flow) -> Sides:
    """Of failures at the same time none is the first: a filter must match both. †"""
    return fallback(par(fail(y), fail(z), fail_fast=FAST), w, on=y), par(fail(y), fail(z))


@law("par(fail(z), always(delay(d), f), fail_fast) = always(fail(z), f), for d > 0", "D", PAGE)
def fast_tells_of_finalisers(z: Tag, d: Some, f: Flow) -> Sides:
    """The finaliser of what is cut runs to its end, and its failure is told too. †"""
    left = par(fail(z), always(delay(d), then=f), fail_fast=FAST)
    return left, always(fail(z), then=f)


@law("par(a, delay(d) >> fail(z), fail_fast) ≤ delay(d)", "≤ time", PAGE, "no finalisers")
def fast_ends_at_the_first_failure(a: Flow, d: Duration, z: Tag) -> Sides:
    """Nothing but a finaliser goes on after the first failure."""
    return par(a, delay(d) >> fail(z), fail_fast=FAST), delay(d)


# Interchange, weakly


@law(
    "split(a, b) >> split(c, d) = split(a >> c, b >> d)", "O", PAQUET,
    "different tasks", "no cuts", on="pair",
)  # fmt: skip
def interchange(a: FlowA, b: FlowB, c: FlowC, d: FlowD) -> Sides:
    """A barrier between two stages doesn't change what comes out when all goes well."""
    return split(a, b) >> split(c, d), split(a >> c, b >> d)


@law(
    "split(a >> c, b >> d) ≤ split(a, b) >> split(c, d)", "≤ time", HEUNEN,
    "both succeed", "unlimited workers", "different tasks", on="pair",
)  # fmt: skip
def fused_is_no_slower(a: FlowA, b: FlowB, c: FlowC, d: FlowD) -> Sides:
    """Without the barrier it takes no longer."""
    return split(a >> c, b >> d), split(a, b) >> split(c, d)


# Copies, and work that doesn't depend on other work


@law("w >> dup = par(w, w)", "O", "semantics §2, Copy")
def copied(w: Flow) -> Sides:
    """Deterministic, idempotent work done twice gives what it gives once."""
    return w >> dup, par(w, w)


@law("par(w, w >> a) = w >> par(identity, a)", "O", "semantics §2, World state")
def common_work_is_done_once(w: Flow, a: Flow) -> Sides:
    """What reads only and is deterministic need not be done twice for two uses."""
    return par(w, w >> a), w >> par(identity, a)


@law(
    "a >> b = par(a, b) >> snd, for b that ignores a",
    "O",
    "semantics §2, World state",
    "different tasks",
    "both succeed",
)
def independent(a: FlowA, b: FlowB) -> Sides:
    """Work that reads nothing from other work may run beside it."""
    return par(a, identity) >> snd >> b, par(a, b) >> snd


@law(
    "par(a, b) ≤ keep(a) >> second(b)",
    "≤ time",
    "semantics §2, World state",
    "different tasks",
    "both succeed",
    "unlimited workers",
)
def independent_is_no_slower(a: FlowA, b: FlowB) -> Sides:
    """Independent work side by side takes no longer than in a row."""
    return par(a, b), par(a, identity) >> second(b)
