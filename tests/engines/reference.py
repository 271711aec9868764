"""The smallest engine: it knows a few nodes itself, and has a worker do everything else.

What goes to the worker and comes back goes through the text of orders and answers. Nothing of the
machine is used for what the engine does itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from pyrsistent import pmap
from returns.result import Failure, Success

from fwf.algebra.canonical import text_of_key
from fwf.algebra.evaluation import evaluate, test
from fwf.algebra.keys import RunName
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Extension,
    Fallback,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Retry,
    Seq,
    WithParams,
)
from fwf.algebra.schedule import drawn, each
from fwf.algebra.traverse import Visit, visit
from fwf.algebra.workflow import Workflow
from fwf.faults import Exhausted, Fault, both, matches, then
from fwf.interpreters.engines.worker import Answer, Order, work
from fwf.interpreters.engines.worker.answer import answer_from_text, answer_to_text
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.order import order_from_text, order_to_text
from fwf.interpreters.engines.worker.values import Inline, read, values_of
from fwf.interpreters.engines.worker.work import Places
from fwf.interpreters.run import Clock, SystemClock
from fwf.interpreters.run.part import Under
from fwf.machine.part import Part

NATIVE: tuple[type, ...] = (
    Always, AsResult, Branch, Extension, Fallback, InPool, LoopUntil, MapEach, Named, Par, Retry,
    Seq, WithParams,
)  # fmt: skip
"""The nodes that it knows."""
NOWHERE = Places(None, None)


class At(NamedTuple):
    """How far it has come: the items and rounds, the numbers of attempts, what was computed."""

    items: tuple[str | int, ...] = ()
    tries: tuple[int, ...] = ()
    bindings: Mapping[str, Any] = {}


class Stopped(Exception):
    """A part was held, cut or refused."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


End = tuple[Any, Fault | None]
"""A value, or a fault."""


class Engine:
    """One run of a workflow.

    blocks: kinds of nodes that it leaves to the worker, with all that is in them.
    worker: an order's text ⟶ the answer's.
    """

    def __init__(
        self,
        w: Workflow[Any, Any],
        value: Any,
        *,
        params: Mapping[str, object] | None = None,
        key: str | None = None,
        loaded: Loaded | None = None,
        blocks: Collection[type] = (),
        clock: Clock | None = None,
        places: Places = NOWHERE,
        worker: Callable[[str], str] | None = None,
    ) -> None:
        self.w = w
        self.value = value
        self.params = params or {}
        self.loaded = loaded or Loaded.of(w)
        self.blocks = tuple(blocks)
        self.clock = clock or SystemClock()
        self.places = places
        self.worker = worker or self._here
        self.values = values_of(self.loaded.names, places.blobs)
        name = RunName(self.loaded.required, self.params, value, key)
        self.under = Under.of(name, "00000000-0000-7000-8000-000000000000", datetime.now(UTC))
        self.orders: list[Order] = []
        self.nodes: list[Node] = []
        """What the worker was asked to run."""
        self._begun = Counter[tuple[str, tuple[str | int, ...], str]]()

    def run(self) -> End:
        """Do it ⟶ its value or its fault."""
        return self._do(visit(self.w), self.value, At())

    def _here(self, text: str) -> str:
        order = order_from_text(text)
        answer = work(order, load=lambda _: self.loaded, places=self.places, clock=self.clock)
        return answer_to_text(answer, self.clock.now())

    def order(self, here: Visit, value: Any, at: At) -> Order:
        """What the worker is asked at a place."""
        part = Part(here, at.items)
        begun = part.static_path, at.items, part.id
        self._begun[begun] += 1
        return Order(
            target="reference:w",
            part=part.id,
            path=part.static_path,
            under=self.under,
            items=at.items,
            value=self._packed(value),
            params=pmap({name: self._packed(each) for name, each in self.params.items()}),
            bindings=pmap({name: self._packed(at.bindings[name]) for name in part.computed}),
            tries=at.tries,
            attempt=self._begun[begun],
        )

    def _packed(self, value: Any) -> Inline:
        return Inline(self.values.settled(value)[0])

    def _by_worker(self, here: Visit, value: Any, at: At) -> End:
        order = self.order(here, value, at)
        self.orders.append(order)
        self.nodes.append(here.node)
        said = self.worker(order_to_text(order))
        answer = answer_from_text(said, self.clock.now())
        if answer.how == "ok":
            assert answer.value is not None
            return read(self.values, answer.value, self.places.blobs, ""), None
        if answer.how != "failed":
            raise Stopped(answer)
        return None, answer.fault

    def _do(self, here: Visit, value: Any, at: At) -> End:
        node = here.node
        if not isinstance(node, NATIVE) or isinstance(node, self.blocks):
            return self._by_worker(here, value, at)
        return self._itself(here, node, value, at)

    def _itself(self, here: Visit, node: Any, value: Any, at: At) -> End:
        parts = here.parts()
        match node:
            case Seq():
                return self._seq(parts, value, at)
            case Named() | InPool() | Extension():
                return self._do(parts[0], value, at)
            case Par():
                return self._par(here, node, parts, value, at)
            case MapEach():
                return self._map(here, node, parts[0], value, at)
            case LoopUntil():
                return self._loop(here, node, parts[0], value, at)
            case Branch():
                return self._branch(here, node, parts, value, at)
            case Retry():
                return self._retry(here, node, parts[0], value, at)
            case WithParams():
                return self._with_params(here, node, parts[0], value, at)
            case Fallback():
                found, fault = self._do(parts[0], value, at)
                taken = fault is not None and matches(node.on, fault, otherwise_all=True)
                return self._do(parts[1], value, at) if taken else (found, fault)
            case AsResult():
                found, fault = self._do(parts[0], value, at)
                return (Success(found) if fault is None else Failure(fault)), None
            case _:
                return self._always(parts, value, at)

    def _seq(self, parts: list[Visit], value: Any, at: At) -> End:
        fault: Fault | None = None
        for part in parts:
            value, fault = self._do(part, value, at)
            if fault is not None:
                break
        return value, fault

    def _par(self, here: Visit, node: Par[Any, Any], parts: Any, value: Any, at: At) -> End:
        if node.fail_fast:
            return self._by_worker(here, value, at)
        ends = [self._do(part, value, at) for part in parts]
        faults = [fault for _, fault in ends if fault is not None]
        return (None, both(faults)) if faults else (tuple(found for found, _ in ends), None)

    def _map(self, here: Visit, node: Any, body: Visit, value: Any, at: At) -> End:
        names = self._names(here, node, value, at)
        if node.on_error == "fail_fast" or names is None:
            return self._by_worker(here, value, at)
        ends = [
            self._do(body, item, at._replace(items=(*at.items, name)))
            for name, item in zip(names, value, strict=True)
        ]
        if node.on_error == "collect":
            return [Success(v) if f is None else Failure(f) for v, f in ends], None
        faults = [fault for _, fault in ends if fault is not None]
        return (None, both(faults)) if faults else ([found for found, _ in ends], None)

    def _names(self, here: Visit, node: Any, value: Any, at: At) -> list[str | int] | None:
        """The keys of items; None if there is anything wrong with them, which the worker tells."""
        if not isinstance(value, list | tuple):
            return None
        if node.key is None:
            return [*range(len(value))]
        try:
            params = self._env(here, at)
            names = [text_of_key(evaluate(node.key, each, params)) for each in value]
        except Exception:
            return None
        return [*names] if len({*names}) == len(names) else None

    def _loop(self, here: Visit, node: Any, body: Visit, value: Any, at: At) -> End:
        in_word = any(isinstance(each.node, Extension) for each in here.enclosing())
        if node.within is not None or in_word or not _total(node.done):
            return self._by_worker(here, value, at)
        for number in range(1, node.limit + 1):
            value, fault = self._do(body, value, at._replace(items=(*at.items, number)))
            if fault is not None or test(node.done, value, self._env(here, at)):
                return value, fault
        if node.on_limit == "stop":
            return value, None
        return None, Exhausted(Part(here, at.items).path, node.limit)

    def _branch(self, here: Visit, node: Any, arms: list[Visit], value: Any, at: At) -> End:
        try:
            chosen = test(node.predicate, value, self._env(here, at))
        except Exception:
            return self._by_worker(here, value, at)
        return self._do(arms[0 if chosen else 1], value, at)

    def _retry(self, here: Visit, node: Any, body: Visit, value: Any, at: At) -> End:
        end: End = None, None
        for number in range(1, 2 + len(self._waits(here, node, at))):
            end = self._do(body, value, at._replace(tries=(*at.tries, number)))
            if end[1] is None or not matches(node.on, end[1], otherwise_all=False):
                break
        return end

    def _waits(self, here: Visit, node: Any, at: At) -> list[timedelta]:
        """The waits between attempts, which there is no need to wait for; they may end early."""
        path = Part(here, at.items).path
        waits = each(node.wait, lambda jitter, n: drawn(jitter, n, self.under.spread, path))
        return [*islice(waits, node.attempts - 1)]

    def _with_params(self, here: Visit, node: Any, body: Visit, value: Any, at: At) -> End:
        params = self._env(here, at)
        try:
            found = {name: evaluate(expr, value, params) for name, expr in node.computed}
        except Exception:
            return self._by_worker(here, value, at)
        constant = {*node.params} - {*found}
        kept = {name: each for name, each in at.bindings.items() if name not in constant}
        return self._do(body, value, at._replace(bindings={**kept, **found}))

    def _always(self, parts: list[Visit], value: Any, at: At) -> End:
        found, fault = self._do(parts[0], value, at)
        _, late = self._do(parts[1], value, at)
        if late is None:
            return found, fault
        return None, late if fault is None else then(fault, late)

    def _env(self, here: Visit, at: At) -> Mapping[str, Any]:
        """The parameters at a place."""
        params = dict(self.params)
        for above in [*here.enclosing()][::-1]:
            node = above.node
            if isinstance(node, WithParams):
                computed = {name for name, _ in node.computed}
                constants = [name for name in node.params if name not in computed]
                params |= {name: evaluate(node.params[name], None, {}) for name in constants}
                params |= {name: at.bindings[name] for name in computed if name in at.bindings}
        return params


def _total(done: Any) -> bool:
    """Whether a condition has a value for every number; else the worker tells what is wrong."""
    try:
        return all(isinstance(test(done, n, {"amount": 1, "flag": True}), bool) for n in range(6))
    except Exception:
        return False
