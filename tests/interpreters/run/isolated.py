"""Tasks that run in a process of their own, and what they raise: found there by name."""

import asyncio
import decimal
import multiprocessing
import os
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from json import dumps
from pathlib import Path
from typing import Any
from urllib.parse import quote

from returns.primitives.exceptions import UnwrapFailedError
from returns.result import Failure

from fwf import Secret, run, task
from fwf.faults import BadInput


class NeedsTwo(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


class Locked(ConnectionError):
    def __init__(self) -> None:
        super().__init__("locked")
        self.lock = threading.Lock()


@task(isolate=True, effect="pure")
def pid(x: Any) -> int:
    return os.getpid()


@task(isolate=True, effect="idempotent")
def sleeps(file: str) -> None:
    Path(file).write_text(str(os.getpid()))
    time.sleep(600)


@task(isolate=True, effect="pure")
def raises(kind: str) -> Any:
    match kind:
        case "plain":
            raise ConnectionError("plain")
        case "two":
            raise NeedsTwo(1, 2)
        case "locked":
            raise Locked
        case "failure":
            return Failure("closed")
        case "result":
            return threading.Lock()
        case "exit":
            raise SystemExit(3)
        case "ctrl-c":
            raise KeyboardInterrupt
        case _:
            os._exit(7)


@task(isolate=True, effect="pure")
def takes(x: Any) -> Any:
    return x


@task(isolate=True, effect="read")
def reads(*, db: Any) -> Any:
    return db


@task(isolate=True)
def other_name(x: int) -> int:
    return x


@task(isolate=True, effect="pure")
def deep_error(x: Any) -> Any:
    try:
        raise KeyError("first")
    except KeyError as error:
        again = NeedsTwo(1, 2)
        again.add_note("a note")
        raise again from error


@task(effect="pure")
def refused(x: Any) -> Any:
    raise ConnectionError("refused")


@task(isolate=True, effect="pure")
def failing_run(x: Any) -> Any:
    return run(refused, x)


@task(isolate=True, effect="pure")
def unwrapped_run(x: Any) -> Any:
    return run(refused, x).unwrap()


@task(isolate=True, effect="pure")
def returned_fault(x: Any) -> Any:
    return Failure(BadInput("a", "no"))


@task(isolate=True, effect="pure")
def group_of_runs(x: Any) -> Any:
    errors = [UnwrapFailedError(run(refused, x)) for _ in range(2)]
    raise ExceptionGroup("both", errors)


@task(isolate=True, effect="pure")
async def pid_async(x: Any) -> int:
    await asyncio.sleep(0)
    return os.getpid()


@task(isolate=True, effect="idempotent")
def shell(file: str) -> int:
    """A shell with a child of its own, both of which write their numbers down and stay."""
    script = 'sleep 600 & echo "$$ $!" >> "$0"; wait'
    return subprocess.run(["sh", "-c", script, file], check=True).returncode


@task(isolate=True, effect="idempotent")
async def shell_async(file: str) -> int:
    script = 'sleep 600 & echo "$$ $!" >> "$0"; wait'
    done = await asyncio.create_subprocess_exec("sh", "-c", script, file)
    return await done.wait()


@task(isolate=True, effect="idempotent")
def leaves_behind(file: str) -> str:
    """Gives its result, and leaves a thread and a process that would go on for long."""
    threading.Thread(target=time.sleep, args=(600,)).start()
    left = subprocess.Popen(["sleep", "600"])
    Path(file).write_text(f"{os.getpid()} {left.pid}\n")
    return "result"


@task(isolate=True, effect="pure")
def with_pools(n: int) -> list[int]:
    with ProcessPoolExecutor(2) as executor:
        squares = list(executor.map(abs, range(-n, 0)))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return squares + pool.map(abs, [-1])


@task(isolate=True, effect="pure")
def terminates_its_child(x: Any) -> int:
    child = subprocess.Popen(["sleep", "600"])
    child.terminate()
    return child.wait(30)


@task(isolate=True, effect="idempotent")
def signals_its_parent(number: int) -> None:
    os.kill(os.getppid(), number)
    time.sleep(600)


@task(isolate=True, effect="pure")
def signalled(numbers: list[int]) -> str:
    for number in numbers:
        os.kill(os.getpid(), number)
    time.sleep(0.01)
    return "unharmed"


@task(isolate=True, effect="pure")
def precision(x: Any) -> int:
    return decimal.getcontext().prec


@task(isolate=True, effect="idempotent")
def runs_shell(file: str) -> Any:
    return run(shell, file)


@task(isolate=True, effect="read")
def leaks_apart(x: Any, *, token: Secret) -> str:
    """Puts a secret into all that an error can hold, or gives it, as `x` says."""
    return leaked(x, token)


def leaked(x: str, token: Secret) -> str:
    text = token.reveal()
    if x == "gives":
        return f"token {text}"
    error = ConnectionError(f"GET /?key={quote(text)} gave {dumps(text)} for {text}")
    error.add_note(f"with {text!r}")
    try:
        raise ValueError(f"no {text}")
    except ValueError as cause:
        raise error from cause


@task(isolate=True, effect="pure")
def empties(rows: list[int]) -> int:
    rows.clear()
    return len(rows)


def fork(end: Callable[[], None]) -> int | None:
    """The exit status of a fork; in the fork itself it ends otherwise."""
    child = os.fork()
    if not child:
        end()
        return None
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@task(isolate=True, effect="idempotent")
def forks(end: Callable[[], None]) -> int | None:
    return fork(end)
