"""Are a run's records those that were written, all of them and in order?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fwf.journal.errors import JournalCorrupt
from fwf.journal.run_records import FIRST, Record, RunRow, checksum_of, new_record
from fwf.printing import printable

Columns = tuple[Any, ...]
"""n, kind, path, tries, at, body, sum, as a database gives them."""


def text(value: Any) -> Any:
    """Text as it was: what no UTF-8 can be is kept as bytes."""
    return value.decode("utf-8", "surrogatepass") if type(value) is bytes else value


def checked_records(run: RunRow, rows: Iterable[Columns], where: str) -> Iterator[Record]:
    """Rows in order ⟶ records; raises `JournalCorrupt` at the first that isn't what was written."""
    before, last = FIRST, 0
    for n, kind, path, tries, at, body, checksum in rows:
        try:
            if type(path) is bytes or type(body) is bytes or type(tries) is bytes:
                path, tries, body = text(path), text(tries), text(body)
            digest = checksum_of(before, n, kind, path, tries, at, body)
            follows = n == last + 1 or (kind == "anchor" and n == last + anchor_count(body))
        except (TypeError, ValueError, KeyError):
            raise corrupt(run, last + 1, "", where, "isn't what was written") from None
        if not follows:
            raise corrupt(run, last + 1, "", where, "is missing")
        if digest != checksum:
            raise corrupt(run, n, path, where, "isn't what was written")
        yield new_record(Record, (n, kind, path, tries, at, body, checksum))
        before, last = tip(kind, body, checksum) if kind == "anchor" else checksum, n


def newest_record(rows: Sequence[Columns]) -> Record | None:
    """A run's last record, given with the one before it; None if it isn't what was written."""
    n, kind, path, tries, at, body, checksum = rows[0]
    before, follows = FIRST, n == 1
    if len(rows) == 2:
        previous, previous_kind, _, _, _, previous_body, previous_sum = rows[1]
        before, follows = (
            tip(previous_kind, previous_body, previous_sum),
            n == previous + 1 or kind == "anchor",
        )
    path, tries, body = text(path), text(tries), text(body)
    if follows and checksum_of(before, n, kind, path, tries, at, body) == checksum:
        return Record(n, kind, path, tries, at, body, checksum)
    return None


def check_follow(records: Sequence[Record], last: int) -> None:
    """Raise `ValueError` unless the numbers of records count up from the last one's."""
    for n, record in enumerate(records, last + 1):
        if record.n != n:
            raise ValueError(f"append: record {record.n} can't follow record {n - 1}")


def anchor(count: int, checksum: bytes) -> str:
    """The body of the record that stands for those that pruning took."""
    return json.dumps({"gone": count, "sum": checksum.hex()})


def anchor_count(body: str) -> int:
    """How many records an anchor stands for."""
    return int(json.loads(body)["gone"])


def link_after(record: Record) -> bytes:
    """What the next record is chained to: after an anchor it's the last that pruning took."""
    return tip(record.kind, record.body, record.sum)


def tip(kind: str, body: str, checksum: bytes) -> bytes:
    """The same of what a database gives of a record."""
    return bytes.fromhex(json.loads(body)["sum"]) if kind == "anchor" else checksum


def corrupt(run: RunRow, n: int, path: str, where: str, what: str) -> JournalCorrupt:
    """The error for a run of which a record is bad."""
    if run.state == "log":
        return JournalCorrupt(
            f"{where}: {printable(run.workflow)}: version {n} {what}; `fwf run … --salvage` goes "
            "on from the last good one"
        )
    place = printable(path)
    return JournalCorrupt(
        f"{where}: run {run.id}: record {n}{f' ({place})' if place else ''} {what}; "
        f"`fwf run --resume {run.id[-8:]} --salvage` goes on from the last good one"
    )
