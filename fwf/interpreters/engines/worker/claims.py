"""Who has begun an attempt of a step, and how did it end? Kept where all workers see it.

Engines start work at least once. So whoever is about to begin an attempt that may have an effect
claims it first, by a write that fails if there is one: an object that is created, or a row. How it
ended is kept beside. Of a second worker that is asked for the same attempt

- a finished one's outcome is the answer, and nothing is started;
- one that is under way is waited for, as long as its worker is known to be there;
- one whose worker is gone, or isn't known of, goes on: with the same idempotency key. If the step
  is unrepeatable it doesn't: nobody knows whether it was done.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple, Protocol, final

from fwf.interpreters.engines.worker.objects import Objects, StoreError


class ClaimedAttempt(NamedTuple):
    """An attempt of a step: the step's key, and the numbers of the retries around it."""

    step: str
    tries: str


class Claim(NamedTuple):
    """Who has begun an attempt, and when; µs since 1970.

    until: when he is surely gone; 0 if nobody knows.
    given: a digest of the step's input and parameters; empty if they have none.
    """

    token: str
    host: str
    pid: int
    began: str
    at: int
    until: int
    given: str

    def text(self) -> str:
        """As JSON."""
        return json.dumps(self._asdict())

    @classmethod
    def of(cls, text: str) -> Claim:
        """JSON ⟶ the claim; raises `StoreError`."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            raise StoreError(f"this is no claim: {text[:60]!r}") from None

    def is_gone(self, now: int) -> bool | None:
        """Whether he is; None if that can't be told from here."""
        if self.until and now >= self.until:
            return True
        if self.host != socket.gethostname():
            return None
        if self.pid == os.getpid() and self.began == began(self.pid):
            return self.token not in at_work
        return began(self.pid) != self.began


at_work: Final[set[str]] = set()
"""The claims of this process whose attempts it hasn't left; processes are what others know of, and
so this is the process's."""


def mine(until: int = 0, given: str = "") -> Claim:
    """A claim of this process; each is another one."""
    token, pid = os.urandom(8).hex(), os.getpid()
    who = socket.gethostname(), pid, began(pid)
    return Claim(token, *who, time.time_ns() // 1000, until, given)


def began(pid: int) -> str:
    """What tells a process from others that have its number; empty if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *rest = stat.rpartition(")")[2].split()
        return "" if state in "ZX" else f"{_boot()} {rest[18]}"
    except FileNotFoundError:
        return "" if os.path.exists("/proc/self") else _alive(pid)
    except (OSError, ValueError, IndexError):
        return _alive(pid)


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _alive(pid: int) -> str:
    """Where there is no /proc: that there is one of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass
    return "there"


class Claims(Protocol):
    """Where claims are kept. What it raises is a `StoreError`. Several threads may use it."""

    where: str
    """How messages name it."""

    def claim(self, attempt: ClaimedAttempt, claim: Claim) -> Claim | None:
        """Claim an attempt ⟶ None; or the claim of him who did before."""
        ...

    def take_over(self, attempt: ClaimedAttempt, claim: Claim) -> None:
        """Put a claim in the place of that of one who is gone."""
        ...

    def outcome(self, attempt: ClaimedAttempt) -> str | None:
        """How an attempt ended; None if that isn't known."""
        ...

    def finish(self, attempt: ClaimedAttempt, outcome: str) -> str:
        """Keep how an attempt ended ⟶ what is kept: the first that was."""
        ...

    def attempts(self, step: str) -> Sequence[ClaimedAttempt]:
        """The attempts of a step that were begun."""
        ...

    def unfinished(self, step: str) -> Sequence[ClaimedAttempt]:
        """The attempts of a step that were begun, and of which nobody knows how they ended."""
        ...

    def close(self) -> None:
        """Nothing is asked of them any more."""
        ...


@final
class InMemory:
    """Claims of one process, for tests and for engines that are in it."""

    where = "memory"

    def __init__(self) -> None:
        self._lock = Lock()
        self._claims: dict[ClaimedAttempt, Claim] = {}
        self._outcomes: dict[ClaimedAttempt, str] = {}

    def claim(self, attempt: ClaimedAttempt, claim: Claim) -> Claim | None:
        with self._lock:
            first = self._claims.setdefault(attempt, claim)
        return None if first is claim else first

    def take_over(self, attempt: ClaimedAttempt, claim: Claim) -> None:
        self._claims[attempt] = claim

    def outcome(self, attempt: ClaimedAttempt) -> str | None:
        return self._outcomes.get(attempt)

    def finish(self, attempt: ClaimedAttempt, outcome: str) -> str:
        return self._outcomes.setdefault(attempt, outcome)

    def attempts(self, step: str) -> Sequence[ClaimedAttempt]:
        with self._lock:
            return [each for each in self._claims if each.step == step]

    def unfinished(self, step: str) -> Sequence[ClaimedAttempt]:
        return [each for each in self.attempts(step) if each not in self._outcomes]

    def close(self) -> None: ...


_BEGUN: Final = ".begun"
_ENDED: Final = ".ended"


@final
class InObjects:
    """Claims as objects: `claims/<step>/<tries>.begun`, and how it ended as `….ended`."""

    def __init__(self, objects: Objects) -> None:
        self.where = f"{objects.where}/claims"
        self._objects = objects

    def claim(self, attempt: ClaimedAttempt, claim: Claim) -> Claim | None:
        content = claim.text().encode()
        if self._objects.create(_key(attempt, _BEGUN), content):
            return None
        first = self._objects.read(_key(attempt, _BEGUN))
        if first is None:
            raise StoreError(f"{self.where}/{attempt.step}: a claim was taken away meanwhile")
        return None if first == content else Claim.of(first.decode())  # or its answer was lost

    def take_over(self, attempt: ClaimedAttempt, claim: Claim) -> None:
        self._objects.write(_key(attempt, _BEGUN), claim.text().encode())

    def outcome(self, attempt: ClaimedAttempt) -> str | None:
        content = self._objects.read(_key(attempt, _ENDED))
        return None if content is None else content.decode()

    def finish(self, attempt: ClaimedAttempt, outcome: str) -> str:
        if self._objects.create(_key(attempt, _ENDED), outcome.encode()):
            return outcome
        return self.outcome(attempt) or outcome

    def attempts(self, step: str) -> Sequence[ClaimedAttempt]:
        return [ClaimedAttempt(step, each) for each in self._named(step, _BEGUN)]

    def unfinished(self, step: str) -> Sequence[ClaimedAttempt]:
        finished = {*self._named(step, _ENDED)}
        return [each for each in self.attempts(step) if each.tries not in finished]

    def _named(self, step: str, suffix: str) -> list[str]:
        names = [key.rpartition("/")[2] for key in self._objects.keys(f"claims/{step}")]
        return [name.removesuffix(suffix) for name in names if name.endswith(suffix)]

    def close(self) -> None: ...


def _key(attempt: ClaimedAttempt, suffix: str) -> str:
    return f"claims/{attempt.step}/{attempt.tries}{suffix}"
