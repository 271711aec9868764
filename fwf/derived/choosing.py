"""`when`, `switch`: one part or another, by the value that comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, final

from fwf.algebra.builder import It, it, pick
from fwf.algebra.extensions import Arm, Shape, as_piece, call, joined
from fwf.algebra.nodes import Extension, Node
from fwf.algebra.plain_values import freeze, source
from fwf.algebra.workflow import AnyWorkflow, Workflow, as_workflow
from fwf.combinators import Test, as_test, branch, pure
from fwf.derived.conditions import (
    Condition,
    arms_of_test,
    as_condition,
    passing,
    retold,
    source_of,
    words_of_test,
)
from fwf.derived.gathering import keep_input
from fwf.faults import Fault
from fwf.records import record
from fwf.types.comparison import kind_of, plain

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
K = TypeVar("K")


@final
@record(eq=False, repr=False)
class When(Extension[Any, Any]):
    """`when`: branch(test, then=body, otherwise=identity)."""

    test: Condition
    body: Node
    word = "when"

    def desugar(self) -> AnyWorkflow:
        return branch(as_condition(self.test), then=self.body, otherwise=passing())

    def arms(self) -> tuple[Arm, ...]:
        test = arms_of_test(self.test)
        return (*test, Arm(self.body, "then" if test else ""))

    def arguments(self) -> tuple[str, ...]:
        return words_of_test(self.test)

    def worded(self, fault: Fault) -> Fault:
        return retold(fault, it="it[1]") if arms_of_test(self.test) else fault

    def written(self) -> list[Any]:
        return call(self.word, source_of(self.test), as_piece(self.body))


@final
@record(eq=False, repr=False)
class Switch(Extension[Any, Any]):
    """`switch`: branch(selector == case, then=part, otherwise=…) for one case after the other."""

    selector: Condition
    cases: tuple[object, ...]
    parts: tuple[Node, ...]
    otherwise: Node
    word = "switch"

    def desugar(self) -> AnyWorkflow:
        if isinstance(self.selector, Workflow):
            return keep_input(self.selector) >> self._branches(it[1], pick(0))
        return self._branches(It(self.selector), it)

    def _branches(self, key: It, input_: It) -> AnyWorkflow:
        """One branch in the other, on a key; the parts are given what `input_` says."""
        choice = _feed(input_, self.otherwise)
        for case, part in zip(reversed(self.cases), reversed(self.parts), strict=True):
            choice = branch(key == case, then=_feed(input_, part), otherwise=choice)
        return choice

    def arms(self) -> tuple[Arm, ...]:
        cases = [source(freeze(case)) for case in self.cases]
        case_arms = [
            Arm(part, case, tag=case) for part, case in zip(self.parts, cases, strict=True)
        ]
        return (
            *arms_of_test(self.selector),
            *case_arms,
            Arm(self.otherwise, "otherwise", tag="otherwise"),
        )

    @property
    def shape(self) -> Shape:
        return "steps" if arms_of_test(self.selector) else "choice"

    def edges(self) -> tuple[tuple[int, int], ...]:
        first = len(arms_of_test(self.selector))
        return tuple((0, at) for at in range(1, len(self.parts) + 2) if first)

    def arguments(self) -> tuple[str, ...]:
        return words_of_test(self.selector)

    def worded(self, fault: Fault) -> Fault:
        return retold(fault, it="it[1]") if arms_of_test(self.selector) else fault

    def written(self) -> list[Any]:
        pairs = [
            [f"{source(freeze(case))}: ", as_piece(part)]
            for case, part in zip(self.cases, self.parts, strict=True)
        ]
        cases = ["{", *joined(pairs), "}"]
        selector, otherwise = source_of(self.selector), as_piece(self.otherwise)
        return ["switch(", selector, ", ", *cases, ", otherwise=", otherwise, ")"]


def when(p: Test[A], w: Workflow[A, B], /) -> Workflow[A, A | B]:
    """(A → bool), (A → B) ⟶ A → A | B: the workflow where the predicate holds, else the input.

    branch(p, then=w, otherwise=identity).

    >>> when(it > 9, pure(it - 1))
    when(it > 9, pure(it - 1))
    """
    return When(as_test(p, "when"), as_workflow(w, "when"))


def switch(
    selector: It | Callable[[A], K] | Workflow[A, K],
    cases: Mapping[K, Workflow[A, B]],
    /,
    *,
    otherwise: Workflow[A, C],
) -> Workflow[A, B | C]:
    """(A → K), {K: A → B}, (A → C) ⟶ A → B | C: the part of the case that the selector equals.

    branch(selector == case, then=part, otherwise=…), one in the other, in their order. Cases are
    values of one kind, and maybe None: a selector that can't be compared with a case is a
    `PredicateDefect`.

    >>> from fwf import const
    >>> switch(it.kind, {"a": const(1)}, otherwise=const(0))
    switch(it.kind, {'a': const(1)}, otherwise=const(0))
    """
    if not _is_mapping(cases):
        raise TypeError(f"switch(…, {cases!r}): needs a dictionary of workflows by case")
    parts = {
        case: as_workflow(part, f"switch(…, {{{source(case)}: …}})") for case, part in cases.items()
    }
    _of_one_kind([case for case in parts if case is not None])
    other = as_workflow(otherwise, "switch(otherwise=…)")
    is_flow = isinstance(selector, Workflow)
    chooser: Any = selector
    key = as_workflow(chooser, "switch") if is_flow else as_test(chooser, "switch")
    return Switch(key, tuple(parts), tuple(parts.values()), other) if parts else other


def _feed(input_: It, part: Node) -> AnyWorkflow:
    return part if input_ is it else pure(input_) >> part


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _of_one_kind(cases: list[Any]) -> None:
    for case in cases[1:]:
        if kind_of(plain(case)) != kind_of(plain(cases[0])):
            raise TypeError(
                f"switch(…, {{{cases[0]!r}: …, {case!r}: …}}): no selector can be compared with "
                "both, so one of the two would fail the run: let it give values of one kind, such "
                "as a function that returns a text"
            )
