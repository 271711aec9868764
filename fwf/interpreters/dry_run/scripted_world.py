"""The world of a dry run: what an attempt of a task does in a scenario, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from fwf.algebra.contract import Contract
from fwf.algebra.nodes import Task
from fwf.durations import MICROSECOND
from fwf.faults import Failed, Fault
from fwf.faults.raised import raised
from fwf.machine.causal_past import count, key_of
from fwf.machine.fibers import ERR, OK, Fiber, Status
from fwf.machine.places import Place, item_of
from fwf.machine.task_results import RESULT, unwrap
from fwf.machine.world import Ending, Landing
from fwf.types.arrival import misgiven, shape_of
from fwf.worlds.scenario import Distribution, Failing, Scenario, Script, call_function, works_on
from fwf.worlds.stand_in import misfit
from fwf.worlds.unknown import Unknown, unknown_in

if TYPE_CHECKING:
    from fwf.machine.machine import Machine
    from fwf.machine.waits import RunningAttempt


@final
class Role:
    """What is known beforehand of a task's attempts."""

    __slots__ = (
        "always", "arity", "by_item", "by_path", "inline", "names", "own", "task", "writes",
    )  # fmt: skip

    def __init__(self, task: Task[Any, Any], scenario: Scenario) -> None:
        contract = task.contract
        self.task = task
        self.arity = len(contract.inputs)
        self.inline = True
        self.writes = contract.may_write
        self.names = [each.name for each in contract.injected if each.kind != "fact"]
        self.own = scenario.usual(task)
        self.by_item = scenario.in_items(task.name)
        self.by_path = bool(scenario.paths)
        self.always: Ending | None = None
        """How each attempt ends, if that is always the same, wherever it stands."""
        if not (self.by_item or self.by_path) and _is_plain(self.own):
            takes = self.own.durations[0] // MICROSECOND if self.own.durations else 0
            self.always = OK, self.own.outputs[0], takes


def _is_plain(script: Script) -> bool:
    simple = not script.fails and script.by is None and len(script.outputs) == 1
    return simple and (script.takes is None or len(script.durations) == 1)


@final
class Scripted:
    """Where nothing is done: a scenario says what would come of it, and when."""

    foretells: ClassVar[bool] = True

    __slots__ = ("_time", "_tries", "scenario")

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._time = 0
        self._tries: dict[str, int] = {}
        """Attempts so far, by path."""

    def role(self, task: Task[Any, Any]) -> Role:
        """The role of a task."""
        return Role(task, self.scenario)

    def now(self) -> int:
        """The time that was waited for last."""
        return self._time

    def wait(self, machine: Machine, until: float, busy: int) -> Sequence[Landing]:
        """Let the time have come."""
        self._time = int(until)
        return ()

    def cut(self, machine: Machine, fiber: Fiber, role: Role) -> bool:
        """Whether an attempt stops when it is cut, by the script for its place."""
        script, *_ = self._script(role, machine, fiber.place)
        return not works_on(script, role.task.contract)

    def close(self, at_work: Sequence[RunningAttempt], *, at_once: bool) -> None:
        """Nothing is left at work."""

    def start(self, machine: Machine, fiber: Fiber, role: Role, alone: bool) -> Ending:
        """How an attempt ends, with what, and how long it takes."""
        if not role.arity:  # the task ignores its input, and so does its script
            fiber.value = None
        place = fiber.place
        script, path, is_named = self._script(role, machine, place)
        n = self._number(role, script, path, fiber, is_named)
        takes = self._takes(role, script, path, machine, fiber, n)
        if not isinstance(takes, int):
            return ERR, takes, 0
        failure, end = script.failure(n), machine.now() + takes
        if failure is not None:
            return ERR, _failure(failure, path or machine.path(place), end), takes
        if script.by is not None:
            return *_worked_out(role.task, script, machine, fiber, end), takes
        if script.outputs:
            return OK, script.output(n), takes
        return OK, _unknown(machine, role.task.contract, place), takes

    def _script(self, role: Role, machine: Machine, place: Place) -> tuple[Script, str, bool]:
        """The task's script at a place, the path if a draw or an entry goes by it; if an entry."""
        script, path = role.own, ""
        if role.by_item:
            inner = role.by_item.get(item_of(place))
            script = script if inner is None else inner.over(script)
        if role.by_path:
            here = machine.path(place)
            at = self.scenario.at_place(here)
            if at is not None:
                return at.over(script), here, True
        if isinstance(script.takes, Distribution):
            path = machine.path(place)
        return script, path, False

    def _number(self, role: Role, script: Script, path: str, fiber: Fiber, is_named: bool) -> int:
        """How many attempts came before: at this path if an entry names it, else on this input."""
        if path:
            here = self._tries.get(path, 0)
            self._tries[path] = here + 1
            if is_named:
                return here
        if not script.tells_attempts_apart:
            return 0
        params = fiber.around.env.params
        values = tuple([(name, params[name]) for name in role.names if name in params])
        return count(fiber, key_of(role.task.name, fiber.value, values))

    def _takes(
        self, role: Role, script: Script, path: str, machine: Machine, fiber: Fiber, n: int
    ) -> int | Fault:
        """How long an attempt takes; or, if the script's function raises, that it failed."""
        takes, value = script.takes, fiber.value
        if callable(takes) and unknown_in(value) is not None:
            machine.assume(fiber.place, "no time passes: how long it takes depends on the input")
            return 0
        if isinstance(takes, Distribution):
            n = self._tries[path] - 1
        try:
            return script.duration(n, value, self.scenario.seed, path, role.arity) // MICROSECOND
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            caught = error
        assert callable(takes)
        return raised(caught, takes).fault(machine.path(fiber.place), machine.now())


def _failure(failure: Failing, path: str, end: int) -> Failed:
    after = failure.retry_after
    not_before = None if after is None else end + after // MICROSECOND
    return failure.fault(path, not_before)


def _worked_out(
    task: Task[Any, Any], script: Script, machine: Machine, fiber: Fiber, end: int
) -> tuple[Status, Any]:
    assert script.by is not None
    value, contract = fiber.value, task.contract
    if unknown_in(value) is not None:
        return OK, _unknown(machine, contract, fiber.place)
    try:
        return OK, result_of(task, call_function(script.by, value, len(contract.inputs)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        caught = error
    return ERR, raised(caught, script.by).fault(machine.path(fiber.place), end)


def result_of(task: Task[Any, Any], returned: Any) -> Any:
    """What a scenario's function returned in a task's place ⟶ what the task gives there.

    As of a task itself, so that both worlds agree; but plain data may stand for an object.
    """
    value, declared = unwrap(returned), task.contract.output
    if type(value) not in shape_of(declared).free:
        wrong = misfit(value, declared, RESULT)
        if wrong:
            where = "" if wrong.startswith(f"{RESULT} is ") else f": {wrong}"
            raise TypeError(misgiven(task.name, declared, value, where))
    return value


def _unknown(machine: Machine, contract: Contract, place: Place) -> Unknown:
    """The value of a task that no script speaks of."""
    machine.unknown = True
    return Unknown(contract.output, lambda: machine.path(place))
