"""How far a run has come: what its attempts are doing, counted by place.

Items of a `map_each` and rounds of a loop are counted together: `map_each[*] > parse`.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol, cast, final

from fwf.cli.misuse import one_line
from fwf.faults import Failed, Fault, counted, leaves, named_text, shown_path
from fwf.interpreters.run import Clock, Note

_TAG: Final = re.compile(r"\[[^\]]*\]")
SECOND: Final = 1_000_000
MOST_REASON: Final = 200
MOST_NAMED: Final = 100
"""So many failures are named, of one group or after the run; the others are counted."""


class Progress(Protocol):
    """Tells of a run while it goes on."""

    def observe(self, note: Note) -> None:
        """Something happened; called on the scheduler's thread."""
        ...

    def idle(self) -> None:
        """Nothing more happens at this instant; the run waits for work or for time."""
        ...

    def failed(self, fault: Fault) -> None:
        """The run has failed with this fault, which is told after its progress."""
        ...

    def end(self) -> None:
        """The run is over."""
        ...


@final
class Group:
    """The attempts at one place, or at all items of it."""

    __slots__ = (
        "cut",
        "failed",
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
        self.ok = self.failed = self.cut = self.retries = 0
        self.running: dict[tuple[str, tuple[int, ...]], int] = {}
        """When each attempt at work started."""
        self.waiting: dict[str, Note] = {}
        """What will be tried again, and when."""

    @property
    def ended(self) -> int:
        return self.ok + self.failed + self.cut

    def counts(self) -> str:
        """`120 ok, 3 failed`: what has ended, and how."""
        return ended_as(self.ok, self.failed, self.cut, self.retries)


@final
class Tally:
    """What a run has been told to do and has done."""

    def __init__(self, now: int) -> None:
        self.start = now
        self.groups: dict[str, Group] = {}
        self.open: dict[str, Fault] = {}
        """Failures of attempts that nothing has answered so far, by path."""
        self.caught: list[Fault] = []
        """The first faults that something took up, so that the run went on."""
        self.catches = 0

    def catch(self, note: Note) -> None:
        """Count a fault that a fallback or a map that collects took up."""
        self.answered(note.detail)
        self.catches += 1
        if len(self.caught) < MOST_NAMED:
            self.caught.append(note.detail)

    def answered(self, fault: Fault) -> None:
        """What this fault is made of is told elsewhere."""
        for leaf in leaves(fault):
            self.open.pop(leaf.path, None)

    def note(self, note: Note) -> tuple[Group, int]:
        """Count a note ⟶ where it belongs and, of an attempt that ended, how long it took."""
        group = self._group(note)
        attempt = (note.path, note.tries)
        if note.kind == "retry":
            group.retries += 1
            group.waiting[note.path] = note
            self.answered(note.detail)
            return group, 0
        if note.kind == "start":
            group.running[attempt] = note.at
            group.waiting.pop(note.path, None)
            return group, 0
        if note.kind == "failed":
            self.open[note.path] = note.detail
        setattr(group, note.kind, getattr(group, note.kind) + 1)
        group.until = max(group.until, note.at)
        return group, note.at - group.running.pop(attempt, note.at)

    def _group(self, note: Note) -> Group:
        name = together(note.path or note.task)
        if name not in self.groups:
            self.groups[name] = Group(name, name != note.path, note.at)
        return self.groups[name]

    def summary(self, now: int) -> str:
        """`6.1s: 120 ok, 3 failed`."""
        groups = self.groups.values()
        totals = [
            sum(cast(int, getattr(group, each)) for group in groups)
            for each in ("ok", "failed", "cut", "retries")
        ]
        caught = f", {self.catches:,} caught" if self.catches else ""
        return f"{spoken(now - self.start)}: {ended_as(*totals)}{caught}"


def ended_as(ok: int, failed: int, cut: int, retries: int) -> str:
    """Counts ⟶ words, those of nothing left out."""
    said = [f"{ok:,} ok"]
    said += [f"{failed:,} failed"] if failed else []
    said += [f"{cut:,} cut"] if cut else []
    said += [counted(retries, "retry").replace("retrys", "retries")] if retries else []
    return ", ".join(said)


def together(path: str) -> str:
    """`map_each[acme] > parse` ⟶ `map_each[*] > parse`."""
    return one_line(_TAG.sub("[*]", path), 300)


def spoken(microseconds: float) -> str:
    """A length of time in a few characters: `7ms`, `1.2s`, `2m05s`, `1h02m`."""
    seconds = max(0.0, microseconds / SECOND)
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    return f"{minutes // 60}h{minutes % 60:02}m"


def spoken_delay(microseconds: float) -> str:
    """A delay as it was asked for: `5s`, `0.25s`; longer ones like every length of time."""
    seconds = max(0.0, microseconds / SECOND)
    return f"{seconds:.2g}s" if seconds < 59.5 else spoken(microseconds)


def reason(fault: Fault) -> str:
    """Fault ⟶ why, without the place: `ConnectionError: no route`; and how many more reasons."""
    first, *more = leaves(fault)
    if isinstance(first, Failed) and first.cause is not None:
        said = reason(first.cause)
    elif isinstance(first, Failed):
        name = first.tags[0].rpartition(".")[2]
        said = f"{name}: {first.message}" if first.message else name
    else:
        said = str(first).removeprefix(f"{shown_path(first.path)}: ")
    also = f" (and {len(more):,} more)" if more else ""
    return one_line(said, MOST_REASON) + also


@final
class Harmless:
    """Progress that can't harm the run: where it fails that is told, and no more of it."""

    def __init__(self, progress: Progress, complain: Callable[[str], None]) -> None:
        self._progress = progress
        self._complain = complain
        self._broken = False

    def observe(self, note: Note) -> None:
        if not self._broken:
            self._try(lambda: self._progress.observe(note))

    def idle(self) -> None:
        if not self._broken:
            self._try(self._progress.idle)

    def failed(self, fault: Fault) -> None:
        if not self._broken:
            self._try(lambda: self._progress.failed(fault))

    def end(self) -> None:
        self._try(self._progress.end)

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            if not self._broken:
                self._broken = True
                said = one_line(named_text(error), MOST_REASON)
                self._complain(f"progress can't be shown: {said}; the run goes on")


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
