"""Workflows as immutable values, built by combinators, given a meaning by interpreters.

What is here, in the order in which one meets it; `help(fwf.retry)` tells each with an example.

    Tasks
        task
    Expressions over what comes in
        it param pick apply literal text failed value_of fault_of
    Small parts
        const identity pure fail delay
    Putting together, choosing, repeating
        seq par branch loop_until map_each
    When things fail
        retry timeout fallback always as_result from_result
    Around a part
        with_params using in_pool named
    Words made of the others
        switch when recover optional bracket keep_input join on_failure cached
    Asking, paging, recursion
        poll paginate Page Pages as_pages recursive
    Graphs: a result that is used twice
        graph Ref
    Durations and waits
        microseconds milliseconds seconds minutes hours days backoff delays every
    What a task is given
        Parameter Resource SameColumns Attempt IdempotencyKey RunInfo Secret
    Faults
        Fault RetryAfter Permanent
    To look at a workflow
        pretty check needs lineage plan load registry diff gaps definition_id
    To try it, to run it
        dry_run dry_run_all Scenario run execute Journal Pool VirtualClock Dask
    Timetables, and who is told
        every_day every_hour cron partitions notify Alert
    What one run hands to the next
        state Mark MemoryMark
    What a workflow is, and one of your own
        Workflow Task Extension register_codec
    Types of what these give and take; names that else only a `repr` uses
        AnyWorkflow Graph Step Node Schedule Gap DryRun DryRuns Ran Issue TooLarge Clock
        SystemClock Timetable Run Notify State
"""

from fwf import early as early  # what a signal does until the rest is there

# isort: split
from typing import TYPE_CHECKING, Any

from fwf.algebra.builder import apply, it, literal, param, pick
from fwf.algebra.contract import Attempt, IdempotencyKey, RunInfo
from fwf.algebra.graph_steps import Ref
from fwf.algebra.nodes import Extension, Graph as Graph, Node as Node, Step as Step, Task
from fwf.algebra.parameter_kinds import Parameter, Resource
from fwf.algebra.plain_values import register_codec
from fwf.algebra.questions import failed, fault_of, text, value_of
from fwf.algebra.schedule import Schedule as Schedule, backoff, delays, every
from fwf.algebra.workflow import AnyWorkflow as AnyWorkflow, Workflow
from fwf.analysis.extent import TooLarge as TooLarge
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
from fwf.durations import days, hours, microseconds, milliseconds, minutes, seconds
from fwf.faults import Fault, Issue as Issue, Permanent, RetryAfter
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
    from fwf.interpreters.dry_run import DryRun as DryRun, DryRuns as DryRuns, dry_run, dry_run_all
    from fwf.interpreters.engines import Gap as Gap, gaps
    from fwf.interpreters.engines.dask import Dask
    from fwf.interpreters.lineage import lineage
    from fwf.interpreters.needs import needs
    from fwf.interpreters.plan import load, plan, registry
    from fwf.interpreters.pretty import pretty
    from fwf.interpreters.run import (
        Clock as Clock,
        Journal,
        Pool,
        Ran as Ran,
        SystemClock as SystemClock,
        VirtualClock,
        execute,
        run,
    )
    from fwf.schedules import (
        Alert,
        Notify as Notify,
        Run as Run,
        Timetable as Timetable,
        cron,
        every_day,
        every_hour,
        notify,
        partitions,
    )
    from fwf.states import Mark, MemoryMark, State as State, state
    from fwf.worlds.scenario import Scenario

__all__ = [  # noqa: RUF022 (in reading order)
    "task",
    "it", "param", "pick", "apply", "literal", "text", "failed", "value_of", "fault_of",
    "const", "identity", "pure", "fail", "delay",
    "seq", "par", "branch", "loop_until", "map_each",
    "retry", "timeout", "fallback", "always", "as_result", "from_result",
    "with_params", "using", "in_pool", "named",
    "switch", "when", "recover", "optional", "bracket", "keep_input", "join", "on_failure",
    "cached",
    "poll", "paginate", "Page", "Pages", "as_pages", "recursive",
    "graph", "Ref",
    "microseconds", "milliseconds", "seconds", "minutes", "hours", "days",
    "backoff", "delays", "every",
    "Parameter", "Resource", "SameColumns", "Attempt", "IdempotencyKey", "RunInfo", "Secret",
    "Fault", "RetryAfter", "Permanent",
    "pretty", "check", "needs", "lineage", "plan", "load", "registry", "diff", "gaps",
    "definition_id",
    "dry_run", "dry_run_all", "Scenario", "run", "execute",
    "Journal", "Pool", "VirtualClock", "Dask",
    "every_day", "every_hour", "cron", "partitions", "notify", "Alert",
    "state", "Mark", "MemoryMark",
    "Workflow", "Task", "Extension", "register_codec",
]  # fmt: skip

_LATE = {
    "fwf.combinators": ("from_result",),
    "fwf.derived": (
        "Page", "Pages", "as_pages", "bracket", "cached", "join", "keep_input", "on_failure",
        "optional", "paginate", "poll", "recover", "recursive", "switch", "when",
    ),
    "fwf.interpreters.check": ("check",),
    "fwf.interpreters.diff": ("diff",),
    "fwf.interpreters.dry_run": ("DryRun", "DryRuns", "dry_run", "dry_run_all"),
    "fwf.interpreters.engines": ("Gap", "gaps"),
    "fwf.interpreters.engines.dask": ("Dask",),
    "fwf.interpreters.lineage": ("lineage",),
    "fwf.interpreters.needs": ("needs",),
    "fwf.interpreters.plan": ("load", "plan", "registry"),
    "fwf.interpreters.pretty": ("pretty",),
    "fwf.interpreters.run": (
        "Clock", "Journal", "Pool", "Ran", "SystemClock", "VirtualClock", "execute", "run",
    ),
    "fwf.schedules": (
        "Alert", "Notify", "Run", "Timetable", "cron", "every_day", "every_hour", "notify",
        "partitions",
    ),
    "fwf.states": ("Mark", "MemoryMark", "State", "state"),
    "fwf.worlds.scenario": ("Scenario",),
}  # fmt: skip
_HOME = {name: module for module, names in _LATE.items() for name in names}


def __getattr__(name: str) -> Any:
    """What takes long is imported when it is first asked for, so that `import fwf` is quick."""
    if name not in _HOME:
        raise AttributeError(f"module 'fwf' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
