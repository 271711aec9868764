"""`poll`: the same question until the answer will do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar, final

from fwf.algebra import checked_fields
from fwf.algebra.builder import it, literal, pick
from fwf.algebra.extensions import Arm, as_piece, call
from fwf.algebra.nodes import Extension, Node, OnLimit
from fwf.algebra.workflow import AnyWorkflow, Edge, Workflow, as_workflow
from fwf.combinators import Test, as_test, branch, const, delay, loop_until, par, pure
from fwf.derived.conditions import (
    Condition,
    arms_of_test,
    at,
    check_takes,
    passing,
    retold,
    source_of,
    words_of_test,
)
from fwf.derived.limits import exhausted, limit_words, limits_of, source_of_limits
from fwf.durations import checked_duration, duration_source, short_duration
from fwf.faults import Fault
from fwf.records import record

A = TypeVar("A")
B = TypeVar("B")


@final
@record(eq=False, repr=False)
class Poll(Extension[Any, Any]):
    """`poll`: a loop whose state is the input, the last answer, and whether there is one."""

    probe: Node
    done: Condition
    every: timedelta
    limit: int
    within: timedelta | None
    on_limit: OnLimit
    word = "poll"
    forgets = True

    def typed(self) -> Edge:
        edge = self.probe.edge
        return Edge(edge.accepts, edge.output, edge.probes)

    def desugar(self) -> AnyWorkflow:
        again = pick(0) >> self.probe
        wait = branch(it[2], then=delay(self.every), otherwise=passing())
        ask: AnyWorkflow = wait >> par(pure(pick(0)), again, const(True))
        loop = loop_until(ask, at(self.done, it[1]), **limits_of(self))
        return pick(it, literal(None), literal(False)) >> loop >> pure(pick(1))

    def arms(self) -> tuple[Arm, ...]:
        test = arms_of_test(self.done, "until")
        return (Arm(self.probe, "ask" if test else ""), *test)

    def arguments(self) -> tuple[str, ...]:
        return (
            *words_of_test(self.done),
            f"every={short_duration(self.every)}",
            *limit_words(self),
        )

    def written(self) -> list[Any]:
        every = duration_source(self.every)
        parts = as_piece(self.probe), source_of(self.done)
        return call(self.word, *parts, every=every, **source_of_limits(self))

    def worded(self, fault: Fault) -> Fault:
        fault_in_words = retold(fault, it="it[1]")
        return exhausted(fault_in_words, self.probe, "not true", self.limit, self.within)


def poll(
    probe: Workflow[A, B],
    done: Test[B],
    /,
    *,
    every: timedelta,
    limit: int,
    within: timedelta | None = None,
    on_limit: OnLimit = "fail",
) -> Workflow[A, B]:
    """(A → B), (B → bool) ⟶ A → B: ask again from the same input until the answer will do.

    A `loop_until` with a `delay` before every question but the first.

    every: the wait between one answer and the next question. Bounds are those of `loop_until`.
    """
    asks = as_workflow(probe, "poll")
    until = as_test(done, "poll")
    check_takes(until, asks.edge.output, "poll")
    checked_duration(every, "poll(every=…)")
    checked_fields.at_least(limit, 1, "poll", "limit", "round")
    return Poll(asks, until, every, limit, within, on_limit)
