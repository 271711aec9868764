"""Claims as rows of a table in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, LiteralString, TypeVar, final

from fwf.interpreters.engines.worker.claims import Claim, ClaimedAttempt
from fwf.interpreters.engines.worker.objects import StoreError
from fwf.journal.errors import JournalError
from fwf.journal.postgres.servers import Server, address_of

if TYPE_CHECKING:
    from fwf.journal.postgres.servers import Driver

T = TypeVar("T")
_LOCK: Final = 0x6677_665F_636C_6169
"""The advisory lock under which the table is made: two first users come one after the other."""
_TABLE: Final[tuple[LiteralString, ...]] = (
    "CREATE SCHEMA IF NOT EXISTS fwf_worker",
    """
    CREATE TABLE IF NOT EXISTS fwf_worker.claims (
        step text NOT NULL,
        tries text NOT NULL,
        claim text NOT NULL,
        outcome text,
        PRIMARY KEY (step, tries)
    )
    """,
)


@final
class InPostgres:
    """The table `fwf_worker.claims` of a database, which is made at its first use."""

    def __init__(self, url: str) -> None:
        self._lock = Lock()
        """Of the connection."""
        try:
            self._server = Server(address_of(url))
        except JournalError as error:
            raise StoreError(str(error)) from None
        self.where = f"{self._server.where}, table fwf_worker.claims"
        self._there = False

    def claim(self, attempt: ClaimedAttempt, claim: Claim) -> Claim | None:
        text = claim.text()
        self._ask(
            "a claim",
            "INSERT INTO fwf_worker.claims (step, tries, claim) VALUES ($1, $2, $3) "
            "ON CONFLICT DO NOTHING",
            *attempt,
            text,
        )
        first = self._one("SELECT claim FROM fwf_worker.claims WHERE step = $1 AND tries = $2",
            *attempt)  # fmt: skip
        if first is None:
            raise StoreError(f"{self.where}: a claim was taken away meanwhile")
        return None if first == text else Claim.of(first)

    def take_over(self, attempt: ClaimedAttempt, claim: Claim) -> None:
        self._ask(
            "a claim",
            "UPDATE fwf_worker.claims SET claim = $3 WHERE step = $1 AND tries = $2",
            *attempt,
            claim.text(),
        )

    def outcome(self, attempt: ClaimedAttempt) -> str | None:
        return self._one("SELECT outcome FROM fwf_worker.claims WHERE step = $1 AND tries = $2",
            *attempt)  # fmt: skip

    def finish(self, attempt: ClaimedAttempt, outcome: str) -> str:
        self._ask(
            "an outcome",
            "UPDATE fwf_worker.claims SET outcome = $3 "
            "WHERE step = $1 AND tries = $2 AND outcome IS NULL",
            *attempt,
            outcome,
        )
        return self.outcome(attempt) or outcome

    def attempts(self, step: str) -> Sequence[ClaimedAttempt]:
        sql: LiteralString = "SELECT tries FROM fwf_worker.claims WHERE step = $1"
        return [ClaimedAttempt(step, tries) for (tries,) in self._ask("claims", sql, step)]

    def unfinished(self, step: str) -> Sequence[ClaimedAttempt]:
        rows = self._ask(
            "claims",
            "SELECT tries FROM fwf_worker.claims WHERE step = $1 AND outcome IS NULL",
            step,
        )
        return [ClaimedAttempt(step, tries) for (tries,) in rows]

    def close(self) -> None:
        self._server.close()

    def _one(self, sql: LiteralString, *values: str) -> str | None:
        rows = self._ask("a claim", sql, *values)
        return rows[0][0] if rows else None

    def _ask(self, what: str, sql: LiteralString, *values: str) -> list[tuple[Any, ...]]:
        def asked(driver: Driver, again: bool) -> list[tuple[Any, ...]]:
            cursor = driver.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

        with self._lock:
            if not self._there:
                self._do("the table of claims", _make)
                self._there = True
            return self._do(what, asked)

    def _do(self, what: str, work: Callable[[Driver, bool], T]) -> T:
        try:
            return self._server.do(what, work)
        except JournalError as error:
            raise StoreError(str(error)) from None


def _make(driver: Driver, again: bool) -> None:
    with driver.transaction():
        driver.execute("SELECT pg_catalog.pg_advisory_xact_lock($1)", [_LOCK])
        for sql in _TABLE:
            driver.execute(sql)
