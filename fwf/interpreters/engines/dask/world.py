"""The world of a run on Dask: each attempt of a task is a future, all else is as it is here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast, final

from fwf.algebra.contract import RunInfo
from fwf.algebra.nodes import Task
from fwf.analysis.identity import definition_digest
from fwf.faults import Failed, Fault, tags_of_class
from fwf.faults.fault_form import fault_from_json
from fwf.interpreters.engines.dask.decimals import decimals_to_text
from fwf.interpreters.engines.dask.flights import Flight, Flights
from fwf.interpreters.engines.dask.orders import Answer, Blobs, Order, answer_from_bytes
from fwf.interpreters.engines.dask.texts import Texts
from fwf.interpreters.run.calls import ATTEMPT, TaskCall
from fwf.interpreters.run.local import Local
from fwf.interpreters.run.workers import CLEAN_UP
from fwf.journal.code import code_digest
from fwf.journal.errors import JournalError
from fwf.journal.values import Unwritable
from fwf.machine.fibers import ERR, INT, OK, WAIT, Fiber, Status, numbers
from fwf.machine.waits import RunningAttempt
from fwf.machine.world import Ending, Landing

if TYPE_CHECKING:
    from fwf.machine.machine import Machine

_INJECTED: Final = ("resource", "secret", "unknown")


@final
class Lost(Exception):
    """The cluster lost an attempt, and couldn't be asked for it again: no fault of the step's."""


@final
class Known:
    """What is known of a task beforehand."""

    __slots__ = ("code", "digest", "facts", "once", "others", "params", "resources")

    def __init__(self, call: TaskCall) -> None:
        task = call.task
        self.digest = definition_digest(task).hex()
        self.code = code_digest(task.fn)
        self.once = task.contract.effect == "unrepeatable"
        self.facts = call.facts
        kinds = {each.name: each.kind for each in task.contract.injected}
        self.params = [name for name, kind in kinds.items() if kind in ("parameter", "unknown")]
        self.resources = [name for name, kind in kinds.items() if kind in _INJECTED]
        self.others: dict[int, tuple[object, str, Blobs]] = {}
        """The texts of its parameters, by the identity of what is bound where it stands."""


@final
class Leaves:
    """Where attempts of tasks are futures.

    here: whether a task is called in this process after all.
    """

    foretells: ClassVar[bool] = False

    __slots__ = (
        "_decimals", "_flights", "_flying", "_heard", "_here", "_known", "_local", "_numbers",
        "_queue", "_run", "_station", "_texts", "now",
    )  # fmt: skip

    def __init__(
        self,
        local: Local,
        client: Any,
        station: str,
        texts: Texts,
        here: Callable[[Task[Any, Any]], bool],
    ) -> None:
        self.now = local.now
        self._local = local
        self._station = station
        self._texts = texts
        self._here = here
        self._flights = Flights(client, station, self._land)
        self._decimals = decimals_to_text(local.contexts.decimals)
        self._known: dict[int, Known] = {}
        self._numbers: dict[str, int] = {}
        """Attempts so far, by the path of their step."""
        self._queue: list[Flight] = []
        """Attempts that begin when the machine waits: then it is written that they do."""
        self._flying: dict[RunningAttempt, Flight] = {}
        self._heard: list[tuple[str, int]] = []
        """Claimed attempts that have landed, and are written down when the machine waits again."""
        self._run = ""
        if local.memory is not None:
            local.memory.elsewhere = lambda task: not here(task)

    def role(self, task: Task[Any, Any]) -> TaskCall:
        """What is known of a task's calls: none that is done elsewhere may run on this thread."""
        call = self._local.role(task)
        if not self._here(task):
            call.inline = False
            self._known[id(task)] = Known(call)
        return call

    def start(
        self, machine: Machine, fiber: Fiber, role: TaskCall, alone: bool
    ) -> Ending | RunningAttempt | None:
        facts = self._known.get(id(role.task))
        if facts is None:
            return self._local.start(machine, fiber, role, alone)
        path = machine.path(fiber.place)
        keywords = self._local.keywords(machine, fiber, role)
        if isinstance(keywords, BaseException):
            machine.end_undefined(fiber, path, keywords)
            return None
        if machine.tell is not None:
            machine.tell("start", fiber.place, role.task.name, fiber.tries, machine.now())
        attempt = RunningAttempt(fiber, role, machine.now())
        flight = self._flying[attempt] = Flight(attempt)
        try:
            flight.order, flight.blobs = self._order(fiber, role, facts, path, keywords[0])
        except Unwritable as error:
            message = f"what {role.task.name} is given: {error}"
            self._fail(flight, Failed(path, ("Unwritable", "Defect"), message))
        else:
            self._queue.append(flight)
        return attempt

    def _fail(self, flight: Flight, fault: Failed) -> None:
        """Let a flight land that was never sent."""
        flight.fault = fault
        self._local.inbox.put((flight.attempt, (OK, None), self.now()))

    # What is sent

    def _order(
        self, fiber: Fiber, role: TaskCall, facts: Known, path: str, values: dict[str, Any]
    ) -> tuple[Order, Blobs]:
        """What a worker is asked for an attempt; raises `Unwritable`."""
        run, memory = self._local.run, self._local.memory
        env = fiber.around.env
        texts, blobs = self._texts.written(fiber.value if role.arity else None)
        params, more = self._params(facts, env, values)
        number, again = self._numbered(fiber, path)
        step = f"{path}\0{memory.variant(fiber)}" if memory is not None else path
        self._run = run.run_id()
        order = Order(
            station=self._station,
            task=facts.digest,
            code=facts.code,
            name=role.task.name,
            path=path,
            run=self._run,
            started=run.started.isoformat(),
            run_key=run.name.key,
            step=_digest(self._run, step),
            number=number,
            tries=numbers(fiber.tries),
            value=texts[0],
            params=params,
            facts={name: (fact, _told(fact, values[name])) for name, fact in facts.facts.items()},
            resources={
                name: env.renames.get(name, name)
                for name in facts.resources
                if name not in env.params
            },
            given=_digest(texts[0], params),
            again=again,
            asks=memory is not None and memory.resumed,
            located=self._local.contexts.locate is not None,
            decimals=self._decimals,
        )
        return order, {**blobs, **more} if more else blobs

    def _params(self, facts: Known, env: Any, bound: dict[str, Any]) -> tuple[str, Blobs]:
        if not facts.params:
            return "", {}
        texts = facts.others.get(id(env))
        if texts is None or texts[0] is not env:
            values = {name: bound[name] for name in facts.params if name in env.params}
            (text,), blobs = self._texts.written(values)
            texts = facts.others[id(env)] = env, text, blobs
        return texts[1], texts[2]

    def _numbered(self, fiber: Fiber, path: str) -> tuple[int, bool]:
        """Which attempt of its step it is, and whether it was begun before by another process."""
        memory = self._local.memory
        if memory is not None:
            return memory.attempt(fiber), memory.begun_elsewhere(fiber)
        number = self._numbers[path] = self._numbers.get(path, 0) + 1
        return number, False

    # What comes back

    def _land(self, flight: Flight, content: bytes) -> None:
        """A flight has landed; on the client's thread."""
        self._local.inbox.put((flight.attempt, (OK, content), self.now()))

    def wait(self, machine: Machine, until: float, busy: int) -> Sequence[Landing]:
        if self._heard:
            self._flights.heard(self._heard)
            self._heard = []
        if self._queue:
            self._begin()
        landings = self._local.wait(machine, until, busy)
        return [self._opened(each) for each in landings] if landings else landings

    def _begin(self) -> None:
        """Ask the cluster for what stands in the queue."""
        queue, self._queue = self._queue, []
        flights: list[Flight] = []
        for each in queue:
            if each.attempt.withdrawn:
                del self._flying[each.attempt]
            elif each.attempt.cut:
                self._local.inbox.put((each.attempt, (INT, None), self.now()))
            else:
                flights.append(each)
        if not flights:
            return
        try:
            self._flights.start(flights)
        except Exception as error:  # the client is closed, or its cluster
            for each in flights:
                reason = f"{type(error).__qualname__}: {error}"
                self._fail(each, Failed(each.order.path, tags_of_class(Lost), reason))

    def _opened(self, landing: Landing) -> Landing:
        attempt, status, value, end = landing
        flight = self._flying.pop(attempt, None)
        if flight is None:
            return landing
        if flight.key and (attempt.role.writes or flight.order.watched):
            self._heard.append((flight.order.step, flight.order.number))
        if attempt.cut or status is not OK:
            return attempt, INT, None, end
        if flight.fault is not None:
            return attempt, ERR, flight.fault, end
        answer, blobs = answer_from_bytes(value)
        return attempt, *self._read(flight.order, attempt.role, answer, blobs, end), end

    def _read(
        self, order: Order, role: TaskCall, answer: Answer, blobs: Blobs, now: int
    ) -> tuple[Status, Any]:
        """How an attempt ended, and with what."""
        path, text = order.path, answer.text
        if answer.word == "ok":
            try:
                return OK, self._texts.read(text, blobs)
            except JournalError as error:
                return ERR, Failed(path, ("Unreadable", "Defect"), str(error))
        if answer.word == "failed":
            return ERR, _fault(text, now)
        if answer.word == "refused":
            return ERR, Failed(path, ("Refused", "Defect"), text)
        if role.task.contract.effect == "unrepeatable":
            return WAIT, self._in_doubt(path, text)
        return ERR, Failed(path, tags_of_class(Lost), f"the cluster lost it: {text}")

    def _in_doubt(self, path: str, reason: str) -> Failed:
        """Nobody knows whether a step was done that must not be done twice."""
        memory = self._local.memory
        if memory is not None:
            return memory.in_doubt(path, reason)
        remedy = "look, before you start the run again"
        return Failed(path, ("InDoubt",), f"{reason}; nothing tells whether it was done: {remedy}")

    # Ends

    def cut(self, machine: Machine, fiber: Fiber, role: Any) -> bool:
        attempt = fiber.waiting
        flight = self._flying.get(attempt) if isinstance(attempt, RunningAttempt) else None
        if flight is None:
            return self._local.cut(machine, fiber, role)
        attempt = cast(RunningAttempt, attempt)
        attempt.cut = True
        if flight.key:
            self._flights.cut(flight)
        return False

    def over(self) -> None:
        """The run has ended, and how it did is written down where it is."""
        if self._run:
            self._flights.over(self._run)

    def close(self, at_work: Sequence[RunningAttempt], *, at_once: bool) -> None:
        here: list[RunningAttempt] = []
        for attempt in at_work:
            flight = self._flying.get(attempt)
            if flight is None:
                here.append(attempt)
            elif not attempt.cut:
                attempt.cut = True
                if flight.key:
                    self._flights.cut(flight)
        self._local.close(here, at_once=at_once)
        if not at_once:
            self._flights.settle(CLEAN_UP)


def _told(fact: str, value: Any) -> Any:
    """A fact as JSON has it."""
    if fact == ATTEMPT:
        return int(value)
    return None if isinstance(value, RunInfo) else str(value)


def _fault(text: str, now: int) -> Fault:
    """The fault of an answer, its times on this clock."""
    import json

    form = json.loads(text)
    for each in form["leaves"]:
        if each.get("not_before") is not None:
            each["not_before"] += now / 1e6
    return fault_from_json(form)


def _digest(*texts: str) -> str:
    digest = blake2b(digest_size=16)
    for each in texts:
        digest.update(each.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()
