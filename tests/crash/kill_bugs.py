"""Which mistakes are made on purpose, to see that the harness notices them?

Each takes something in fwf's place, in the process of a run that is to be killed; none is in fwf.
"""

import os
import re
from collections.abc import Callable
from typing import Any, Final

from tests.crash.kill_oracle import AGAIN, ENDED, LOST, WRONG

Bug = Callable[[], None]


def commit_before_effect() -> None:
    """A step is committed when it starts, with what it will give."""
    from fwf.interpreters.run.journaled.record_writer import body
    from fwf.interpreters.run.journaled.try_memory import TryMemory

    starts = TryMemory.starts

    def early(self: Any, fiber: Any, task: Any, *more: Any) -> None:
        starts(self, fiber, task, *more)
        here = self._here[fiber]
        value = {"v": "early", "n": 1, "by": f"{here.path}@early"}
        said = body(task=self._tasks.facts(task).name, input=here.input, took=0)
        text, _ = self.values.settle(value)
        self.writer.add("ok", here.path, here.tries, f'{said[:-1]},"value":{text}}}')

    TryMemory.starts = early


def late_batch_commit() -> None:
    """Records are written six at a time, and whatever depends on them starts before."""
    from fwf.interpreters.run.journaled.record_writer import RecordWriter

    flush = RecordWriter.flush
    calls = [0]

    def seldom(self: Any, state: Any = None) -> None:
        calls[0] += 1
        if state is not None or calls[0] % 12 == 0:
            flush(self, state)

    RecordWriter.flush = seldom


def missing_key() -> None:
    """A step is told a key that only this process knows."""
    from fwf.algebra.contract import IdempotencyKey
    from fwf.interpreters.run.journaled.try_memory import TryMemory

    key = TryMemory.key
    TryMemory.key = lambda self, path: IdempotencyKey(f"{key(self, path)}{os.getpid()}")


def retry_count_not_journaled() -> None:
    """Attempts that were used up are forgotten: neither their faults nor their number are kept."""
    from fwf.interpreters.run.journaled.record_writer import RecordWriter

    add = RecordWriter.add

    def forgetful(self: Any, kind: Any, *told: Any) -> int:
        return self.n if kind in ("retry", "failed") else add(self, kind, *told)

    RecordWriter.add = forgetful


def _paths(pattern: str, instead: str) -> None:
    """Have records name the places of steps otherwise."""
    from fwf.interpreters.run.journaled.try_memory import TryMemory

    class Named:
        """The machine, by which places have other paths."""

        def __init__(self, machine: Any) -> None:
            self.__dict__["real"] = machine

        def __getattr__(self, name: str) -> Any:
            return getattr(self.real, name)

        def path(self, place: Any) -> str:
            return re.sub(pattern, instead, self.real.path(place))

    real = "_real_machine"
    TryMemory.machine = property(
        lambda self: Named(self.__dict__[real]),
        lambda self, machine: self.__dict__.__setitem__(real, machine),
    )


def branches_sharing_a_key() -> None:
    """All branches of a `par` are one place."""
    _paths(r"(?<=par > )(p\d+|left|right)$", "branch")


def round_missing_in_key() -> None:
    """All rounds of a loop are one place."""
    _paths(r"(?<=inner)\[\d+\]", "")


BUGS: Final[dict[str, Bug]] = {
    "commit-before-effect": commit_before_effect,
    "late-batch-commit": late_batch_commit,
    "missing-key": missing_key,
    "branches-sharing-a-key": branches_sharing_a_key,
    "retry-count-not-journaled": retry_count_not_journaled,
    "round-missing-in-key": round_missing_in_key,
}
SHOWN_BY: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "commit-before-effect": ((LOST,), "chain"),
    "late-batch-commit": ((AGAIN,), "chain"),
    "missing-key": ((WRONG,), "chain"),
    "branches-sharing-a-key": ((LOST, WRONG), "join"),
    "retry-count-not-journaled": ((AGAIN,), "waits"),
    "round-missing-in-key": ((LOST, WRONG, ENDED), "rounds"),
}
"""By which faults, and in which shape, each is seen."""
