"""What tasks give, written down in a journal and read back."""

import json
import math
import re
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo as Clock
from decimal import Decimal
from enum import Enum
from functools import cached_property
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, cast
from zoneinfo import TZPATH as ZONES, ZoneInfo

import pytest
from hypothesis import example, given, strategies as st
from pyrsistent import pvector
from returns.result import Failure, Success

from fwf import Secret, par, register_codec, secrets as hidden, task
from fwf.algebra.plain_values import encode, freeze, thaw
from fwf.faults import TimedOut
from fwf.forms import strict, value_form as forms
from fwf.forms.mentioned import Known, names_in
from fwf.journal.values import Unreadable, Unwritable, Values
from fwf.journal.values.arrow import ArrowTables
from fwf.journal.values.scalar_texts import to_json
from fwf.journal.values.unfit import MOST
from tests.algebra.test_plain_values import kinds
from tests.samples import (
    FAULT,
    Access,
    Colour,
    Level,
    Limit,
    Money,
    Mood,
    Orders,
    Visits,
    plain_values,
)


@dataclass
class Row:
    amount: object


@dataclass
class Report:
    rows: list[Row]
    table: object = None


class Pair(NamedTuple):
    left: object
    right: object


@task(effect="read")
def known(
    a: Orders | Visits | Limit, b: Colour | Level | Mood | Access, c: Report | Pair
) -> list[Row]:
    return []


class Store(dict[str, bytes]):
    """Where contents are kept: as copies, as another process would find them."""

    def keep(self, name: str, content: memoryview) -> None:
        self[name] = bytes(content)


def values(names: Known | None = None, store: Store | None = None) -> Values:
    store = Store() if store is None else store
    return Values(names or NAMES, store.keep, store.__getitem__)


NAMES = names_in(known)
np, pd, pl, pa = (
    cast(Any, import_module(name)) for name in ("numpy", "pandas", "polars", "pyarrow")
)


def same(a: Any, b: Any) -> bool:
    return encode(freeze(a)) == encode(freeze(b)) and kinds(a) == kinds(b)


def order(value: Any) -> Any:
    """The order of keys, all the way down."""
    if isinstance(value, dict):
        return [(key, order(each)) for key, each in value.items()]
    return [*map(order, value)] if isinstance(value, list | tuple) else None


# What can be written


@given(plain_values)
@example(1.0)
@example([1.0])
@example([2**53, 2**53 + 1, -(2**53), -(2**53) - 1])
@example([-(2**53) - 1])
@example(["\ud800", "\U0001f600"])
@example({"\ud800": 1})
@example({7: "x"})
@example({"b": 1, "a": {"d": 1, "c": 2}})
@example([True, 1, 1.0])
@example(datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Paris")))
@example(Pair(Success(1), Failure(FAULT)))
@example([float("nan"), float("inf"), -0.0])
def test_what_was_settled_is_the_value_and_what_is_read_is_that(value: Any) -> None:
    text, settled = values().settle(value)
    read = values().read(text)
    for again in (settled, read):
        assert same(again, value)
        assert order(again) == order(value)
    assert values().settle(settled)[0] == text == values().settle(read)[0]
    assert text.isascii()


@given(plain_values)
def test_whatever_a_definition_may_hold_is_written_as_in_a_plan(value: Any) -> None:
    frozen = freeze(value)
    text, _ = values().settle(thaw(frozen))
    given = strict.parse(text, MOST)
    assert encode(frozen) == encode(freeze(values().read(to_json(forms.write(frozen)))))
    read: Any = forms.read(given, "", NAMES_WITH_ZONES)
    assert encode(read) == encode(frozen)


NAMES_WITH_ZONES = Known(
    "the test", NAMES.enums, NAMES.codecs, {"Europe/Paris": ZoneInfo("Europe/Paris"), "UTC": UTC},
    NAMES.instances,
)  # fmt: skip


SCALARS: list[Any] = [
    st.integers(),
    st.floats(),
    st.text(),
    st.booleans(),
    st.characters(categories=["Cs"]),
]


@given(st.one_of([*SCALARS, *(st.lists(each) for each in SCALARS), st.lists(st.one_of(SCALARS))]))
@example([2**53])
@example([2**53 + 1])
@example([-(2**53) - 1])
def test_what_is_written_fast_is_written_the_same(value: Any) -> None:
    assert values().settle(value)[0] == to_json(forms.write(freeze(value)))


@given(plain_values, plain_values)
def test_digests_are_alike_only_for_the_same_value(a: Any, b: Any) -> None:
    one, other = values().digest(a), values().digest(b)
    assert len(one) == 32
    assert (one == other) == (encode(freeze(a)) == encode(freeze(b)))


@given(plain_values)
def test_a_digest_is_that_of_what_was_settled(value: Any) -> None:
    assert values().digest(value) == values().digest(values().settle(value)[1])


def test_a_digest_doesnt_know_the_order_of_keys() -> None:
    assert values().digest({"a": 1, "b": 2}) == values().digest({"b": 2, "a": 1})
    assert values().digest({1: 1, "b": 2}) == values().digest({"b": 2, 1: 1})
    assert values().digest({"a": 1}) != values().digest({"a": True})


def test_what_can_change_is_a_copy() -> None:
    given = {"a": [1], "b": ["x"], "c": [None, 2], "d": {1}}
    _, settled = values().settle(given)
    for key, each in given.items():
        assert settled[key] is not each
    given["a"].append(2)  # type: ignore[attr-defined]
    assert settled["a"] == [1]


def test_a_hundred_levels_are_written_and_one_more_is_refused() -> None:
    for wrap in (lambda v: [v], lambda v: (v,), lambda v: {"a": v}, Row, Success, lambda v: {1: v}):
        value: Any = 1.5
        for _ in range(100):
            value = wrap(value)
        text, _ = values().settle(value)
        assert values().settle(values().read(text))[0] == text
        with pytest.raises(Unwritable, match="nests more than 100 levels deep, or holds itself"):
            values().settle(wrap(value))
        assert values().digest(wrap(value)) == ""


def test_what_holds_itself_or_nests_far_too_deep_is_refused() -> None:
    ring: list[Any] = []
    ring.append(ring)
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    for value in (ring, deep, {"a": ring}):
        with pytest.raises(Unwritable, match="holds itself: give it flat"):
            values().settle(value)


def test_little_stack_is_an_error_of_its_own() -> None:
    def down(depth: int) -> None:
        if depth:
            down(depth - 1)
        else:
            value: Any = 1.5
            for _ in range(90):
                value = [value]
            values().settle(value)

    met = set[type]()
    for depth in range(sys.getrecursionlimit() - 100, 0, -10):
        try:
            down(depth)
        except (Unwritable, RecursionError) as error:
            met.add(type(error))
        else:
            break
    assert Unwritable in met


# What can't be written


class Name(str):
    __slots__ = ()


class Fewer(Visits):
    pass


class More(Row):
    pass


@dataclass
class Unknown:
    n: int


@dataclass
class Ready:
    n: int
    ready: bool = field(init=False, default=False)


@dataclass
class Secretive:
    n: int
    password: str = field(repr=False, default="")


@dataclass
class Given:
    n: InitVar[int]


@dataclass
class Rounded:
    n: float

    def __post_init__(self) -> None:
        self.n = round(self.n)


@dataclass
class Bag(dict[str, int]):
    n: int


@dataclass
class Lazy:
    n: int

    @cached_property
    def twice(self) -> int:
        return 2 * self.n


@dataclass(slots=True)
class Slotted:
    n: int
    other: int = 0


class Lossy:
    def __init__(self, n: int, unit: str) -> None:
        self.n, self.unit = n, unit

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lossy) and (self.n, self.unit) == (other.n, other.unit)


register_codec(
    Lossy,
    name="tests.Lossy",
    to_plain=lambda lossy: lossy.n,
    from_plain=lambda n: Lossy(n, "EUR"),
)


@task(effect="read")
def odd(a: Ready | Secretive | Given | Rounded, b: Bag | Lazy | Slotted) -> tuple[int, ...]:
    return ()


ODD = names_in(odd)


def gone() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("value", "said", "remedy"),
    [
        (np.int64(1), "a numpy.int64", "write int(…)"),
        (np.float64(1), "a numpy.float64", "write float(…)"),
        (np.bool_(True), "a numpy.bool", "write bool(…)"),
        (np.str_("a"), "a numpy.str_", "write str(…)"),
        (np.arange(3), "a numpy.ndarray", "write .tolist() of it"),
        (pd.DataFrame({"a": [1]}), "a pandas.DataFrame", "pyarrow.Table.from_pandas(…)"),
        (pd.Series([1]), "a pandas.Series", ".tolist()"),
        (pl.DataFrame({"a": [1]}), "a polars.DataFrame", ".to_arrow()"),
        (pl.LazyFrame({"a": [1]}), "a polars.LazyFrame", ".collect().to_arrow()"),
        (pl.Series([1]), "a polars.Series", ".to_list()"),
        (pa.record_batch({"a": [1]}), "a pyarrow.RecordBatch", "pyarrow.Table.from_batches"),
        (pa.array([1]), "a pyarrow.Int64Array", ".to_pylist()"),
        (pa.scalar(1), "a pyarrow.Int64Scalar", ".as_py()"),
        (OrderedDict(a=1), "an OrderedDict", "write dict(…)"),
        (Counter("a"), "a Counter", "write dict(…)"),
        (defaultdict(list), "a defaultdict", "write dict(…)"),
        (deque([1]), "a deque", "write list(…)"),
        (range(3), "a range", "write list(…)"),
        (bytearray(b"a"), "a bytearray", "write bytes(…)"),
        (Name("a"), "a Name", "write str(…)"),
        (Fewer(1, []), "a Fewer", "write tuple(…)"),
        (pvector([1]), "a PVector", "fwf.register_codec"),
        (object(), "an object", "fwf.register_codec"),
        (len, "a builtin_function_or_method", "fwf.register_codec"),
        (gone(), "a generator", "collect it into a list"),
        (Secret.env("HOME"), "a Secret", "take it as a parameter"),
        (ValueError("x"), "a ValueError", "fwf.register_codec"),
        (More(1), "a More", "fwf.register_codec"),
        (Unknown(1), "an Unknown", "annotate the result of the task"),
        (Decimal("sNaN"), "signaling NaN", "write Decimal('NaN')"),
        (1j, "a complex", "fwf.register_codec"),
    ],
)
def test_what_cant_be_written_is_named_with_its_place_and_a_remedy(
    value: Any, said: str, remedy: str
) -> None:
    for place, whole in (
        ("the value", value),
        (".rows[3].amount", Report([Row(1), Row(2), Row(3), Row(value)])),
        ("['a'][1]", {"b": 1, "a": (1, value)}),
        (".unwrap().left", Success(Pair(value, 1))),
        ("[7]", {"a": 1, 7: value}),
    ):
        if isinstance(value, type(gone())) and place != "the value":
            continue
        with pytest.raises(Unwritable) as raised:
            values().settle(whole)
        message = str(raised.value)
        assert message.startswith(f"{place} ")
        assert said in message
        assert remedy in message
        assert values().digest(whole) == ""


def test_members_of_sets_and_keys_are_told_as_such() -> None:
    with pytest.raises(Unwritable, match=r"^\{…\} is a complex"):
        values().settle({1j})
    with pytest.raises(Unwritable, match=r"^\['a'\]\.keys\(\)\[1\] is a complex"):
        values().settle({"a": {(1, 1j): 1}})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Secretive(1), "whose 'password' is hidden"),
        (Given(1), "can't be made anew from its fields"),
        (Bag(1), "that is also a dict"),
        (Lossy(1, "USD"), "that its codec reads as another value"),
    ],
)
def test_what_would_come_back_as_another_value_is_refused(value: Any, said: str) -> None:
    with pytest.raises(Unwritable, match=re.escape(said)):
        values(ODD).settle([value])
    with pytest.raises(Unwritable, match=r"call fwf.register_codec for the class, or run with"):
        values(ODD).settle(value)


def test_what_was_changed_after_it_was_made_is_refused() -> None:
    ready, rounded, lazy, slotted = Ready(1), Rounded(1), Lazy(1), Slotted(1)
    for value in (ready, rounded, lazy, slotted, Lossy(1, "EUR"), Rounded(2.5)):
        values(ODD).settle(value)
    lazy.twice
    assert values(ODD).settle(lazy)[1] == lazy
    ready.ready, rounded.n, lazy.extra = True, 1.5, 1  # type: ignore[attr-defined]
    del slotted.other
    for value, said in (
        (ready, "whose 'ready' comes back as another one"),
        (rounded, "whose 'n' comes back as another one"),
        (lazy, "with an attribute 'extra'"),
        (slotted, "whose 'other' isn't set"),
    ):
        with pytest.raises(Unwritable, match=said):
            values(ODD).settle(value)


def test_a_zone_is_found_by_its_name_or_refused() -> None:
    known_zone = datetime(2026, 1, 1, tzinfo=ZoneInfo("America/Santiago"))
    assert values().read(values().settle(known_zone)[0]) == known_zone
    named = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1), "CET"))
    assert values().settle(named)[1].tzname() == "UTC+01:00"

    class Own(Clock):
        key = "Europe/Paris"

        def utcoffset(self, dt: Any) -> timedelta:
            return timedelta(hours=9)

        def dst(self, dt: Any) -> None:
            return None

        def tzname(self, dt: Any) -> str:
            return "Own"

    with pytest.raises(Unwritable, match="is another one than that here"):
        values().settle([datetime(2026, 1, 1, tzinfo=Own())])
    text = '{"datetime":"2026-01-01T00:00:00+01:00","zone":"Europe/Atlantis"}'
    with pytest.raises(Unreadable, match="no time zone 'Europe/Atlantis': pip install tzdata"):
        values().read(text)


def test_two_classes_of_one_name_are_neither() -> None:
    def made() -> Any:
        @dataclass
        class Same:
            n: int

        return Same

    one, other = made(), made()

    names = names_in(par(task(effect="read")(_gives(one)), task(effect="read")(_gives(other))))
    with pytest.raises(Unwritable, match="no type that the workflow's tasks declare mentions"):
        values(names).settle(one(1))
    single = names_in(task(effect="read")(_gives(one)))
    values(single).settle(one(1))
    with pytest.raises(Unwritable, match="of which another class has the name"):
        values(single).settle(other(1))


def _gives(cls: Any) -> Any:
    def gives() -> Any: ...

    gives.__annotations__["return"] = cls
    return gives


def member(name: str) -> Any:
    """The member of an enum of this name."""
    (found,) = cast(Any, Enum)(name, ["RED"])
    return found


def test_another_thing_of_a_name_that_is_known_is_refused() -> None:
    with pytest.raises(Unwritable, match=r"is a .*Colour of which another enum has the name"):
        values().settle(member("Colour"))
    with pytest.raises(Unwritable, match="no type that the workflow's tasks declare mentions"):
        values().settle(member("Shade"))
    with pytest.raises(Unwritable, match=r"mentions 'tests\.Lossy'"):
        values().settle(Lossy(1, "EUR"))  # which was registered after NAMES were asked for
    tokyo = Path(ZONES[0], "Asia/Tokyo") if ZONES else None
    if tokyo is not None and tokyo.exists():
        with tokyo.open("rb") as content:
            paris = ZoneInfo.from_file(content, key="Europe/Paris")
        with pytest.raises(Unwritable, match="is another one than that here"):
            values().settle(datetime(2026, 1, 1, tzinfo=paris))


def test_a_codec_that_leaves_something_out_is_found_when_it_is_read() -> None:
    text = values().settle(TimedOut("a", timedelta(1)))[0]
    assert values().read(text)
    with pytest.raises(Unreadable, match=r"'fwf\.TimedOut' reads it as another value now"):
        values().read(text.replace('"path":', '"more":1,"path":', 1))


# Sizes and secrets


@pytest.mark.parametrize(
    "value",
    [
        "x" * (MOST - 1),
        ["x" * 1_000_000] * 17,
        [["x" * 1_000_000] for _ in range(17)],
        {str(n): "x" * 1_000_000 for n in range(17)},
        Pair("x" * 9_000_000, "x" * 9_000_000),
        b"x" * (MOST // 2),
        [1] * (MOST // 2),
        1 << (4 * MOST),
    ],
    ids=range(8),
)
def test_a_value_past_16_mib_is_refused_with_its_size_and_a_remedy(value: Any) -> None:
    with pytest.raises(Unwritable, match=r"MiB of JSON, .* at most 16 MiB .* give a pyarrow Table"):
        values().settle(value)
    assert values().digest(value) == ""


def test_a_value_of_16_mib_is_written() -> None:
    text, _ = values().settle("x" * (MOST - 2))
    assert len(text) == MOST
    assert values().read(text) == "x" * (MOST - 2)


def test_a_value_that_holds_a_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden, "_revealed", {})
    monkeypatch.setenv("TOKEN", 'gei"heim-und-lang')
    monkeypatch.setenv("PIN", "12345")
    token, pin = Secret.env("TOKEN").reveal(), Secret.env("PIN").reveal()
    table = pa.table({"a": ["x", f"Bearer {token}"]})
    for value in (token, {"a": [f"Bearer {token}"]}, {token: 1}, token.encode(), table, [table]):
        store = Store()
        with pytest.raises(
            Unwritable, match="TOKEN>, and secrets are never in a journal"
        ) as raised:
            values(store=store).settle(value)
        assert token not in str(raised.value)
        assert not store
    assert values().settle([pin])[1] == [pin]
    assert values().digest(token) == ""
    with pytest.raises(Unwritable) as raised:
        values().settle({token: object()})
    assert token not in str(raised.value)


@dataclass
class Growing:
    rows: list[int]

    def __post_init__(self) -> None:
        self.rows.append(1)


def test_a_class_that_changes_its_parts_when_it_is_made_is_refused() -> None:
    names = names_in(task(effect="read")(_gives(Growing)))
    with pytest.raises(Unwritable, match="Growing whose 'rows' comes back as another one"):
        values(names).settle(Growing([]))


# Tables

TABLES = [
    pa.table({"a": [1, None, 3], "s": ["x", None, "ä"], "l": [[1], [], None]}),
    pa.table({"a": list(range(100_000))}).slice(10, 5),
    pa.table({"s": [str(n) for n in range(10_000)]}).slice(9_000, 3),
    pa.table({}),
    pa.table({"a": pa.array([], pa.int64())}),
    pa.table({"a": [1, 2]}).select([]),
    pa.concat_tables([pa.table({"a": [1]}), pa.table({"a": [1, 2]}).slice(1, 0)] * 2),
    pa.table({"d": pa.chunked_array([pa.array(c).dictionary_encode() for c in ("ab", "cb")])}),
    pa.table({"a": [1]}).replace_schema_metadata({"k": "v"}),
    pa.table([pa.array([1])], schema=pa.schema([pa.field("a", pa.int64(), False, {"k": "v"})])),
    pa.table([[1], [2]], names=["a", "a"]),
    pa.table({"t": pa.array([datetime(2026, 1, 1)], pa.timestamp("us", "Europe/Paris"))}),
    pa.table({"d": [Decimal("1.50")], "b": [b"\xff"], "x": [{"y": 1}]}),
]


@pytest.mark.parametrize("table", TABLES, ids=range(len(TABLES)))
def test_tables_come_back_equal(table: Any) -> None:
    store = Store()
    held: list[tuple[Any, Callable[[Any], Any]]] = [
        (table, lambda v: v),
        ([1, table], lambda v: v[1]),
        ((table,), lambda v: v[0]),
        ({"a": table}, lambda v: v["a"]),
        (Report([], table), lambda v: v.table),
        (Pair(1, table), lambda v: v.right),
        (Success(table), lambda v: v.unwrap()),
    ]
    for value, inside in held:
        text, settled = values(store=store).settle(value)
        read = values(store=store).read(text)
        for again in (settled, read):
            assert type(again) is type(value)
            assert inside(again).equals(table, check_metadata=True)
            assert inside(again).num_rows == table.num_rows
    ((name, content),) = store.items()
    assert re.fullmatch(r"[0-9a-f]{32}\.arrow", name)
    assert len(content) < 2_000
    assert json.loads(values(store=store).settle(table)[0]) == {"arrow": name}


def test_empty_chunks_are_not_kept() -> None:
    one = pa.table({"a": [1, 2]})
    with_empty = pa.concat_tables([one.slice(0, 0), one, one.slice(2, 0)])
    assert values().digest(with_empty) == values().digest(one)


def test_a_table_with_nan_comes_back() -> None:
    _, settled = values().settle(pa.table({"a": [math.nan, 1.0, None]}))
    assert str(settled.to_pylist()) == "[{'a': nan}, {'a': 1.0}, {'a': None}]"


def test_a_table_that_was_settled_or_read_isnt_written_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store()
    these = values(store=store)
    text, settled = these.settle([TABLES[0]])
    read = these.read(text)
    unknown = pa.table({"other": [1]})
    digest, other = these.digest(TABLES[0]), these.digest(unknown)
    assert len(store) == 1
    monkeypatch.delattr("fwf.journal.values.arrow.content_of")
    assert these.digest(settled[0]) == these.digest(read[0]) == digest != other
    assert these.digest(unknown) == other
    assert these.settle(settled)[0] == these.settle(read)[0] == text


def test_a_table_of_which_only_the_digest_was_asked_is_kept_when_it_is_settled() -> None:
    store = Store()
    these = values(store=store)
    these.digest(TABLES[0])
    assert not store
    these.settle(TABLES[0])
    assert len(store) == 1


def test_no_table_of_a_value_that_cant_be_written_is_kept() -> None:
    store = Store()
    these = values(store=store)
    with pytest.raises(Unwritable):
        these.settle([TABLES[0], object()])
    assert these.settle(1) == ("1", 1)
    assert not store


def test_names_of_tables_that_are_gone_are_forgotten() -> None:
    these = ArrowTables(Store().keep, Store().__getitem__)
    for n in range(50):
        these.settle(pa.table({"a": [n]}))
        these.commit()
        these.name(pa.table({"b": [n]}))
    assert these.name_count <= 2


def test_a_table_that_cant_be_read_says_so() -> None:
    store = Store(x=b"no table")
    with pytest.raises(Unreadable, match=r"^/dict/a/arrow can't be read back: x is no table"):
        values(store=store).read('{"dict":{"a":{"arrow":"x"}}}')


# What can't be read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("1 2", "is not JSON"),
        ("NaN", "NaN is not JSON"),
        ("[1,-Infinity]", "/1 can't be read back: -Infinity is not JSON"),
        ("1e999", "finite"),
        ("[" * 7_000 + "]" * 7_000, "nests 7,000 levels deep"),
        ("[" * 100_000, "nests 100,000 levels deep"),
        ("[" * 101 + "]" * 101, "a value may nest 100 levels deep"),
        ('{"dict":{"a":1,"a":2}}', "/dict can't be read back: the key 'a' is given twice"),
        ('{"dict":[[1,2],[1,3]]}', "holds a key twice"),
        ('{"dict":[[[1],2]]}', "unhashable"),
        ('{"dict":[[1]]}', "/dict/0 can't be read back: a list of 1 is given"),
        ('{"set":[1,1]}', "holds a value twice"),
        ('{"set":[[1]]}', "unhashable"),
        ('{"set":[1],"more":1}', "nothing beside 'set'"),
        ('{"a":1}', "a plain value"),
        ("{}", "a plain value"),
        ('"\\ud800"', "lone surrogate"),
        ('["ä\ud800"]', "is not UTF-8"),
        ("9" * 5000, "digits"),
        ('{"float":"1.0","x":1}', "a plain value"),
        ('{"coded":"fwf.Success"}', "an object with coded, plain"),
        ('{"coded":"fwf.Nothing","plain":1}', "mentions 'fwf.Nothing' now"),
        ('{"coded":"fwf.TimedOut","plain":{"dict":{"leaves":[]}}}', "can't read it any more"),
        ('{"coded":"os:system","plain":"x"}', "mentions 'os:system' now"),
        ('{"coded":"tests.Money","plain":[1]}', "the codec 'tests.Money' can't read it any more"),
        ('{"coded":"tests.Lossy","plain":1}', "mentions 'tests.Lossy' now"),
        ('{"coded":"tests.samples:Orders","plain":1}', "the fields of an object"),
        (
            '{"coded":"tests.samples:Orders","plain":{"dict":{"day":1,"old":2}}}',
            "Orders has changed: it has a new field 'row_count', and has no field 'old' any more",
        ),
        ('{"enum":"Colour","member":"BLUE"}', "is no member; Colour has RED, GREEN"),
        ('{"enum":"Shape","member":"X"}', "the workflow has no enum 'Shape'"),
    ],
)
def test_what_cant_be_read_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(Unreadable) as raised:
        values().read(text)
    assert said in str(raised.value)


def test_a_class_that_changes_what_it_is_given_is_found_when_it_is_read() -> None:
    text = values(ODD).settle(Rounded(2))[0]
    with pytest.raises(Unreadable, match="Rounded whose 'n' comes back as another one"):
        values(ODD).read(text.replace('{"float":"2.0"}', "2").replace(":2}", ":2.5}"))


def test_types_of_tasks_and_registered_classes_are_known() -> None:
    assert {"Colour", "Level", "Mood", "Access"} <= set(NAMES.enums)
    assert {"tests.samples:Orders", "tests.Money", "fwf.Success"} <= set(NAMES.codecs)
    assert NAMES.instances["tests.samples:Visits"] is Visits
    assert "tests.Money" not in NAMES.instances
    assert values().read(values().settle(Money(Decimal(1), "EUR"))[0]).currency == "EUR"
    assert values().settle(PurePosixPath("/a"))[1] == PurePosixPath("/a")
    assert values().settle(date(2026, 1, 1))[0] == '{"date":"2026-01-01"}'


def test_pyarrow_isnt_imported_for_values_without_tables() -> None:
    import subprocess

    code = (
        "import sys; from fwf import const; from fwf.forms.mentioned import names_in\n"
        "from fwf.journal.values import Values, Unwritable\n"
        "these = Values(names_in(const(1)), None, None)\n"
        "these.read(these.settle([1, {'a': 2.5}])[0]); these.digest(1)\n"
        "try: these.settle(object())\n"
        "except Unwritable: print('pyarrow' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# Classes that have changed


@dataclass(frozen=True)
class Grown:
    day: int
    zone: str = "UTC"
    tags: tuple[str, ...] = field(default=())


class GrownPair(NamedTuple):
    day: int
    zone: str = "UTC"


def taking(cls: type) -> Values:
    def take(value):  # type: ignore[no-untyped-def]
        return value

    take.__annotations__ = {"value": cls}
    return values(names_in(task(effect="pure")(take)))


@pytest.mark.parametrize(("cls", "default"), [(Grown, ("UTC", ())), (GrownPair, ("UTC",))])
def test_a_field_that_is_new_has_its_default_in_what_was_written_before(
    cls: Any, default: tuple[object, ...]
) -> None:
    text = f'{{"coded":"{__name__}:{cls.__name__}","plain":{{"dict":{{"day":1}}}}}}'
    assert taking(cls).read(text) == cls(1, *default)
    with pytest.raises(Unreadable, match=r"it has a new field 'day'"):
        taking(cls).read(text.replace('"day":1', '"zone":"UTC"'))


def test_a_class_that_stands_in_another_module_now_is_named() -> None:
    text = '{"coded":"jobs:Grown","plain":{"dict":{"day":1}}}'
    with pytest.raises(Unreadable, match=rf"mentions 'jobs:Grown' now, but '{__name__}:Grown': st"):
        taking(Grown).read(text)
