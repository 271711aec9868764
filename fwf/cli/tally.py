"""How far a run has come: what its attempts are doing, counted by place.

Items of a `map_each` and rounds of a loop are counted together: `map_each[*] > parse`.
"""

import re
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, Final, Protocol, cast, final

from returns.result import Result

from fwf.durations import measured_in_words
from fwf.faults import Fault, counted, leaves, named_text
from fwf.interpreters.run import Clock, Here, Note, Observer, Try
from fwf.printing import one_line
from fwf.telling.event_words import MOST_REASON

_TAG: Final = re.compile(r"\[[^\]]*\]")
MOST_NAMED: Final = 100
"""So many failures are left on a terminal; the others are counted."""


class Progress(Observer, Protocol):
    """Tells of a run while it goes on."""

    def idle(self) -> None:
        """Nothing more happens at this instant; the run waits for work or for time."""
        ...

    def close(self) -> None:
        """Nothing is told any more, also where no try ever began."""
        ...


@final
class Group:
    """The attempts at one place, or at all items of it."""

    __slots__ = (
        "cut",
        "failed",
        "held",
        "kept",
        "many",
        "name",
        "ok",
        "retries",
        "running",
        "since",
        "until",
        "waiting",
    )

    def __init__(self, name: str, many: bool, since: int) -> None:
        self.name = name
        self.many = many
        """Whether it stands for items or rounds."""
        self.since = self.until = since
        """When the first attempt started, and when the last one that has ended did."""
        self.ok = self.failed = self.cut = self.kept = self.held = self.retries = 0
        self.running: dict[tuple[str, tuple[int, ...]], int] = {}
        """When each attempt at work started."""
        self.waiting: dict[str, Note] = {}
        """What will be tried again, and when."""

    @property
    def ended(self) -> int:
        return self.ok + self.failed + self.cut

    def counts(self) -> str:
        """`120 ok, 3 failed`: what has ended, and how."""
        return ended_as([self])


@final
class Tally:
    """What a run has been told to do and has done."""

    def __init__(self, now: int) -> None:
        self.start = now
        self.groups: dict[str, Group] = {}
        self.open: dict[str, Fault] = {}
        """Failures of attempts that nothing has answered so far, by path."""
        self.kept = 0
        """Steps that earlier tries have done."""
        self.catches = 0

    def answered(self, fault: Fault) -> list[tuple[Fault, bool]]:
        """The single faults of one that something took up, and whether each was an attempt's.

        An attempt's was told when it failed; others, such as a timeout, nobody has told of yet.
        """
        faults: list[tuple[Fault, bool]] = []
        for leaf in leaves(fault):
            is_told = self.open.get(leaf.path) == leaf
            if is_told:
                del self.open[leaf.path]
            faults.append((leaf, is_told))
        return faults

    def note(self, note: Note) -> tuple[Group, int]:
        """Count a note ⟶ where it belongs and, of an attempt that ended, how long it took.

        Of what was taken up again, or caught, the faults are still to be `answered`.
        """
        group = self._group(note)
        attempt = (note.path, note.tries)
        match note.kind:
            case "retry":
                group.retries += 1
                group.waiting[note.path] = note
                return group, 0
            case "start":
                group.running[attempt] = note.at
                group.waiting.pop(note.path, None)
                return group, 0
            case "failed" | "held":
                self.open[note.path] = note.detail
            case _:
                self.kept += note.kind == "kept"
        setattr(group, note.kind, getattr(group, note.kind) + 1)
        group.until = max(group.until, note.at)
        return group, note.at - group.running.pop(attempt, note.at)

    def _group(self, note: Note) -> Group:
        name = together(note.path or note.task)
        if name not in self.groups:
            self.groups[name] = Group(name, bool(_TAG.search(note.path)), note.at)
        return self.groups[name]

    def summary(self, now: int) -> str:
        """`6.1s: 120 ok, 3 failed`."""
        caught = f", {self.catches:,} caught" if self.catches else ""
        return f"{measured_in_words(now - self.start)}: {ended_as(self.groups.values())}{caught}"


def ended_as(groups: Collection[Group]) -> str:
    """Counts ⟶ words, those of nothing left out."""

    def count(each: str) -> int:
        return sum(cast(int, getattr(group, each)) for group in groups)

    counts = [f"{count('ok'):,} ok"]
    counts += [
        f"{count(each):,} {each}" for each in ("failed", "held", "cut", "kept") if count(each)
    ]
    retries = count("retries")
    counts += [counted(retries, "retry").replace("retrys", "retries")] if retries else []
    return ", ".join(counts)


def together(path: str) -> str:
    """`map_each[acme] > parse` ⟶ `map_each[*] > parse`."""
    return one_line(_TAG.sub("[*]", path), 300)


@final
class Harmless:
    """An observer that can't harm the run, nor clutter what is told of it.

    What it raises is told in a line, once.

    what: what can't be done then.
    again: whether it is told of more after that, as of files on a disk that has room again.
    """

    def __init__(
        self, observer: Observer, complain: Callable[[str], None], what: str, *, again: bool = False
    ) -> None:
        self._observer = observer
        self._complain = complain
        self._what = what
        self._again = again
        self._has_raised = False
        self.locates = getattr(observer, "locates", False)
        self._inside: Callable[[Here], None] | None = getattr(observer, "inside", None)

    def began(self, this: Try, /) -> None:
        self._try(partial(self._observer.began, this))

    def note(self, note: Note, /) -> None:
        self._try(partial(self._observer.note, note))

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        self._try(partial(self._observer.ended, this, result))

    def inside(self, here: Here, /) -> None:
        if self._inside is not None:
            self._try(partial(self._inside, here))

    def idle(self) -> None:
        self._try(cast(Progress, self._observer).idle)

    def close(self) -> None:
        """Also of one that is broken: a picture must leave the terminal."""
        self._try(cast(Progress, self._observer).close, always=True)

    def _try(self, act: Callable[[], None], *, always: bool = False) -> None:
        if self._has_raised and not (self._again or always):
            return
        try:
            act()
        except Exception as error:
            if not self._has_raised:
                self._has_raised = True
                reason = one_line(named_text(error), MOST_REASON)
                self._complain(f"{self._what}: {reason}; the run goes on")


@final
class Watched:
    """The run's clock; says when the run waits, so that what was held back is told then."""

    def __init__(self, clock: Clock, idle: Callable[[], None]) -> None:
        self._clock = clock
        self._idle = idle

    def now(self) -> int:
        return self._clock.now()

    def wait(self, inbox: Any, until: float, busy: int) -> list[Any]:
        self._idle()
        return self._clock.wait(inbox, until, busy)

    def cut(self, worker: int) -> None:
        self._clock.cut(worker)

    def release(self) -> None:
        self._clock.release()


def at_work(groups: Iterator[Group]) -> Iterator[Group]:
    """Those groups in which something runs or waits for another try."""
    return (group for group in groups if group.running or group.waiting)
