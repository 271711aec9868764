"""The laws of semantics.md §2 at level S as rewrite rules, each with its formula and source.

A rule takes a node whose parts are rewritten already and gives what it equals, or None where it
doesn't apply. What it reads (equal arms, predicates) it compares by digest. "Equal" is ≈ of §1:
the same outcome, trace and end for every model, environment, deadline and history, but for

- paths, and what goes by them: what a task is told of its own (`IdempotencyKey`, `RunInfo`), and
  what jitter draws. They name the place as written. Within a run the new names differ where the old
  ones did;
- the wording of a `PredicateDefect`, which quotes the expression as written;
- what a workflow asks of its caller: a part that never runs may leave, with what it needs.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, final

from fwf.algebra.expr import IT, Const, Expr, Op
from fwf.algebra.nodes import (
    Branch,
    Fail,
    Node,
    Pure,
    Retry,
    Timeout,
    WithParams,
)
from fwf.algebra.schedule import Nested, cap_of, each, least
from fwf.analysis.binding_rules import (
    constants_inside,
    hidden_binding,
    nested_bindings,
    no_binding,
)
from fwf.analysis.delay_words import MAX_ATTEMPTS, exactly, spelling, word_of
from fwf.analysis.identity import digest_of
from fwf.analysis.totality import composed, decides, is_total
from fwf.records import record


@final
@record()
class Rule:
    """A law, read from left to right. `source` says where it is from."""

    law: str
    source: str
    apply: Callable[[Any], Node | None]


@final
@record()
class PairRule:
    """A law about two neighbours: in a chain of `>>`, or in fallbacks with one filter `on`."""

    law: str
    source: str
    apply: Callable[[Any, Any, tuple[str, ...]], Node | None]


# Category (Hughes 2000)


def _no_first(first: Node, then: Node, on: tuple[str, ...]) -> Node | None:
    return then if isinstance(first, Pure) and first.expr == IT else None


def _no_then(first: Node, then: Node, on: tuple[str, ...]) -> Node | None:
    return first if isinstance(then, Pure) and then.expr == IT else None


def _nothing_after_fail(first: Node, then: Node, on: tuple[str, ...]) -> Node | None:
    return first if isinstance(first, Fail) else None


def _pures_fuse(first: Node, then: Node, on: tuple[str, ...]) -> Node | None:
    """Where no defect comes or goes, and within the limits of expressions: see `composed`."""
    if not (isinstance(first, Pure) and isinstance(then, Pure)):
        return None
    expr = composed(first.expr, then.expr)
    try:
        return None if expr is None else Pure(expr)
    except TypeError:  # a field that a declared type doesn't have: leave the defect where it is
        return None


# branch (GKAT: Smolka et al., POPL 2020)


def _constant(node: Branch[Any, Any]) -> Node | None:
    at = _constant_arm(node)
    return None if at is None else (node.then, node.otherwise)[at]


def _constant_arm(node: Branch[Any, Any]) -> int | None:
    core, holds = _fact(node.predicate)
    answer = core.value if isinstance(core, Const) else None
    return int(answer != holds) if isinstance(answer, bool) else None


def _negated(node: Branch[Any, Any]) -> Node | None:
    core, holds = _fact(node.predicate)
    if core is node.predicate:
        return None
    return Branch(core, *((node.then, node.otherwise)[:: 1 if holds else -1]))


def _fact(predicate: Expr) -> tuple[Expr, bool]:
    """A predicate ⟶ what is under its negations, and whether it says so or denies it."""
    holds = True
    while isinstance(predicate, Op) and predicate.symbol == "not":
        predicate, holds = predicate.args[0], not holds
    return predicate, holds


def _same_arms(node: Branch[Any, Any]) -> Node | None:
    """Only for predicates that can't defect; within a run only one arm is taken for one input."""
    same = decides(node.predicate) and digest_of(node.then) == digest_of(node.otherwise)
    return node.then if same else None


def _nested_in_then(node: Branch[Any, Any]) -> Node | None:
    arm = _arm_by_fact(node.predicate, node.then, True)
    return None if arm is None else Branch(node.predicate, arm, node.otherwise)


def _nested_in_otherwise(node: Branch[Any, Any]) -> Node | None:
    arm = _arm_by_fact(node.predicate, node.otherwise, False)
    return None if arm is None else Branch(node.predicate, node.then, arm)


def _arm_by_fact(predicate: Expr, arm: Node, truth: bool) -> Node | None:
    """What an arm does that asks right away what is known there. Partial predicates are fine."""
    if not isinstance(arm, Branch):
        return None
    (fact, fact_holds), (question, holds) = _fact(predicate), _fact(arm.predicate)
    if fact != question:
        return None
    return arm.then if (truth == fact_holds) == holds else arm.otherwise


# retry (semantics.md §5)


def _one_attempt(node: Retry[Any, Any]) -> Node | None:
    """Because it says so, or because there are no delays."""
    return node.body if node.attempts == 1 or next(each(node.wait, least), None) is None else None


def _nested_retries(node: Retry[Any, Any]) -> Node | None:
    """Only with equal filters and, for the sake of `Retry-After`, equal caps; up to 64 attempts.

    (With hints: the fused schedule's cap is that of both, so that it waits as each of them did.)
    """
    inner = node.body
    if not isinstance(inner, Retry) or frozenset(node.on) != frozenset(inner.on):
        return None
    outer_word, inner_word = word_of(node), word_of(inner)
    if outer_word is None or inner_word is None or cap_of(node.wait) != cap_of(inner.wait):
        return None
    attempts = (len(outer_word) + 1) * (len(inner_word) + 1)
    if attempts > MAX_ATTEMPTS:
        return None
    try:
        wait = Nested(exactly(node.wait, outer_word), exactly(inner.wait, inner_word))
    except ValueError:  # deeper than schedules may be
        return None
    return Retry(inner.body, attempts, wait, node.on)


def _spelt(node: Retry[Any, Any]) -> Node | None:
    """Delays and attempts become the word they stand for, filters are sorted; no more than 63.

    The cap is kept: it bounds what an error's `retry_after` may ask for.
    """
    word, on = word_of(node), tuple(sorted(set(node.on)))
    wait = node.wait if word is None else spelling(word, cap_of(node.wait))
    attempts = node.attempts if word is None else len(word) + 1
    if (wait, attempts, on) == (node.wait, node.attempts, node.on):
        return None
    return Retry(node.body, attempts, wait, on)


# fallback


def _failed_first(first: Node, then: Node, on: tuple[str, ...]) -> Node | None:
    """Only where the filter catches z."""
    if not isinstance(first, Fail) or not _catches(on, first.tag):
        return None
    sure = isinstance(first.message, str) or is_total(first.message)
    return then if sure or _catches(on, *_DEFECT) else None


_DEFECT = ("PredicateDefect", "Defect")
"""The tags of a message that has no value."""


def _catches(on: tuple[str, ...], *tags: str) -> bool:
    return not on or any(tag in on for tag in tags)


# timeout


def _nested_timeouts(node: Timeout[Any, Any]) -> Node | None:
    """Also with finalisers."""
    inner = node.body
    return (
        Timeout(inner.body, min(node.within, inner.within)) if isinstance(inner, Timeout) else None
    )


def _endless(node: Timeout[Any, Any]) -> Node | None:
    """`timedelta.max` stands for ∞; 2.7 million years of delays in a row could still reach it."""
    return node.body if node.within == timedelta.max else None


# The table

GKAT = "GKAT (Smolka et al., POPL 2020)"
ARROWS = "Hughes 2000"
PAGE = "semantics.md §2"

IN_SEQ = (
    PairRule("id >> w = w", ARROWS, _no_first),
    PairRule("w >> id = w", ARROWS, _no_then),
    PairRule("fail z >> w = fail z", PAGE, _nothing_after_fail),
    PairRule("pure f >> pure g = pure(g∘f)", ARROWS, _pures_fuse),
)
IN_FALLBACK = (PairRule("fallback(fail z, w) = w", PAGE, _failed_first),)

RULES: dict[type, tuple[Rule, ...]] = {
    Branch: (
        Rule("branch(true, a, b) = a", GKAT, _constant),
        Rule("branch(p, a, a) = a", GKAT, _same_arms),
        Rule("branch(p, branch(p, a, b), c) = branch(p, a, c)", GKAT, _nested_in_then),
        Rule("branch(p, a, branch(p, b, c)) = branch(p, a, c)", GKAT, _nested_in_otherwise),
        Rule("branch(~p, a, b) = branch(p, b, a)", GKAT, _negated),
    ),
    Retry: (
        Rule("retry([], w) = w", "semantics.md §5", _one_attempt),
        Rule("retry(o, retry(i, w)) = retry(o.nest(i), w)", "semantics.md §5", _nested_retries),
        Rule("retry(w, attempts=n+1, wait=s) = retry [d₁…dₙ] w", PAGE, _spelt),
    ),
    Timeout: (
        Rule("timeout(∞, w) = w", PAGE, _endless),
        Rule("timeout(d, timeout(e, w)) = timeout(min(d, e), w)", PAGE, _nested_timeouts),
    ),
    WithParams: (
        Rule("local {} w = w", PAGE, no_binding),
        Rule(
            "local (k=f, β) (local (k=g, γ) w) = local β (local (k=g, γ) w)", PAGE, hidden_binding
        ),
        Rule("local β (local γ w) = local (β◁γ) w", PAGE, nested_bindings),
        Rule("local (β, δ) (local γ w) = local β (local (δ◁γ) w)", PAGE, constants_inside),
    ),
}
"""What makes a workflow smaller; last what writes one thing one way."""


def stands_for(node: Node) -> int | None:
    """Which of its parts a node comes to, whatever the parts are."""
    match node:
        case Branch():
            return _constant_arm(node)
        case Retry():
            return 0 if _one_attempt(node) is not None else None
        case Timeout():
            return 0 if _endless(node) is not None else None
        case WithParams():
            return 0 if no_binding(node) is not None else None
        case _:
            return None
