"""Ctrl-C, threads that never return, and runs that aren't on the main thread."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fwf import always, identity, it, loop_until, par, pure, seconds, timeout
from fwf.interpreters.run import run
from tests.interpreters.run.support import doing

ROOT = Path(__file__).parents[3]
TASKS = """
import sys, time, os, signal, threading, asyncio
from fwf import *
from fwf.interpreters.run import run, execute
def say(*words): sys.stdout.write(" ".join(map(str, words)) + "\\n"); sys.stdout.flush()
@task(effect="pure")
def naps(x):
    say("napping")
    time.sleep(0.01 if x == "short" else 30)
    say("slept")
@task(effect="pure")
def spins(x):
    say("napping")
    end = time.monotonic() + 30
    while time.monotonic() < end: pass
    say("slept")
@task(effect="pure")
async def naps_async(x):
    say("napping")
    try:
        await asyncio.sleep(30)
    finally:
        say("cancelled")
@task(effect="pure")
def finishes(x):
    say("finishing"); time.sleep(0.6); say("finished")
@task(effect="pure")
def quick(x): return x
@task(effect="pure")
def never(x):
    say("napping"); threading.Event().wait()
@task(effect="pure")
def says(x): say("next")
def result(w, x=0, **given):
    try: say(run(w, x, **given))
    except KeyboardInterrupt: say("KeyboardInterrupt")
"""


def interrupted(code: str, *presses: str, wait: float = 0.15) -> list[str]:
    """Run code, press ctrl-C each time that it has said the next word; all that it said."""
    process = subprocess.Popen(
        [sys.executable, "-c", TASKS + code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    try:
        assert process.stdout is not None
        for word in presses:
            while True:
                line = process.stdout.readline()
                assert line, said
                said.append(line.strip())
                if said[-1] == word:
                    break
            time.sleep(wait)
            process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
        return [*said, *rest.splitlines()]
    finally:
        process.kill()
        process.wait()


INTERRUPTED = "<Failure: Interrupted: stopped by SIGINT>"

CASES: list[tuple[str, str, tuple[str, ...], list[str]]] = [
    (
        "in a leaf on the calling thread",
        "result(naps >> says)",
        ("napping",),
        ["napping", INTERRUPTED],
    ),
    (
        "in a busy leaf on the calling thread",
        "result(spins >> says)",
        ("napping",),
        ["napping", INTERRUPTED],
    ),
    (
        "in a leaf in a thread",
        "result(timeout(naps, seconds(60)) >> says)",
        ("napping",),
        ["napping", INTERRUPTED],
    ),
    (
        "in leaves side by side",
        "result(par(naps, naps))",
        ("napping",),
        ["napping", "napping", INTERRUPTED],
    ),
    (
        "in a delay",
        "say('napping'); result(delay(seconds(30)) >> says)",
        ("napping",),
        ["napping", INTERRUPTED],
    ),
    (
        "between the attempts of a retry",
        "say('napping'); result(retry(fail('X'), attempts=3, wait=seconds(30)))",
        ("napping",),
        ["napping", INTERRUPTED],
    ),
    (
        "it isn't caught by fallback and retry",
        "result(retry(fallback(naps, says), attempts=3, on='Interrupted'))",
        ("napping",),
        ["napping", INTERRUPTED],
    ),
    (
        "it isn't taken for a timeout",
        "result(fallback(timeout(naps, seconds(60)), says))",
        ("napping",),
        ["napping", INTERRUPTED],
    ),
    (
        "finalisers run to their end",
        "result(always(naps, then=finishes))",
        ("napping",),
        ["napping", "finishing", "finished", INTERRUPTED],
    ),
    (
        "the fault of a finaliser is told",
        "result(always(naps, then=fail('F')))",
        ("napping",),
        ["napping", "<Failure: Interrupted: stopped by SIGINT; then always > fail: F>"],
    ),
    (
        "in a finaliser on the calling thread: it ends, and nothing follows",
        "result(always(quick, then=finishes) >> says)",
        ("finishing",),
        ["finishing", "finished", INTERRUPTED],
    ),
    (
        "in a finaliser in a thread: it ends, and nothing follows",
        "result(always(quick, then=timeout(finishes, seconds(60))) >> says)",
        ("finishing",),
        ["finishing", "finished", INTERRUPTED],
    ),
    (
        "in a finaliser of what has failed: it has failed",
        "result(always(fail('X'), then=finishes))",
        ("finishing",),
        ["finishing", "finished", "<Failure: fail: X>"],
    ),
    (
        "an async leaf is cancelled",
        "result(naps_async); time.sleep(.2)",
        ("napping",),
        ["napping", INTERRUPTED, "cancelled"],
    ),
    (
        "twice, in a finaliser on the calling thread",
        "result(always(naps, then=finishes))",
        ("napping", "finishing"),
        ["napping", "finishing", "KeyboardInterrupt"],
    ),
    (
        "twice, in a finaliser in a thread",
        "result(always(naps, then=par(finishes, naps)))",
        ("napping", "finishing"),
        ["napping", "finishing", "napping", "KeyboardInterrupt"],
    ),
    (
        "twice, in a delay of a finaliser",
        "result(always(naps, then=pure(apply(shout)) >> delay(seconds(30))))",
        ("napping", "shouted"),
        ["napping", "shouted", "KeyboardInterrupt"],
    ),
    (
        "twice, in an async finaliser: it is cancelled",
        "@task(effect='pure', config={})\n"
        "async def closes(x):\n"
        "    say('closing')\n"
        "    try: await asyncio.sleep(.5); say('still closing'); await asyncio.sleep(30)\n"
        "    finally: say('cancelled')\n"
        "result(always(quick, then=closes)); time.sleep(.3)",
        ("closing", "still closing"),
        ["closing", "still closing", "KeyboardInterrupt", "cancelled"],
    ),
    (
        "with one worker",
        "result(par(naps, naps), workers=1)",
        ("napping",),
        ["napping", INTERRUPTED],
    ),
    (
        "a run within a task",
        "@task(config={})\ndef outer(x): return str(run(naps, x))\nresult(outer >> says)",
        ("napping",),
        ["napping", INTERRUPTED],
    ),
    (
        "the next run is as good as new",
        "result(naps); result(says)\n"
        "if signal.getsignal(signal.SIGINT) is signal.default_int_handler: say('restored')",
        ("napping",),
        ["napping", INTERRUPTED, "next", "<Success: None>", "restored"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_ctrl_c(case: tuple[str, str, tuple[str, ...], list[str]]) -> None:
    _, code, presses, expected = case
    said = interrupted("def shout(x): say('shouted')\n" + code, *presses)
    assert set(said) == set(expected)
    assert "finished" not in said[-1:]


def test_ctrl_c_stops_a_chain_of_quick_leaves() -> None:
    code = """
def stop(): time.sleep(.3); os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=stop).start()
w = loop_until(quick, it == 1, limit=10**9)
start = time.monotonic(); result(w); say(time.monotonic() - start < 10)
"""
    assert interrupted(code) == [INTERRUPTED, "True"]


def test_ctrl_c_stops_many_quick_leaves_in_threads() -> None:
    code = """
def stop(): time.sleep(.4); os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=stop).start()
w = par(*[loop_until(quick, it == 1, limit=10**9)] * 3)
start = time.monotonic(); result(w); say(time.monotonic() - start < 10)
"""
    assert interrupted(code) == [INTERRUPTED, "True"]


def test_a_cut_inline_leaf_leaves_its_resources_and_a_cut_event() -> None:
    code = """
import contextlib
@contextlib.contextmanager
def opened():
    try: yield 1
    finally: say("left")
class R: ...
@task(effect="read")
def reads(*, r: R):
    say("napping"); time.sleep(30)
ran = execute(reads, None, resources={"r": opened}); say(ran.trace.ending, ran.result.failure())
"""
    assert interrupted(code, "napping") == [
        "napping",
        "left",
        "cut Interrupted: stopped by SIGINT",
    ]


def test_ctrl_c_while_an_observer_is_told_of_a_start_cuts_that_attempt() -> None:
    code = """
def watch(note):
    say(note.kind, note.task)
    if note.kind == "start" and note.task == "naps": time.sleep(30)
result(always(naps, then=quick), observe=watch)
"""
    assert interrupted(code, "start naps") == [
        "start naps", "cut naps", "start quick", "ok quick",
        "<Failure: Interrupted: stopped by SIGINT>",
    ]  # fmt: skip


def test_a_task_that_never_returns_doesn_t_keep_the_process() -> None:
    said = interrupted("result(timeout(never, milliseconds(50)))")
    assert said == ["napping", "<Failure: never: Timeout: not done within 50 ms>"]


def test_cut_async_and_isolated_tasks_don_t_keep_the_process() -> None:
    code = """
from tests.interpreters.run.isolated import sleeps
result(timeout(naps_async, milliseconds(100)))
result(timeout(sleeps, milliseconds(100)), "/dev/null")
"""
    said = "\n".join(interrupted(code))
    assert "<Failure: naps_async: Timeout: not done within 100 ms>" in said
    assert "<Failure: sleeps: Timeout: not done within 100 ms>" in said


def test_a_run_on_another_thread_works_and_leaves_signals_alone() -> None:
    found: list[object] = []
    w = timeout(par(doing("a", lambda x: x), doing("b", lambda x: x)), seconds(60))
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=lambda: found.append(run(w, 3)))
    thread.start()
    thread.join(30)
    assert str(found) == "[<Success: (3, 3)>]"
    assert signal.getsignal(signal.SIGINT) is before


def test_keyboard_interrupt_raised_by_a_finaliser_s_code_is_its_fault() -> None:
    def act(x: object) -> None:
        raise KeyboardInterrupt

    fault = run(always(identity, then=doing("act", act)), 0).failure()
    assert fault.tags[0] == "KeyboardInterrupt"


def test_a_handler_of_somebody_else_s_is_left_alone() -> None:
    mine = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run(identity, 0)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, mine)


def test_pure_rounds_end_by_their_bound() -> None:
    assert run(loop_until(pure(it + 1), it > 9, limit=99), 0).unwrap() == 10
