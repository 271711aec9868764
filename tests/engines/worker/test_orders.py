"""Orders and answers are read as they were written; anything else is refused, with its place."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pyrsistent import pmap

from fwf.faults import Exhausted, Failed, Interrupted, TimedOut, both, then
from fwf.interpreters.engines.worker import Answer, Deadline, Order, Taker
from fwf.interpreters.engines.worker.answer import (
    answer_from_json,
    answer_from_text,
    answer_to_json,
    answer_to_text,
)
from fwf.interpreters.engines.worker.order import (
    Unclear,
    order_from_json,
    order_from_text,
    order_to_json,
    order_to_text,
)
from fwf.interpreters.engines.worker.packed_values import Inline, Reference
from fwf.interpreters.run.single_part import Under

HOSTILE = (
    "", "'", '"', "\n", "{{ x }}", "${x}", "$.x", '"""', "\\", "\0", "\ud800", "日本 😀",
    "a" * 2_000, "total.$", "a.b", "%s", "\u2028", "<>&", "[0]", "../..",
)  # fmt: skip
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
texts = st.text(max_size=5) | st.sampled_from(HOSTILE)
names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5)
packed = texts.map(Inline) | st.builds(Reference, names, st.integers(0, 9))
moments = st.datetimes(timezones=st.just(UTC))
unders = st.builds(Under, st.none() | texts, st.binary(max_size=4), texts, moments)
deadlines = st.builds(Deadline, moments, texts, st.timedeltas(timedelta(0), timedelta(9)))
orders = st.builds(
    Order,
    target=texts,
    part=texts,
    path=texts,
    under=unders,
    items=st.lists(texts | st.integers(0, 9), max_size=3).map(tuple),
    value=packed,
    params=st.dictionaries(names, packed, max_size=2).map(pmap),
    bindings=st.dictionaries(names, packed, max_size=2).map(pmap),
    tries=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    attempt=st.integers(1, 9),
    deadline=st.none() | deadlines,
    gone=st.none() | moments,
    limit=st.none() | st.integers(1, 9),
    store=texts,
    claims=texts,
)
FAULTS = (
    Failed("a", ("vendor.Odd", "OSError"), "no"),
    TimedOut("a > b[x]", timedelta(seconds=3)),
    Exhausted("a", 3),
    Interrupted(by="SIGTERM"),
    then(both([Failed("a", ("X",), "1"), Failed("b", ("Y",), "2")]), Failed("c", ("Z",), "3")),
    Failed("a", ("X",), "m", None, 5_000_000.0, None, Failed("b", ("Y",), "n", None, 7_000_000.0)),
)


@given(orders)
def test_an_order_is_read_as_it_was_written(order: Order) -> None:
    text = order_to_text(order)
    assert order_from_text(text) == order_from_text(text.encode()) == order
    assert text.isascii()


def answers() -> Any:
    taker = st.none() | st.builds(Taker, st.sampled_from(["retry", "fallback"]), texts)
    paths = st.lists(texts.filter(bool), max_size=2).map(tuple)
    ok = st.builds(Answer, st.just("ok"), packed, degraded=paths)
    hows = st.sampled_from(["failed", "cut", "held"])
    faults = st.sampled_from(FAULTS)
    failed = st.builds(Answer, hows, st.none(), faults, taker)
    return ok | failed | st.builds(Answer, st.just("refused"), said=texts)


@given(answers())
def test_an_answer_is_read_as_it_was_written(answer: Answer) -> None:
    text = answer_to_text(answer)
    assert answer_from_text(text) == answer
    assert answer_to_text(answer_from_text(text)) == text


def test_when_to_try_again_is_told_from_now_on() -> None:
    fault = FAULTS[-1]
    form = answer_to_json(Answer("failed", fault=fault), 4_000_000)
    (leaf,) = json.loads(form["fault"])["leaves"]
    assert leaf["not_before"] == 1.0
    assert leaf["cause"]["leaves"][0]["not_before"] == 3.0
    found: Any = answer_from_json(json.loads(json.dumps(form)), 90_000_000).fault
    assert (found.not_before, found.cause.not_before) == (91_000_000, 93_000_000)


ORDER = Order("m:w", "0" * 32, "daily > load", Under("k", b"s", "id", NOON))
FORM = order_to_json(ORDER)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fwf": 2}, "/fwf: is of version 2, and this fwf reads 1: have the same fwf at both ends"),
        ({"fwf": "1"}, "/fwf: '1' is given; a whole number"),
        ({"more": 1}, "/more: 'more' is no field here"),
        ({"items": [1.5]}, "/items/0: 1.5 is given; a text is expected"),
        ({"items": [-1]}, "/items/0: -1 is given; a whole number, 0 or more"),
        ({"items": "x"}, "/items: 'x' is given; a list"),
        ({"tries": [0]}, "/tries/0: 0 is given; a whole number, 1 or more"),
        ({"value": None}, "/value: null is given; a value, as an object with text"),
        ({"value": {"text": 1}}, "/value/text: 1 is given; a text"),
        ({"value": {"ref": "a"}}, "/value: there is no 'bytes'"),
        ({"params": {"a/b": 1}}, "/params/a~1b: 1 is given; a value"),
        ({"run": {}}, "/run: there is no 'key'"),
        (
            {"run": {**FORM["run"], "spread": "xy"}},
            "/run/spread: 'xy' is given; hexa",
        ),
        ({"run": {**FORM["run"], "started": "2026-06-01"}}, "a time with its offset"),
        (
            {"deadline": {"at": "x", "path": "", "within": "1s"}},
            "/deadline/at: 'x' is given",
        ),
        ({"limit": True}, "/limit: true is given"),
    ],
)
def test_an_order_that_is_none_is_refused_with_its_place(changes: Any, said: str) -> None:
    with pytest.raises(Unclear) as refused:
        order_from_json({**FORM, **changes})
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"fwf": 1, "fwf": 1}', "NaN", b"\xff"])
def test_a_text_that_is_no_order_is_refused(text: Any) -> None:
    with pytest.raises(Unclear, match="the order"):
        order_from_text(text)


@pytest.mark.parametrize("field", FORM)
def test_every_field_is_needed(field: str) -> None:
    with pytest.raises(Unclear, match="expected"):
        order_from_json({name: each for name, each in FORM.items() if name != field})


ANSWER = answer_to_json(Answer("ok", Inline("1")))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"how": "done"}, "/how: 'done' is given"),
        ({"value": None}, "/value: of what is ok there is a value"),
        ({"how": "failed"}, "/value: of what is ok there is a value, and of nothing else"),
        ({"how": "cut", "value": None}, "/fault: of what failed, was cut or is held there is"),
        ({"how": "held", "value": None, "fault": '{"leaves": []}'}, "/fault: this is no fault"),
        ({"how": "held", "value": None, "fault": 5}, "/fault: "),
        ({"taker": {"word": "par", "path": ""}}, "/taker/word: 'par' is given"),
        ({"fwf": 9}, "/fwf: is of version 9"),
    ],
)
def test_an_answer_that_is_none_is_refused_with_its_place(changes: Any, said: str) -> None:
    with pytest.raises(Unclear) as refused:
        answer_from_json({**ANSWER, **changes})
    assert said in str(refused.value)


def test_a_time_is_told_in_utc() -> None:
    zone = timezone(timedelta(hours=2))
    order = Order("m:w", "0", "p", Under("k", b"", "id", NOON.astimezone(zone)))
    assert order_to_json(order)["run"]["started"] == "2026-06-01T12:00:00+00:00"
