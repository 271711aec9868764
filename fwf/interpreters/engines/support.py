"""What engines differ in, feature by feature: how well does one do it, and what is done instead?"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

Feature: TypeAlias = Literal[
    "value",
    "task", "unrepeatable task", "isolated task", "task with what a journal keeps",
    "identity", "constant", "expression",
    "fail", "fail with a computed message",
    "delay", "delay of a part of a second",
    "seq", "par", "par(fail_fast=True)", "graph",
    "branch", "branch in an arm",
    "loop_until", "loop_until(within=…)",
    "map_each", "map_each over 40 at once", "map_each(on_error='collect')",
    "map_each(on_error='fail_fast')", "map in a map", "part for each item",
    "retry of a task", "retry of a part", "retry(on=…)", "retry of a timed writer",
    "wait of a part of a second", "wait in other words", "wait with jitter",
    "timeout of a task", "timeout of a part", "timeout at the root", "timeout in a pool",
    "fallback", "fallback(on=…)",
    "always at the root", "always inside",
    "as_result", "from_result",
    "with_params", "with_params of expressions", "using",
    "in_pool", "pool over several parts", "pool in a pool",
    "named", "extension",
    "many events", "large definition", "deep nesting", "long in one task",
]  # fmt: skip
"""What an engine's table has a row for, in the order in which tables are written."""
FEATURES: Final[Mapping[Feature, str]] = {
    "value": "what goes from step to step",
    "task": "a task",
    "unrepeatable task": "a task that must not be started twice, or says nothing of its effect",
    "isolated task": "`isolate=True`: a process of its own, which is killed when it is cut",
    "task with what a journal keeps": "a `state`'s mark, results that `cached` finds",
    "identity": "what it gets is what it gives",
    "constant": "`const(…)` of a short plain value",
    "expression": "any other `pure(…)`",
    "fail": "`fail(…)` with its message",
    "fail with a computed message": "`fail(…, text(…))`",
    "delay": "whole seconds",
    "delay of a part of a second": "`delay(milliseconds(250))`",
    "seq": "`a >> b`",
    "par": "all parts end, whichever fail",
    "par(fail_fast=True)": "the first failure cuts the others",
    "graph": "steps by their edges",
    "branch": "a predicate on the value",
    "branch in an arm": "a `branch` in an arm of another",
    "loop_until": "rounds until a predicate holds",
    "loop_until(within=…)": "no new round after a time",
    "map_each": "each item, all of them to their end",
    "map_each over 40 at once": "without a bound, or with one above 40",
    "map_each(on_error='collect')": "failed items as values",
    "map_each(on_error='fail_fast')": "the first failure cuts the other items",
    "map in a map": "items of items",
    "part for each item": "more than a task in the body of a `map_each`",
    "retry of a task": "around a task, also one with a timeout",
    "retry of a part": "around anything else",
    "retry(on=…)": "only some failures, also by a base class",
    "retry of a timed writer": "a `timeout` around what may write, in a `retry`",
    "wait of a part of a second": "also none at all",
    "wait in other words": "neither constant nor `backoff(…)`",
    "wait with jitter": "drawn by run, place and attempt",
    "timeout of a task": "directly around a task",
    "timeout of a part": "around anything else",
    "timeout at the root": "around the whole, and more than a task",
    "timeout in a pool": "the wait for the pool counts",
    "fallback": "another way after a failure",
    "fallback(on=…)": "only some failures, also by a base class",
    "always at the root": "a finaliser of the whole",
    "always inside": "a finaliser of a part",
    "as_result": "a failure as a value",
    "from_result": "its value, or the failure again",
    "with_params": "parameters that are constants",
    "with_params of expressions": "parameters computed from the part's input",
    "using": "resources by other names",
    "in_pool": "around one step after another, or around one `map_each`",
    "pool over several parts": "of which some may run at once",
    "pool in a pool": "a task that waits for two",
    "named": "a name in paths",
    "extension": "a word of your own, by its meaning",
    "many events": "more than one run may have",
    "large definition": "more text than one may have",
    "deep nesting": "deeper than one may be",
    "long in one task": "as its timeouts, loops, waits and durations allow",
}
"""Each feature, in a few words."""
Support: TypeAlias = Literal["native", "emulated", "block", "lossy", "impossible"]
SUPPORT: Final[Mapping[Support, str]] = {
    "native": "the engine's own construct means the same",
    "emulated": "several of its constructs together mean the same",
    "block": "the part runs in one engine task, by our own runner: the same meaning, seen and "
    "resumed as one",
    "lossy": "its construct differs, in what the hint says",
    "impossible": "nothing there does it",
}
"""From best to worst, what each says."""
ORDER: Final[tuple[Support, ...]] = tuple(SUPPORT)


class Row(NamedTuple):
    """What an engine does for one feature, and a hint in words: how, or what differs."""

    support: Support
    hint: str


Table: TypeAlias = Mapping[Feature, Row]
"""An engine's capabilities: a row for every feature."""


def uncut(row: Row) -> bool:
    """Whether what has the feature stays in one engine task."""
    return row.support in ("block", "impossible")


def worst(rows: tuple[Row, ...]) -> Support:
    """Rows ⟶ the least that one of them says; native if there are none."""
    return ORDER[max([ORDER.index(row.support) for row in rows], default=0)]
