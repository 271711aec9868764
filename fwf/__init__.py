"""fwf: workflows as immutable values, built by combinators, given a meaning by interpreters.

Read it in this order: a task, expressions, the combinators, those derived from them, graphs,
durations and schedules; then what a workflow can mean.
"""

from fwf import early as early  # what a signal does until the rest is there

# isort: split
from typing import TYPE_CHECKING, Any

from fwf.algebra.builder import apply, it, literal, param, pick
from fwf.algebra.contract import Attempt, IdempotencyKey, RunInfo
from fwf.algebra.durations import days, hours, microseconds, milliseconds, minutes, seconds
from fwf.algebra.graph_steps import Ref
from fwf.algebra.nodes import Extension, Graph, Node, Step, Task
from fwf.algebra.parameter_kinds import Parameter, Resource
from fwf.algebra.plain_values import register_codec
from fwf.algebra.questions import failed, fault_of, text, value_of
from fwf.algebra.schedule import Schedule, backoff, delays, every
from fwf.algebra.workflow import Workflow
from fwf.analysis.extent import TooLarge
from fwf.analysis.identity import definition_id
from fwf.combinators import (
    always,
    as_result,
    branch,
    const,
    delay,
    fail,
    fallback,
    identity,
    in_pool,
    loop_until,
    map_each,
    named,
    par,
    pure,
    retry,
    seq,
    timeout,
    using,
    with_params,
)
from fwf.faults import Fault, Issue, Permanent, RetryAfter
from fwf.notation import graph
from fwf.secrets import Secret
from fwf.tasks import task
from fwf.types.declared_columns import SameColumns

if TYPE_CHECKING:
    from fwf.combinators import from_result
    from fwf.derived import (
        Page,
        Pages,
        as_pages,
        bracket,
        cached,
        join,
        keep_input,
        on_failure,
        optional,
        paginate,
        poll,
        recover,
        recursive,
        switch,
        when,
    )
    from fwf.interpreters.check import check
    from fwf.interpreters.diff import diff
    from fwf.interpreters.dry_run import DryRun, DryRuns, dry_run, dry_run_all
    from fwf.interpreters.engines import Gap, gaps
    from fwf.interpreters.engines.dask import Dask
    from fwf.interpreters.lineage import lineage
    from fwf.interpreters.needs import needs
    from fwf.interpreters.plan import load, plan, registry
    from fwf.interpreters.pretty import pretty
    from fwf.interpreters.run import (
        Clock,
        Journal,
        Pool,
        Ran,
        SystemClock,
        VirtualClock,
        execute,
        run,
    )
    from fwf.schedules import (
        Alert,
        Notify,
        Run,
        Timetable,
        cron,
        every_day,
        every_hour,
        notify,
        partitions,
    )
    from fwf.states import Mark, MemoryMark, State, state
    from fwf.worlds.scenario import Scenario

__all__ = [  # noqa: RUF022 (in reading order)
    "task",
    "it", "param", "pick", "apply", "literal", "text", "failed", "value_of", "fault_of",
    "const", "identity", "pure", "fail", "delay",
    "seq", "par", "branch", "loop_until", "map_each",
    "retry", "timeout", "fallback", "always", "as_result", "from_result",
    "with_params", "using", "in_pool", "named",
    "switch", "when", "recover", "optional", "bracket", "keep_input", "join",
    "on_failure", "cached",
    "poll", "paginate", "Page", "Pages", "as_pages", "recursive",
    "graph", "Graph", "Ref", "Step",
    "microseconds", "milliseconds", "seconds", "minutes", "hours", "days",
    "Schedule", "backoff", "delays", "every",
    "Workflow", "Task", "Node", "Extension", "definition_id", "register_codec",
    "Parameter", "Resource", "SameColumns", "Attempt", "IdempotencyKey", "RunInfo", "Secret",
    "Fault", "Issue", "RetryAfter", "Permanent", "TooLarge",
    "pretty", "check", "needs", "lineage", "plan", "load", "registry", "diff", "gaps", "Gap",
    "dry_run", "dry_run_all", "Scenario", "DryRun", "DryRuns", "run", "execute", "Ran",
    "every_day", "every_hour", "cron", "Timetable", "partitions", "Run",
    "notify", "Notify", "Alert",
    "state", "State", "Mark", "MemoryMark",
    "Journal", "Pool", "Clock", "SystemClock", "VirtualClock", "Dask",
]  # fmt: skip

_DERIVED = (
    "Page", "Pages", "as_pages", "bracket", "cached", "join", "keep_input", "on_failure",
    "optional", "paginate", "poll", "recover", "recursive", "switch", "when",
)  # fmt: skip
_SCHEDULES = (
    "Alert", "Notify", "Run", "Timetable", "cron", "every_day", "every_hour", "notify",
    "partitions",
)  # fmt: skip
_STATES = ("Mark", "MemoryMark", "State", "state")
_LATE = {
    **dict.fromkeys(_DERIVED, "fwf.derived"),
    **dict.fromkeys(_STATES, "fwf.states"),
    **dict.fromkeys(_SCHEDULES, "fwf.schedules"),
    "check": "fwf.interpreters.check",
    "diff": "fwf.interpreters.diff",
    "dry_run": "fwf.interpreters.dry_run",
    "dry_run_all": "fwf.interpreters.dry_run",
    "from_result": "fwf.combinators",
    "DryRun": "fwf.interpreters.dry_run",
    "DryRuns": "fwf.interpreters.dry_run",
    "execute": "fwf.interpreters.run",
    "gaps": "fwf.interpreters.engines",
    "Gap": "fwf.interpreters.engines",
    "lineage": "fwf.interpreters.lineage",
    "load": "fwf.interpreters.plan",
    "needs": "fwf.interpreters.needs",
    "plan": "fwf.interpreters.plan",
    "pretty": "fwf.interpreters.pretty",
    "registry": "fwf.interpreters.plan",
    "run": "fwf.interpreters.run",
    "Clock": "fwf.interpreters.run",
    "Dask": "fwf.interpreters.engines.dask",
    "Journal": "fwf.interpreters.run",
    "Pool": "fwf.interpreters.run",
    "Ran": "fwf.interpreters.run",
    "Scenario": "fwf.worlds.scenario",
    "SystemClock": "fwf.interpreters.run",
    "VirtualClock": "fwf.interpreters.run",
}


def __getattr__(name: str) -> Any:
    """What takes long is imported when it is first asked for, so that `import fwf` is quick."""
    if name not in _LATE:
        raise AttributeError(f"module 'fwf' has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(_LATE[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
