"""What runs side by side: a par, a map over items, a graph in layers; each part in its own branch.

A branch ends with its outcome, a fault too, so that none ends another one. What they come to
together is the worker's to say.
"""

from __future__ import annotations

from typing import Any, Final, cast

from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Extension,
    Fallback,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Retry,
    Seq,
    Timeout,
    WithParams,
)
from fwf.interpreters.engines.cut import EngineTask, Piece, PieceAt
from fwf.interpreters.engines.step_functions import asl
from fwf.interpreters.engines.step_functions.calls import Facts, Scope, Steps, Way, call_states
from fwf.interpreters.engines.step_functions.ropes import Rope
from fwf.interpreters.engines.step_functions.shares import most_items

OUTWARD: Final = {"InputPath": "$.out"}
_FIRST: Final = (
    Always, AsResult, Extension, Fallback, InPool, LoopUntil, Named, Retry, Seq, Timeout,
)  # fmt: skip
"""Nodes that begin with their first part."""


def par(facts: Facts, way: Way) -> Steps:
    """Branches, and what they come to."""
    branches: list[Rope] = []
    for part in way.here.parts():
        scope = _branch(facts, part, inside_map=way.scope.inside_map)
        start = yield Way(part, scope.ok, scope.fail, scope)
        branches.append(asl.machine(start, scope.states))
    fields = {**asl.FACTS, "parts.$": "$.parts"}
    join = call_states(facts, way, "join", [("ok", way.next)], fields)
    name = facts.name(way.here, "par")
    way.scope.states.append(asl.parallel(name, branches, {"ResultPath": "$.parts"}, join))
    return name


def map_each(facts: Facts, way: Way) -> Steps:
    """The worker says which items there are; more than an execution has room for are one block."""
    body = way.here.parts()[0]
    if is_rated(facts, _inside_names(body.piece.node)):
        return call_states(facts, way, "run", [("ok", way.next)])
    scope = _branch(facts, body, inside_map=True)
    start = yield Way(body, scope.ok, scope.fail, scope)
    start = _note_item(facts, way, body, scope, start)
    inputs = {**asl.FACTS, "parts.$": "$.parts"}
    gather = call_states(facts, way, "gather", [("ok", way.next)], inputs)
    name = facts.name(way.here, "map")
    fields = {"MaxConcurrency": at_once(facts, way.here), "ResultPath": "$.parts"}
    way.scope.states.append(asl.mapped(name, asl.machine(start, scope.states), fields, gather))
    block = call_states(facts, way, "run", [("ok", way.next)])
    goes = [("items", name), ("block", block)]
    most, room = most_items(facts.limits, way.here.path, body.piece.node), facts.limits.room
    return call_states(facts, way, "spread", goes, most=most, room=room)


def graph(facts: Facts, way: Way) -> Steps:
    """Layers, each of the steps that need nothing but what the layers before have given."""
    node = cast("Graph[Any, Any]", way.here.piece.node)
    parts = way.here.parts()
    layers = layers_of(node)
    at = {
        step: f"$.steps.l{n}[{i}]" for n, layer in enumerate(layers) for i, step in enumerate(layer)
    }
    every = [at[step] for step in range(len(node.steps))]
    following = call_states(facts, way, "end", [("ok", way.next)], {**asl.FACTS, **_parts(every)})
    for n, layer in reversed([*enumerate(layers)]):
        branches: list[Rope] = []
        for step in layer:
            scope = _branch(facts, parts[step], inside_map=way.scope.inside_map)
            body = yield Way(parts[step], scope.ok, scope.fail, scope)
            needs = (*node.steps[step].inputs, *node.steps[step].after)
            inputs = {"in.$": "$.in", **_parts([at[each] for each in needs if each >= 0])}
            inner = Way(way.here, scope.ok, scope.fail, scope)
            goes = [("ok", body)]
            start = call_states(facts, inner, "pick", goes, inputs, step=step)
            branches.append(asl.machine(start, scope.states))
        name = facts.name(way.here, "layer")
        fields = {
            "Parameters": {**asl.FACTS, **({"steps.$": "$.steps"} if n else {})},
            "ResultPath": f"$.steps.l{n}",
        }
        way.scope.states.append(asl.parallel(name, branches, fields, following))
        following = name
    return following


def layers_of(node: Graph[Any, Any]) -> list[list[int]]:
    """The steps of a graph by how many others are before them, at most, one after another."""
    depth: list[int] = []
    layers: list[list[int]] = []
    for number, step in enumerate(node.steps):
        needs = [depth[at] for at in (*step.inputs, *step.after) if at >= 0]
        depth.append(1 + max(needs, default=-1))
        if depth[-1] == len(layers):
            layers.append([])
        layers[depth[-1]].append(number)
    return layers


def _parts(paths: list[str]) -> dict[str, object]:
    return {"parts.$": f"States.Array({', '.join(paths)})"} if paths else {"parts": []}


def _branch(facts: Facts, part: PieceAt, *, inside_map: bool) -> Scope:
    """A branch, with a state for its end."""
    end = facts.name(part, "end")
    scope = Scope(end, end, inside_map=inside_map)
    scope.states.append(asl.state(end, "Succeed", OUTWARD))
    return scope


def _note_item(facts: Facts, way: Way, body: PieceAt, scope: Scope, start: str) -> str:
    """Note which item it is, if that isn't what the worker does at once: branches pass it on."""
    if calls_first(body.piece):
        return start
    node = cast("MapEach[Any, Any]", way.here.piece.node)
    name, source = facts.name(body, "item"), "$.item.at" if node.key is None else "$.item.key"
    scope.states.append(asl.copied(name, source, f"$.scope.{facts.slot(way.here)}.item", start))
    return name


def calls_first(piece: Piece) -> bool:
    """Whether the worker is called before there are any branches."""
    while not isinstance(piece, EngineTask):
        node: Node = piece.node
        if isinstance(node, WithParams) and not node.computed:
            piece = piece.parts[0]
        elif isinstance(node, Branch | MapEach | WithParams):
            return True
        elif isinstance(node, _FIRST) and piece.parts:
            piece = piece.parts[0]
        else:
            return False
    return True


def at_once(facts: Facts, here: PieceAt) -> int:
    """How many items a map does at once: its own bound, or that of the pool; 0 is no bound."""
    node = cast("MapEach[Any, Any]", here.piece.node)
    around = here.visit.around
    while around is not None and isinstance(around.node, Named | WithParams):
        around = around.around
    bounds = [node.at_once]
    for each in (_inside_names(node.body), around and around.node):
        if isinstance(each, InPool) and each.pool in facts.pools:
            bounds.append(facts.pools[each.pool].at_once)
    return min([most for most in bounds if most is not None], default=0)


def is_rated(facts: Facts, node: Node) -> bool:
    """Whether a node is a pool with so many starts in a time."""
    pool = facts.pools.get(node.pool) if isinstance(node, InPool) else None
    return pool is not None and pool.starts is not None


def _inside_names(node: Node) -> Node:
    while isinstance(node, Named | WithParams):
        node = node.body
    return node
