"""One word for one thing: how runs and dry runs end, what reads a document, and what is public."""

import json
import subprocess
import sys
from typing import Any

import pytest
from returns.result import Failure, Result, Success

import fwf
from fwf import (
    Pool,
    Scenario,
    VirtualClock,
    Workflow,
    always,
    branch,
    const,
    delay,
    dry_run,
    execute,
    fail,
    fallback,
    identity,
    in_pool,
    it,
    load,
    loop_until,
    map_each,
    named,
    par,
    param,
    pure,
    retry,
    run,
    seconds,
    timeout,
    with_params,
)
from tests.cli_support import ROOT, environment

ENDINGS: dict[str, Workflow[Any, Any]] = {
    "a value": pure(it + 1),
    "None": const(None),
    "a declared error": fail("NoRows", "none"),
    "no such field": pure(it.missing),
    "a missing parameter": pure(param("day", str)),
    "a parameter": with_params(pure(param("day", str)), day="x"),
    "two faults": par(fail("A"), fail("B")),
    "a fault and that of a finaliser": always(fail("A"), then=fail("B")),
    "too late": timeout(delay(seconds(2)), seconds(1)),
    "too many rounds": loop_until(pure(it - 1), it < 0, limit=2),
    "tried in vain": retry(fail("A"), attempts=2),
    "caught": fallback(fail("A"), identity, on="A"),
    "collected": const([1]) >> map_each(fail("A"), on_error="collect"),
    "one arm": branch(it > 9, then=const("big"), otherwise=const("small")),
    "in a pool, under a name": named("n", in_pool(identity, "vendor")),
}


@pytest.mark.parametrize("w", ENDINGS.values(), ids=ENDINGS)
def test_run_execute_and_dry_run_end_in_one_kind_of_result(w: Workflow[Any, Any]) -> None:
    ended = run(w, 5, clock=VirtualClock())
    assert isinstance(ended, Result)
    assert execute(w, 5, clock=VirtualClock()).result == ended
    assert dry_run(w, 5).result == ended


def test_a_plan_and_a_scenario_are_read_or_not_in_one_way() -> None:
    for read in (load, Scenario.from_json, Scenario.from_toml, Scenario.load):
        assert isinstance(read("{"), Failure)
    assert isinstance(Scenario.from_json("{}"), Success)
    assert "plan" in str(load("{}").failure()) and "JSON" in str(Scenario.from_json("").failure())


def test_what_is_public_comes_when_it_is_asked_for() -> None:
    code = (
        "import sys, json, fwf; late = [*fwf._HOME]\n"
        "early = [each for each in sys.modules if each.startswith('fwf.interpreters')]\n"
        "got = {each: getattr(getattr(fwf, each), '__name__', each) for each in late}\n"
        "print(json.dumps([early, got]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, check=True
    )
    early, got = json.loads(done.stdout)
    assert early == [] and got == {name: name for name in got}
    assert {"execute", "Pool", "Clock", "SystemClock", "VirtualClock", "Ran", "DryRun"} <= {*got}
    assert {*got} <= {*dir(fwf)}


def test_limit_is_a_count_and_nothing_else() -> None:
    """Of combinators: a part that goes in a pool is no limit, and what time allows is `within`."""
    from inspect import signature

    takes = {
        name: {each.name: each.annotation for each in signature(made).parameters.values()}
        for name in fwf.__all__
        if callable(made := getattr(fwf, name))
        and not isinstance(made, type)
        and not isinstance(made, Workflow)
        and made is not it
    }
    limits = {name: parts["limit"] for name, parts in takes.items() if "limit" in parts}
    assert limits == dict.fromkeys(["loop_until", "poll", "paginate", "recursive"], "int")
    assert "limit" not in fwf.__all__
    assert {takes["timeout"]["within"]} == {"timedelta"}
    assert Pool(2) == Pool(at_once=2)
