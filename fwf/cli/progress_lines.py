"""Progress as plain lines, for logs: one for each event, a few for the items of a map.

2026-11-28 02:14:06+01:00 7c3a09e1 run    daily  day=2026-11-27, as 019acd7a-…-0d417c3a09e1
2026-11-28 02:14:06+01:00 7c3a09e1 start  daily > orders
2026-11-28 02:14:07+01:00 7c3a09e1 failed daily > orders  0.8s, will retry in 5s: OSError: no route
2026-11-28 02:14:13+01:00 7c3a09e1 ok     daily > orders  1.2s
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, final

from returns.result import Failure, Result

from fwf.cli.tally import Group, Tally, together
from fwf.durations import SECOND, measured_in_words
from fwf.faults import Fault, Interrupted, counted, leaves
from fwf.interpreters.run import Clock, Note, Try
from fwf.journal.story import short
from fwf.printing import one_line
from fwf.telling.event_words import MOST_REMEDY, reason

SINGLY: Final = 3
"""So many failures of one group that are tried again are told singly; of others all are."""
AT_LEAST_EVERY: Final = 5 * SECOND
"""How long a group of items may go on before its counts are told again: that, or a tenth of its
age if that is longer."""
MOST_PARAMETERS: Final = 300
MOST_PATH: Final = 300


@final
class Lines:
    """Tells each event in a line. Of items: the first start, the failures, counts, a total."""

    def __init__(self, title: str, clock: Clock, write: Callable[[str], None]) -> None:
        self._title = title
        self._clock = clock
        self._write = write
        self._this: Try
        self._tally: Tally
        self._fresh: dict[str, tuple[Note, int]] = {}
        """By path, failures of this instant, each of which something may still answer."""
        self._last_counts: dict[str, tuple[int, int]] = {}
        """Of each group of items: how many had ended when it was last told, and when that was."""
        self._singly = Counter[str]()
        """How many failures of a group were tried again."""
        self._kept_is_told = False

    def began(self, this: Try, /) -> None:
        self._this = this
        self._tally = Tally(this.start)
        if this.taken_back:
            self._write(f"fwf: {this.taken_back}")
        for remark in this.remarks:
            self._line("journal", self._title, f"  {one_line(remark)}", this.start)
        if this.died is not None:
            self._line("died", self._title, f"  {one_line(this.died)}", this.start)
        again = f", generation {this.generation}" if this.generation > 1 else ""
        goes_on = f", goes on, try {this.number}" if this.number > 1 else ""
        params = " ".join(f"{name}={value}" for name, value in this.params.items())
        parameters = one_line(f"{params}, as" if params else "as", MOST_PARAMETERS)
        self._line("run", self._title, f"  {parameters} {this.id}{again}{goes_on}", this.start)

    def note(self, note: Note, /) -> None:
        match note.kind:
            case "retry":
                self._tell_retry(note)
            case "caught":
                self._tell_caught(note)
            case "kept":
                if note.task:  # else it is a remark on a place
                    self._tally.note(note)
                if isinstance(note.detail, str):
                    self._line(
                        "kept", note.path, f"  {one_line(note.detail, MOST_REMEDY)}", note.at
                    )
            case "held":
                self._tell_held(note)
            case _:
                self._attempt(note)

    def idle(self) -> None:
        """Tell the failures that nothing has answered at once, and what needn't be done again."""
        for note, took in self._fresh.values():
            self._tell_failed(note, took, "")
        self._fresh.clear()
        self._tell_kept()

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        self.idle()
        word = ""
        if isinstance(result, Failure):
            word = (
                "held " if any(group.held for group in self._tally.groups.values()) else "failed "
            )
            for leaf, is_told in self._tally.answered(result.failure()):
                word = "stopped " if isinstance(leaf, Interrupted) else word
                if not is_told:
                    self._line("failed", leaf.path or self._title, f"  {reason(leaf)}")
        for group in self._tally.groups.values():
            if group.many:
                self._counts(group, "total")
        self._line("done", self._title, f"  {word}in {self._tally.summary(self._clock.now())}")

    def close(self) -> None:
        """All was told."""

    def _attempt(self, note: Note) -> None:
        if note.kind == "start":
            self.idle()
        group, took = self._tally.note(note)
        if note.kind == "failed":
            self._fresh[note.path] = (note, took)
        if group.many:
            self._of_items(group, note)
        elif note.kind != "failed":
            took_so_long = "" if note.kind == "start" else f"  {measured_in_words(took)}"
            self._line(note.kind, note.path, took_so_long, note.at)
        if note.kind == "start":
            self._left_behind(group)

    def _tell_retry(self, note: Note) -> None:
        fresh = self._answered_failures(note)
        group, _ = self._tally.note(note)
        now = self._clock.now()
        since = fresh[0][0].at if fresh and now < note.at else now
        delay = measured_in_words(note.at - since)
        for failed, took in fresh:
            if self._is_one_of_few(failed.path):
                self._tell_failed(failed, took, f", will retry in {delay}")
        unsaid = len(fresh) < len(leaves(note.detail))
        if unsaid and (not group.many or group.retries <= SINGLY):
            self._line("retry", note.path, f"  in {delay}: {reason(note.detail)}")
        self._tally.answered(note.detail)

    def _tell_caught(self, note: Note) -> None:
        """Tell of each fault that something took up, with its reason unless that was told."""
        fresh = self._answered_failures(note)
        for failed, took in fresh:
            self._tell_failed(failed, took, ", caught")
        now = {failed.path for failed, _ in fresh}
        before = 0
        for leaf, is_told in self._tally.answered(note.detail):
            if not is_told:
                self._line("caught", leaf.path or note.path, f"  {reason(leaf)}", note.at)
            before += is_told and leaf.path not in now
        if before:
            self._line("caught", note.path, f"  {counted(before, 'failure')} told before", note.at)
        self._tally.catches += 1

    def _tell_held(self, note: Note) -> None:
        self.idle()
        self._tally.note(note)
        self._line("held", note.path, f"  {reason(note.detail, MOST_REMEDY)}", note.at)

    def _tell_kept(self) -> None:
        """Tell once what needn't be done again; if there is more, the summary has it all."""
        if self._tally.kept and not self._kept_is_told:
            self._kept_is_told = True
            count = f"  {counted(self._tally.kept, 'step')} kept from earlier tries"
            self._line("kept", self._title, count)

    def _is_one_of_few(self, path: str) -> bool:
        """Whether one more failure there is told singly; those at a place of its own always are."""
        name = together(path)
        self._singly[name] += 1
        return name == one_line(path, MOST_PATH) or self._singly[name] <= SINGLY

    def _answered_failures(self, note: Note) -> list[tuple[Note, int]]:
        """The failures of this instant that the fault in a note is made of."""
        paths = [leaf.path for leaf in leaves(note.detail)]
        return [self._fresh.pop(path) for path in paths if path in self._fresh]

    def _tell_failed(self, note: Note, took: int, answer: str) -> None:
        message = f"  {measured_in_words(took)}{answer}: {reason(note.detail)}"
        self._line("failed", note.path, message, note.at)

    # Items

    def _of_items(self, group: Group, note: Note) -> None:
        if group.name not in self._last_counts:
            self._last_counts[group.name] = (0, note.at)
            self._line("start", group.name, at=note.at)
        pause = max(AT_LEAST_EVERY, (note.at - group.since) // 10)
        if note.at - self._last_counts[group.name][1] >= pause:
            self._counts(group, "so far")

    def _left_behind(self, entered: Group) -> None:
        """Tell of items that have all ended, it seems, now that something else starts.

        If they had not, their counts are told again only when they have doubled, or later on.
        """
        now = self._clock.now()
        for name, (ended, at) in self._last_counts.items():
            group = self._tally.groups[name]
            busy = group.running or group.waiting or _same_items(group, entered)
            if not busy and (group.ended >= max(1, 2 * ended) or now - at >= SECOND):
                self._counts(group, "so far")

    def _counts(self, group: Group, word: str) -> None:
        """Tell what has ended; as a total only when the run is over, for more may always come."""
        if word != "total" and group.ended == self._last_counts[group.name][0]:
            return
        self._last_counts[group.name] = (group.ended, self._clock.now())
        self._line(
            word, group.name, f"  {group.counts()}, {measured_in_words(group.until - group.since)}"
        )

    def _line(self, word: str, path: str, more: str = "", at: int | None = None) -> None:
        when = self._this.when(self._clock.now() if at is None else at)
        place = f"{when.isoformat(sep=' ', timespec='seconds')} {short(self._this.id)}"
        self._write(f"{place} {word:<6} {one_line(path, MOST_PATH)}{more}")


def _same_items(one: Group, other: Group) -> bool:
    return one.name.partition("[*]")[0] == other.name.partition("[*]")[0]
