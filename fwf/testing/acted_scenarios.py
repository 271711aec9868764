"""How a real run is made to do what a scenario says: tasks whose bodies follow a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, cast

from returns.result import Failure

from fwf.algebra.contract import Attempt, Contract, Injected, RunInfo
from fwf.algebra.nodes import Node, Task
from fwf.algebra.traverse import fold, parts_of, rewritten
from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.durations import MICROSECOND
from fwf.faults import Failed
from fwf.interpreters.dry_run import DryRun, result_of, scenario_problems
from fwf.interpreters.run import VirtualClock
from fwf.records import changed
from fwf.types.hints import ANY
from fwf.worlds.scenario import (
    EMPTY,
    Failing,
    Scenario,
    ScenarioError,
    Script,
    WhenCut,
    call_function,
    works_on,
)
from fwf.worlds.trace import Event
from fwf.worlds.unknown import Unknown

WHERE, WHICH = "scripted_run", "scripted_attempt"
"""The names under which a scripted task is told its path, and which attempt it is."""


def scripted(w: AnyWorkflow, scenario: Scenario, clock: VirtualClock) -> AnyWorkflow:
    """Workflow, scenario, clock ⟶ the same workflow of tasks that do what the scenario says.

    They take virtual time, fail, give their output, and stop or work on when they are cut, as in a
    dry run of that scenario; nothing else is called, and no resource is opened. Extensions
    without a word of their own become what they mean.

    A run doesn't count, as a dry run does, the attempts before this one that had the same input;
    it counts those of a place. So a script that tells attempts apart must be that of a place
    (`Scenario.at`), and none that of an item; raises `ScenarioError` for others, and for names
    that aren't there. `settled` makes such a scenario of any dry run.

    >>> from fwf import retry, run, seconds, task
    >>> @task
    ... def rates() -> float: ...
    >>> script = Scenario().at("rates", fails=["ConnectionError"], gives=1.1, takes=seconds(2))
    >>> clock = VirtualClock()
    >>> run(scripted(retry(rates, attempts=3, wait=seconds(5)), script, clock), clock=clock)
    <Success: 1.1>
    >>> clock.now()
    9000000
    """
    root = as_workflow(w, "scripted")
    wrong = scenario_problems(scenario, root)

    def step(node: Node, parts: tuple[Node, ...]) -> Node:
        if not isinstance(node, Task):
            return rewritten(node, parts)
        usual = scenario.usual(node)
        if scenario.in_items(node.name) or usual.tells_attempts_apart:
            remedy = "say of each of its places, with Scenario.at(…), what it does there"
            wrong.append(f"task {node.name}: {remedy}")
        return _played(node, usual, scenario, clock)

    acted = fold(step, root, parts_of=parts_of)
    if wrong:
        raise ScenarioError("scripted", list(dict.fromkeys(wrong)))
    return acted


def settled(run: DryRun) -> Scenario:
    """Dry run ⟶ the scenario that says of each place what happened there, attempt by attempt.

    A dry run of it is the same, and so is a real run of tasks that follow it. What was cut and
    stopped takes a moment longer than it had.
    """
    unfinished = run.unfinished
    there: dict[str, list[Event]] = {}
    for event in run.events:
        there.setdefault(event.path, []).append(event)
    scenario = EMPTY
    for path, events in there.items():
        takes = [MICROSECOND * (_over(each, unfinished) - each.start) for each in events]
        unsaid = Unknown(ANY, path)  # what was cut gave nothing, nor what always failed
        gives = [
            each.result if each.ending == "ok" else unsaid
            for each in events
            if each.ending != "failed"
        ] or [unsaid]
        fails = [_failure(each) if each.ending == "failed" else None for each in events]
        when_cut = _when_cut(events, unfinished)
        scenario = scenario.at(path, gives_each=gives, fails=fails, takes=takes, when_cut=when_cut)
    return scenario


def _over(event: Event, unfinished: Mapping[Any, int]) -> int:
    """When an attempt was over, or would have been if it hadn't been cut."""
    return event.end if event.ending != "cut" else unfinished.get(event.key, event.end + 1)


def _when_cut(events: Sequence[Event], unfinished: Mapping[Any, int]) -> WhenCut | None:
    """What the attempts of a place did that were cut, all of them the same; None if none was."""
    for event in events:
        if event.ending == "cut":
            return "works on" if event.key in unfinished else "stops"
    return None


def _failure(event: Event) -> Failing:
    fault: Failed = event.result
    delay = None if fault.not_before is None else MICROSECOND * (fault.not_before - event.end)
    return Failing(fault.tags, fault.message, delay)


def _played(
    task: Task[Any, Any], usual: Script, scenario: Scenario, clock: VirtualClock
) -> Task[Any, Any]:
    """A task ⟶ the same with a body that follows a script."""

    def begin(
        args: tuple[Any, ...], where: RunInfo, which: Attempt
    ) -> tuple[int, bool, Callable[[], Any]]:
        """How long an attempt takes, whether a cut ends that, and what comes of it then."""
        script = (scenario.at_place(where.path) or Script()).over(usual)
        value = args[0] if len(args) == 1 else args or None
        takes = script.duration(which - 1, value, scenario.seed, where.path, len(args))
        until_cut = not works_on(script, task.contract)
        end = partial(_end_attempt, script, task, where.path, which - 1, value)
        return takes // MICROSECOND, until_cut, end

    def body(*args: Any, **injected: Any) -> Any:
        takes, until_cut, end = begin(args, injected[WHERE], injected[WHICH])
        clock.sleep(takes, until_cut=until_cut)
        return end()

    async def async_body(*args: Any, **injected: Any) -> Any:
        takes, until_cut, end = begin(args, injected[WHERE], injected[WHICH])
        await clock.pause(takes, until_cut=until_cut)
        return end()

    contract = task.contract
    fn: Callable[..., Any] = async_body if contract.is_async else body
    return changed(task, contract=_with_facts(contract), fn=fn)


def _with_facts(contract: Contract) -> Contract:
    """A contract ⟶ the same without resources, in a thread or the event loop, told its place.

    It may give anything: plain data of the scenario stand for what the task itself would give.
    """
    parameters = [each for each in contract.injected if each.kind in ("parameter", "unknown")]
    all_optional = [
        each if each.kind == "parameter" else changed(each, optional=True) for each in parameters
    ]
    facts = Injected(WHERE, RunInfo, "fact", False), Injected(WHICH, Attempt, "fact", False)
    return changed(contract, output=ANY, injected=(*all_optional, *facts), isolate=False)


def _end_attempt(script: Script, task: Task[Any, Any], path: str, attempt: int, value: Any) -> Any:
    failure = script.failure(attempt)
    if failure is not None:
        return Failure(_error(failure))
    if script.by is not None:
        return result_of(task, call_function(script.by, value, len(task.contract.inputs)))
    if script.outputs:
        return script.output(attempt)
    raise AssertionError(f"{path}: the scenario doesn't say what {task.name} gives")


def _error(failure: Failing) -> object:
    """A failure ⟶ an error that carries just its tags, its message, and when to try again."""
    error = _class_of(failure.fault("", None).tags)()
    error.message = failure.message
    error.retry_after = failure.retry_after
    return error


@lru_cache
def _class_of(tags: tuple[str, ...]) -> Any:
    """Tags ⟶ a class that has them. None of them is looked up."""
    cls: Any = object
    for tag in reversed(tags):
        module, dot, name = tag.rpartition(".")
        body = {"__module__": module if dot else "builtins", "__qualname__": name}
        cls = type("Scripted", (cls,), {**body, "__str__": _message})
    return cls


def _message(error: Any) -> str:
    return cast(str, error.message)
