"""How a task is called: its arguments from the value, its injected names from the run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias, cast, final, get_args

from fwf.algebra.contract import Attempt, Contract, IdempotencyKey, RunInfo
from fwf.algebra.nodes import Task
from fwf.analysis.run_keys import KEYED, RunName, step_key
from fwf.faults.raised import Raised, raised
from fwf.interpreters.run import forked
from fwf.interpreters.run.arriving_tables import with_table_checks
from fwf.interpreters.run.interruption import uninterrupted, users
from fwf.interpreters.run.resources import Opener, Resources, closing_problem
from fwf.machine.fibers import ERR, OK, Env, Status
from fwf.machine.task_results import TaskResults
from fwf.machine.world import Ending
from fwf.records import changed, record
from fwf.secrets import Secret

CallResult: TypeAlias = tuple[Status, Any]
"""What came of a call: `OK` and the value, `ERR` and the error, or `INT`."""
ATTEMPT: Final = Attempt.__name__
RUN_INFO: Final = RunInfo.__name__


@final
class TaskCall:
    """A task's role in a local run: what is known of its calls beforehand."""

    __slots__ = (
        "always", "arity", "facts", "fn", "free", "gives", "inline", "is_async", "isolate",
        "just_params", "task", "writes",
    )  # fmt: skip

    def __init__(self, task: Task[Any, Any]) -> None:
        contract = task.contract
        self.task = task
        self.fn = with_table_checks(task)
        gives = TaskResults(task)
        self.free = gives.free
        self.gives = gives.of
        self.arity = len(contract.inputs)
        self.always: Ending | None = None
        self.is_async = contract.is_async
        self.isolate = contract.isolate
        self.inline = not (contract.is_async or contract.isolate or _waits_outside(contract))
        self.just_params = all(each.kind == "parameter" for each in contract.injected)
        self.writes = contract.may_write
        self.facts = {each.name: each.fact for each in contract.injected if each.kind == "fact"}
        """Which facts it asks for, by the names under which it takes them."""

    def arguments(self, value: Any) -> tuple[Any, ...]:
        """The positional arguments for a value that fits."""
        if self.arity == 1:
            return (value,)
        return cast("tuple[Any, ...]", value) if self.arity else ()


def _waits_outside(contract: Contract) -> bool:
    """Whether a task is given a client that waits in a library outside of Python.

    On the main thread no signal would be heard until that is done, or the library would take
    ctrl-C for its own; so such tasks run on other threads, as if there were work beside them. The
    client's class says so: `native = True`.
    """
    kinds = [each.type for each in contract.injected if each.kind == "resource"]
    parts = [part for kind in kinds for part in (kind, *get_args(kind))]
    return any(getattr(part, "native", False) is True for part in parts)


@final
@record()
class RunCalls:
    """What all attempts of one run share."""

    name: RunName
    run_id: Callable[[], str]
    started: datetime
    resources: Mapping[str, Opener | Secret]
    shared_resources: Resources
    watch_inputs: bool = False

    def call(self, task: Task[Any, Any]) -> TaskCall:
        """What is known of a task's calls; with `watch_inputs` they fail if they change theirs."""
        call = TaskCall(task)
        if self.watch_inputs and not call.isolate:  # a process of its own has copies
            from fwf.interpreters.run.watching import with_watch

            call.fn = with_watch(task)
        return call

    def keywords(
        self,
        call: TaskCall,
        env: Env,
        path: Callable[[], str],
        attempt: Callable[[], int],
        key: Callable[[], IdempotencyKey] | None = None,
    ) -> tuple[dict[str, Any], list[tuple[str, Opener]]]:
        """The values to inject, and the resources still to be opened.

        key: the step's, where that isn't just the run's and its path.
        """
        values: dict[str, Any] = {}
        openers: list[tuple[str, Opener]] = []
        for each in call.task.contract.injected:
            name = each.name
            if each.kind == "fact":
                fact = call.facts[name]
                if fact == KEYED and key is not None:
                    values[name] = key()
                else:
                    values[name] = self._fact(fact, path, attempt)
            elif each.kind in ("parameter", "unknown") and name in env.params:
                values[name] = env.params[name]
            elif each.kind != "parameter":
                final = env.renames.get(name, name)
                resource = self.resources.get(final)
                if isinstance(resource, Secret):
                    values[name] = resource
                elif resource is not None:
                    opener = self.shared_resources.opener(
                        final, resource, env.renames, apart=call.isolate
                    )
                    openers.append((name, opener))
        return values, openers

    def _fact(self, fact: str, path: Callable[[], str], attempt: Callable[[], int]) -> object:
        if fact == ATTEMPT:
            return Attempt(attempt())
        if fact == RUN_INFO:
            return RunInfo(self.run_id(), path(), self.started, self.name.key)
        run_key = self.name.key
        assert run_key is not None, "looked at before anything ran"
        return step_key(run_key, path())


def call_task(
    call: TaskCall,
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    openers: Sequence[tuple[str, Opener]],
) -> CallResult:
    """Call a task's function once, its resources open around it ⟶ its value or its error.

    A fork that the function has made doesn't come back.
    """
    here, uses = forked.generation, Uses() if openers else NOTHING
    try:
        if not openers:
            result = call.fn(*args, **keywords)
            if forked.generation != here:
                forked.end(None)
            return OK, result if type(result) in call.free else call.gives(result)
        return OK, _call_with(call, args, keywords, openers, uses)
    except KeyboardInterrupt as error:
        if forked.generation != here:
            forked.end(error)
        raise
    except BaseException as error:
        if forked.generation != here:
            forked.end(error)
        exception = error
    return ERR, uses.told(raised(exception, call.task.fn))


@uninterrupted
def _call_with(
    call: TaskCall,
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    openers: Sequence[tuple[str, Opener]],
    uses: Uses,
) -> Any:
    """Call a task's function with its resources, which see what becomes of it ⟶ what it gives."""
    here = forked.generation
    with ExitStack() as stack:
        for name, opener in openers:
            keywords[name] = stack.enter_context(uses.opened(name, opener))
        stack.push(partial(forked.leave, here))
        result = users(call.fn, *args, **keywords)
        if forked.generation != here:
            forked.end(None)
        return call.gives(result)
    return call.gives(None)  # a resource swallowed the exception


def call_in_worker(
    call: TaskCall,
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    openers: Sequence[tuple[str, Opener]],
) -> CallResult:
    """`call_task`, in a worker: nothing gets out, not even `KeyboardInterrupt`."""
    try:
        return call_task(call, args, keywords, openers)
    except KeyboardInterrupt as error:
        exception = error
    return ERR, raised(exception, call.task.fn)


async def await_task(
    call: TaskCall,
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    openers: Sequence[tuple[str, Opener]],
) -> CallResult:
    """Like `call_task`, for an `async def` task; resources may be asynchronous ones."""
    here, uses = forked.generation, Uses()
    try:
        async with AsyncExitStack() as stack:
            for name, opener in openers:
                manager = uses.opened(name, opener, asynchronous=True)
                keywords[name] = await stack.enter_async_context(manager)
            stack.push(partial(forked.leave, here))
            result = await call.fn(*args, **keywords)
            if forked.generation != here:
                forked.end(None)
            return OK, call.gives(result)
        return OK, call.gives(None)
    except BaseException as error:
        if forked.generation != here:
            forked.end(error)
        exception = error
    return ERR, uses.told(raised(exception, call.task.fn))


@final
class Uses:
    """The resources that a call uses, so that an error of theirs says of which it is."""

    __slots__ = ("closing", "opening")

    def __init__(self) -> None:
        self.opening = ""
        """The name of that which is being opened."""
        self.closing = ""
        """The name of the last one that raised an error of its own when it was closed."""

    def opened(self, name: str, opener: Opener, *, asynchronous: bool = False) -> _Use:
        """A resource's context manager; raises `TypeError` with the remedy if it is none."""
        self.opening = name
        return _Use(self, name, context_manager_of(users(opener), asynchronous=asynchronous))

    def told(self, problem: Raised) -> Raised:
        """What a call raised, with the name of the resource that it is about, if it is of one."""
        if self.opening:
            message = f"resource {self.opening!r}: {problem.message}"
        elif self.closing:
            message = closing_problem(problem, self.closing)
        else:
            return problem
        return changed(problem, message=message)


NOTHING: Final = Uses()
"""What a call without resources uses."""


@final
class _Use:
    """A context manager: a call's use of one resource, whose own context manager may be either."""

    __slots__ = ("_manager", "_name", "_uses")

    def __init__(self, uses: Uses, name: str, manager: Any) -> None:
        self._uses = uses
        self._name = name
        self._manager = manager

    def __enter__(self) -> Any:
        return self._entered(users(self._manager.__enter__))

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> Any:
        try:
            return self._manager.__exit__(kind, error, traceback)
        except BaseException as other:
            self._note(other, error)
            raise

    async def __aenter__(self) -> Any:
        if not _is_asynchronous(self._manager):
            return self.__enter__()
        return self._entered(await self._manager.__aenter__())

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> Any:
        if not _is_asynchronous(self._manager):
            return self.__exit__(kind, error, traceback)
        try:
            return await self._manager.__aexit__(kind, error, traceback)
        except BaseException as other:
            self._note(other, error)
            raise

    def _entered(self, resource: Any) -> Any:
        self._uses.opening = ""
        return resource

    def _note(self, other: BaseException, error: BaseException | None) -> None:
        if other is not error:
            self._uses.opening, self._uses.closing = "", self._name


def context_manager_of(manager: Any, *, asynchronous: bool = False) -> Any:
    """A resource's context manager; raises `TypeError` with the remedy if it is none.

    asynchronous: whether the task is `async def`, whose resources may be asynchronous ones.
    """
    kind = cast("type[object]", type(manager))  # which is where Python looks for these methods
    if asynchronous and _is_asynchronous(manager):
        return manager
    if hasattr(kind, "__enter__") and hasattr(kind, "__exit__"):
        return manager
    what = f"its opener returned a {kind.__qualname__}"
    if isinstance(manager, Coroutine):
        manager.close()
        raise TypeError(
            f"{what}, since it is async def: make it def, or for async def tasks an "
            "@asynccontextmanager"
        )
    remedy = (
        "it is asynchronous, so the task must be async def"
        if _is_asynchronous(manager)
        else "wrap it in contextlib.closing(…) or contextlib.nullcontext(…)"
    )
    raise TypeError(f"{what}, which is no context manager; {remedy}")


def _is_asynchronous(manager: object) -> bool:
    return hasattr(type(manager), "__aenter__")
