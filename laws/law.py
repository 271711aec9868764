"""What a law is: an equation between two workflows as data, and what it takes to hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache, partial
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    Protocol,
    TypeAlias,
    final,
    get_args,
    get_type_hints,
)  # fmt: skip

from hypothesis import strategies as st
from returns.result import Failure, Result, Success

from fwf.algebra.builder import It
from fwf.algebra.nodes import Task
from fwf.algebra.schedule import Schedule
from fwf.algebra.workflow import AnyWorkflow, Workflow
from fwf.derived.caching import is_cacheable
from fwf.faults import Fault
from fwf.records import record
from fwf.testing import sample_tasks, strategies as draw
from fwf.worlds.scenario import Scenario
from fwf.worlds.trace import Trace, events

from . import erased
from .around import Around, around, placed

Level: TypeAlias = Literal["S", "D", "T", "V", "O", "≤ time", "≤ attempts"]
LEVELS: dict[Level, str] = {
    "S": "same normal form, and so all below",
    "D": "same outcome, trace and time, in every context",
    "T": "same outcome and trace; time may differ",
    "V": "same ok value, trace and time; the cause of a failure may differ",
    "O": "same ok value",
    "≤ time": "the left side ends no later",
    "≤ attempts": "the left side starts no more attempts",
}
Condition: TypeAlias = Literal[
    "both succeed",
    "left succeeds",
    "no deadline",
    "no finalisers",
    "no cuts",
    "total predicate",
    "same filter",
    "different tasks",
    "unlimited workers",
    "responses ignore data",
    "responses ignore attempts",
    "without parameters",
    "what is cut may work on",
]
"""What must be given for a law to hold; those about parts are already so by how they are drawn.

The last one gives more worlds, not fewer: elsewhere what is cut stops.
"""
Sides: TypeAlias = tuple[AnyWorkflow, AnyWorkflow]
Verdict: TypeAlias = Literal["holds", "broken", "vacuous"]


class Run(Protocol):
    """What an interpreter tells of a run."""

    @property
    def result(self) -> Result[Any, Fault]: ...
    @property
    def trace(self) -> Trace: ...
    @property
    def end(self) -> Any: ...


Interpreter: TypeAlias = Callable[[AnyWorkflow, Any, Scenario, Mapping[str, object]], Run]
"""Workflow, input, scenario, parameters ⟶ what happens."""


# What a law speaks of: the annotations of its metavariables


class Drawn(NamedTuple):
    """How values for a metavariable are drawn; told which parts workflows must not have."""

    by: Callable[[tuple[draw.Part, ...]], st.SearchStrategy[Any]]


def _flows(*own: Task[int, int]) -> Drawn:
    plain = own or sample_tasks.PLAIN

    def by(without: tuple[draw.Part, ...]) -> st.SearchStrategy[Any]:
        return draw.workflows(max_leaves=3, without=without, plain=plain)

    return Drawn(by)


def _cacheable() -> Drawn:
    def by(without: tuple[draw.Part, ...]) -> st.SearchStrategy[Any]:
        plain = sample_tasks.a, sample_tasks.b, sample_tasks.e, sample_tasks.f
        flows = draw.workflows(max_leaves=3, without=without, plain=plain)
        return st.builds(_reading, flows)

    return Drawn(by)


def _reading(w: Any) -> Workflow[int, int]:
    """What can be cached as it is, and something simple for the rest."""
    return w if is_cacheable(w) else sample_tasks.b


def _plain(strategy: Callable[[], st.SearchStrategy[Any]]) -> Drawn:
    def by(_: tuple[draw.Part, ...]) -> st.SearchStrategy[Any]:
        return strategy()

    return Drawn(by)


Flow = Annotated[Workflow[int, int], _flows()]
"""A workflow."""
FlowA = Annotated[Workflow[int, int], _flows(sample_tasks.a, sample_tasks.b)]
FlowB = Annotated[Workflow[int, int], _flows(sample_tasks.c, sample_tasks.d)]
FlowC = Annotated[Workflow[int, int], _flows(sample_tasks.e, sample_tasks.f)]
FlowD = Annotated[Workflow[int, int], _flows(sample_tasks.g, sample_tasks.h)]
"""Workflows that have no task in common."""
Reading = Annotated[Workflow[int, int], _cacheable()]
"""A workflow that `cached` takes: it only reads, and puts up with no failure."""
Leaf = Annotated[Task[int, int], _plain(lambda: st.sampled_from(sample_tasks.PLAIN[:4]))]
Other = Annotated[Task[int, int], _plain(lambda: st.sampled_from(sample_tasks.PLAIN[4:]))]
"""A single task; and one that is never the same."""
Function = Annotated[It, _plain(draw.functions)]
"""A pure function of a number, as an expression; it always gives a number."""
Test = Annotated[It, _plain(draw.predicates)]
"""A total predicate."""
Sure = Annotated[It, _plain(draw.sure_predicates)]
SureFunction = Annotated[It, _plain(draw.sure_functions)]
"""A predicate that is total, and a function that always has a value, as their form alone says."""
AnyTest = Annotated[It, _plain(partial(draw.predicates, unfit=True))]
"""A predicate that may be a defect."""
ValueTest = Annotated[It, _plain(draw.tests_of_values)]
"""A total predicate that reads no parameters."""
ValueFunction = Annotated[It, _plain(draw.functions_of_values)]
"""A pure function of a number that reads no parameters."""
Duration = Annotated[timedelta, _plain(draw.durations)]
"""A duration; 0 and equal ones are as likely as others."""
Some = Annotated[timedelta, _plain(partial(draw.durations, 1))]
"""A duration that isn't 0."""
Word = Annotated[Schedule, _plain(draw.words)]
"""A finite schedule."""
Waits = Annotated[Schedule, _plain(draw.schedules)]
"""A schedule of any kind."""
Tag = Annotated[str, _plain(lambda: st.sampled_from(sample_tasks.ERRORS[:2]))]
OtherTag = Annotated[str, _plain(lambda: st.sampled_from(sample_tasks.ERRORS[2:3]))]
"""The tag of an error; and one that is never the same, nor caught by it."""
Filter = Annotated[tuple[str, ...], _plain(lambda: draw.filters().filter(bool))]
"""Tags for `on=`, at least one."""
Count = Annotated[int, _plain(lambda: st.integers(1, 3))]
"""A number of rounds or attempts."""
Bindings = Annotated[dict[str, object], _plain(draw.bindings)]
"""Parameters for `with_params`, as plain values."""
Outer = Annotated[dict[str, object], _plain(draw.outer)]
Computed = Annotated[dict[str, object], _plain(draw.computed)]
"""Parameters that may be computed: of other parameters alone; and of the input too. They always
have a value."""

GIVEN: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "number": draw.numbers,
    "pair": lambda: st.tuples(draw.numbers(), draw.numbers()),
    "list": lambda: st.lists(draw.numbers(), max_size=3),
    "lists": lambda: st.lists(st.lists(draw.numbers(), max_size=2), max_size=2),
    "set": lambda: st.lists(draw.numbers(), max_size=3, unique=True),
}
"""What the sides of a law take."""
Given: TypeAlias = Literal["number", "pair", "list", "lists", "set"]


# A law, and a case of it


@final
@record()
class Law:
    """Two workflows that mean the same, or the left one less than the right.

    `sides` gives them for values of its parameters, whose annotations say how they are drawn.
    """

    name: str
    level: Level
    meaning: str
    source: str
    sides: Callable[..., Sides]
    conditions: tuple[Condition, ...] = ()
    on: Given = "number"

    def __str__(self) -> str:
        return f"{self.family}: {self.name}"

    @property
    def family(self) -> str:
        """The module that it stands in."""
        return self.sides.__module__.rpartition(".")[2]

    @property
    def identifier(self) -> str:
        """What Python calls it."""
        return f"{self.family}_{self.sides.__name__}"

    @property
    def metavariables(self) -> dict[str, Drawn]:
        """How each of its metavariables is drawn."""
        hints = get_type_hints(self.sides, include_extras=True)
        variables: dict[str, Drawn] = {}
        for name, hint in hints.items():
            for extra in get_args(hint)[1:]:
                if isinstance(extra, Drawn):
                    variables[name] = extra
        return variables


def law(
    name: str,
    level: Level,
    source: str,
    *conditions: Condition,
    on: Given = "number",
) -> Callable[[Callable[..., Sides]], Law]:
    """A function from metavariables to two sides ⟶ the law; its docstring is what it means."""

    def made(sides: Callable[..., Sides]) -> Law:
        return Law(name, level, sides.__doc__ or "", source, sides, conditions, on)

    return made


@final
@record()
class Case:
    """What one law is tried on: values for its metavariables, and a world to run in."""

    drawn: dict[str, Any]
    value: Any
    scenario: Scenario
    params: dict[str, object]
    around: tuple[Around, ...] = ()


WITHOUT: dict[Condition, tuple[draw.Part, ...]] = {
    "both succeed": ("fail", "unfit"),
    "left succeeds": ("unfit",),
    "no finalisers": ("always",),
    "no cuts": ("timeout", "fail_fast"),
    "without parameters": ("param",),
}
DRAWN: tuple[draw.Part, ...] = ("jitter",)


def parts_without(law: Law) -> tuple[draw.Part, ...]:
    """What the workflows that a law speaks of don't have.

    Never jitter that is drawn: it goes by the place, so that its laws hold for the interval alone.
    """
    excluded = [WITHOUT.get(condition, ()) for condition in law.conditions]
    return tuple(part for parts in (*excluded, DRAWN) for part in parts)


@lru_cache
def _metavariables(law: Law) -> dict[str, st.SearchStrategy[Any]]:
    without = parts_without(law)
    return {name: one.by(without) for name, one in law.metavariables.items()}


@lru_cache
def _given(kind: Given) -> st.SearchStrategy[Any]:
    return GIVEN[kind]()


@st.composite
def cases(draws: st.DrawFn, law: Law) -> Case:
    """A case of a law."""
    drawn: dict[str, Any] = {name: draws(one) for name, one in _metavariables(law).items()}
    left, right = law.sides(**drawn)
    outside = draws(around(context_of(law), parts_without(law)))
    others = [each.w for each in outside if each.w is not None]
    return Case(
        drawn,
        draws(_given(law.on)),
        draws(draw.scenarios(left, right, *others, **_responses(draws, law))),
        draws(draw.params()),
        outside,
    )


def context_of(law: Law) -> Literal["any", "deadline", "before"]:
    """In which contexts a law is tried: only a congruence holds in all of them."""
    if law.level in ("S", "D") and "left succeeds" not in law.conditions:
        return "before" if "no deadline" in law.conditions else "any"
    return (
        "deadline" if law.level in ("D", "V") and "no deadline" not in law.conditions else "before"
    )


def _responses(draws: st.DrawFn, law: Law) -> dict[str, bool]:
    kinds = dict[str, bool]()
    if {"both succeed", "left succeeds"} & set(law.conditions):
        kinds["fails"] = draws(st.booleans())
    if "responses ignore data" in law.conditions:
        kinds["by_input"] = False
    if "responses ignore attempts" in law.conditions:
        kinds["by_attempt"] = False
    if "what is cut may work on" in law.conditions:
        kinds["work_on"] = True
    return kinds


# Whether it holds


def ran(w: AnyWorkflow, case: Case, interpreter: Interpreter) -> Run:
    """Run one side where the case puts it."""
    whole = placed(w, case.around)
    scenario = draw.known_to(whole, case.scenario)
    return interpreter(whole, case.value, scenario, draw.taken_by(whole, case.params))


def judged(law: Law, case: Case, interpreter: Interpreter) -> Verdict:
    """Law, case, interpreter ⟶ whether it holds there; vacuous if a condition isn't met."""
    left, right = law.sides(**case.drawn)
    if law.level == "S" and not decided(left, right):
        return "broken"
    one = ran(left, case, interpreter)
    if isinstance(one.result, Failure) and {"left succeeds", "both succeed"} & set(law.conditions):
        return "vacuous"
    other = ran(right, case, interpreter)
    if isinstance(other.result, Failure) and "both succeed" in law.conditions:
        return "vacuous"
    return "holds" if AGREE[law.level](one, other) else "broken"


def holds(law: Law, case: Case, interpreter: Interpreter) -> bool:
    """Law, case, interpreter ⟶ whether it holds there."""
    return judged(law, case, interpreter) != "broken"


def decided(left: AnyWorkflow, right: AnyWorkflow) -> bool:
    """Whether two workflows have the same normal form."""
    from fwf.analysis.normal_form import normal_form

    return bool(normal_form(left) == normal_form(right))


def _same_trace(one: Run, other: Run, *, timed: bool = False) -> bool:
    return erased.trace(one.trace, timed=timed) == erased.trace(other.trace, timed=timed)


def _denotation(one: Run, other: Run) -> bool:
    alike = one.end == other.end and erased.same_result(one.result, other.result)
    return alike and _same_trace(one, other, timed=True)


def _result_and_trace(one: Run, other: Run) -> bool:
    return erased.same_result(one.result, other.result) and _same_trace(one, other)


def _value_trace_time(one: Run, other: Run) -> bool:
    alike = one.end == other.end and _ok_value(one, other)
    return alike and _same_trace(one, other, timed=True)


def _ok_value(one: Run, other: Run) -> bool:
    return erased.ok_value(one.result) == erased.ok_value(other.result)


def attempts(run: Run) -> int:
    """How many attempts were started."""
    return sum(1 for _ in events(run.trace))


AGREE: dict[Level, Callable[[Run, Run], bool]] = {
    "S": _denotation,
    "D": _denotation,
    "T": _result_and_trace,
    "V": _value_trace_time,
    "O": _ok_value,
    "≤ time": lambda one, other: bool(one.end <= other.end),
    "≤ attempts": lambda one, other: attempts(one) <= attempts(other),
}


def explained(law: Law, case: Case, interpreter: Interpreter) -> str:
    """What a broken law shows: the equation, both sides as source, and what each came to."""
    lines = [f"{law.name}   [{law.family}, level {law.level}: {LEVELS[law.level]}]", law.meaning]
    if law.conditions:
        lines.append(f"given: {', '.join(law.conditions)}")
    left, right = law.sides(**case.drawn)
    if law.level == "S" and not decided(left, right):
        lines.append("their normal forms differ")
    lines.append(f"on {case.value!r}, params {case.params!r}, {case.scenario!r}")
    for side, w in (("left ", left), ("right", right)):
        run = ran(w, case, interpreter)
        lines.append(f"{side}: {placed(w, case.around)!r}")
        trace = erased.trace(run.trace, timed=True)
        lines.append(f"    = {outcome_text(run.result)} at {run.end}, trace {trace}")
    return "\n".join(lines)


def outcome_text(outcome: Result[Any, Fault]) -> str:
    """How a run ended, for messages."""
    return (
        f"ok {outcome.unwrap()!r}"
        if isinstance(outcome, Success)
        else f"failed {outcome.failure()}"
    )
