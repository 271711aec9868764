"""Parts that run one by one at their places are, together, the run of the whole."""

from collections import Counter
from typing import Any

from hypothesis import given, strategies as st
from returns.result import Failure, Success

from fwf import always, as_result, const, fail, from_result, named
from fwf.algebra.nodes import Graph, MapEach, Par
from fwf.algebra.traverse import children, walk
from fwf.algebra.workflow import Workflow
from fwf.faults import Fault
from fwf.interpreters.dry_run import dry_run
from fwf.interpreters.engines.worker.call_forms import fault_from_text
from fwf.interpreters.engines.worker.context import outcome_from_json
from fwf.interpreters.engines.worker.packed_values import read, unpacked, values_of
from fwf.interpreters.run import VirtualClock, execute
from fwf.testing.acted_scenarios import scripted, settled
from fwf.testing.strategies import known_to, params, scenarios, taken_by, workflows
from tests.engines.routing import ROUTED, Routing
from tests.engines.worker.support import Told, said, telling


def _both(
    w: Workflow[Any, Any], scenario: Any, given: dict[str, Any], blocks: tuple[type, ...]
) -> tuple[Any, Any, Routing]:
    """What a local run gives and tells, and what the reference engine does."""
    params = taken_by(w, given)
    log: list[Told] = []
    clock = VirtualClock()
    whole = telling(scripted(w, scenario, clock), log)
    ran = execute(whole, 1, params=params, clock=clock, key="one")
    local = (*_end(ran.result), _degraded(ran.result, ran.degraded)), Counter(log)
    log.clear()
    engine = Routing(whole, clock=clock, blocks=blocks)
    glued = ended(engine, engine.run({"params": params, "value": 1, "key": "one"}))
    return local, (glued, Counter(log)), engine


def _degraded(result: Any, paths: tuple[str, ...]) -> list[str]:
    """The paths where a value isn't what was meant; of a failure nobody asks."""
    return [] if isinstance(result, Failure) else sorted(paths)


def ended(engine: Routing, context: Any) -> tuple[Any, object, list[str]]:
    """What a run gave or what its fault says, and where it isn't what was meant."""
    out = outcome_from_json(context["out"], "")
    values = values_of(engine.loaded.names, None)
    if out.fault is not None:
        return None, said(fault_from_text(unpacked(out.fault, None), engine.clock.now())), []
    assert out.value is not None
    return _plain(read(values, out.value, None, "")), None, sorted(out.degraded)


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
    assert _alike(glued, local)


@given(data=st.data(), w=workflows(), given=params())
def test_whatever_is_left_to_the_worker_as_a_block_is_the_whole(
    data: Any, w: Any, given: Any
) -> None:
    blocks = tuple(data.draw(st.sets(st.sampled_from(ROUTED))))
    scenario = known_to(w, data.draw(scenarios(w, by_attempt=False)))
    local, glued, _ = _both(w, scenario, given, blocks)
    assert _alike(glued, local)


def _alike(glued: Any, local: Any) -> bool:
    """Whether both end alike after the same steps.

    An engine tells of a place too whose fault was raised again and taken up elsewhere; and of a
    block that is tried again, nobody knows how often each of its steps was begun.
    """
    ((*end, paths), log), ((*local_end, local_paths), local_log) = glued, local
    return (
        end == local_end
        and {*local_paths} <= {*paths}
        and not (paths and not local_paths)
        and _without_attempts(log) == _without_attempts(local_log)
    )


def _without_attempts(log: Counter[Told]) -> Counter[Any]:
    return Counter((path, name, key) for path, name, _, key in log.elements())


def test_what_was_not_meant_before_a_failure_still_counts() -> None:
    broken = fail("ConnectionError", "no route")
    tolerated = as_result(as_result(always(broken, then=broken)) >> from_result) >> const(0)
    w = tolerated >> named("again", tolerated)
    assert execute(w, 1).degraded == ("fail", "again > fail")
    assert Routing(w).run({"value": 1})["out"]["degraded"] == ["fail", "again > fail"]


@given(data=st.data(), w=workflows(without=["timeout", "fail_fast"]))
def test_attempts_are_counted_as_in_a_local_run(data: Any, w: Any) -> None:
    given: dict[str, Any] = {"amount": 1, "flag": True}
    drawn = known_to(w, data.draw(scenarios(w, by_input=False)))
    dry = dry_run(w, 1, scenario=drawn, params=taken_by(w, given))
    local, glued, engine = _both(w, settled(dry), given, ())
    assert _alike(glued, local)
    assert glued[1] == local[1] or any(children(node) for node in engine.nodes)


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
    Routing(whole, clock=clock).run({"params": params, "value": 1, "key": "one"})
    assert log == local
