"""When two workflows are the same: content digests of their syntax."""

from collections.abc import Hashable
from typing import Any, assert_never, cast

from pyrsistent import PMap, pmap

from fwf.algebra.builder import It, expr_of
from fwf.algebra.contract import Contract, Injected
from fwf.algebra.expr import Call, Const, Expr, Get, Input, Op, OrElse, Param, Present
from fwf.algebra.extensions import field_names, workflows_in
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
from fwf.algebra.plain_values import digest, encode, freeze
from fwf.algebra.schedule import Schedule
from fwf.algebra.traverse import fold, parts_of
from fwf.algebra.workflow import AnyWorkflow, as_workflow, set_digest
from fwf.types.hints import name_of


def digest_of(w: AnyWorkflow) -> bytes:
    """Workflow ⟶ 16 bytes, equal for equal workflows; kept on every node that it visits."""
    todo: list[tuple[Node, tuple[Node, ...] | None]] = [(cast(Node, w), None)]
    while todo:
        node, parts = todo.pop()
        if hasattr(node, "digest"):
            continue
        if parts is None:
            parts = parts_of(node)
            missing = [(part, None) for part in parts if not hasattr(part, "digest")]
            if missing:
                todo.append((node, parts))
                todo.extend(missing)
                continue
        set_digest(node, digest(own_bytes(node), _notes(node), *[part.digest for part in parts]))
    return w.digest


def _notes(node: Node) -> bytes:
    if not isinstance(node, Named):
        return b""
    notes: PMap[str, object] = node.notes
    return encode(notes) if notes else _NO_NOTES


_NO_NOTES = encode(freeze({}))


def definition_id(w: AnyWorkflow) -> str:
    """Workflow ⟶ 32 hexadecimal digits that name its definition, on every machine.

    Names, tasks' versions and contracts count; notes don't, nor do function bodies.
    """
    return definition_digest(as_workflow(w, "definition_id")).hex()


def definition_digest(w: AnyWorkflow, digests: dict[Hashable, bytes] | None = None) -> bytes:
    """Workflow ⟶ the 16 bytes of its `definition_id`; `digests` keeps those of its parts."""

    def step(node: Node, parts: tuple[bytes, ...]) -> bytes:
        return digest(own_bytes(node), *parts)

    return fold(step, w, results=digests, parts_of=parts_of)


def normal_id(w: AnyWorkflow) -> str:
    """Workflow ⟶ 32 hexadecimal digits, the same for workflows that the laws of level S equate.

    The `definition_id` of the normal form: names and notes don't count.
    """
    from fwf.analysis.normal_form import normal_form  # which compares by digests itself

    return digest_of(normal_form(w)).hex()


def own_bytes(node: Node) -> bytes:
    """What a node says itself, without its parts and its notes."""
    return encode((type(node).__name__, *_identifying_parts(node)))


def _identifying_parts(node: Node) -> tuple[object, ...]:
    match node:
        case Task():
            return (node.name, node.version, node.config, *_contract(node.contract))
        case Pure():
            return (expr_plain(node.expr),)
        case Fail():
            words = node.message
            return (node.tag, words if isinstance(words, str) else ("expr", expr_plain(words)))
        case Delay():
            return (node.duration,)
        case Seq():
            return (len(node.parts),)
        case Par():
            return (len(node.parts), node.fail_fast)
        case Branch():
            return (expr_plain(node.predicate),)
        case LoopUntil():
            return (expr_plain(node.done), node.limit, node.within, node.on_limit)
        case MapEach():
            key = None if node.key is None else expr_plain(node.key)
            return (key, node.at_once, node.on_error)
        case Graph():
            steps = [(step.inputs, step.after) for step in node.steps]
            return (*steps, node.outputs, node.arity)
        case Retry():
            return (node.attempts, schedule_plain(node.wait), node.on)
        case Timeout():
            return (node.within,)
        case Fallback():
            return (node.on,)
        case Always() | AsResult() | FromResult():
            return ()
        case WithParams():
            params = {name: expr_plain(expr) for name, expr in node.params.items()}
            return (pmap(params), node.resources)
        case InPool():
            return (node.pool,)
        case Named():
            return (node.name,)
        case Extension():
            fields = [(name, field_plain(getattr(node, name))) for name in field_names(type(node))]
            return (type(node).__module__, type(node).__qualname__, *fields)
        case _:
            assert_never(node)


def field_plain(value: Any) -> object:
    """An extension's field ⟶ plain data that says the same; of workflows, how many there are."""
    flows = workflows_in(value)
    if flows:
        return ("parts", len(flows)) if type(value) is tuple else ("part",)
    if isinstance(value, It):
        return ("it", expr_plain(expr_of(value)))
    if isinstance(value, Expr):
        return ("expr", expr_plain(value))
    if isinstance(value, Schedule):
        return ("schedule", schedule_plain(value))
    return ("value", freeze(value))


def _contract(contract: Contract) -> tuple[object, ...]:
    inputs = tuple((each.name, name_of(each.type)) for each in contract.inputs)
    injected = tuple(
        (each.name, name_of(each.type), each.kind, each.optional, *_default(each))
        for each in contract.injected
    )
    effects = (contract.effect, contract.reads, contract.writes, contract.duration)
    how = (contract.isolate, contract.is_async)  # in which way a deadline ends it
    return (inputs, name_of(contract.output), injected, *effects, *how)


def _default(each: Injected) -> tuple[object, ...]:
    return (each.default,) if each.optional else ()


def expr_plain(expr: Expr) -> object:
    """Expression ⟶ plain data that says the same."""
    match expr:
        case Input():
            return ("it",)
        case Const(value):
            return ("const", value)
        case Param(name, kind):
            return ("param", name, name_of(kind))
        case Get(of, key):
            return ("get", expr_plain(of), key)
        case Present(of):
            return ("present", expr_plain(of))
        case OrElse(of, default):
            return ("or_else", expr_plain(of), expr_plain(default))
        case Call(function, of):
            return ("call", place_of(function), expr_plain(of))
        case Op(symbol, args):
            return ("op", symbol, *map(expr_plain, args))
        case _:
            assert_never(expr)


def schedule_plain(schedule: Schedule) -> object:
    """Schedule ⟶ plain data that says the same."""
    parts: list[object] = [type(schedule).__name__]
    for name in schedule.__match_args__:
        value: object = getattr(schedule, name)
        parts.append(schedule_plain(value) if isinstance(value, Schedule) else value)
    return tuple(parts)
