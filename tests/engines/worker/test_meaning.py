"""Parts that run one by one at their places are, together, the run of the whole."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from fwf.algebra.nodes import Graph, MapEach, Par
from fwf.algebra.traverse import children, walk
from fwf.algebra.workflow import Workflow
from fwf.faults import Fault
from fwf.interpreters.dry_run import dry_run
from fwf.interpreters.run import VirtualClock, execute
from fwf.testing.scripts import scripted, settled
from fwf.testing.strategies import known_to, params, scenarios, taken_by, workflows
from tests.engines.reference import NATIVE, Engine
from tests.engines.worker.support import Told, said, telling


def _both(
    w: Workflow[Any, Any], scenario: Any, given: dict[str, object], blocks: tuple[type, ...]
) -> tuple[Any, Any, Engine]:
    """What a local run gives and tells, and what the reference engine does."""
    params = taken_by(w, given)
    log: list[Told] = []
    clock = VirtualClock()
    whole = telling(scripted(w, scenario, clock), log)
    ran = execute(whole, 1, params=params, clock=clock, key="one")
    local = _end(ran.result), Counter(log)
    log.clear()
    engine = Engine(whole, 1, params=params, key="one", clock=clock, blocks=blocks)
    found, fault = engine.run()
    return local, ((None if fault else _plain(found), said(fault)), Counter(log)), engine


def _end(result: Any) -> tuple[Any, object]:
    if isinstance(result, Failure):
        fault: Fault = result.failure()
        return None, said(fault)
    return _plain(result.unwrap()), None


def _plain(value: Any) -> Any:
    """A value, and what its faults say."""
    if isinstance(value, Failure):
        return "failure", said(value.failure())
    if isinstance(value, Success):
        return "success", _plain(value.unwrap())
    return [*map(_plain, value)] if isinstance(value, list | tuple) else value


@given(data=st.data(), w=workflows(), given=params())
def test_leaves_one_by_one_are_the_whole(data: Any, w: Any, given: Any) -> None:
    scenario = known_to(w, data.draw(scenarios(w, by_attempt=False)))
    local, glued, _ = _both(w, scenario, given, ())
    assert glued == local


@given(data=st.data(), w=workflows(), given=params())
def test_whatever_is_left_to_the_worker_as_a_block_is_the_whole(
    data: Any, w: Any, given: Any
) -> None:
    blocks = tuple(data.draw(st.sets(st.sampled_from(NATIVE))))
    scenario = known_to(w, data.draw(scenarios(w, by_attempt=False)))
    local, glued, _ = _both(w, scenario, given, blocks)
    assert _without_attempts(glued) == _without_attempts(local)


def _without_attempts(found: Any) -> Any:
    """Of a block that is tried again, nobody knows how often each of its steps was begun."""
    end, log = found
    return end, Counter((path, name, key) for path, name, _, key in log.elements())


@given(data=st.data(), w=workflows(without=["timeout", "fail_fast"]))
def test_attempts_are_counted_as_in_a_local_run(data: Any, w: Any) -> None:
    given: dict[str, object] = {"amount": 1, "flag": True}
    drawn = known_to(w, data.draw(scenarios(w, by_input=False)))
    dry = dry_run(w, 1, scenario=drawn, params=taken_by(w, given))
    local, glued, engine = _both(w, settled(dry), given, ())
    assert glued == local or any(children(node) for node in engine.nodes)


@given(data=st.data(), w=workflows(without=["timeout", "graph", "map_each"]), given=params())
def test_the_order_is_that_of_a_local_run(data: Any, w: Any, given: Any) -> None:
    if any(isinstance(each.node, Par | Graph | MapEach) for each in walk(w)):
        return
    scenario = known_to(w, data.draw(scenarios(w, by_attempt=False)))
    params = taken_by(w, given)
    log: list[Told] = []
    clock = VirtualClock()
    whole = telling(scripted(w, scenario, clock), log)
    execute(whole, 1, params=params, clock=clock, key="one")
    local = [*log]
    log.clear()
    Engine(whole, 1, params=params, key="one", clock=clock).run()
    assert log == local
