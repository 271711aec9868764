"""`run(w, …, on=Dask(client))`: a Dask cluster as the place where a run's tasks are called."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any, Final, cast, final

from fwf.algebra.nodes import Task
from fwf.analysis.requirements import Requirements
from fwf.faults import Issue, named_text
from fwf.faults.fault_form import fault_from_json
from fwf.faults.raised import Raised
from fwf.interpreters.run.local import Local
from fwf.interpreters.run.resources import Opener
from fwf.machine.world import World
from fwf.secrets import Secret

_TRIES: Final = 3
"""So often all workers are told of a run again, if one dies while they are."""


def check_installed() -> None:
    """Raises `ImportError`, which says what to install, if Dask isn't there."""
    if find_spec("distributed") is None:
        reason = "Dask needs distributed, which is not installed"
        raise ImportError(f'{reason}: pip install "fwf[dask]"')


@final
class Dask:
    """A Dask cluster, for `run(w, …, on=Dask(client))`.

    The scheduler of the run is this process; each attempt of a task is a future, of which the
    worker is told by the workflow's name in its module, its path and its input. So workers need the
    same code, fwf and Python. Resources are those of the workflow's module, and those that are
    given as functions of modules, profiles', or secrets; they are opened by the worker. What the
    journal has (marks, results) is used in this process.

    client: a `distributed.Client` that is connected, and isn't asynchronous.
    target: what workers import, as `module:attribute`; looked for among the modules that are
        imported if None.
    """

    __slots__ = ("_client", "_deaf", "_target")

    def __init__(self, client: Any, *, target: str | None = None, _deaf: bool = False) -> None:
        check_installed()
        from distributed import Client

        if not isinstance(client, Client):
            raise TypeError(f"Dask({type(client).__name__}): needs a distributed.Client")
        if cast(Any, client).asynchronous:
            raise TypeError(
                "Dask(client): the client is asynchronous, and a run waits for its futures: make "
                "one without asynchronous=True, and run outside of its event loop"
            )
        self._client: Any = client
        self._target = target
        self._deaf = _deaf

    @contextmanager
    def begin(
        self,
        required: Requirements,
        resources: Mapping[str, Opener | Secret],
        supplied: frozenset[str],
    ) -> Generator[Seat]:
        """Look at the cluster for a run of a workflow."""
        seat = Seat(self._client, required, resources, supplied)
        try:
            seat.take(self._target, deaf=self._deaf)
            yield seat
        finally:
            seat.leave()


@final
class Seat:
    """A cluster that has been looked at for one run."""

    def __init__(
        self,
        client: Any,
        required: Requirements,
        resources: Mapping[str, Opener | Secret],
        supplied: frozenset[str],
    ) -> None:
        self.resources: Mapping[str, Opener | Secret] = resources
        self.problems: Sequence[Issue] = ()
        self._client = client
        self._required = required
        self._supplied = supplied
        self._name = f"fwf-{os.urandom(8).hex()}"
        self._names: Any = None
        self._taken = False
        self._world: Any = None

    def take(self, target: str | None, *, deaf: bool) -> None:
        """Look at the workflow and at the workers; what is wrong is noted in `problems`."""
        from fwf.interpreters.engines.dask import targets
        from fwf.interpreters.engines.worker.loading import Unloadable, loaded

        w, resources = self._required.workflow, self.resources
        name = target or targets.target_of(w)
        if name is None:
            self.problems = [targets.no_target()]
            return
        try:
            there = loaded(name)
        except Unloadable as error:
            self.problems = [Issue("", "remote", str(error))]
            return
        other = targets.another(w, there.workflow, name)
        if other is not None:
            self.problems = [other]
            return
        self._names = there.names
        self.resources = {**there.resources, **resources}
        wrong = [*targets.unreachable(self._required, resources, there.resources, self._supplied)]
        if not wrong:
            wanted = frozenset(each.name for each in self._required.named()) - self._supplied
            shipped = targets.shipped(resources, there.resources, wanted)
            try:
                self._register(name, shipped, deaf)
                wrong += self._differing(name)
            except Exception as error:  # whatever a scheduler or a worker raises
                wrong.append(_unreachable(error))
        self.problems = wrong

    def _register(self, target: str, resources: Mapping[str, Any], deaf: bool) -> None:
        """Let workers, also later ones, have what they need for the run; and the scheduler."""
        from fwf.interpreters.engines.dask.keeper import Keeper
        from fwf.interpreters.engines.dask.station import Station, tasks_of
        from fwf.interpreters.run.workers.module_files import files_of

        modules = {task.fn.__module__ for task in tasks_of(self._required.workflow)}
        files = files_of({target.partition(":")[0], *modules})
        self._client.register_plugin(Keeper())
        self._taken = True
        station = Station(self._name, target, resources, files, deaf=deaf)
        for _ in range(_TRIES):
            with suppress(OSError):  # of a worker that dies meanwhile
                self._client.register_plugin(station)
                return
        self._client.register_plugin(station)

    def _differing(self, target: str) -> list[Issue]:
        """The workers that have other code, or other versions, than this process."""
        from fwf.interpreters.engines.dask.station import Seen, look, seen

        mine = seen(target)
        there = self._client.run(look, self._name, on_error="return")
        issues: list[Issue] = []
        for address, state in there.items():
            if isinstance(state, OSError) or state == ():
                continue  # it has just died, or begun: its leaves compare for themselves
            if isinstance(state, BaseException):
                why = named_text(state)
                message = (
                    f"the worker {address} can't be asked ({why}): has it fwf, the same version?"
                )
            else:
                message = _difference(mine, Seen(*state), address, target)
            if message:
                issues.append(Issue("", "remote", message))
        return issues

    def world(self, local: Local) -> World:
        """The world of the run."""
        from fwf.interpreters.engines.dask.texts import Texts
        from fwf.interpreters.engines.dask.world import Leaves

        texts = Texts(self._names)
        self._world = Leaves(local, self._client, self._name, texts, self._is_here())
        return cast(World, self._world)

    def _is_here(self) -> Callable[[Task[Any, Any]], bool]:
        """Whether a task is called in this process: it asks for what only the journal has."""
        supplied = self._supplied

        def here(task: Task[Any, Any]) -> bool:
            names = (each.name for each in task.contract.injected if each.kind == "resource")
            return bool(supplied) and not supplied.isdisjoint(names)

        return here

    def close(self) -> list[Raised]:
        """Close what was opened on the workers for the run ⟶ what that raised."""
        from fwf.interpreters.engines.dask.station import close

        found: list[Raised] = []
        with suppress(Exception):  # of workers that can't be asked any more nothing is open
            for said in self._client.run(close, self._name, on_error="ignore").values():
                faults = [cast(Any, fault_from_json(each)) for each in said or ()]
                found += [Raised(each.tags, each.message) for each in faults]
        return found

    def leave(self) -> None:
        """Nothing of the run is needed there any more."""
        if self._world is not None:
            self._world.over()
        if self._taken:
            with suppress(Exception):
                self._client.unregister_worker_plugin(self._name)


def _unreachable(error: Exception) -> Issue:
    """That a cluster can't be told of a run."""
    reason = (
        f"the cluster can't be told of the run ({named_text(error)}): its scheduler and workers"
    )
    return Issue("", "remote", f"{reason} need fwf, the same version as here")


def _difference(mine: Any, theirs: Any, address: str, target: str) -> str:
    """What a worker has that differs, and what to do; empty if nothing does."""
    module = target.partition(":")[0]
    who = f"the worker {address} on {theirs.host}"
    if theirs.trouble:
        return f"{who}: {theirs.trouble}"
    for what, ours, their in (
        ("fwf", mine.fwf, theirs.fwf),
        ("Python", _minor(mine.python), _minor(theirs.python)),
    ):
        if ours != their:
            return f"{who} has {what} {their}, and this process {ours}: have the same at both ends"
    if mine.definition != theirs.definition:
        return (
            f"{who} has another {target} ({theirs.definition}) than this process "
            f"({mine.definition}), in its module {module} from {theirs.file}: have the same code "
            "there, and start the workers anew"
        )
    if mine.code != theirs.code:
        return (
            f"{who} has other code in the tasks of {target}, in its module {module} from "
            f"{theirs.file}: start the workers anew, which keep what they have imported"
        )
    return ""


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
