"""What calls and contexts have alike is read as it was written; else it is refused by its place."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pyrsistent import pmap

from fwf.faults import Exhausted, Failed, Fault, Interrupted, TimedOut, both, then
from fwf.forms.refusal import Refused
from fwf.interpreters.engines.worker.call_forms import (
    Deadline,
    deadline_from_json,
    deadline_to_json,
    fault_from_text,
    fault_to_text,
    run_from_json,
    run_to_json,
    values_from_json,
    values_to_json,
)
from fwf.interpreters.engines.worker.context import (
    Context,
    Outcome,
    RunFacts,
    context_from_json,
    context_to_json,
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
FAULTS = (
    Failed("a", ("vendor.Odd", "OSError"), "no"),
    TimedOut("a > b[x]", timedelta(seconds=3)),
    Exhausted("a", 3),
    Interrupted(by="SIGTERM"),
    then(both([Failed("a", ("X",), "1"), Failed("b", ("Y",), "2")]), Failed("c", ("Z",), "3")),
    Failed("a", ("X",), "m", None, 5_000_000.0, None, Failed("b", ("Y",), "n", None, 7_000_000.0)),
)


def sent(form: Any) -> Any:
    """JSON as it comes to others."""
    text = json.dumps(form)
    assert text.isascii()
    return json.loads(text)


@given(unders, deadlines, st.dictionaries(names, packed, max_size=2).map(pmap))
def test_it_is_read_as_it_was_written(under: Under, deadline: Deadline, values: Any) -> None:
    assert run_from_json(sent(run_to_json(under)), "/run") == under
    assert deadline_from_json(sent(deadline_to_json(deadline)), "/deadline") == deadline
    assert values_from_json(sent(values_to_json(values)), "/params") == values


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_read_as_it_was_written(fault: Fault) -> None:
    assert fault_from_text(fault_to_text(fault, 0), 0) == fault


@pytest.mark.parametrize("text", ["", "{}", '{"leaves": []}', "[1]", "null", "[" * 100_000])
def test_a_text_that_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        fault_from_text(text, 0)
    assert caught.value.pointer == "/fault"


def test_when_to_try_again_is_told_from_now_on() -> None:
    text = fault_to_text(FAULTS[-1], 4_000_000)
    (leaf,) = json.loads(text)["leaves"]
    assert leaf["not_before"] == 1.0
    assert leaf["cause"]["leaves"][0]["not_before"] == 3.0
    fault: Any = fault_from_text(text, 90_000_000)
    assert (fault.not_before, fault.cause.not_before) == (91_000_000, 93_000_000)


RUN = RunFacts(Under("k", b"s", "id", NOON), pmap(), Deadline(NOON, "p", timedelta(1)))
FORM = sent(context_to_json(Context(RUN, pmap(), Outcome())))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"params": {"a/b": 1}}, "/params/a~1b: 1 is given; a value"),
        ({"params": {"a": {"text": 1}}}, "/params/a/text: 1 is given; a text"),
        ({"params": {"a": {"ref": "a"}}}, "/params/a: there is no 'bytes'"),
        ({"params": 1}, "/params: 1 is given; an object"),
        ({"under": {}}, "/under: there is no 'key'"),
        ({"under": {**FORM["run"]["under"], "spread": "xy"}}, "/under/spread: 'xy' is given; hexa"),
        (
            {"under": {**FORM["run"]["under"], "started": "2026-06-01"}},
            "/under/started: '2026-06-01' is given; a time with its offset",
        ),
        (
            {"deadline": {"at": "x", "path": "", "within": "1s"}},
            "/deadline/at: 'x' is given",
        ),
        ({"store": 5}, "/store: 5 is given; a text"),
        ({"more": 1}, "'more' is no field here"),
    ],
)
def test_what_is_none_is_refused_with_its_place(changes: Any, message: str) -> None:
    with pytest.raises(Refused) as caught:
        context_from_json({**FORM, "run": {**FORM["run"], **changes}}, "/in")
    assert message in f"{caught.value.pointer}: {caught.value.message}"


@pytest.mark.parametrize("field", FORM["run"])
def test_every_field_is_needed(field: str) -> None:
    run = {name: each for name, each in FORM["run"].items() if name != field}
    with pytest.raises(Refused, match="expected"):
        context_from_json({**FORM, "run": run}, "/in")


def test_a_time_is_told_in_utc() -> None:
    zone = timezone(timedelta(hours=2))
    form: Any = run_to_json(Under("k", b"", "id", NOON.astimezone(zone)))
    assert form["started"] == "2026-06-01T12:00:00+00:00"
