"""Cases of the kit of which each attempt does the same, so that one that is begun again changes
nothing; some of their steps must not be begun twice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fwf.algebra.nodes import Node, Task
from fwf.algebra.traverse import fold, parts_of, rewritten
from fwf.algebra.workflow import Workflow
from fwf.records import changed
from fwf.worlds.scenario import EMPTY, Scenario
from fwf.worlds.task_script import Script
from tests.engines.kit import Case, case_of, options

TAKES = (0.1, 0.5)
_MODULE = '''"""Made by a test: a workflow, and what there is for it."""

from pathlib import Path

from tests.engines.dask.kills import steady

case = steady({seed})
case.actor.log = Path({log!r})
workflow, resources, pools = case.workflow, case.resources, case.pools
'''


def steady(seed: int) -> Case:
    """Seed ⟶ the case; steps that say nothing of their effect are unrepeatable."""
    case = case_of(seed, options(takes=TAKES, without=("large",)))
    case.scenario = _steady(case.scenario.paths)
    case.actor.scripts = case.scenario.paths
    case.workflow = _once(case.workflow)
    return case


def _steady(scripts: Mapping[str, Script]) -> Scenario:
    scenario = EMPTY
    for path, script in scripts.items():
        gives: dict[str, Any] = {"gives_by": script.by}
        if script.by is None:
            gives = {"gives": script.outputs[0]}
        failure = script.failure(0)
        scenario = scenario.at(
            path, **gives, **({} if failure is None else {"fails": failure}),
            takes=script.durations[:1] or None,
        )  # fmt: skip
    return scenario


def _once(w: Workflow[Any, Any]) -> Workflow[Any, Any]:
    def step(node: Node, parts: tuple[Node, ...]) -> Node:
        if not isinstance(node, Task) or node.contract.effect is not None:
            return node if isinstance(node, Task) else rewritten(node, parts)
        return changed(node, contract=changed(node.contract, effect="unrepeatable"))

    return fold(step, w, parts_of=parts_of)  # type: ignore[return-value]


def written(case: Case, folder: Path) -> str:
    """Write the module of a case into a folder ⟶ the target."""
    name = f"dask_kills_{case.seed}"
    case.actor.log = folder / f"{name}.log"
    text = _MODULE.format(seed=case.seed, log=str(case.actor.log))
    (folder / f"{name}.py").write_text(text)
    return f"{name}:workflow"
