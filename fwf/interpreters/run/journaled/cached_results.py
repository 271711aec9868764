"""The results that `cached` keeps between runs: looked up, and remembered, in the run's journal.

Each is a log of the journal (see `fwf.journal.versioned_logs`): `cached <key>`, whose last version
is the result. A result that can't be read is looked up in vain, and the next one is its next
version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from hashlib import blake2b
from threading import Lock
from typing import Any, Final, final

from fwf.analysis.requirements import Requirements
from fwf.derived.caching import MISS, places_of
from fwf.forms.mentioned import Known, names_in
from fwf.interpreters.run.journaled.stamps import Watch
from fwf.interpreters.run.observers import warn
from fwf.interpreters.run.resources import Opener, OpenerByNames
from fwf.journal import versioned_logs
from fwf.journal.errors import Held, JournalCorrupt, JournalError
from fwf.journal.holders import me
from fwf.journal.run_records import RunRow
from fwf.journal.store import Holder, Store
from fwf.journal.values import Unwritable, Values

PREFIX: Final = "cached "
"""What the names of their logs begin with."""
_FORM: Final = 1
"""The version of what keys are made of."""
_DIGEST: Final = 16


def openers(needs: Requirements, store: Store, row: RunRow, watch: Watch) -> dict[str, Opener]:
    """What a run asks for ⟶ the results of earlier ones, by the names that its tasks know them."""
    about = {"run": row.id, "by": row.workflow}
    results = CachedResults(store, names_in(needs.workflow), lambda: me(watch.wall()), about)
    return dict.fromkeys(places_of(needs), OpenerByNames(results.opener))


@final
class CachedResults:
    """The results that one try of a run finds and keeps. Of any thread."""

    def __init__(
        self, store: Store, names: Known, holder: Callable[[], Holder], about: Mapping[str, Any]
    ) -> None:
        self._store = store
        self._values = Values(names, store.put, store.get)  # the run's own is the scheduler's
        self._lock = Lock()
        """Of the values: one at a time is written or read."""
        self._holder = holder
        self._about = about
        self._remarks: set[str] = set()

    def opener(self, renames: Mapping[str, str]) -> AbstractContextManager[_TaskResults]:
        """What a task is given, where these resources go by other names."""
        return nullcontext(_TaskResults(self, renames))

    def find(self, key: str) -> dict[str, Any]:
        """What is kept by a key."""
        version = None
        try:
            version = versioned_logs.latest(self._store, PREFIX + key)
            if version is None:
                return {**MISS, "key": key}
            with self._lock:
                value = self._values.read(json.dumps(version.body["value"]))
            return {"found": True, "value": value, "key": key, "seen": version.number}
        except (JournalError, KeyError, Unwritable) as error:
            self._tell(f"a result that was kept is done anew, since it can't be read: {error}")
        return {**MISS, "key": key, "seen": -1 if version is None else version.number}

    def keep(self, key: str, version: int, value: object) -> None:
        """Keep a value by a key, if nobody has since that was looked up."""
        try:
            with self._lock:
                text, _ = self._values.settle(value)
        except Unwritable as error:
            self._tell(
                f"a result isn't kept for other runs, which the journal can't write: {error}"
            )
            return
        body = {"value": json.loads(text), **self._about}
        name, this = PREFIX + key, self._holder()
        try:
            self._add(name, this, version, body)
        except Held:
            pass  # who does the same now keeps it
        except JournalCorrupt:
            versioned_logs.salvage(self._store, name, this)
            self._add(name, this, -1, body)

    def _add(self, name: str, me: Holder, version: int, body: Mapping[str, Any]) -> None:
        with versioned_logs.open_writer(self._store, name, me) as writer:
            latest = 0 if writer.latest is None else writer.latest.number
            if version in (latest, -1):
                writer.add(body)

    def key(
        self,
        of: str,
        by: object,
        params: Mapping[str, object],
        resources: Mapping[str, str],
    ) -> str:
        """What a result is found by; empty if a part of that has no written form."""
        with self._lock:
            digests = {name: self._values.digest(each) for name, each in params.items()}
            input_digest = self._values.digest(by)
        nameless = [name for name, each in digests.items() if not each]
        if nameless or not input_digest:
            what = f"the parameter {nameless[0]!r}" if nameless else f"a {type(by).__qualname__}"
            self._tell(
                f"a result isn't looked up, since {what} has no written form: say with by= what "
                "tells one input from another, or give plain data"
            )
            return ""
        text = json.dumps(
            [_FORM, of, input_digest, sorted(digests.items()), sorted(resources.items())]
        )
        return blake2b(text.encode(), digest_size=_DIGEST).hexdigest()

    def _tell(self, message: str) -> None:
        """Tell people of it, once in a try."""
        if message not in self._remarks:
            self._remarks.add(message)
            warn(f"cached: {message}")


@final
class _TaskResults:
    """The results, for a task where some resources go by other names."""

    def __init__(self, results: CachedResults, renames: Mapping[str, str]) -> None:
        self._results = results
        self._renames = renames

    def look(
        self, of: str, by: object, params: Mapping[str, object], resources: Sequence[str], /
    ) -> dict[str, Any]:
        renames = self._renames
        names = {name: renames.get(name, name) for name in resources}
        key = self._results.key(of, by, params, names)
        return self._results.find(key) if key else dict(MISS)

    def keep(self, answer: Mapping[str, Any], value: object, /) -> None:
        if answer["key"]:
            self._results.keep(answer["key"], answer["seen"], value)
