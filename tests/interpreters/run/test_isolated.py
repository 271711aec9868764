"""Tasks in processes of their own: what they may do, what is left of them, how they are found."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fwf import Workflow, fallback, identity, milliseconds, par, retry, timeout
from fwf.interpreters.run import run
from fwf.interpreters.run.workers.processes import Killed
from tests.cli_support import environment
from tests.interpreters.run.isolated import (
    leaves_behind,
    pid,
    pid_async,
    raises,
    runs_shell,
    shell,
    shell_async,
    signalled,
    sleeps,
    takes,
    terminates_its_child,
    with_pools,
)
from tests.interpreters.run.support import doing, until


def alive(process: int) -> bool:
    """Whether a process is there and does anything (one that nobody has waited for doesn't)."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def numbers(file: Path) -> list[int]:
    return [int(word) for word in file.read_text().split()] if file.exists() else []


# What is left of them


@pytest.mark.parametrize("task", [shell, shell_async], ids=["def", "async def"])
def test_a_deadline_ends_the_children_of_an_isolated_task_and_theirs(
    tmp_path: Path, task: Workflow[str, Any]
) -> None:
    file = tmp_path / "processes"
    started = doing("started", lambda x: until(lambda: len(numbers(file)) == 2) and 1 / 0)
    run(par(task, started, fail_fast=True), str(file)).failure()
    assert len(numbers(file)) == 2 and not any(map(alive, numbers(file)))


def test_the_first_attempt_s_processes_are_gone_when_the_second_starts(tmp_path: Path) -> None:
    file = tmp_path / "processes"

    def started(x: str) -> None:
        beside.append([])
        until(lambda: len(numbers(file)) == 2 * len(beside), 30)
        beside[-1] = list(map(alive, numbers(file)))
        raise ConnectionError

    beside: list[list[bool]] = []
    attempt = par(shell, doing("started", started), fail_fast=True)
    run(retry(attempt, attempts=2), str(file)).failure()
    assert beside == [[True, True], [False, False, True, True]]
    assert not any(map(alive, numbers(file)))


def test_a_result_ends_the_threads_and_processes_that_its_task_leaves_behind(
    tmp_path: Path,
) -> None:
    file = tmp_path / "processes"
    assert run(leaves_behind, str(file)).unwrap() == "result"
    assert len(numbers(file)) == 2 and not any(map(alive, numbers(file)))


def test_a_deadline_ends_the_runs_within_an_isolated_task_with_all_their_processes(
    tmp_path: Path,
) -> None:
    file = tmp_path / "processes"
    started = doing("started", lambda x: until(lambda: len(numbers(file)) == 2, 30) and 1 / 0)
    run(par(runs_shell, started, fail_fast=True), str(file)).failure()
    until(lambda: not any(map(alive, numbers(file))))


def test_no_child_is_left_to_be_waited_for() -> None:
    run(par(pid, timeout(sleeps, milliseconds(5)), fallback(raises, identity)), "/dev/null")
    with suppress(ChildProcessError):  # there may be children of other tests, still at work
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)


def test_an_isolated_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "processes"
    code = "from fwf import run\nfrom tests.interpreters.run.isolated import shell\nrun(shell, 'f')"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment())
    (tmp_path / "f").symlink_to(file)
    until(lambda: len(numbers(file)) == 2, 30)
    parent.kill()
    parent.wait()
    until(lambda: not any(map(alive, numbers(file))))


# What they may do


def test_what_goes_to_an_isolated_process_and_comes_back_may_be_large() -> None:
    large = "é" * 20_000_000
    assert run(takes, large).unwrap() == large


def test_async_tasks_can_be_isolated_too() -> None:
    assert run(pid_async, 0).unwrap() != os.getpid()


def test_an_isolated_task_may_have_processes_of_its_own() -> None:
    assert run(with_pools, 3).unwrap() == [3, 2, 1, 1]


def test_programs_that_an_isolated_task_starts_can_be_terminated() -> None:
    assert run(terminates_its_child, 0).unwrap() == -signal.SIGTERM


def test_signals_that_stop_a_run_do_nothing_to_an_isolated_process_itself() -> None:
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    assert run(signalled, numbers).unwrap() == "unharmed"


def test_a_process_that_a_signal_ends_is_told_by_its_name() -> None:
    fault = run(signalled, [signal.SIGKILL]).failure()
    assert fault.message == "signalled: its process was ended by SIGKILL"
    assert fault.tags[0].endswith(Killed.__qualname__)


# Scripts


HEAD = """
from fwf import *
from pathlib import Path
class Vendor(Exception):
    def __init__(self, code, why):
        super().__init__(f"{code} {why}")
class Row:
    def __init__(self, n): self.n = n
@task(effect="unrepeatable")
def transfer() -> int:
    with open("transfers", "a") as file: file.write("one\\n")
    return 3
@task(effect="pure", isolate=True)
def double(n: int) -> int: return 2 * n
@task(effect="pure", isolate=True)
def row(n: int) -> Row: return Row(n)
@task(effect="pure", isolate=True)
def vendor(n: int) -> int: raise Vendor(n, "down")
@task(effect="pure")
def of_row(row: Row) -> int: return row.n
"""


def script(
    folder: Path, *command: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment(),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_script_s_tasks_types_and_errors_are_found_in_isolated_processes(tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text(
        f"{HEAD}\n"
        "if __name__ == '__main__':\n"
        "    print(run(transfer >> double))\n"
        "    print(run(row >> of_row, 4))\n"
        "    print(run(fallback(vendor, const('caught'), on=Vendor), 5))\n"
        "    print(run(vendor, 5).failure().tags[0])\n"
    )
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__main__.py").write_text((tmp_path / "etl.py").read_text())
    for command in (["etl.py"], ["-m", "etl"], ["-m", "pkg"]):
        done = script(tmp_path, *command)
        assert done.stdout.splitlines() == [
            "<Success: 6>", "<Success: 4>", "<Success: caught>", "__main__.Vendor",
        ], done.stderr  # fmt: skip


def test_a_script_without_a_guard_runs_nothing_twice_and_is_told_what_to_write(
    tmp_path: Path,
) -> None:
    (tmp_path / "etl.py").write_text(f"{HEAD}\nprint(run(retry(transfer >> double, attempts=2)))\n")
    done = script(tmp_path, "etl.py")
    assert (tmp_path / "transfers").read_text() == "one\n"
    assert 'put what starts the run under  if __name__ == "__main__":' in done.stdout
    assert done.stdout.count("Failure") == 1


def test_a_script_without_a_guard_may_run_isolated_tasks_of_a_module(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(HEAD)
    (tmp_path / "etl.py").write_text("from jobs import *\nprint(run(transfer >> double))\n")
    assert script(tmp_path, "etl.py").stdout == "<Success: 6>\n"
    assert (tmp_path / "transfers").read_text() == "one\n"


@pytest.mark.parametrize("how", ["-c", "-", "-i"])
def test_an_isolated_task_that_is_in_no_file_is_refused_before_anything_runs(
    tmp_path: Path, how: str
) -> None:
    code = f"{HEAD}\nprint(run(transfer >> double))\n"
    if how == "-c":
        done = script(tmp_path, "-c", code)
    else:  # what is typed line by line must have no blank line within a block, and one after it
        done = script(tmp_path, *([how] if how == "-i" else []), stdin=_typed(code))
    assert "double runs in a process of its own (isolate=True)" in done.stdout
    assert "put the tasks and their types into a module and import it" in done.stdout
    assert not (tmp_path / "transfers").exists()


def _typed(code: str) -> str:
    lines: list[str] = []
    for line in code.splitlines():
        if lines and lines[-1].startswith((" ", "def ")) and not line.startswith(" "):
            lines.append("")
        lines.append(line)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("file", ["my-etl.py", "this.py", "3.py", "été.py"])
def test_a_target_file_is_found_whatever_its_name(tmp_path: Path, file: str) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / file).write_text(
        f"{HEAD}\nworkflow = transfer >> double >> row >> of_row\n"
    )
    done = script(tmp_path, "-m", "fwf", "run", f"jobs/{file}")
    assert done.stdout == "6\n", done.stderr
