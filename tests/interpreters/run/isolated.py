"""Tasks that run in a process of their own, and what they raise: found there by name."""

import os
import threading
import time
from pathlib import Path
from typing import Any

from returns.primitives.exceptions import UnwrapFailedError
from returns.result import Failure

from fwf import task
from fwf.faults import BadInput
from fwf.interpreters.run import run


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
