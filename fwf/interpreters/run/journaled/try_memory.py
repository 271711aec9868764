"""What one try of a run remembers: which steps needn't be done, and what is written of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar, cast, final

from fwf.algebra.contract import IdempotencyKey
from fwf.algebra.nodes import Task
from fwf.algebra.paths import tagged, untagged
from fwf.algebra.plain_values import digest, encode, freeze
from fwf.analysis.canonical import Nameless, canonical
from fwf.analysis.run_keys import step_key
from fwf.faults import Failed, Fault, counted
from fwf.faults.fault_form import fault_from_json, fault_to_json
from fwf.interpreters.run.journaled import holds
from fwf.interpreters.run.journaled.earlier_tries import ONCE, PASSING, STARTS, Done, Instance, Past
from fwf.interpreters.run.journaled.frame_marks import Marks, Placed
from fwf.interpreters.run.journaled.journaled_world import Journaled
from fwf.interpreters.run.journaled.lasting import Lasting
from fwf.interpreters.run.journaled.record_writer import Writer, body
from fwf.journal.code import code_digest
from fwf.journal.errors import JournalError, Replaced
from fwf.journal.run_records import moment
from fwf.journal.values import Unwritable, Values
from fwf.machine.fibers import ERR, INT, OK, WAIT, Fiber, Status, Tries, numbers
from fwf.machine.memory import About
from fwf.machine.places import Place
from fwf.machine.world import World

if TYPE_CHECKING:
    from fwf.machine.machine import Machine

W = TypeVar("W", bound=World)

Ended: TypeAlias = tuple[Status, Any]


class Known(NamedTuple):
    """What is known of a task for the whole run: how it is called in records, and its code."""

    task: Task[Any, Any]
    name: str
    said: str
    code: str
    params: tuple[str, ...]
    unrepeatable: bool


@final
class Here:
    """What is known of an attempt under way: its step instance, its input, when it was begun."""

    __slots__ = ("again", "input", "passing", "path", "start", "tries", "variant")

    def __init__(self, path: str, tries: str, given: str) -> None:
        self.path = path
        self.tries = tries
        self.input = given
        self.variant = ""
        self.start = 0
        self.passing = False
        """Whether what it gives counts for this try alone."""
        self.again = False
        """Whether it was begun before, elsewhere, where it may be known how that ended."""


@final
class Remembered:
    """The memory of one try, over what is left of earlier ones.

    A step instance is a path with its items and rounds, and the number of each retry around it. If
    it is done on the same input, it isn't started again. What is to be known by the next try is
    written: before an attempt that it began, after it how that ended.
    """

    def __init__(
        self,
        past: Past,
        writer: Writer,
        values: Values,
        *,
        run: str,
        key: str,
        accepts: bool,
    ) -> None:
        self.past = past
        self.writer = writer
        self.values = values
        self.machine: Machine
        self.lasting = Lasting(writer.n)
        self.marks = Marks(past, writer, values, self.lasting)
        self.renewed = past.renewed or accepts
        """Whether another input than before is no contradiction: something before was done anew."""
        self._coded: set[str] = set()
        """Tasks of which the digest of their code is written: once a try."""
        self._changed: set[str] = set()
        """Tasks of which it was told that their code has changed."""
        self._accepts = accepts
        self._key = key
        self._run = run
        self._known: dict[int, Known] = {}
        self._here: dict[Fiber, Here] = {}
        self._params: dict[tuple[int, int], tuple[object, bytes]] = {}
        self._resumed = bool(past.done or past.failed or past.open or past.died)
        self.elsewhere: Callable[[Task[Any, Any]], bool] = _nowhere
        """Whether a task is called where it is known of an attempt how it ended, though the process
        that waited for it has died."""

    def around(self, world: W) -> Journaled[W]:
        """A world, and that it is remembered what happens in it."""
        return Journaled(world, self)

    # Before an attempt

    def recalls(self, fiber: Fiber, task: Task[Any, Any]) -> bool:
        machine = self.machine
        known = self._known.get(id(task)) or self._know(task)
        path = machine.path(fiber.place)
        tries = _text(fiber.tries)
        given = self._input(fiber, known)
        self._here[fiber] = here = Here(path, tries, given)
        if not self._resumed:
            return False
        instance = path, tries
        done = self.past.done.get(instance)
        if done is not None and done.n > self.lasting.since(fiber.place):
            return self._recalled(fiber, known, here, done)
        if done is not None:
            self.past.take_back(instance)
            self.renewed = True
        return self._known_end(fiber, known, instance)

    def _recalled(self, fiber: Fiber, known: Known, here: Here, done: Done) -> bool:
        """Give a fiber what a step gave before, if it is that step, on that input."""
        if not done.body.startswith(f'{{"task":{known.said},"input":"{here.input}",'):
            said = done.said  # of a step that a person resolved it begins in another way
            if said.get("task", known.name) != known.name:
                return self._contradicted(fiber, known, here, done, agreed=self._accepts)
            if said.get("input", here.input) != here.input:
                return self._contradicted(fiber, known, here, done, agreed=self.renewed)
        try:
            value = self.values.read(done.value)
        except (JournalError, Unwritable) as error:
            self.hold(fiber, holds.unreadable(self._run, here.path, done, error))
            return True
        if isinstance(value, Path) and THERE in done.body and not value.exists():
            self.hold(fiber, holds.gone(self._run, here.path, done, value))
            return True
        del self._here[fiber]
        remark = self._remark(known, here, done) if CODE in done.body else None
        machine = self.machine
        if machine.tell is not None:
            name, now = known.task.name, machine.now()
            machine.tell("kept", fiber.place, name, fiber.tries, now, remark, done.number)
        fiber.end(OK, value)
        return True

    def _contradicted(
        self, fiber: Fiber, known: Known, here: Here, done: Done, *, agreed: bool
    ) -> bool:
        """A result is of another task, or input: do it anew, if that is no contradiction.

        What is unrepeatable isn't done anew before a person has said so.
        """
        if not agreed:
            self.hold(fiber, holds.changed(here.path, known.name, done.said, done))
            return True
        instance = here.path, here.tries
        self.renewed = True
        if known.unrepeatable and not self._accepts:
            said = body(paths=[instance], doubt=True, why="its input has changed")
            self.writer.add("taken back", "", "", said)
            doubt = done._replace(body=said)
            self.hold(fiber, holds.in_doubt(self._run, here.path, doubt))
            return True
        self.past.take_back(instance)
        return False

    def _remark(self, known: Known, here: Here, done: Done) -> str | None:
        """That a task's code has changed since; told once, and it decides nothing."""
        code = done.said.get("code", known.code)
        alike = code == known.code or _python(code) != _python(known.code)
        if alike or known.name in self._changed:
            return None
        self._changed.add(known.name)
        again = holds.again(self._run, untagged(here.path))
        return f"{known.task.name} has changed since {moment(done.at)}: {again}"

    def _known_end(self, fiber: Fiber, known: Known, instance: Instance) -> bool:
        """End or hold a fiber at a step that has no result, but of which something is known."""
        past = self.past
        failed, cut = past.failed.get(instance), past.cuts.get(instance)
        doubt = failed or cut or past.open.get(instance)
        if doubt is None or doubt.n <= self.lasting.since(fiber.place):
            return False
        if failed is not None:
            del self._here[fiber]
            fiber.end(ERR, fault_from_json(json.loads(failed.body)["fault"]))
        elif cut is not None:
            del self._here[fiber]
            fiber.end(INT, None)
        elif known.unrepeatable and self.elsewhere(known.task) and not holds.has_failed(doubt):
            self._here[fiber].again = True
            return False
        elif known.unrepeatable:
            self.hold(fiber, holds.in_doubt(self._run, instance[0], doubt))
        elif past.died.get(instance, 0) >= STARTS and instance in past.alone:
            del self._here[fiber]
            fiber.end(ERR, holds.poisoned(self._run, instance[0]))
        else:
            return False
        return True

    def is_suspect(self, fiber: Fiber) -> bool:
        """Whether an attempt may be what ended the process before: then it is started alone."""
        here = self._here.get(fiber)
        return here is not None and self.past.died.get((here.path, here.tries), 0) >= STARTS - 1

    def begins_alone(self, fiber: Fiber) -> None:
        """Write that of the attempts that were started only this one begins."""
        here = self._here[fiber]
        self.writer.add("alone", here.path, here.tries, "{}")
        self.flush(fiber.place)

    def begins(self, fiber: Fiber, now: int) -> None:
        """What was written has come true."""
        here = self._here.get(fiber)
        if here is not None:
            here.start = now

    def starts(self, fiber: Fiber, task: Task[Any, Any]) -> None:
        """Write that an attempt begins."""
        here, known, past = self._here[fiber], self._known[id(task)], self.past
        if self._resumed:
            instance = here.path, here.tries
            borrowed = self.lasting.borrowed(fiber.place)
            here.variant = f"{here.input}-{borrowed}" if borrowed else ""
            here.variant = here.variant or past.variant(instance, here.input)
            self.renewed = self.renewed or instance in past.told
            self.marks.disturb(fiber.place)
        here.passing = self.lasting.is_passing(fiber.place)
        number = past.attempts[here.path] = past.attempts.get(here.path, 0) + 1
        more = f',"variant":"{here.variant}"' if here.variant else ""
        more += f",{ONCE}" if known.unrepeatable else ""
        said = f'{{"task":{known.said},"input":"{here.input}"{more},"attempt":{number}}}'
        self.writer.add("start", here.path, here.tries, said)

    def key(self, fiber: Fiber) -> IdempotencyKey:
        """The idempotency key of the step of which an attempt is about to be called."""
        path, variant = self._here[fiber].path, self._here[fiber].variant
        return step_key(self._key, f"{path}\0{variant}" if variant else path)

    def attempt(self, fiber: Fiber) -> int:
        """The number of an attempt that is about to be called, among those of its step."""
        return self.past.attempts[self._here[fiber].path]

    @property
    def resumed(self) -> bool:
        """Whether an earlier try of the run has begun anything."""
        return self._resumed

    def variant(self, fiber: Fiber) -> str:
        """What tells the step, of which an attempt is about to be called, from its earlier ones."""
        return self._here[fiber].variant

    def begun_elsewhere(self, fiber: Fiber) -> bool:
        """Whether an attempt is to be called that was begun before, where that may be known of."""
        return self._here[fiber].again

    def in_doubt(self, path: str, said: str) -> Failed:
        """Why a step is held of which nobody knows whether it was done, and what decides it."""
        return holds.unknown(self._run, path, said)

    # After it

    def ended(
        self, fiber: Fiber, task: Task[Any, Any], status: Status, value: Any, now: int
    ) -> Ended:
        """Write how an attempt ended ⟶ how it goes on: with what the next try would read."""
        here, known = self._here.pop(fiber), self._known[id(task)]
        took = now - here.start if here.start else 0
        if status is OK:
            try:
                text, settled = self.values.settle(value)
            except Unwritable as error:
                fault = Failed(here.path, ("Unwritable", "Defect"), str(error))
                self._failed(here, known, took, fault)
                if known.unrepeatable:
                    return WAIT, holds.done_but_unwritable(self._run, here.path, str(error))
                return ERR, fault
            except JournalError as error:
                return WAIT, Failed(here.path, ("JournalError",), str(error))
            more = self._more(here, known, settled)
            said = f'{{"task":{known.said},"input":"{here.input}","took":{took}{more},"value":'
            self.writer.add("ok", here.path, here.tries, f"{said}{text}}}")
            return OK, settled
        if status is ERR:
            self._failed(here, known, took, value)
            if known.unrepeatable and KILLED in value.tags:
                return WAIT, holds.killed(self._run, here.path, value.message)
        else:
            stopped = bool(self.machine.stopping) or self.machine.at_a_hold or None
            said = body(task=known.name, took=took, stopped=stopped)
            self.writer.add("cut", here.path, here.tries, said)
        return status, value

    def _more(self, here: Here, known: Known, value: Any) -> str:
        """What a result's record says besides."""
        more = f',"variant":"{here.variant}"' if here.variant else ""
        rows = _rows(value)
        more += "" if rows is None else f',"rows":{rows}'
        if here.passing:
            more += f",{PASSING}"
        if isinstance(value, Path) and value.exists():
            more += f",{THERE}"
        if known.code and known.name not in self._coded:
            self._coded.add(known.name)
            more += f',{CODE}"{known.code}"'
        return more

    def _failed(self, here: Here, known: Known, took: int, fault: Fault) -> None:
        said = body(
            task=known.name,
            input=here.input,
            variant=here.variant or None,
            once=known.unrepeatable or None,
            took=took,
            fault=fault_to_json(fault),
        )
        self.writer.add("failed", here.path, here.tries, said)

    def cut(self, fiber: Fiber, task: Task[Any, Any], now: int) -> None:
        """Write that nobody waits for an attempt any more."""
        if fiber in self._here:
            self.ended(fiber, task, INT, None, now)

    def flush(self, place: Place) -> Failed | None:
        """Write what was noted ⟶ why that can't be done, said at a place; raises `Replaced`."""
        try:
            self.writer.flush()
        except Replaced:
            raise
        except JournalError as error:
            return Failed(self.machine.path(place), ("JournalError",), str(error))
        return None

    def hold(self, fiber: Fiber, fault: Failed) -> None:
        """Let a fiber go no further: until the journal can be written, or a person has decided."""
        self._here.pop(fiber, None)
        self.machine.hold(fiber, fault)

    # Items

    def knows_items(self, fiber: Fiber, names: Sequence[str]) -> bool:
        if not self._resumed:
            return True
        path = self.machine.path(fiber.place)
        tries = _text(fiber.tries)
        gone = self.past.items(path, tries) - {*map(tagged, names)}
        if not gone:
            return True
        told = holds.some(sorted(gone))
        if not self.renewed:
            self.machine.hold(fiber, holds.items_gone(path, told))
            return False
        if self.machine.tell is not None:
            remark = f"{counted(len(gone), 'item')} no longer there: {told}"
            place, now = fiber.place, self.machine.now()
            self.machine.tell("kept", place, "", fiber.tries, now, remark)
        return True

    # Other places

    def mark(self, about: About, place: Place, tries: Tries, value: Any) -> Placed:
        text = _text(tries)
        return self.marks.at(about, place, self.machine.path(place), text, value)

    # Tasks and inputs

    def _know(self, task: Task[Any, Any]) -> Known:
        name = called(task)
        params = tuple(
            each.name for each in task.contract.injected if each.kind in ("parameter", "unknown")
        )
        once = task.contract.effect == "unrepeatable"
        known = Known(task, name, json.dumps(name), code_digest(task.fn), params, once)
        self._known[id(task)] = known
        return known

    def _input(self, fiber: Fiber, known: Known) -> str:
        """The digest of what a task is given: its input, and the parameters that it asks for."""
        given = self.values.digest(fiber.value) if known.task.contract.inputs else ""
        if not known.params:
            return given
        env = fiber.around.env
        found = self._params.get((id(known.task), id(env)))
        if found is None:
            params = {name: env.params[name] for name in known.params if name in env.params}
            found = self._params[id(known.task), id(env)] = env, _digest(params)
        return digest(given.encode(), found[1]).hex()


def called(task: Task[Any, Any]) -> str:
    """What a task is known by in records: name, version, and a digest of its configuration."""
    config = f"#{digest(encode(freeze(task.config))).hex()[:16]}" if task.config else ""
    return f"{task.name}@{task.version}{config}"


def _python(code: str) -> str:
    """The version of Python whose code has this digest."""
    return code.partition(":")[0]


def _digest(params: Mapping[str, Any]) -> bytes:
    """What parameters are told apart by; nothing where one has no canonical form."""
    try:
        return digest(*[encode(name) + canonical(value) for name, value in sorted(params.items())])
    except Nameless:
        return b""


def _text(tries: Tries) -> str:
    return "" if tries is None else ",".join(map(str, numbers(tries)))


def _nowhere(task: Task[Any, Any]) -> bool:
    return False


CODE: Final = '"code":'
THERE: Final = '"there":true'
"""Of a path that a task gave: there was something on this machine."""
KILLED: Final = "fwf.interpreters.run.workers.processes.Killed"
"""The tag of a task whose own process ended without a word."""
_MANY: Final = (list, tuple)


def _rows(value: Any) -> int | None:
    """How many rows a value has, where it tells that."""
    if isinstance(value, _MANY):
        return len(cast("Sequence[Any]", value))
    rows = getattr(value, "num_rows", None)
    return rows if type(rows) is int else None
