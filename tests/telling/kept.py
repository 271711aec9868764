"""A journal in memory, and runs in it as they are written: what tests of telling look at."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from fwf.journal.errors import Held
from fwf.journal.run_records import FIRST, Record, RunRow, State, checksum_of
from fwf.journal.store import Claim, Holder
from fwf.records import changed

SECOND = 1_000_000
BEGAN = 1_780_272_000 * SECOND
"""2026-06-01, 00:00 UTC."""
ME = Holder("host", 1, "etl", BEGAN)


class Free:
    def release(self) -> None:
        pass


class Kept:
    """A `Store` of this process. `holders` are those who go on with runs, by key."""

    where = "memory"

    def __init__(self) -> None:
        self.rows: list[RunRow] = []
        self.told: dict[int, list[Record]] = {}
        self.holders: dict[str, Holder] = {}
        self.pruned: list[int] = []

    def claim(self, key: str, holder: Holder) -> Claim:
        if key in self.holders:
            other = self.holders[key]
            raise Held(f"held by {other.user} on {other.host}", other)
        return Free()

    def holder(self, key: str) -> Holder | None:
        return self.holders.get(key)

    def begin(self, row: RunRow, records: Sequence[Record], claim: Claim) -> int:
        number = len(self.rows) + 1
        self.rows.append(changed(row, number=number))
        self.told[number] = []
        self.append(number, records, claim, state=row.state)
        return number

    def append(
        self, run: int, records: Sequence[Record], claim: Claim, *, state: State | None = None
    ) -> None:
        told, row = self.told[run], self.rows[run - 1]
        told.extend(records)
        last = told[-1].at if told else row.started
        self.rows[run - 1] = changed(
            row,
            state=state or row.state,
            changed=last,
            ended=None if (state or row.state) == "running" else last,
            tries=max(1, sum(each.kind == "try" for each in told)),
            count=len(told),
            head=told[-1].sum if told else FIRST,
        )

    def generations(self, key: str) -> Sequence[RunRow]:
        return [row for row in self.rows if row.key == key]

    def runs(self, *, newest: int | None = None, like: str | None = None) -> Sequence[RunRow]:
        found = [r for r in reversed(self.rows) if not like or like in r.id or like in r.workflow]
        return found[:newest]

    def records(self, run: RunRow) -> Iterator[Record]:
        return iter(self.told[run.number])

    def last(self, run: RunRow) -> Record | None:
        return next(iter(self.told.get(run.number, [])[::-1]), None)

    def salvage(self, run: RunRow, claim: Claim) -> int:
        return 0

    def prune(self, before: int) -> tuple[int, int]:
        self.pruned.append(before)
        return sum(r.state == "ok" and (r.ended or before) < before for r in self.rows), 2_500_000

    def put(self, name: str, content: memoryview | bytes) -> None:
        raise NotImplementedError

    def get(self, name: str) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        pass


class Written:
    """Records as they are written, each with a time of its own."""

    def __init__(self, at: int = BEGAN) -> None:
        self.records: list[Record] = []
        self.at = at

    def __call__(
        self, kind: Any, path: str = "", tries: str = "", after: float = 1.0, **body: Any
    ) -> "Written":
        """One more record, so many seconds `after` the one before."""
        self.at += round(after * SECOND) if self.records else 0
        known = {name: body[name] for name in sorted(body, key=lambda name: name == "value")}
        n, text = len(self.records) + 1, json.dumps(known, ensure_ascii=True)
        before = self.records[-1].sum if self.records else FIRST
        said = checksum_of(before, n, kind, path, tries, self.at, text)
        self.records.append(Record(n, kind, path, tries, self.at, text, said))
        return self

    def begin(self, number: int = 1, after: float = 1.0) -> "Written":
        more = {"user": "etl", "boot": "b1", "python": "3.11.9", "fwf": "0.1.0"}
        return self("try", after=after, number=number, host="nightly-1", pid=4711, **more)

    def start(self, path: str, tries: str = "", attempt: int = 1, **more: Any) -> "Written":
        task = more.pop("task", f"{path.rpartition(' > ')[2].partition('[')[0]}@1")
        return self("start", path, tries, task=task, input="00", attempt=attempt, **more)

    def ok(self, path: str, tries: str = "", value: Any = 1, **more: Any) -> "Written":
        task = more.pop("task", f"{path.rpartition(' > ')[2].partition('[')[0]}@1")
        took = {"took": SECOND, "code": "00"}
        return self("ok", path, tries, task=task, input="00", value=value, **took, **more)


def fault(path: str, message: str = "no route", tag: str = "ConnectionError") -> dict[str, Any]:
    """What `fault_to_json` writes of one failure of a task."""
    at = {"file": "load.py", "line": 12, "function": "fetch"}
    text = f'Traceback (most recent call last):\n  File "load.py", line 12\n{tag}: {message}'
    leaf = {
        "kind": "Failed", "path": path, "tags": [tag, "Exception"], "message": message, "at": at,
        "traceback": text, "not_before": None, "cause": None,
    }  # fmt: skip
    return {
        "path": path,
        "tags": leaf["tags"],
        "message": message,
        "leaves": [leaf],
        "joined": [],
    }


def kept(
    store: Kept,
    written: Written,
    state: State = "running",
    *,
    workflow: str = "daily",
    id: str = "",
    key: str = "",
    generation: int = 1,
    **about: Any,
) -> RunRow:
    """A run with these records, as the journal has it from now on."""
    n = len(store.rows) + 1
    started = written.records[0].at if written.records else BEGAN
    row = RunRow(
        0, id or f"01989c5e-0000-7000-8000-{n:012x}", key or f"{n:032x}", workflow, generation,
        state, started, started, None, 1, 0, FIRST, json.dumps({"target": "jobs.py", **about}),
    )  # fmt: skip
    return store.rows[store.begin(row, written.records, Free()) - 1]
