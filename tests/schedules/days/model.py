"""What must be so, whatever happens: a log of what was done, and what is wrong there.

It knows nothing of journals: only what tasks did outside, which process did it, which ones were
killed, how the others ended, and what people asked for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Part(NamedTuple):
    """A partition: its label, and when it is over and due."""

    label: str
    over: float
    due: float


class Of(Protocol):
    """The process that does something."""

    killed: bool

    @property
    def over(self) -> bool: ...


@dataclass
class Effect:
    """What a task did outside, at last in part."""

    by: Of
    what: str
    label: str
    run: str
    key: str
    low: int
    high: int
    done: bool = False
    failed: bool = False


@dataclass
class Model:
    """What was done, and what is wrong with it."""

    parts: Sequence[Part]
    ordered: bool
    wrong: list[str] = field(default_factory=list)
    log: list[Effect] = field(default_factory=list)
    began: dict[str, float] = field(default_factory=dict)
    """When the generations began, by their runs' ids."""
    runs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The generations of a partition."""
    complete: set[str] = field(default_factory=set)
    """The runs of processes that ended well."""
    asked: Counter[str] = field(default_factory=Counter)
    """How many more generations of a partition people asked for, or let begin."""
    loose: set[str] = field(default_factory=set)
    """The runs in which people had something done again, or accepted changes."""
    mark: int = 0
    skipped: set[int] = field(default_factory=set)
    """What people let a mark pass."""

    def __post_init__(self) -> None:
        self.part = {each.label: each for each in self.parts}

    def _is_wrong(self, what: str) -> None:
        self.wrong.append(what)

    # What is done

    def is_done(self, label: str) -> bool:
        """Whether a partition may be complete: it was closed by a run that began after its end."""
        return any(
            each.what == "close" and each.done and each.label == label
            and self.began[each.run] >= self.part[label].over
            for each in self.log
        )  # fmt: skip

    def is_complete(self, label: str) -> bool:
        """Whether it is known to be complete."""
        over = self.part[label].over
        return any(run in self.complete and self.began[run] >= over for run in self.runs[label])

    def _check_turn(self, label: str, at: float, *, anyway: bool) -> None:
        if at < self.part[label].over and not anyway:
            self._is_wrong(f"{label} was begun before it was over")
        number = self.parts.index(self.part[label])
        if self.ordered and number and not self.is_done(self.parts[number - 1].label):
            self._is_wrong(f"{label} was begun before the one before it was complete")

    # What happens

    def begins(self, label: str, run: str, at: float, *, anyway: bool) -> None:
        """A generation is begun."""
        before = self.runs[label]
        early = sum(self.began[each] < self.part[label].over for each in before)
        if len(before) >= 1 + self.asked[label] + early:
            self._is_wrong(f"{label} was begun anew, for which nobody had asked")
        self._check_turn(label, at, anyway=anyway)
        before.append(run)
        self.began[run] = at

    def does(self, effect: Effect, at: float, *, anyway: bool) -> None:
        """A task begins to do something outside."""
        label, run = effect.label, effect.run
        self._check_turn(label, at, anyway=anyway)
        others = [each for each in self.log if each.label == label]
        if run not in self.runs[label]:
            self._is_wrong(f"{label} is done by run {run}, which never began")
        if run in self.complete:
            self._is_wrong(f"{label} is done again, though complete")
        if any(each.by is not effect.by and not each.by.over for each in others):
            self._is_wrong(f"two do {label} at once")
        same = [each for each in others if each.what == effect.what and each.run == run]
        if any(each.low != effect.low for each in same):
            self._is_wrong(f"{label} goes on from another mark")
        if run not in self.loose:
            if any(each.key != effect.key for each in same):
                self._is_wrong(f"{label} is done with another key")
            if any(each.done and not each.failed and not each.by.killed for each in same):
                self._is_wrong(f"{label} is done twice")
        if any(each.key == effect.key and each not in same for each in self.log):
            self._is_wrong(f"{label} is done with a key that isn't its own")
        loads = (each for each in others if each.what == "load" and each.run == run)
        if effect.what == "close" and not any(each.done and not each.failed for each in loads):
            self._is_wrong(f"{label} is closed and was never loaded")
        self.log.append(effect)

    def starts(
        self, label: str, complete: set[str], planned: set[str], *, again: bool, paused: bool
    ) -> None:
        """A plan's run is started.

        complete: the partitions that were so before the plan was made; planned: the runs that were
        complete when it was.
        """
        if label in complete and not again:
            self._is_wrong(f"{label} was complete, and is started")
        if again and self.is_complete(label) and not {*self.runs[label]} & self.complete <= planned:
            self._is_wrong(f"{label} was done meanwhile, and is started again")
        if paused:
            self._is_wrong(f"{label} is started in a pause")

    def moved(self, value: int, run: str | None) -> None:
        """A mark was moved, by a run or by a person."""
        if run is None:
            self.skipped.update(range(self.mark, value))
            self.mark = value
            return
        loads = [each for each in self.log if each.run == run and each.what == "load"]
        fitting = [each for each in loads if each.high == value and each.done and not each.failed]
        if not fitting:
            self._is_wrong(f"the mark is moved to {value}, and that isn't loaded")
        elif run not in self.loose and all(each.low != self.mark for each in fitting):
            self._is_wrong(f"the mark is moved from {self.mark}, and that isn't where it began")
        if value < self.mark:
            self._is_wrong(f"the mark goes back from {self.mark} to {value}")
        self.mark = value
        loaded = {n for each in self.log if each.done for n in range(each.low, each.high)}
        if {*range(value)} - loaded - self.skipped:
            self._is_wrong(f"the mark is moved to {value}, over what isn't loaded")
