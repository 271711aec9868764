"""Progress as plain lines, for logs: one for each event, a few for the items of a map.

12:00:03 start  daily > orders
12:00:04 failed daily > orders  0.8s, will retry in 5s: ConnectionError: no route
12:00:10 ok     daily > orders  1.2s
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, final

from fwf.cli.misuse import one_line
from fwf.cli.tally import SECOND, Group, Tally, reason, spoken, spoken_delay
from fwf.faults import leaves
from fwf.interpreters.run import Clock, Note

SINGLY: Final = 3
"""So many failures of one group are told singly; later ones are only counted."""
AT_LEAST_EVERY: Final = 5 * SECOND
"""How long a group of items may go on before its counts are told again: that, or a tenth of its
age if that is longer."""


@final
class Lines:
    """Tells each event in a line. Of items: the first start, the first failures, then counts."""

    def __init__(self, clock: Clock, write: Callable[[str], None]) -> None:
        self._clock = clock
        self._write = write
        self._tally = Tally(clock.now())
        self._began = datetime.now().astimezone()
        self._held: tuple[Note, int] | None = None
        self._told: dict[str, tuple[int, int]] = {}
        """Of each group of items: how many had ended when it was last told, and when that was."""

    def observe(self, note: Note) -> None:
        if note.kind == "retry":
            self._retry(note)
            return
        self.idle()
        group, took = self._tally.note(note)
        if group.many:
            self._of_items(group, note, took)
        else:
            self._single(note, took)
        if note.kind == "start":
            self._left_behind(group)

    def idle(self) -> None:
        """Tell the failure that a retry might have followed."""
        held, self._held = self._held, None
        if held is not None:
            note, took = held
            self._line("failed", note.path, f"  {spoken(took)}: {reason(note.detail)}")

    def end(self) -> None:
        self.idle()
        for group in self._tally.groups.values():
            self._counts(group)
        self._line("done", "", f"in {self._tally.summary(self._clock.now())}")

    def _single(self, note: Note, took: int) -> None:
        if note.kind == "failed":
            self._held = (note, took)
        else:
            took_so_long = "" if note.kind == "start" else f"  {spoken(took)}"
            self._line(note.kind, note.path, took_so_long, note.at)

    def _retry(self, note: Note) -> None:
        held, self._held = self._held, None
        group, _ = self._tally.note(note)
        delay = spoken_delay(note.at - (held[0].at if held else self._clock.now()))
        if held is not None and held[0].detail in leaves(note.detail):
            failed, took = held
            said = f"  {spoken(took)}, will retry in {delay}: {reason(failed.detail)}"
            self._line("failed", failed.path, said)
        elif not group.many or group.retries <= SINGLY:
            self._line("retry", note.path, f"  in {delay}: {reason(note.detail)}")

    # Items

    def _of_items(self, group: Group, note: Note, took: int) -> None:
        if group.name not in self._told:
            self._told[group.name] = (0, note.at)
            self._line("start", group.name, at=note.at)
        if note.kind == "failed" and group.failed <= SINGLY:
            self._held = (note, took)
        pause = max(AT_LEAST_EVERY, (note.at - group.since) // 10)
        if note.at - self._told[group.name][1] >= pause:
            self._counts(group)

    def _left_behind(self, entered: Group) -> None:
        """Tell of items that have all ended, it seems, now that something else starts.

        If they had not, their counts are told again only when they have doubled, or later on.
        """
        now = self._clock.now()
        for name, (told, at) in self._told.items():
            group = self._tally.groups[name]
            busy = group.running or group.waiting or _same_items(group, entered)
            if not busy and (group.ended >= max(1, 2 * told) or now - at >= SECOND):
                self._counts(group)

    def _counts(self, group: Group) -> None:
        if not group.many or group.ended == self._told[group.name][0]:
            return
        self._told[group.name] = (group.ended, self._clock.now())
        word = "so far" if group.running or group.waiting else "total"
        self._line(word, group.name, f"  {group.counts()}, {spoken(group.until - group.since)}")

    def _line(self, word: str, path: str, more: str = "", at: int | None = None) -> None:
        now = self._clock.now() if at is None else at
        time = self._began + timedelta(microseconds=now - self._tally.start)
        self._write(f"{time:%H:%M:%S} {word:<6} {one_line(path)}{more}")


def _same_items(one: Group, other: Group) -> bool:
    return one.name.partition("[*]")[0] == other.name.partition("[*]")[0]
