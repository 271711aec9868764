"""Values that Python finds unequal to themselves, or equal to others: the same after every trip."""

import copy
import enum
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from fwf import (
    Workflow,
    branch,
    const,
    definition_id,
    identity,
    it,
    literal,
    load,
    map_each,
    named,
    param,
    pick,
    plan,
    pure,
    recover,
    registry,
    run,
    with_params,
)
from fwf.algebra.builder import expr_of
from fwf.algebra.packing import pack, unpack
from fwf.algebra.plain_values import encode, freeze
from tests.samples import Access, Colour, Level, Mood, namespace, ping


class Odd(enum.Enum):
    NOT = float("nan")
    ZERO = -0.0


odd = st.one_of(
    st.builds(float, st.just("nan")),
    st.builds(Decimal, st.sampled_from(["NaN", "-NaN", "NaN123", "1.0", "1.00", "-0", "Infinity"])),
    st.sampled_from([0.0, -0.0, 1, True, 1.0, 0, False, None, "", b"", "nan", "\ud800"]),
    st.sampled_from([*Colour, *Level, *Mood, Access(0), Access.READ | Access.WRITE]),
    st.sampled_from([UTC, timezone(timedelta(hours=1)), ZoneInfo("Europe/Paris"), None]).flatmap(
        lambda zone: st.sampled_from(
            [datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=1), time(2, 30, tzinfo=zone)]
        )
    ),
)
keys = odd | st.lists(odd, max_size=2).map(tuple)
values = st.recursive(
    odd,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=2).map(tuple),
        st.lists(st.tuples(keys, inner), max_size=3).map(dict),
        st.sets(keys, max_size=3),
    ),
)

BOTH = pure(pick(param("x"), param("y")))
PLACES: dict[str, Callable[[Any], Workflow[Any, Any]]] = {
    "const": const,
    "nested": lambda value: map_each(const(value)),
    "with_params": lambda value: with_params(BOTH, x=value, y=[value]),
    "notes": lambda value: named("x", identity, note=value),
    "predicate": lambda value: branch(it == literal(value), then=ping, otherwise=identity),
    "recover": lambda value: recover(ping, value),
}
TRIPS: dict[str, Callable[[Workflow[Any, Any]], Workflow[Any, Any]]] = {
    **{f"pickle {n}": lambda w, n=n: pickle.loads(pickle.dumps(w, n)) for n in (4, 5)},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "repr": lambda w: eval(repr(w), namespace()),
    "plan": lambda w: load(plan(w), registry(w)).unwrap(),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("trip", TRIPS)
@given(values)
def test_a_value_is_the_same_after_every_trip(place: str, trip: str, value: Any) -> None:
    w = PLACES[place](value)
    again = TRIPS[trip](w)
    assert again == w and hash(again) == hash(w) and definition_id(again) == definition_id(w)
    assert repr(again) == repr(w)
    assert PLACES[place](value) == w


@given(values)
def test_a_constant_that_ran_makes_the_same_constant(value: Any) -> None:
    assert const(run(const(value)).unwrap()) == const(value)


@given(values)
def test_an_expression_and_a_packed_value_are_the_same_again(value: Any) -> None:
    built = literal(value)
    for other in (pickle.loads(pickle.dumps(built)), copy.deepcopy(built), copy.copy(built)):
        assert expr_of(other) == expr_of(built)
    frozen = freeze(value)
    assert encode(unpack(pack(frozen))) == encode(frozen)


def test_an_enum_goes_by_its_name_since_its_value_may_not_be_found() -> None:
    for value in (Odd.NOT, {Odd.NOT: [Odd.ZERO]}):
        assert pickle.loads(pickle.dumps(const(value))) == const(value)
    assert pickle.loads(pickle.dumps(literal(Odd.NOT)))._expr.value is Odd.NOT


def test_keys_that_are_written_alike_stand_in_one_order() -> None:
    nans = [float("nan") for _ in range(6)]
    one = {key: n for n, key in enumerate(nans)}
    other = {key: n for n, key in reversed(list(enumerate(nans)))}
    assert const(one) == const(other) and repr(const(one)) == repr(const(other))
    assert definition_id(const(one)) == definition_id(const(other))
