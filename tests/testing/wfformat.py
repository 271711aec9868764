"""What a recorded execution in WfFormat says: its workflow, and how long each task took.

WfFormat is the JSON of https://wfcommons.org, in which the traces of Pegasus, Makeflow and
Nextflow runs are published. Version 1.5 is read.

>>> trace = from_json('''{"name": "two", "schemaVersion": "1.5", "workflow": {
...     "specification": {"tasks": [
...         {"name": "load", "id": "load_2", "parents": ["extract_1"], "children": []},
...         {"name": "extract", "id": "extract_1", "parents": [], "children": ["load_2"]}]},
...     "execution": {"tasks": [
...         {"id": "extract_1", "runtimeInSeconds": 2.5},
...         {"id": "load_2", "runtimeInSeconds": 4}]}}}''')
>>> trace.workflow
named('two', Graph((Step(recorded(program='extract', task='extract_1'), ()),
    Step(recorded(program='load', task='load_2'), (), (0,)), ), (1,), 0))
>>> from fwf import dry_run
>>> dry_run(trace.workflow, scenario=trace.scenario).took.total_seconds()
6.5
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from heapq import heapify, heappop, heappush
from os import PathLike, fspath
from typing import Any, cast, final
from urllib.parse import quote

from pyrsistent import pmap

from fwf.algebra.nodes import Graph, Named, Step, Task
from fwf.algebra.workflow import Workflow
from fwf.faults import near
from fwf.forms.documents import DocumentError, as_written, json_of, text_of
from fwf.records import record
from fwf.tasks import task as declared
from fwf.worlds.scenario import Scenario, Script

VERSION = "1.5"
MAX_BYTES = 200_000_000
MAX_TOLD = 50
"""Problems past it are only counted, so that a file of another kind doesn't fill the screen."""
_MICROSECOND = Decimal(1).scaleb(-6)
_LONGEST = 365 * 86_400
"""Seconds; so many tasks as a trace can hold take no longer than a `timedelta` can say."""


class WfFormatError(DocumentError):
    """A trace that can't be used: everything that is wrong with it, at once."""


@final
@record()
class Recorded:
    """A recorded execution.

    workflow: a graph of the recorded tasks, each after exactly its parents. What tasks passed on
        lies in files, so edges only order; the graph gives what its last tasks give, each `None`.
    scenario: how long each task took, to the microsecond.
    tasks, edges: how many there are.
    work: how long all tasks took together.
    """

    name: str
    workflow: Workflow[object, Any]
    scenario: Scenario
    tasks: int
    edges: int
    work: timedelta


def recorded(*, task: str, program: str = "") -> Task[object, None]:
    """A recorded task, known by its id; the program has a name of its own where that differs.

    Ids are unique where names aren't. Characters that a path can't hold stand as in a URL: the
    task `split#2` is called `split%232`. Engines that record start tasks again after a failure, so
    these count as idempotent. Their files aren't kept: lists of hundreds would hide the graph.
    """
    config = {"task": task, **({"program": program} if program else {})}

    @declared(effect="idempotent", name=_in_paths(task), config=config)
    def replay() -> None:
        raise RuntimeError(f"{task} is a recorded task, which can't run again; give it to dry_run")

    return replay


def load(path: str | PathLike[str]) -> Recorded:
    """Path of a trace ⟶ what it says. Raises `WfFormatError`."""
    name = fspath(path)
    return from_json(text_of(name, MAX_BYTES, WfFormatError), name)


def from_json(text: str, source: str = "trace") -> Recorded:
    """JSON ⟶ what it says. Raises `WfFormatError`."""
    data = json_of(text, source, WfFormatError, number=Decimal, constant=Decimal)
    reader = _Reader()
    name, entries = reader.entries(data)
    order = [] if reader.problems else reader.ordered(entries)
    if reader.problems:
        raise WfFormatError(source, reader.told())
    return _built(name, order)


@final
@record()
class _Entry:
    """A task as the trace has it."""

    number: int
    task: str
    program: str
    parents: tuple[str, ...]
    children: tuple[str, ...]
    takes: timedelta

    @property
    def where(self) -> str:
        return f"{_TASKS}[{self.number}] ({self.task})"


_TASKS = "workflow.specification.tasks"
_RUNS = "workflow.execution.tasks"


@final
class _Reader:
    """Reads on after a mistake, so that all of them are told."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.untold = 0

    def wrong(self, where: str, said: str) -> None:
        if len(self.problems) < MAX_TOLD:
            self.problems.append(f"{where}: {said}" if where else said)
        else:
            self.untold += 1

    def told(self) -> list[str]:
        more = f"… and {self.untold:,} more"
        return [*self.problems, more] if self.untold else self.problems

    def near(self, name: str, known: dict[str, Any]) -> str:
        """A hint, while problems are still told: to find one takes time."""
        return near(name, known) if len(self.problems) < MAX_TOLD else ""

    def entries(self, data: Any) -> tuple[str, dict[str, _Entry]]:
        """The whole document ⟶ its name and its tasks, by id."""
        top = self.table("", data)
        version = top.get("schemaVersion")
        if top and version != VERSION:
            said = "is missing" if version is None else f"is {as_written(version)}"
            remedy = f"only WfFormat {VERSION} is read; bring the trace to it first"
            self.wrong("schemaVersion", f"{said}: {remedy}")
        if self.problems:  # of another version everything else would be wrong too
            return "", {}
        name = self.text("name", top.get("name"))
        workflow = self.table("workflow", top.get("workflow"))
        takes = self.runs(workflow.get("execution"))
        return name, self.tasks(workflow.get("specification"), takes)

    def runs(self, data: Any) -> dict[str, timedelta]:
        """How long each task took, by id."""
        if data is None:
            said = "is missing: without it nobody knows how long the tasks took"
            self.wrong("workflow.execution", said)
            return {}
        found: dict[str, timedelta] = {}
        given = self.table("workflow.execution", data).get("tasks")
        for n, each in enumerate(self.listed(_RUNS, given)):
            entry = self.table(f"{_RUNS}[{n}]", each)
            task = self.text(f"{_RUNS}[{n}].id", entry.get("id"))
            if task in found:
                self.wrong(f"{_RUNS}[{n}]", f"{task!r} has a runtime already; ids are unique")
            where = f"{_RUNS}[{n}] ({task}).runtimeInSeconds"
            found[task] = self.runtime(where, entry.get("runtimeInSeconds"))
        return found

    def tasks(self, data: Any, takes: dict[str, timedelta]) -> dict[str, _Entry]:
        """The tasks, by id."""
        found: dict[str, _Entry] = {}
        given = self.table("workflow.specification", data).get("tasks")
        before = len(self.problems)
        for n, each in enumerate(self.listed(_TASKS, given)):
            entry = self.task(n, self.table(f"{_TASKS}[{n}]", each), takes)
            if entry.task in found:
                first = found[entry.task].number
                self.wrong(f"{_TASKS}[{n}]", f"{entry.task!r} is the id of task {first} as well")
            found[entry.task] = entry
        if len(self.problems) == before:
            self.check_names(found, takes)
        return found

    def task(self, n: int, data: dict[str, Any], takes: dict[str, timedelta]) -> _Entry:
        at = f"{_TASKS}[{n}]"
        task = self.text(f"{at}.id", data.get("id"))
        return _Entry(
            n,
            task,
            self.text(f"{at}.name", data.get("name")),
            self.texts(f"{at}.parents", data.get("parents")),
            self.texts(f"{at}.children", data.get("children")),
            takes.get(task, timedelta(0)),
        )

    def check_names(self, entries: dict[str, _Entry], takes: dict[str, timedelta]) -> None:
        """Parents, children and runtimes name tasks that there are, and agree."""
        parents = {name: set(entry.parents) for name, entry in entries.items()}
        children = {name: set(entry.children) for name, entry in entries.items()}
        for name, entry in entries.items():
            if name not in takes:
                self.wrong(entry.where, f"has no runtime in {_RUNS}{self.near(name, takes)}")
            self.check_links(entry, "parent", entry.parents, children)
            self.check_links(entry, "child", entry.children, parents)
        for name in takes:
            if name not in entries:
                self.wrong(_RUNS, f"there is no task {name!r}{self.near(name, entries)}")

    def check_links(
        self, entry: _Entry, kind: str, names: tuple[str, ...], back: dict[str, set[str]]
    ) -> None:
        other = "child" if kind == "parent" else "parent"
        for name in names:
            if name not in back:
                close = self.near(name, back)
                self.wrong(entry.where, f"its {kind} {name!r} is no task{close}")
            elif entry.task not in back[name]:
                said = f"names {name!r} as a {kind}, which doesn't name it as a {other}"
                self.wrong(entry.where, f"{said}; an edge stands at both its ends")

    def ordered(self, entries: dict[str, _Entry]) -> list[_Entry]:
        """The tasks in an order that respects the edges, else as recorded (Kahn 1962)."""
        given = list(entries.values())
        waits = {entry.task: len(set(entry.parents)) for entry in given}
        ready = [entry.number for entry in given if not entry.parents]
        heapify(ready)
        found: list[_Entry] = []
        while ready:
            entry = given[heappop(ready)]
            found.append(entry)
            for child in set(entry.children):
                waits[child] -= 1
                if not waits[child]:
                    heappush(ready, entries[child].number)
        if len(found) < len(given):
            done = {entry.task for entry in found}
            self.wrong(_TASKS, _said_cycle([each for each in given if each.task not in done]))
        return found

    # Plain values

    def table(self, where: str, data: Any) -> dict[str, Any]:
        if isinstance(data, dict):
            return cast("dict[str, Any]", data)
        self.wrong(where, f"needs an object, {_instead(data)}")
        return {}

    def listed(self, where: str, data: Any) -> list[Any]:
        if isinstance(data, list):
            return [*cast("Sequence[Any]", data)]
        self.wrong(where, f"needs a list, {_instead(data)}")
        return []

    def text(self, where: str, data: Any) -> str:
        if isinstance(data, str) and data.strip():
            return data
        self.wrong(where, f"needs a text that isn't empty, {_instead(data)}")
        return ""

    def texts(self, where: str, data: Any) -> tuple[str, ...]:
        each = enumerate(self.listed(where, data))
        return tuple([self.text(f"{where}[{n}]", one) for n, one in each])

    def runtime(self, where: str, data: Any) -> timedelta:
        if isinstance(data, bool) or not isinstance(data, int | Decimal):
            self.wrong(where, f"needs a number of seconds, {_instead(data)}")
        elif not (exact := Decimal(data)).is_finite() or not 0 <= exact <= _LONGEST:
            self.wrong(where, f"{exact:.6g} seconds is no runtime; it is from 0 to a year")
        else:
            return timedelta(microseconds=int(exact.quantize(_MICROSECOND).scaleb(6)))
        return timedelta(0)


def _instead(data: Any) -> str:
    return "but is missing" if data is None else f"not {as_written(data)}"


def _said_cycle(stuck: Sequence[_Entry]) -> str:
    """Tasks that all wait for one of themselves ⟶ a cycle among them, in words."""
    waiting = {entry.task: entry for entry in stuck}
    back = list[str]()
    at = stuck[0].task
    seen: dict[str, int] = {}
    while at not in seen:
        seen[at] = len(back)
        back.append(at)
        at = next(parent for parent in waiting[at].parents if parent in waiting)
    cycle = [at, *reversed(back[seen[at] :])]
    shown = cycle if len(cycle) <= 8 else [*cycle[:4], f"… {len(cycle) - 7:,} more …", *cycle[-3:]]
    return f"a cycle: {' → '.join(shown)}; each would wait for itself, so take an edge out"


def _in_paths(name: str) -> str:
    """A name ⟶ one that a path can hold; different ones stay different."""
    return "".join(
        quote(char, safe="", errors="surrogatepass")
        if char in ">[]#%" or not char.isprintable()
        else char
        for char in name
    )


def _built(name: str, order: Sequence[_Entry]) -> Recorded:
    places = {entry.task: at for at, entry in enumerate(order)}
    steps: list[Step] = []
    scripts: dict[str, Script] = {}
    for entry in order:
        program = "" if entry.program == entry.task else entry.program
        task = recorded(task=entry.task, program=program)
        steps.append(Step(task, (), tuple(sorted({places[each] for each in entry.parents}))))
        scripts[task.name] = Script(takes=(entry.takes,))
    last = tuple(at for at, entry in enumerate(order) if not entry.children)
    return Recorded(
        name,
        Named(_in_paths(name), Graph(tuple(steps), last, 0), pmap({})),
        Scenario(tasks=pmap(scripts)),
        len(steps),
        sum(len(step.after) for step in steps),
        sum((entry.takes for entry in order), timedelta(0)),
    )
