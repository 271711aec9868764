"""What an observer is told while a workflow runs, and what becomes of an error of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, final

from fwf.faults import named_text
from fwf.records import record


@final
@record()
class Note:
    """Something an observer is told while a workflow runs.

    `kind` is start, ok, failed or cut of a task's attempt; retry; or caught, where a fallback or a
    map that collects takes up a fault. `at` is in microseconds of the run's clock; a retry's is
    when it will try again. `detail` is the task's result, or the fault.
    """

    kind: str
    path: str
    task: str
    tries: tuple[int, ...]
    at: int
    detail: Any = None


@final
class Observer:
    """Who is told of a run. What it raises is no part of the run: a warning says so, once."""

    __slots__ = ("_observe", "_passes", "_warned")

    def __init__(
        self, observe: Callable[[Note], None], passes: Callable[[BaseException], bool]
    ) -> None:
        self._observe = observe
        self._passes = passes
        """Whether what comes out of it is ctrl-C's."""
        self._warned = False

    def __call__(self, note: Note) -> None:
        try:
            self._observe(note)
        except BaseException as error:
            if self._passes(error):
                raise
            if not self._warned:
                self._warned = True
                _warn(f"run(observe=…): it raised {named_text(error)}; the run goes on")


def _warn(said: str) -> None:
    import warnings

    try:
        warnings.warn(said, RuntimeWarning, stacklevel=2)
    except Exception:  # warnings are errors here, which must not end the run either
        with suppress(Exception):
            sys.stderr.write(f"{said}\n")
