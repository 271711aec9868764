"""How are commands started side by side on one journal, stopped, killed and awaited?

python -m tests.crash.races run …    is `fwf run …` that says "ready", and waits for a line
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.cli_support import Done, environment
from tests.crash.kill_effects import LOG, PACE, STARTER, Line, alive, hear_signals, read
from tests.crash.races_jobs import PLACE

JOBS: Final = "tests.crash.races_jobs"
PATIENCE: Final = 60.0
HELD: Final = 75
LEASE: Final = "CRASH_LEASE"
"""The variable that says for how many seconds a lease of a server is; behind a gate."""


class Started:
    """A command that was started."""

    def __init__(self, words: list[str], folder: Path, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=folder, env=env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
            start_new_session=True, preexec_fn=hear_signals,
        )  # fmt: skip

    def ready(self) -> None:
        """Wait until it says that it is."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        """Let it begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def done(self) -> Done:
        """Wait for its end."""
        try:
            out, err = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"it hangs: {self.process.args}\n{out}\n{err}") from None
        return Done(self.process.returncode, out, err)


class Site:
    """A folder with a journal, a log and a file `go`, in which commands are started."""

    def __init__(self, folder: Path, journal: str = "") -> None:
        self.folder = folder
        self.log = folder / "log"
        self.journal = journal or str(folder / "runs.db")
        self.started: list[Started] = []

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.started:
            if each.process.poll() is None:
                each.send(signal.SIGCONT)
                each.send(signal.SIGKILL)
            each.process.communicate()

    def start(self, *words: str, gate: bool = False, **more: str) -> Started:
        """Start `fwf`; behind a gate it waits for a line when it has imported all."""
        known = {LOG: str(self.log), PLACE: str(self.folder), PACE: "0"}
        env = environment(**(known | {"FWF_JOURNAL": self.journal} | more))
        env.pop(STARTER, None)
        started = Started([__name__ if gate else "fwf", *words], self.folder, env)
        self.started.append(started)
        return started

    def run(self, job: str, *words: str, gate: bool = False, **more: str) -> Started:
        """Start a job."""
        return self.start("run", f"{JOBS}:{job}", "--key", "k", *words, gate=gate, **more)

    def ended(self, job: str, *words: str, **more: str) -> Done:
        """Start a job, and wait for its end."""
        return self.run(job, *words, **more).done()

    def fwf(self, *words: str) -> Done:
        return self.start(*words).done()

    def waiting(self) -> None:
        """Wait until a task waits: then a command is where it was to be."""
        waits = self.folder / "waiting"
        _until(lambda: waits.exists() or not self._at_work(), "no task waits")
        if not waits.exists():
            raise AssertionError(f"no task waits: {self.started[-1].done()}")
        (self.folder / "waiting").unlink()

    def _at_work(self) -> bool:
        return any(each.process.poll() is None for each in self.started)

    def let_go(self) -> None:
        (self.folder / "go").touch()

    def hold(self) -> None:
        (self.folder / "go").unlink(missing_ok=True)

    def lines(self) -> list[Line]:
        return read(self.log)

    def did(self, name: str) -> int:
        """How often a step was done."""
        return sum(line.path.split(" > ")[-1] == name for line in self.lines())

    def nobody_left(self) -> None:
        """Wait until no process of the run is left."""
        _until(lambda: not alive(self.log), "processes are left")


def _until(true: Callable[[], Any], otherwise: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, otherwise
        time.sleep(0.002)


def main() -> None:
    """`fwf`, behind a gate."""
    from fwf.__main__ import main as begin

    if LEASE in os.environ:
        _shorten_leases(timedelta(seconds=float(os.environ[LEASE])))
    print("ready", flush=True)
    sys.stdin.readline()
    begin()


def _shorten_leases(length: timedelta) -> None:
    from fwf.journal.postgres import Postgres

    made: Any = Postgres
    made.open = partial(Postgres.open, lease=length)


if __name__ == "__main__":
    os.environ.setdefault(STARTER, str(os.getpid()))
    main()
