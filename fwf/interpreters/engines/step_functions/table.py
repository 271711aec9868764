"""What can Step Functions do, in Amazon's States Language?"""

from datetime import timedelta
from typing import Final

from fwf.interpreters.engines.sizes import Budget, Costs
from fwf.interpreters.engines.support import Row, Table

TABLE: Final[Table] = {
    "value": Row(
        "emulated",
        "a value over its share of 180 KB, and whatever an item gives, goes by reference; the "
        "worker refuses what JSON lacks, by its path",
    ),
    "task": Row("native", "a Task that calls the worker, with TimeoutSeconds always written out"),
    "unrepeatable task": Row(
        "emulated",
        "Lambda may start it twice: the worker claims its start, and a second one is answered from "
        "the first or with InDoubt",
    ),
    "isolated task": Row("emulated", "the worker starts and kills the process"),
    "task with what a journal keeps": Row(
        "emulated",
        "there is no journal: a mark's resource stands in the module, and nothing cached is found",
    ),
    "identity": Row("native", "no state at all"),
    "constant": Row("native", "a Pass with a Result"),
    "expression": Row("block", "the worker evaluates it, in a Task of its own"),
    "fail": Row("native", "a Pass with the fault as a value, which goes where failures go"),
    "fail with a computed message": Row("block", "the worker makes the fault"),
    "delay": Row("native", "a Wait"),
    "delay of a part of a second": Row("lossy", "a Wait of the next whole second"),
    "seq": Row("native", "one state after another"),
    "par": Row(
        "emulated",
        "a Parallel whose branches each end in a Catch that makes the fault a value; a Choice "
        "behind it fails with all of them",
    ),
    "par(fail_fast=True)": Row(
        "lossy",
        "a bare Parallel: the others are ended, but a function that runs works on to its end",
    ),
    "graph": Row(
        "lossy",
        "in layers, each a Parallel: a step starts when all of the layer before has ended, and not "
        "when only what it needs has",
    ),
    "branch": Row(
        "emulated", "the worker evaluates the predicate, and a Choice takes the word it answers"
    ),
    "branch in an arm": Row("native", "as any branch"),
    "loop_until": Row(
        "emulated", "an arrow back; the worker counts the rounds and evaluates the predicate"
    ),
    "loop_until(within=…)": Row("emulated", "the worker compares with when the first one began"),
    "map_each": Row(
        "emulated",
        "a Map over the items' numbers, each in its own Catch; what they gave is read by key",
    ),
    "map_each over 40 at once": Row(
        "lossy", "a Map does about 40 at once, and not in the order of the list"
    ),
    "map_each(on_error='collect')": Row("native", "failed items are values anyway"),
    "map_each(on_error='fail_fast')": Row(
        "lossy", "a bare Map: the others are ended, but a function that runs works on to its end"
    ),
    "map in a map": Row("native", "a Map in a Map"),
    "part for each item": Row("native", "a Map's states"),
    "retry of a task": Row(
        "native", "one retrier; the worker decides who may take a failure, by its error's name"
    ),
    "retry of a part": Row("emulated", "a Parallel of one branch, with one retrier"),
    "retry(on=…)": Row("emulated", "the worker knows the filters, and answers one of a few names"),
    "retry of a timed writer": Row(
        "block", "the function of the first attempt may work on when the second one starts"
    ),
    "wait of a part of a second": Row("lossy", "a retrier waits whole seconds, one at least"),
    "wait in other words": Row("emulated", "a Wait and a counter"),
    "wait with jitter": Row("lossy", "drawn as in a local run, and then the next whole second"),
    "timeout of a task": Row(
        "native", "the worker keeps the deadline; TimeoutSeconds is a net behind it"
    ),
    "timeout of a part": Row("block", "only a Task and a whole machine have a timeout"),
    "timeout at the root": Row(
        "lossy",
        "the machine's TimeoutSeconds, beside the deadline that each task keeps: it goes past "
        "finalisers, and begins anew with a redrive",
    ),
    "timeout in a pool": Row("block", "the wait for the pool would not count"),
    "fallback": Row("emulated", "a Catch; a part stands in a Parallel of one branch for it"),
    "fallback(on=…)": Row(
        "emulated", "the worker knows the filters, and answers one of a few names"
    ),
    "always at the root": Row(
        "lossy", "a Catch: whoever stops the execution, and its timeout, go past the finaliser"
    ),
    "always inside": Row(
        "lossy", "a Catch: whoever stops the execution, and its timeout, go past the finaliser"
    ),
    "as_result": Row("emulated", "a Catch that makes the fault a value"),
    "from_result": Row("block", "the worker opens it"),
    "with_params": Row("native", "they stand in what each Task is called with"),
    "with_params of expressions": Row(
        "emulated", "the worker evaluates them once, before the part"
    ),
    "using": Row("native", "the worker knows the names"),
    "in_pool": Row("native", "the MaxConcurrency of its map; around other steps nothing"),
    "pool over several parts": Row("block", "nothing counts over several states"),
    "pool in a pool": Row("block", "a Map has one MaxConcurrency"),
    "named": Row("native", "in the names of states"),
    "extension": Row("native", "by its meaning"),
    "many events": Row(
        "block",
        "an execution ends at 25,000 events; loops, maps and retries past 20,000 are blocks",
    ),
    "large definition": Row(
        "block", "a definition has at most 1 MB; the biggest parts past 900 KB are blocks"
    ),
    "deep nesting": Row("native", "no bound is known"),
    "long in one task": Row(
        "lossy",
        "a function is ended after 15 minutes: give less time, or say the part so that it is cut",
    ),
}
COSTS: Final = Costs(
    task_events=5, task_bytes=900, node_events=4, node_bytes=500, item_events=4, items=100
)
"""A Task is entered, scheduled, started, done and left; other states have up to four events. As
many bytes as the larger ones have."""
BUDGET: Final = Budget(events=20_000, bytes=900_000)
"""25,000 events and 1 MB are the most that AWS takes, and nothing catches it."""
LONGEST: Final = timedelta(minutes=15)
"""The most that a Lambda function may take."""
