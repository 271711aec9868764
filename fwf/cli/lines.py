"""Progress as plain lines, for logs: one for each event, a few for the items of a map.

12:00:03 start  daily > orders
12:00:04 failed daily > orders  0.8s, will retry in 5s: ConnectionError: no route
12:00:10 ok     daily > orders  1.2s
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, final

from fwf.cli.misuse import one_line
from fwf.cli.tally import (
    MOST_NAMED,
    SECOND,
    Group,
    Tally,
    reason,
    spoken,
    spoken_delay,
    together,
)
from fwf.faults import Fault, leaves
from fwf.interpreters.run import Clock, Note

SINGLY: Final = 3
"""So many failures of one group that are tried again are told singly; of others `MOST_NAMED`."""
AT_LEAST_EVERY: Final = 5 * SECOND
"""How long a group of items may go on before its counts are told again: that, or a tenth of its
age if that is longer."""


@final
class Lines:
    """Tells each event in a line. Of items: the first start, the failures, counts, a total."""

    def __init__(self, clock: Clock, write: Callable[[str], None]) -> None:
        self._clock = clock
        self._write = write
        self._tally = Tally(clock.now())
        self._began = datetime.now().astimezone()
        self._held: dict[str, tuple[Note, int]] = {}
        """By path, failures of this instant, each of which something may still answer."""
        self._told: dict[str, tuple[int, int]] = {}
        """Of each group of items: how many had ended when it was last told, and when that was."""
        self._named = Counter[tuple[str, int]]()
        """How many failures of a group there were, of those of which so many are told."""

    def observe(self, note: Note) -> None:
        if note.kind == "retry":
            self._retry(note)
            return
        if note.kind == "caught":
            self._caught(note)
            return
        if note.kind == "start":
            self.idle()
        group, took = self._tally.note(note)
        if note.kind == "failed":
            self._held[note.path] = (note, took)
        if group.many:
            self._of_items(group, note)
        elif note.kind != "failed":
            took_so_long = "" if note.kind == "start" else f"  {spoken(took)}"
            self._line(note.kind, note.path, took_so_long, note.at)
        if note.kind == "start":
            self._left_behind(group)

    def idle(self) -> None:
        """Tell the failures that nothing has answered at once."""
        for note, took in self._held.values():
            self._failed(note, took, "", MOST_NAMED)
        self._held.clear()

    def failed(self, fault: Fault) -> None:
        """Its failures were told when they happened."""

    def end(self) -> None:
        self.idle()
        for (name, most), all_told in self._named.items():
            if most == MOST_NAMED and all_told > most:
                self._line("failed", name, f"  and {all_told - most:,} more that aren't named")
        for group in self._tally.groups.values():
            if group.many:
                self._counts(group, "total")
        self._line("done", "", f"in {self._tally.summary(self._clock.now())}")

    def _retry(self, note: Note) -> None:
        held = self._answered(note)
        group, _ = self._tally.note(note)
        now = self._clock.now()
        since = held[0][0].at if held and now < note.at else now
        delay = spoken_delay(note.at - since)
        for failed, took in held:
            self._failed(failed, took, f", will retry in {delay}", SINGLY)
        unsaid = len(held) < len(leaves(note.detail))
        if unsaid and (not group.many or group.retries <= SINGLY):
            self._line("retry", note.path, f"  in {delay}: {reason(note.detail)}")

    def _caught(self, note: Note) -> None:
        held = self._answered(note)
        self._tally.catch(note)
        for failed, took in held:
            self._failed(failed, took, ", caught", MOST_NAMED)
        if len(held) < len(leaves(note.detail)) and self._names(note.path, MOST_NAMED):
            self._line("caught", note.path, f"  {reason(note.detail)}", note.at)

    def _answered(self, note: Note) -> list[tuple[Note, int]]:
        """The failures of this instant that the fault in a note is made of."""
        paths = [leaf.path for leaf in leaves(note.detail)]
        return [self._held.pop(path) for path in paths if path in self._held]

    def _failed(self, note: Note, took: int, answer: str, most: int) -> None:
        if self._names(note.path, most):
            said = f"  {spoken(took)}{answer}: {reason(note.detail)}"
            self._line("failed", note.path, said, note.at)

    def _names(self, path: str, most: int) -> bool:
        """Whether one more failure there is told singly; those at a place of its own always are."""
        name = together(path)
        if name == one_line(path):
            return True
        self._named[name, most] += 1
        return self._named[name, most] <= most

    # Items

    def _of_items(self, group: Group, note: Note) -> None:
        if group.name not in self._told:
            self._told[group.name] = (0, note.at)
            self._line("start", group.name, at=note.at)
        pause = max(AT_LEAST_EVERY, (note.at - group.since) // 10)
        if note.at - self._told[group.name][1] >= pause:
            self._counts(group, "so far")

    def _left_behind(self, entered: Group) -> None:
        """Tell of items that have all ended, it seems, now that something else starts.

        If they had not, their counts are told again only when they have doubled, or later on.
        """
        now = self._clock.now()
        for name, (told, at) in self._told.items():
            group = self._tally.groups[name]
            busy = group.running or group.waiting or _same_items(group, entered)
            if not busy and (group.ended >= max(1, 2 * told) or now - at >= SECOND):
                self._counts(group, "so far")

    def _counts(self, group: Group, word: str) -> None:
        """Tell what has ended; as a total only when the run is over, for more may always come."""
        if word != "total" and group.ended == self._told[group.name][0]:
            return
        self._told[group.name] = (group.ended, self._clock.now())
        self._line(word, group.name, f"  {group.counts()}, {spoken(group.until - group.since)}")

    def _line(self, word: str, path: str, more: str = "", at: int | None = None) -> None:
        now = self._clock.now() if at is None else at
        time = self._began + timedelta(microseconds=now - self._tally.start)
        self._write(f"{time:%H:%M:%S} {word:<6} {one_line(path)}{more}")


def _same_items(one: Group, other: Group) -> bool:
    return one.name.partition("[*]")[0] == other.name.partition("[*]")[0]
