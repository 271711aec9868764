"""How are runs and their records written to PostgreSQL's tables, and read from them?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, LiteralString, NamedTuple, cast, final

from fwf.journal.chain import anchor
from fwf.journal.postgres.leases import Lease
from fwf.journal.run_records import DIGEST, FIRST, Record, RunRow, State, checksum_of

if TYPE_CHECKING:
    from fwf.journal.postgres.servers import Driver

_SENT: Final = 32 * 2**20
"""Bytes of records that are sent at once: of more, several statements in one transaction."""
_BATCH: Final = 2_000
"""Records that are read at once, and …"""
_BYTES: Final = 8 * 2**20
"""… bytes, unless a single one is larger."""
CONTENT: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}\.arrow")
"""What a large value is called by."""
_COLUMNS: Final[LiteralString] = (
    "number, id, key, workflow, generation, state, started, changed, ended, tries, count, head, "
    "about"
)
_LEASE: Final[LiteralString] = """
    lease AS (
        UPDATE fwf_journal.leases SET seen = clock_timestamp(), until = clock_timestamp() + $3
        WHERE key = $1 AND fence = $2 RETURNING key
    )"""
"""Renews the lease and locks its row to the end of the transaction, so that nobody takes it over
before what is written with it is committed; none, where somebody has."""
_ADDED: Final[LiteralString] = """
    added AS (
        INSERT INTO fwf_journal.records (run, n, kind, path, tries, at, body, sum)
        SELECT run.number, each.* FROM run, unnest(
            $4::bigint[], $5::text[], $6::bytea[], $7::bytea[], $8::bigint[], $9::bytea[],
            $10::bytea[]
        ) AS each
    ), named AS (
        INSERT INTO fwf_journal.named (run, name)
        SELECT run.number, each FROM run, unnest($11::text[]) AS each ON CONFLICT DO NOTHING
    )"""
_BEGIN: Final[LiteralString] = f"""
    WITH {_LEASE}, run AS (
        INSERT INTO fwf_journal.runs (
            id, key, workflow, generation, state, started, changed, ended, tries, count, head,
            about, sum
        )
        SELECT $12, lease.key, $13::bytea, $14::bigint, $15, $16::bigint, $17::bigint, $18::bigint,
            $19::bigint, $20::bigint, $21::bytea, $22::bytea, $23::bytea
        FROM lease ON CONFLICT DO NOTHING RETURNING number
    ), {_ADDED}
    SELECT (SELECT count(*) FROM lease), (SELECT number FROM run)
"""
_APPEND: Final[LiteralString] = f"""
    WITH {_LEASE}, run AS (
        UPDATE fwf_journal.runs AS run SET
            count = run.count + $14::bigint, head = coalesce($15::bytea, run.head),
            changed = coalesce($16::bigint, run.changed), tries = run.tries + $17::bigint,
            state = coalesce($18::text, run.state),
            ended = CASE $18::text WHEN 'running' THEN NULL
                ELSE CASE WHEN $18::text IS NULL THEN run.ended
                ELSE coalesce($16::bigint, run.changed) END END
        FROM lease
        WHERE run.number = $12 AND run.key = lease.key AND run.count = coalesce($13, run.count)
        RETURNING run.number
    ), {_ADDED}
    SELECT (SELECT count(*) FROM lease), (SELECT count(*) FROM run)
"""
_OLD: Final[LiteralString] = """
    WHERE run.state = 'ok' AND run.ended < $1 AND run.count > 2
    AND NOT EXISTS (
        SELECT FROM fwf_journal.records AS it
        WHERE it.run = run.number AND it.n = run.count - 1 AND it.kind = 'anchor'
    )
    AND NOT EXISTS (
        SELECT FROM fwf_journal.leases AS lease
        WHERE lease.key = run.key AND lease.until > clock_timestamp()
    )"""
"""Complete, not pruned yet, and nobody is at it."""
_READ: Final[LiteralString] = """
    SELECT n, kind, path, tries, at, body, sum FROM (
        SELECT next_ones.*,
            sum(octet_length(body)::bigint) OVER (ORDER BY n) - octet_length(body) AS before
        FROM (
            SELECT * FROM fwf_journal.records WHERE run = $1 AND n > $2 ORDER BY n LIMIT $3
        ) AS next_ones
    ) AS sized WHERE before < $4 ORDER BY n
"""


@final
class Row(NamedTuple):
    """A record as its table has it: texts as bytes, which may be damaged."""

    n: int
    kind: str
    path: bytes
    tries: bytes
    at: int
    body: bytes
    sum: bytes


def encode(text: str) -> bytes:
    """A text of any characters ⟶ what a column holds of it."""
    return text.encode("utf-8", "surrogatepass")


def decode(content: bytes) -> str:
    """What `encode` made ⟶ the text; raises `UnicodeDecodeError` where it is damaged."""
    return content.decode("utf-8", "surrogatepass")


def add_run(
    driver: Driver, lease: Lease, row: RunRow, records: Sequence[Record]
) -> tuple[bool, int | None]:
    """Add a run with its first records ⟶ whether the lease is still there, and the run's number.

    None where its id or generation is there already.
    """
    first, *others = _parts(records)
    count, head, changed = 0, FIRST, row.changed
    if first:
        count, head, changed = first[-1].n, first[-1].sum, first[-1].at
    of_run = [
        row.id, encode(row.workflow), row.generation, row.state, row.started, changed,
        row.ended, _tries(first), count, head, encode(row.about), _checksum(row),
    ]  # fmt: skip
    with _together(driver, others):
        row_columns = driver.execute(
            _BEGIN, [*_of_lease(lease), *_arrays(first), *of_run]
        ).fetchone()
        assert row_columns is not None
        number = cast("int | None", row_columns[1])
        for part in others if number is not None else ():
            _append_part(driver, lease, cast(int, number), part, None)
    return bool(row_columns[0]), number


def append_records(
    driver: Driver, lease: Lease, run: int, records: Sequence[Record], state: State | None
) -> tuple[bool, bool]:
    """Add records to a run ⟶ whether the lease is still there, and the run as they follow it."""
    *others, last = _parts(records)
    with _together(driver, others):
        for part in others:
            if not all(flags := _append_part(driver, lease, run, part, None)):
                return flags
        return _append_part(driver, lease, run, last, state)


def _append_part(
    driver: Driver, lease: Lease, run: int, records: Sequence[Record], state: State | None
) -> tuple[bool, bool]:
    last = records[-1] if records else None
    of_run = [
        run,
        records[0].n - 1 if records else None,
        len(records),
        last and last.sum,
        last and last.at,
        _tries(records),
        state,
    ]
    row = driver.execute(_APPEND, [*_of_lease(lease), *_arrays(records), *of_run]).fetchone()
    assert row is not None
    return bool(row[0]), bool(row[1])


def number_of(driver: Driver, id: str) -> int | None:
    """The number of the run with an id, if it is there."""
    query = "SELECT number FROM fwf_journal.runs WHERE id = $1"
    row = driver.execute(query, [id]).fetchone()
    return None if row is None else int(row[0])


def sum_of(driver: Driver, run: int, n: int) -> bytes | None:
    """The checksum of one record, if it is there."""
    query = "SELECT sum FROM fwf_journal.records WHERE run = $1 AND n = $2"
    row = driver.execute(query, [run, n], binary=True).fetchone()
    return None if row is None else cast(bytes, row[0])


def records_after(driver: Driver, run: int, n: int) -> list[Row]:
    """The next of a run's records: some thousand, or some MB; none at the end."""
    cursor = driver.execute(_READ, [run, n, _BATCH, _BYTES], binary=True)
    return [Row(*row) for row in cursor]


def drop_after(driver: Driver, lease: Lease, run: RunRow) -> int | None:
    """Drop the records after the last good one ⟶ how many; None where the lease isn't ours.

    run: how its row is from now on.
    """
    with driver.transaction():
        renewal = driver.execute(
            "UPDATE fwf_journal.leases SET seen = clock_timestamp(), until = clock_timestamp() + $3"
            " WHERE key = $1 AND fence = $2",
            _of_lease(lease),
        )
        if renewal.rowcount == 0:
            return None
        deletion = driver.execute(
            "DELETE FROM fwf_journal.records WHERE run = $1 AND n > $2", [run.number, run.count]
        )
        driver.execute(
            "UPDATE fwf_journal.runs SET state = $2, changed = $3, ended = $4, tries = $5, "
            "count = $6, head = $7 WHERE number = $1",
            [run.number, run.state, run.changed, run.ended, run.tries, run.count, run.head],
        )
    return deletion.rowcount


def complete_before(driver: Driver, before: int) -> list[int]:
    """The numbers of the runs that `anchor_run` has something to take of."""
    query: Final[LiteralString] = f"SELECT run.number FROM fwf_journal.runs AS run {_OLD}"
    return [number for (number,) in driver.execute(query, [before])]


def anchor_run(driver: Driver, run: int, before: int) -> int | None:
    """Put an anchor in the place of all but the first and the last record of a complete run.

    ⟶ Bytes freed; None where it isn't one any more.
    """
    with driver.transaction():
        end: Final[LiteralString] = f"AS run {_OLD} AND number = $2 FOR UPDATE"
        cursor = driver.execute(f"SELECT count FROM fwf_journal.runs {end}", [before, run])
        row = cursor.fetchone()
        if row is None:  # somebody has just begun to do it again
            return None
        last = row[0] - 1
        ends = driver.execute(
            "SELECT sum, at FROM fwf_journal.records WHERE run = $1 AND n IN (1, $2) ORDER BY n",
            [run, last],
            binary=True,
        ).fetchall()
        if len(ends) < 2:  # damaged: told by who reads it
            return None
        (first_sum, _), (last_sum, at) = ends
        size = _delete_middle(driver, run, last)
        body = anchor(last - 1, last_sum)
        sum = checksum_of(first_sum, last, "anchor", "", "", at, body)
        driver.execute(
            "INSERT INTO fwf_journal.records (run, n, kind, path, tries, at, body, sum) "
            "VALUES ($1, $2, 'anchor', '', '', $3, $4, $5)",
            [run, last, at, encode(body), sum],
        )
    return size


def _delete_middle(driver: Driver, run: int, last: int) -> int:
    driver.execute("DELETE FROM fwf_journal.named WHERE run = $1", [run])
    row = driver.execute(
        """
        WITH gone AS (
            DELETE FROM fwf_journal.records WHERE run = $1 AND n BETWEEN 2 AND $2
            RETURNING octet_length(body) + octet_length(path) AS size
        ) SELECT coalesce(sum(size), 0)::bigint FROM gone
        """,
        [run, last],
    ).fetchone()
    return 0 if row is None else int(row[0])


def runs_where(
    driver: Driver, end: LiteralString, values: Sequence[object] = ()
) -> list[tuple[RunRow, bool]]:
    """The runs that the end of a query chooses and orders, and whether each is what was written."""
    query: LiteralString = f"SELECT {_COLUMNS}, sum FROM fwf_journal.runs {end}"
    return [_run(row) for row in driver.execute(query, values, binary=True)]


def _run(row: tuple[Any, ...]) -> tuple[RunRow, bool]:
    number, id_, key, workflow, *others, about, sum = row
    texts = [bytes(each).decode("utf-8", "backslashreplace") for each in (workflow, about)]
    with suppress(UnicodeDecodeError):
        texts = [decode(each) for each in (workflow, about)]
    run = cast(Any, RunRow)(number, id_, key, texts[0], *others, texts[1])
    return run, _checksum(run) == sum


def _checksum(row: RunRow) -> bytes:
    """Of what stays in a run's row; of what changes, the chain tells."""
    content = "\0".join(
        (row.id, row.key, row.workflow, str(row.generation), str(row.started), row.about)
    )
    return blake2b(encode(content), digest_size=DIGEST).digest()


def _together(driver: Driver, others: Sequence[object]) -> AbstractContextManager[object]:
    """A transaction, where there is more than one statement: each is one by itself."""
    return driver.transaction() if others else nullcontext()


def _parts(records: Sequence[Record]) -> list[Sequence[Record]]:
    """Records ⟶ the same in parts that can be sent at once; a single one that is none, of none."""
    parts, start, size = list[Sequence[Record]](), 0, 0
    for at, record in enumerate(records):
        length = len(record.body) + len(record.path)
        if size and size + length > _SENT:
            parts.append(records[start:at])
            start, size = at, 0
        size += length
    return [*parts, records[start:]]


def _of_lease(lease: Lease) -> list[object]:
    return [lease.key, lease.fence, lease.length]


def _arrays(records: Sequence[Record]) -> list[object]:
    return [
        [record.n for record in records],
        [record.kind for record in records],
        [encode(record.path) for record in records],
        [encode(record.tries) for record in records],
        [record.at for record in records],
        [encode(record.body) for record in records],
        [record.sum for record in records],
        sorted({name for record in records for name in _names(record.body)}),
    ]


def _tries(records: Sequence[Record]) -> int:
    return sum(record.kind == "try" for record in records)


def _names(body: str) -> list[str]:
    """The contents that a record names."""
    return CONTENT.findall(body) if ".arrow" in body else []
