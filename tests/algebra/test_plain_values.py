import ipaddress
import math
import re
import struct
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from pyrsistent import pmap, pset, pvector

from fwf import (
    IdempotencyKey,
    const,
    fail,
    load,
    plan,
    recover,
    register_codec,
    run,
    task,
    with_params,
)
from fwf.algebra.expr import Const
from fwf.algebra.plain_values import encode, freeze, is_name, keywords, source, thaw
from fwf.durations import duration_source
from tests.samples import (
    Access,
    Colour,
    Level,
    Money,
    Mood,
    Visits,
    namespace,
    plain_values,
)


def same(a: Any, b: Any) -> bool:
    return encode(freeze(a)) == encode(freeze(b))


@given(plain_values)
def test_what_is_thawed_was_frozen(value: Any) -> None:
    assert same(thaw(freeze(value)), value)
    assert freeze(freeze(value)) == freeze(value) or encode(freeze(value))
    assert hash(Const(freeze(value))) == hash(Const(freeze(thaw(freeze(value)))))


def kinds(value: Any) -> Any:
    """The exact types of a value and of all that is in it."""
    if isinstance(value, dict):
        inside = {key: (kinds(key), kinds(each)) for key, each in value.items()}
    elif isinstance(value, set | frozenset):
        inside = {each: kinds(each) for each in value}
    else:
        inside = [*map(kinds, value)] if isinstance(value, list | tuple) else None
    return type(value), inside


@given(plain_values)
def test_what_is_thawed_is_of_the_types_that_it_was_frozen_from(value: Any) -> None:
    assert kinds(thaw(freeze(value))) == kinds(value)
    assert kinds(thaw(freeze(freeze(value)))) == kinds(value)


class Rows(list[int]):
    pass


class Fewer(Visits):
    pass


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        (OrderedDict(a=1), "write dict(…) of it"),
        (Counter("a"), "write dict(…) of it"),
        (defaultdict(list, a=1), "write dict(…) of it"),
        (deque([1]), "write list(…) of it"),
        (Rows([1]), "write list(…) of it"),
        (bytearray(b"a"), "write bytes(…) of it"),
        (Fewer(1, []), "write tuple(…) of it"),
        (IdempotencyKey("a"), "write str(…) of it"),
        ({1: 2}.keys(), "call fwf.register_codec"),
    ],
)
def test_what_would_come_back_as_something_else_is_refused(value: Any, remedy: str) -> None:
    for make in (
        const,
        lambda value: with_params(const(1), it=value),
        lambda value: const([value]),
    ):
        with pytest.raises(TypeError, match=re.escape(remedy)):
            make(value)


def test_what_may_differ_is_frozen_for_a_key_all_the_same() -> None:
    counted, ordered = Counter(a=1), OrderedDict(a=1)
    assert encode(freeze(counted, exact=False)) == encode(freeze(ordered, exact=False))
    assert encode(freeze([Visits(1, [])], exact=False)) == encode(freeze([(1, [])]))


@pytest.mark.parametrize(
    "value", [pset([pvector([1])]), frozenset([(pvector([1]),)]), pmap({pset([1]): 2})]
)
def test_what_can_change_is_in_no_set_and_no_key(value: Any) -> None:
    with pytest.raises(TypeError, match=r"can change, .*: write a tuple or a frozenset"):
        const(value)


def test_a_frozen_set_reaches_a_task_as_one() -> None:
    @task(effect="pure")
    def wants(ids: frozenset[int]) -> str:
        return type(ids).__name__

    @task(effect="pure")
    def takes(*, ids: frozenset[str]) -> str:
        return type(ids).__name__

    assert run(const(frozenset({1})) >> wants).unwrap() == "frozenset"
    assert run(with_params(takes, ids=frozenset({"a"}))).unwrap() == "frozenset"
    assert run(recover(fail("No"), frozenset[int]())).unwrap() == frozenset()
    assert type(run(recover(fail("No"), {1})).unwrap()) is set
    with pytest.raises(TypeError, match=r"gives set, but wants .* takes frozenset\[int\]"):
        const({1}) >> wants


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
        ({1, 2}, frozenset({1, 2})),
        (frozenset(), set()),
        (frozenset({(1,)}), frozenset({frozenset({1})})),
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


class Summer(tzinfo):
    """A zone of somebody's own, of which nothing but its class is known."""

    def utcoffset(self, dt: datetime | None, /) -> timedelta:
        return timedelta(hours=2)

    def dst(self, dt: datetime | None, /) -> None:
        return None

    def tzname(self, dt: datetime | None, /) -> str:
        return "summer"


@pytest.mark.parametrize("moment", [datetime(2026, 7, 1, 2), time(2)])
def test_a_zone_is_known_by_its_key_or_its_offset_alone(moment: Any) -> None:
    hours = timedelta(hours=2)
    plain, named = (moment.replace(tzinfo=timezone(hours, *name)) for name in ((), ("CEST",)))
    for value in (plain, [plain], {plain: plain}, frozenset({plain})):
        assert load(plan(const(value))).unwrap() == const(value)
    assert const(plain) == const(named) and repr(const(plain)) == repr(const(named))
    assert run(const(named)).unwrap().tzname() == "UTC+02:00"
    for zone in (Summer(), without_a_key()):
        with pytest.raises(TypeError, match=r"its zone is a (Summer|ZoneInfo), .*write zoneinfo\."):
            const([moment.replace(tzinfo=zone)])
        assert freeze(moment.replace(tzinfo=zone), exact=False) == moment.replace(tzinfo=zone)


def without_a_key() -> tzinfo:
    """A zone out of a file, which holds one offset."""
    head = struct.pack(">4s16x6l", b"TZif", 0, 0, 0, 0, 1, 4)
    return ZoneInfo.from_file(BytesIO(head + struct.pack(">lbb", 7200, 0, 0) + b"CET\0"))


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
    assert eval(duration_source(value), namespace()) == value


def test_durations_are_printed_in_the_largest_whole_unit() -> None:
    assert duration_source(timedelta(days=2)) == "days(2)"
    assert duration_source(timedelta(minutes=90)) == "minutes(90)"
    assert duration_source(timedelta(milliseconds=1500)) == "milliseconds(1500)"
    assert duration_source(timedelta(0)) == "seconds(0)"


def test_keywords_that_are_no_names_go_in_a_dictionary() -> None:
    given: Any = freeze({"b": 1, "class": 2, "a b": 3})
    assert keywords(given) == "b=1, **{'a b': 3, 'class': 2}"
    assert not is_name("ﬁ") and is_name("größe")


@pytest.mark.parametrize("make", [lambda v: (v, v), lambda v: [v, v], lambda v: {"a": v, "b": v}])
def test_a_value_that_stands_in_itself_in_many_places_is_refused(make: Any) -> None:
    value: Any = 1
    for _ in range(60):
        value = make(value)
    with pytest.raises(ValueError, match="may hold 100,000 lists"):
        freeze(value)
