"""The smallest engine: it routes by the words that workers answer, and knows nothing else.

It does what engines have constructs for: one task after another, branches side by side, items, an
arrow back, a way for failures, what is copied to be used again. All that goes to the worker and
comes back goes through the text of calls and contexts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

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
    Par,
    Retry,
    Seq,
    WithParams,
)
from fwf.algebra.traverse import Visit, visit
from fwf.algebra.workflow import Workflow
from fwf.interpreters.engines.worker.call import call_to_json
from fwf.interpreters.engines.worker.context import END, slot_of
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from fwf.interpreters.run import Clock, SystemClock
from fwf.machine.part import Part

ROUTED: tuple[type, ...] = (
    Always, AsResult, Branch, Extension, Fallback, Graph, InPool, LoopUntil, MapEach, Named, Par,
    Retry, Seq, WithParams,
)  # fmt: skip
"""The nodes that it has constructs for."""
NOWHERE = Places(None, None)
Context = dict[str, Any]
TARGET = "routing:w"


class Routing:
    """One run of a workflow.

    blocks: kinds of nodes that it leaves to one task, with all that is in them.
    worker: a call's text ⟶ the context's; if None, here.
    pass_time: what is done while it waits, for so long.
    limit, most: what calls say of values and of items.
    """

    def __init__(
        self,
        w: Workflow[Any, Any],
        *,
        loaded: Loaded | None = None,
        blocks: Collection[type] = (),
        clock: Clock | None = None,
        places: Places = NOWHERE,
        worker: Callable[[str], str] | None = None,
        pass_time: Callable[[timedelta], object] = lambda _: None,
        limit: int | None = None,
        most: int | None = None,
    ) -> None:
        self.w = w
        self.loaded = loaded or Loaded.of(w)
        self.blocks = tuple(blocks)
        self.clock = clock or SystemClock()
        self.places = places
        self.worker = worker or self._here
        self.pass_time = pass_time
        self.limit, self.most = limit, most
        self.calls: list[dict[str, Any]] = []
        self.nodes: list[Node] = []
        """What was run by workers."""

    def run(self, start: Mapping[str, Any]) -> Context:
        """What a person starts it with ⟶ the last context."""
        here = visit(self.w)
        context = self._call("begin", here, {**start, "started": datetime.now(UTC).isoformat()})
        return context if "fault" in context["out"] else self._do(here, context)

    def _here(self, text: str) -> str:
        given = json.loads(text)
        found = answer_call(given, load=lambda _: self.loaded, places=self.places, clock=self.clock)
        return json.dumps(found)

    def _call(self, do: Any, here: Visit, given: Any, **others: Any) -> Context:
        part = Part(here)
        said = call_to_json(do, TARGET, part.id, part.static_path, limit=self.limit, **others)
        call = {**said, "in": given}
        self.calls.append(call)
        if do == "run":
            self.nodes.append(here.node)
        found: Context = json.loads(self.worker(json.dumps(call)))
        return found

    def _do(self, here: Visit, context: Context) -> Context:
        node = here.node
        if not isinstance(node, ROUTED) or isinstance(node, self.blocks):
            return self._call("run", here, context)
        return self._itself(here, node, context)

    def _itself(self, here: Visit, node: Any, context: Context) -> Context:
        parts = here.parts()
        match node:
            case Seq():
                for part in parts:
                    if _failed(context):
                        break
                    context = self._do(part, context)
                return context
            case Named() | InPool() | Extension():
                return self._do(parts[0], context)
            case WithParams():
                return self._with_params(here, node, parts[0], context)
            case Par() if not node.fail_fast:
                outs = [self._do(part, context)["out"] for part in parts]
                return self._call("join", here, context, parts=outs)
            case MapEach() if node.on_error != "fail_fast":
                return self._map(here, parts[0], context)
            case Graph():
                return self._graph(here, node, parts, context)
            case Branch():
                chosen = self._call("choose", here, context)
                if _failed(chosen):
                    return chosen
                return self._do(parts[0 if chosen["out"]["word"] == "then" else 1], chosen)
            case LoopUntil() if node.within is None:  # else it is about real time
                return self._loop(here, parts[0], context)
            case Retry() | Fallback() | AsResult() | Always():
                return self._handling(here, node, parts, context)
            case _:
                return self._call("run", here, context)

    def _with_params(self, here: Visit, node: Any, body: Visit, context: Context) -> Context:
        if node.computed:
            context = self._call("bind", here, context)
        return context if _failed(context) else self._do(body, context)

    def _map(self, here: Visit, body: Visit, context: Context) -> Context:
        more = {} if self.most is None else {"most": self.most, "room": 100_000}
        context = self._call("spread", here, context, **more)
        if context["out"]["word"] == "block":
            return self._call("run", here, context)
        if _failed(context):
            return context
        outs = [
            self._do(body, {**context, "item": item, "out": _given(item["value"])})["out"]
            for item in context["out"]["items"]
        ]
        return self._call("gather", here, context, parts=outs)

    def _graph(self, here: Visit, node: Any, parts: list[Visit], context: Context) -> Context:
        outs: list[dict[str, Any]] = []
        for at, step in enumerate(node.steps):
            before = [outs[each] for each in step.inputs if each >= 0]
            before += [outs[each] for each in step.after if each >= 0]
            picked = self._call("pick", here, context, parts=before, step=at)
            there = picked["out"]["word"] == "ok"
            outs.append((self._do(parts[at], picked) if there else picked)["out"])
        return self._call("end", here, context, parts=outs)

    def _loop(self, here: Visit, body: Visit, context: Context) -> Context:
        context = self._call("loop", here, context, enter=True)
        while True:
            context = self._do(body, context)
            if _failed(context):
                return context
            context = self._call("loop", here, context)
            if context["out"]["word"] != "again":
                return context

    def _handling(self, here: Visit, node: Any, parts: list[Visit], context: Context) -> Context:
        name = slot_of(Part(here))
        if not isinstance(node, AsResult):
            context = {**context, "scope": {**context["scope"], name: context["out"]}}
        context = self._do(parts[0], context)
        while isinstance(node, Retry) and _is_for(name, context):
            self.pass_time(timedelta(seconds=context["out"]["wait"]))
            context = self._do(parts[0], _routed(context))
        match node:
            case Fallback() if _is_for(name, context):
                return self._do(parts[1], _routed(context))
            case AsResult() if _is_for(name, context):
                return _routed(context)
            case AsResult() if not _failed(context):
                return self._call("wrap", here, context)
            case Always():
                return self._finally(here, parts[1], name, context)
            case _:
                return context

    def _finally(self, here: Visit, late: Visit, name: str, context: Context) -> Context:
        if _is_for(name, context):
            context = _routed(context)
        elif _failed(context):
            return context
        else:
            scope = context["scope"]
            kept = {**scope, name + END: context["out"]}
            context = {**context, "scope": kept, "out": scope[name]}
        context = self._do(late, context)
        if _failed(context) and not _is_for(name + END, context):
            return context
        return self._call("settle", here, context)


def _given(value: Any) -> dict[str, Any]:
    return {"word": "ok", "to": "", "wait": 0, "value": value}


def _is_for(name: str, context: Context) -> bool:
    """Whether a failure is taken up by the handler of this name, and not gone there yet."""
    return bool(context["out"]["to"] == name)


def _failed(context: Context) -> bool:
    """Whether it is on the way to whatever takes a failure up."""
    return bool(context["out"]["to"]) or "fault" in context["out"]


def _routed(context: Context) -> Context:
    """The context, which has come to where it was sent."""
    return {**context, "out": {**context["out"], "word": "ok", "to": ""}}
