"""Who has begun a step that may have an effect, and how did it end? Kept by the scheduler.

It outlasts workers and clients, and workers end with it. Whoever is about to begin an attempt asks
here first, or just says so where it is known that nobody else may be at it: a repeatable step that
a client asks for once. Of a second one that is asked for the same step

- an outcome that the client never heard of is the answer, and nothing is started;
- one that is at work is waited for, also an earlier attempt that was cut;
- one whose worker is gone is begun again, with the same key. If the step is unrepeatable it isn't:
  nobody knows whether it was done.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, NamedTuple, TypedDict, final

from distributed import SchedulerPlugin

from fwf.journal.run_records import moment

NAME: Final = "fwf-keeper"
BEGUN: Final = "fwf-begun"
ENDED: Final = "fwf-ended"
MOST_STARTS: Final = 3
"""So many workers may die in one attempt: then it has failed."""
MOST_TEXT: Final = 1 << 20
"""Characters of the longest outcome that is kept."""
PATIENCE: Final = 1.0
"""Seconds that one question takes at most: whoever is to wait longer asks again."""


class Asking(TypedDict):
    """Who is about to begin which attempt of a step.

    token: another one for each question that isn't just repeated.
    once: whether the step is unrepeatable; again: whether it was begun before, as a journal has it.
    """

    run: str
    step: str
    number: int
    tries: list[int]
    given: str
    token: str
    worker: str
    once: bool
    again: bool


class Verdict(NamedTuple):
    """What whoever asks is to do: begin; ask again; give this outcome; or say what is wrong.

    said: the outcome; or of "doubt" what is known of it.
    """

    do: Literal["begin", "wait", "outcome", "doubt", "killed"]
    said: str = ""


@final
class Entry:
    """An attempt that was begun."""

    __slots__ = (
        "at", "given", "gone", "left", "outcome", "run", "starts", "token", "tries", "worker",
    )  # fmt: skip

    def __init__(self, asking: Asking, starts: int) -> None:
        self.at = time.time()
        self.run = asking["run"]
        self.given = asking["given"]
        self.tries = [*asking["tries"]]
        self.token = asking["token"]
        self.worker = asking["worker"]
        self.starts = starts
        self.gone = False
        """Whether its worker is."""
        self.left = False
        """Whether its run is over, so that nobody asks how it ended."""
        self.outcome: str | None = None
        """How it ended; empty if that was too long to be kept."""

    @property
    def under_way(self) -> bool:
        """Whether it is at work."""
        return self.outcome is None and not self.gone


@final
class Ledger:
    """The attempts that were begun, by step and number."""

    def __init__(self) -> None:
        self._steps: dict[str, dict[int, Entry]] = {}
        self._runs: dict[str, dict[str, None]] = {}
        """The steps of each run."""

    def judged(self, asking: Asking) -> Verdict:
        """May it begin? Then it is noted."""
        entries = self._steps.get(asking["step"], {})
        mine = entries.get(asking["number"])
        again = mine is not None and mine.token == asking["token"]
        if again and mine is not None and mine.under_way:
            return Verdict("begin")  # the answer was lost
        if any(each.under_way for each in entries.values()):
            return Verdict("wait")
        verdict = self._known(entries, asking)
        if verdict is not None:
            return verdict
        starts = 0 if mine is None else mine.starts
        if starts >= MOST_STARTS:
            return Verdict("killed", str(starts))
        self.begun(asking)
        return Verdict("begin")

    def begun(self, asking: Asking) -> None:
        """Note that an attempt is at work."""
        entries = self._steps.setdefault(asking["step"], {})
        mine = entries.get(asking["number"])
        entries[asking["number"]] = Entry(asking, 1 if mine is None else mine.starts + 1)
        self._runs.setdefault(asking["run"], {})[asking["step"]] = None

    def _known(self, entries: dict[int, Entry], asking: Asking) -> Verdict | None:
        """What the attempts that were begun before say of this one, if anything."""
        finished = [each for each in entries.values() if each.outcome is not None]
        same = [each for each in finished if each.tries == [*asking["tries"]]]
        for each in reversed(same):
            if each.outcome and each.given == asking["given"]:
                return Verdict("outcome", each.outcome)
        if not asking["once"]:
            return None
        lost = [each for each in entries.values() if each.outcome is None or each in same]
        if lost:
            when = moment(round(lost[-1].at * 1e6))
            return Verdict("doubt", f"it was started at {when} by the worker {lost[-1].worker}")
        if asking["again"] and not finished:
            return Verdict("doubt", "it was started before, and the cluster doesn't know of it")
        return None

    def ended(self, step: str, number: int, outcome: str) -> str:
        """Note how an attempt ended ⟶ what is noted: the first that was."""
        entry = self._steps.get(step, {}).get(number)
        if entry is None:
            return outcome
        if entry.outcome is None:
            entry.outcome = outcome if len(outcome) <= MOST_TEXT else ""
        if entry.left:
            self._forget(entry.run, step, number)
        return entry.outcome or outcome

    def heard(self, attempts: Iterable[tuple[str, int]]) -> None:
        """The client knows how these ended, and has written it down where it does."""
        for step, number in attempts:
            entry = self._steps.get(step, {}).get(number)
            if entry is not None and entry.outcome is not None:
                self._forget(entry.run, step, number)

    def over(self, run: str) -> None:
        """The client's run has ended: only what is at work is to be known."""
        for step in [*self._runs.get(run, ())]:
            for number, entry in [*self._steps[step].items()]:
                entry.left = True
                if not entry.under_way:
                    self._forget(run, step, number)

    def _forget(self, run: str, step: str, number: int) -> None:
        del self._steps[step][number]
        if self._steps[step]:
            return
        del self._steps[step]
        self._runs[run].pop(step, None)
        if not self._runs[run]:
            del self._runs[run]

    def gone(self, worker: str) -> None:
        """A worker is no more."""
        for step, entries in [*self._steps.items()]:
            for number, each in [*entries.items()]:
                each.gone = each.gone or each.worker == worker
                if each.gone and each.left:
                    self._forget(each.run, step, number)

    def __len__(self) -> int:
        return sum(map(len, self._steps.values()))


@final
class Keeper(SchedulerPlugin):
    """What workers and clients ask the scheduler."""

    name = NAME
    idempotent = True

    def __init__(self) -> None:
        self.ledger = Ledger()
        self._news: asyncio.Event | None = None

    async def start(self, scheduler: Any) -> None:
        """Take questions from now on."""
        self._news = asyncio.Event()
        handlers: dict[str, Callable[..., Any]] = {
            "fwf_begin": self.begin, "fwf_end": self.end,
            "fwf_heard": self.heard, "fwf_over": self.over,
        }  # fmt: skip
        scheduler.handlers.update(handlers)
        scheduler.stream_handlers.update({BEGUN: self.begun, ENDED: self.ended})

    def begun(self, asking: Asking, worker: str) -> None:
        """A worker has begun an attempt without asking."""
        self.ledger.begun(asking)

    def ended(self, step: str, number: int, outcome: str, worker: str) -> None:
        """An attempt has ended of which a worker just said that it was begun."""
        self.ledger.ended(step, number, outcome)
        self._tell()

    async def begin(self, asking: Asking) -> tuple[str, str]:
        """May an attempt begin? Waits a little for others that are at work."""
        until = time.monotonic() + PATIENCE
        while True:
            news, verdict = self._news, self.ledger.judged(asking)
            rest = until - time.monotonic()
            if verdict.do != "wait" or rest <= 0 or news is None:
                return verdict.do, verdict.said
            try:
                await asyncio.wait_for(news.wait(), rest)
            except TimeoutError:
                return verdict.do, verdict.said

    async def end(self, step: str, number: int, outcome: str) -> str:
        """An attempt has ended."""
        first = self.ledger.ended(step, number, outcome)
        self._tell()
        return first

    async def heard(self, attempts: list[tuple[str, int]]) -> None:
        """A client knows how attempts ended."""
        self.ledger.heard(attempts)

    async def over(self, run: str) -> None:
        """A run has ended."""
        self.ledger.over(run)

    def remove_worker(self, scheduler: Any, worker: str, **more: Any) -> None:
        """A worker is no more: what it was at isn't either."""
        self.ledger.gone(worker)
        self._tell()

    def _tell(self) -> None:
        """Let those who wait look again."""
        news, self._news = self._news, asyncio.Event()
        if news is not None:
            news.set()
