"""What a `@graph` function records while it runs: steps, and references to their results."""

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Generic, NoReturn, TypeVar, final

from fwf.algebra.expr import Const, Param
from fwf.algebra.nodes import LoopUntil, MapEach, Named, Node, Pure, Seq, Step, Task, WithParams
from fwf.algebra.traverse import children
from fwf.types import hints, table_types

T_co = TypeVar("T_co", covariant=True)


@final
class Recorder:
    """The graph that is being written down."""

    __slots__ = ("name", "steps")

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: list[Step] = []


recording: ContextVar[Recorder | None] = ContextVar("recording", default=None)


@final
class Ref(Generic[T_co]):
    """The result of a step of a graph, before anything has run."""

    __slots__ = ("index", "label", "recorder", "type")

    def __init__(self, recorder: Recorder, index: int, type: Any, label: str) -> None:
        self.recorder = recorder
        self.index = index
        self.type = type
        self.label = label

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self.label} is a step's result, known only when the workflow runs: "
            "to choose by it make a step of branch(predicate, then=…, otherwise=…)"
        )

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(
            f"{self.label} is a step's result, known only when the workflow runs: "
            "for each of its items make a step of map_each(…)"
        )

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"{self.label} is a step's result, known only when the workflow runs: "
            f"for its {name} make a step of it: pure(it.{name})({self.label})"
        )

    def __getitem__(self, key: object) -> NoReturn:
        raise TypeError(
            f"{self.label} is a step's result, known only when the workflow runs: "
            f"for an item of it make a step: pure(it[{key!r}])({self.label})"
        )

    def __repr__(self) -> str:
        return f"<Ref {self.label}: {hints.name_of(self.type)}>"


def add_step(body: Node, refs: tuple[Any, ...], options: dict[str, Any]) -> Ref[Any]:
    """A workflow called on references ⟶ a reference to its result."""
    recorder = recording.get()
    name = body.name if isinstance(body, Task | Named) else "a workflow"
    if options and recorder is not None:
        bound = next(iter(options))
        raise TypeError(
            f"{recorder.name}: {name}({bound}=…): a step takes results of other steps, by "
            f"position; to bind a parameter write with_params({name}, {bound}=…)"
        )
    if recorder is None:
        bare = f"; its bare function is {name}.fn" if isinstance(body, Task) else ""
        raise TypeError(
            f"{name}(…): calling a workflow makes a step of a graph, so it stands in a function "
            f"under @graph{bare}; to run it write run({name})"
        )
    for place, ref in enumerate(refs, 1):
        if not isinstance(ref, Ref):
            raise TypeError(
                f"{recorder.name}: {name}(…) is given {ref!r} as argument {place}; a step feeds "
                "on results of other steps: for a plain value make a step of const(…)"
            )
        if ref.recorder is not recorder:
            raise TypeError(f"{recorder.name}: {ref!r} belongs to another graph")
    step = _step(recorder, body, name, refs)
    recorder.steps.append(step)
    return Ref(recorder, len(recorder.steps) - 1, body.edge.output, name)


def _step(recorder: Recorder, body: Node, name: str, refs: tuple[Ref[Any], ...]) -> Step:
    needed = body.edge.accepts
    indices = tuple(ref.index for ref in refs)
    if _takes_nothing(body):
        return Step(body, (), indices)
    if needed is object:  # whatever comes in
        return Step(body, indices)
    input_type = refs[0].type if len(refs) == 1 else hints.tuple_of(ref.type for ref in refs)
    if not hints.compatible(input_type, needed):
        raise TypeError(
            f"{recorder.name}: {name}(…) is given {hints.name_of(input_type)}, "
            f"but takes {hints.name_of(needed)}{table_types.in_brackets(input_type, needed)}"
        )
    return Step(body, indices)


def _takes_nothing(body: Node) -> bool:
    """Whether a step ignores what it is called on, so that the call only orders."""
    while isinstance(body, Seq) or len(children(body)) == 1:
        reads_it = isinstance(body, WithParams) and bool(body.computed)
        if not children(body) or reads_it or isinstance(body, MapEach | LoopUntil):
            return False
        body = children(body)[0]
    if isinstance(body, Task):
        return not body.contract.inputs
    return isinstance(body, Pure) and isinstance(body.expr, Const | Param)
