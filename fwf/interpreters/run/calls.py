"""How a task is called: its arguments from the value, its injected names from the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, cast, final

from pyrsistent import PMap, pmap
from returns.result import Failure, Success

from fwf.algebra.contract import Attempt, IdempotencyKey, Injected, RunInfo
from fwf.algebra.nodes import Task, WithParams
from fwf.algebra.once import FREE, readable
from fwf.algebra.traverse import renamed
from fwf.algebra.types import name_of
from fwf.algebra.values import digest, thaw
from fwf.faults import BadInput
from fwf.interpreters.run import forked
from fwf.raised import Failing, raised
from fwf.records import record
from fwf.secrets import Secret

OK: Final = 0
ERR: Final = 1
INT: Final = 2
WAIT: Final = 3
"""How a part ended: a value, a fault, cut (with the fault of a finaliser, if one failed); or not
yet."""

Ended = tuple[int, Any]
MICROSECOND: Final = timedelta(microseconds=1)
Opener = Callable[[], Any]


@final
class Env:
    """What is bound by name at a place: parameters, and resources under their local names."""

    __slots__ = ("_inner", "given", "params", "renames")

    def __init__(
        self,
        params: Mapping[str, Any],
        renames: PMap[str, str] = pmap(),  # noqa: B008 (immutable)
    ) -> None:
        self.params = params
        self.renames = renames
        self.given: dict[int, dict[str, Any]] = {}
        """Keyword arguments of tasks that take parameters alone, by the identity of the task."""
        self._inner: dict[int, Env] = {}

    def within(self, node: WithParams[Any, Any]) -> Env:
        """The names inside a `with_params` or `using`."""
        inner = self._inner.get(id(node))
        if inner is None:
            params = {**self.params, **thaw(node.params)}
            inner = self._inner[id(node)] = Env(params, renamed(self.renames, node.resources))
        return inner


@final
class Call:
    """What is known of a task's calls beforehand."""

    __slots__ = ("arity", "fn", "is_async", "isolate", "just_params", "plain", "task", "writes")

    def __init__(self, task: Task[Any, Any]) -> None:
        contract = task.contract
        self.task = task
        self.fn = task.fn
        self.arity = len(contract.inputs)
        self.is_async = contract.is_async
        self.isolate = contract.isolate
        self.plain = not (contract.is_async or contract.isolate)
        """Whether it may run on the scheduler's own thread."""
        self.just_params = all(each.kind == "parameter" for each in contract.injected)
        self.writes = contract.effect not in ("pure", "read")
        """Whether two attempts of one step must not overlap."""

    def arguments(self, value: Any) -> tuple[Any, ...]:
        """The positional arguments for a value that fits."""
        if self.arity == 1:
            return (value,)
        return cast("tuple[Any, ...]", value) if self.arity else ()

    def misfit(self, value: Any, path: Callable[[], str]) -> BadInput | None:
        """What is wrong with the input of a task that takes several."""
        given = as_tuple(value)
        if given is not None and len(given) == self.arity:
            return None
        inputs = self.task.contract.inputs
        wanted = ", ".join(f"{each.name}: {name_of(each.type)}" for each in inputs)
        return BadInput(path(), f"{self.task.name} takes ({wanted}) but is given a {kind(value)}")


@final
@record()
class Run:
    """What all attempts of one run share."""

    run_id: Callable[[], str]
    started: datetime
    resources: Mapping[str, Opener | Secret]
    watch_inputs: bool = False

    def call(self, task: Task[Any, Any]) -> Call:
        """What is known of a task's calls; with `watch_inputs` they fail if they change theirs."""
        call = Call(task)
        if self.watch_inputs and not call.isolate:  # a process of its own has copies
            from fwf.interpreters.run.watching import watched

            call.fn = watched(task)
        return call

    def keywords(
        self, call: Call, env: Env, path: Callable[[], str], attempt: Callable[[], int]
    ) -> tuple[dict[str, Any], list[tuple[str, Opener]]]:
        """The values to inject, and the resources still to be opened."""
        values: dict[str, Any] = {}
        openers: list[tuple[str, Opener]] = []
        for each in call.task.contract.injected:
            name = each.name
            if each.kind == "fact":
                values[name] = self._fact(each, path, attempt)
            elif each.kind in ("parameter", "unknown") and name in env.params:
                values[name] = env.params[name]
            elif each.kind != "parameter":
                found = self.resources.get(env.renames.get(name, name))
                if isinstance(found, Secret):
                    values[name] = found
                elif found is not None:
                    openers.append((name, found))
        return values, openers

    def _fact(self, each: Injected, path: Callable[[], str], attempt: Callable[[], int]) -> object:
        if each.type is Attempt:
            return Attempt(attempt())
        if each.type is RunInfo:
            return RunInfo(self.run_id(), path(), self.started)
        return self.key(path())

    def key(self, path: str) -> IdempotencyKey:
        """The idempotency key of the step at a path: alike for every attempt and every re-run."""
        where = path.encode("utf-8", "surrogatepass")
        return IdempotencyKey(digest(self.run_id().encode(), b"\0", where).hex())


def called(
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    openers: list[tuple[str, Opener]],
) -> Ended:
    """Call a task's function once, its resources open around it ⟶ its value or its error.

    A fork that the function has made doesn't come back.
    """
    here = forked.generation
    try:
        if not openers:
            result = fn(*args, **keywords)
            if forked.generation != here:
                forked.end(None)
            return OK, unwrapped(result)
        with ExitStack() as stack:
            for name, opener in openers:
                keywords[name] = stack.enter_context(entered(name, opener()))
            stack.push(partial(forked.leave, here))
            return OK, unwrapped(fn(*args, **keywords))
        return OK, None  # a resource swallowed the exception
    except KeyboardInterrupt as error:
        if forked.generation != here:
            forked.end(error)
        raise
    except BaseException as error:
        if forked.generation != here:
            forked.end(error)
        caught = error
    return ERR, raised(caught, fn)


def called_beside(
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    openers: list[tuple[str, Opener]],
) -> Ended:
    """`called`, in a worker: nothing gets out, not even `KeyboardInterrupt`."""
    try:
        return called(fn, args, keywords, openers)
    except KeyboardInterrupt as error:
        caught = error
    return ERR, raised(caught, fn)


async def awaited(
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    openers: list[tuple[str, Opener]],
) -> Ended:
    """Like `called`, for an `async def` task; resources may be asynchronous ones."""
    here = forked.generation
    try:
        async with AsyncExitStack() as stack:
            for name, opener in openers:
                manager = opener()
                if hasattr(manager, "__aenter__"):
                    keywords[name] = await stack.enter_async_context(manager)
                else:
                    keywords[name] = stack.enter_context(entered(name, manager))
            stack.push(partial(forked.leave, here))
            return OK, unwrapped(await fn(*args, **keywords))
        return OK, None
    except BaseException as error:
        if forked.generation != here:
            forked.end(error)
        caught = error
    return ERR, raised(caught, fn)


def entered(name: str, manager: Any) -> Any:
    """A resource's context manager; raises `TypeError` with the remedy if it is none."""
    if hasattr(manager, "__enter__") and hasattr(manager, "__exit__"):
        return manager
    remedy = (
        "it is asynchronous, so the task must be async def"
        if hasattr(manager, "__aenter__")
        else "wrap it in contextlib.closing(…) or contextlib.nullcontext(…)"
    )
    raise TypeError(
        f"resource {name!r}: its opener returned a {type(manager).__qualname__}, "
        f"which is no context manager; {remedy}"
    )


def unwrapped(result: Any) -> Any:
    """The value of a `Success`; a `Failure` is raised, so that resources see it."""
    cls: Any = type(result)  # pyright: ignore[reportUnknownVariableType]
    if cls in FREE:
        return result
    if cls is Success:
        return readable(result.unwrap())
    if cls is Failure:
        error = result.failure()
        raise error if isinstance(error, BaseException) else Failing(error)
    return readable(result)


def kind(value: Any) -> str:
    """What a value is, for messages: its type, and the length of a tuple."""
    given = as_tuple(value)
    return type(value).__qualname__ if given is None else f"tuple of {len(given)}"


def as_tuple(value: Any) -> tuple[Any, ...] | None:
    """The value if it is a tuple."""
    return cast("tuple[Any, ...]", value) if isinstance(value, tuple) else None  # type: ignore[redundant-cast]
