"""What of a worker is one run's: its workflow, its resources, and what of it is at work there."""

from __future__ import annotations

import platform
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import copy_context
from threading import Lock, local
from typing import Any, Final, NamedTuple, final

from distributed import WorkerPlugin

from fwf.algebra.nodes import Task
from fwf.algebra.traverse import parts_of
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.identity import definition_digest, definition_id
from fwf.faults.fault_form import fault_to_json
from fwf.faults.raised import Raised
from fwf.interpreters.engines.dask.texts import Texts
from fwf.interpreters.engines.worker.loading import Loaded, Unloadable, loaded
from fwf.interpreters.run.resources import Opener, Resources
from fwf.interpreters.run.workers.module_files import ModuleFiles
from fwf.journal.code import code_digest
from fwf.secrets import Secret

PREFIX: Final = "fwf-"
MOST_CUT: Final = 100_000
"""So many attempts that were cut before they began are remembered."""


class Seen(NamedTuple):
    """What a worker, or whoever compares, has of a workflow.

    definition: its `definition_id`, empty if it can't be imported; code: a digest of the bodies of
        its tasks; trouble: why it can't be imported; file: of its module.
    """

    host: str
    python: str
    fwf: str
    definition: str
    code: str
    file: str
    trouble: str


def seen(target: str) -> Seen:
    """What this process has of a target."""
    here = socket.gethostname(), platform.python_version(), version()
    try:
        w = loaded(target).workflow
    except Unloadable as error:
        return Seen(*here, "", "", "", str(error))
    file: str = getattr(sys.modules.get(target.partition(":")[0]), "__file__", None) or ""
    return Seen(*here, definition_id(w), bodies(w), file, "")


def version() -> str:
    """That of fwf; empty where it isn't installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("fwf")
    except PackageNotFoundError:
        return ""


def bodies(w: AnyWorkflow) -> str:
    """Workflow ⟶ a digest of the bodies of its tasks."""
    from hashlib import blake2b

    digests = sorted(code_digest(each.fn) for each in tasks_of(w))
    return blake2b("\n".join(digests).encode(), digest_size=16).hexdigest()


def tasks_of(w: AnyWorkflow) -> list[Task[Any, Any]]:
    """Workflow ⟶ its tasks, each distinct one once. Explicit stack."""
    todo: list[Any] = [w]
    nodes: dict[int, Any] = {}
    while todo:
        node = todo.pop()
        if id(node) not in nodes:
            nodes[id(node)] = node
            todo.extend(parts_of(node))
    return [node for node in nodes.values() if isinstance(node, Task)]


@final
class AtWork:
    """An attempt that is at work: whether it was cut, and how to stop it, if that can be done."""

    __slots__ = ("cut", "stop")

    def __init__(self) -> None:
        self.cut = False
        self.stop: Callable[[], object] | None = None


@final
class Station(WorkerPlugin):
    """What of a worker is one run's.

    target: the workflow, as `module:attribute`. resources: those that the client gives, by name;
    all others are those of the target's module. files: of modules that can't be found by name.
    deaf: whether the process leaves SIGINT to the client, on whose terminal it is.
    """

    def __init__(
        self,
        name: str,
        target: str,
        resources: Mapping[str, Opener | Secret],
        files: Mapping[str, str],
        *,
        deaf: bool,
    ) -> None:
        self.name = name
        self.target = target
        self._given = resources
        self._files = files
        self._deaf = deaf

    def setup(self, worker: Any) -> None:
        """The worker has begun, or the run has."""
        if self._deaf:
            _leave_interrupts()
        if self._files and not any(_has(finder, self._files) for finder in sys.meta_path):
            sys.meta_path.insert(0, ModuleFiles(self._files))
        self.worker = worker
        self.seen = seen(self.target)
        self.opened = Resources(copy_context().copy)
        self._lock = Lock()
        self._at_work: dict[str, AtWork] = {}
        self._cut: dict[str, None] = {}
        self._texts = local()
        self._tasks: dict[str, Task[Any, Any]] = {}
        self._codes: dict[str, str] = {}
        if self.seen.definition:
            self._loaded = loaded(self.target)
            tasks = tasks_of(self._loaded.workflow)
            self._tasks = {definition_digest(each).hex(): each for each in tasks}
            self.resources = {**self._loaded.resources, **self._given}

    def teardown(self, worker: Any) -> None:
        """The worker ends, or the run has."""
        self.closed()

    def closed(self) -> list[Raised]:
        """Close what was opened for the run, and is open ⟶ what that raised."""
        return self.opened.close(lambda error: False)

    @property
    def loaded(self) -> Loaded:
        """The workflow, and what its module has for it."""
        return self._loaded

    def task(self, digest: str) -> Task[Any, Any] | None:
        """The task of a definition, if the workflow has it here."""
        return self._tasks.get(digest)

    def code(self, digest: str) -> str:
        """The digest of a task's body."""
        code = self._codes.get(digest)
        if code is None:
            code = self._codes[digest] = code_digest(self._tasks[digest].fn)
        return code

    @property
    def texts(self) -> Texts:
        """What writes and reads values on this thread."""
        texts: Texts | None = getattr(self._texts, "own", None)
        if texts is None:
            texts = self._texts.own = Texts(self._loaded.names)
        return texts

    # What is at work

    def enter(self, key: str) -> AtWork:
        """An attempt begins; it may have been cut before."""
        with self._lock:
            attempt = self._at_work[key] = AtWork()
            if key in self._cut:
                del self._cut[key]
                attempt.cut = True
            return attempt

    def leave(self, key: str) -> None:
        """An attempt has ended."""
        with self._lock:
            self._at_work.pop(key, None)

    def cut(self, key: str) -> bool:
        """Nobody waits any longer for an attempt ⟶ whether it is at work here.

        One that isn't never begins here. One that is stops, where that can be done.
        """
        with self._lock:
            attempt = self._at_work.get(key)
            if attempt is None:
                while len(self._cut) >= MOST_CUT:
                    del self._cut[next(iter(self._cut))]
                self._cut[key] = None
                return False
            attempt.cut = True
        if attempt.stop is not None:
            with suppress(RuntimeError):  # the event loop of what has just ended
                attempt.stop()
        return True


def _has(finder: object, files: Mapping[str, str]) -> bool:
    return isinstance(finder, ModuleFiles) and finder.files == files


def _leave_interrupts() -> None:
    import signal
    import threading

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


# What a client asks workers; run by `Client.run`


def look(station: str, dask_worker: Any) -> tuple[Any, ...]:
    """What a worker has of a run's workflow; nothing of one that has only just begun."""
    here = dask_worker.plugins.get(station)
    return () if here is None else tuple(here.seen)


def cut(station: str, key: str, dask_worker: Any) -> bool:
    """Whether an attempt is at work on a worker; if not, it never begins there."""
    here = dask_worker.plugins.get(station)
    return here is not None and here.cut(key)


def close(station: str, dask_worker: Any) -> list[Any]:
    """Close what was opened on a worker for a run ⟶ the faults that this made, as JSON."""
    here: Station | None = dask_worker.plugins.get(station)
    raised = [] if here is None else here.closed()
    return [fault_to_json(each.fault("", 0)) for each in raised]
