"""Runs of generated workflows: exported, checked, done by the small controller, and compared."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from threading import Lock
from typing import Any

from fwf.faults import leaves
from fwf.faults.fault_form import fault_from_json
from fwf.interpreters.engines import ENGINES, Cut, ExportRequest
from fwf.interpreters.engines.argo.dags import LOST
from fwf.interpreters.engines.argo.orders import encoded, order_of
from fwf.interpreters.engines.argo.pod import FAILED, Done, asked, fault_of, pod_of
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from tests.engines.argo.checking import Tree, parsed
from tests.engines.argo.controller import Controller, Ended
from tests.engines.kit import Case, differences, end_of_outcome, end_of_result
from tests.engines.kit.agreeing import End

TARGET = "made_for_tests:made"


class Memory:
    """A store that is gone with its process."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self._lock = Lock()

    def create(self, key: str, content: bytes) -> bool:
        with self._lock:
            if key in self.objects:
                return False
            self.objects[key] = content
            return True

    def write(self, key: str, content: bytes) -> None:
        self.objects[key] = content

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def put(self, name: str, content: bytes) -> None:
        self.objects[f"values/{name}"] = content

    def get(self, name: str) -> bytes:
        return self.objects[f"values/{name}"]


def exported(case: Case, name: str = "daily") -> tuple[Cut, str]:
    """A case ⟶ how it is cut, and the text of its manifest."""
    engine = ENGINES["argo"]
    cut = engine.cut(case.workflow)
    printed = engine.load_printer()(cut, ExportRequest(TARGET, name, case.pools))
    return cut, printed.files["workflow.yaml"]


class Run:
    """One run of a case on the controller.

    twice: whether each pod is begun a second time when it has ended.
    losing: how likely a pod is killed: before it does anything, or when all is done.
    """

    def __init__(
        self, case: Case, chance: Random, *, twice: bool = False, losing: float = 0
    ) -> None:
        self.case = case
        self.memory = Memory()
        self.lost = Counter[str]()
        self.tree: Tree = parsed(exported(case)[1])
        self._chance = chance
        self._twice = twice
        self._losing = losing
        self.slept: list[float] = []
        self.controller = Controller(self.tree, self._pod, chance)

    def end(self) -> End:
        """Run it ⟶ how it ended; of several faults, in no order."""
        phase = self.controller.run(run=encoded(self.case.start), store="memory://")
        if phase == "Succeeded":
            return end_of_outcome(self.case, self._last()["out"], self.memory)
        return "failed", self._faults()

    def differences(self) -> list[str]:
        """All in which it differs from the dry run."""
        end = self.end()
        wanted = end_of_result(self.case.dry.result)
        if wanted[0] == "failed":
            wanted = "failed", sorted(map(repr, wanted[1][1]))
        ends = [] if end == wanted else [f"it ends with {end}, and should with {wanted}"]
        more = differences(self.case, end_of_result(self.case.dry.result))
        return [*ends, *more]

    def _last(self) -> Any:
        for task in self._tasks():
            order = order_of(task["order"])
            if order.last:
                return json.loads(self.memory.objects[f"runs/0b1c-uid/{order.name}@r.json"])
        raise AssertionError("no pod is the last one")

    def _tasks(self) -> list[dict[str, str]]:
        tasks = [
            t
            for each in self.tree["spec"]["templates"]
            for t in each.get("dag", {}).get("tasks", [])
        ]
        given = [{e["name"]: e["value"] for e in t["arguments"]["parameters"]} for t in tasks]
        return [each for each in given if "order" in each]

    def _faults(self) -> list[str]:
        """What the failed pods have told, as the kit says faults."""
        found: list[str] = []
        for key, content in self.memory.objects.items():
            if key.endswith(".failed.json"):
                out = fault_of(json.loads(content))
                packed = out["fault"]
                assert "text" in packed or "ref" in packed
                text = packed.get("text") or self.memory.get(packed["ref"]).decode()
                fault = fault_from_json(json.loads(text))
                found += [
                    repr((type(leaf).__name__, leaf.path, leaf.tags, leaf.message))
                    for leaf in leaves(fault)
                ]
        return sorted(found)

    def _pod(self, args: list[str], env: dict[str, str]) -> Ended:
        assert env == {"FWF_STORE": "memory://"}
        assert all(arg.isascii() for arg in args)
        given = asked(args)
        assert given["target"] == TARGET
        pod = f"{order_of(given['order']).name}@{given['at']}"
        if self._is_lost(pod):  # before it has begun
            return Ended(self._chance.choice([137, -1]), {})
        done = self._done(given)
        if self._twice and done.status == 0:
            again = self._done(given)
            assert (again.word, again.items) == (done.word, done.items)
        if done.status != FAILED and self._is_lost(pod):  # when it had done what it was to do
            return Ended(self._chance.choice([137, -1]), {})
        return Ended(done.status, {"word": done.word, "items": done.items, "round": done.round})

    def _is_lost(self, pod: str) -> bool:
        lost = self.lost[pod] < LOST and self._chance.random() < self._losing
        self.lost[pod] += lost
        return lost

    def _done(self, given: dict[str, str]) -> Done:
        places = Places(None, self.memory)

        def call(asked: Any) -> dict[str, Any]:
            return answer_call(asked, load=lambda _: self.case.loaded, places=places)

        return pod_of(given, self.memory, call=call, sleep=self.slept.append).done()
