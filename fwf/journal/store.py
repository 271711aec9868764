"""What a journal needs of the database that it is kept in: the narrow interface of its stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, final

from fwf.journal.run_records import Record, RunRow, State
from fwf.records import record


@final
@record()
class Holder:
    """Who goes on with a run: machine, process, user, and since when (µs since 1970, UTC)."""

    host: str
    pid: int
    user: str
    since: int


class Claim(Protocol):
    """The right to go on with the runs of one name, which one process at a time has."""

    def release(self) -> None:
        """Give it back. May be called twice."""
        ...


class Store(Protocol):
    """Where runs and their records are. What it raises is a `JournalError` (see `errors`).

    All that `append` and `begin` are given is there when they return, as `durability` says, or
    nothing of it is. One thread uses a store at a time.
    """

    where: str
    """How messages name it; without a password."""

    def claim(self, key: str, holder: Holder) -> Claim:
        """Become the one who goes on with the runs of a name; raises `Held` with who does."""
        ...

    def holder(self, key: str) -> Holder | None:
        """Who goes on with the runs of a name now; None if nobody does.

        Only looks: a holder that sleeps isn't replaced, and whoever claims meanwhile isn't refused.
        """
        ...

    def begin(self, row: RunRow, records: Sequence[Record], claim: Claim) -> int:
        """Add a run with its first records ⟶ its number."""
        ...

    def append(
        self, run: int, records: Sequence[Record], claim: Claim, *, state: State | None = None
    ) -> None:
        """Add records to a run, whose numbers follow those that are there; raises `Replaced`.

        state: how the run stands from now on: with it the run's row is brought up to date (state,
        changed, ended, tries, count, head); without, that may wait for the next one with a state.
        """
        ...

    def generations(self, key: str) -> Sequence[RunRow]:
        """The runs of a name, the oldest first."""
        ...

    def runs(self, *, newest: int | None = None, like: str | None = None) -> Sequence[RunRow]:
        """Runs, the newest first: so many; those whose id or workflow contains a text."""
        ...

    def logs(self, prefix: str) -> Sequence[RunRow]:
        """The rows of the logs whose key begins so, which `runs` leaves out; in order of keys."""
        ...

    def records(self, run: RunRow) -> Iterator[Record]:
        """A run's records in order, checked; raises `JournalCorrupt` at the first bad one."""
        ...

    def last(self, run: RunRow) -> Record | None:
        """The last record of a run that has ended, checked against the one before."""
        ...

    def salvage(self, run: RunRow, claim: Claim) -> int:
        """Drop what follows the last good record of a damaged run ⟶ how many were dropped."""
        ...

    def prune(self, before: int) -> tuple[int, int]:
        """Drop the records of complete runs that ended before a time (µs) ⟶ runs, bytes freed."""
        ...

    def put(self, name: str, content: memoryview | bytes) -> None:
        """Keep a large value (an Arrow file) by the digest of its content, if it isn't there."""
        ...

    def get(self, name: str) -> bytes | memoryview:
        """What is kept by that name; raises `JournalCorrupt` if it is gone or another."""
        ...

    def close(self) -> None:
        """Nothing is asked of it any more. May be called twice."""
        ...
