"""Which resources are opened once for a whole run, who uses them now, and who closes them?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Context
from functools import partial
from threading import Lock
from typing import Any, TypeAlias, final

from fwf.faults.raised import Raised, raised
from fwf.interpreters.run.interruption import uninterrupted, users
from fwf.interpreters.run.observers import warn
from fwf.records import changed

Opener: TypeAlias = Callable[[], Any]


@final
class OpenerByNames:
    """An opener that is told by which names, in the run, a task's resources go where it stands."""

    __slots__ = ("open",)

    def __init__(self, open: Callable[[Mapping[str, str]], Any]) -> None:
        self.open = open

    def __call__(self) -> Any:
        return self.open({})


@final
class _SharedResource:
    """A resource that is opened once, by its name in the run."""

    __slots__ = ("context", "is_open", "manager", "name", "opening", "users", "value")

    def __init__(self, name: str, context: Context) -> None:
        self.name = name
        self.context = context
        """In which it is opened and closed: what the one sets, the other finds."""
        self.opening = Lock()
        self.is_open = False
        self.manager: Any = None
        self.value: Any = None
        self.users = 0
        """Attempts that use it, or wait until it is open."""


@final
class Resources:
    """The resources of one run.

    One whose context manager has `per_run = True` is opened by the first attempt that uses it, and
    closed when the run is over: by the run, or by the last attempt that was cut and still works on.
    """

    __slots__ = ("_by_name", "_context", "_lock", "_open_order", "_over")

    def __init__(self, context: Callable[[], Context]) -> None:
        self._context = context
        self._by_name: dict[str, _SharedResource] = {}
        self._open_order: list[_SharedResource] = []
        self._over = False
        self._lock = Lock()
        """Of all that is noted here; nothing of the user's is called under it."""

    def opener(
        self, name: str, original: Opener, names: Mapping[str, str], *, apart: bool
    ) -> Opener:
        """What opens a resource for one attempt: of the run's, lent to it.

        names: by which, in the run, the task's resources go; apart: whether it is called in a
            process of its own, where it is opened as well.
        """
        if isinstance(original, OpenerByNames):
            return partial(original.open, names)
        return original if apart else partial(self.lend, name, original)

    def lend(self, name: str, opener: Opener) -> Any:
        """What an attempt is to enter: what its opener returned, or a share of what is open.

        The opener is called outside of all locks, and more than once where attempts start at once:
        of what it returns to these, one is entered and the others are let go.
        """
        resource = self._by_name.get(name)
        if resource is not None and resource.is_open:
            return _Share(self, resource, None)
        manager = users(opener)
        if getattr(manager, "per_run", False) is not True:
            return manager
        if not (hasattr(manager, "__enter__") and hasattr(manager, "__exit__")):
            raise TypeError(
                f"its opener returned a {type(manager).__qualname__} that is to be opened once per "
                "run (per_run = True), so it needs __enter__ and __exit__: one that is "
                "asynchronous is opened for each attempt; leave per_run out"
            )
        with self._lock:
            resource = self._by_name.setdefault(name, _SharedResource(name, self._context()))
        return _Share(self, resource, manager)

    @uninterrupted
    def take(self, resource: _SharedResource, manager: Any) -> Any:
        """Use a resource, which is opened by `manager` if it isn't open ⟶ what that gave."""
        with self._lock:
            if self._over:
                raise RuntimeError(f"resource {resource.name!r}: the run is over")
            resource.users += 1
        if resource.is_open:
            return resource.value
        try:
            with resource.opening:
                if not resource.is_open:
                    resource.value = resource.context.run(users, manager.__enter__)
                    resource.manager, resource.is_open = manager, True
                    with self._lock:
                        self._open_order.append(resource)
        except BaseException:
            self.give_back(resource)
            raise
        return resource.value

    @uninterrupted
    def give_back(self, resource: _SharedResource) -> None:
        """Use a resource no longer; the last who does so after the run closes it."""
        with self._lock:
            resource.users -= 1
            is_last = self._over and resource.is_open and not resource.users
        if is_last:
            problem = _close(resource)
            if problem is not None:
                warn(f"a task that was cut closed what it used: {_line(problem)}")

    def close(self, passes: Callable[[BaseException], bool]) -> list[Raised]:
        """The run is over: close what nobody uses, what was opened last first ⟶ what that raised.

        passes: whether an exception is that of a signal which ends the run at once.
        """
        with self._lock:
            self._over = True
            free = [resource for resource in reversed(self._open_order) if not resource.users]
        problems = [_close(resource, passes) for resource in free]
        return [each for each in problems if each is not None]


@final
class _Share:
    """A context manager: an attempt's use of a resource that is opened once."""

    __slots__ = ("_manager", "_resource", "_resources")

    def __init__(self, resources: Resources, resource: _SharedResource, manager: Any) -> None:
        self._resources = resources
        self._resource = resource
        self._manager = manager

    @uninterrupted
    def __enter__(self) -> Any:
        return self._resources.take(self._resource, self._manager)

    @uninterrupted
    def __exit__(self, *error: object) -> None:
        self._resources.give_back(self._resource)


def leave(manager: Any) -> None:
    """Close a resource. How its attempts ended is nothing to it."""
    manager.__exit__(None, None, None)


def _close(
    resource: _SharedResource, passes: Callable[[BaseException], bool] = lambda _: False
) -> Raised | None:
    """Close a resource ⟶ what that raised, saying of what."""
    manager, resource.manager = resource.manager, None
    try:
        resource.context.run(leave, manager)
    except BaseException as error:
        if passes(error):
            raise
        exception = error
    else:
        return None
    problem = raised(exception)
    return changed(problem, message=closing_problem(problem, resource.name))


def closing_problem(problem: Raised, name: str) -> str:
    """What closing a resource raised ⟶ what is told of it."""
    return f"{problem.message} (when the resource {name!r} was closed)"


def _line(problem: Raised) -> str:
    return f"{problem.tags[0]}: {problem.message}"
