"""How is a run killed again and again, until it is done, and what is left of it?

    python -m tests.crash.kill_runs chain-17 5     one case, by its shape and its seed

says all that is wrong with it; with the name of a seeded mistake as a third word, of a run in which
it is made.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import pytest

from fwf import run
from tests.cli_support import ROOT, environment
from tests.crash.kill_child import BUG, KEY
from tests.crash.kill_effects import LOG, STARTER, alive, hear_signals, read
from tests.crash.kill_oracle import ENDED, FAULTS, LEFT, Finding, Whole, judged
from tests.crash.kill_shapes import SHAPE, SHAPES, shaped

MOST_STARTS: Final = 40
SIGNALS: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WEIGHTS: Final = (17, 1, 1, 1)
"""Of twenty ends seventeen are kills, and the others stop a run in order."""
PATIENCE: Final = 60.0
"""Seconds after which a run hangs."""


class Case(NamedTuple):
    """A run to be killed: its shape, the seed of when, by what it is started, what is wrong."""

    shape: str
    seed: int
    by: Literal["a script", "the command line"] = "a script"
    bug: str = ""

    def __str__(self) -> str:
        words = ["python -m tests.crash.kill_runs", self.shape, str(self.seed)]
        return " ".join([*words, self.bug, "cli" * (self.by == "the command line")]).strip()


class Story(NamedTuple):
    """How it went: what is wrong, how often it was started and killed, and ran in vain."""

    findings: list[Finding]
    starts: int
    kills: int
    stops: int
    repeated: int


class Night:
    """A folder in which one run is started until it is done."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.folder = folder
        self.case = case
        self.log = folder / "log"
        self.journal = folder / "runs.db"

    def start(self, before: Callable[[], None] = hear_signals) -> subprocess.Popen[str]:
        """Start it, in a session of its own; `before` is done there first."""
        more = {LOG: str(self.log), SHAPE: self.case.shape, BUG: self.case.bug}
        env = environment(**more)
        env.pop(STARTER, None)
        return subprocess.Popen(
            [sys.executable, "-m", *self._words()], cwd=self.folder, env=env, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, preexec_fn=before,
        )  # fmt: skip

    def _words(self) -> list[str]:
        if self.case.by == "a script":
            return ["tests.crash.kill_child", str(self.journal)]
        where = ["--journal", str(self.journal), "--key", KEY, "--json"]
        return ["fwf", "run", "tests.crash.kill_shapes", *where]

    def value(self, out: str) -> Any:
        """What a run that was done has given."""
        if self.case.by == "a script":
            return json.loads(out.splitlines()[-1])
        return json.loads(out)["value"]


def killed(case: Case, *, most_kills: int = 3) -> Story:
    """Start a run, kill it, start it again …, and at last let it end ⟶ how that went."""
    try:
        return _killed(case, most_kills)
    except AssertionError as error:
        if not case.bug:
            raise
        return Story([Finding(ENDED, str(error))], 0, 0, 0, 0)


def _killed(case: Case, most_kills: int) -> Story:
    chance = random.Random(f"{case.shape} {case.seed}")
    known = whole(case.shape)
    ends: Counter[int] = Counter()
    with tempfile.TemporaryDirectory(prefix="fwf-kill-") as name:
        night = Night(Path(name), case)
        for _ in range(MOST_STARTS):
            number = chance.choices(SIGNALS, WEIGHTS)[0] if ends.total() < most_kills else None
            out = started(night, chance, known, number)
            if out is not None:
                break
            ends[number or 0] += 1
        else:
            raise AssertionError(f"{case}: it never ended")
        value = night.value(out)
        if chance.random() < 0.2:  # a complete run says so, and does nothing
            again = started(night, chance, known, None)
            assert again is not None
            value = night.value(again)
        lines = read(night.log)
        left = [Finding(LEFT, f"process {pid}") for pid in alive(night.log)]
    repeated = max(0, len(lines) - len(known.lines))
    kills = ends.pop(signal.SIGKILL, 0)
    stops = ends.total()
    findings = [*judged(lines, value, known, stops=stops), *left]
    return Story(findings, kills + stops + 1, kills, stops, repeated)


def started(
    night: Night, chance: random.Random, known: Whole, number: signal.Signals | None
) -> str | None:
    """Start it, and send it a signal at some moment ⟶ what it says; None if the signal ended it."""
    with night.start() as process:
        if number is not None:
            until = chance.random() * known.seconds * 1.2
            if night.case.by == "a script":
                assert process.stdout is not None
                process.stdout.readline()
            else:
                _wait_for_more(night.log, process, PATIENCE)
            time.sleep(until)
            process.send_signal(number)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            raise AssertionError(f"{night.case}: it hangs") from None
    if number is not None and _ended_by(number, process.returncode, err):
        return None
    assert process.returncode == 0, f"{night.case}: status {process.returncode}\n{err[-2000:]}"
    return out


def _ended_by(number: signal.Signals, status: int, err: str) -> bool:
    """Whether a process was ended by a signal, at once or in order."""
    in_order = status in (1, 128 + number) and f"stopped by {number.name}" in err
    return status == -number or in_order


def _wait_for_more(log: Path, process: subprocess.Popen[str], seconds: float) -> None:
    """Wait until a line more is in the log, or the process has ended."""
    before = log.stat().st_size if log.exists() else 0
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError):
            if log.stat().st_size > before:
                return
        time.sleep(0.002)


@cache
def whole(shape: str) -> Whole:
    """What a run of a shape leaves that is not killed, and has no journal; in this process."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        log = Path(name) / "log"
        patch.setenv(LOG, str(log))
        start = time.monotonic()
        value = run(shaped(shape), key=KEY).unwrap()
        return Whole(read(log), value, time.monotonic() - start)


def cases(number: int, *, shapes: int = 12, by_command: float = 0.1) -> list[Case]:
    """So many cases, of all shapes alike; a share of them is started by the command line."""
    chance = random.Random(0)
    found: list[Case] = []
    for seed in range(number):
        name = f"{list(SHAPES)[seed % len(SHAPES)]}-{chance.randrange(shapes)}"
        commanded = chance.random() < by_command
        found.append(Case(name, seed, "the command line" if commanded else "a script"))
    return found


def main() -> int:
    shape, seed, *more = sys.argv[1:]
    bug = next((word for word in more if word != "cli"), "")
    case = Case(shape, int(seed), "the command line" if "cli" in more else "a script", bug)
    story = killed(case)
    counts = f"{story.starts} starts, {story.kills} kills, {story.stops} stops"
    print(f"{counts}, {story.repeated} attempts more than a whole run has")
    for finding in story.findings:
        print(f"{finding.fault}: {finding.what}")
    return int(any(finding.fault in FAULTS for finding in story.findings))


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
