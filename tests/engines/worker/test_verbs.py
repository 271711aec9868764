"""What a worker decides for engines that only route, and what it says of what it can't do."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, final

import pytest

from fwf import (
    RetryAfter,
    always,
    as_result,
    backoff,
    branch,
    const,
    fallback,
    it,
    loop_until,
    map_each,
    named,
    par,
    param,
    retry,
    seconds,
    task,
    timeout,
    with_params,
)
from fwf.algebra.traverse import walk
from fwf.faults import Failed
from fwf.interpreters.engines.worker.call import call_from_json, call_to_json
from fwf.interpreters.engines.worker.call_forms import Unclear
from fwf.interpreters.engines.worker.context import slot_of
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from fwf.machine.part import Part
from tests.engines.routing import NOWHERE, Routing

Json = Any


@final
class Kept:
    """Large values in a dictionary."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def put(self, name: str, content: bytes) -> None:
        self.contents[name] = content

    def get(self, name: str) -> bytes:
        return self.contents[name]


def ask(w: Any, do: Any, given: Json, *, of: Any = None, at: str = "", **others: Any) -> Json:
    """One call: for the whole, or for the first part of a class, or at a path."""
    found = [each for each in walk(w) if _is_meant(each, of, at)]
    part = Part(found[0])
    places = others.pop("places", NOWHERE)
    said = call_to_json(do, "m:w", part.id, part.static_path, **others)
    asked = json.loads(json.dumps({**said, "in": given}))
    return answer_call(asked, load=lambda _: Loaded.of(w), places=places)


def _is_meant(here: Any, of: Any, at: str) -> bool:
    return (of is None or type(here.node).__name__ == of) and (not at or here.path == at)


def ended(context: Json) -> Json:
    out = context["out"]
    return out["said"] if "fault" in out else json.loads(out["value"]["text"])


@task
def double(x: int) -> int:
    return 2 * x


@task
def broken(x: int) -> int:
    raise ConnectionError("no route")


@task
def shout(x: int, *, day: date, times: int = 2) -> str:
    return f"{day:%d.%m.}" * times


# What a run is started with


def test_parameters_are_read_by_their_types() -> None:
    given = {"params": {"day": "2026-06-01", "times": 3}, "value": 1}
    context = ask(shout, "begin", given)
    assert ended(ask(shout, "run", context)) == "01.06.01.06.01.06."


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"value": 1}, "parameter 'day'"),
        ({"value": 1, "params": {"day": "tomorrow"}}, "parameter 'day': 'tomorrow' can't be read"),
        ({"value": 1, "params": {"dya": "2026-06-01"}}, "did you mean 'day'"),
        ({"value": "x", "params": {"day": "2026-06-01"}}, "the input can't be read"),
        ({"value": 1, "params": {"day": "2026-06-01", "times": "two"}}, "parameter 'times'"),
    ],
)
def test_a_start_that_lacks_something_fails_before_anything_is_begun(given: Any, said: str) -> None:
    out = ask(shout, "begin", given)["out"]
    assert out["word"] == "up" and said in out["said"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "/in: a list of 0 is given; an object"),
        ({"parms": {}}, "/in/parms: is no field here"),
        ({"key": " "}, "/in/key"),
        ({"generation": 0}, "/in/generation"),
        ({"started": "today"}, "/in/started"),
        ({"params": [1]}, "/in/params"),
    ],
)
def test_a_start_that_is_none_is_refused_with_its_place(given: Any, said: str) -> None:
    with pytest.raises(Unclear) as refused:
        ask(double, "begin", given)
    assert said in str(refused.value)


def test_a_generation_has_keys_of_its_own() -> None:
    start = {"value": 1, "key": "monday"}
    keys = [
        ask(double, "begin", {**start, "generation": n})["run"]["under"]["key"] for n in (1, 1, 2)
    ]
    assert keys[0] == keys[1] != keys[2]


def test_the_environment_says_where_things_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FWF_STORE", "file:///tmp/lake")
    monkeypatch.setenv("FWF_CLAIMS", "postgresql://claims")
    run = ask(double, "begin", {"value": 1})["run"]
    assert (run["store"], run["claims"]) == ("file:///tmp/lake", "postgresql://claims")
    run = ask(double, "begin", {"value": 1, "store": "file:///tmp/pond"})["run"]
    assert run["store"] == "file:///tmp/pond"


# What can't be asked


FINE = {"word": "ok", "to": "", "wait": 0, "value": {"text": "1"}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"do": "dance"}, "/do: 'dance' is given"),
        ({"fwf": 2}, "/fwf: is another version"),
        ({"part": ""}, "/part"),
        ({"parts": [5]}, "/parts/0"),
        ({"limit": 0}, "/limit"),
        ({"more": 1}, "more"),
        ({"in": {"run": 5, "scope": {}, "out": FINE}}, "/in/run"),
    ],
)
def test_a_call_that_is_none_is_refused_with_its_place(changes: Any, said: str) -> None:
    good = {**call_to_json("run", "m:w", Part(next(walk(double))).id, "double"), "in": {}}
    with pytest.raises(Unclear) as refused:
        answer_call({**good, **changes}, load=lambda _: Loaded.of(double))
    assert said in str(refused.value)


@pytest.mark.parametrize("verb", ["choose", "bind", "spread", "gather", "join", "loop", "wrap",
                                  "settle", "pick", "end"])  # fmt: skip
def test_a_verb_is_for_its_node(verb: str) -> None:
    context = ask(double, "begin", {"value": 1})
    with pytest.raises(Unclear, match=f"/do: {verb} is for"):
        ask(double, verb, context)


def test_a_part_of_another_definition_is_held_and_both_ids_are_told() -> None:
    context = ask(double, "begin", {"value": 1})
    call = {**call_to_json("run", "m:w", "0" * 32, "double"), "in": context}
    out: Any = answer_call(call, load=lambda _: Loaded.of(double), places=NOWHERE)["out"]
    assert out["word"] == "held" and "0" * 32 in out["said"]
    assert Part(next(walk(double))).id in out["said"]


def test_what_never_answered_is_held_to_the_end() -> None:
    w = named("w", fallback(par(double, double), const(0)))
    context = ask(w, "begin", {"value": 1})
    lost = {"word": "held", "to": "", "wait": 0, "path": "w > par > double",
            "lost": {"Error": "Lambda.Unknown", "Cause": "out of memory"}}  # fmt: skip
    fine = ask(w, "run", context, of="Task")["out"]
    out = ask(w, "join", context, of="Par", parts=[fine, lost])["out"]
    assert out["word"] == "held" and out["to"] == ""
    assert "w > par > double: Lost: the worker never answered: out of memory" in out["said"]


# Values


def test_large_values_go_to_the_store_and_come_back() -> None:
    @task
    def long(n: int) -> str:
        return "ä" * n

    @task
    def size(text: str) -> int:
        return len(text)

    kept = Kept()
    places = Places(None, kept)
    engine = Routing(par(long, long) >> map_each(size), places=places, limit=120)
    out = engine.run({"value": 3_000})["out"]
    assert json.loads(out["value"]["text"]) == [3_000, 3_000]
    assert kept.contents and all(len(json.dumps(call)) < 20_000 for call in engine.calls)


def test_a_large_value_without_a_store_fails_where_it_is_made() -> None:
    @task
    def long(n: int) -> str:
        return "x" * n

    out = Routing(named("w", long), limit=120).run({"value": 3_000})["out"]
    assert "w: Unwritable: takes" in out["said"] and "name a store" in out["said"]


def test_faults_are_large_values_too() -> None:
    @task
    def long(n: int) -> str:
        raise ValueError("x" * n)

    kept = Kept()
    out = Routing(long, limit=200, places=Places(None, kept)).run({"value": 5_000})["out"]
    assert "ref" in out["fault"] and len(out["said"]) == 2_000


# Items


def test_more_items_than_may_be_are_one_block() -> None:
    w = map_each(double)
    few, many = (Routing(w, most=3) for _ in range(2))
    assert ended(few.run({"value": [1, 2, 3]})) == [2, 4, 6]
    assert ended(many.run({"value": [1, 2, 3, 4]})) == [2, 4, 6, 8]
    assert (len(few.nodes), len(many.nodes)) == (3, 1)


def test_items_that_take_more_room_than_there_is_are_one_block() -> None:
    w, start = map_each(double), {"value": [*range(1_000)]}
    context = ask(w, "begin", start)
    assert ask(w, "spread", context, room=10_000)["out"]["word"] == "block"
    assert ask(w, "spread", context, room=200_000)["out"]["word"] == "items"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": 1}, "map_each takes a list"),
        ([{"id": 1}, {"id": 1}], "items 0 and 1 have the same key '1'"),
        ([{}], "key of item 0: "),
    ],
)
def test_a_list_that_is_none_fails_as_in_a_run(value: Any, said: str) -> None:
    @task
    def name(row: Any) -> int:
        return 1

    w = map_each(name, key=it["id"])
    context = ask(w, "begin", {"value": value})
    assert said in ask(w, "spread", context, of="MapEach")["out"]["said"]


# Failures


def test_waits_are_those_of_the_schedule_in_whole_seconds() -> None:
    waits: list[timedelta] = []
    w = retry(broken, attempts=4, wait=backoff(seconds(1.5), factor=2), on=ConnectionError)
    out = Routing(w, pass_time=waits.append).run({"value": 1})["out"]
    assert waits == [timedelta(seconds=n) for n in (2, 3, 6)]
    assert out["to"] == "" and "no route" in out["said"]


def test_an_error_may_ask_for_more_time() -> None:
    @task
    def busy(x: int) -> int:
        raise RetryAfter("busy", after=30)

    waits: list[timedelta] = []
    Routing(retry(busy, attempts=2), pass_time=waits.append).run({"value": 1})
    assert waits == [timedelta(seconds=30)]


def test_an_engine_may_try_again_itself() -> None:
    w = retry(broken, attempts=3, wait=seconds(7), on=ConnectionError)
    context, name = ask(w, "begin", {"value": 1}), slot_of(Part(next(walk(w))))
    outs = [ask(w, "run", context, of="Task", tries=[n])["out"] for n in (1, 2, 3)]
    assert [(out["to"], out["wait"]) for out in outs] == [(name, 7), (name, 7), ("", 0)]
    w = retry(broken, attempts=3, on=ValueError)
    context = ask(w, "begin", {"value": 1})
    assert ask(w, "run", context, of="Task", tries=[1])["out"]["to"] == ""


def test_what_is_cut_by_the_deadline_of_the_whole_still_finishes() -> None:
    begun: list[int] = []

    @task(config={})
    def last(x: int) -> None:
        begun.append(x)

    body = fallback(as_result(double) >> const(1), const(2))
    w = timeout(always(body, then=last), seconds(60))
    context = ask(w, "begin", {"value": 1}, timed=True)
    passed = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
    context["run"]["deadline"]["at"] = passed
    finaliser = slot_of(
        Part(next(each for each in walk(w) if type(each.node).__name__ == "Always"))
    )
    context["scope"][finaliser] = context["out"]
    cut = ask(w, "run", context, of="Task")
    assert cut["out"]["to"] == finaliser and "value" in cut["out"]
    late = _run_last(w, cut)
    assert begun == [1]
    out = ask(w, "settle", late, of="Always")["out"]
    assert out["cut"] and "not done within" in out["said"]


def _run_last(w: Any, context: Json) -> Json:
    (path,) = {each.path for each in walk(w) if getattr(each.node, "name", "") == "last"}
    return ask(w, "run", context, of="Task", at=path)


def test_rounds_go_on_until_the_condition_holds() -> None:
    assert ended(Routing(loop_until(double, it > 50, limit=9)).run({"value": 1})) == 64
    said = ended(Routing(loop_until(double, it > 50, limit=3)).run({"value": 1}))
    assert said == "loop_until: Exhausted: not done after 3 rounds"


def test_a_predicate_without_an_answer_fails_at_its_branch() -> None:
    @task
    def maybe(x: int) -> Any:
        return {"a": x}

    w = named("w", maybe >> branch(it["b"] > 1, then=double, otherwise=double))
    assert "PredicateDefect" in ended(Routing(w).run({"value": 1}))


def test_a_parameter_may_be_computed_where_the_part_is() -> None:
    @task
    def scaled(x: int, *, by: int) -> int:
        return x * by

    w = with_params(double >> scaled, by=it + param("more", int))
    assert ended(Routing(w).run({"value": 3, "params": {"more": 4}})) == 42


def test_a_call_has_what_it_was_made_with() -> None:
    said = call_to_json("spread", "m:w", "0" * 32, "a\ud800", limit=5, most=7, enter=False)
    call = call_from_json({**said, "in": None})
    assert (call.path, call.limit, call.most, call.enter) == ("a\ud800", 5, 7, False)


def test_faults_with_lone_surrogates_travel() -> None:
    @task
    def odd(x: int) -> int:
        raise ValueError("h\ud800")

    w = named("w", map_each(odd, on_error="collect") >> const(1))
    assert ended(Routing(w).run({"value": [1]})) == 1
    out = Routing(odd).run({"value": 1})["out"]
    assert Failed.__name__ in out["fault"]["text"]
