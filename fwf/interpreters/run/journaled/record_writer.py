"""What a run has to tell its journal: records in order, written before anything depends on them."""

from __future__ import annotations

import json
from typing import final

from fwf.interpreters.run.journaled.stamps import Watch
from fwf.journal.run_records import Kind, Record, RunRow, State, checksum_of, new_record
from fwf.journal.store import Claim, Store


@final
class RecordWriter:
    """The records of one try, in the order in which things happened.

    They are kept back until `flush`: before something starts that they must outlast, and before
    the run waits. So a step of a chain is written in one go with the start of the next one, and
    what ends side by side together.
    """

    __slots__ = ("_claim", "_head", "_late", "_store", "n", "number", "watch")

    def __init__(self, store: Store, run: RunRow, claim: Claim, watch: Watch) -> None:
        self._store = store
        self._claim = claim
        self._head = run.head
        self._late: list[Record] = []
        """Records that aren't written yet."""
        self.number = run.number
        self.n = run.count
        """How many records there are, with those."""
        self.watch = watch

    def add(self, kind: Kind, path: str, tries: str, body: str, at: int | None = None) -> int:
        """Note what has happened ⟶ the number of its record."""
        n = self.n = self.n + 1
        when = self.watch.wall() if at is None else at
        head = self._head = checksum_of(self._head, n, kind, path, tries, when, body)
        self._late.append(new_record(Record, (n, kind, path, tries, when, body, head)))
        return n

    def flush(self, state: State | None = None) -> None:
        """Write what was noted; raises `JournalError`, and then it isn't written but kept."""
        if self._late or state is not None:
            self._store.append(self.number, self._late, self._claim, state=state)
            self._late = []


def body(**fields: object) -> str:
    """A record's body: what is None is left out."""
    return json.dumps(
        {key: each for key, each in fields.items() if each is not None},
        ensure_ascii=False,
        separators=(",", ":"),
    )
