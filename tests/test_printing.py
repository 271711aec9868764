"""No text in a workflow moves a cursor, hides or turns what is printed: every field, every form."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args

import pytest
from hypothesis import given, strategies as st
from pyrsistent import PMap, PVector, pvector
from returns.result import Failure

from fwf import check, const, diff, dry_run, lineage, load, needs, par, plan, pretty
from fwf.algebra.contract import Effect, Kind
from fwf.algebra.expr import Operator
from fwf.algebra.nodes import OnError, OnLimit
from fwf.cli.differing import page_of
from fwf.interpreters.diagram import dot, html, mermaid, svg
from fwf.printing import one_line, printable
from fwf.records import changed
from fwf.worlds.unknown import Unknown
from tests import samples

HOSTILE = [
    "\x1b]0;owned\x07", "\x1b[31m", "a\nb", "a\rb", "a\u2028b", "a\x85b", "\u202egnp.exe",
    "\u2066a", "a\u200bb", "a\u200db", "\ufeffa", "a\0b", "a\x7f", "a\U000e0041", "a\u3000b",
    "a\ue000", "a\uffff",
]  # fmt: skip
WORST = "".join(HOSTILE)
MILD = printable(WORST).replace("\\", "_")
WORKFLOWS = (
    *samples.KNOWN,
    samples.diamond,
    par(samples.orders, samples.visits) >> samples.enrich >> samples.load,
    samples.Twice(samples.ping),
)
OTHER = const(1)


def dried(w: Any) -> Any:
    params = {each.name: Unknown(Any, "") for each in needs(w).parameters}
    return dry_run(w, Unknown(Any, ""), params=params)


def events(w: Any) -> str:
    told = lineage(w).openlineage(
        time=datetime.now(UTC), namespace="fwf", producer="https://fwf.example"
    )
    return json.dumps(told)


FORMS: dict[str, Callable[[Any], str]] = {
    "show": lambda w: pretty(w, width=2_000),
    "show, narrow": lambda w: pretty(w, width=40),
    "source": repr,
    "plan": plan,
    "needs": lambda w: str(needs(w)),
    "lineage": lambda w: str(lineage(w)),
    "openlineage": events,
    "check": lambda w: "\n".join(map(str, check(w, strict=True))),
    "diff, new": lambda w: str(diff(OTHER, w)),
    "diff, old": lambda w: str(diff(w, OTHER)),
    "diff, page": lambda w: page_of(OTHER, w, diff(OTHER, w)),
    "dry run": lambda w: str(dried(w)),
    "dry run, picture": lambda w: dried(w).svg(),
    "mermaid": mermaid,
    "dot": dot,
    "svg": svg,
    "html": html,
}


def texts(content: Any, *at: Any) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every text in JSON ⟶ where it is, and what it is; keys are at `(…, key, None)`."""
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in pairs:
        if isinstance(key, str):
            yield (*at, key, None), key
        if isinstance(value, str):
            yield (*at, key), value
        elif isinstance(value, dict | list):
            yield from texts(value, *at, key)


def put(content: Any, at: tuple[Any, ...], text: str) -> Any:
    """JSON with another text there."""
    copy = json.loads(json.dumps(content))
    *way, last = at
    holder = copy
    for key in way[:-1] if last is None else way:
        holder = holder[key]
    if last is None:
        holder[text] = holder.pop(way[-1])
    else:
        holder[last] = text
    return copy


def loaded(content: Any) -> Any:
    """The workflow of a plan, or None where it is refused, which is told on one line too."""
    found = load(json.dumps(content))
    if isinstance(found, Failure):
        assert str(found.failure()).isprintable()
        return None
    return found.unwrap()


PLANS = [json.loads(plan(w)) for w in WORKFLOWS]
PLACES = [(number, at, text) for number, each in enumerate(PLANS) for at, text in texts(each)]


CLOSED = {
    *get_args(Effect), *get_args(Kind), *get_args(Operator), *get_args(OnError), *get_args(OnLimit)
}  # fmt: skip
"""Texts of which a field has one or another, so that no other can be there."""


def rewritten(value: Any, more: str) -> Iterator[Any]:
    """A part of a workflow ⟶ it with more at the end of one text in it, for each of its texts."""
    match value:
        case str() if type(value) is str and value not in CLOSED:
            yield value + more
        case PMap():
            for key, item in value.items():
                yield from (value.remove(key).set(other, item) for other in rewritten(key, more))
                yield from (value.set(key, other) for other in rewritten(item, more))
        case PVector() | tuple() if type(value) is tuple or isinstance(value, PVector):
            for at, item in enumerate(value):
                for other in rewritten(item, more):
                    items = [*value[:at], other, *value[at + 1 :]]
                    yield tuple(items) if type(value) is tuple else pvector(items)
        case _ if type(value).__module__.startswith(("fwf.algebra.", "tests.")):
            yield from _rewritten_record(value, more)


def _rewritten_record(value: Any, more: str) -> Iterator[Any]:
    for name in getattr(value, "__match_args__", ()):
        for other in rewritten(getattr(value, name), more):
            try:
                yield changed(value, **{name: other})
            except (TypeError, ValueError) as error:
                assert str(error).isprintable()  # noqa: PT017 (most are built)


@cache
def workflows() -> list[tuple[Any, Any]]:
    """Workflows with a hostile text somewhere, each with one that has a harmless one there.

    From plans: whatever these may hold. From the nodes' own fields: whatever can be built.
    """
    found = [
        (loaded(put(PLANS[number], at, text + WORST)), loaded(put(PLANS[number], at, text + MILD)))
        for number, at, text in PLACES
    ]
    built = [
        pair
        for w in WORKFLOWS
        for pair in zip(rewritten(w, WORST + "\ud800"), rewritten(w, MILD), strict=True)
    ]
    return [pair for pair in found if pair[0] is not None] + built


@pytest.mark.parametrize("form", FORMS)
def test_a_form_holds_nothing_that_a_line_does_not_show(form: str) -> None:
    for hostile, harmless in workflows():
        told = FORMS[form](hostile)
        for line in told.split("\n"):
            assert line.isprintable(), line
        if form != "show, narrow":  # there the width says what stands on a line
            assert told.count("\n") == FORMS[form](harmless).count("\n"), told


def test_many_fields_were_tried() -> None:
    assert len(workflows()) > 90


@given(st.text())
def test_a_text_stays_one_line_and_keeps_what_a_line_shows(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)
    assert one_line(text).isprintable()
    if text.isprintable():
        assert printable(text) == text


@given(st.text(), st.text())
def test_names_that_differ_where_nothing_shows_do_not_print_alike(one: str, other: str) -> None:
    if one != other and "\\" not in one + other:
        assert printable(one) != printable(other)
