"""Values go to DynamoDB and come back as they were, or are refused before anything is sent."""

import enum
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from fwf.connectors.dynamodb import Tables
from fwf.connectors.dynamodb.values import Unfit, decode, encode, number

pd: Any = pytest.importorskip("pandas")


class Kind(str, enum.Enum):  # noqa: UP042 (its members show as `Kind.A`)
    A = "a"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
NUMBERS = st.builds(
    lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=38).map(tuple),
    st.integers(-130, 125 - 37),
)
NUMERIC = st.integers(-(10**38) + 1, 10**38 - 1) | NUMBERS
MEMBERS: list[st.SearchStrategy[Any]] = [TEXTS, NUMERIC, st.binary(max_size=3)]
SETS = st.one_of([st.frozensets(each, min_size=1, max_size=4) for each in MEMBERS])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMERIC | TEXTS | st.binary(max_size=5) | SETS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS.filter(bool), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = TEXTS.filter(lambda name: name not in ("", "id"))
UTC_2 = timezone(timedelta(hours=2))
TOP = Decimal("9." + "9" * 37 + "E+125")


@given(VALUES)
def test_a_value_comes_back_equal(value: Any) -> None:
    wire, size = encode(value)
    assert decode(wire) == value
    assert size >= 0


@given(NUMERIC, st.integers(0, 20))
def test_equal_numbers_are_one_text_whatever_the_context(value: Any, zeros: int) -> None:
    sign, digits, exponent = Decimal(value).as_tuple()
    longer = Decimal((sign, (*digits, *[0] * zeros), int(exponent) - zeros))
    assert number(longer) == number(value)
    assert Decimal(number(value)) == value
    with localcontext(prec=3):
        assert number(value) == number(longer)


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (Decimal("1.50"), {"N": "1.5"}),
        (Decimal("-0.00"), {"N": "0"}),
        (10**125, {"N": "1E+125"}),
        (TOP, {"N": "9.9999999999999999999999999999999999999E+125"}),
        (Decimal("1E-130"), {"N": "1E-130"}),
        (True, {"BOOL": True}),
        (1, {"N": "1"}),
        (None, {"NULL": True}),
        ("", {"S": ""}),
        ("a\x00\u2028", {"S": "a\x00\u2028"}),
        (b"", {"B": b""}),
        (date(2026, 7, 1), {"S": "2026-07-01"}),
        (datetime(2026, 7, 1, 10, tzinfo=UTC_2), {"S": "2026-07-01T08:00:00.000000Z"}),
        (datetime(1, 1, 1, tzinfo=UTC), {"S": "0001-01-01T00:00:00.000000Z"}),
        (pd.Timestamp("2026-07-01 08:00", tz="UTC"), {"S": "2026-07-01T08:00:00.000000Z"}),
        ((1, "a"), {"L": [{"N": "1"}, {"S": "a"}]}),
        ([], {"L": []}),
        ({}, {"M": {}}),
        ({""}, {"SS": [""]}),
        ({3, Decimal("1.0"), 2}, {"NS": ["1", "2", "3"]}),
        (Kind.A, {"S": "a"}),
    ],
    ids=repr,
)  # fmt: skip
def test_what_becomes_of_a_value(value: Any, wire: Any) -> None:
    assert encode(value)[0] == wire


@given(st.frozensets(TEXTS, min_size=2) | st.frozensets(NUMERIC, min_size=2))
def test_the_members_of_a_set_are_sent_in_an_order_of_their_own(value: Any) -> None:
    (members,) = encode(value)[0].values()
    assert members == sorted(members)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


UNFIT: list[tuple[Any, str]] = [
    (0.5, "a float: make a Decimal"),
    (float("nan"), "a float"),
    (Decimal("NaN"), "NaN or Infinity"),
    (Decimal("sNaN"), "NaN or Infinity"),
    (Decimal("-Infinity"), "NaN or Infinity"),
    (Decimal(0.1), "more than 38 digits"),  # noqa: RUF032 (it is what people write)
    (int("1" * 39), "more than 38 digits"),
    (10**126, "1E\\+126 or more"),
    (-(10**126), "1E\\+126 or more"),
    (10**10_000_000, "1E\\+126 or more"),
    (Decimal("9E-131"), "nearer to 0"),
    (Decimal("1E+999999"), "1E\\+126 or more"),
    (set[Any](), "an empty set"),
    ({1, "a"}, "a set of anything but"),
    ({True, False}, "a set of anything but"),
    ({None}, "a set of anything but"),
    ({(1, 2)}, "a set of anything but"),
    (datetime(2026, 7, 1), "without a zone"),
    (datetime(1, 1, 1, tzinfo=UTC_2), "years 1 to 9999"),
    (pd.NaT, "NaT"),
    (pd.Timestamp("2026-07-01 08:00:00.000000001", tz="UTC"), "nanoseconds"),
    ("a\ud800", "lone surrogate"),
    ({"": 1}, "an empty name"),
    ({1: 1}, "a name that is no text"),
    ({"a" * 65_536: 1}, "more than 64 KB"),
    (object(), "a object"),
    (timedelta(1), "a timedelta"),
    (1j, "a complex"),
    (nested(40), "nested deeper than 32"),
]


@pytest.mark.parametrize(("value", "says"), UNFIT, ids=[str(n) for n in range(len(UNFIT))])
def test_what_has_no_exact_place_is_refused_wherever_it_stands(value: Any, says: str) -> None:
    for held in (value, [value], {"a": {"b": value}}):
        with pytest.raises(Unfit, match=says) as caught:
            encode(held)
        assert caught.value.__context__ is None


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(Unfit, match="deeper"):
        encode(endless)


@pytest.mark.parametrize(
    ("value", "size"),
    [("aä", 3), (b"abc", 3), (True, 1), (None, 1), (0, 1), (12, 2), (-123, 4), (10**30, 2),
     (Decimal("0.05"), 2), (Decimal("1E-130"), 2), ([], 3), (["a", "b"], 7), ({"ab": "c"}, 7),
     ({"a", "b"}, 2)],
    ids=lambda each: repr(sorted(each) if isinstance(each, set) else each),
)  # fmt: skip
def test_sizes_are_counted_as_aws_describes_them(value: Any, size: int) -> None:
    assert encode(value)[1] == size


@pytest.fixture(scope="module")
def table(make_table: Any) -> str:
    return str(make_table())


@settings(max_examples=40)
@given(values=st.dictionaries(NAMES, VALUES, max_size=4))
def test_an_item_comes_back_from_dynamodb_as_it_was(
    db: Tables, table: str, values: dict[str, Any]
) -> None:
    item = {"id": 1, **values}
    assert db.write(table, [item], key=["id"]) == (1, [])
    assert db.page(table, 1, key=["id"]) == ([item], None)
