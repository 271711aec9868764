"""What can Step Functions do, in Amazon's States Language?"""

from datetime import timedelta
from typing import Final

from fwf.interpreters.engines.support import Row, Table

_ROUTED: Final = "the worker says who takes a failure up, and a Choice goes there"
_ALWAYS: Final = Row(
    "lossy",
    f"{_ROUTED}; whoever stops the execution, and its timeout, go past the finaliser",
)

TABLE: Final[Table] = {
    "value": Row(
        "emulated",
        "a value over its share of 150 KB (of 40 where there are maps), and most of what an item "
        "gives, go by reference into the store that the function has; the worker refuses what has "
        "no JSON, by its path",
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
    "constant": Row("native", "a Pass with its text"),
    "expression": Row("block", "the worker evaluates it, in a Task of its own"),
    "fail": Row("emulated", "the worker makes the fault, which goes where failures go"),
    "fail with a computed message": Row("block", "the worker makes the fault"),
    "delay": Row("native", "a Wait"),
    "delay of a part of a second": Row("lossy", "a Wait of the next whole second"),
    "seq": Row("native", "one state after another"),
    "par": Row(
        "emulated",
        "a Parallel whose branches end with what came out, a fault too; the worker joins them",
    ),
    "par(fail_fast=True)": Row(
        "block", "a Parallel that fails leaves functions that work on; our own runner cuts them"
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
        "a Map over the items that the worker lists, each of which ends with what came out; more "
        "than 500, or than 70 KB of them or the events allow, are one block when it runs",
    ),
    "map_each over 40 at once": Row(
        "lossy", "a Map does about 40 at once, and not in the order of the list"
    ),
    "map_each(on_error='collect')": Row("native", "failed items are values anyway"),
    "map_each(on_error='fail_fast')": Row(
        "block", "a Map that fails leaves functions that work on; our own runner cuts them"
    ),
    "map in a map": Row("native", "a Map in a Map"),
    "part for each item": Row("native", "a Map's states"),
    "retry of a task": Row("emulated", f"{_ROUTED}: through a Wait to the part's first state"),
    "retry of a part": Row("emulated", f"{_ROUTED}: through a Wait to the part's first state"),
    "retry(on=…)": Row("native", "the worker knows the filters"),
    "retry of a timed writer": Row(
        "block", "the function of the first attempt may work on when the second one starts"
    ),
    "wait of a part of a second": Row("lossy", "a Wait of the next whole second; none stays none"),
    "wait in other words": Row("native", "the worker says how long, and a Wait waits"),
    "wait with jitter": Row("lossy", "drawn as in a local run, and then the next whole second"),
    "timeout of a task": Row(
        "native", "the worker keeps the deadline; TimeoutSeconds is a net behind it"
    ),
    "timeout of a part": Row("block", "only a Task and a whole machine have a timeout"),
    "timeout at the root": Row(
        "lossy",
        "the deadline that each task keeps, and the machine's TimeoutSeconds a minute behind it, "
        "which goes past finalisers and begins anew with a redrive",
    ),
    "timeout in a pool": Row("block", "the wait for the pool would not count"),
    "fallback": Row("emulated", _ROUTED),
    "fallback(on=…)": Row("native", "the worker knows the filters"),
    "always at the root": _ALWAYS,
    "always inside": _ALWAYS,
    "as_result": Row("emulated", f"{_ROUTED}, with the fault as a value"),
    "from_result": Row("block", "the worker opens it"),
    "with_params": Row("native", "the worker knows them"),
    "with_params of expressions": Row(
        "emulated", "the worker evaluates them once, before the part, and they travel with it"
    ),
    "using": Row("native", "the worker knows the names"),
    "in_pool": Row(
        "emulated",
        "the MaxConcurrency of its map, as large as the pool is in the module; around other steps "
        "nothing; a pool with a rate is one task with all that is in it",
    ),
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
    "deep nesting": Row("block", "branches in branches below the hundredth are blocks"),
    "long in one task": Row(
        "lossy",
        "a function is ended after 15 minutes: give less time, or say the part so that it is cut",
    ),
}
LONGEST: Final = timedelta(minutes=15)
"""The most that a Lambda function may take."""
