"""SIGINT, SIGTERM and SIGHUP, in every kind of task and of waiting; once, twice, in nested runs."""

import asyncio
import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fwf import (
    Workflow,
    always,
    const,
    delay,
    fail,
    fallback,
    identity,
    it,
    loop_until,
    map_each,
    par,
    pure,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.faults import Interrupted
from fwf.interpreters.run import run
from fwf.interpreters.run.workers.event_loop import EventLoop
from tests.cli_support import environment
from tests.interpreters.run.isolated import signals_its_parent
from tests.interpreters.run.support import doing, until
from tests.interpreters.run.test_isolated import alive, numbers

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def to_this_process(number: int) -> None:
    os.kill(os.getpid(), number)


def slow(number: int) -> None:
    to_this_process(number)
    time.sleep(60)


@task(effect="idempotent")
async def slow_async(number: int) -> None:
    to_this_process(number)
    await asyncio.sleep(60)


def soon(number: int) -> None:
    threading.Timer(0.05, to_this_process, (number,)).start()


@task(effect="pure")
async def quick_async(x: Any) -> None: ...


inline = doing("slow", slow, "idempotent")
KINDS: dict[str, Workflow[Any, Any]] = {
    "a def on the calling thread": inline,
    "a def on the calling thread, under names and arms": retry(pure(it) >> inline, attempts=2),
    "a def in a thread": timeout(inline, seconds(60)),
    "defs side by side": par(inline, doing("other", lambda x: time.sleep(60))),
    "items of a map": doing("list", lambda x: [x, 0]) >> map_each(inline),
    "an async def": slow_async,
    "an isolated task": signals_its_parent,
    "a delay": doing("soon", soon) >> delay(seconds(60)),
    "a delay between attempts": doing("soon", soon)
    >> retry(fail("X"), attempts=2, wait=seconds(60)),
    "a loop of expressions": doing("soon", soon)
    >> const(0)
    >> loop_until(pure(it + 1), it < 0, limit=10**9),
    "a function in an expression": pure(slow),
}  # fmt: skip


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("kind", KINDS)
def test_a_signal_stops_whatever_is_at_work_and_finalisers_run(
    kind: str, number: signal.Signals
) -> None:
    done: list[Any] = []
    w = always(KINDS[kind], then=doing("finalise", done.append))
    fault = run(fallback(retry(w, attempts=2), identity), int(number)).failure()
    assert fault == Interrupted(by=number.name)
    assert done == [number]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_that_the_system_gives_to_another_thread_stops_the_run(
    number: signal.Signals,
) -> None:
    def told_alone(number: int) -> None:
        time.sleep(0.2)  # the main thread waits by then
        signal.pthread_kill(threading.get_ident(), number)
        time.sleep(60)

    w = timeout(doing("told", told_alone, "idempotent"), seconds(20))
    assert run(w, int(number)).failure() == Interrupted(by=number.name)


FINALISERS: dict[str, Callable[[Any], Workflow[Any, Any]]] = {
    "on the calling thread": lambda end: end,
    "in a thread": lambda end: timeout(end, seconds(60)),
    "after a delay": lambda end: delay(seconds(0.01)) >> end,
    "beside another": lambda end: par(end, end),
}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("kind", FINALISERS)
def test_a_signal_lets_a_finaliser_end(kind: str, number: signal.Signals) -> None:
    done: list[Any] = []
    signals = [number]

    def finalise(x: Any) -> None:
        if signals:
            to_this_process(signals.pop())
        time.sleep(0.01)
        done.append(x)

    w = always(identity, then=FINALISERS[kind](doing("finalise", finalise, "pure")))
    fault = run(w >> doing("next", lambda x: done.append("next")), 1).failure()
    assert isinstance(fault, Interrupted)
    assert set(done) == {1}


@pytest.mark.parametrize("kind", FINALISERS)
def test_a_second_signal_ends_a_run_at_once(kind: str) -> None:
    def finalise(x: Any) -> None:
        to_this_process(signal.SIGTERM)
        time.sleep(60)

    body = doing("slow", lambda x: slow(signal.SIGHUP))
    w = always(body, then=FINALISERS[kind](doing("finalise", finalise, "pure")))
    before = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        run(w, 1)
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_second_signal_while_a_worker_starts_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin = EventLoop.__init__

    def signalled(loop: EventLoop) -> None:
        begin(loop)
        to_this_process(signal.SIGINT)
        to_this_process(signal.SIGINT)

    run(quick_async, 0)  # what is made once is made
    monkeypatch.setattr(EventLoop, "__init__", signalled)
    threads, files = threading.active_count(), len(os.listdir("/dev/fd"))
    with pytest.raises(KeyboardInterrupt):
        run(slow_async, 0)
    until(lambda: threading.active_count() == threads)
    assert len(os.listdir("/dev/fd")) == files


@pytest.mark.parametrize("where", ["alone", "in a par", "in a thread", "async", "with one worker"])
def test_a_keyboard_interrupt_that_a_task_raises_is_its_fault(where: str) -> None:
    def act(x: Any) -> None:
        raise KeyboardInterrupt

    @task(effect="pure", config={})
    async def act_async(x: Any) -> None:
        raise KeyboardInterrupt

    raises = doing("raises", act)
    w: Workflow[Any, Any] = {
        "alone": raises,
        "in a par": par(raises, identity),
        "in a thread": timeout(raises, seconds(60)),
        "async": act_async,
        "with one worker": par(raises, raises),
    }[where]
    workers = 1 if where == "with one worker" else None
    fault = run(w, 0, workers=workers).failure()
    assert fault.tags[0] == "KeyboardInterrupt"
    assert run(fallback(w, const("caught")), 0, workers=workers).unwrap() == "caught"


# Runs within runs


@pytest.mark.parametrize("where", ["alone", "in a thread"])
def test_a_signal_stops_the_runs_within_tasks_too_and_waits_for_their_finalisers(
    where: str,
) -> None:
    done: list[str] = []

    def tidy(x: Any) -> None:
        time.sleep(0.1)
        done.append("inner")

    inner = always(inline, then=doing("tidy", tidy))
    outer = doing("outer", lambda x: run(inner, x).unwrap())
    if where == "in a thread":
        outer = timeout(outer, seconds(60))  # type: ignore[assignment]
    w = always(outer, then=doing("tidy", lambda x: done.append("outer")))
    assert isinstance(run(w, int(signal.SIGTERM)).failure(), Interrupted)
    assert sorted(done) == ["inner", "outer"]


def test_a_run_on_another_thread_leaves_signals_alone() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    seen: list[Any] = []
    look = doing("look", lambda x: seen.extend(signal.getsignal(number) for number in SIGNALS))
    thread = threading.Thread(target=run, args=(look, 0))
    thread.start()
    thread.join(30)
    assert seen == before


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_that_somebody_else_handles_is_left_alone(number: signal.Signals) -> None:
    came: list[int] = []
    before = signal.signal(number, lambda number, frame: came.append(number))
    try:
        assert run(doing("signals", lambda x: to_this_process(x)) >> const(1), int(number)).unwrap()
    finally:
        signal.signal(number, before)
    assert came == [number]


# From outside


SOURCE = """
import os, sys, time
from fwf import *
from tests.interpreters.run.isolated import shell
def say(word): os.write(1, f"{word}\\n".encode())
@task(effect="pure")
def naps() -> str: say("napping"); time.sleep(60); return ""
@task(effect="pure")
async def naps_async() -> str:
    import asyncio
    say("napping"); await asyncio.sleep(60); return ""
@task(effect="pure")
def begins() -> str: say("napping"); return "file"
@task(effect="pure", isolate=True)
def tidies_apart() -> None: open("tidied", "w").close()
@task(effect="pure")
def tidies() -> None: open("tidied", "w").close()
inline, loop, apart = (
    always(w, then=tidies) for w in (naps, naps_async, begins >> timeout(shell, seconds(60)))
)
def prints(): print("tidying", flush=True); open("tidied", "w").write("yes")
@task(effect="pure")
def prints_here() -> None: prints()
@task(effect="pure", isolate=True)
def prints_apart() -> None: prints()
printing_inline, printing_apart = (
    always(par(naps, naps), then=each) for each in (prints_here, prints_apart)
)
late = always(begins, then=tidies_apart)
"""


def started(folder: Path, *command: str) -> "subprocess.Popen[str]":
    """A program in a process group of its own, once it has said that it naps."""
    (folder / "jobs.py").write_text(SOURCE)
    program = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert program.stdout is not None and program.stdout.readline() == "napping\n"
    return program


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("kind", ["inline", "loop", "apart"])
def test_fwf_run_ends_with_128_and_the_number_of_the_signal(
    tmp_path: Path, kind: str, number: signal.Signals
) -> None:
    program = started(tmp_path, "-m", "fwf", "run", f"jobs:{kind}")
    if kind == "apart":
        until(lambda: len(numbers(tmp_path / "file")) == 2, 30)
    program.send_signal(number)
    _, err = program.communicate(timeout=30)
    assert program.returncode == 128 + number
    assert err.endswith(f"Interrupted: stopped by {number.name}\n")
    assert (tmp_path / "tidied").exists()
    assert not any(map(alive, numbers(tmp_path / "file")))


@pytest.mark.parametrize("wait", [0, 0.03, 0.08])
def test_ctrl_c_in_a_terminal_leaves_an_isolated_finaliser_alone_that_starts(
    tmp_path: Path, wait: float
) -> None:
    program = started(tmp_path, "-m", "fwf", "run", "jobs:late")
    time.sleep(wait)
    os.killpg(program.pid, signal.SIGINT)
    _, err = program.communicate(timeout=30)
    assert program.returncode in (0, 130), err  # it may just have ended
    assert (tmp_path / "tidied").exists(), err


@pytest.mark.parametrize("kind", ["inline", "apart"])
def test_finalisers_that_print_run_when_the_terminal_is_gone(tmp_path: Path, kind: str) -> None:
    (tmp_path / "jobs.py").write_text(SOURCE)
    ours, theirs = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "fwf", "run", f"jobs:printing_{kind}"],
        cwd=tmp_path,
        env=environment(TERM="xterm"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
    )
    os.close(theirs)
    shown = b""
    while b"napping" not in shown:
        shown += os.read(ours, 4096)
    os.close(ours)
    assert program.wait(30) == 129
    assert (tmp_path / "tidied").read_text() == "yes"
