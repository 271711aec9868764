"""What an observer is told while a workflow runs, and what becomes of an error of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, final

from fwf.faults import named_text
from fwf.machine.fibers import Tries, numbers
from fwf.machine.places import Place

if TYPE_CHECKING:
    from fwf.machine.machine import Machine


@final
class Note:
    """Something an observer is told while a workflow runs.

    `kind` is start, ok, failed or cut of a task's attempt; retry; or caught, where a fallback or a
    map that collects takes up a fault. `at` is in microseconds of the run's clock; a retry's is
    when it will try again. `detail` is the task's result, or the fault. `path` is worked out when
    first asked for.
    """

    __slots__ = ("_where", "at", "detail", "kind", "task", "tries")

    def __init__(
        self,
        kind: str,
        path: str | Callable[[], str],
        task: str,
        tries: tuple[int, ...],
        at: int,
        detail: Any = None,
    ) -> None:
        self.kind = kind
        self.task = task
        self.tries = tries
        self.at = at
        self.detail = detail
        self._where = path

    @property
    def path(self) -> str:
        """The path of the place that it tells of."""
        if not isinstance(self._where, str):
            self._where = self._where()
        return self._where

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Note):
            return NotImplemented
        return _fields(self) == _fields(other)

    def __hash__(self) -> int:
        return hash((self.kind, self.path, self.task, self.tries, self.at))

    def __repr__(self) -> str:
        return f"Note{_fields(self)!r}"


def _fields(note: Note) -> tuple[Any, ...]:
    return note.kind, note.path, note.task, note.tries, note.at, note.detail


@final
class Observer:
    """Who is told of a run. What it raises is no part of the run: a warning says so, once."""

    __slots__ = ("_observe", "_warned", "machine")

    def __init__(self, observe: Callable[[Note], None]) -> None:
        self._observe = observe
        self.machine: Machine
        self._warned = False

    def __call__(
        self, kind: str, place: Place, task: str, tries: Tries, at: int, detail: Any = None
    ) -> None:
        machine = self.machine
        note = Note(kind, partial(machine.path, place), task, numbers(tries), at, detail)
        try:
            self._observe(note)
        except BaseException as error:
            if machine.passes(error):
                raise
            if machine.stopping and isinstance(error, KeyboardInterrupt):
                return  # the signal's, which stops the run and not its observer
            if not self._warned:
                self._warned = True
                warn(f"run(observe=…): it raised {named_text(error)}; the run goes on")


def warn(said: str) -> None:
    """Tell what is no part of how the run ends: a `RuntimeWarning`, or a line on stderr."""
    import warnings

    try:
        warnings.warn(said, RuntimeWarning, stacklevel=2)
    except Exception:  # warnings are errors here, which must not end the run either
        with suppress(Exception):
            sys.stderr.write(f"{said}\n")
