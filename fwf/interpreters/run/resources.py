"""Which resources are opened once for a whole run, who uses them now, and who closes them?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Context
from functools import partial
from threading import Lock
from typing import Any, TypeAlias, final

from fwf.faults.raised import Raised, raised
from fwf.interpreters.run.observers import warn
from fwf.records import changed

Opener: TypeAlias = Callable[[], Any]


@final
class Placed:
    """An opener that is told by which names, in the run, a task's resources go where it stands."""

    __slots__ = ("opened",)

    def __init__(self, opened: Callable[[Mapping[str, str]], Any]) -> None:
        self.opened = opened

    def __call__(self) -> Any:
        return self.opened({})


@final
class _Shared:
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

    __slots__ = ("_context", "_lock", "_opened", "_over", "_shared")

    def __init__(self, context: Callable[[], Context]) -> None:
        self._context = context
        self._shared: dict[str, _Shared] = {}
        self._opened: list[_Shared] = []
        self._over = False
        self._lock = Lock()
        """Of all that is noted here; nothing of the user's is called under it."""

    def opener(self, name: str, given: Opener, names: Mapping[str, str], *, apart: bool) -> Opener:
        """What opens a resource for one attempt: of the run's, lent to it.

        names: by which, in the run, the task's resources go; apart: whether it is called in a
            process of its own, where it is opened as well.
        """
        if isinstance(given, Placed):
            return partial(given.opened, names)
        return given if apart else partial(self.lent, name, given)

    def lent(self, name: str, opener: Opener) -> Any:
        """What an attempt is to enter: what its opener returned, or a share of what is open.

        The opener is called outside of all locks, and more than once where attempts start at once:
        of what it returns to these, one is entered and the others are let go.
        """
        shared = self._shared.get(name)
        if shared is not None and shared.is_open:
            return _Share(self, shared, None)
        manager = opener()
        if getattr(manager, "per_run", False) is not True:
            return manager
        if not (hasattr(manager, "__enter__") and hasattr(manager, "__exit__")):
            raise TypeError(
                f"resource {name!r}: its opener returned a {type(manager).__qualname__} that is to "
                "be opened once per run (per_run = True), so it needs __enter__ and __exit__: one "
                "that is asynchronous is opened for each attempt; leave per_run out"
            )
        with self._lock:
            shared = self._shared.setdefault(name, _Shared(name, self._context()))
        return _Share(self, shared, manager)

    def take(self, shared: _Shared, manager: Any) -> Any:
        """Use a resource, which is opened by `manager` if it isn't open ⟶ what that gave."""
        with self._lock:
            if self._over:
                raise RuntimeError(f"resource {shared.name!r}: the run is over")
            shared.users += 1
        if shared.is_open:
            return shared.value
        try:
            with shared.opening:
                if not shared.is_open:
                    shared.value = shared.context.run(manager.__enter__)
                    shared.manager, shared.is_open = manager, True
                    with self._lock:
                        self._opened.append(shared)
        except BaseException:
            self.give_back(shared)
            raise
        return shared.value

    def give_back(self, shared: _Shared) -> None:
        """Use a resource no longer; the last who does so after the run closes it."""
        with self._lock:
            shared.users -= 1
            left = self._over and shared.is_open and not shared.users
        if left:
            found = _closed(shared)
            if found is not None:
                warn(f"a task that was cut closed what it used: {_line(found)}")

    def close(self, passes: Callable[[BaseException], bool]) -> list[Raised]:
        """The run is over: close what nobody uses, what was opened last first ⟶ what that raised.

        passes: whether an exception is that of a signal which ends the run at once.
        """
        with self._lock:
            self._over = True
            free = [shared for shared in reversed(self._opened) if not shared.users]
        found = [_closed(shared, passes) for shared in free]
        return [each for each in found if each is not None]


@final
class _Share:
    """A context manager: an attempt's use of a resource that is opened once."""

    __slots__ = ("_manager", "_resources", "_shared")

    def __init__(self, resources: Resources, shared: _Shared, manager: Any) -> None:
        self._resources = resources
        self._shared = shared
        self._manager = manager

    def __enter__(self) -> Any:
        return self._resources.take(self._shared, self._manager)

    def __exit__(self, *error: object) -> None:
        self._resources.give_back(self._shared)


def leave(manager: Any) -> None:
    """Close a resource. How its attempts ended is nothing to it."""
    manager.__exit__(None, None, None)


def _closed(
    shared: _Shared, passes: Callable[[BaseException], bool] = lambda _: False
) -> Raised | None:
    """Close a resource ⟶ what that raised, saying of what."""
    manager, shared.manager = shared.manager, None
    try:
        shared.context.run(leave, manager)
    except BaseException as error:
        if passes(error):
            raise
        caught = error
    else:
        return None
    found = raised(caught)
    return changed(found, message=f"{found.message} (when the resource {shared.name!r} was closed)")


def _line(found: Raised) -> str:
    return f"{found.tags[0]}: {found.message}"
