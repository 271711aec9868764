"""Progress on a terminal: what runs now and for how long, what is tried again, what is done."""

from collections.abc import Iterator
from contextlib import suppress
from threading import RLock
from typing import Any, Final, final

from returns.result import Failure, Result
from rich.console import Console
from rich.live import Live as Screen
from rich.table import Table
from rich.text import Text

from fwf.cli.tally import MOST_NAMED, Group, Tally, at_work
from fwf.durations import measured_in_words
from fwf.faults import Fault
from fwf.interpreters.run import Clock, Note, Try
from fwf.journal.story import short
from fwf.printing import one_line
from fwf.telling.event_words import reason

A_SECOND: Final = 8
"""How often the picture is drawn."""


@final
class Live:
    """A picture of the run at the bottom of the terminal; it goes away when the run is over."""

    def __init__(
        self, title: str, clock: Clock, console: Console, *, tasks_print_there: bool
    ) -> None:
        self._title = one_line(title)
        self._clock = clock
        self._console = console
        self._tally = Tally(clock.now())
        self._caught: list[Fault] = []
        self._ended = False
        self._lock = RLock()
        self._screen = Screen(
            console=console,
            get_renderable=self._picture,
            refresh_per_second=A_SECOND,
            transient=True,
            redirect_stdout=tasks_print_there,
        )
        self._screen.start()

    def began(self, this: Try, /) -> None:
        with self._lock:
            self._tally = Tally(this.start)
        if this.taken_back:
            self._print(f"fwf: {this.taken_back}")
        again = f", goes on, try {this.number}" if this.number > 1 else ""
        self._print(f"{self._title}  {short(this.id)}{again}")
        for remark in this.remarks:
            self._print(f"  journal {one_line(remark)}")
        if this.died is not None:
            self._print(f"  died {one_line(this.died)}")

    def note(self, note: Note, /) -> None:
        with self._lock:
            if note.kind == "caught":
                self._tally.catches += 1
                self._caught += [leaf for leaf, _ in self._tally.answered(note.detail)]
                return
            self._tally.note(note)
            if note.kind == "retry":
                self._tally.answered(note.detail)

    def idle(self) -> None:
        """The picture follows by itself."""

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        if isinstance(result, Failure):  # which is told after this
            self._tally.answered(result.failure())
        self._ended = True

    def close(self) -> None:
        """Leave what the run comes to, and those failures that its outcome doesn't tell of."""
        with suppress(OSError):
            self._screen.stop()
            if not self._ended:
                return
            self._print(f"{self._title}  {self._tally.summary(self._clock.now())}")
            failures = [("failed", fault) for fault in self._tally.open.values()]
            failures += [("caught", fault) for fault in self._caught]
            for word, fault in failures[:MOST_NAMED]:
                self._print(f"  {word} {one_line(fault.path)}: {reason(fault)}")
            more = len(failures) - MOST_NAMED
            if more > 0:
                self._print(f"  … and {more:,} more: --log-file and --history name them all")

    def _print(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)

    def _picture(self) -> Table:
        with self._lock:
            now = self._clock.now()
            picture = Table.grid(padding=(0, 2), expand=True)
            picture.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
            picture.add_column(no_wrap=True, overflow="ellipsis", justify="right")
            picture.add_row(Text(self._title, "bold"), Text(self._tally.summary(now), "dim"))
            rows = list(self._rows(now))
            room = max(1, self._console.height - 3)
            for place, state in rows[:room]:
                picture.add_row(place, state)
            if len(rows) > room:
                picture.add_row(Text(f"  and {len(rows) - room:,} more", "dim"), Text())
            return picture

    def _rows(self, now: int) -> Iterator[tuple[Text, Text]]:
        for group in at_work(iter(self._tally.groups.values())):
            if group.running:
                yield Text(f"  {group.name}"), _running(group, now)
            waiting = [note for note in group.waiting.values() if note.at > now]
            if waiting:
                soonest = min(waiting, key=lambda note: note.at)
                yield Text(f"  {group.name}"), _waiting(soonest, len(waiting), now)


def _running(group: Group, now: int) -> Text:
    elapsed = measured_in_words(now - min(group.running.values()))
    if group.many:
        return Text(f"{len(group.running):,} running, {group.counts()}  {elapsed}", "cyan")
    tries = max(attempt[1] for attempt in group.running)
    again = f"attempt {tries[-1]}  " if tries and tries[-1] > 1 else ""
    return Text(f"{again}{elapsed}", "cyan")


def _waiting(soonest: Note, waiting: int, now: int) -> Text:
    which = f"{waiting:,} wait, the next will retry" if waiting > 1 else "will retry"
    return Text(
        f"{which} in {measured_in_words(soonest.at - now)}: {reason(soonest.detail)}", "yellow"
    )
