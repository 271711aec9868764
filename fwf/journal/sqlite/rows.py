"""How are runs written as rows of SQLite, and read back?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final, cast

from fwf.journal.chain import Columns, link_after, newest_record, text
from fwf.journal.run_records import DIGEST, FIRST, LOG, Record, RunRow, State, state_of
from fwf.journal.sqlite import file_layout
from fwf.records import changed

FIELDS: Final = (
    "number, id, key, workflow, generation, state, started, changed, ended, tries, count, head, "
    "about, sum"
)
ADD_RUN: Final = f"INSERT INTO runs({FIELDS}) VALUES ({', '.join('?' * 14)})"
AT_ONCE: Final = 32
ADD_RECORDS: Final = tuple(
    f"INSERT INTO records VALUES {', '.join(['(?, ?, ?, ?, ?, ?, ?)'] * n)}"
    for n in range(AT_ONCE + 1)
)
"""So many at once: one statement is a transaction of its own, which is faster than three."""
ADD_ORIGIN: Final = "INSERT INTO origins VALUES (?, ?, ?)"
CHANGE_RUN: Final = (
    "UPDATE runs SET state = ?, changed = ?, ended = ?, tries = ?, count = ?, head = ?, sum = ? "
    "WHERE number = ?"
)
LATEST: Final = (
    "SELECT place & 0xffffffff, kind, path, tries, at, body, sum FROM records "
    "WHERE place >= ?1 << 32 AND place < (?1 + 1) << 32 ORDER BY place DESC LIMIT 2"
)
NEWEST: Final = (
    "SELECT workflow, changed, number FROM runs WHERE key = ? ORDER BY number DESC LIMIT 1"
)
RECORDS: Final = (
    "SELECT place & 0xffffffff, kind, path, tries, at, body, sum FROM records "
    "WHERE place > (?1 << 32) + ?2 AND place < (?1 + 1) << 32 ORDER BY place LIMIT ?3"
)
DROP: Final = "DELETE FROM records WHERE place > (?1 << 32) + ?2 AND place <= (?1 << 32) + ?3"
LOGS: Final = f"SELECT number FROM runs WHERE key >= '{LOG}' AND key < '{LOG}~' AND +number >= ?"
"""By the index of keys alone: logs are few among runs, or runs few among logs."""
LAST: Final = (1 << 32) - 1
"""No run has more records."""
_TRIES: Final = (
    "SELECT count(*) FROM records WHERE place > (?1 << 32) + ?2 AND place < (?1 + 1) << 32 "
    "AND kind = 'try'"
)
_FORM: Final = 1


def checksum(row: RunRow) -> bytes:
    """Of all fields of a run's row."""
    content = (
        f"{_FORM}\0{row.number}\0{row.id}\0{row.key}\0{row.workflow}\0{row.generation}\0{row.state}"
        f"\0{row.started}\0{row.changed}\0{row.ended}\0{row.tries}\0{row.count}\0{row.head.hex()}"
        f"\0{row.about}"
    )
    return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()


def columns(row: RunRow) -> Columns:
    """What is inserted for a run."""
    return (
        row.number, column_text(row.id), column_text(row.key), column_text(row.workflow),
        row.generation, row.state, row.started, row.changed, row.ended, row.tries, row.count,
        row.head, column_text(row.about), checksum(row),
    )  # fmt: skip


def run_row(columns: Columns) -> RunRow | None:
    """The run of a row, or None if it isn't what was written."""
    (number, id_, key, workflow, generation, state, started, changed, ended, tries, count, head,
     about, stored_sum) = columns  # fmt: skip
    try:
        row = RunRow(
            number, text(id_), text(key), text(workflow), generation, cast(State, state), started,
            changed, ended, tries, count, head, text(about),
        )  # fmt: skip
        return row if checksum(row) == stored_sum else None
    except (AttributeError, TypeError, UnicodeError):
        return None


def origin(row: RunRow) -> Columns:
    """What is inserted for that of a run's row which never changes."""
    fields = row.id, row.key, row.workflow, row.generation, row.started, row.about
    content = json.dumps([row.number, *fields])
    return row.number, content, blake2b(content.encode(), digest_size=DIGEST).digest()


def from_origin(columns: Columns) -> RunRow | None:
    """A run of which nothing else is known, or None if this too isn't what was written."""
    _, content, checksum = columns
    try:
        if blake2b(content.encode(), digest_size=DIGEST).digest() != checksum:
            return None
    except (AttributeError, UnicodeError):
        return None
    number, id_, key, workflow, generation, started, about = json.loads(content)
    return RunRow(
        number, id_, key, workflow, generation, state_of(key), started, started, None, 0, 0,
        FIRST, about,
    )  # fmt: skip


def with_records(row: RunRow, number: int, records: Sequence[Record]) -> RunRow:
    """A run's row with its first records."""
    return changed(
        row, number=number, count=len(records),
        head=records[-1].sum if records else FIRST,
        changed=records[-1].at if records else row.changed,
        tries=sum(record.kind == "try" for record in records),
    )  # fmt: skip


def bring_up(db: sqlite3.Connection, run: int, state: State) -> None:
    """Write to a run's row what its records say, and how it stands; `ValueError` if it's bad."""
    matches = file_layout.rows(db, f"SELECT {FIELDS} FROM runs WHERE number = ?", (run,))
    row = run_row(matches[0]) if matches else None
    if row is None:
        raise ValueError(f"the row of run {run} isn't what was written")
    ((tries,),) = db.execute(_TRIES, (run, row.count))
    row = changed(up_to_date(row, file_layout.rows(db, LATEST, (run,))), tries=row.tries + tries)
    ended = None if state == "running" else row.changed
    write(db, changed(row, state=state, ended=ended))


def up_to_date(row: RunRow, latest: Sequence[Columns]) -> RunRow:
    """A run's row with what its last records say; raises `ValueError` if those are others."""
    if not latest:
        return row
    last = newest_record(latest)
    if last is None:
        raise ValueError(f"record {latest[0][0]} isn't what was written")
    return changed(row, count=last.n, changed=last.at, head=link_after(last))


def write(db: sqlite3.Connection, row: RunRow) -> None:
    """Bring a run's row up to date."""
    db.execute(
        CHANGE_RUN,
        (
            row.state, row.changed, row.ended, row.tries, row.count, row.head, checksum(row),
            row.number,
        ),
    )  # fmt: skip


def column_text(value: str) -> str | bytes:
    """Text that no UTF-8 can be (lone surrogates) is kept as bytes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def add(db: sqlite3.Connection, run: int, records: Sequence[Record]) -> None:
    """Insert records, as many as there are."""
    for start in range(0, len(records), AT_ONCE):
        some = records[start : start + AT_ONCE]
        db.execute(ADD_RECORDS[len(some)], flat(run, some))


def flat(run: int, records: Sequence[Record]) -> list[Any]:
    """What one statement inserts for records."""
    values = list[Any]()
    for n, kind, path, tries, at, body, checksum in records:
        if path.isascii() and body.isascii() and tries.isascii():
            values += (run << 32 | n, kind, path, tries, at, body, checksum)
        else:
            values += (
                run << 32 | n,
                kind,
                column_text(path),
                column_text(tries),
                at,
                column_text(body),
                checksum,
            )
    return values
