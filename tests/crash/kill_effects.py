"""What do tasks do that are killed? They leave lines in a log outside, and say what they used.

The log is a file to which lines are added whole and synced. What a task gives names the line that
it left, so the log says who went on with what: whoever runs again after somebody went on with what
it gave is seen, without a look into any journal.
"""

import asyncio
import json
import os
import random
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from fwf import Attempt, IdempotencyKey, RunInfo, task

LOG: Final = "CRASH_LOG"
"""The variable that names the log."""
PACE: Final = "CRASH_PACE"
"""The variable that says how long a task takes at most, in seconds."""
STARTER: Final = "CRASH_STARTER"
"""The variable in which the process of a run leaves its number to processes of its tasks."""
SCOPE: Final = "again"
"""What a part is called that is tried again as a whole."""

Given: TypeAlias = Any
"""None, what a task gave, or several of these."""
Value: TypeAlias = dict[str, Any]
"""What a task gives: `v`, worked out of its place and of what it was given; `n`, one more than what
it was given; `by`, the name of the line that it left."""
What: TypeAlias = Literal["did", "failed", "tidied", "released"]
"""`tidied` and `released` are finalisers; the latter gives back what it used last."""


class Line(NamedTuple):
    """What an attempt leaves.

    by: its own name; used: the names of the lines of those whose values it was given.
    starter: the process of the run; reopens: a place whose parts may run again, since it failed.
    """

    what: What
    by: str
    key: str
    path: str
    attempt: int
    digest: str
    used: list[str]
    starter: int
    reopens: str


def read(log: Path) -> list[Line]:
    """The lines of a log. One that a kill has torn is none: its task was not done."""
    if not log.exists():
        return []
    lines = log.read_bytes().split(b"\n")[:-1]
    return [Line(*json.loads(line)) for line in lines if line.endswith(b"]")]


def hear_signals() -> None:
    """Have signals do what they do by default: `nohup` and others have tests ignore some."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def alive(log: Path) -> list[int]:
    """Processes that are at work for a run: those that know of its log."""
    found: list[int] = []
    said = f"{LOG}={log}".encode()
    for each in Path("/proc").iterdir():
        with suppress(OSError):
            if each.name.isdigit() and said in (each / "environ").read_bytes().split(b"\0"):
                found.append(int(each.name))
    return found


def values_in(given: Given) -> Iterator[Value]:
    """The values of tasks in what one is given."""
    if isinstance(given, Mapping):
        yield dict(given)
    elif isinstance(given, Sequence) and not isinstance(given, str):
        for each in given:
            yield from values_in(each)


def digest(*what: object) -> str:
    return blake2b(json.dumps(what).encode(), digest_size=6).hexdigest()


def leave(
    what: What, given: Given, key: str, info: RunInfo, attempt: int, *, reopens: str = ""
) -> Value:
    """Add a line to the log, and sync it ⟶ the value of the task that left it."""
    inputs = list(values_in(given))
    seen = [each["v"] for each in inputs]
    by = f"{info.path}@{os.urandom(4).hex()}"
    starter = int(os.environ[STARTER])
    used = [each["by"] for each in inputs]
    line = Line(what, by, key, info.path, attempt, digest(seen), used, starter, reopens)
    file = os.open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, json.dumps(line).encode() + b"\n")
        os.fsync(file)
    finally:
        os.close(file)
    count = 1 + max((each["n"] for each in inputs), default=0)
    return {"v": digest(info.path, seen), "n": count, "by": by}


def nap() -> float:
    """Some milliseconds, or none."""
    return random.choice([0.0, random.random()]) * float(os.environ.get(PACE, "0.004"))


@task(effect="idempotent")
def work(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> Value:
    time.sleep(nap())
    value = leave("did", given, key, info, attempt)
    time.sleep(nap())
    return value


@task(effect="idempotent", name="work", version="async")
async def work_async(
    given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt
) -> Value:
    await asyncio.sleep(nap())
    value = leave("did", given, key, info, attempt)
    await asyncio.sleep(nap())
    return value


@task(effect="idempotent", name="work", version="isolated", isolate=True)
def work_isolated(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> Value:
    time.sleep(nap())
    value = leave("did", given, key, info, attempt)
    time.sleep(nap())
    return value


@task(effect="idempotent")
def fails_once(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> Value:
    time.sleep(nap())
    if attempt == 1:
        leave("failed", given, key, info, attempt, reopens=scope_of(info.path))
        raise ConnectionError("once")
    return leave("did", given, key, info, attempt)


@task(effect="idempotent")
def fails(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> Value:
    time.sleep(nap())
    leave("failed", given, key, info, attempt, reopens=scope_of(info.path))
    time.sleep(nap())
    raise ConnectionError("always")


@task(effect="idempotent")
def tidy(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> None:
    time.sleep(nap())
    leave("tidied", given, key, info, attempt)


@task(effect="idempotent")
def release(given: Given, *, key: IdempotencyKey, info: RunInfo, attempt: Attempt) -> None:
    time.sleep(nap())
    leave("released", given, key, info, attempt)
    time.sleep(nap())


def scope_of(path: str) -> str:
    """The part around a step that is tried again as a whole, if it is in one."""
    above, found, _ = path.rpartition(f" > {SCOPE} > ")
    return f"{above} > {SCOPE}" if found else ""
