"""What do parts give together: side by side, item by item, as steps of a graph?"""

from __future__ import annotations

from typing import Any

from returns.result import Failure, Success

from fwf.algebra.nodes import Graph, MapEach, Par
from fwf.faults import Fault, both
from fwf.forms.refusal import Refused
from fwf.interpreters.engines.worker.called_part import Here
from fwf.interpreters.engines.worker.context import Context, Item, Outcome
from fwf.interpreters.engines.worker.unwind import failure, unwind
from fwf.machine.arguments import as_tuple
from fwf.machine.part import Part
from fwf.records import changed
from fwf.types.arrival import value_kind


def join(here: Here) -> Context:
    """The values of parts side by side, or all their faults."""
    node = here.part.node
    if not isinstance(node, Par):
        raise Refused("/do", "join is for a par")
    _check_count(here, len(node.parts))
    bad = _bad(here, here.call.parts)
    if bad is not None:
        return bad
    return _together(here, tuple([here.value_of(out) for out in here.call.parts]))


def gather(here: Here) -> Context:
    """What was done with each item of a list, or all faults."""
    node = here.part.node
    if not isinstance(node, MapEach):
        raise Refused("/do", "gather is for a map_each")
    items, parts = here.context.out.items, here.call.parts
    _check_count(here, len(items))
    if node.on_error != "collect" or any(out.word == "held" or out.cut for out in parts):
        bad = _bad(here, parts)
        if bad is not None:
            return bad
        return _together(here, [here.value_of(out) for out in parts])
    values: list[Any] = []
    degraded: list[str] = []
    for item, out in zip(items, parts, strict=True):
        if out.fault is not None:
            values.append(Failure(here.fault_of(out)))
            degraded.append(_path_of(here, item))
        else:
            values.append(Success(here.value_of(out)))
    return _together(here, values, tuple(degraded))


def pick(here: Here) -> Context:
    """What a step of a graph is given; absent if a step failed that it waits for."""
    node, parts = _graph(here), here.call.parts
    if not 0 <= here.call.step < len(node.steps):
        raise Refused("/step", f"of {len(node.steps)} steps there is no {here.call.step}")
    if any(out.value is None for out in parts):
        return here.context.giving(Outcome("absent", value=None))
    step = node.steps[here.call.step]
    inputs = _inputs(here, node)
    if inputs is None:
        return here.context.giving(failure(here, _wrong_count(here, node)))
    sources = [at for at in step.inputs if at >= 0]
    if len(parts) < len(sources):
        raise Refused("/parts", f"step {here.call.step} takes what {len(sources)} others gave")
    there = dict(zip(sources, parts, strict=False))
    values = tuple([here.value_of(there[at]) if at >= 0 else inputs[-1 - at] for at in step.inputs])
    before = _degraded(here, parts)
    value = here.pack(values[0] if len(values) == 1 else values or None)
    return here.context.giving(here.fine(value, before))


def end(here: Here) -> Context:
    """What the steps of a graph give together, or all faults."""
    node, parts = _graph(here), here.call.parts
    _check_count(here, len(node.steps))
    bad = _bad(here, tuple(out for out in parts if out.word != "absent"))
    if bad is not None:
        return bad
    inputs = _inputs(here, node)
    if inputs is None:
        return unwind(here, _wrong_count(here, node))

    def value(at: int) -> Any:
        return here.value_of(parts[at]) if at >= 0 else inputs[-1 - at]

    outputs = node.outputs
    result = value(outputs) if isinstance(outputs, int) else tuple([value(at) for at in outputs])
    return _together(here, result)


def _graph(here: Here) -> Graph[Any, Any]:
    node = here.part.node
    if not isinstance(node, Graph):
        raise Refused("/do", f"{here.call.do} is for a graph")
    return node


def _inputs(here: Here, node: Graph[Any, Any]) -> tuple[Any, ...] | None:
    """What a graph is given, as many values as it takes; None if it isn't as many."""
    arity = max(node.arity, 1)
    inputs = (here.value,) if arity == 1 else as_tuple(here.value)
    return inputs if inputs is not None and len(inputs) == arity else None


def _wrong_count(here: Here, node: Graph[Any, Any]) -> Fault:
    kind = value_kind(here.value)
    return here.bad_input(f"takes a tuple of {max(node.arity, 1)} inputs but is given {kind}")


def _check_count(here: Here, count: int) -> None:
    outcomes = len(here.call.parts)
    if outcomes != count:
        raise Refused("/parts", f"there are {outcomes} outcomes, of {count} parts")


def _bad(here: Here, parts: tuple[Outcome, ...]) -> Context | None:
    """How the whole ends if a part of it isn't fine; None if all are."""
    here.count(parts)
    on_hold = [out for out in parts if out.word == "held"]
    wrong = on_hold or [out for out in parts if out.fault is not None]
    if not wrong:
        return None
    fault: Fault = both(here.fault_of(out) for out in wrong)
    return here.hold(fault) if on_hold else unwind(here, fault, cut=any(out.cut for out in wrong))


def _together(here: Here, value: Any, more: tuple[str, ...] = ()) -> Context:
    """The whole gave a value; its parts' places count where they aren't what was meant."""
    before = (*_degraded(here, here.call.parts), *more)
    here.context = here.context.giving(changed(here.context.out, degraded=before))
    return here.ok(value)


def _degraded(here: Here, parts: tuple[Outcome, ...]) -> tuple[str, ...]:
    fine = (out for out in parts if out.value is not None)
    paths = [*here.context.out.degraded, *(path for out in fine for path in out.degraded)]
    return tuple(dict.fromkeys(paths))


def _path_of(here: Here, item: Item) -> str:
    """The path of an item's part."""
    body = here.part.visit.parts()[0]
    return Part(body, (*here.part.items, item.name)).path
