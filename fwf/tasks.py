"""`@task`: a function becomes the leaf of workflows."""
# mypy: disable-error-code="overload-overlap"
# pyright: reportOverlappingOverload=false

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ParamSpec, cast, final, overload

from pyrsistent import PMap

from fwf.algebra.checked_fields import checked_name
from fwf.algebra.contract import EFFECTS, NO_EXAMPLE, Contract, Effect, contract_of
from fwf.algebra.functions import ASYNC_GENERATOR, GENERATOR, refuse_lambda
from fwf.algebra.nodes import Task
from fwf.algebra.plain_values import freeze
from fwf.algebra.wrapped import plain_function
from fwf.faults import near

if TYPE_CHECKING:
    from returns.result import Result
    from typing_extensions import TypeVar

    from fwf.signatures import (
        Takes0,
        Takes1,
        Takes2,
        Takes3,
        Takes4,
        Takes5,
        Takes6,
        Takes7,
        Takes8,
        Unmatched,
    )

    A = TypeVar("A")
    B = TypeVar("B")
    C = TypeVar("C")
    D = TypeVar("D")
    E = TypeVar("E")
    F = TypeVar("F")
    G = TypeVar("G")
    H = TypeVar("H")
    P = ParamSpec("P")
    Q = ParamSpec("Q")
    Fallible = TypeVar("Fallible", bound=Result[Any, Any] | Coroutine[Any, Any, Result[Any, Any]])
    Async = TypeVar("Async", bound=Coroutine[Any, Any, Any])
    Plain = TypeVar("Plain")
    Awaited = TypeVar("Awaited", default=Any)
    Value = TypeVar("Value", default=Any)
    Other = TypeVar("Other", bound=Unmatched, default=Any)


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

    __slots__ = ("_options",)

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options

    @overload
    def __call__(
        self, fn: Takes8[A, B, C, D, E, F, G, H, Q, P, Fallible, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E, F, G, H], Value, Callable[P, Fallible]]: ...
    @overload
    def __call__(
        self, fn: Takes8[A, B, C, D, E, F, G, H, Q, P, Async, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E, F, G, H], Awaited, Callable[P, Async]]: ...
    @overload
    def __call__(
        self, fn: Takes8[A, B, C, D, E, F, G, H, Q, P, Plain, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E, F, G, H], Plain, Callable[P, Plain]]: ...
    @overload
    def __call__(
        self, fn: Takes7[A, B, C, D, E, F, G, Q, P, Fallible, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E, F, G], Value, Callable[P, Fallible]]: ...
    @overload
    def __call__(
        self, fn: Takes7[A, B, C, D, E, F, G, Q, P, Async, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E, F, G], Awaited, Callable[P, Async]]: ...
    @overload
    def __call__(
        self, fn: Takes7[A, B, C, D, E, F, G, Q, P, Plain, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E, F, G], Plain, Callable[P, Plain]]: ...
    @overload
    def __call__(
        self, fn: Takes6[A, B, C, D, E, F, Q, P, Fallible, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E, F], Value, Callable[P, Fallible]]: ...
    @overload
    def __call__(
        self, fn: Takes6[A, B, C, D, E, F, Q, P, Async, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E, F], Awaited, Callable[P, Async]]: ...
    @overload
    def __call__(
        self, fn: Takes6[A, B, C, D, E, F, Q, P, Plain, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E, F], Plain, Callable[P, Plain]]: ...
    @overload
    def __call__(
        self, fn: Takes5[A, B, C, D, E, Q, P, Fallible, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E], Value, Callable[P, Fallible]]: ...
    @overload
    def __call__(
        self, fn: Takes5[A, B, C, D, E, Q, P, Async, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E], Awaited, Callable[P, Async]]: ...
    @overload
    def __call__(
        self, fn: Takes5[A, B, C, D, E, Q, P, Plain, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D, E], Plain, Callable[P, Plain]]: ...
    @overload
    def __call__(
        self, fn: Takes4[A, B, C, D, Q, P, Fallible, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D], Value, Callable[P, Fallible]]: ...
    @overload
    def __call__(
        self, fn: Takes4[A, B, C, D, Q, P, Async, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D], Awaited, Callable[P, Async]]: ...
    @overload
    def __call__(
        self, fn: Takes4[A, B, C, D, Q, P, Plain, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C, D], Plain, Callable[P, Plain]]: ...
    @overload
    def __call__(
        self, fn: Takes3[A, B, C, Q, P, Fallible, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C], Value, Callable[P, Fallible]]: ...
    @overload
    def __call__(
        self, fn: Takes3[A, B, C, Q, P, Async, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C], Awaited, Callable[P, Async]]: ...
    @overload
    def __call__(
        self, fn: Takes3[A, B, C, Q, P, Plain, Awaited, Value, Other], /
    ) -> Task[tuple[A, B, C], Plain, Callable[P, Plain]]: ...
    @overload
    def __call__(
        self, fn: Takes2[A, B, Q, P, Fallible, Awaited, Value, Other], /
    ) -> Task[tuple[A, B], Value, Callable[P, Fallible]]: ...
    @overload
    def __call__(
        self, fn: Takes2[A, B, Q, P, Async, Awaited, Value, Other], /
    ) -> Task[tuple[A, B], Awaited, Callable[P, Async]]: ...
    @overload
    def __call__(
        self, fn: Takes2[A, B, Q, P, Plain, Awaited, Value, Other], /
    ) -> Task[tuple[A, B], Plain, Callable[P, Plain]]: ...
    @overload
    def __call__(
        self, fn: Takes1[A, Q, P, Fallible, Awaited, Value, Other], /
    ) -> Task[A, Value, Callable[P, Fallible]]: ...
    @overload
    def __call__(
        self, fn: Takes1[A, Q, P, Async, Awaited, Value, Other], /
    ) -> Task[A, Awaited, Callable[P, Async]]: ...
    @overload
    def __call__(
        self, fn: Takes1[A, Q, P, Plain, Awaited, Value, Other], /
    ) -> Task[A, Plain, Callable[P, Plain]]: ...
    @overload
    def __call__(
        self, fn: Takes0[P, Fallible, Awaited, Value, Other], /
    ) -> Task[object, Value, Callable[P, Fallible]]: ...
    @overload
    def __call__(
        self, fn: Takes0[P, Async, Awaited, Value, Other], /
    ) -> Task[object, Awaited, Callable[P, Async]]: ...
    @overload
    def __call__(
        self, fn: Takes0[P, Plain, Awaited, Value, Other], /
    ) -> Task[object, Plain, Callable[P, Plain]]: ...
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
    def __call__(self, fn: Any = None, /, **options: Any) -> Any:
        if fn is None:
            return TaskDecorator({**self._options, **_check_options(options)})
        if options:
            raise TypeError("task(function, …): write @task(…) above the function instead")
        return _task_of(fn, self._options)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self._options.items())
        return f"task({arguments})" if arguments else "task"


task = TaskDecorator({})


def _task_of(fn: Any, options: Mapping[str, Any]) -> Task[Any, Any]:
    if isinstance(fn, Task):
        raise TypeError(f"@task: {fn.described()} is a task already")
    inner = plain_function(fn)
    if fn.__code__.co_flags & (GENERATOR | ASYNC_GENERATOR):
        raise TypeError(
            f"@task: {fn.__qualname__} has a yield in its body, so calling it does nothing yet and "
            "what it yields can be read only once: collect them into a list, or write rows to a "
            "store and return where"
        )
    config = options.get("config")
    if config is None and inner.__closure__:
        raise TypeError(
            f"@task: {fn.__qualname__} is a closure, so its name doesn't say what it does; give "
            "config= the arguments of the function that makes it, or take them after *"
        )
    if config is None:
        refuse_lambda(fn.__qualname__, "@task")
    of_task = ("name", "version", "config")
    contract_fields = {key: value for key, value in options.items() if key not in of_task}
    contract = contract_of(fn, **contract_fields)
    _check_example(fn.__qualname__, contract)
    return Task(
        options.get("name", fn.__name__),
        options.get("version", "1"),
        cast("PMap[str, object]", freeze(dict(config or {}))),
        contract,
        fn,
    )


def _check_example(name: str, contract: Contract) -> None:
    """An example must be able to stand for what the task gives, as a scenario's outputs must."""
    if contract.example is NO_EXAMPLE:
        return
    from fwf.types.hints import name_of
    from fwf.types.single_use import read_once  # for none but those who give one
    from fwf.worlds.stand_in import misfit

    once = read_once(contract.example)
    if once:
        raise TypeError(f"@task: the example of {name} is {once}")
    wrong = misfit(contract.example, contract.output)
    if wrong:
        kind = name_of(contract.output)
        raise TypeError(f"@task: {name} gives {kind}, but its example doesn't: {wrong}")


_NAMES = (
    "effect", "reads", "writes", "name", "version", "config", "duration", "example", "isolate",
)  # fmt: skip


def _check_options(options: dict[str, Any]) -> dict[str, Any]:
    for key in options:
        if key not in _NAMES:
            raise TypeError(f"task({key}=…): there is no such declaration{near(key, _NAMES)}")
    effect = options.get("effect")
    if effect is not None and effect not in EFFECTS:
        effects = ", ".join(map(repr, EFFECTS))
        close = near(str(effect), EFFECTS)
        raise ValueError(f"task(effect={effect!r}): needs one of {effects}{close}")
    for key in ("reads", "writes"):
        if key in options:
            options[key] = _datasets(key, options[key])
    if "name" in options:
        checked_name(options["name"], "task(name=…)")
    version = options.get("version", "1")
    if not isinstance(version, str) or not version:
        raise TypeError(f"task(version={version!r}): needs a text that isn't empty")
    if not isinstance(options.get("isolate", False), bool):
        raise TypeError(f"task(isolate={options['isolate']!r}): needs True or False")
    if not isinstance(options.get("config", {}), Mapping):
        config = options["config"]
        raise TypeError(f"task(config={config!r}): needs a dictionary of the factory's arguments")
    duration = options.get("duration")
    if duration is not None and (not isinstance(duration, timedelta) or duration < timedelta(0)):
        raise ValueError(f"task(duration={duration!r}): needs a duration such as seconds(5)")
    return options


def _datasets(key: str, value: Any) -> tuple[str, ...]:
    several = isinstance(value, Iterable) and not isinstance(value, str)
    names: tuple[Any, ...] = tuple(cast(Any, value)) if several else ("",)
    if not all(isinstance(name, str) and name for name in names):
        raise TypeError(f"task({key}={value!r}): needs a list of dataset names")
    return names
