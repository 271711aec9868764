"""State between runs: a mark, such as how far a workflow has read, that one run hands to the next.

A state is a value and keeps nothing itself. Two ordinary tasks read and move its mark, which needs
a resource of the state's name: a run that is in a journal has it from there, others are given one,
such as a `MemoryMark`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from types import NoneType, UnionType
from typing import (
    Any,
    ClassVar,
    Generic,
    Protocol,
    TypeVar,
    Union,
    cast,
    final,
    get_args,
    get_origin,
)

from fwf.algebra.builder import It
from fwf.algebra.contract import Contract, Effect, Injected, InputOf
from fwf.algebra.functions import place_of
from fwf.algebra.nodes import Task
from fwf.algebra.plain_values import freeze
from fwf.algebra.workflow import AnyWorkflow, Workflow
from fwf.analysis.requirements import Requirements, requirements, unlike
from fwf.faults import Permanent
from fwf.records import record
from fwf.types.aliases import bare
from fwf.types.fitting import wrong_part

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")


class Moved(Permanent):
    """Somebody else has moved a mark since the run started with it."""


class Mark(Protocol[T]):
    """The resource that a state's tasks take: `*, orders_watermark: Mark[datetime]`.

    All that a run reads is the mark that it started with, whatever it moves.
    """

    from_journal: ClassVar[bool] = True
    """Whether a run that is in a journal has it from there, unless it is given another."""

    def read(self, first: T, /) -> T:
        """The mark that the run started with; `first` if nobody has set it yet."""
        ...

    def move(self, to: T, /) -> None:
        """Set the mark for the runs to come. To do it twice is to do it once."""
        ...


@final
class MemoryMark(Generic[T]):
    """A mark that lasts as long as the program, for tests, and for runs without a journal.

    It is an opener: `run(w, resources={"orders_watermark": MemoryMark()})`.

    >>> mark = MemoryMark(3)
    >>> with mark() as opened:
    ...     opened.move(4)
    >>> mark.values
    [3, 4]
    """

    def __init__(self, *values: T) -> None:
        self.values: list[T] = [*values]
        """What it was, the last of which it is."""

    def __call__(self) -> AbstractContextManager[MemoryMark[T]]:
        return nullcontext(self)

    def read(self, first: T, /) -> T:
        """The mark as it is."""
        return self.values[-1] if self.values else first

    def move(self, to: T, /) -> None:
        """Set it."""
        self.values.append(to)


@final
@record()
class State(Generic[T]):
    """A name, the type of its mark, and what that is before anybody has set it.

    Made by `state(…)`.
    """

    name: str
    type: Any
    first: Any

    @property
    def read(self) -> Task[object, T]:
        """_ ⟶ T: the mark that the run started with."""
        return read_mark(state=self.name, of=self.type, first=self.first)

    @property
    def move(self) -> Task[T, T]:
        """T ⟶ T: set the mark for the runs to come, and give it."""
        return move_mark(state=self.name, of=self.type)

    def moved_by(self, load: Workflow[A, B], /, *, to: It | Callable[[A], T]) -> Workflow[A, B]:
        """(A → B), (A → T) ⟶ A → B: a load; when it is done, the mark moves.

        to: where to, as an expression of the load's input, or a function of it.

        The load may be done again after a crash that kept the journal from hearing of it, so it has
        to be one that can be: an upsert by key, a partition that is replaced.
        """
        from fwf.derived.marking import moved_by  # which is one of the words

        return moved_by(self.move, load, to)


def state(name: str, type: type[T], *, first: T) -> State[T]:
    """Name, type, value ⟶ what is kept of that name between runs: `read`, `move`, `moved_by`.

    name: also that of the resource, so that `using(w, orders_watermark="other")` means another.
    type: classes, such as datetime or a dataclass, and tuples, lists and unions of them.
    first: the mark before any run has moved it.

    A run reads the mark once, when it first starts, and keeps it however often it goes on. If
    somebody else has moved it meanwhile, the run goes on no more.

    >>> from fwf import it, pure, task
    >>> seen = state("seen", int, first=0)
    >>> @task(effect="idempotent", writes=["dw/orders"])
    ... def load(upper: int) -> int:
    ...     return upper
    >>> w = seen.read >> pure(it + 1) >> seen.moved_by(load, to=it)
    >>> from fwf import pretty
    >>> print(pretty(w))
    ┌▸ read_seen(first=0, of='int', state='seen')  read        ← state://seen
    ├▸ pure(it + 1)
    └▸ moved_by(to=it)
       ├─ load                                     idempotent  → dw/orders
       └─ then: move_seen(of='int', state='seen')  idempotent  → state://seen
    """
    where = f"state({name!r}, …)"
    if not isinstance(cast(object, name), str) or not name.isidentifier():
        raise ValueError(f"{where}: needs a name that Python can write, as that of its resource is")
    written_type(type, where)
    wrong = wrong_part(first, type)
    if wrong is not None:
        raise TypeError(f"{where}: first is {unlike('first', first, type, wrong, 'needs')}")
    result: State[T] = State(name, type, first)
    _ = result.read, result.move
    return result


# Its tasks


def read_mark(*, state: str, of: Any, first: object) -> Task[Any, Any]:
    """The task that reads a mark; its factory, which pickles and plans call.

    of: the type, or what `written_type` makes of it.
    """

    def read(**resources: Any) -> Any:
        mark: Mark[Any] = resources[state]
        return mark.read(first)

    return _task(read, "read", state, of, "read", {"first": first}, example=first)


def move_mark(*, state: str, of: Any) -> Task[Any, Any]:
    """The task that moves a mark; its factory, which pickles and plans call."""

    def move(to: Any, **resources: Any) -> Any:
        mark: Mark[Any] = resources[state]
        mark.move(to)
        return to

    return _task(move, "move", state, of, "idempotent", {})


def _task(
    fn: Callable[..., Any],
    verb: str,
    name: str,
    of: Any,
    effect: Effect,
    config: Mapping[str, Any],
    **more: Any,
) -> Task[Any, Any]:
    kind, where = read_type(of), f"state://{name}"
    contract = Contract(
        (InputOf("to", kind),) if verb == "move" else (),
        kind,
        (Injected(name, cast(Any, Mark)[kind], "resource", False),),
        is_async=False,
        effect=effect,
        reads=(where,) if verb == "read" else (),
        writes=(where,) if verb == "move" else (),
        **more,
    )
    try:
        plain = cast(Any, freeze({"state": name, "of": written_type(kind), **config}))
    except TypeError as error:
        raise TypeError(f"state({name!r}, …): {error}") from None
    return Task(f"{verb}_{name}", "1", plain, contract, fn)


def moves(task: Task[Any, Any]) -> str | None:
    """The state that a task moves, if it does nothing else."""
    name = task.config.get("state")
    return name if isinstance(name, str) and task.name == f"move_{name}" else None


# Which a workflow uses


def kinds_of(needs: Requirements) -> dict[str, tuple[Any, ...]]:
    """What a workflow asks for ⟶ the states in it, each with the types that its mark has."""
    kinds: dict[str, tuple[Any, ...]] = {}
    for each in needs.resources:
        marks = [kind for kind in map(bare, each.types) if _is_mark(kind)]
        if marks:
            kinds[each.name] = tuple(next(iter(get_args(kind)), object) for kind in marks)
    return kinds


def orders(w: AnyWorkflow) -> tuple[str, ...]:
    """Workflow ⟶ the names of the states that it reads or moves.

    Its runs depend on their order: each goes on from where the one before has come to.

    >>> orders(state("seen", int, first=0).read)
    ('seen',)
    """
    return tuple(sorted(kinds_of(requirements(w))))


def _is_mark(kind: Any) -> bool:
    return (get_origin(kind) or kind) is Mark


# Types as plain data, so that a task's config has them


def written_type(kind: Any, where: str = "state(…)") -> Any:
    """Type ⟶ plain data: `datetime:datetime`, and in a list what has parts.

    >>> from datetime import datetime
    >>> written_type(tuple[datetime, int | None])
    ['tuple', 'datetime:datetime', ['|', 'int', 'None']]
    """
    if kind is None or kind is NoneType:
        return "None"
    if kind is Ellipsis:
        return "..."
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return ["|", *(written_type(each, where) for each in parts)]
    if isinstance(origin, type) and parts:
        return [_place(origin), *(written_type(each, where) for each in parts)]
    if isinstance(kind, type):
        return _place(kind)
    raise TypeError(f"{where}: {kind!r} is no type that a mark can have: needs a class, such as "
                    "datetime, or a tuple, list or union of classes")  # fmt: skip


def read_type(form: Any) -> Any:
    """What `written_type` made ⟶ the type, whose module is imported; a type stays as it is."""
    match form:
        case "None":
            return NoneType
        case "...":
            return Ellipsis
        case str():
            return _class_at(form)
        case ["|", first, *others]:
            kind = read_type(first)
            for each in others:
                kind = kind | read_type(each)
            return kind
        case [origin, *parts]:
            return _class_at(origin)[tuple(map(read_type, parts))]
        case _:
            return form


def _place(cls: Any) -> str:
    return place_of(cls).removeprefix("builtins:")


def _class_at(place: str) -> Any:
    module, _, name = place.rpartition(":")
    value: Any = import_module(module or "builtins")
    for each in name.split("."):
        value = getattr(value, each)
    return value
