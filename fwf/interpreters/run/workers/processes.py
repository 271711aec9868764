"""The process of its own in which an isolated task runs once, seen from here."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from decimal import Context as Decimals
from io import BytesIO
from threading import Lock
from typing import Any, Final, cast, final

from fwf.algebra.nodes import Task
from fwf.algebra.pickling import TaskAt, flattened
from fwf.algebra.workflow import Workflow
from fwf.analysis.requirements import Requirements
from fwf.analysis.wants import path_of
from fwf.faults import Issue
from fwf.interpreters.run.calls import CallResult
from fwf.interpreters.run.here import here
from fwf.interpreters.run.signals import DEFAULTS
from fwf.interpreters.run.workers.module_files import files_of
from fwf.secrets import remember, remembered

FAREWELL: Final = 1.0
"""Seconds that a process has to end when its result has come, and a group that was killed."""
BOOT: Final = """\
import sys
from multiprocessing.connection import Connection
parent = Connection({handle})
sys.path[:] = parent.recv()
from fwf.interpreters.run.workers.child import main
main(parent)"""
MAIN: Final = ("__main__", "__mp_main__")
"""What the program's script is called, here and in a process that imports it."""


@final
class Killed(Exception):
    """The process of an isolated task ended without a result."""


@final
class Process:
    """A process for one attempt, in a session and process group of its own.

    What the task is given and gives must be picklable. Raises `TypeError` where it isn't, or where
    the process couldn't find the task.
    """

    def __init__(self, task: Task[Any, Any], arguments: Any, decimals: Decimals | None) -> None:
        import subprocess  # with `multiprocessing` 20 ms that most runs never need
        from multiprocessing import Pipe

        if not hasattr(os, "killpg"):
            raise unfit(task.name, "the system must have process groups: use Linux or macOS")
        self._name = task.name
        self._payload, modules = _pickle(task, arguments, decimals)
        self._surroundings = _surroundings(task.name, modules)
        self._mine, theirs = Pipe()
        self._lock = Lock()
        self._is_gone = False
        flags: list[str] = cast(Any, subprocess)._args_from_interpreter_flags()
        with theirs, _signals_held_back():
            self._process = subprocess.Popen(
                [sys.executable, *flags, "-c", BOOT.format(handle=theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def result(self) -> CallResult:
        """Wait for how the task ended; raises `Killed` if the process ended without a word."""
        try:
            return self._receive()
        except (EOFError, OSError):
            self._end()
            raise Killed(f"{self._name}: {_how(self._process.returncode)}") from None
        finally:
            self._end()

    def _receive(self) -> CallResult:
        from multiprocessing.reduction import ForkingPickler

        self._mine.send(sys.path)
        self._mine.send(self._surroundings)
        self._mine.send_bytes(self._payload)
        while not self._mine.poll(FAREWELL):
            # Its end of the pipe may be open in another process, though it is gone.
            if self._process.poll() is not None and not self._mine.poll():
                raise EOFError
        result = self._mine.recv_bytes()
        with suppress(OSError):
            self._mine.poll(FAREWELL)  # until it has closed its end
        try:
            outcome, secrets = cast(Any, ForkingPickler).loads(result)
            remember(secrets)
            return cast(CallResult, outcome)
        except Exception as error:
            raise unfit(self._name, f"its result must be picklable: {error}") from error

    def kill(self) -> None:
        """End the process at once, and all others of its group."""
        with self._lock:
            if not self._is_gone:
                _signal(self._process.pid, signal.SIGKILL)

    def _end(self) -> None:
        """Kill what is left of the group, and wait until it is gone."""
        self._mine.close()
        self.kill()
        self._process.wait()
        with self._lock:
            self._is_gone = True
        until = time.monotonic() + FAREWELL
        while _signal(self._process.pid, 0) and time.monotonic() < until:
            time.sleep(0.001)


def _signal(group: int, number: int) -> bool:
    """Send a signal to a process group; whether there is one."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS forbids to signal those just ended
        return False
    return True


def _how(code: int) -> str:
    if code >= 0:
        return f"its process ended with exit code {code}"
    return f"its process was ended by {signal.Signals(-code).name}"


def unfit(name: str, why: str) -> TypeError:
    """The error of an isolated task that can't run as such."""
    return TypeError(f"{name} runs in a process of its own (isolate=True), so {why}")


@contextmanager
def _signals_held_back() -> Generator[None]:
    """Let a process that is started here begin with the signals blocked that stop a run."""
    stopping = [signal.Signals[name] for name in DEFAULTS]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, stopping)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# What goes there


def _pickle(task: Task[Any, Any], *call: Any) -> tuple[bytes, set[str]]:
    """A task and what it is called with ⟶ them pickled, and the modules that this refers to."""
    from multiprocessing.reduction import ForkingPickler

    modules: set[str] = set()

    class ModulePickler(ForkingPickler):
        def reducer_override(self, this: Any) -> Any:
            modules.update(_modules_of(this))
            return NotImplemented

    buffer = BytesIO()
    try:
        ModulePickler(buffer).dump((task, *call))
    except Exception as error:
        why = f"its input and resources must be picklable: {error}"
        raise unfit(task.name, why) from error
    return buffer.getvalue(), modules


def _modules_of(this: Any) -> Iterator[str]:
    if isinstance(this, Workflow):
        entries: list[Any] = flattened(cast(Any, this))
        yield from (entry.module for entry in entries if isinstance(entry, TaskAt))
    elif isinstance(this, type) or hasattr(this, "__code__"):
        yield this.__module__


def _surroundings(name: str, modules: set[str]) -> dict[str, Any]:
    """What a process must know before it can find things by their names."""
    facts: dict[str, Any] = {"name": name, "argv": sys.argv, "main": None, "secrets": remembered()}
    facts["here"] = here()
    if not modules.isdisjoint(MAIN):
        facts["main"] = _script()
        if facts["main"] is None:
            raise unfit(name, _IN_NO_FILE)
    facts["files"] = files_of(modules.difference(MAIN))
    return facts


def _script() -> tuple[str | None, str] | None:
    """The program's script, by the name of its module if it has one and by its file."""
    main = sys.modules["__main__"]
    module: str | None = getattr(getattr(main, "__spec__", None), "name", None)
    file: str | None = getattr(main, "__file__", None)
    return (module, os.path.abspath(file)) if file is not None and os.path.isfile(file) else None


_IN_NO_FILE: Final = (
    "what it needs must be in files, but it is in none (python -c, standard input or an "
    "interactive session): put the tasks and their types into a module and import it"
)


def in_no_file(needs: Requirements) -> Iterator[Issue]:
    """What a workflow asks for ⟶ its isolated tasks that no other process can find."""
    for task in needs.isolated:
        if task.fn.__module__ in MAIN and _script() is None:
            path = path_of(needs.workflow, task)
            yield Issue(path, "isolated", str(unfit(task.name, _IN_NO_FILE)))
