"""How a task is called: its arguments from the value, its injected names from the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias, cast, final

from returns.result import Failure, Success

from fwf.algebra.contract import Attempt, IdempotencyKey, Injected, RunInfo
from fwf.algebra.nodes import Task
from fwf.algebra.once import FREE, readable
from fwf.algebra.values import digest
from fwf.interpreters.run import forked
from fwf.machine.fibers import ERR, OK, Env, Status
from fwf.machine.world import Ended
from fwf.raised import Failing, raised
from fwf.records import record
from fwf.secrets import Secret

Called: TypeAlias = tuple[Status, Any]
"""What came of a call: `OK` and the value, `ERR` and the error, or `INT`."""
Opener: TypeAlias = Callable[[], Any]


@final
class Call:
    """A task's role in a local run: what is known of its calls beforehand."""

    __slots__ = (
        "always", "arity", "fn", "inline", "is_async", "isolate", "just_params", "task",
        "writes",
    )  # fmt: skip

    def __init__(self, task: Task[Any, Any]) -> None:
        contract = task.contract
        self.task = task
        self.fn = task.fn
        self.arity = len(contract.inputs)
        self.always: Ended | None = None
        self.is_async = contract.is_async
        self.isolate = contract.isolate
        self.inline = not (contract.is_async or contract.isolate)
        self.just_params = all(each.kind == "parameter" for each in contract.injected)
        self.writes = contract.may_write

    def arguments(self, value: Any) -> tuple[Any, ...]:
        """The positional arguments for a value that fits."""
        if self.arity == 1:
            return (value,)
        return cast("tuple[Any, ...]", value) if self.arity else ()


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
    openers: Sequence[tuple[str, Opener]],
) -> Called:
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
    openers: Sequence[tuple[str, Opener]],
) -> Called:
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
    openers: Sequence[tuple[str, Opener]],
) -> Called:
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
