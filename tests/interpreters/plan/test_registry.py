"""What names stand for: what the registry has, and without one, stand-ins."""

import enum
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from returns.result import Failure, Success

from fwf import branch, const, it, param, pure, retry, run, seq, task
from fwf.algebra.traverse import walk
from fwf.interpreters.dry_run import dry_run
from fwf.interpreters.needs import needs
from fwf.interpreters.plan import load, plan, registry
from fwf.records import changed
from tests import samples


@task(effect="read")
def counted(*, day: date) -> int:
    return day.year


def test_a_loaded_workflow_has_the_registrys_own_tasks_and_runs() -> None:
    w = counted >> pure(it + 1)
    found = load(plan(w), registry(w)).unwrap()
    tasks = [here.node for here in walk(found) if here.node == counted]
    assert tasks[0].fn is counted.fn  # type: ignore[union-attr]
    assert run(found, params={"day": date(2026, 1, 1)}) == Success(2027)


def test_a_workflow_of_stand_ins_is_dry_run_but_not_run() -> None:
    w = retry(counted, attempts=3) >> pure(it + 1)
    found = load(plan(w)).unwrap()
    assert found == w
    assert repr(found) == repr(w)
    assert needs(found).parameters[0].type == "date"
    assert dry_run(found, params={"day": date(2026, 1, 1)}).attempts == 1
    fault = run(found, params={"day": date(2026, 1, 1)}).failure()
    assert "load the plan with the registry that has it" in str(fault)
    assert fault.tags[0] == "NameError"


def test_a_task_that_has_changed_under_the_same_version_is_refused() -> None:
    text = plan(samples.load)
    now = changed(samples.load, contract=changed(samples.load.contract, effect="unrepeatable"))
    said = str(load(text, registry(now)).failure())
    assert said == (
        f"/tasks/0: load@2 in the registry, load ({samples.load.place}), differs from the plan's "
        "in effect: write the plan anew, or give the task another version"
    )


def test_a_task_that_is_missing_is_named_with_what_there_is() -> None:
    text = plan(samples.load)
    assert str(load(text, registry()).failure()) == "/tasks/0: the registry has no task 'load'"
    other = registry(changed(samples.load, version="3"))
    assert str(load(text, other).failure()).startswith(
        "/tasks/0: the registry has no load@2; it has load with version 3, and no factory"
    )
    near = registry(changed(samples.load, name="loads"))
    assert str(load(text, near).failure()).endswith("no task 'load'; did you mean 'loads'?")


def test_a_factory_makes_the_tasks_of_its_name_from_their_config() -> None:
    w = seq(samples.reader("orders"), pure(it.length()), const(1), samples.reader("visits", 3))
    found = load(plan(w), registry(read=samples.reader)).unwrap()
    assert found == w
    said = load(plan(w), registry(read=lambda **_: samples.load)).failure()
    assert "the factory of read@1 with limit=10, table='orders' makes load" in str(said)
    said = load(plan(w), registry(read=lambda: samples.load)).failure()
    assert "the factory of read@1 with limit=10, table='orders' raises TypeError" in str(said)


def test_a_module_brings_what_its_workflows_mention() -> None:
    found = registry(samples)
    assert load(plan(samples.diamond), found).unwrap() == samples.diamond
    assert load(plan(samples.load), found).unwrap() == samples.load


def test_functions_types_enums_zones_codecs_and_extensions_come_from_the_registry() -> None:
    for w in samples.KNOWN:
        assert load(plan(w), registry(w)).unwrap() == w
    mentioned = {
        "function": pure(samples.is_big),
        "type": pure(param("day", date)),
        "enum": const(samples.Colour.RED),
        "codec": samples.KNOWN[1],
        "extension": samples.Twice(samples.anything),
    }
    for kind, w in mentioned.items():
        said = str(load(plan(w), registry(samples.anything)).failure())
        assert f"the registry has no {kind} " in said
    zoned = plan(samples.KNOWN[2])
    said = str(load(zoned, registry(samples.is_big)).failure())
    assert said.endswith("/const/zone: the registry has no time zone 'Europe/Paris'")


@pytest.mark.parametrize(
    "value",
    [
        {samples.Colour.RED: 1},
        {1: {samples.Colour.RED}},
        [(1, {"a": samples.Colour.RED})],
    ],
)
def test_an_enum_is_registered_wherever_in_a_value_it_stands(value: Any) -> None:
    w = const(value)
    assert load(plan(w), registry(w)).unwrap() == w


def test_what_is_given_by_itself_is_registered_too() -> None:
    w = branch(pure(samples.is_big), then=const(samples.Colour.RED), otherwise=param("day", date))
    found = registry(samples.is_big, samples.Colour, date, samples.Twice)
    assert load(plan(w), found).unwrap() == w
    assert load(plan(samples.Twice(const(1))), found).unwrap() == samples.Twice(const(1))


def test_two_things_of_one_name_are_refused_by_the_registry() -> None:
    class Colour(enum.Enum):
        BLUE = 1

    with pytest.raises(ValueError, match=r"registry\(…\): 'Colour' is .* a name stands for one"):
        registry(samples.Colour, Colour)

    @task(name="ping")
    def other() -> None: ...

    with pytest.raises(ValueError, match=r"ping@1 is two functions, at samples\.py:\d+ and test_"):
        registry(samples.ping, other)


@pytest.mark.parametrize("thing", [None, 3, "tests.samples", {"a": samples.load}])
def test_what_names_nothing_is_refused_by_the_registry(thing: Any) -> None:
    with pytest.raises(TypeError, match="needs workflows, modules, functions or classes"):
        registry(thing)


def test_a_member_that_an_enum_has_lost_is_refused() -> None:
    class Colour(enum.Enum):
        GREEN = "green"

    said = load(plan(const(samples.Colour.RED)), registry(Colour)).failure()
    assert str(said) == "/nodes/0/expr/const: Colour.RED is no member; Colour has GREEN"


def test_a_moment_keeps_the_registrys_time_zone() -> None:
    w = samples.KNOWN[2]
    value: Any = run(load(plan(w), registry(w, samples.is_big)).unwrap() >> const(1))
    assert value is not None
    found = registry(w).zones["Europe/Paris"]
    assert found is ZoneInfo("Europe/Paris")


def test_an_extension_that_means_something_else_now_is_refused() -> None:
    text = plan(samples.Twice(samples.anything)).replace('"parts":[0,0]', '"parts":[0,0,0]')
    said = str(load(text, registry(samples.Twice, samples.anything)).failure())
    assert said.endswith("tests.samples:Twice has come to mean something else than in the plan: "
                         "write the plan anew")  # fmt: skip
    assert isinstance(load(text), Success)


def test_loading_resolves_nothing_that_the_registry_lacks_even_if_it_is_imported() -> None:
    text = plan(pure(len))
    assert isinstance(load(text, registry(samples)), Failure)
    assert load(text, registry(len)).unwrap() == pure(len)
