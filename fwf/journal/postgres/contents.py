"""How are large values kept in PostgreSQL's tables, by the digest of their content?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fwf.journal.content_names import name_of

if TYPE_CHECKING:
    from fwf.journal.postgres.servers import Driver

_PART: Final = 8 * 2**20
"""Bytes of a row."""


def keep(driver: Driver, name: str, content: memoryview | bytes) -> None:
    """Keep it, unless it is there whole; its age begins anew, so that it isn't swept now."""
    with driver.transaction():
        driver.execute(
            "UPDATE fwf_journal.contents SET added = clock_timestamp() "
            "WHERE name = $1 AND part = 0",
            [name],
        )
        current = content_by(driver, name)
        if current is not None and name_of(current) == name:
            return
        driver.execute("DELETE FROM fwf_journal.contents WHERE name = $1", [name])
        view = memoryview(content).cast("B")
        for part, start in enumerate(range(0, max(len(view), 1), _PART)):
            driver.execute(
                "INSERT INTO fwf_journal.contents (name, part, content) VALUES ($1, $2, $3) "
                "ON CONFLICT DO NOTHING",  # somebody else has just put it there
                [name, part, bytes(view[start : start + _PART])],
            )


def content_by(driver: Driver, name: str) -> bytes | None:
    """What is kept by a name; None if there is nothing."""
    content, part = bytearray(), 0
    while True:
        row = driver.execute(
            "SELECT content FROM fwf_journal.contents WHERE name = $1 AND part = $2",
            [name, part],
            binary=True,
        ).fetchone()
        if row is None:
            return bytes(content) if part else None
        content += row[0]
        part += 1


def sweep(driver: Driver) -> int:
    """Drop what no record has named for a day: one may just be about to ⟶ bytes freed."""
    # Locked while it is looked at, so that one that is put again now is young again, or comes anew.
    row = driver.execute("""
        WITH old AS (
            SELECT name FROM fwf_journal.contents AS first
            WHERE part = 0 AND added < clock_timestamp() - interval '24 hours'
            AND NOT EXISTS (SELECT FROM fwf_journal.named AS it WHERE it.name = first.name)
            FOR UPDATE
        ), gone AS (
            DELETE FROM fwf_journal.contents AS part USING old WHERE part.name = old.name
            RETURNING octet_length(content) AS size
        ) SELECT coalesce(sum(size), 0)::bigint FROM gone
    """).fetchone()
    return 0 if row is None else int(row[0])
