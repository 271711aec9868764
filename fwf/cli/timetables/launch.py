"""Starting the partitions of a plan: in its order, so many at once, until all are over.

Each is looked at anew when its turn comes, and is a process of its own.
"""

import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias, final

from fwf import early
from fwf.cli.journals import HELD
from fwf.cli.refused_commands import status_of_signal
from fwf.cli.running import DEGRADED, FAILED
from fwf.records import changed, record
from fwf.schedules.planning import DONE, Blocker, Generation, Partition, Plan, Standing, standing

if TYPE_CHECKING:
    from fwf.schedules import Run

BLOCKED: Final = 69
"""The exit status where a run waits for another: `EX_UNAVAILABLE`."""
NOT_STARTED: Final = 71
"""The status where the system has no process for it: `EX_OSERR`."""
ONE: Final = 0.2
"""A signal that comes again within so many seconds is the same one: `timeout` sends its own to what
it has started, and to the group that this is in."""


class Ended(NamedTuple):
    """A process has ended: which partition's, and with which status, below 0 by a signal."""

    label: str
    status: int


class Child(Protocol):
    """A partition's run, in a process of its own."""

    def stop(self, signal: int, /) -> None:
        """Hand a signal on; nothing if it has ended."""
        ...


class Events(Protocol):
    """What has happened: a process has ended, or a signal has come, by its name."""

    def put(self, event: "Ended | str", /) -> None: ...
    def get(self) -> "Ended | str": ...
    def empty(self) -> bool: ...


@final
class EventQueue:
    """What happens to real processes."""

    def __init__(self) -> None:
        self._queue = SimpleQueue[Ended | str]()
        self.put = self._queue.put
        self.empty = self._queue.empty

    def get(self) -> "Ended | str":
        while True:
            with suppress(Empty):
                return self._queue.get(timeout=early.HEARD_WITHIN)


Start: TypeAlias = Callable[[Partition, Callable[[Ended], None]], Child]
"""Partition, whom to tell that it has ended ⟶ the process."""
Look: TypeAlias = "Callable[[Run[Any]], Sequence[Generation]]"
"""Partition ⟶ how the generations of its run stand now."""


@final
@record()
class Ending:
    """How it went with one partition.

    partition: as it stands now.
    status: of its process; None if none was started.
    seconds: how long that took.
    """

    partition: Partition
    status: int | None = None
    seconds: float = 0.0

    @property
    def standing(self) -> Standing:
        """How it stands now."""
        return self.partition.standing


@final
@record()
class Limits:
    """How many at once, and after how many that failed no further one is started."""

    at_once: int = 1
    stop_after: int | None = None


@final
class Backfill:
    """The processes of one plan."""

    def __init__(
        self,
        plan: Plan,
        look: Look,
        start: Start,
        say: Callable[[str], None],
        limits: Limits,
        *,
        events: Events | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._waiting = deque(plan.starts)
        self._all = len(self._waiting)
        self._look = look
        self._start = start
        self._say = say
        self._limits = limits
        self._events: Events = EventQueue() if events is None else events
        self._clock = clock
        self._at_work = dict[str, tuple[Partition, Child, float]]()
        self._signals = list[tuple[str, float]]()
        self._failures = 0
        self.endings = dict[str, Ending]()
        """By label, in the order in which they ended."""

    @property
    def stopped_by(self) -> str | None:
        """The signal that stopped it."""
        return self._signals[0][0] if self._signals else None

    @property
    def never_begun(self) -> Sequence[Partition]:
        """Those whose turn never came."""
        return tuple(self._waiting)

    def run(self) -> None:
        """Start them all, and wait for them. Signals are handed on; after a third it gives up."""
        with _heard(self._events.put):
            while True:
                self._start_more()
                if not self._at_work:
                    return
                self._hear(self._events.get())

    def _start_more(self) -> None:
        limit = self._limits.stop_after
        while self._waiting and len(self._at_work) < self._limits.at_once and not self._signals:
            while not self._events.empty():  # a signal, before one more is started
                self._hear(self._events.get())
            if self._signals or (limit is not None and self._failures >= limit):
                return
            self._turn(self._waiting.popleft())

    def _turn(self, each: Partition) -> None:
        label = each.run.label
        before = None if each.after is None else self.endings[each.after]
        if before is not None and before.standing not in DONE:
            self._keep(Ending(changed(each, standing="blocked", blocker=_blocker(before))))
            return
        generations = self._look(each.run)
        stands, last = standing(each.run, generations)
        if stands == "running":
            self._keep(Ending(changed(each, standing=stands, last=last), HELD))
            return
        if stands in DONE and last != each.last:  # by somebody else, meanwhile
            self._keep(Ending(changed(each, standing=stands, last=last)))
            return
        self._say(f"{label}, {self._all - len(self._waiting):,} of {self._all:,}")
        # One that was done before it was over finds that out itself, when it has its turn.
        again = each.again and stands in DONE and generations[-1].state == "ok"
        each = changed(each, again=again)
        try:
            child = self._start(each, self._events.put)
        except OSError as error:
            self._say(f"{label}: no process could be started: {error.strerror or error}")
            self._keep(Ending(_afterwards(each, generations), NOT_STARTED))
            return
        self._at_work[label] = each, child, self._clock()

    def _hear(self, event: Ended | str) -> None:
        if isinstance(event, Ended):
            self._ended(event)
        else:
            self._stop(event)

    def _ended(self, event: Ended) -> None:
        each, _, began = self._at_work.pop(event.label)
        now = _afterwards(each, self._look(each.run))
        if event.status == HELD:
            now = changed(now, standing="running")
        elif event.status == BLOCKED:
            now = changed(now, standing="blocked")
        elif event.status == DEGRADED and now.standing == "complete":
            now = changed(now, standing="degraded")
        self._keep(Ending(now, event.status, self._clock() - began))

    def _keep(self, ending: Ending) -> None:
        self.endings[ending.partition.run.label] = ending
        self._failures += ending.standing not in {*DONE, "running", "blocked"}

    def _stop(self, name: str) -> None:
        now = self._clock()
        if self._signals and self._signals[-1][0] == name and now - self._signals[-1][1] < ONE:
            return
        self._signals.append((name, now))
        number = signal.SIGKILL if len(self._signals) > 2 else signal.Signals[name]
        for _, child, _ in self._at_work.values():
            child.stop(number)


def _afterwards(each: Partition, generations: Sequence[Generation]) -> Partition:
    """A partition that was started ⟶ how it stands: by its newest generation.

    One before that may be complete all the same. Where the newest was to be done once more and
    still is the newest, nobody has begun that.
    """
    newest = generations[-1:]
    never_begun = each.again and [*newest] == [each.last]
    stands, last = standing(each.run, () if never_begun else newest)
    return changed(each, standing=stands, last=last)


def _blocker(before: Ending) -> Blocker:
    """What those wait for that come after a partition which isn't complete."""
    each = before.partition
    if each.blocker is not None:
        return each.blocker
    return Blocker(each.run.label, each.standing, each.last and each.last.changed)


@contextmanager
def _heard(tell: Callable[[str], None]) -> Generator[None]:
    """Signals that would end this process are told instead."""

    def hear(number: int, frame: FrameType | None) -> None:
        tell(signal.Signals(number).name)

    before: list[tuple[int, Any]] = []
    here = threading.current_thread() is threading.main_thread()
    for number in early.numbers() if here else ():
        if signal.getsignal(number) is not signal.SIG_IGN:
            before.append((number, signal.signal(number, hear)))
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def status_of(
    endings: Sequence[Ending], blocked: Sequence[Partition], stopped_by: str | None
) -> int:
    """How all went, what was blocked from the start ⟶ the exit status: the worst of all.

    128 and the signal's number; 1, one isn't complete; 69, one waits for one that isn't; 75,
    somebody else goes on with one; 3, one is degraded, and that isn't to be.
    """
    if stopped_by is not None:
        return status_of_signal(stopped_by)
    stand = [each.partition for each in endings] + [*blocked]
    ways = {each.standing for each in stand} - {*DONE, "running", "blocked"}
    if ways:
        return FAILED
    if any(each.standing == "blocked" and not _busy(each) for each in stand):
        return BLOCKED
    if any(each.standing in ("running", "blocked") for each in stand):
        return HELD
    return DEGRADED if any(each.status == DEGRADED for each in endings) else 0


def _busy(each: Partition) -> bool:
    """Whether what a partition waits for is at work."""
    return each.blocker is not None and each.blocker.standing == "running"
