"""The laws of semantics.md §2 as rewrite rules, one a line, each with its formula and source.

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
from functools import partial
from typing import Any, Literal, TypeAlias, final

from fwf.algebra.expr import IT, Const, Expr, Get, Op
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Fail,
    Fallback,
    FromResult,
    LoopUntil,
    Node,
    Par,
    Pure,
    Retry,
    Timeout,
    WithParams,
)
from fwf.algebra.schedule import Nested, cap_of, each, least
from fwf.analysis.binding_rules import (
    bound_parameter,
    constants_inside,
    hidden_binding,
    nested_bindings,
    no_binding,
)
from fwf.analysis.delay_words import MAX_ATTEMPTS, exactly, spelling, word_of
from fwf.analysis.identity import digest_of
from fwf.analysis.totality import composed, decides, is_total
from fwf.records import record

Level: TypeAlias = Literal["S", "D"]


@final
@record()
class Rule:
    """A law, read from left to right. `source` says where it is from."""

    law: str
    source: str
    level: Level
    apply: Callable[[Any], Node | None]


@final
@record()
class PairRule:
    """A law about two neighbours: in a chain of `>>`, or in fallbacks with one filter `on`."""

    law: str
    source: str
    level: Level
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


def _kept_and_dropped(first: Node, then: Node, on: tuple[str, ...]) -> Node | None:
    """Also with `fail_fast`; of two results, the one beside `id` is kept."""
    if not (isinstance(first, Par) and isinstance(then, Pure) and len(first.parts) == 2):
        return None
    for at, kept in enumerate(first.parts):
        other = first.parts[1 - at]
        if then.expr == Get(IT, at) and isinstance(other, Pure) and other.expr == IT:
            return kept
    return None


def _there_and_back(first: Node, then: Node, on: tuple[str, ...]) -> Node | None:
    return first.body if isinstance(first, AsResult) and isinstance(then, FromResult) else None


# branch (GKAT: Smolka et al., POPL 2020)


def _constant(node: Branch[Any, Any]) -> Node | None:
    at = _constant_arm(node)
    return None if at is None else (node.then, node.otherwise)[at]


def _constant_arm(node: Branch[Any, Any]) -> int | None:
    core, holds = _fact(node.predicate)
    told = core.value if isinstance(core, Const) else None
    return int(told != holds) if isinstance(told, bool) else None


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
    arm = _known(node.predicate, node.then, True)
    return None if arm is None else Branch(node.predicate, arm, node.otherwise)


def _nested_in_otherwise(node: Branch[Any, Any]) -> Node | None:
    arm = _known(node.predicate, node.otherwise, False)
    return None if arm is None else Branch(node.predicate, node.then, arm)


def _known(predicate: Expr, arm: Node, truth: bool) -> Node | None:
    """What an arm does that asks right away what is known there. Partial predicates are fine."""
    if not isinstance(arm, Branch):
        return None
    (known, said), (asked, holds) = _fact(predicate), _fact(arm.predicate)
    if known != asked:
        return None
    return arm.then if (truth == said) == holds else arm.otherwise


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


def _retried_pure(node: Retry[Any, Any]) -> Node | None:
    """Where it can't fail, or fails with what isn't retried."""
    return node.body if _never_caught(node.body, node.on, otherwise_all=False) else None


def _never_caught(body: Node, on: tuple[str, ...], *, otherwise_all: bool) -> bool:
    """Whether a pure part or a `fail` surely ends with what a filter doesn't catch."""
    if isinstance(body, Pure):
        return is_total(body.expr) or not _catches(on, _DEFECT, otherwise_all)
    if not isinstance(body, Fail) or _catches(on, (body.tag,), otherwise_all):
        return False
    return _surely_told(body) or not _catches(on, _DEFECT, otherwise_all)


def _surely_told(node: Fail[Any, Any]) -> bool:
    """Whether the message is sure to have a value; else it may be a defect that is raised."""
    return isinstance(node.message, str) or is_total(node.message)


_DEFECT = ("PredicateDefect", "Defect")


def _catches(on: tuple[str, ...], tags: tuple[str, ...], otherwise_all: bool) -> bool:
    return any(tag in on for tag in tags) if on else otherwise_all or "Defect" not in tags


# fallback


def _failed_first(first: Node, then: Node, on: tuple[str, ...]) -> Node | None:
    """Only where the filter catches z."""
    if not isinstance(first, Fail) or not _catches(on, (first.tag,), True):
        return None
    return then if _surely_told(first) or _catches(on, _DEFECT, True) else None


def _left_catch(first: Node, then: Node, on: tuple[str, ...]) -> Node | None:
    """Where f can't fail, or fails with what isn't caught; so too a `fail` that isn't."""
    return first if _never_caught(first, on, otherwise_all=True) else None


def _of_neighbours(rule: PairRule) -> Rule:
    """A rule about neighbours, as one about a `fallback` node."""
    return Rule(rule.law, rule.source, rule.level, partial(_between, rule))


def _between(rule: PairRule, node: Fallback[Any, Any]) -> Node | None:
    """A rule about neighbours, where the fallback stands or one to the left of it."""
    found = rule.apply(node.body, node.handler, node.on)
    body = node.body
    if found is not None or not isinstance(body, Fallback) or body.on != node.on:
        return found
    last = rule.apply(body.handler, node.handler, node.on)
    return None if last is None else Fallback(body.body, last, node.on)


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


def _instant(node: Timeout[Any, Any]) -> Node | None:
    return node.body if isinstance(node.body, Pure | Fail) else None


# always


def _pure_finaliser(node: Always[Any, Any]) -> Node | None:
    final = node.finaliser
    return node.body if isinstance(final, Pure) and is_total(final.expr) else None


# loop_until


def _once(node: LoopUntil[Any, Any]) -> Node | None:
    done = node.done
    return node.body if isinstance(done, Const) and done.value is True else None


def _nested_loops(node: LoopUntil[Any, Any]) -> Node | None:
    """Only where the inner loop fails at its limit: else it may end with p false."""
    inner = node.body
    same = isinstance(inner, LoopUntil) and inner.on_limit == "fail" and inner.done == node.done
    return inner if same else None


# The table

GKAT = "GKAT (Smolka et al., POPL 2020)"
ARROWS = "Hughes 2000"
PAGE = "semantics.md §2"

IN_SEQ = (
    PairRule("id >> w = w", ARROWS, "S", _no_first),
    PairRule("w >> id = w", ARROWS, "S", _no_then),
    PairRule("fail z >> w = fail z", PAGE, "S", _nothing_after_fail),
    PairRule("pure f >> pure g = pure(g∘f)", ARROWS, "S", _pures_fuse),
    PairRule("par(a, id) >> fst = a", PAGE, "D", _kept_and_dropped),
    PairRule("as_result(w) >> from_result = w", "semantics.md §8", "D", _there_and_back),
)
IN_FALLBACK = (
    PairRule("fallback(fail z, w) = w", PAGE, "S", _failed_first),
    PairRule("fallback(pure f, w) = pure f", PAGE, "D", _left_catch),
)
FLAT = PairRule("(a >> b) >> c = a >> b >> c", ARROWS, "S", lambda first, then, on: None)
"""Applied by who keeps the chain; here for its name."""

CONSTANT = Rule("branch(true, a, b) = a", GKAT, "S", _constant)
ONE_ATTEMPT = Rule("retry([], w) = w", "semantics.md §5", "S", _one_attempt)
ENDLESS = Rule("timeout(∞, w) = w", PAGE, "S", _endless)
NO_BINDING = Rule("local {} w = w", PAGE, "S", no_binding)

SHRINKING: dict[type, tuple[Rule, ...]] = {
    Branch: (
        CONSTANT,
        Rule("branch(p, a, a) = a", GKAT, "S", _same_arms),
        Rule("branch(p, branch(p, a, b), c) = branch(p, a, c)", GKAT, "S", _nested_in_then),
        Rule("branch(p, a, branch(p, b, c)) = branch(p, a, c)", GKAT, "S", _nested_in_otherwise),
    ),
    LoopUntil: (
        Rule("loop_until(w, true) = w", PAGE, "D", _once),
        Rule("loop_until(loop_until(w, p), p) = loop_until(w, p)", PAGE, "D", _nested_loops),
    ),
    Retry: (
        ONE_ATTEMPT,
        Rule(
            "retry(o, retry(i, w)) = retry(o.nest(i), w)", "semantics.md §5", "S", _nested_retries
        ),
        Rule("retry(s, pure f) = pure f", PAGE, "D", _retried_pure),
    ),
    Timeout: (
        ENDLESS,
        Rule("timeout(d, timeout(e, w)) = timeout(min(d, e), w)", PAGE, "S", _nested_timeouts),
        Rule("timeout(d, pure f) = pure f", PAGE, "D", _instant),
    ),
    Fallback: tuple(map(_of_neighbours, IN_FALLBACK)),
    Always: (Rule("always(w, pure f) = w", PAGE, "D", _pure_finaliser),),
    WithParams: (
        NO_BINDING,
        Rule(
            "local (k=f, β) (local (k=g, γ) w) = local β (local (k=g, γ) w)",
            PAGE,
            "S",
            hidden_binding,
        ),
        Rule("local β (local γ w) = local (β◁γ) w", PAGE, "S", nested_bindings),
        Rule("local β (param k) = pure β[k]", PAGE, "D", bound_parameter),
    ),
}
"""What makes a workflow smaller."""

SPELLING: dict[type, tuple[Rule, ...]] = {
    Branch: (Rule("branch(~p, a, b) = branch(p, b, a)", GKAT, "S", _negated),),
    Retry: (Rule("retry(w, attempts=n+1, wait=s) = retry [d₁…dₙ] w", PAGE, "S", _spelt),),
    WithParams: (
        Rule("local (β, δ) (local γ w) = local β (local (δ◁γ) w)", PAGE, "S", constants_inside),
    ),
}
"""What writes one thing one way."""


def stands_for(node: Node) -> tuple[int, Rule] | None:
    """Which of its parts a node comes to, whatever the parts are, and the law that says so."""
    match node:
        case Branch():
            arm = _constant_arm(node)
            return None if arm is None else (arm, CONSTANT)
        case Retry():
            return (0, ONE_ATTEMPT) if _one_attempt(node) is not None else None
        case Timeout():
            return (0, ENDLESS) if _endless(node) is not None else None
        case WithParams():
            return (0, NO_BINDING) if no_binding(node) is not None else None
        case _:
            return None
