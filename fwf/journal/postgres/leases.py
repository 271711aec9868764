"""Who goes on with the runs of a name, when many machines may? Who holds a lease of the server's.

A lease ends at a time of the server's clock unless it is renewed, and has a fencing number: who
takes it over makes it one greater, and what is written under a smaller one is refused in the same
transaction. So a holder that slept goes on if nobody came, and commits nothing if somebody did.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, LiteralString, NamedTuple, final
from uuid import uuid4

from fwf.durations import SECOND, in_words
from fwf.journal.errors import Held, JournalError
from fwf.journal.holders import who
from fwf.journal.postgres.servers import Server, ServerAddress
from fwf.journal.store import Holder

if TYPE_CHECKING:
    from fwf.journal.postgres.servers import Driver

LEASE: Final = timedelta(minutes=1)
"""How long a dead holder keeps others waiting (our choice)."""
# Where the answer of a claim was lost, the token tells that it was ours.
_TAKE: Final[LiteralString] = """
    INSERT INTO fwf_journal.leases AS held (key, fence, token, holder, since, seen, until)
    VALUES ($1, 1, $2, $3, clock_timestamp(), clock_timestamp(), clock_timestamp() + $4)
    ON CONFLICT (key) DO UPDATE SET
        fence = held.fence + 1, token = $2, holder = $3,
        since = clock_timestamp(), seen = clock_timestamp(), until = clock_timestamp() + $4
    WHERE held.until <= clock_timestamp() OR held.token = $2
    RETURNING fence
"""
_LOOK: Final[LiteralString] = """
    SELECT holder, since, clock_timestamp() - seen,
        greatest(until, since) - clock_timestamp()
    FROM fwf_journal.leases WHERE key = $1
"""
_RENEW: Final[LiteralString] = """
    UPDATE fwf_journal.leases SET seen = clock_timestamp(), until = clock_timestamp() + $3
    WHERE key = $1 AND fence = $2
"""
# The fence too, so that a renewal that is on its way comes too late.
_RELEASE: Final[LiteralString] = """
    UPDATE fwf_journal.leases SET until = '-infinity', fence = fence + 1
    WHERE key = $1 AND fence = $2
"""


@final
class Lease:
    """The right to go on with the runs of a name, renewed by a thread until it is given back."""

    def __init__(self, key: str, fence: int, length: timedelta, server: Server) -> None:
        self.key = key
        self.fence = fence
        self.length = length
        self.released = False
        self._server = server
        self._end = Event()

    def __repr__(self) -> str:
        return f"<Lease {self.key} {self.fence}{' released' if self.released else ''}>"

    def renew_from(self, address: ServerAddress) -> None:
        """Renew it from now on, by a connection of its own: the other one may be busy."""
        own = Server(address, patience=self.length)
        name = f"fwf lease {self.key} {self.fence}"
        Thread(
            target=_keep_renewing, args=(self, own, self._end.wait), name=name, daemon=True
        ).start()

    def release(self) -> None:
        """Give it back. May be called twice. Where the server is gone it ends by itself."""
        if self.released:
            return
        self.released = True
        self._end.set()

        def work(driver: Driver, again: bool) -> None:
            driver.execute(_RELEASE, [self.key, self.fence])

        with suppress(JournalError):
            self._server.do("giving a lease back", work, patient=False)


def _keep_renewing(lease: Lease, own: Server, wait: Callable[[float], bool]) -> None:
    """Renew a lease until it is given back, or somebody else's."""

    def work(driver: Driver, again: bool) -> int:
        return driver.execute(_RENEW, [lease.key, lease.fence, lease.length]).rowcount

    third = lease.length.total_seconds() / 3
    pause = third
    try:
        while not wait(pause):
            try:
                if own.do("renewing a lease", work, patient=False) == 0:
                    return
                pause = third
            except JournalError:  # told when something is appended
                pause = min(1.0, third)
    finally:
        own.close()


def claim_lease(server: Server, key: str, holder: Holder, length: timedelta) -> Lease:
    """Take a lease; raises `Held` with who has it."""
    token, about = uuid4().hex, json.dumps([holder.host, holder.pid, holder.user, holder.since])

    def take(driver: Driver, again: bool) -> Lease | Held:
        while True:
            fence_row = driver.execute(_TAKE, [key, token, about, length]).fetchone()
            if fence_row is not None:
                return Lease(key, fence_row[0], length, server)
            standing = _standing(driver, key)
            if standing is not None:  # else it ended a moment ago
                return _held_error(server.where, standing)

    outcome = server.do("claiming a run", take)
    if isinstance(outcome, Held):
        raise outcome
    return outcome


def holder_of(driver: Driver, key: str) -> Holder | None:
    """Who has a lease; None if nobody has, or one that has run out."""
    standing = _standing(driver, key)
    return None if standing is None else standing.holder


class _Standing(NamedTuple):
    """Who has a lease, since when, how long ago the last sign was, and how long it still lasts."""

    holder: Holder
    since: datetime
    silence: timedelta
    rest: timedelta


def _standing(driver: Driver, key: str) -> _Standing | None:
    """How a lease stands; None if nobody has it, or it has run out."""
    row = driver.execute(_LOOK, [key]).fetchone()
    if row is None:
        return None
    about, *times = row
    standing = _Standing(Holder(*json.loads(about)), *times)
    return standing if standing.rest > timedelta(0) else None


def _held_error(where: str, standing: _Standing) -> Held:
    holder, since, silence, rest = standing
    return Held(
        f"{where}: {who(holder)} goes on with this run since "
        f"{since.astimezone().isoformat(' ', 'seconds')}; the last sign of it was "
        f"{_in_seconds(silence)} ago: wait for it; if it is dead, its lease ends in "
        f"{_in_seconds(rest)}",
        holder,
    )


def _in_seconds(span: timedelta) -> str:
    return in_words(round(span.total_seconds()) * SECOND)
