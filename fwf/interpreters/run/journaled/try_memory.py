"""What one try of a run remembers: which steps needn't be done, and what is written of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast, final

from fwf.algebra.contract import IdempotencyKey
from fwf.algebra.nodes import Task
from fwf.algebra.paths import tagged, untagged
from fwf.analysis.run_keys import step_key
from fwf.faults import Failed, Fault, counted
from fwf.faults.fault_form import fault_from_json, fault_to_json
from fwf.interpreters.run.journaled import holds
from fwf.interpreters.run.journaled.earlier_tries import (
    ONCE,
    PASSING,
    STARTS,
    EarlierTries,
    Instance,
    PastRecord,
)
from fwf.interpreters.run.journaled.frame_marks import Marks, PlaceMarks
from fwf.interpreters.run.journaled.journaled_world import Journaled
from fwf.interpreters.run.journaled.left_files import THERE, all_there, missing_path
from fwf.interpreters.run.journaled.record_writer import RecordWriter, body
from fwf.interpreters.run.journaled.task_facts import TaskFacts, TasksInRecords, python_of
from fwf.interpreters.run.journaled.validity import Validity
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

Ending: TypeAlias = tuple[Status, Any]


@final
class OpenAttempt:
    """What is known of an attempt under way: its step instance, its input, when it was begun."""

    __slots__ = ("again", "input", "passing", "path", "start", "tries", "variant")

    def __init__(self, path: str, tries: str, input_digest: str) -> None:
        self.path = path
        self.tries = tries
        self.input = input_digest
        self.variant = ""
        self.start = 0
        self.passing = False
        """Whether what it gives counts for this try alone."""
        self.again = False
        """Whether it was begun before, elsewhere, where it may be known how that ended."""


@final
class TryMemory:
    """The memory of one try, over what is left of earlier ones.

    A step instance is a path with its items and rounds, and the number of each retry around it. If
    it is done on the same input, it isn't started again. What is to be known by the next try is
    written: before an attempt that it began, after it how that ended.
    """

    def __init__(
        self,
        past: EarlierTries,
        writer: RecordWriter,
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
        self.validity = Validity(writer.n)
        self.marks = Marks(past, writer, values, self.validity)
        self.renewed = past.renewed or accepts
        """Whether another input than before is no contradiction: something before was done anew."""
        self._code_names: set[str] = set()
        """Tasks of which the digest of their code is written: once a try."""
        self._changed_names: set[str] = set()
        """Tasks of which it was told that their code has changed."""
        self._accepts = accepts
        self._key = key
        self._run = run
        self._tasks = TasksInRecords(values)
        self._here: dict[Fiber, OpenAttempt] = {}
        self._resumed = bool(past.results or past.failures or past.open or past.deaths)
        self.elsewhere: Callable[[Task[Any, Any]], bool] = _nowhere
        """Whether a task is called where it is known of an attempt how it ended, though the process
        that waited for it has died."""

    def around(self, world: W) -> Journaled[W]:
        """A world, and that it is remembered what happens in it."""
        return Journaled(world, self)

    # Before an attempt

    def recalls(self, fiber: Fiber, task: Task[Any, Any]) -> bool:
        machine = self.machine
        facts = self._tasks.facts(task)
        path = machine.path(fiber.place)
        tries = _text(fiber.tries)
        input_digest = self._tasks.input(fiber, facts)
        self._here[fiber] = here = OpenAttempt(path, tries, input_digest)
        if not self._resumed:
            return False
        instance = path, tries
        record = self.past.results.get(instance)
        if record is not None and record.n > self.validity.since(fiber.place):
            return self._recall(fiber, facts, here, record)
        if record is not None:
            self.past.take_back(instance)
            self.renewed = True
        return self._end_as_before(fiber, facts, instance)

    def _recall(
        self, fiber: Fiber, facts: TaskFacts, here: OpenAttempt, record: PastRecord
    ) -> bool:
        """Give a fiber what a step gave before, if it is that step, on that input."""
        if not record.body.startswith(f'{{"task":{facts.json_name},"input":"{here.input}",'):
            fields = record.fields  # of a step that a person resolved it begins in another way
            if fields.get("task", facts.name) != facts.name:
                return self._contradict(fiber, facts, here, record, agreed=self._accepts)
            if fields.get("input", here.input) != here.input:
                return self._contradict(fiber, facts, here, record, agreed=self.renewed)
        try:
            value = self.values.read(record.value)
        except (JournalError, Unwritable) as error:
            once = facts.unrepeatable
            why = holds.unreadable(self._run, here.path, record, error, unrepeatable=once)
            self.hold(fiber, why)
            return True
        head = record.head
        if THERE in head and (path := missing_path(value, within=facts.has_path)):
            self.hold(fiber, holds.missing_file(self._run, here.path, record, path))
            return True
        del self._here[fiber]
        remark = self._remark(facts, here, record) if CODE in head else None
        machine = self.machine
        if machine.tell is not None:
            name, now = facts.task.name, machine.now()
            machine.tell("kept", fiber.place, name, fiber.tries, now, remark, record.number)
        fiber.end(OK, value)
        return True

    def _contradict(
        self, fiber: Fiber, facts: TaskFacts, here: OpenAttempt, record: PastRecord, *, agreed: bool
    ) -> bool:
        """A result is of another task, or input: do it anew, if that is no contradiction.

        What is unrepeatable isn't done anew before a person has said so.
        """
        if not agreed:
            self.hold(fiber, holds.changed_step(here.path, facts.name, record.fields, record))
            return True
        instance = here.path, here.tries
        self.renewed = True
        if facts.unrepeatable and not self._accepts:
            text = body(paths=[instance], doubt=True, why="its input has changed")
            self.writer.add("taken back", "", "", text)
            doubt = record._replace(body=text)
            self.hold(fiber, holds.in_doubt(self._run, here.path, doubt))
            return True
        self.past.take_back(instance)
        return False

    def _remark(self, facts: TaskFacts, here: OpenAttempt, record: PastRecord) -> str | None:
        """That a task's code has changed since; told once, and it decides nothing."""
        code = record.fields.get("code", facts.code)
        alike = code == facts.code or python_of(code) != python_of(facts.code)
        if alike or facts.name in self._changed_names:
            return None
        self._changed_names.add(facts.name)
        again = holds.again(self._run, untagged(here.path))
        return f"{facts.task.name} has changed since {moment(record.at)}: {again}"

    def _end_as_before(self, fiber: Fiber, facts: TaskFacts, instance: Instance) -> bool:
        """End or hold a fiber at a step that has no result, but of which something is known."""
        past = self.past
        failure, cut_record = past.failures.get(instance), past.cuts.get(instance)
        doubt = failure or cut_record or past.open.get(instance)
        if doubt is None or doubt.n <= self.validity.since(fiber.place):
            return False
        if failure is not None:
            del self._here[fiber]
            fiber.end(ERR, fault_from_json(json.loads(failure.body)["fault"]))
        elif cut_record is not None:
            del self._here[fiber]
            fiber.end(INT, None)
        elif facts.unrepeatable and self.elsewhere(facts.task) and not holds.has_failed(doubt):
            self._here[fiber].again = True
            return False
        elif facts.unrepeatable:
            self.hold(fiber, holds.in_doubt(self._run, instance[0], doubt))
        elif past.deaths.get(instance, 0) >= STARTS and instance in past.alone:
            del self._here[fiber]
            fiber.end(ERR, holds.poisoned_step(self._run, instance[0]))
        else:
            return False
        return True

    def is_suspect(self, fiber: Fiber) -> bool:
        """Whether an attempt may be what ended the process before: then it is started alone."""
        here = self._here.get(fiber)
        return here is not None and self.past.deaths.get((here.path, here.tries), 0) >= STARTS - 1

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
        here, facts, past = self._here[fiber], self._tasks.facts(task), self.past
        if self._resumed:
            instance = here.path, here.tries
            loan = self.validity.loan_at(fiber.place)
            here.variant = f"{here.input}-{loan}" if loan else ""
            here.variant = here.variant or past.variant(instance, here.input)
            self.renewed = self.renewed or instance in past.endings
            self.marks.disturb(fiber.place)
        here.passing = self.validity.is_passing(fiber.place)
        number = past.attempts[here.path] = past.attempts.get(here.path, 0) + 1
        more = f',"variant":"{here.variant}"' if here.variant else ""
        more += f",{ONCE}" if facts.unrepeatable else ""
        text = f'{{"task":{facts.json_name},"input":"{here.input}"{more},"attempt":{number}}}'
        self.writer.add("start", here.path, here.tries, text)

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

    def in_doubt(self, path: str, message: str) -> Failed:
        """Why a step is held of which nobody knows whether it was done, and what decides it."""
        return holds.unknown(self._run, path, message)

    # After it

    def end(
        self, fiber: Fiber, task: Task[Any, Any], status: Status, value: Any, now: int
    ) -> Ending:
        """Write how an attempt ended ⟶ how it goes on: with what the next try would read."""
        here, facts = self._here.pop(fiber), self._tasks.facts(task)
        took = now - here.start if here.start else 0
        if status is OK:
            try:
                text, copy = self.values.settle(value)
            except Unwritable as error:
                fault = Failed(here.path, ("Unwritable", "Defect"), str(error))
                self._fail(here, facts, took, fault)
                if facts.unrepeatable:
                    return WAIT, holds.done_but_unwritable(self._run, here.path, str(error))
                return ERR, fault
            except JournalError as error:
                return WAIT, Failed(here.path, ("JournalError",), str(error))
            more = self._more(here, facts, copy)
            record = (
                f'{{"task":{facts.json_name},"input":"{here.input}","took":{took}{more},"value":'
            )
            self.writer.add("ok", here.path, here.tries, f"{record}{text}}}")
            return OK, copy
        if status is ERR:
            self._fail(here, facts, took, value)
            if facts.unrepeatable and KILLED in value.tags:
                return WAIT, holds.killed_step(self._run, here.path, value.message)
        else:
            stopped = bool(self.machine.stopping) or self.machine.at_a_hold or None
            record = body(task=facts.name, took=took, stopped=stopped)
            self.writer.add("cut", here.path, here.tries, record)
        return status, value

    def _more(self, here: OpenAttempt, facts: TaskFacts, value: Any) -> str:
        """What a result's record says besides."""
        more = f',"variant":"{here.variant}"' if here.variant else ""
        rows = _rows(value)
        more += "" if rows is None else f',"rows":{rows}'
        if here.passing:
            more += f",{PASSING}"
        if (facts.has_path or isinstance(value, Path)) and all_there(value, within=facts.has_path):
            more += f",{THERE}"
        if facts.code and facts.name not in self._code_names:
            self._code_names.add(facts.name)
            more += f',{CODE}"{facts.code}"'
        return more

    def _fail(self, here: OpenAttempt, facts: TaskFacts, took: int, fault: Fault) -> None:
        text = body(
            task=facts.name,
            input=here.input,
            variant=here.variant or None,
            once=facts.unrepeatable or None,
            took=took,
            fault=fault_to_json(fault),
        )
        self.writer.add("failed", here.path, here.tries, text)

    def cut(self, fiber: Fiber, task: Task[Any, Any], now: int) -> None:
        """Write that nobody waits for an attempt any more."""
        if fiber in self._here:
            self.end(fiber, task, INT, None, now)

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
        missing_names = self.past.items(path, tries) - {*map(tagged, names)}
        if not missing_names:
            return True
        text = holds.some(sorted(missing_names))
        if not self.renewed:
            self.machine.hold(fiber, holds.items_gone(path, text))
            return False
        if self.machine.tell is not None:
            remark = f"{counted(len(missing_names), 'item')} no longer there: {text}"
            place, now = fiber.place, self.machine.now()
            self.machine.tell("kept", place, "", fiber.tries, now, remark)
        return True

    # Other places

    def mark(self, about: About, place: Place, tries: Tries, value: Any) -> PlaceMarks:
        text = _text(tries)
        return self.marks.at(about, place, self.machine.path(place), text, value)


def _text(tries: Tries) -> str:
    return "" if tries is None else ",".join(map(str, numbers(tries)))


def _nowhere(task: Task[Any, Any]) -> bool:
    return False


CODE: Final = '"code":'
KILLED: Final = "fwf.interpreters.run.workers.processes.Killed"
"""The tag of a task whose own process ended without a word."""
_MANY: Final = (list, tuple)


def _rows(value: Any) -> int | None:
    """How many rows a value has, where it tells that."""
    if isinstance(value, _MANY):
        return len(cast("Sequence[Any]", value))
    rows = getattr(value, "num_rows", None)
    return rows if type(rows) is int else None
