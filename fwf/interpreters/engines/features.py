"""Which features has a node where it stands, as far as engines differ in them?

Most are seen on the node itself. Some are of what is in it, as a retry of a part and not of a
task; some of what is around it, as a map in a map. What is around counts as a few yes and no, so
that a part which is shared is looked at once for each different surrounding.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeAlias, assert_never, cast

from fwf.algebra.expr import Const, Expr, Input
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    FromResult,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.algebra.parts import children
from fwf.algebra.schedule import Backoff, Constant, Schedule, each
from fwf.algebra.traverse import fold
from fwf.analysis.requirements import Requirement
from fwf.forms.scalar_form import EXACT
from fwf.interpreters.engines.support import Feature

MOST_AT_ONCE: Final = 40
MOST_TEXT: Final = 1_000
"""The characters of a constant that is written into a definition; our choice."""
MOST_DELAYS: Final = 1_000
_SECOND: Final = timedelta(seconds=1)


class Around(NamedTuple):
    """What is around a node.

    Whether it is in a pool, in the body of a map and directly that body, in an arm of a branch,
    and inside of anything that isn't just a name for the whole.
    """

    pool: bool = False
    item: bool = False
    body: bool = False
    arm: bool = False
    inside: bool = False


OUTSIDE: Final = Around()


class Within(NamedTuple):
    """What is within a node.

    Tasks, some that may run at once, the pools that they are in, some that may write and work on
    when they are cut, and such with a timeout around them.
    """

    tasks: bool
    wide: bool
    pools: frozenset[str]
    writes: bool
    timed_writer: bool


Contents: TypeAlias = Mapping[Any, Within]
"""What is within each distinct node, by its `id`."""


def contents_of(w: Node) -> Contents:
    """Workflow ⟶ what is within each of its nodes. O(size)."""
    contents: dict[Any, Within] = {}
    fold(_within, w, results=contents)
    return contents


def inherited(node: Node, around: Around) -> Around:
    """Node, what is around it ⟶ what is around its parts."""
    match node:
        case Named() | WithParams() | Extension():
            return around
        case InPool():
            return around._replace(pool=True, inside=True)
        case Retry() | Timeout():
            return around._replace(inside=True)
        case MapEach():
            return around._replace(item=True, body=True, inside=True)
        case Branch():
            return around._replace(arm=True, body=False, inside=True)
        case _:
            return around._replace(body=False, inside=True)


def features_of(node: Node, around: Around, contents: Contents) -> tuple[Feature, ...]:
    """Node, what is around it, what is within each ⟶ the features that it has there."""
    part: tuple[Feature, ...] = ("part for each item",) if _is_body(node, around) else ()
    return (*_own(node, around, contents), *part)


def task_in(node: Node, *through: type[Any]) -> Task[Any, Any] | None:
    """The task that a node is, inside names and bindings and what else is passed through."""
    while not isinstance(node, Task):
        if not isinstance(node, (Named, WithParams, *through)):
            return None
        node = cast(Any, node).body
    return node


def _own(node: Node, around: Around, contents: Contents) -> tuple[Feature, ...]:
    match node:
        case Task():
            return _of_task(node)
        case Pure():
            return (_of_expression(node.expr),)
        case Fail():
            return ("fail" if isinstance(node.message, str) else "fail with a computed message",)
        case Delay():
            return ("delay of a part of a second" if node.duration % _SECOND else "delay",)
        case Seq():
            return ("seq",)
        case Par():
            return ("par(fail_fast=True)" if node.fail_fast else "par", *_shared(node, contents))
        case Graph():
            return ("graph", *_shared(node, contents))
        case Branch():
            return ("branch", *_if(around.arm, "branch in an arm"))
        case LoopUntil():
            return ("loop_until", *_if(node.within is not None, "loop_until(within=…)"))
        case MapEach():
            return _of_map(node, around, contents)
        case _:
            return _of_wrapper(node, around, contents)


def _of_wrapper(node: Node, around: Around, contents: Contents) -> tuple[Feature, ...]:
    match node:
        case Retry():
            return _of_retry(node, contents)
        case Timeout():
            pool = around.pool or bool(contents[id(node.body)].pools)
            return (_of_timeout(node, around), *_if(pool, "timeout in a pool"))
        case Fallback():
            return ("fallback", *_if(bool(node.on), "fallback(on=…)"))
        case Always():
            return ("always inside" if around.inside else "always at the root",)
        case AsResult():
            return ("as_result",)
        case FromResult():
            return ("from_result",)
        case WithParams():
            feature: Feature = "with_params of expressions" if node.computed else "with_params"
            return (*_if(bool(node.params), feature), *_if(bool(node.resources), "using"))
        case InPool():
            return _of_pool(node, contents)
        case Named():
            return ("named",)
        case Extension():
            return ("extension",)
        case _:
            assert_never(cast(Any, node))


def _if(holds: bool, feature: Feature) -> tuple[Feature, ...]:
    return (feature,) if holds else ()


def _of_task(node: Task[Any, Any]) -> tuple[Feature, ...]:
    contract = node.contract
    journaled = any(
        Requirement(one.name, one.kind, (one.type,), one.optional).from_journal
        for one in contract.injected
        if one.kind == "resource"
    )
    return (
        "task",
        *_if(not contract.repeatable, "unrepeatable task"),
        *_if(contract.isolate, "isolated task"),
        *_if(journaled, "task with what a journal keeps"),
    )


def _of_expression(expr: Expr) -> Feature:
    if isinstance(expr, Input):
        return "identity"
    return "constant" if isinstance(expr, Const) and _is_short(expr.value) else "expression"


def _is_short(value: object) -> bool:
    """Whether a constant is the same in JSON, whoever reads it."""
    if isinstance(value, str):
        return len(value) <= MOST_TEXT
    if value is None or isinstance(value, bool):
        return True
    return isinstance(value, int) and -EXACT <= value <= EXACT


def _of_map(node: MapEach[Any, Any], around: Around, contents: Contents) -> tuple[Feature, ...]:
    errors: dict[str, tuple[Feature, ...]] = {
        "settle": (),
        "collect": ("map_each(on_error='collect')",),
        "fail_fast": ("map_each(on_error='fail_fast')",),
    }
    many = node.at_once is None or node.at_once > MOST_AT_ONCE
    return (
        "map_each",
        *_if(many, "map_each over 40 at once"),
        *errors[node.on_error],
        *_if(around.item, "map in a map"),
        *_shared(node, contents),
    )


def _of_retry(node: Retry[Any, Any], contents: Contents) -> tuple[Feature, ...]:
    task, again = task_in(node.body, Timeout, InPool), node.attempts > 1
    return (
        "retry of a part" if task is None else "retry of a task",
        *_if(bool(node.on), "retry(on=…)"),
        *_if(again and contents[id(node.body)].timed_writer, "retry of a timed writer"),
        *(_of_wait(node.wait, node.attempts - 1) if again else ()),
    )


def _of_timeout(node: Timeout[Any, Any], around: Around) -> Feature:
    if task_in(node.body) is not None:
        return "timeout of a task"
    return "timeout of a part" if around.inside else "timeout at the root"


def _of_wait(wait: Schedule, delays: int) -> tuple[Feature, ...]:
    if _draws(wait):
        return ("wait with jitter",)
    plain = isinstance(wait, Constant | Backoff)
    some = zip(range(min(delays, MOST_DELAYS)), each(wait), strict=False)
    partly = any(not delay or delay % _SECOND for _, delay in some)
    return (*_if(not plain, "wait in other words"), *_if(partly, "wait of a part of a second"))


def _draws(wait: Schedule) -> bool:
    return "jitter(" in repr(wait)


# Pools. One that is around steps of which never two run at once bounds nothing; around one map
# it is that map's bound. What else has several tasks of a pool at once shares it, and is the least
# part that has all of them: whatever is around that does no two of its parts at once.


def _of_pool(node: InPool[Any, Any], contents: Contents) -> tuple[Feature, ...]:
    body = contents[id(node.body)]
    inner = _inside_names(node.body)
    one_map = isinstance(inner, MapEach) and not contents[id(inner.body)].wide
    several = body.wide and not (one_map and node.pool not in body.pools)
    twice = bool(body.pools - {node.pool})
    return (
        "in_pool",
        *_if(several, "pool over several parts"),
        *_if(twice, "pool in a pool"),
    )


def _shared(node: Node, contents: Contents) -> tuple[Feature, ...]:
    """Of what does its parts at once: whether two of these share a pool."""
    if isinstance(node, MapEach):
        pools = contents[id(node.body)].pools
        inner = _inside_names(node.body)
        alone = isinstance(inner, InPool) and not contents[id(inner.body)].wide
        one = alone and pools == frozenset({cast("InPool[Any, Any]", inner).pool})
        return _if(bool(pools) and not one, "pool over several parts")
    of_parts = [contents[id(part)].pools for part in children(node)]
    twice = sum(map(len, of_parts)) > len(_union(of_parts))
    return _if(twice, "pool over several parts")


def _inside_names(node: Node) -> Node:
    while isinstance(node, Named | WithParams):
        node = node.body
    return node


def _within(node: Node, parts: tuple[Within, ...]) -> Within:
    """What is within a node, of what is within its parts."""
    with_tasks = sum(part.tasks for part in parts)
    pools = _union([part.pools for part in parts])
    wide = any(part.wide for part in parts)
    writes = any(part.writes for part in parts)
    timed = any(part.timed_writer for part in parts)
    match node:
        case Task():
            works_on = node.contract.may_write and not node.contract.isolate
            return Within(True, False, pools, works_on, False)
        case Par() | Graph():
            wide = wide or with_tasks > 1
        case MapEach():
            wide = with_tasks > 0
        case InPool() if with_tasks:
            pools = _union([pools, frozenset({node.pool})])
        case Timeout():
            timed = writes
        case _:
            pass
    return Within(with_tasks > 0, wide, pools, writes, timed)


def _union(several: list[frozenset[str]]) -> frozenset[str]:
    """All of several sets; the first itself where it has them all."""
    first = max(several, key=len, default=frozenset[str]())
    return first if all(one <= first for one in several) else first.union(*several)


def _is_body(node: Node, around: Around) -> bool:
    """Whether a node is what a map does for each item, and more than a leaf and its wrappers."""
    wrapper = isinstance(node, Named | WithParams | Extension | InPool | Retry | Timeout)
    return around.body and not wrapper and bool(children(node))
