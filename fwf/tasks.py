"""`@task`: a function becomes the leaf of workflows."""
# mypy: disable-error-code="overload-overlap"

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import timedelta
from types import MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    ParamSpec,
    TypeAlias,
    TypeVar,
    cast,
    final,
    overload,
)

from pyrsistent import PMap

from fwf.algebra.checked import checked_name
from fwf.algebra.contract import EFFECTS, Effect, contract_of
from fwf.algebra.functions import ASYNC_GENERATOR, GENERATOR, refuse_lambda
from fwf.algebra.nodes import Task
from fwf.algebra.values import freeze
from fwf.faults import near

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")
R = TypeVar("R")
P = ParamSpec("P")

if TYPE_CHECKING:
    from returns.result import Result

    Async: TypeAlias = Coroutine[Any, Any, R]
    Fallible: TypeAlias = Result[R, Any] | Coroutine[Any, Any, Result[R, Any]]


@final
class TaskDecorator:
    """`@task`, bare or with declarations: `@task(effect="read", reads=["postgres://shop/orders"])`.

    Positional parameters are the task's input: one is the input itself, several are the tuple
    that `par` made, none ignores it. Keyword-only parameters are injected by name: parameters
    of the run, resources, secrets, and the run's own facts.

    effect: `pure`, `read`, `idempotent` (safe to start twice with the same idempotency key) or
        `unrepeatable`; undeclared counts as `unrepeatable`.
    reads, writes: names of datasets, such as `postgres://shop/orders`.
    name, version: what the task is known by; the function's name and "1" if not given.
    config: the arguments of the factory that makes the task, as plain data.
    duration: how long it takes, for dry runs.
    example: an output, of any type, for dry runs.
    isolate: run it in a process of its own, which a deadline can kill.

    >>> from fwf import task
    >>> @task(effect="pure")
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> double, double.fn(21)
    (double, 42)
    """

    __slots__ = ("_declared",)

    def __init__(self, declared: Mapping[str, Any]) -> None:
        self._declared = declared

    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, F, G, H, ...], Fallible[R]], /
    ) -> Task[tuple[A, B, C, D, E, F, G, H], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, F, G, H, ...], Async[R]], /
    ) -> Task[tuple[A, B, C, D, E, F, G, H], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, F, G, H, ...], R], /
    ) -> Task[tuple[A, B, C, D, E, F, G, H], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, F, G, ...], Fallible[R]], /
    ) -> Task[tuple[A, B, C, D, E, F, G], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, F, G, ...], Async[R]], /
    ) -> Task[tuple[A, B, C, D, E, F, G], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, F, G, ...], R], /
    ) -> Task[tuple[A, B, C, D, E, F, G], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, F, ...], Fallible[R]], /
    ) -> Task[tuple[A, B, C, D, E, F], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, F, ...], Async[R]], /
    ) -> Task[tuple[A, B, C, D, E, F], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, F, ...], R], /
    ) -> Task[tuple[A, B, C, D, E, F], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, ...], Fallible[R]], /
    ) -> Task[tuple[A, B, C, D, E], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, ...], Async[R]], /
    ) -> Task[tuple[A, B, C, D, E], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, E, ...], R], /
    ) -> Task[tuple[A, B, C, D, E], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, ...], Fallible[R]], /
    ) -> Task[tuple[A, B, C, D], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, ...], Async[R]], /
    ) -> Task[tuple[A, B, C, D], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, D, ...], R], /
    ) -> Task[tuple[A, B, C, D], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, ...], Fallible[R]], /
    ) -> Task[tuple[A, B, C], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, ...], Async[R]], /
    ) -> Task[tuple[A, B, C], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, C, ...], R], /
    ) -> Task[tuple[A, B, C], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, ...], Fallible[R]], /
    ) -> Task[tuple[A, B], R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[A, B, ...], Async[R]], /
    ) -> Task[tuple[A, B], R]: ...
    @overload
    def __call__(self, fn: Callable[Concatenate[A, B, ...], R], /) -> Task[tuple[A, B], R]: ...
    @overload
    def __call__(self, fn: Callable[Concatenate[A, ...], Fallible[R]], /) -> Task[A, R]: ...
    @overload
    def __call__(self, fn: Callable[Concatenate[A, ...], Async[R]], /) -> Task[A, R]: ...
    @overload
    def __call__(self, fn: Callable[Concatenate[A, ...], R], /) -> Task[A, R]: ...
    @overload
    def __call__(self, fn: Callable[P, Fallible[R]], /) -> Task[object, R]: ...
    @overload
    def __call__(self, fn: Callable[P, Async[R]], /) -> Task[object, R]: ...
    @overload
    def __call__(self, fn: Callable[P, R], /) -> Task[object, R]: ...
    @overload
    def __call__(
        self,
        /,
        *,
        effect: Effect = ...,
        reads: Sequence[str] = ...,
        writes: Sequence[str] = ...,
        name: str = ...,
        version: str = ...,
        config: Mapping[str, object] = ...,
        duration: timedelta = ...,
        example: object = ...,
        isolate: bool = ...,
    ) -> TaskDecorator: ...
    def __call__(self, fn: Any = None, /, **declared: Any) -> Any:
        if fn is None:
            return TaskDecorator({**self._declared, **_checked(declared)})
        if declared:
            raise TypeError("task(function, …): write @task(…) above the function instead")
        return _task_of(fn, self._declared)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._declared.items())
        return f"task({given})" if given else "task"


task = TaskDecorator({})


def _task_of(fn: Any, declared: Mapping[str, Any]) -> Task[Any, Any]:
    if isinstance(fn, Task):
        raise TypeError(f"@task: {fn.described()} is a task already")
    wrapped = isinstance(fn, staticmethod | classmethod | property | MethodType)
    if wrapped or not hasattr(fn, "__code__"):
        raise TypeError(f"@task: {fn!r} is not a plain function; a task is written with def")
    if fn.__code__.co_flags & (GENERATOR | ASYNC_GENERATOR):
        raise TypeError(
            f"@task: {fn.__qualname__} has a yield in its body, so calling it does nothing yet and "
            "what it yields can be read only once: collect them into a list, or write rows to a "
            "store and return where"
        )
    config = declared.get("config")
    if config is None and fn.__closure__:
        raise TypeError(
            f"@task: {fn.__qualname__} is a closure, so its name doesn't say what it does; give "
            "config= the arguments of the function that makes it, or take them after *"
        )
    if config is None:
        refuse_lambda(fn.__qualname__, "@task")
    of_task = ("name", "version", "config")
    given = {key: value for key, value in declared.items() if key not in of_task}
    return Task(
        declared.get("name", fn.__name__),
        declared.get("version", "1"),
        cast("PMap[str, object]", freeze(dict(config or {}))),
        contract_of(fn, **given),
        fn,
    )


_NAMES = (
    "effect", "reads", "writes", "name", "version", "config", "duration", "example", "isolate",
)  # fmt: skip


def _checked(declared: dict[str, Any]) -> dict[str, Any]:
    for key in declared:
        if key not in _NAMES:
            raise TypeError(f"task({key}=…): there is no such declaration{near(key, _NAMES)}")
    effect = declared.get("effect")
    if effect is not None and effect not in EFFECTS:
        known = ", ".join(map(repr, EFFECTS))
        close = near(str(effect), EFFECTS)
        raise ValueError(f"task(effect={effect!r}): needs one of {known}{close}")
    for key in ("reads", "writes"):
        if key in declared:
            declared[key] = _datasets(key, declared[key])
    if "name" in declared:
        checked_name(declared["name"], "task(name=…)")
    version = declared.get("version", "1")
    if not isinstance(version, str) or not version:
        raise TypeError(f"task(version={version!r}): needs a text that isn't empty")
    if not isinstance(declared.get("isolate", False), bool):
        raise TypeError(f"task(isolate={declared['isolate']!r}): needs True or False")
    if not isinstance(declared.get("config", {}), Mapping):
        given = declared["config"]
        raise TypeError(f"task(config={given!r}): needs a dictionary of the factory's arguments")
    duration = declared.get("duration")
    if duration is not None and (not isinstance(duration, timedelta) or duration < timedelta(0)):
        raise ValueError(f"task(duration={duration!r}): needs a duration such as seconds(5)")
    return declared


def _datasets(key: str, given: Any) -> tuple[str, ...]:
    several = isinstance(given, Iterable) and not isinstance(given, str)
    names: tuple[Any, ...] = tuple(cast(Any, given)) if several else ("",)
    if not all(isinstance(name, str) and name for name in names):
        raise TypeError(f"task({key}={given!r}): needs a list of dataset names")
    return names
