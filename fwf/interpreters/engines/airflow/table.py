"""What can Airflow 3 do, with one operator of ours for each engine task?"""

from typing import Final

from fwf.interpreters.engines.sizes import Budget, Costs
from fwf.interpreters.engines.support import Row, Table

TABLE: Final[Table] = {
    "value": Row(
        "emulated",
        "an XCom of our JSON, never None; a value over the limit goes into the store, and its "
        "digest travels",
    ),
    "task": Row("native", "an operator that runs it, without retries and templates of Airflow's"),
    "unrepeatable task": Row(
        "emulated",
        "whoever clears a task, or a worker's death, starts it again: its start is claimed, and a "
        "second one is answered with InDoubt unless the first one ended",
    ),
    "isolated task": Row("emulated", "the worker starts and kills the process"),
    "task with what a journal keeps": Row(
        "emulated",
        "there is no journal: a mark's resource stands in the module, and nothing cached is found",
    ),
    "identity": Row("native", "no task at all"),
    "constant": Row("emulated", "whoever needs it makes it, before its own work"),
    "expression": Row("emulated", "whoever needs it evaluates it, before its own work"),
    "fail": Row("block", "a task that fails with it"),
    "fail with a computed message": Row("block", "a task that fails with it"),
    "delay": Row("block", "a task that waits, and keeps its slot"),
    "delay of a part of a second": Row("block", "a task that waits, and keeps its slot"),
    "seq": Row("native", "one task upstream of the other"),
    "par": Row("native", "tasks of one upstream; what one of them fails with stands in its log"),
    "par(fail_fast=True)": Row("block", "Airflow ends all of a run, or nothing"),
    "graph": Row("native", "tasks with those upstream that their steps wait for"),
    "branch": Row(
        "emulated",
        "a task answers which arm; those of the other arm look, and skip themselves, and what "
        "comes behind goes on with the arm that was taken",
    ),
    "branch in an arm": Row("native", "as any branch: a skipped task says so to those behind it"),
    "loop_until": Row("block", "there are no cycles"),
    "loop_until(within=…)": Row("block", "there are no cycles"),
    "map_each": Row(
        "emulated",
        "a task lists the items, a mapped task does each, and a task gathers what they gave; more "
        "than Airflow's 1,024 are done by the task that gathers",
    ),
    "map_each over 40 at once": Row("native", "max_active_tis_per_dagrun, or no bound"),
    "map_each(on_error='collect')": Row(
        "emulated", "a failed item's task is green: its fault is a value, and in its log"
    ),
    "map_each(on_error='fail_fast')": Row("block", "a mapped task ends none of the others"),
    "map in a map": Row("block", "what is mapped can't be mapped again"),
    "part for each item": Row("block", "a mapped task is one task"),
    "retry of a task": Row(
        "native",
        "a retry policy that does what the worker says, from Airflow 3.3 on; before that one task "
        "does all attempts",
    ),
    "retry of a part": Row("block", "a group has no retries"),
    "retry(on=…)": Row("native", "the worker knows the filters, and the policy does what it says"),
    "retry of a timed writer": Row(
        "block", "what was cut may still write when Airflow starts the next try"
    ),
    "wait of a part of a second": Row(
        "lossy", "the next whole second, and when the scheduler looks"
    ),
    "wait in other words": Row("native", "the policy says each wait"),
    "wait with jitter": Row("lossy", "drawn as in a local run, and then the next whole second"),
    "timeout of a task": Row(
        "native", "the worker keeps the deadline; execution_timeout is a net behind it"
    ),
    "timeout of a part": Row("block", "a group has no timeout"),
    "timeout at the root": Row(
        "lossy",
        "the deadline that each task keeps, and dagrun_timeout as a net: it goes past finalisers, "
        "and begins anew for a run that is cleared",
    ),
    "timeout in a pool": Row("block", "the wait for the pool would not count"),
    "fallback": Row("block", "a failed task leaves the run failed, or hides it"),
    "fallback(on=…)": Row("block", "a failed task leaves the run failed, or hides it"),
    "always at the root": Row("block", "a teardown isn't waited for, and its failure is hidden"),
    "always inside": Row("block", "a teardown isn't waited for, and its failure is hidden"),
    "as_result": Row("block", "a failed task leaves the run failed, or hides it"),
    "from_result": Row("block", "a task that opens it, or fails as it failed"),
    "with_params": Row("native", "the worker knows them"),
    "with_params of expressions": Row(
        "emulated", "the first task of the part evaluates them, and they travel with the value"
    ),
    "using": Row("native", "the worker knows the names"),
    "in_pool": Row(
        "native", "Airflow's pool of that name, which all runs share; what has no pool never starts"
    ),
    "pool over several parts": Row(
        "native", "each task takes a slot; a block takes one, and does one thing of the pool's"
    ),
    "pool in a pool": Row("block", "a task takes one pool"),
    "named": Row("native", "a task group"),
    "extension": Row("native", "by its meaning"),
    "many events": Row("native", "no bound is known"),
    "large definition": Row(
        "block", "a scheduler is slow with many tasks; the biggest parts past 20,000 are blocks"
    ),
    "deep nesting": Row("native", "only tasks and what is upstream of them are written"),
    "long in one task": Row("native", "no bound is known"),
}
COSTS: Final = Costs(task_events=1, task_bytes=1, node_events=1, node_bytes=1)
UNITS: Final = ("task", "task", "level")
"""A "byte" is an Airflow task: what becomes of the nodes between is at most one each."""
BUDGET: Final = Budget(bytes=20_000)
"""Our choice: a scheduler looks at each task of each run, again and again."""
