"""How a workflow is written down: a flat list of nodes, each after its parts."""

import json
from collections.abc import Iterable
from typing import Any, assert_never, cast

from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import Expr
from fwf.algebra.extensions import field_names, frozen, workflows_in
from fwf.algebra.functions import place_of
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
from fwf.algebra.schedule import Schedule
from fwf.algebra.traverse import parts_of
from fwf.algebra.workflow import Workflow, as_workflow
from fwf.forms import value_form
from fwf.forms.duration_text import duration_text
from fwf.forms.scalar_form import Json, written_text, written_whole
from fwf.interpreters.plan import expression_form, schedule_form, task_form
from fwf.interpreters.plan.plan_names import WORDS

VERSION = 1
_dumped = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode


def plan(w: Workflow[Any, Any], /) -> str:
    """Workflow ⟶ JSON that says all of it, the same text on every machine; see `load`.

    Parts that are equal are stored once. A node stands on a line of its own, after its parts and
    before what it is part of, so that two versions compare well line by line. The text is ASCII:
    whatever can't be seen stands there as an escape.

    >>> from fwf import const, seconds, timeout
    >>> print(plan(timeout(const(1), seconds(90))))
    {"plan":1,
    "tasks":[
    ],
    "nodes":[
    {"node":"pure","expr":{"const":1}},
    {"node":"timeout","body":0,"within":"1m 30s"}
    ]}
    <BLANKLINE>
    """
    listed: dict[str, int] = {}
    lines: dict[str, int] = {}
    numbers: dict[int, int] = {}
    todo: list[tuple[Node, tuple[Node, ...] | None]] = [(as_workflow(w, "plan"), None)]
    while todo:
        node, parts = todo.pop()
        if id(node) in numbers:
            continue
        if parts is None:
            parts = parts_of(node)
            if parts:
                todo.append((node, parts))
                todo.extend([(part, None) for part in reversed(parts)])
                continue
        said = _written(node, [numbers[id(part)] for part in parts])
        if isinstance(node, Task):
            said = {"node": "task", "task": listed.setdefault(_dumped(said), len(listed))}
        numbers[id(node)] = lines.setdefault(_dumped(said), len(lines))
    return f'{{"plan":{VERSION},\n"tasks":[{_lines(listed)}],\n"nodes":[{_lines(lines)}]}}\n'


def _lines(each: Iterable[str]) -> str:
    joined = ",\n".join(each)
    return f"\n{joined}\n" if joined else "\n"


def _written(node: Node, parts: list[int]) -> Json:
    """Node, the numbers of its parts ⟶ JSON that says it."""
    match node:
        case Task():
            return task_form.written(node)
        case Pure():
            return {"node": "pure", "expr": expression_form.written(node.expr)}
        case Fail():
            return {"node": "fail", "tag": written_text(node.tag), "message": _message(node)}
        case Delay():
            return {"node": "delay", "duration": duration_text(node.duration)}
        case FromResult():
            return {"node": "from_result"}
        case Seq():
            return {"node": "seq", "parts": parts}
        case Par():
            return {"node": "par", "parts": parts, "fail_fast": node.fail_fast}
        case Branch():
            predicate = expression_form.written(node.predicate)
            arms = {"then": parts[0], "otherwise": parts[1]}
            return {"node": "branch", "predicate": predicate, **arms}
        case Fallback():
            on = [*map(written_text, node.on)]
            return {"node": "fallback", "body": parts[0], "handler": parts[1], "on": on}
        case Always():
            return {"node": "always", "body": parts[0], "finaliser": parts[1]}
        case Graph():
            return _written_graph(node, parts)
        case Extension():
            return _written_extension(node, parts)
        case _:
            return _written_wrapper(node, parts[0])


def _message(node: Fail[Any, Any]) -> Json:
    said = node.message
    return written_text(said) if isinstance(said, str) else {"expr": expression_form.written(said)}


def _written_wrapper(
    node: LoopUntil[Any, Any]
    | MapEach[Any, Any]
    | Retry[Any, Any]
    | Timeout[Any, Any]
    | AsResult[Any, Any]
    | WithParams[Any, Any]
    | InPool[Any, Any]
    | Named[Any, Any],
    body: int,
) -> Json:
    """Node around one part ⟶ JSON that says it."""
    match node:
        case Retry():
            wait, on = schedule_form.written(node.wait), [*map(written_text, node.on)]
            attempts = written_whole(node.attempts)
            return {"node": "retry", "body": body, "attempts": attempts, "wait": wait, "on": on}
        case Timeout():
            return {"node": "timeout", "body": body, "within": duration_text(node.within)}
        case AsResult():
            return {"node": "as_result", "body": body}
        case LoopUntil():
            return {
                "node": "loop_until",
                "body": body,
                "done": expression_form.written(node.done),
                "limit": written_whole(node.limit),
                "within": None if node.within is None else duration_text(node.within),
                "on_limit": node.on_limit,
            }
        case MapEach():
            return {
                "node": "map_each",
                "body": body,
                "key": None if node.key is None else expression_form.written(node.key),
                "at_once": None if node.at_once is None else written_whole(node.at_once),
                "on_error": node.on_error,
            }
        case WithParams():
            params = value_form.written_bindings(node.params, expression_form.written_argument)
            resources = value_form.written_bindings(cast(Any, node.resources))
            return {"node": "with_params", "body": body, "params": params, "resources": resources}
        case InPool():
            return {"node": "in_pool", "body": body, "pool": written_text(node.pool)}
        case Named():
            notes = value_form.written_bindings(node.notes)
            return {"node": "named", "name": node.name, "body": body, "notes": notes}
        case _:
            assert_never(node)


def _written_graph(node: Graph[Any, Any], parts: list[int]) -> Json:
    steps = [
        {"body": body, "inputs": step.inputs, "after": step.after}
        for body, step in zip(parts, node.steps, strict=True)
    ]
    return {"node": "graph", "steps": steps, "outputs": node.outputs, "arity": node.arity}


def _written_extension(node: Extension[Any, Any], parts: list[int]) -> Json:
    names = field_names(type(node))
    place, rest = place_of(type(node)), iter(parts)
    given = {
        name: _written_field(getattr(node, name), rest, f"{place}({name}=…)") for name in names
    }
    arms = [] if place in WORDS else _written_arms(node, parts)
    said = {"word": written_text(node.word), "arms": arms}
    return {"node": "extension", "class": place, **said, "fields": given, "meaning": parts[-1]}


def _written_arms(node: Extension[Any, Any], parts: list[int]) -> list[Json]:
    """How people see the parts of somebody's word; nothing if they aren't those in its fields."""
    numbers = dict(zip(map(id, parts_of(node)), parts, strict=True))
    arms = node.arms() if node.word else ()
    if any(arm.stands is not None or id(arm.node) not in numbers for arm in arms):
        return []
    return [
        {
            "part": numbers[id(arm.node)],
            "label": written_text(arm.label),
            "segment": None if arm.segment is None else written_text(arm.segment),
            "tag": written_text(arm.tag),
        }
        for arm in arms
    ]


def _written_field(value: Any, numbers: Any, where: str) -> Json:
    """An extension's field, the numbers of parts to come ⟶ JSON that says it."""
    flows = workflows_in(value)
    if flows:
        taken = [next(numbers) for _ in flows]
        return {"parts": taken} if type(value) is tuple else {"part": taken[0]}
    if isinstance(value, It):
        return {"it": expression_form.written(expr_of(value))}
    if isinstance(value, Expr):
        return {"expr": expression_form.written(value)}
    if isinstance(value, Schedule):
        return {"schedule": schedule_form.written(value)}
    return {"value": value_form.written(frozen(value, where))}
