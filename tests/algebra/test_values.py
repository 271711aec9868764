import ipaddress
import math
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwf import const, register_codec
from fwf.algebra.values import duration, encode, freeze, is_name, keywords, source, thaw
from tests.samples import Access, Colour, Level, Money, Mood, namespace, plain_values


def same(a: Any, b: Any) -> bool:
    return encode(freeze(a)) == encode(freeze(b))


@given(plain_values)
def test_what_is_thawed_was_frozen(value: Any) -> None:
    assert same(thaw(freeze(value)), value)
    assert freeze(freeze(value)) == freeze(value) or encode(freeze(value))
    hash(freeze(value))


@given(plain_values)
def test_source_makes_the_value_again(value: Any) -> None:
    assert same(eval(source(freeze(value)), namespace()), value)


@given(plain_values, plain_values)
def test_values_encode_alike_only_if_python_finds_them_equal(a: Any, b: Any) -> None:
    if same(a, b) and "nan" not in repr(a):
        assert a == b and type(a) is type(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        (1, Decimal(1)),
        (Decimal("1.0"), Decimal("1.00")),
        ("a", b"a"),
        ("1", 1),
        ([1], (1,)),
        ([], {}),
        ([[1], 2], [[1, 2]]),
        ([1, [2]], [[1], 2]),
        ({"a": 1}, {"a": True}),
        ({1, 2}, [1, 2]),
        (Level.LOW, 1),
        (Mood.CALM, "calm"),
        (Colour.RED, Level.LOW),
        (Access(0), Access.READ),
        (Access.READ | Access.WRITE, Access.READ),
        (datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)),
        (
            datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Paris")),
            datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=2))),
        ),
        (datetime(2026, 10, 25, 2, fold=0), datetime(2026, 10, 25, 2, fold=1)),
        (time(12), time(12, tzinfo=ZoneInfo("Europe/Paris"))),
        (Money(Decimal(1), "EUR"), Money(Decimal(1), "USD")),
        (None, "None"),
        ("", "\ud800"),
    ],
)
def test_constants_of_different_type_or_value_differ(a: Any, b: Any) -> None:
    assert not same(a, b)
    assert const(a) != const(b)


def test_not_a_number_equals_itself_whatever_its_bits() -> None:
    assert const(float("nan")) == const(-math.nan) == const(math.inf - math.inf)
    assert source(freeze([math.nan, math.inf, -math.inf])) == (
        "[float('nan'), float('inf'), float('-inf')]"
    )


def test_the_order_of_dictionaries_and_sets_does_not_count() -> None:
    assert const({"a": 1, "b": {2, 3}}) == const({"b": {3, 2}, "a": 1})
    assert repr(const({"b": 1, "a": 2})) == repr(const({"a": 2, "b": 1}))
    assert list(thaw(freeze({"b": 1, "a": 2}))) == ["a", "b"]
    assert const({"a": {}, "b": {1: 2}}) == const({"b": {1: 2}, "a": {}})


def test_what_is_frozen_does_not_change_with_what_it_was_made_of() -> None:
    given = {"a": [1]}
    made = const(given)
    given["a"].append(2)
    assert made == const({"a": [1]})
    assert thaw(freeze(given)) is not given


def test_huge_integers_and_lone_surrogates_are_plain() -> None:
    for value in (10**5_000, -(10**5_000), "\ud800", b"\xff", Decimal("NaN"), timedelta.min):
        assert same(eval(source(freeze(value)), namespace()), value)
        repr(const(value))


def test_what_is_not_plain_is_refused_with_the_remedy() -> None:
    with pytest.raises(TypeError, match=r"is a object; .*register_codec") as said:
        const(object())
    assert "plain data" in str(said.value)
    with pytest.raises(TypeError, match="is a IPv4Address"):
        const({"host": ipaddress.ip_address("127.0.0.1")})


def test_values_nest_a_hundred_levels_and_not_more() -> None:
    value: Any = 1
    for _ in range(100):
        value = [value]
    repr(const(value))
    with pytest.raises(ValueError, match="may nest 100 levels deep, not more"):
        const([value])
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="100 levels"):
        const(loop)


def test_enums_are_printed_by_name_and_combined_flags_by_value() -> None:
    assert source(Colour.RED) == "Colour.RED"
    assert source(Level.HIGH) == "Level.HIGH"
    assert source(Mood.CALM) == "Mood.CALM"
    assert source(Access.READ | Access.WRITE) == "Access(3)"
    assert source(Access(0)) == "Access(0)"


def test_a_codec_lets_a_class_stand_in_definitions() -> None:
    money = Money(Decimal("3.50"), "EUR")
    assert const([money]) == const([Money(Decimal("3.50"), "EUR")])
    assert thaw(freeze([money])) == [money]
    with pytest.raises(ValueError, match=r"register_codec\(Money\): already registered as 'tests"):
        register_codec(Money, name="other", to_plain=str, from_plain=lambda plain: money)


@given(st.timedeltas())
def test_durations_are_printed_in_a_unit_that_loses_nothing(value: timedelta) -> None:
    assert eval(duration(value), namespace()) == value


def test_durations_are_printed_in_the_largest_whole_unit() -> None:
    assert duration(timedelta(days=2)) == "days(2)"
    assert duration(timedelta(minutes=90)) == "minutes(90)"
    assert duration(timedelta(milliseconds=1500)) == "milliseconds(1500)"
    assert duration(timedelta(0)) == "seconds(0)"


def test_keywords_that_are_no_names_go_in_a_dictionary() -> None:
    given: Any = freeze({"b": 1, "class": 2, "a b": 3})
    assert keywords(given) == "b=1, **{'a b': 3, 'class': 2}"
    assert not is_name("ﬁ") and is_name("größe")
