"""What a journal keeps of a run: its own row, and one record for each thing that happened in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast, final

from fwf.records import record

FORM: Final = 1
"""The version of what is hashed: a column more doesn't break the chains of older runs."""
DIGEST: Final = 16
"""Bytes of a checksum."""
FIRST: Final = bytes(DIGEST)
"""What the first record of a run is chained to."""

Kind: TypeAlias = Literal[
    "try", "start", "alone", "ok", "failed", "cut", "retry", "deadline", "delay", "caught",
    "settled", "done", "gave back", "taken back", "resolved", "given up", "died", "end", "anchor",
    "version",
]  # fmt: skip
"""What a record tells. Of the run: `try`, a process begins or goes on with it; `end`, how such a
try ended; `died`, that it ended without a word, as the next one found; `taken back`, steps that are
to be done again; `given up`, that nobody goes on with it any more; `anchor`, what pruning left. Of
an attempt of a task: `start`; `alone`, that of those that were started none but this one begins;
`ok`, `failed`, `cut`; `resolved`, what a person decided. Of other places: `retry`, the attempt that
comes next; `deadline` and `delay`, when they end; `caught`, a fault that became a value or chose a
handler, and `settled`, that the handler was fine; `done`, a part and its finaliser; `gave back`, a
finaliser. Of a log: `version`."""
State: TypeAlias = Literal["running", "ok", "failed", "interrupted", "held", "given up", "log"]
"""How a run stands: `running`, or died without a word; `held`, until a person decides something;
`given up`, for good, so that the next start of its name begins another generation.
`log`: it's none, but what is kept between runs (see `logs`)."""
LOG: Final = "log "
"""What the keys of logs begin with."""


class Record(NamedTuple):
    """One thing that happened. `n` counts from 1 in its run; `at` is in µs since 1970, UTC.

    `path` is the step's or the place's, with items and rounds; empty for the run itself. `tries`
    are the attempt numbers of the retries around it, outermost first, as text: "2,1". `body` is a
    JSON object, `sum` the checksum of all of this and of the record before.
    """

    n: int
    kind: Kind
    path: str
    tries: str
    at: int
    body: str
    sum: bytes


new_record: Final = cast(
    "Callable[[type[Record], tuple[Any, ...]], Record]", cast(Any, tuple).__new__
)
"""Makes one in a quarter of the time that `Record(…)` takes."""


def degraded_of(end: Record) -> tuple[str, ...]:
    """How a try ended ⟶ the paths where what it gave isn't what was meant."""
    if '"degraded":[' not in end.body:
        return ()
    return tuple(map(str, json.loads(end.body).get("degraded", ())))


def checksum_of(
    before: bytes, n: int, kind: str, path: str, tries: str, at: int, body: str
) -> bytes:
    """The checksum of a record that follows one with the checksum `before`."""
    content = f"{FORM}\0{n}\0{kind}\0{path}\0{tries}\0{at}\0{body}"
    return blake2b(
        content.encode("utf-8", "surrogatepass"), key=before, digest_size=DIGEST
    ).digest()


def state_of(key: str) -> State:
    """How that stands of which nothing but its key and records is known."""
    return "log" if key.startswith(LOG) else "running"


def moment(at: int) -> str:
    """A time in µs since 1970 ⟶ text, in the zone of this machine."""
    return datetime.fromtimestamp(at / 1e6).astimezone().isoformat(" ", "seconds")


@final
@record()
class RunRow:
    """What a journal knows of a run as a whole.

    number: counts from 1 in its journal; 0 before it is in one.
    id: a UUID of version 7, the same for all tries.
    key: what the run is named by, the same for all generations: `RunName.key`.
    generation: 1, and one more whenever a complete run is done `--again`.
    about: a JSON object: target, definition, parameters, pools, versions; whatever was resolved
        when the run first started and is used again.
    started, changed, ended: µs since 1970, UTC; `changed` is the last sign of it.
    count, head: how many records it has, and the checksum of the last one.
    """

    number: int
    id: str
    key: str
    workflow: str
    generation: int
    state: State
    started: int
    changed: int
    ended: int | None
    tries: int
    count: int
    head: bytes
    about: str

    @property
    def facts(self) -> dict[str, Any]:
        """What `about` says."""
        facts: dict[str, Any] = json.loads(self.about)
        return facts
