"""Rules about control: arms and handlers that nothing reaches, retries that time cuts short."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any, NamedTuple

from fwf.algebra.evaluation import Undefined, test as holds
from fwf.algebra.expr import Call, Expr, Input, Op, Param, show
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Fail,
    Fallback,
    FromResult,
    Graph,
    LoopUntil,
    MapEach,
    Node,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.algebra.plain_values import encode
from fwf.algebra.schedule import Constant, each, least, length
from fwf.algebra.subexpressions import subexpressions
from fwf.analysis.identity import expr_plain
from fwf.analysis.totality import decides, is_total
from fwf.durations import ZERO, duration_source, plus
from fwf.faults import Issue, TimedOut, counted
from fwf.interpreters.check.subject import NodePlace, Subject
from fwf.printing import elided
from fwf.types.hints import SAME

MAX_STEPS = 1_000_000
MAX_DELAYS = 10_000
ARMS = ("then", "otherwise")


def unreachable_arm(subject: Subject) -> Iterator[Issue]:
    """A predicate is always true or always false, or a branch around has decided it."""
    for here in subject.places:
        match here.node:
            case Branch():
                truth = constant(here.node.predicate)
                if truth is not None:
                    yield _always(subject, here, here.node, truth)
            case LoopUntil() if constant(here.node.done) is False:
                yield Issue(
                    subject.path(here),
                    "unreachable-arm",
                    f"loop_until({_short(here.node.done)}): the condition is never true, so the "
                    "loop always runs to its limit: write the condition that ends it",
                    "warning",
                )
            case _:
                pass
    yield from _decided_branches(subject)


def _always(subject: Subject, here: NodePlace, node: Branch[Any, Any], truth: bool) -> Issue:
    return Issue(
        subject.part_path(here, truth),
        "unreachable-arm",
        f"{_short(node.predicate)} is always {truth}, so {ARMS[truth]} is never taken: write the "
        f"arm of {ARMS[not truth]} alone, or correct the predicate",
        "warning",
    )


def constant(predicate: Expr) -> bool | None:
    """Predicate ⟶ its truth value, if that depends on nothing; no function is called for it."""
    if any(isinstance(part, Input | Param | Call) for part in subexpressions(predicate)):
        return None
    try:
        return holds(predicate, None, {})
    except Undefined:
        return None


class Fact(NamedTuple):
    """A predicate that a branch has decided, as bytes; which way; what it depends on."""

    key: bytes
    truth: bool
    on_input: bool
    params: frozenset[str]
    source: str


def _facts(predicate: Expr, truth: bool) -> list[Fact]:
    """What is known in an arm: the predicate, without `~`, and the parts of `&` and `|`."""
    facts: list[Fact] = []
    todo = [(predicate, truth)]
    while todo:
        expr, value = todo.pop()
        if isinstance(expr, Op) and expr.symbol == "not":
            todo.append((expr.args[0], not value))
            continue
        if isinstance(expr, Op) and expr.symbol == ("and" if value else "or"):
            todo.extend((part, value) for part in expr.args)
        facts.append(_fact(expr, value))
    return facts


def _fact(expr: Expr, truth: bool) -> Fact:
    parts = list(subexpressions(expr))
    on_input = any(isinstance(part, Input) for part in parts)
    params = frozenset(part.name for part in parts if isinstance(part, Param))
    return Fact(encode(expr_plain(expr)), truth, on_input, params, _short(expr))


def _test_fact(predicate: Expr) -> Fact:
    """A branch's predicate, and what it must be for `then`."""
    expr, truth = predicate, True
    while isinstance(expr, Op) and expr.symbol == "not":
        expr, truth = expr.args[0], not truth
    return _fact(expr, truth)


def _decided_branches(subject: Subject) -> Iterator[Issue]:
    """Below each branch, as far as its facts hold, the branches that they decide."""
    branches = [(here, here.node) for here in subject.places if isinstance(here.node, Branch)]
    predicates = {node.predicate for _, node in branches}
    facts_of = {each: (_facts(each, True), _facts(each, False)) for each in predicates}
    test_of = {each: _test_fact(each) for each in predicates}
    tests = {id(node): test_of[node.predicate] for _, node in branches}
    often = Counter(fact.key for fact in tests.values())
    seen: set[tuple[int, bytes, bool]] = set()
    for here, node in branches:
        own = tests[id(node)].key
        for part, facts in zip(here.parts(), facts_of[node.predicate], strict=True):
            for fact in facts:
                if often[fact.key] > (fact.key == own) and len(seen) < MAX_STEPS:
                    yield from _below(subject, part, fact, tests, seen)


def _below(
    subject: Subject,
    arm: NodePlace,
    fact: Fact,
    tests: dict[int, Fact],
    seen: set[tuple[int, bytes, bool]],
) -> Iterator[Issue]:
    """The branches in an arm that a fact decides. Places each part once for each fact."""
    todo = [arm]
    while todo and len(seen) < MAX_STEPS:
        here = todo.pop()
        if (id(here.node), fact.key, fact.truth) in seen:
            continue
        seen.add((id(here.node), fact.key, fact.truth))
        parts = list(enumerate(here.parts()))
        if isinstance(here.node, Branch) and tests[id(here.node)].key == fact.key:
            dead = tests[id(here.node)].truth == fact.truth
            yield _decided_issue(subject, parts[dead][1], fact, ARMS[dead])
            parts = [parts[not dead]]
        todo.extend(part for at, part in reversed(parts) if _holds_in(here.node, at, fact))


def _holds_in(node: Node, at: int, fact: Fact) -> bool:
    """Whether what is known of a node's input and parameters is still so for a part of it."""
    match node:
        case WithParams():
            return fact.params.isdisjoint(node.params)
        case Seq():
            return not fact.on_input or all(part.edge.gives is SAME for part in node.parts[:at])
        case MapEach() | LoopUntil() | Graph():
            return not fact.on_input
        case _:
            return True


def _decided_issue(subject: Subject, here: NodePlace, fact: Fact, arm: str) -> Issue:
    return Issue(
        subject.path(here),
        "unreachable-arm",
        f"{fact.source} is {fact.truth} wherever this is reached, since a branch around it has "
        f"tested it: {arm} is never taken; write the other arm alone",
        "warning",
    )


def unreachable_handler(subject: Subject) -> Iterator[Issue]:
    """A fallback catches what nothing in it fails with."""
    tags = subject.summaries(_tags)
    for here in subject.places:
        node = here.node
        if not isinstance(node, Fallback):
            continue
        inside = tags[id(node.body)]
        if inside is None or (inside and (not node.on or not inside.isdisjoint(node.on))):
            continue
        reason = "nothing that it guards can fail"
        if inside:
            reason = f"what it guards fails with {_list(inside)}, never with {_list(node.on)}"
        word = subject.word(here, "fallback")
        yield Issue(
            subject.part_path(here, 1),
            "unreachable-handler",
            f"{reason}, so the handler is never reached: take the {word} away, or guard the part "
            "that fails",
            "warning",
        )


_DEFECT = frozenset({"PredicateDefect", "Defect"})
_NONE: frozenset[str] = frozenset()


def _tags(node: Node, parts: tuple[frozenset[str] | None, ...]) -> frozenset[str] | None:
    """The tags that a part may fail with; None if a task in it may fail with anything."""
    match node:
        case Task() | FromResult():
            return None
        case AsResult():
            return _NONE
        case Fallback() if not node.on:
            return parts[1] if parts[0] != _NONE else _NONE
        case Pure():
            own = _NONE if is_total(node.expr) else _DEFECT
        case Fail():
            sure = isinstance(node.message, str) or is_total(node.message)
            own = frozenset({node.tag}) | (_NONE if sure else _DEFECT)
        case Branch():
            own = _NONE if decides(node.predicate) else _DEFECT
        case LoopUntil():
            own = _NONE if decides(node.done) else _DEFECT
            own |= {"Exhausted"} if node.on_limit == "fail" else _NONE
        case MapEach():
            own = frozenset({"BadInput"}) | _DEFECT
        case Timeout():
            own = frozenset(TimedOut.tags)
        case WithParams():
            total = all(is_total(expr) for _, expr in node.computed)
            own = frozenset({"BadInput"}) if node.computed else _NONE
            own |= _NONE if total else _DEFECT
        case _:
            own = _NONE
    for part in parts:
        if part is None:
            return None
        own = own if part <= own else own | part
    return own


class Wait(NamedTuple):
    """How long the waits of a retry add up to, and which retry it is."""

    total: timedelta
    retry: Retry[Any, Any] | None


def waits_exceed_timeout(subject: Subject) -> Iterator[Issue]:
    """A retry waits longer in all than the timeout around it leaves it."""
    longest = subject.summaries(_longest)
    for here in subject.places:
        node = here.node
        if not isinstance(node, Timeout):
            continue
        wait = longest[id(node.body)]
        if wait.retry is not None and wait.total > node.within:
            yield Issue(
                subject.path(here),
                "waits-exceed-timeout",
                f"timeout({duration_source(node.within)}) is over before retry(attempts="
                f"{wait.retry.attempts}) in it has waited {_span(wait.total)} between its "
                "attempts, so the last of them never start: allow more time, make fewer attempts, "
                "or put the timeout inside, retry(timeout(…), …)",
                "warning",
            )


def short_schedule(subject: Subject) -> Iterator[Issue]:
    """A retry has fewer delays to wait for than attempts to make."""
    for here in subject.places:
        node = here.node
        if not isinstance(node, Retry):
            continue
        delays = length(node.wait)
        if delays + 1 < node.attempts:
            yield Issue(
                subject.path(here),
                "short-schedule",
                f"retry(attempts={node.attempts}) makes {counted(int(delays) + 1, 'attempt')}, "
                f"since its schedule ends after {counted(int(delays), 'delay')}: write "
                f"attempts={int(delays) + 1}, or a schedule that goes on, such as a plain "
                "duration, backoff(…), or ….then(every(…))",
                "warning",
            )


def _longest(node: Node, parts: tuple[Wait, ...]) -> Wait:
    match node:
        case Retry():
            total = plus(_waits(node), parts[0].total, node.attempts)
            return Wait(total, node if total else None)
        case Timeout():
            return parts[0]._replace(total=min(parts[0].total, node.within))
        case Always():  # no deadline reaches a finaliser
            return parts[0]
        case _:
            return max(parts, key=lambda wait: wait.total, default=Wait(ZERO, None))


def _waits(node: Retry[Any, Any]) -> timedelta:
    """The least that all waits come to; of the first ten thousand if there are more."""
    if isinstance(node.wait, Constant):
        return plus(ZERO, node.wait.delay, node.attempts - 1)
    total = ZERO
    for delay in islice(each(node.wait, least), min(node.attempts - 1, MAX_DELAYS)):
        total = plus(total, delay)
    return total


def _span(span: timedelta) -> str:
    return "for ever" if span == timedelta.max else str(span)


def _list(tags: frozenset[str] | tuple[str, ...]) -> str:
    return " or ".join(sorted(tags))


def _short(expr: Expr) -> str:
    return elided(show(expr), 60)
