"""What an attempt of a task does in a scenario: its result, and how long it takes."""

from __future__ import annotations

import builtins
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast, final

from fwf.algebra import types
from fwf.algebra.contract import NO_EXAMPLE
from fwf.algebra.nodes import MapEach, Task
from fwf.algebra.scenario import Distribution, Failing, Scenario, Script, called
from fwf.algebra.unknown import Unknown, unknown_in
from fwf.faults import BadInput, Failed, Fault, tags_of_class
from fwf.interpreters.dry_run.fibers import ERR, OK, Fiber, Place
from fwf.interpreters.dry_run.history import count, key_of
from fwf.raised import raised

if TYPE_CHECKING:
    from fwf.interpreters.dry_run.machine import Machine

MICROSECOND = timedelta(microseconds=1)


@final
class Role:
    """What is known beforehand of a task's attempts.

    If `plain`, every attempt gives `output` after `takes` microseconds, wherever it stands.
    """

    __slots__ = (
        "arity", "by_item", "by_path", "names", "output", "own", "plain", "takes", "task",
    )  # fmt: skip

    def __init__(self, task: Task[Any, Any], scenario: Scenario) -> None:
        contract = task.contract
        self.task = task
        self.arity = len(contract.inputs)
        self.names = [each.name for each in contract.injected if each.kind != "fact"]
        example = () if contract.example is NO_EXAMPLE else (contract.example,)
        if contract.output is None or contract.output is type(None):
            example = (None,)
        usual = () if contract.duration is None else (contract.duration,)
        declared = Script(example, takes=usual or None)
        self.own = scenario.tasks.get(task.name, Script()).over(declared)
        self.by_item = {
            key: one for (name, key), one in scenario.items.items() if name == task.name
        }
        self.by_path = bool(scenario.paths)
        self.output: Any = self.own.outputs[0] if self.own.outputs else None
        self.takes = _constant(self.own)
        self.plain = self.arity < 2 and not (self.by_item or self.by_path) and _is_plain(self.own)


def _constant(script: Script) -> int:
    return script.durations[0] // MICROSECOND if script.durations else 0


def _is_plain(script: Script) -> bool:
    simple = not script.fails and script.by is None and len(script.outputs) == 1
    return simple and (script.takes is None or len(script.durations) == 1)


@final
class Cast:
    """Who plays which role in one dry run."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.roles: dict[int, Role] = {}
        self._tries: dict[str, int] = {}
        """Attempts so far, by path."""

    def role(self, task: Task[Any, Any]) -> Role:
        """The role of a task."""
        role = self.roles.get(id(task))
        if role is None:
            role = self.roles[id(task)] = Role(task, self.scenario)
        return role

    def play(self, role: Role, machine: Machine, fiber: Fiber, value: Any) -> tuple[int, Any, int]:
        """Role, where, input ⟶ how an attempt ends, with what, and after how many microseconds."""
        if not role.arity:  # the task ignores its input, and so does who plays it
            value = None
        script, path = self._script(role, machine, fiber.place)
        n = self._number(role, script, path, machine, fiber, value)
        takes = self._takes(role, script, path, machine, fiber, value, n)
        failure = script.failure(n)
        if failure is not None:
            path = path or machine.path(fiber.place)
            return ERR, _failed(failure, path, fiber.time + takes), takes
        if script.by is not None:
            return *_worked_out(role, script, machine, fiber, value, takes), takes
        if script.outputs:
            return OK, script.output(n), takes
        return OK, machine.unknown(role.task.contract.output, fiber.place), takes

    def _script(self, role: Role, machine: Machine, place: Place) -> tuple[Script, str]:
        """The task's script at a place, and the path if an entry or a draw goes by it."""
        script, path = role.own, ""
        if role.by_item:
            inner = role.by_item.get(_item_of(place))
            script = script if inner is None else inner.over(script)
        if role.by_path:
            at = self.scenario.paths.get(machine.path(place))
            if at is not None:
                return at.over(script), machine.path(place)
        if isinstance(script.takes, Distribution):
            path = machine.path(place)
        return script, path

    def _number(
        self, role: Role, script: Script, path: str, machine: Machine, fiber: Fiber, value: Any
    ) -> int:
        """How many attempts came before: at this path if an entry names it, else on this input."""
        if path:
            here = self._tries.get(path, 0)
            self._tries[path] = here + 1
            if path in self.scenario.paths:
                return here
        if not script.tells_attempts_apart:
            return 0
        params = fiber.around.env.params
        given = tuple([(name, params[name]) for name in role.names if name in params])
        return count(fiber, key_of(role.task.name, value, given))

    def _takes(
        self, role: Role, script: Script, path: str, machine: Machine, fiber: Fiber, value: Any,
        n: int,
    ) -> int:  # fmt: skip
        takes = script.takes
        if callable(takes) and unknown_in(value) is not None:
            machine.assume(fiber.place, "no time passes: how long it takes depends on the input")
            return 0
        if isinstance(takes, Distribution):
            n = self._tries[path] - 1
        return script.duration(n, value, self.scenario.seed, path, role.arity) // MICROSECOND


def _item_of(place: Place) -> str:
    """The key of the innermost item that a place is in."""
    while place is not None:
        above, node, _, tag = place
        if isinstance(node, MapEach):
            return str(tag)
        place = above
    return ""


def _failed(failure: Failing, path: str, end: int) -> Failed:
    after = failure.retry_after
    not_before = None if after is None else end + after // MICROSECOND
    return Failed(path, known_tags(failure.tags), failure.message, None, not_before)


def _worked_out(
    role: Role, script: Script, machine: Machine, fiber: Fiber, value: Any, takes: int
) -> tuple[int, Any]:
    assert script.by is not None
    if unknown_in(value) is not None:
        return OK, machine.unknown(role.task.contract.output, fiber.place)
    try:
        return OK, called(script.by, value, role.arity)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        caught = error
    path = machine.path(fiber.place)
    return ERR, raised(caught, script.by).fault(path, fiber.time + takes)


def misfit(role: Role, machine: Machine, place: Place, value: Any) -> Fault | None:
    """What is wrong with the input of a task that takes several."""
    if isinstance(value, Unknown):
        return None
    given = kind_of(value)
    parts = len(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else None
    if parts == role.arity:
        return None
    inputs = role.task.contract.inputs
    wanted = ", ".join(f"{each.name}: {types.name_of(each.type)}" for each in inputs)
    given = given if parts is None else f"tuple of {parts}"
    said = f"{role.task.name} takes ({wanted}) but is given a {given}"
    return BadInput(machine.path(place), said)


def kind_of(value: object) -> str:
    """A value's type, for messages."""
    return type(value).__qualname__


def exception_class(tag: str) -> type[BaseException] | None:
    """The exception class that a tag names, if it is built in or its module is loaded.

    Only looked at for the names of its bases. Nothing is imported, and nothing is made of it.
    """
    module, _, name = tag.rpartition(".")
    found: Any = sys.modules.get(module) if module else builtins
    found = getattr(found, name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def known_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """A tag alone ⟶ with those of its class's bases, as a real error would carry them."""
    cls = exception_class(tags[0]) if len(tags) == 1 else None
    return tags if cls is None else tags_of_class(cls)
