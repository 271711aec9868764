"""What can Argo Workflows do, with DAG templates and pods that run our worker?"""

from typing import Final

from fwf.algebra.counts import UNCOUNTED
from fwf.algebra.nodes import (
    Branch,
    Extension,
    LoopUntil,
    MapEach,
    Named,
    Par,
    Retry,
    Seq,
    WithParams,
)
from fwf.interpreters.engines.cut import EngineTask, Piece
from fwf.interpreters.engines.sizes import Budget, Size
from fwf.interpreters.engines.support import Row, Table

_INSIDE: Final = "a failed task ends what depends on it, and nothing between takes a failure up"
_EVALUATED: Final = "the worker evaluates it, in the pod of the next step"

TABLE: Final[Table] = {
    "value": Row(
        "emulated",
        "in a store, by run and step: no value goes through the controller; name one, s3://…",
    ),
    "task": Row("native", "a pod that runs the worker, from a template for each policy"),
    "unrepeatable task": Row(
        "emulated",
        "a pod may be started twice: the worker claims its start, and a second one is answered "
        "from the first or with InDoubt",
    ),
    "isolated task": Row("emulated", "the worker starts and kills the process, in its pod"),
    "task with what a journal keeps": Row(
        "emulated",
        "there is no journal: a mark's resource stands in the module, and nothing cached is found",
    ),
    "identity": Row("native", "no task at all"),
    "constant": Row("emulated", _EVALUATED),
    "expression": Row("emulated", _EVALUATED),
    "fail": Row("block", "the worker makes the fault, in a pod"),
    "fail with a computed message": Row("block", "the worker makes the fault, in a pod"),
    "delay": Row("native", "a suspend with its duration"),
    "delay of a part of a second": Row("lossy", "a suspend of the next whole second"),
    "seq": Row("native", "one task depends on the other"),
    "par": Row("native", "tasks side by side; failFast is off, so each ends"),
    "par(fail_fast=True)": Row("block", "Argo begins nothing new, but lets run what has begun"),
    "graph": Row("native", "a task depends on the steps that it needs"),
    "branch": Row(
        "emulated", "the worker evaluates the predicate, and `when` compares the word it answers"
    ),
    "branch in an arm": Row("native", "an arm is a template of its own, and skipped as a whole"),
    "loop_until": Row(
        "emulated",
        "a template that calls itself; the worker counts the rounds and evaluates the predicate",
    ),
    "loop_until(within=…)": Row("emulated", "the worker compares with when the first one began"),
    "map_each": Row(
        "emulated",
        "withParam over the items' numbers; a pod reads its item from the store, and the next step "
        "what all gave; a list that is too long for the controller goes to one pod",
    ),
    "map_each over 40 at once": Row("native", "as many pods as the cluster has room for"),
    "map_each(on_error='collect')": Row(
        "emulated", "the pod of an item that failed ends well, and what it gave says so"
    ),
    "map_each(on_error='fail_fast')": Row(
        "block", "Argo begins nothing new, but lets run what has begun"
    ),
    "map in a map": Row("block", "each item in one pod: nodes of nodes would be too many"),
    "part for each item": Row("block", "each item in one pod: the controller keeps all nodes"),
    "retry of a task": Row(
        "emulated",
        "a retryStrategy by the pod's exit code, which the worker chooses; the next pod waits "
        "first. A pod that was killed is begun again, too, and counts as no attempt",
    ),
    "retry of a part": Row("block", "a retried template would begin all its pods anew"),
    "retry(on=…)": Row("emulated", "the worker knows the filters, and ends with one of two codes"),
    "retry of a timed writer": Row("native", "the next pod starts when the first has ended"),
    "wait of a part of a second": Row("lossy", "the next pod waits whole seconds"),
    "wait in other words": Row("emulated", "the worker says how long, and the next pod waits"),
    "wait with jitter": Row("lossy", "drawn as in a local run, and then the next whole second"),
    "timeout of a task": Row(
        "native",
        "the worker keeps the deadline; activeDeadlineSeconds is a net behind it, but for what is "
        "tried again",
    ),
    "timeout of a part": Row("block", "only a pod and a whole workflow have a deadline"),
    "timeout at the root": Row(
        "lossy",
        "the workflow's activeDeadlineSeconds, beside the deadline that each pod keeps: what is "
        "cut by it leaves no fault of ours",
    ),
    "timeout in a pool": Row("block", "the wait for the pool would not count"),
    "fallback": Row("block", _INSIDE),
    "fallback(on=…)": Row("block", _INSIDE),
    "always at the root": Row(
        "lossy", "the workflow's onExit: `argo terminate`, unlike `argo stop`, goes past it"
    ),
    "always inside": Row("block", _INSIDE),
    "as_result": Row("block", _INSIDE),
    "from_result": Row("emulated", "the worker opens it, in the pod of the next step"),
    "with_params": Row("native", "the worker knows them by the part"),
    "with_params of expressions": Row(
        "emulated", "the worker evaluates them, in the pod of the next step"
    ),
    "using": Row("native", "the worker knows the names"),
    "in_pool": Row(
        "emulated",
        "the parallelism of its map's template, in which a wait between attempts keeps its place; "
        "around other steps nothing",
    ),
    "pool over several parts": Row("block", "nothing counts over several templates"),
    "pool in a pool": Row("block", "a template has one parallelism"),
    "named": Row("native", "in the names of tasks"),
    "extension": Row("native", "by its meaning"),
    "many events": Row(
        "block",
        "the controller keeps all nodes of a run: loops, maps and retries past 20,000 are blocks",
    ),
    "large definition": Row(
        "block",
        "a manifest and its state have 1 MB together; the biggest parts past 700 kB are blocks",
    ),
    "deep nesting": Row(
        "block", "templates call one another 100 deep at most, and each round is a call"
    ),
    "long in one task": Row("native", "no bound is known"),
}
NODES: Final = 2
"""Of one task: a retry, and its pod."""
ITEMS: Final = 100
"""As many are taken to be in a list, since nobody knows yet."""
MOST_ITEMS: Final = 1_000
"""More are never given to the controller; our choice."""
_TASK: Final = 700
"""Bytes of a task in a manifest, as measured, without what long paths add."""
BUDGET: Final = Budget(events=20_000, bytes=700_000, depth=80)
"""A manifest shares 1 MB with its state; a template at depth 100 fails in mid-run. Both are read in
Argo's documentation and source, and nothing was measured on a controller."""
UNITS: Final = ("node", "byte", "level")
SMALL: Final = 2_500
"""Nodes whose state goes into 300 kB: one takes some 80 bytes, compressed, and we take it to be
120. Beyond, the controller has to keep it in a database."""


def size(piece: Piece, parts: tuple[Size, ...]) -> Size:
    """A piece, the sizes of its parts ⟶ nodes of a run, bytes of the manifest, templates' depth."""
    node = piece.node
    if isinstance(piece, EngineTask):
        return Size(NODES, _TASK, 1)
    if isinstance(node, Named | WithParams | Extension) and parts:
        return parts[0]
    events = NODES + sum(part.events for part in parts)
    text = _TASK + sum(part.bytes for part in parts)
    depth = max((part.depth for part in parts), default=1)
    match node:
        case Seq() | Par():
            pass
        case Branch():
            events, depth = 2 * NODES + max(part.events for part in parts), depth + 1
            text += 2 * _TASK
        case Retry():
            events = NODES * node.attempts
        case LoopUntil():
            events, depth = node.limit * (NODES + 1 + parts[0].events), depth + node.limit
            text += 2 * _TASK
        case MapEach():
            events, depth = 2 * NODES + ITEMS * parts[0].events, depth + 1
            text += 2 * _TASK
        case _:
            pass
    return Size(min(events, UNCOUNTED), min(text, UNCOUNTED), min(depth, UNCOUNTED))
