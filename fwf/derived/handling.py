"""`recover`, `optional`, `on_failure`, `bracket`: what is done after a failure or an end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, final

from fwf.algebra.builder import it, pick
from fwf.algebra.extensions import Arm, Shape, as_piece, call, field_source
from fwf.algebra.nodes import Extension, Node
from fwf.algebra.plain_values import freeze
from fwf.algebra.questions import failed, fault_of, value_of
from fwf.algebra.workflow import AnyWorkflow, Workflow, as_workflow
from fwf.combinators import Error, always, as_result, branch, const, fallback, par, pure, tags
from fwf.derived.gathering import keep_input
from fwf.faults import Fault
from fwf.records import record

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
R = TypeVar("R")


@final
@record(eq=False, repr=False)
class Recover(Extension[Any, Any]):
    """`recover`: fallback(body, const(value), on=on)."""

    body: Node
    value: object
    on: tuple[str, ...]
    word = "recover"

    def desugar(self) -> AnyWorkflow:
        return fallback(self.body, const(self.value), on=self.on)

    def arms(self) -> tuple[Arm, ...]:
        return (Arm(self.body, segment=""),)

    def arguments(self) -> tuple[str, ...]:
        from fwf.display.heads import short_source

        return (short_source(freeze(self.value)), *caught(self.on))

    def written(self) -> list[Any]:
        return call(self.word, as_piece(self.body), field_source(self.value), on=filter_of(self.on))


@final
@record(eq=False, repr=False)
class Optional(Extension[Any, Any]):
    """`optional`: fallback(body, const(None), on=on)."""

    body: Node
    on: tuple[str, ...]
    word = "optional"

    def desugar(self) -> AnyWorkflow:
        return fallback(self.body, const(None), on=self.on)

    def arms(self) -> tuple[Arm, ...]:
        return (Arm(self.body, segment=""),)

    def arguments(self) -> tuple[str, ...]:
        return caught(self.on)

    def written(self) -> list[Any]:
        return call(self.word, as_piece(self.body), on=filter_of(self.on))


@final
@record(eq=False, repr=False)
class OnFailure(Extension[Any, Any]):
    """`on_failure`: keep_input(as_result(body)) and, if it failed, the handler; then fail again."""

    body: Node
    handler: Node
    word = "on_failure"

    def desugar(self) -> AnyWorkflow:
        from fwf.combinators import from_result  # whose type takes long to import

        telling: AnyWorkflow = pick(it[0], fault_of(it[1])) >> as_result(self.handler)
        again: AnyWorkflow = par(pure(pick(1)), telling) >> always(
            pick(0) >> from_result, then=pick(1) >> from_result
        )
        handled = branch(failed(it[1]), then=again, otherwise=pure(value_of(it[1])))
        return keep_input(as_result(self.body)) >> handled

    def arms(self) -> tuple[Arm, ...]:
        return (Arm(self.body, segment=""), Arm(self.handler, "on failure", lasts="try"))

    @property
    def shape(self) -> Shape:
        return "aside"

    def written(self) -> list[Any]:
        return call(self.word, as_piece(self.body), then=as_piece(self.handler))


@final
@record(eq=False, repr=False)
class Bracket(Extension[Any, Any]):
    """`bracket`: keep_input(acquire) >> always(use, then=release)."""

    acquire: Node
    use: Node
    release: Node
    word = "bracket"

    def desugar(self) -> AnyWorkflow:
        return keep_input(self.acquire) >> always(self.use, then=self.release)

    def arms(self) -> tuple[Arm, ...]:
        release = Arm(self.release, "release", tag="release")
        acquire = Arm(self.acquire, "acquire", lasts="loan")
        return (acquire, Arm(self.use, "use"), release)

    def written(self) -> list[Any]:
        return call(self.word, *map(as_piece, (self.acquire, self.use, self.release)))


def recover(
    w: Workflow[A, B], value: C, /, *, on: Error | Sequence[Error] = ()
) -> Workflow[A, B | C]:
    """(A → B), C ⟶ A → B | C: a plain value instead when it fails. fallback(w, const(value), on=on)

    >>> from fwf import fail
    >>> recover(fail("NoOrders"), 0)
    recover(fail('NoOrders'), 0)
    """
    if isinstance(value, Workflow):
        raise TypeError(f"recover(…, {value!r}): a workflow isn't a value; write fallback(w, …)")
    return Recover(as_workflow(w, "recover"), value, tags(on, "recover"))


def optional(w: Workflow[A, B], /, *, on: Error | Sequence[Error] = ()) -> Workflow[A, B | None]:
    """(A → B) ⟶ A → B | None: None instead when it fails. recover(w, None, on=on)"""
    return Optional(as_workflow(w, "optional"), tags(on, "optional"))


def on_failure(w: Workflow[A, B], /, *, then: Workflow[tuple[A, Fault], object]) -> Workflow[A, B]:
    """(A → B), ((A, Fault) → _) ⟶ A → B: when it fails, tell another, and stay failed.

    The other is given the input and the fault, at the end of what failed and under the same
    deadline. The run fails with the first fault and, if the other fails as well, with its fault
    behind that (semantics §8). To go on with another value instead, let the handler give it:

    >>> from fwf import failed, fault_of, pure, text, value_of
    >>> reason = pure(text("{}: {}", it[0], fault_of(it[1]).message))
    >>> instead = keep_input(as_result(pure(it.total))) >> branch(
    ...     failed(it[1]), then=reason, otherwise=pure(value_of(it[1]))
    ... )
    """
    return OnFailure(as_workflow(w, "on_failure"), as_workflow(then, "on_failure(then=…)"))


def bracket(
    acquire: Workflow[A, R],
    use: Workflow[tuple[A, R], B],
    release: Workflow[tuple[A, R], object],
    /,
) -> Workflow[A, B]:
    """(A → R), (A, R → B), (A, R → _) ⟶ A → B: what was acquired is released, however use ended.

    keep_input(acquire) >> always(use, then=release).
    """
    parts = (as_workflow(each, "bracket") for each in (acquire, use, release))
    return Bracket(*parts)


def caught(on: tuple[str, ...]) -> tuple[str, ...]:
    """`on=` as people read it; nothing where everything is caught."""
    from fwf.display.heads import tag_names

    return (f"on={tag_names(on)}",) if on else ()


def filter_of(on: tuple[str, ...]) -> str | None:
    """`on=` as source; None where everything is caught."""
    return None if not on else repr(on[0] if len(on) == 1 else on)
