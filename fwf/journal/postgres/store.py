"""A journal in PostgreSQL: for machines that don't keep their disks, and for many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, Self, TypeVar, final

from fwf.journal.chain import (
    check_follow,
    checked_records,
    corrupt,
    link_after,
    newest_record,
    text,
)
from fwf.journal.content_names import check_content, check_name, name_of
from fwf.journal.errors import JournalCorrupt, JournalError, Replaced
from fwf.journal.postgres import contents as contents, rows as rows
from fwf.journal.postgres.leases import LEASE, Lease, claim_lease, holder_of
from fwf.journal.postgres.servers import PATIENCE, Server, ServerAddress, address_of
from fwf.journal.postgres.table_schema import prepare
from fwf.journal.run_records import FIRST, Record, RunRow, State, state_of
from fwf.journal.store import Claim, Holder
from fwf.records import changed

if TYPE_CHECKING:
    from fwf.journal.postgres.servers import Driver

T = TypeVar("T")
P = ParamSpec("P")
_ALL: Final = 2**63 - 1


@final
class Postgres:
    """A journal in the schema `fwf_journal` of a PostgreSQL database; made by `Postgres.open`.

    What it was given is on the server's disk when it says so (`synchronous_commit`); what that
    outlives is the server's to say, so `durability` doesn't apply.
    """

    def __init__(self, address: ServerAddress, server: Server, lease: timedelta) -> None:
        self.where = address.where
        self._address = address
        self._server = server
        self._lease = lease
        self._leases: list[Lease] = []

    @classmethod
    def open(cls, url: str, *, lease: timedelta = LEASE, patience: timedelta = PATIENCE) -> Self:
        """A URL, `postgresql://user@host:5432/database` ⟶ its journal, made if it has none.

        lease: how long a holder that died keeps others waiting.
        patience: how long to wait for a server that was there and is gone.
        """
        address = address_of(url)
        server = Server(address, patience=patience)
        try:
            server.do("opening", lambda driver, _: prepare(driver, address.where), patient=False)
        except BaseException:
            server.close()
            raise
        return cls(address, server, lease)

    def __repr__(self) -> str:
        return f"<Postgres {self.where}>"

    def claim(self, key: str, holder: Holder) -> Claim:
        """Become the one who goes on with the runs of a name; raises `Held` with who does."""
        lease = claim_lease(self._server, key, holder, self._lease)
        lease.renew_from(self._address)
        self._leases = [*(each for each in self._leases if not each.released), lease]
        return lease

    def holder(self, key: str) -> Holder | None:
        """Who goes on with the runs of a name now; None if nobody does."""
        return self._ask("looking for a holder", holder_of, key)

    def begin(self, row: RunRow, records: Sequence[Record], claim: Claim) -> int:
        """Add a run with its first records ⟶ its number."""
        lease = self._of(claim, row.key)
        check_follow(records, 0)

        def work(driver: Driver, again: bool) -> tuple[bool, int | None]:
            ours, number = rows.add_run(driver, lease, row, records)
            if number is None and again and (there := rows.number_of(driver, row.id)) is not None:
                return True, there
            return ours, number

        ours, number = self._server.do("adding a run", work)
        if not ours:
            raise self._replaced_error()
        if number is None:
            raise JournalError(
                f"{self.where}: adding a run: its id {row.id} or generation {row.generation} is "
                "there already; nothing was changed"
            )
        return number

    def append(
        self, run: int, records: Sequence[Record], claim: Claim, *, state: State | None = None
    ) -> None:
        """Add records to a run, whose numbers follow those that are there; raises `Replaced`.

        state: how the run stands from now on. The rest of the run's row is brought up to date
            with every call.
        """
        lease = self._of(claim)
        if not records and state is None:
            return
        check_follow(records, records[0].n - 1 if records else 0)

        def work(driver: Driver, again: bool) -> tuple[bool, bool]:
            flags = rows.append_records(driver, lease, run, records, state)
            # What was sent before may be there by now, even if it wasn't a moment ago.
            if again and records and not all(flags):
                last = records[-1]
                if rows.sum_of(driver, run, last.n) == last.sum:
                    return True, True
            return flags

        ours, follows = self._server.do("adding records", work)
        if not ours:
            raise self._replaced_error()
        if not follows:
            raise self._cannot_follow(run, records, lease)

    def generations(self, key: str) -> Sequence[RunRow]:
        """The runs of a name, the oldest first."""
        end: Final = "WHERE key = $1 ORDER BY generation"
        return self._runs(self._ask("looking for runs", rows.runs_where, end, [key]))

    def runs(self, *, newest: int | None = None, like: str | None = None) -> Sequence[RunRow]:
        """Runs, the newest first: so many; those whose id or workflow contains a text."""
        end: Final = (
            "WHERE (position($1 IN convert_to(id, 'UTF8')) > 0 OR position($1 IN workflow) > 0) "
            "AND state <> 'log' ORDER BY number DESC LIMIT $2"
        )
        values = [rows.encode(like or ""), _ALL if newest is None else newest]
        return self._runs(self._ask("looking for runs", rows.runs_where, end, values))

    def logs(self, prefix: str) -> Sequence[RunRow]:
        """The rows of the logs whose key begins so."""
        end: Final = "WHERE starts_with(key, $1) AND state = 'log' ORDER BY key COLLATE \"C\""
        return self._runs(self._ask("looking for logs", rows.runs_where, end, [prefix]))

    def records(self, run: RunRow) -> Iterator[Record]:
        """A run's records in order, checked; raises `JournalCorrupt` at the first bad one."""
        last = 0
        for record in checked_records(run, self._rows(run), self.where):
            last = record.n
            if last == run.count and link_after(record) != run.head:
                raise corrupt(run, last, record.path, self.where, "isn't what was written")
            yield record
        if last < run.count:
            raise corrupt(run, last + 1, "", self.where, "is missing")

    def last(self, run: RunRow) -> Record | None:
        """The last record of a run that has ended, checked against the one before."""
        before = max(run.count - 2, 0)
        latest = self._ask("reading records", rows.records_after, run.number, before)[::-1]
        record = newest_record(latest[:2]) if latest else None
        if latest and record is None:
            n, path = latest[0].n, text(latest[0].path)
            raise corrupt(run, n, path, self.where, "isn't what was written")
        return record

    def salvage(self, run: RunRow, claim: Claim) -> int:
        """Drop what follows the last good record of a damaged run ⟶ how many were dropped."""
        lease = self._of(claim, run.key)
        good = changed(
            run, state=state_of(run.key), changed=run.started, ended=None, tries=0, count=0,
            head=FIRST,
        )  # fmt: skip
        try:
            for record in self.records(run):
                good = _with(good, record)
        except JournalCorrupt:
            count = self._ask("salvaging a run", rows.drop_after, lease, good)
            if count is None:
                raise self._replaced_error() from None
            return max(count, run.count - good.count)
        return 0

    def prune(self, before: int) -> tuple[int, int]:
        """Drop the records of complete runs that ended before a time (µs) ⟶ runs, bytes freed.

        Their rows stay, and with them what was complete; and so does all of any other run.
        """
        old = self._ask("pruning", rows.complete_before, before)
        anchors = [self._ask("pruning", rows.anchor_run, run, before) for run in old]
        swept = self._ask("pruning", contents.sweep)
        sizes = [each for each in anchors if each is not None]
        return len(sizes), sum(sizes) + swept

    def put(self, name: str, content: memoryview | bytes) -> None:
        """Keep a large value (an Arrow file) by the digest of its content, if it isn't there."""
        check_content(name, content)
        self._server.do("keeping a value", lambda driver, _: contents.keep(driver, name, content))

    def get(self, name: str) -> bytes | memoryview:
        """What is kept by that name; raises `JournalCorrupt` if it is gone or another."""
        check_name(name)
        content = self._ask("reading a value", contents.content_by, name)
        if content is None or name_of(content) != name:
            what = "is gone" if content is None else "isn't what was written"
            raise JournalCorrupt(
                f"{self.where}: {name} {what}; the step that gave this value can be done again: "
                "`fwf rerun RUN --from PATH`"
            )
        return content

    def close(self) -> None:
        """Nothing is asked of it any more; its claims are given back. May be called twice."""
        for lease in self._leases:
            lease.release()
        self._leases.clear()
        self._server.close()

    def _ask(
        self,
        what: str,
        ask: Callable[Concatenate[Driver, P], T],
        *arguments: P.args,
        **more: P.kwargs,
    ) -> T:
        """Let something be done that may be done twice."""
        return self._server.do(what, lambda driver, _: ask(driver, *arguments, **more))

    def _rows(self, run: RunRow) -> Iterator[rows.Row]:
        last = 0
        while batch := self._ask("reading records", rows.records_after, run.number, last):
            yield from batch
            last = batch[-1].n

    def _runs(self, matches: Sequence[tuple[RunRow, bool]]) -> Sequence[RunRow]:
        for row, good in matches:
            if not good:
                raise JournalCorrupt(
                    f"{self.where}: the row of run {row.number} isn't what was written: bring the "
                    "schema fwf_journal back from a backup"
                )
        return [row for row, _ in matches]

    def _of(self, claim: Claim, key: str | None = None) -> Lease:
        if not isinstance(claim, Lease) or (key is not None and claim.key != key):
            raise ValueError("the claim isn't one on the runs of this key")
        if claim.released:
            raise Replaced(f"{self.where}: the claim on this run was given back")
        return claim

    def _cannot_follow(self, run: int, records: Sequence[Record], lease: Lease) -> ValueError:
        matches = self._ask("looking for a run", rows.runs_where, "WHERE number = $1", [run])
        if not matches:
            return ValueError(f"append: there is no run {run}")
        row, _ = matches[0]
        if row.key != lease.key:
            return ValueError("the claim isn't one on the runs of this key")
        n = records[0].n if records else row.count
        return ValueError(f"append: record {n} can't follow record {row.count} of run {run}")

    def _replaced_error(self) -> Replaced:
        return Replaced(
            f"{self.where}: another process goes on with this run since the lease of this one ran "
            "out: nothing of it is committed any more"
        )


def _with(run: RunRow, record: Record) -> RunRow:
    """The row of a run that has come as far as this record."""
    return changed(
        run,
        changed=record.at,
        tries=run.tries + (record.kind == "try"),
        count=record.n,
        head=link_after(record),
    )
