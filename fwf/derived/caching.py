"""`cached`: what a part gave before, on the same input, in another run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol, TypeVar, cast, final

from fwf.algebra.builder import It, it, pick
from fwf.algebra.contract import (
    NO_EXAMPLE,
    Contract,
    Effect,
    IdempotencyKey as Key,
    Injected,
    InputOf,
    RunInfo,
)
from fwf.algebra.expr import IT, Const, Expr, show
from fwf.algebra.extensions import Arm, as_piece, call
from fwf.algebra.nodes import (
    AsResult,
    Extension,
    Fallback,
    InPool,
    MapEach,
    Named,
    Node,
    Par,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
)
from fwf.algebra.parts import children
from fwf.algebra.plain_values import digest, encode, freeze
from fwf.algebra.traverse import fold
from fwf.algebra.workflow import AnyWorkflow, Edge, Workflow, as_workflow
from fwf.analysis.common_defaults import common_defaults
from fwf.analysis.identity import own_bytes
from fwf.analysis.requirements import Requirements, requirements
from fwf.combinators import as_test, branch, par, pure
from fwf.derived.conditions import check_takes, passing
from fwf.records import record
from fwf.states import kinds_of
from fwf.types.hints import ANY, name_of

A = TypeVar("A")
B = TypeVar("B")
RESULTS: Final = "cached_results"
"""The resource that the two tasks take, if the run has it: one that is in a journal does."""
MISS: Final[Mapping[str, Any]] = {"found": False, "value": None, "key": "", "seen": 0}
"""What `look_up` gives where nothing is known: also of a run that is in no journal."""


class Results(Protocol):
    """The results of earlier runs. Of any thread."""

    from_journal: ClassVar[bool] = True
    """Whether a run that is in a journal has it from there."""

    def look(
        self, of: str, by: object, params: Mapping[str, object], resources: Sequence[str], /
    ) -> dict[str, Any]:
        """What a part gave before: `MISS` with a key, or what was found by that."""
        ...

    def keep(self, looked: Mapping[str, Any], value: object, /) -> None:
        """Keep what a part gave that was looked up in vain, unless somebody else has."""
        ...


@final
@record(eq=False, repr=False)
class Cached(Extension[Any, Any]):
    """`cached`: look; what that found or, if it found nothing, the body, and then keep."""

    body: Node
    by: Expr
    look: Node
    keep: Node
    word = "cached"

    def typed(self) -> Edge:
        edge = self.body.edge
        return Edge(edge.accepts, edge.output, edge.probes)

    def desugar(self) -> AnyWorkflow:
        key: AnyWorkflow = Pure(self.by)
        lookup: AnyWorkflow = par(passing(), key >> self.look)
        done = par(pure(it[0]) >> self.body, pure(it[1]))
        storing = par(pure(it[0]), pure(pick(it[0], it[1])) >> self.keep)
        value: Any = pure(it[1]["value"])
        anew: Any = done >> storing >> pure(it[0])
        return lookup >> branch(it[1]["found"], then=value, otherwise=anew)

    def arms(self) -> tuple[Arm, ...]:
        return (Arm(self.look), Arm(self.body, segment=""), Arm(self.keep, "then"))

    def arguments(self) -> tuple[str, ...]:
        return () if self._is_usual else (f"by={show(self.by)}",)

    def written(self) -> list[Any]:
        return call(self.word, as_piece(self.body), by=None if self._is_usual else show(self.by))

    @property
    def _is_usual(self) -> bool:
        return self.by == _usual(self.body)


def cached(w: Workflow[A, B], /, *, by: It | Callable[[A], object] | None = None) -> Workflow[A, B]:
    """(A → B) ⟶ A → B: what it gave before, on the same input, in whatever run of the journal.

    Is `w` where a run is in no journal. In one, a result is found by

    - what `w` does: its tasks' names, versions and configs, the names of the types that they take
      and give, its expressions, and how they are put together. Retries, deadlines, pools and names
      of parts don't count; nor do the bodies of functions: raise the version of a task that is
      changed;
    - its input, or what `by` makes of it, such as an etag, or the digest of a file; a table counts
      by its content. An input that has no written form is never found, which is told once;
    - the values of the parameters that it reads, and the names of its resources.

    by: an expression of the input, or a function of it.

    Failures aren't kept, nor is what the journal can't write. What can't be read back any more, or
    is damaged, is told and done anew, never an error. Of two runs that do the same at once the
    first to end is kept. Results stay in the journal: pruning drops none.

    Refused around what writes, around states, and around parts that put up with failures: put it
    inside of them, as `recover(cached(rates), 1)`, so that no stand-in is taken for the result.

    >>> from fwf import task
    >>> @task(effect="read", reads=["https://rates.example"])
    ... def rates(day: str) -> float: ...
    >>> cached(rates, by=it)
    cached(rates)
    """
    part = as_workflow(w, "cached")
    wrong = [*dict.fromkeys(_refusals(part))]
    if wrong:
        raise ValueError(f"cached(…): {'; '.join(wrong)}")
    key = _usual(part) if by is None else _key_by(part, by)
    return Cached(part, key, look_up(**_lookup_arguments(part)), remember())


def _key_by(w: Node, by: object) -> Expr:
    if isinstance(by, Workflow):
        raise TypeError(
            f"cached(…, by={by!r}): needs an expression of the input, such as it.etag, or a "
            "function of it; what is to be asked for goes before: keep_input(…)"
        )
    key = cast(Expr, as_test(by, "cached(by=…)"))
    check_takes(key, w.edge.accepts, "cached(by=…)")
    return key


# Its tasks


def look_up(
    *, of: str, params: Sequence[Any] = (), resources: Sequence[str] = ()
) -> Task[Any, Any]:
    """The task that looks for a result; its factory, which pickles and plans call.

    of: what identifies the part.
    params: the names of the parameters that it reads; of one with a default, both.
    resources: the names of those that it uses.
    """

    def look(
        by: Any, *, cached_results: Results | None = None, **injected_values: Any
    ) -> dict[str, Any]:
        if cached_results is None:
            return dict(MISS)
        return cached_results.look(of, by, injected_values, resources)

    config: dict[str, Any] = {"of": of}
    config.update({"params": [*params]} if params else {})
    config.update({"resources": [*resources]} if resources else {})
    inputs, injected = (InputOf("by", ANY),), tuple(map(_injected, params))
    return _task(look, "look_up", inputs, dict[str, Any], injected, "read", config, dict(MISS))


def remember() -> Task[Any, Any]:
    """The task that keeps a result; its factory, which pickles and plans call."""

    def keep(value: Any, looked: dict[str, Any], *, cached_results: Results | None = None) -> None:
        if cached_results is not None:
            cached_results.keep(looked, value)

    inputs = InputOf("value", ANY), InputOf("looked", dict[str, Any])
    return _task(keep, "remember", inputs, type(None), (), "idempotent", {}, NO_EXAMPLE)


def _task(
    fn: Callable[..., Any],
    name: str,
    inputs: tuple[InputOf, ...],
    output: Any,
    injected: tuple[Injected, ...],
    effect: Effect,
    config: Mapping[str, Any],
    example: Any,
) -> Task[Any, Any]:
    results = Injected(RESULTS, Results, "resource", True)
    contract = Contract(
        inputs, output, (*injected, results), is_async=False, effect=effect, example=example
    )
    return Task(name, "1", cast(Any, freeze(config)), contract, fn)


def _injected(parameter: Any) -> Injected:
    if isinstance(parameter, str):
        return Injected(parameter, ANY, "parameter", False)
    name, default = parameter
    return Injected(name, ANY, "parameter", True, freeze(default))


def places_of(required: Requirements) -> frozenset[str]:
    """What a workflow asks for ⟶ the names by which its tasks take the results of earlier runs."""
    return frozenset(each.name for each in required.resources if Results in each.types)


# What a result is found by


def _lookup_arguments(w: Node) -> dict[str, Any]:
    """Workflow ⟶ the config of its `look_up`."""
    required = requirements(w)
    optional = {each.name for each in required.parameters if each.optional}
    defaults = common_defaults(w, optional, parts_of=_parts_of)
    params = [
        [name, defaults.get(name)] if name in optional else name
        for name in sorted(each.name for each in required.parameters)
    ]
    resources = sorted(each.name for each in required.resources if each.name != RESULTS)
    return {"of": results_id(w), "params": params, "resources": resources}


def results_id(w: AnyWorkflow) -> str:
    """Workflow ⟶ 32 hexadecimal digits, the same for those that give the same when all is well.

    As `definition_id`, but for what doesn't change a result: names, retries, deadlines, pools, and
    what tasks declare of their effect, duration and datasets.
    """
    return fold(_identity_of, as_workflow(w, "results_id"), parts_of=_parts_of).hex()


def _identity_of(node: Node, parts: tuple[bytes, ...]) -> bytes:
    match node:
        case Retry() | Timeout() | InPool() | Named() | Extension():
            return parts[0]
        case Task():
            contract = node.contract
            inputs = tuple(name_of(each.type) for each in contract.inputs)
            names = tuple((each.name, each.kind, each.default) for each in contract.injected)
            identity = node.name, node.version, node.config, inputs, name_of(contract.output), names
            return digest(encode(("Task", *identity)))
        case MapEach():
            return digest(b"MapEach", *parts)
        case Par():
            return digest(b"Par", *parts)
        case _:
            return digest(own_bytes(node), *parts)


def _parts_of(node: Node) -> tuple[Node, ...]:
    """What the result is made by: of what is cached itself, the part."""
    return (node.body,) if isinstance(node, Cached) else children(node)


def _usual(w: Node) -> Expr:
    """What tells inputs apart if nothing is said: the input itself; nothing if it is ignored."""
    while True:
        match w:
            case Seq():
                w = w.parts[0]
            case Retry() | Timeout() | InPool() | Named():
                w = w.body
            case Task() if not w.contract.inputs:
                return Const(None)
            case Pure(Const()):
                return Const(None)
            case _:
                return IT


# Around what it can't be


def is_cacheable(w: Node) -> bool:
    """Whether `cached` takes it."""
    return not any(_refusals(w))


def _refusals(w: Node) -> Iterator[str]:
    """Why not, for each part because of which not."""
    required = requirements(w)
    yield from _of_names(required)
    seen_ids: set[int] = set()
    todo = [w]
    while todo:
        node = todo.pop()
        if id(node) not in seen_ids:
            seen_ids.add(id(node))
            yield from _of_node(node)
            todo.extend(reversed(_parts_of(node)))


def _of_names(required: Requirements) -> Iterator[str]:
    for name in sorted(kinds_of(required)):
        yield f"it uses the state {name!r}, whose runs go on from one another"
    for each in required.unknown:
        yield (
            f"{each.name!r} has no type, so nobody can say whether it is a parameter, which "
            "counts, or a resource: annotate it"
        )


def _of_node(node: Node) -> Iterator[str]:
    match node:
        case Task():
            yield from _of_task(node)
        case Fallback() | AsResult():
            yield _STAND_IN.format("a handler gives in the place of a result")
        case MapEach(on_error="collect"):
            yield _STAND_IN.format("map_each collects in the place of results")
        case _:
            pass


_STAND_IN: Final = "what {} would be kept as well: put cached inside of it, around what may fail"


def _of_task(task: Task[Any, Any]) -> Iterator[str]:
    contract = task.contract
    facts = {each.fact for each in contract.injected if each.kind == "fact"}
    if contract.effect is None:
        yield f"{task.name} doesn't say that it only reads: declare @task(effect='read')"
    elif contract.may_write or contract.writes:
        yield (
            f"{task.name} writes{_datasets(contract)}, which wouldn't be done again: put cached "
            "around what only reads"
        )
    for name in sorted(facts & {Key.__name__, RunInfo.__name__}):
        yield f"{task.name} takes the {name}, which is another in each run"


def _datasets(contract: Contract) -> str:
    return f" ({', '.join(contract.writes)})" if contract.writes else ""
