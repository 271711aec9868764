"""What a plan's text is like: canonical, shared by equality, one node a line, at any depth."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from fwf import Extension, Workflow, const, fail, in_pool, it, named, par, pure, retry, seq, timeout
from fwf.algebra.nodes import Node
from fwf.algebra.schedule import Schedule, every
from fwf.durations import seconds
from fwf.forms.duration_text import duration_text
from fwf.forms.scalar_form import read_duration
from fwf.interpreters.plan import load, plan, registry
from fwf.records import record
from tests import samples
from tests.cli_support import ROOT, environment
from tests.sizes import sizes

# Hypothesis warns where a strategy that rejects what doesn't fit has drawn a large workflow.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

PRINT = "from fwf.interpreters.plan import plan\nfrom tests import samples\n" + (
    "print(*(plan(w) for w in (samples.diamond, *samples.KNOWN)), sep='', end='')"
)


def nodes_of(w: Any) -> Any:
    return json.loads(plan(w))["nodes"]


def test_equal_parts_are_stored_once_whether_or_not_they_are_one_object() -> None:
    made = [timeout(samples.anything, seconds(5)) for _ in range(3)]
    assert nodes_of(par(*made))[1:] == [
        {"node": "timeout", "body": 0, "within": "5s"},
        {"node": "par", "parts": [1, 1, 1], "fail_fast": False},
    ]
    assert plan(par(*made)) == plan(par(*[made[0]] * 3))


def test_parts_that_differ_in_notes_alone_are_stored_apart() -> None:
    w = par(named("a", const(1), owner="x"), named("a", const(1), owner="y"))
    assert len(nodes_of(w)) == 4
    assert load(plan(w)).unwrap() == w


def test_numbers_that_compare_equal_keep_their_types() -> None:
    values = [1, 1.0, True, Decimal(1), "1", b"1", (1,), [1], {1}, {1: 1}, None]
    w = par(*map(const, values))
    assert len(nodes_of(w)) == len(values) + 1
    assert load(plan(w)).unwrap() == w


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.5, 1.5),
        (1.0, {"float": "1.0"}),
        (-0.0, {"float": "-0.0"}),
        (float("nan"), {"float": "nan"}),
        (float("-inf"), {"float": "-inf"}),
        (2**53, 2**53),
        (2**53 + 1, {"int": "0x20000000000001"}),
        (-(10**5000), {"int": hex(-(10**5000))}),
        ("\ud83d\ude00", {"text": "eda0bdedb880"}),
        ("😀", "😀"),
        (b"\x00\xff", {"bytes": "00ff"}),
        (date(2026, 7, 15), {"date": "2026-07-15"}),
        (datetime(2026, 7, 15, 1, fold=1), {"datetime": "2026-07-15T01:00:00", "fold": True}),
        (datetime(1, 1, 1, tzinfo=UTC), {"datetime": "0001-01-01T00:00:00+00:00"}),
        (
            datetime(2026, 1, 1, tzinfo=timezone(timedelta(seconds=-1))),
            {"datetime": "2026-01-01T00:00:00-00:00:01"},
        ),
        (timedelta(microseconds=-1), {"duration": "-1us"}),
        (timedelta.max, {"duration": "999999999d 23h 59m 59s 999ms 999us"}),
        (samples.Access.READ | samples.Access.WRITE, {"enum": "Access", "value": 3}),
        (samples.Mood.CALM, {"enum": "Mood", "member": "CALM"}),
        ({"float": 1}, {"dict": {"float": 1}}),
        ({1: "a", "b": 2}, {"dict": [[1, "a"], ["b", 2]]}),
        ({"\ud800": 1}, {"dict": [[{"text": "eda080"}, 1]]}),
    ],
    ids=lambda _: "",
)
def test_values_are_written_with_their_types_and_exactly(value: Any, said: Any) -> None:
    w = const(value)
    assert nodes_of(w) == [{"node": "pure", "expr": {"const": said}}]
    assert load(plan(w), registry(w)).unwrap() == w
    assert load(plan(w)).unwrap() == w


@given(st.timedeltas())
def test_every_duration_is_written_exactly(value: timedelta) -> None:
    assert read_duration(duration_text(value), "", negative=True) == value


def test_what_looks_like_a_node_in_a_value_breaks_no_line() -> None:
    w = const([',{"node":', {"node": 1}, "\n"])
    assert plan(w).count("\n") == 6
    assert load(plan(w)).unwrap() == w


def test_texts_with_lone_surrogates_stand_in_every_field() -> None:
    odd = "\ud800\udc00 \udfff"
    w: Any = in_pool(fail(odd, odd), odd) >> retry(pure(it[odd]), attempts=2, on=odd)
    assert load(plan(w)).unwrap() == w


def test_the_text_is_ascii_with_a_node_on_a_line_and_ends_in_a_line_break() -> None:
    text = plan(named("größe", const("\u202e")))
    assert text == (
        '{"plan":1,\n"tasks":[\n],\n"nodes":[\n'
        '{"node":"pure","expr":{"const":"\\u202e"}},\n'
        '{"node":"named","name":"gr\\u00f6\\u00dfe","body":0,"notes":{}}\n]}\n'
    )


def test_the_bytes_are_the_same_under_every_hash_seed() -> None:
    def printed(seed: str) -> bytes:
        command = [sys.executable, "-c", PRINT]
        env = environment(PYTHONHASHSEED=seed)
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True).stdout

    here = "".join(plan(w) for w in (samples.diamond, *samples.KNOWN))
    assert printed("1") == printed("2") == here.encode()


@settings(max_examples=100, deadline=None)
@given(samples.workflows)
def test_a_plan_begins_anew_from_what_was_loaded_byte_for_byte(w: Any) -> None:
    assert plan(load(plan(w), registry(w)).unwrap()) == plan(w)


@sizes()
def test_a_chain_of_wrappers_goes_both_ways(size: int) -> None:
    w: Any = samples.anything
    for at in range(size):
        w = timeout(w, seconds(at % 7)) if at % 2 else named("x", w)
    found = load(plan(w), registry(w)).unwrap()
    assert found == w
    assert load(plan(w)).unwrap() == w


def test_the_smallest_plans_and_the_emptiest_parts_go_both_ways() -> None:
    for w in (const(None), par(), pure(it), seq(), samples.ping):
        assert load(plan(w)).unwrap() == w


@record(eq=False, repr=False)
class Choice(Extension[Any, Any]):
    """An extension with a field of every kind."""

    parts: tuple[Node, ...]
    test: Any
    wait: Schedule
    labels: list[str]

    def desugar(self) -> Workflow[Any, Any]:
        return retry(par(*self.parts) >> pure(self.test), attempts=2, wait=self.wait)


def test_an_extension_is_written_with_its_fields_and_its_meaning() -> None:
    w = Choice((samples.anything, samples.anything), it[0], every(seconds(1)), ["a", "b"])
    found: Any = load(plan(w), registry(w)).unwrap()
    assert found == w
    assert type(found) is Choice
    assert (found.labels, found.wait, repr(found.test)) == (["a", "b"], w.wait, "it[0]")
    absent: Any = load(plan(w)).unwrap()
    assert absent == w
    assert repr(absent) == repr(w)
    assert plan(absent) == plan(w)


def test_an_extension_with_a_field_that_can_not_be_written_is_refused() -> None:
    given: Any = [print]
    with pytest.raises(TypeError, match=r"Choice\(labels=…\): .* in an extension, also workflows"):
        Choice((), it, every(seconds(1)), given)
    with pytest.raises(TypeError, match="plan: 3 is not a workflow"):
        plan(3)  # type: ignore[arg-type]
