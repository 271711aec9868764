"""A journal's store in memory, with a model of what outlives a crash.

`Disk` is what does: runs, records, values. A `SimulatedStore` is one process's way to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fwf.journal.errors import Held, JournalCorrupt, Replaced
from fwf.journal.run_records import FIRST, Record, RunRow, State, checksum_of
from fwf.journal.store import Claim, Holder
from fwf.records import changed

from .simulated_outside import Crashes

Durability = Literal["power", "process"]


@dataclass
class Kept:
    """One run on the disk."""

    row: RunRow
    records: list[Record]

    @property
    def now(self) -> RunRow:
        """Its row as a store tells it: brought up to date by the last record."""
        last = self.records[-1]
        return changed(self.row, changed=last.at, count=last.n, head=last.sum)


@dataclass
class Disk:
    """What outlives a process; and, of what isn't synced yet, what would be lost with the power."""

    runs: dict[int, Kept] = field(default_factory=dict)
    values: dict[str, bytes] = field(default_factory=dict)
    claims: dict[str, tuple[object, Holder]] = field(default_factory=dict)
    states: list[dict[int, tuple[RunRow, int]]] = field(default_factory=lambda: [{}])
    """Of each run its row and how many records it had, when all was last synced, and after each
    commit since."""
    syncs: int = 0

    def committed(self, *, synced: bool) -> None:
        """A transaction is written, and perhaps safe from power cuts."""
        if synced:
            self.syncs += 1
            self.states.clear()
        self.states.append({n: (kept.row, len(kept.records)) for n, kept in self.runs.items()})

    def process_died(self) -> None:
        """Its claims are gone; what it wrote is there."""
        self.claims.clear()

    def power_went(self, keep: int) -> None:
        """So many of the transactions since the last sync reached the disk; none but the first."""
        self.claims.clear()
        state = self.states[min(keep, len(self.states) - 1)]
        for number, kept in list(self.runs.items()):
            if number in state:
                kept.row, count = state[number]
                del kept.records[count:]
            else:
                del self.runs[number]
        self.states = [state]


class Claimed:
    """The right to go on with the runs of a key."""

    def __init__(self, disk: Disk, key: str) -> None:
        self._disk = disk
        self.key = key

    def is_held(self) -> bool:
        """Whether nobody has taken over."""
        held = self._disk.claims.get(self.key)
        return held is not None and held[0] is self

    def release(self) -> None:
        """Give it back."""
        if self.is_held():
            del self._disk.claims[self.key]


class SimulatedStore:
    """One process's way to a disk. Dies at events of `crashes`, as the process does."""

    def __init__(
        self,
        disk: Disk,
        crashes: Crashes | None = None,
        *,
        durability: Durability = "power",
    ) -> None:
        self.where = "memory"
        self.disk = disk
        self._crashes = crashes or Crashes()
        self._durability = durability
        self._closed = False

    # Claims

    def claim(self, key: str, holder: Holder) -> Claim:
        """Become the one who goes on with the runs of a name."""
        self._crashes.point("in a claim")
        held = self.disk.claims.get(key)
        if held is not None:
            raise Held(f"{held[1].user} goes on with it (process {held[1].pid})", held[1])
        claimed = Claimed(self.disk, key)
        self.disk.claims[key] = claimed, holder
        return claimed

    def _checked(self, key: str, claim: Claim) -> None:
        assert isinstance(claim, Claimed)
        if claim.key != key or not claim.is_held():
            raise Replaced("somebody else goes on with this run")

    # Writing

    def begin(self, row: RunRow, records: Sequence[Record], claim: Claim) -> int:
        """Add a run with its first records ⟶ its number."""
        self._checked(row.key, claim)
        number = max(self.disk.runs, default=0) + 1
        self._follow(FIRST, 0, records)
        there = changed(row, number=number)
        self._write(lambda: self.disk.runs.__setitem__(number, Kept(there, [*records])))
        return number

    def append(
        self, run: int, records: Sequence[Record], claim: Claim, *, state: State | None = None
    ) -> None:
        """Add records to a run."""
        kept = self.disk.runs[run]
        self._checked(kept.row.key, claim)
        if not records and state is None:
            raise AssertionError("nothing to append")
        last = kept.records[-1] if kept.records else None
        self._follow(FIRST if last is None else last.sum, len(kept.records), records)

        def write() -> None:
            kept.records.extend(records)
            if state is not None:
                kept.row = _told(kept, state)

        self._write(write)

    def _follow(self, head: bytes, count: int, records: Sequence[Record]) -> None:
        """Whether records follow those that are there."""
        for n, record in enumerate(records, count + 1):
            assert record.n == n, f"record {record.n} where {n} comes next"
            *said, found = record
            assert found == checksum_of(head, *said), f"record {n} is chained to another"
            head = found

    def _write(self, write: object) -> None:
        """One transaction, at whose start, middle and end the process may die."""
        assert not self._closed and callable(write)
        crashes = self._crashes
        crashes.point("before a commit")
        if crashes.due():  # it was under way: nothing of it is there
            crashes.die("in a commit, lost")
        write()
        self.disk.committed(synced=self._durability == "power")
        crashes.point("in a commit, kept")

    # Reading

    def generations(self, key: str) -> Sequence[RunRow]:
        """The runs of a name, the oldest first."""
        found = [kept.now for kept in self.disk.runs.values() if kept.row.key == key]
        return sorted(found, key=lambda row: row.generation)

    def runs(self, *, newest: int | None = None, like: str | None = None) -> Sequence[RunRow]:
        """Runs, the newest first."""
        rows = [kept.now for _, kept in sorted(self.disk.runs.items(), reverse=True)]
        if like is not None:
            rows = [row for row in rows if like in row.id or like in row.workflow]
        return rows[:newest]

    def records(self, run: RunRow) -> Iterator[Record]:
        """A run's records in order, checked."""
        head = FIRST
        for n, record in enumerate(list(self.disk.runs[run.number].records), 1):
            *said, found = record
            if record.n != n or found != checksum_of(head, *said):
                raise JournalCorrupt(f"record {n} of run {run.id} isn't what was written")
            head = found
            yield record

    # Upkeep

    def salvage(self, run: RunRow, claim: Claim) -> int:
        """Drop what follows the last good record."""
        kept = self.disk.runs[run.number]
        self._checked(kept.row.key, claim)
        good = 0
        try:
            for good, _ in enumerate(self.records(run), 1):  # noqa: B007
                pass
        except JournalCorrupt:
            pass
        dropped = len(kept.records) - good

        def write() -> None:
            del kept.records[good:]
            kept.row = _told(kept, kept.row.state)

        self._write(write)
        return dropped

    def prune(self, before: int) -> tuple[int, int]:
        """Simulated runs are too short to be pruned."""
        raise NotImplementedError

    def put(self, name: str, content: memoryview | bytes) -> None:
        """Keep a large value."""
        self._crashes.point("in a put")
        self.disk.values[name] = bytes(content)

    def get(self, name: str) -> bytes | memoryview:
        """What is kept by that name."""
        found = self.disk.values.get(name)
        if found is None:
            raise JournalCorrupt(f"{name} is gone")
        return found

    def close(self) -> None:
        """Nothing is asked of it any more."""
        self._closed = True


def _told(kept: Kept, state: State) -> RunRow:
    """A run's row, brought up to date."""
    last = kept.records[-1]
    tries = sum(record.kind == "try" for record in kept.records)
    ended = None if state == "running" else last.at
    return changed(
        kept.row, state=state, changed=last.at, ended=ended, tries=tries, count=last.n,
        head=last.sum,
    )  # fmt: skip
