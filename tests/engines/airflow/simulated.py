"""Airflow as far as plans go: tasks behind those that they wait for, retries, items, XComs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from fwf.interpreters.engines.airflow.doing import (
    ABSENT,
    CAME,
    Context,
    Ended,
    begun,
    came,
    chunks,
    done,
    gathered,
    item_done,
    listed,
)
from fwf.interpreters.engines.airflow.steps import Plan, Step, in_one

Ask = Callable[[Mapping[str, Any]], Context]


class Simulated:
    """One run of a plan. What goes from task to task goes as JSON.

    retries: whether Airflow can try again as a policy says.
    """

    def __init__(self, plan: Plan, ask: Ask, *, most: int = 1_024, retries: bool = True) -> None:
        self.plan = plan
        self._ask = ask
        self._most = most
        self._retries = retries
        self._xcoms: dict[tuple[str, int, str], str] = {}
        self._counts: dict[str, int] = {}
        self.states: dict[str, str] = {}
        self.failures: list[Context] = []

    def run(self, start: Mapping[str, Any]) -> Context | None:
        """What a run is started with ⟶ what the workflow gives; None if something failed."""
        for step in self.plan.steps:
            before = [self.states[task] for task in step.upstream]
            if any(state in ("failed", "upstream_failed") for state in before):
                self.states[step.id] = "upstream_failed"
                continue
            self.states[step.id] = self._do(step, start)
        if self.failures:
            return None
        return came(self.plan.result, self._pull, self._ask)

    def _do(self, step: Step, start: Mapping[str, Any]) -> str:
        match step.kind:
            case "begin":
                return self._kept(step, -1, begun(step, self._ask, start))
            case "call":
                return self._kept(
                    step,
                    -1,
                    self._tried(step, lambda a, s: done(s, self._pull, self._ask, again=a)),
                )
            case "spread":
                ended = listed(step, self._pull, self._ask, self._most)
                for key, items in chunks(ended.items).items():
                    self._push(step.id, -1, key, items)
                self._counts[step.id] = len(ended.items)
                return self._kept(step, -1, ended)
            case "item":
                return self._items(step)
            case "gather":
                item = step.behind[0]
                return self._kept(
                    step, -1, gathered(step, self._pull, self._ask, self._out_of(item))
                )

    def _out_of(self, task: str) -> Callable[[int], Any]:
        def out(at: int) -> Any:
            found = self._pull(task, CAME, at)
            return found and found["out"]

        return out

    def _items(self, step: Step) -> str:
        assert step.mapped is not None
        states = {
            self._kept(
                step,
                at,
                self._tried(
                    step,
                    lambda a, s, at=at: item_done(s, at, self._pull, self._ask, again=a),  # type: ignore[misc]
                ),
            )
            for at in range(self._counts[step.mapped.spread])
        }
        return "failed" if "failed" in states else "success" if states else "skipped"

    def _tried(self, step: Step, attempt: Callable[[Context | None, Step], Ended]) -> Ended:
        if step.retried is not None and not self._retries:
            return attempt(None, in_one(step))
        ended = attempt(None, step)
        while ended.how == "again":
            ended = attempt(json.loads(json.dumps(ended.context)), step)
        return ended

    def _kept(self, step: Step, at: int, ended: Ended) -> str:
        if ended.how == "failed":
            self.failures.append(ended.context)
            return "failed"
        self._push(step.id, at, CAME, ABSENT if ended.how == "absent" else ended.context)
        return "skipped" if ended.how == "absent" else "success"

    def _push(self, task: str, at: int, key: str, value: Any) -> None:
        assert (task, at, key) not in self._xcoms
        self._xcoms[task, at, key] = json.dumps(value)

    def _pull(self, task: str, key: str, at: int = -1) -> Any:
        found = self._xcoms.get((task, at, key))
        return None if found is None else json.loads(found)
