"""Clocks that jump by an hour or a day, and machines that sleep: nothing is early, nothing lost.

In virtual time. A wait begins at 0 s of the real time that nobody can read, and lasts 600 s. The
process is killed 200 s later, and started again 100 s after that.
"""

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli_support import ROOT, environment
from tests.crash import figures
from tests.crash.clocks_child import World

HOUR, DAY = 3_600.0, 86_400.0
NOON = 1_800_000_000.0
ALL = {"a day forward": DAY, "an hour back": -HOUR, "no jump": 0.0}
JUMPS = dict([*ALL.items()][: figures.amount(quick=1, full=3)])


class Times:
    """A folder with a journal, in which tries of one job are started."""

    def __init__(self, folder: Path, job: str) -> None:
        self.folder = folder
        self.job = job

    def start(self, real: float, *, jumped: float = 0.0, **more: Any) -> int:
        """One try, from some real time on, when the time of day has jumped ⟶ its status."""
        world = World(self.job, str(self.folder), real, NOON + real + jumped, 1_000 + real)
        given = json.dumps(world._replace(**more)._asdict())
        done = subprocess.run(
            [sys.executable, "-m", "tests.crash.clocks_child", given],
            cwd=ROOT, env=environment(), capture_output=True, encoding="utf-8", timeout=60,
            check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode

    def of(self, what: str) -> list[float]:
        """The real times at which something was done."""
        lines = (self.folder / "times").read_text(encoding="utf-8").splitlines()
        return [round(at, 3) for name, at in map(json.loads, lines) if name == what]

    def counts(self) -> Counter[str]:
        lines = (self.folder / "times").read_text(encoding="utf-8").splitlines()
        return Counter(json.loads(line)[0] for line in lines)


def told(early: bool = False, lost: bool = False) -> None:
    figures.add("clocks that jump", waits=1, zero={"early": int(early), "lost": int(lost)})


@pytest.mark.parametrize("jump", JUMPS)
def test_a_wait_of_one_process_is_not_changed_by_a_jump(tmp_path: Path, jump: str) -> None:
    times = Times(tmp_path, "delay")
    assert times.start(0, jumps=(0.0, JUMPS[jump])) == 0
    assert (times.of("first"), times.of("last")) == ([0], [600])
    told()


@pytest.mark.parametrize("jump", JUMPS)
def test_a_wait_goes_on_when_the_run_does(tmp_path: Path, jump: str) -> None:
    """The machine goes on meanwhile, and has a clock that doesn't jump."""
    times = Times(tmp_path, "delay")
    assert times.start(0, dies=200) == -signal.SIGKILL
    assert times.start(300, jumped=JUMPS[jump]) == 0
    assert (times.of("first"), times.of("last")) == ([0], [600])
    told()


@pytest.mark.parametrize("jump", JUMPS)
def test_after_a_reboot_a_wait_goes_on_by_the_time_of_day(tmp_path: Path, jump: str) -> None:
    """Set back, nothing waits for longer than it would have in all; set forward, it is over."""
    times = Times(tmp_path, "delay")
    assert times.start(0, dies=200) == -signal.SIGKILL
    assert times.start(300, jumped=JUMPS[jump], started="another start", boot=5.0) == 0
    due = {"an hour back": 900, "no jump": 600, "a day forward": 300}[jump]
    assert times.of("last") == [due]
    told()


@pytest.mark.parametrize("jump", JUMPS)
def test_attempts_keep_their_count_and_their_waits(tmp_path: Path, jump: str) -> None:
    times = Times(tmp_path, "retry")
    assert times.start(0, dies=200) == -signal.SIGKILL
    assert times.start(300, jumped=JUMPS[jump], dies=700) == -signal.SIGKILL
    assert times.start(2_000, jumped=-JUMPS[jump]) == 0
    assert times.of("tried") == [0, 600, 2_000]
    assert times.counts()["last"] == 1
    told()


@pytest.mark.parametrize("jump", JUMPS)
def test_a_deadline_stays_where_it_was(tmp_path: Path, jump: str) -> None:
    times = Times(tmp_path, "timeout")
    assert times.start(0, dies=700) == -signal.SIGKILL
    assert times.start(900, jumped=JUMPS[jump]) == 1
    assert times.of("ended") == [3_300]
    assert times.of("asked") == [0, 600, 1_200, 1_800, 2_400, 3_000]
    told()


@figures.only_full()
def test_a_deadline_that_passed_while_nothing_ran_strikes_at_once(tmp_path: Path) -> None:
    times = Times(tmp_path, "timeout")
    assert times.start(0, dies=700) == -signal.SIGKILL
    assert times.start(9_000) == 1
    assert times.of("ended") == [9_000]
    told()


def test_a_machine_that_sleeps_in_a_wait_waits_by_the_clock_that_stood_still(
    tmp_path: Path,
) -> None:
    times = Times(tmp_path, "delay")
    assert times.start(0, sleeps=(300.0, 4 * HOUR)) == 0
    assert times.of("last") == [600 + 4 * HOUR]
    told()


def test_a_machine_that_sleeps_while_nothing_runs_has_waited(tmp_path: Path) -> None:
    times = Times(tmp_path, "delay")
    assert times.start(0, dies=200) == -signal.SIGKILL
    assert times.start(4 * HOUR) == 0
    assert times.of("last") == [4 * HOUR]
    told()
