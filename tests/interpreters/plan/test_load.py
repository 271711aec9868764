"""What isn't a plan is refused, with the place and what was expected."""

import enum
import json
import re
from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from returns.pipeline import is_successful
from returns.result import Failure

from fwf import check, const, diff, dry_run
from fwf.interpreters.plan import PlanError, load, plan, registry
from tests import samples

CONST = '{{"plan":1,"tasks":[],"nodes":[{{"node":"pure","expr":{{"const":{}}}}}]}}'
AT = "/nodes/0/expr/const"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the plan: is not JSON: Expecting value at line 1, column 1"),
        ("nul", "the plan: is not JSON: Expecting value at line 1, column 1"),
        (b"\xff", "the plan: is not UTF-8 at position 0"),
        ("\ud800", "the plan: is not UTF-8 at position 0"),
        ("[" * 601 + "]" * 601, "the plan: nests 601 levels deep; at most 600 are expected"),
        ("[]", "/plan: null is given; version 1 of plans is expected"),
        ('{"plan":2}', "/plan: 2 is given; version 1 of plans is expected"),
        ('{"plan":true}', "/plan: true is given; version 1 of plans is expected"),
        ('{"plan":1,"plan":1}', "the plan: the key 'plan' is given twice; every key once is"),
        ('{"plan":1}', "the plan: there is no 'tasks'; the fields plan, tasks, nodes are expected"),
        (CONST.format('{"dict":{"a":1,"a":2}}'), f"{AT}/dict: the key 'a' is given twice"),
        (CONST.format("NaN"), f"{AT}: NaN is not JSON; a finite number is expected"),
        (CONST.format("[1,-Infinity]"), f"{AT}/1: -Infinity is not JSON; a finite number"),
        (CONST.format("1e999"), f"{AT}: '1e999' is past what floats hold"),
        (CONST.format("9" * 641), f"{AT}: a number has 641 digits; at most 640 are expected"),
        (CONST.format('"\\ud800"'), f"{AT}: '\\ud800' has a lone surrogate"),
        (CONST.format('{"a/b~":"\\udfff"}'), f"{AT}/a~1b~0: '\\udfff' has a lone surrogate"),
        (CONST.format('{"\\ud800":1}'), f"{AT}: '\\ud800' has a lone surrogate"),
        (CONST.format("{}"), f"{AT}: an object is given; a plain value, or an object with text or"),
        (CONST.format('{"tuple":[],"set":[]}'), f"{AT}: an object is given; a plain value"),
        (CONST.format('{"set":[1,1]}'), f"{AT}/set: holds a value twice"),
        (CONST.format('{"dict":[[1,2],[1,3]]}'), f"{AT}/dict: holds a key twice"),
        (CONST.format('{"dict":[[1]]}'), f"{AT}/dict/0: a list of 1 is given; a key and a value"),
        (CONST.format('{"decimal":"one"}'), f"{AT}/decimal: 'one' is given; a decimal number"),
        (CONST.format('{"date":"2026-02-30"}'), f"{AT}/date: '2026-02-30' is given; a date"),
        (CONST.format('{"date":"20260101"}'), f"{AT}/date: '20260101' is given; a date"),
        (CONST.format('{"int":"0XF"}'), f"{AT}: an object is given; a whole number"),
        (CONST.format('{"bytes":"0"}'), f"{AT}/bytes: '0' is given; bytes as lower-case hexa"),
        (CONST.format("[" * 101 + "]" * 101), f"{AT}{'/0' * 100}: a value may nest 100 levels"),
    ],
)
def test_what_is_not_a_plan_is_refused_where_it_goes_wrong(text: str | bytes, said: str) -> None:
    assert str(load(text).failure()).startswith(said)


EXPR = '{{"plan":1,"tasks":[],"nodes":[{{"node":"pure","expr":{}}}]}}'
RETRY = (
    '{{"plan":1,"tasks":[],"nodes":[{{"node":"pure","expr":"it"}},'
    '{{"node":"retry","body":0,"attempts":2,"wait":{},"on":[]}}]}}'
)


@pytest.mark.parametrize(
    ("text", "around", "core", "levels", "at", "said"),
    [
        (EXPR, '{"present":%s}', '"it"', 100, "/nodes/0/expr|/present", "an expression may nest"),
        (EXPR, '{"get":"a","of":%s}', '"it"', 100, "/nodes/0/expr|/of", "an expression may nest"),
        (
            EXPR,
            '{"op":"not","args":[%s]}',
            '"it"',
            100,
            "/nodes/0/expr|/args/0",
            "an expression may nest",
        ),
        (
            EXPR,
            '{"or_else":"it","of":%s}',
            '"it"',
            100,
            "/nodes/0/expr|/of",
            "an expression may nest",
        ),
        (RETRY, '{"times":9,"of":%s}', '"5s"', 99, "", "a schedule may nest"),
        (RETRY, '{"longer":["1s",%s]}', '"5s"', 99, "", "a schedule may nest"),
        (RETRY, '{"first":"1s","then":%s,"gap":"0s"}', '"5s"', 99, "", "a schedule may nest"),
        (RETRY, '{"outer":"1s","inner":%s}', '"5s"', 99, "", "a schedule may nest"),
    ],
)
def test_what_nests_up_to_the_limit_is_loaded_and_a_level_more_is_refused(
    text: str, around: str, core: str, levels: int, at: str, said: str
) -> None:
    start, end = around.split("%s")
    for more in (0, 1):
        given = text.format(start * (levels + more) + core + end * (levels + more))
        result = load(given)
        assert is_successful(result) == (not more)
    place, _, part = at.partition("|")
    assert str(result.failure()).startswith(place + part * levels)
    assert said in str(result.failure())


def test_a_name_that_is_longer_than_the_limit_is_refused() -> None:
    named = '{"plan":1,"tasks":[],"nodes":[%s,{"node":"named","name":"%s","body":0,"notes":{}}]}'
    identity = '{"node":"pure","expr":"it"}'
    assert is_successful(load(named % (identity, "x" * 100_000)))
    assert "/name: " in str(load(named % (identity, "x" * 100_001)).failure())


W = samples.KNOWN[3]


def refused(w: Any, spoil: Callable[[Any], None]) -> str:
    said = json.loads(plan(w))
    spoil(said)
    return str(load(json.dumps(said)).failure())


def node(said: Any, word: str) -> Any:
    return next(each for each in said["nodes"] if each["node"] == word)


@pytest.mark.parametrize(
    ("word", "changes", "message"),
    [
        ("retry", {"attempts": 0}, "/attempts: 0 is given; a whole number, 1 or more is expected"),
        ("retry", {"attempts": True}, "/attempts: true is given; a whole number, 1 or more"),
        ("retry", {"wait": "-5s"}, "/wait: '-5s' is given; a duration such as"),
        ("retry", {"wait": {"delays": ["5s", 5]}}, "/wait/delays/1: 5 is given; a duration"),
        ("retry", {"on": ["b", "a"]}, "/on: the tags of errors are expected in order, each once"),
        ("retry", {"on": [""]}, "/on/0: '' is given; a text that isn't empty is expected"),
        ("retry", {"on": [OSError.__name__, 1]}, "/on/1: 1 is given; a text is expected"),
        ("retry", {"body": 99}, "/body: 99 is given; the number of a node that comes"),
        ("retry", {"body": -1}, "/body: -1 is given; the number of a node that comes"),
        (
            "retry",
            {"more": 1},
            "/more: 'more' is no field here; node, body, attempts, wait, on are",
        ),
        ("fail", {"tag": ""}, ": fail(''): an error's tag is a text that isn't empty"),
        ("timeout", {"within": "1 s"}, "/within: '1 s' is given; a duration such as"),
        ("timeout", {"within": "60s"}, "/within: '60s' is given; a duration such as"),
        ("timeout", {"within": "1s "}, "/within: '1s ' is given; a duration such as"),
        ("timeout", {"within": "1s 1m"}, "/within: '1s 1m' is given; a duration such as"),
        ("timeout", {"within": "1m1s"}, "/within: '1m1s' is given; a duration such as"),
        ("timeout", {"within": "24h"}, "/within: '24h' is given; a duration such as"),
        ("timeout", {"within": "-"}, "/within: '-' is given; a duration such as"),
        ("timeout", {"within": ""}, "/within: '' is given; a duration such as"),
        ("timeout", {"node": "eval"}, ": 'eval' is given; a node: task, pure, fail"),
        ("branch", {"predicate": "them"}, "/predicate: 'them' is given; \"it\", or an object with"),
        ("branch", {"predicate": {"op": "<", "args": ["it"]}}, "/predicate/args: a list of 1 is"),
        ("branch", {"predicate": {"op": "**", "args": []}}, "/predicate/op: '**' is given; one of"),
        ("branch", {"predicate": {"param": "a b", "type": "int"}}, "/predicate/param: 'a b' is"),
        ("task", {"task": 7}, "/task: 7 is given; a task's number, below"),
    ],
)
def test_a_field_that_a_node_can_not_have_is_refused(
    word: str, changes: dict[str, Any], message: str
) -> None:
    said = refused(W, lambda said: node(said, word).update(changes))
    assert re.sub("^/nodes/[0-9]+", "", said).startswith(message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arity": 10_001}, "/nodes/5/arity: 10001 is given; a number of inputs, at most 10,000,"),
        ({"outputs": 5}, "/nodes/5/outputs: 5 is given; the number of a step before, from 0 to 4"),
        ({"outputs": -1}, "/nodes/5/outputs: -1 is given; the number of a step before"),
        ({"outputs": [4, "0"]}, "/nodes/5/outputs/1: '0' is given; the number of a step before"),
        ({"steps": []}, "/nodes/5/outputs/0: 4 is given; none is expected"),
    ],
)
def test_a_graph_that_no_notation_draws_is_refused(changes: dict[str, Any], message: str) -> None:
    said = refused(samples.diamond, lambda said: node(said, "graph").update(changes))
    assert said.startswith(message)


def test_a_graph_with_a_cycle_is_refused() -> None:
    def spoil(said: Any) -> None:
        node(said, "graph")["steps"][1]["after"] = [1]

    said = refused(samples.diamond, spoil)
    assert said.startswith("/nodes/5/steps/1/after/0: 1 is given; the number of a step before")


def test_parts_that_do_not_fit_one_another_are_refused_as_by_the_combinators() -> None:
    nodes = [
        {"node": "pure", "expr": {"const": "x"}},
        {"node": "map_each", "body": 0, "key": None, "at_once": None, "on_error": "settle"},
        {"node": "pure", "expr": {"get": 5, "of": {"const": {"tuple": []}}}},
    ]
    text = json.dumps({"plan": 1, "tasks": [], "nodes": nodes})
    assert load(text).unwrap() is not None
    nodes = [
        {"node": "pure", "expr": {"const": 1}},
        {"node": "par", "parts": [0, 0], "fail_fast": False},
        {"node": "pure", "expr": {"get": 2, "of": "it"}},
        {"node": "seq", "parts": [1, 2]},
    ]
    text = json.dumps({"plan": 1, "tasks": [], "nodes": nodes})
    assert str(load(text).failure()) == "/nodes/3: it is tuple[int, int]: it has no item 2"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"effect": "magic"}, '/tasks/0/effect: \'magic\' is given; "pure" or "read" or'),
        ({"version": ""}, "/tasks/0/version: '' is given; a text that isn't empty is expected"),
        ({"isolate": 0}, "/tasks/0/isolate: 0 is given; true or false is expected"),
        ({"task": "a > b"}, "/tasks/0/task: a task: '>' can't stand in the name 'a > b'"),
        ({"inputs": [{"name": "n", "type": "int"}] * 9}, "/tasks/0/inputs: a list of 9 is given"),
        ({"inputs": [{"name": "n", "type": "int"}] * 2}, "/tasks/0/inputs/1/name: 'n' is given"),
        ({"inputs": [{"name": "n-1", "type": "int"}]}, "/tasks/0/inputs/0/name: 'n-1' is given"),
        ({"injected": [{"name": "n"}]}, "/tasks/0/injected/0: there is no 'type'; the fields"),
        ({"output": 3}, "/tasks/0/output: 3 is given; the name of a type"),
        ({"duration": "-1s"}, "/tasks/0/duration: '-1s' is given; a duration such as"),
    ],
)
def test_a_task_that_could_not_be_declared_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    said = refused(samples.load, lambda said: said["tasks"][0].update(changes))
    assert said.startswith(message)


def test_the_order_of_keys_and_the_layout_do_not_matter() -> None:
    for w in (*samples.KNOWN, samples.diamond):
        said = json.loads(plan(w))
        assert load(json.dumps(said, sort_keys=True, indent=3)).unwrap() == w


@pytest.mark.parametrize("given", [None, 1, {"plan": 1}, ["{}"]])
def test_what_is_no_text_is_misuse(given: Any) -> None:
    with pytest.raises(TypeError, match="needs the text of a plan"):
        load(given)


def test_what_is_no_registry_is_misuse() -> None:
    given: Any = samples
    with pytest.raises(TypeError, match=r"needs a registry, made by registry\(workflow, …\)"):
        load("{}", given)


# Values that Python itself refuses to hash, compare or compute with

HOSTILE = [
    "sNaN", "-sNaN7", "NaN", "-Infinity", "1E+999999999999999999", "1E-999999999999999999", "",
    "0001-01-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59", "24:00",
    "00:00:00+23:59", "999999999d 23h", "-999999999d", "0x" + "f" * 9_000, 10**600, -1, 1.5, True,
    None, [], {}, [[1, 2]], {"a": 1},
]  # fmt: skip
TAGS = [
    "text", "int", "float", "bytes", "decimal", "uuid", "date", "datetime", "time", "duration",
    "tuple", "set", "dict", "enum", "coded",
]  # fmt: skip
AROUND: list[Callable[[Any], Any]] = [
    lambda value: value,
    lambda value: {"enum": "E", "value": value},
    lambda value: {"coded": "c", "plain": value},
    lambda value: {"set": [value, value]},
    lambda value: {"set": [{"enum": "E", "value": value}, {"tuple": [value]}]},
    lambda value: {"dict": [[value, 1], [value, 2]]},
    lambda value: {"tuple": [value]},
]
PLACES: list[Callable[[Any], Any]] = [
    lambda value: {"node": "pure", "expr": {"const": value}},
    lambda value: {"node": "named", "name": "n", "body": 0, "notes": {"k": value}},
    lambda value: {"node": "with_params", "body": 0, "params": {"p": value}, "resources": {}},
    lambda value: {"task": value},
]


def holding(place: Callable[[Any], Any], value: Any) -> str:
    """A plan with a value in some place: a node's, or a task's config."""
    said = json.loads(plan(samples.load))
    held = place(value)
    if "task" in held:
        said["tasks"][0]["config"] = {"a": value}
    else:
        said["nodes"].append(held)
    return json.dumps(said)


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("around", AROUND)
def test_whatever_value_is_loaded_can_be_compared_hashed_printed_and_written(
    around: Callable[[Any], Any], tag: str
) -> None:
    for value, place in product(HOSTILE, PLACES):
        found = load(holding(place, around({tag: value})))
        if isinstance(found, Failure):
            assert type(found.failure()) is PlanError
            continue
        w = found.unwrap()
        assert load(plan(w)).unwrap() == w
        assert hash(w) == hash(load(plan(w)).unwrap())
        assert repr(w) and not diff(w, load(plan(w)).unwrap())
        assert isinstance(check(w), tuple) and str(dry_run(w, 1))


def test_a_signaling_nan_is_refused_wherever_it_stands() -> None:
    there = "/decimal: 'sNaN' is given; a decimal number, or NaN that isn't signaling, is expected"
    for around, place in product(AROUND, PLACES):
        text = holding(place, around({"decimal": "sNaN"}))
        assert str(load(text).failure()).endswith(there)
    with pytest.raises(ValueError, match="signaling NaN, which can't be compared or hashed"):
        const([Decimal("sNaN")])


def test_what_an_enum_raises_is_no_error_of_the_loader() -> None:
    class Odd(enum.Enum):
        A = 1

        @classmethod
        def _missing_(cls, value: object) -> Any:
            raise ZeroDivisionError

    said = {"enum": Odd.__qualname__.rpartition(".")[2], "value": 2}
    text = CONST.format(json.dumps(said))
    assert "is no member" in str(load(text, registry(const(Odd.A))).failure())
