"""A run as OpenLineage run events: START, and then COMPLETE, FAIL or ABORT, of it and its tasks.

Version 2-0-2 of the events. Each try of a run is a run of OpenLineage, and so is each attempt of a
task that declares datasets; the items of a map and the rounds of a loop are one together, or a
thousand would each claim the whole dataset. Their ids are UUIDs of version 5, of the run's id and
of which try it is: the same for START and END, whichever process sends them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeAlias, final
from uuid import NAMESPACE_OID, UUID, uuid5

from returns.result import Failure, Result

from fwf.algebra.paths import untagged
from fwf.algebra.workflow import AnyWorkflow
from fwf.faults import Failed, Fault, Interrupted, PredicateDefect, leaves
from fwf.interpreters.lineage import lineage
from fwf.interpreters.run import Note, Try
from fwf.secrets import masked
from fwf.telling.event_words import reason

SPEC: Final = "https://openlineage.io/spec"
EVENT: Final = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS: Final = {
    "parent": f"{SPEC}/facets/1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet",
    "nominalTime": f"{SPEC}/facets/1-0-1/NominalTimeRunFacet.json#/$defs/NominalTimeRunFacet",
    "errorMessage": f"{SPEC}/facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet",
}
PRODUCER: Final = "https://pypi.org/project/fwf/"
NAMESPACE: Final = "fwf"
PARENT: Final = "OPENLINEAGE_PARENT_ID"
"""Names the run that started this one, as namespace/job/run."""
DAY: Final = "day"
"""The parameter that says for which day a run is."""
Event: TypeAlias = dict[str, Any]
Send: TypeAlias = Callable[[Event], None]


@final
class _Going:
    """A run of OpenLineage that has started: its id and job, and how it is going.

    `end` is how its last attempt ended, `failed` are the failures that no later attempt mended, by
    path.
    """

    def __init__(self, run: str, job: Event, at: int) -> None:
        self.run, self.job, self.at = run, job, at
        self.end = "ABORT"
        self.failed: dict[str, Fault] = {}


@final
class RunEvents:
    """Makes run events of what it is told, and hands them to `send`, which must not wait.

    w: the workflow, for the datasets that its tasks declare.
    name: what the job is called, if it isn't called as the workflow is.
    """

    def __init__(
        self,
        w: AnyWorkflow,
        send: Send,
        *,
        namespace: str = NAMESPACE,
        producer: str = PRODUCER,
        name: str = "",
    ) -> None:
        datasets = lineage(w)
        now = datetime.now(UTC)
        events = datasets.openlineage(time=now, namespace=namespace, producer=producer, name=name)
        self._whole, *tasks = events
        self._jobs = {
            task.path: event
            for task, event in zip(datasets.tasks, tasks, strict=True)
            if event["inputs"] or event["outputs"]
        }
        self._send = send
        self._producer = producer
        self._this: Try
        self._run = ""
        self._going: dict[tuple[str, tuple[int, ...]], _Going] = {}

    def began(self, this: Try, /) -> None:
        self._this, self._run = this, run_of(this.id, this.number)
        self._going.clear()
        facets = {**self._above(), **self._nominal()}
        if this.died is not None:
            before = run_of(this.id, this.number - 1)
            error = self._error(masked(this.died), None)
            self._tell("ABORT", before, self._whole, this.started, {**facets, **error})
        self._tell("START", self._run, self._whole, this.started, facets)

    def note(self, note: Note, /) -> None:
        if note.kind not in ("start", "ok", "failed", "cut"):
            return
        place = untagged(note.path)
        job = self._jobs.get(place)
        if job is None:
            return
        many = place != note.path
        spot = (place, () if many else note.tries)
        if note.kind == "start":
            if spot not in self._going:
                run = run_of(self._this.id, self._this.number, *map(str, spot))
                self._going[spot] = _Going(run, job, note.at)
                self._tell("START", run, job, self._this.when(note.at), self._inside())
            return
        going = self._going.get(spot)
        if going is not None:
            _heard(going, note)
            if not many:  # of many, that is told when the try is over
                self._end(going)
                del self._going[spot]

    def _end(self, going: _Going) -> None:
        fault = next(iter(going.failed.values()), None)
        error = {} if fault is None else self._error(reason(fault), fault)
        word = going.end if fault is None else "FAIL"
        when = self._this.when(going.at)
        self._tell(word, going.run, going.job, when, {**self._inside(), **error})

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        for going in self._going.values():
            self._end(going)
        self._going.clear()
        facets = {**self._above(), **self._nominal()}
        now = max(datetime.now(UTC), this.started)
        if not isinstance(result, Failure):
            self._tell("COMPLETE", self._run, self._whole, now, facets)
            return
        fault = result.failure()
        stopped = any(isinstance(leaf, Interrupted) for leaf in leaves(fault))
        error = self._error(reason(fault), fault)
        word = "ABORT" if stopped else "FAIL"
        self._tell(word, self._run, self._whole, now, {**facets, **error})

    # Facets

    def _tell(self, kind: str, run: str, of: Event, when: datetime, facets: Event) -> None:
        self._send(
            {
                "eventType": kind,
                "eventTime": when.isoformat(),
                "producer": self._producer,
                "schemaURL": EVENT,
                "run": {"runId": run, "facets": facets},
                "job": of["job"],
                "inputs": of["inputs"],
                "outputs": of["outputs"],
            }
        )

    def _facet(self, name: str, **content: object) -> Event:
        return {name: {"_producer": self._producer, "_schemaURL": FACETS[name], **content}}

    def _inside(self) -> Event:
        """An attempt's parent is the try."""
        job = {name: self._whole["job"][name] for name in ("namespace", "name")}
        return self._facet("parent", run={"runId": self._run}, job=job)

    def _above(self) -> Event:
        """The try's parent is the run that started it, where somebody says so."""
        namespace, _, rest = os.environ.get(PARENT, "").partition("/")
        name, _, run = rest.rpartition("/")
        try:
            UUID(run)
        except ValueError:
            return {}
        return self._facet("parent", run={"runId": run}, job={"namespace": namespace, "name": name})

    def _nominal(self) -> Event:
        """The day that the run is for, if a parameter says so; in this machine's zone."""
        try:
            day = date.fromisoformat(self._this.params.get(DAY, ""))
        except ValueError:
            return {}
        start, end = (
            datetime.combine(each, time()).astimezone().isoformat()
            for each in (day, day + timedelta(days=1))
        )
        return self._facet("nominalTime", nominalStartTime=start, nominalEndTime=end)

    def _error(self, message: str, fault: Fault | None) -> Event:
        traces = [] if fault is None else [_traceback(leaf) for leaf in leaves(fault)]
        stack = {"stackTrace": traces[0]} if traces and traces[0] else {}
        return self._facet("errorMessage", message=message, programmingLanguage="PYTHON", **stack)


def _heard(going: _Going, note: Note) -> None:
    """An attempt has ended."""
    going.at = note.at
    going.failed.pop(note.path, None)
    if note.kind == "failed":
        going.failed[note.path] = note.detail
    else:
        going.end = "COMPLETE" if note.kind == "ok" else "ABORT"


def run_of(run: str, number: int, *where: str) -> str:
    """A run's id, which try of it, which part of it ⟶ the id of that in OpenLineage."""
    try:
        within = UUID(run)
    except ValueError:
        within = uuid5(NAMESPACE_OID, run)
    return str(uuid5(within, "\0".join([str(number), *where])))


def _traceback(leaf: Fault) -> str:
    trace = leaf.traceback if isinstance(leaf, Failed | PredicateDefect) else None
    return "" if trace is None else masked(str(trace))


def environment(variables: Mapping[str, str]) -> tuple[str, str, str]:
    """What OpenLineage's clients are told by the environment ⟶ address, key, namespace.

    The address is empty where there is none, or OPENLINEAGE_DISABLED is true.
    """
    off = variables.get("OPENLINEAGE_DISABLED", "").lower() == "true"
    base = "" if off else variables.get("OPENLINEAGE_URL", "").strip()
    end = variables.get("OPENLINEAGE_ENDPOINT", "api/v1/lineage").lstrip("/")
    address = f"{base.rstrip('/')}/{end}" if base else ""
    key = variables.get("OPENLINEAGE_API_KEY", "")
    return address, key, variables.get("OPENLINEAGE_NAMESPACE", "") or NAMESPACE
