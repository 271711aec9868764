"""Every kind of parameter, wherever one is given, bound, written down, or wrong."""

import datetime
import enum
import json
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, InitVar, dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    TypeVar,
)
from uuid import UUID

import pytest
from typing_extensions import ReadOnly, TypeAliasType, TypedDict

from fwf import (
    Attempt,
    Parameter,
    Resource,
    Secret,
    check,
    const,
    definition_id,
    diff,
    dry_run,
    load,
    named,
    needs,
    par,
    plan,
    register_codec,
    registry,
    run,
    task,
    with_params,
)
from fwf.algebra.contract import Kind, kind_of
from fwf.cli.params import values_and_sizes
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import Target
from fwf.forms.by_type.given_texts import example, read
from fwf.testing.generated_pieces import local

if TYPE_CHECKING:
    from nowhere import Unresolved

T = TypeVar("T")


class Region(enum.Enum):
    EU = "eu"
    US = "us"


class Connection:
    def __init__(self, url: str = "") -> None:
        self.url = url


class Coin:
    """A class whose values only its codec writes down."""

    def __init__(self, cents: int, country: str = "") -> None:
        if cents < 0:
            raise ValueError("a coin is worth something")
        self.cents, self.country = cents, country

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Coin) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash(self.cents)

    def __repr__(self) -> str:
        return f"Coin({self.cents!r}, {self.country!r})"


def coin(plain: Any) -> Coin:
    return Coin(len(plain)) if isinstance(plain, str) else Coin(**plain)


register_codec(Coin, name="tests.Coin", to_plain=lambda coin: vars(coin), from_plain=coin)


@dataclass
class Limit:
    day: date
    least: Decimal = Decimal(0)


@dataclass(frozen=True)
class Key:
    region: Region
    day: date


class Point(NamedTuple):
    x: int
    y: int = 0


class Settings(TypedDict, total=False):
    day: Required[date]
    tags: list[str]
    region: ReadOnly[Region]


class Later(TypedDict):
    day: "date"
    tags: "NotRequired[list[str]]"


@dataclass
class Page(Generic[T]):
    items: list[T]
    next: "Page[T] | None" = None


@dataclass
class Days(Page[date]):
    title: str = ""


@dataclass
class Special:
    path: Path
    _: KW_ONLY
    scale: InitVar[int] = 1
    size: int = 3
    total: int = field(init=False)

    def __post_init__(self, scale: int) -> None:
        self.total = scale * self.size
        if self.size > 1000:
            raise ValueError("size is at most 1000")


@dataclass
class Amount:
    kind: Literal["amount"]
    value: Decimal


@dataclass
class Share:
    kind: Literal["share"]
    value: float


@dataclass
class Client:
    url: str
    connection: Connection


@dataclass
class Perhaps:
    url: str
    session: Any = None


Day = NewType("Day", date)
Pair = TypeAliasType("Pair", tuple[T, T], type_params=(T,))
Mode = TypeAliasType("Mode", Literal["fast", "full"])
Json = TypeAliasType("Json", "dict[str, Json] | list[Json] | str | int | None")
DAY, OTHER = date(2026, 7, 15), date(2026, 7, 16)


class Row(NamedTuple):
    """A type, a value, the text of it, a wrong value, where in it what is wrong."""

    type: Any
    value: Any
    text: str
    wrong: Any
    told: str


ROWS: dict[str, Row] = {
    "path": Row(Path, Path("a/b"), "a/b", "a/b", "a str, but needs Path"),
    "pure path": Row(PurePosixPath, PurePosixPath("a"), "a", 3, "an int, but needs PurePosixPath"),
    "enum": Row(Region, Region.EU, "EU", "eu", "a str, but needs Region"),
    "literal": Row(Literal["a", 2], 2, "2", "2", "a str, but needs Literal['a', 2]"),
    "union": Row(int | date, DAY, "2026-07-15", "x", "a str, but needs int | date"),
    "tuple": Row(
        tuple[int, date], (1, DAY), '[1, "2026-07-15"]', (1, 2), "it[1] is an int, not a date"
    ),
    "list": Row(list[Path], [Path("a")], '["a"]', ["a"], "it[0] is a str, not a Path"),
    "set": Row(set[Region], {Region.EU}, '["EU"]', {"EU"}, "it{…} is a str, not a Region"),
    "frozenset": Row(
        frozenset[Key],
        frozenset({Key(Region.EU, DAY)}),
        '[{"region": "EU", "day": "2026-07-15"}]',
        frozenset({1}),
        "it{…} is an int, not a Key",
    ),
    "dictionary": Row(
        dict[str, Limit],
        {"eu": Limit(DAY, Decimal("1.50"))},
        '{"eu": {"day": "2026-07-15", "least": 1.50}}',
        {"eu": Limit("x")},  # type: ignore[arg-type]
        "it['eu'].day is a str, not a date",
    ),
    "keys": Row(
        dict[date, int], {DAY: 1}, '{"2026-07-15": 1}', {"x": 1}, "it{…} is a str, not a date"
    ),
    "keys of a class": Row(
        dict[Key, int],
        {Key(Region.EU, DAY): 1},
        '[[{"region": "EU", "day": "2026-07-15"}, 1]]',
        {1: 1},
        "it{…} is an int, not a Key",
    ),
    "mapping": Row(
        Mapping[int, Sequence[int]],
        {1: [2]},
        '{"1": [2]}',
        {1: ["x"]},
        "it[1][0] is a str, not an int",
    ),
    "dataclass": Row(
        Limit,
        Limit(DAY),
        '{"day": "2026-07-15"}',
        Limit(None),  # type: ignore[arg-type]
        "it.day is a NoneType, not a date",
    ),
    "special fields": Row(
        Special,
        Special(Path("a"), size=4),
        '{"path": "a", "size": 4}',
        Special(Path("a"), size=4.5),  # type: ignore[arg-type]
        "it.size is a float, not an int",
    ),
    "named tuple": Row(
        Point,
        Point(1),
        '{"x": 1}',
        Point("1"),  # type: ignore[arg-type]
        "it.x is a str, not an int",
    ),
    "named tuple in a list": Row(
        list[Point], [Point(1, 2)], "[[1, 2]]", [(1, 2)], "it[0] is a tuple of 2, not a Point"
    ),
    "typed dictionary": Row(
        Settings,
        {"day": DAY, "tags": ["a"]},
        '{"day": "2026-07-15", "tags": ["a"]}',
        {"tags": []},
        "it has no 'day'",
    ),
    "annotations as texts": Row(
        Later, {"day": DAY}, '{"day": "2026-07-15"}', {"day": 3}, "it['day'] is an int, not a date"
    ),
    "generic": Row(
        Page[date],
        Page([DAY], Page([])),
        '{"items": ["2026-07-15"], "next": {"items": []}}',
        Page([DAY], Page([3])),
        "it.next.items[0] is an int, not a date",
    ),
    "inherits a generic": Row(
        Days,
        Days([DAY]),
        '{"items": ["2026-07-15"]}',
        Days([1]),  # type: ignore[list-item]
        "it.items[0] is an int, not a date",
    ),
    "union of classes": Row(
        Amount | Share,
        Share("share", 0.5),
        '{"kind": "share", "value": 0.5}',
        Share("share", "x"),  # type: ignore[arg-type]
        "it.value is a str, not a float",
    ),
    "new type": Row(Day, DAY, "2026-07-15", "x", "a str, but needs Day (date)"),
    "alias": Row(Mode, "fast", "fast", "fats", "a str, but needs Mode (Literal['fast', 'full'])"),
    "generic alias": Row(Pair[int], (1, 2), "[1, 2]", (1, "x"), "it[1] is a str, not an int"),
    "alias of itself": Row(
        Json,
        {"a": [1, None]},
        '{"a": [1, null]}',
        {"a": [1.5]},
        "it['a'][0] is a float, not a dict[str, Json] | list[Json]",
    ),
    "annotated": Row(
        Annotated[list[Annotated[int, "rows"]], "all"],
        [1],
        "[1]",
        ["x"],
        "it[0] is a str, not an int",
    ),
    "optional": Row(
        Limit | None,
        Limit(DAY),
        '{"day": "2026-07-15"}',
        Limit(3),  # type: ignore[arg-type]
        "it.day is an int, not a date",
    ),
    "anything in a dictionary": Row(
        dict[str, Any],
        {"a": [1, 2.5, None, True, "x"]},
        '{"a": [1, 2.5, null, true, "x"]}',
        [1],
        "a list, but needs dict[str, Any]",
    ),
    "marked": Row(
        Annotated[Perhaps, Parameter],
        Perhaps("u"),
        '{"url": "u"}',
        Perhaps(1),  # type: ignore[arg-type]
        "it.url is an int, not a str",
    ),
}


def taking(annotation: Any) -> Any:
    def takes(*, it):  # type: ignore[no-untyped-def]
        return it

    takes.__annotations__ = {"it": annotation, "return": Any}
    return task(effect="pure")(takes)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_parameter_of_every_kind_reaches_its_task(row: Row) -> None:
    w = taking(row.type)
    assert [each.name for each in needs(w).parameters] == ["it"] and not needs(w).resources
    arrived = run(w, params={"it": row.value}).unwrap()
    assert arrived == row.value and type(arrived) is type(row.value)
    bound = run(with_params(w, it=row.value)).unwrap()
    assert bound == row.value and type(bound) is type(row.value)
    assert "ok" in str(dry_run(w, params={"it": row.value})).lower()
    assert not [each for each in check(with_params(w, it=row.value)) if each.severity == "error"]


def refusal_of(build: Callable[[], Any]) -> str:
    with pytest.raises(TypeError) as refused:
        build()
    return str(refused.value)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_wrong_value_of_every_kind_is_told_alike_wherever_it_is_given(row: Row) -> None:
    w = taking(row.type)
    said = [
        str(run(w, params={"it": row.wrong}).failure()),
        str(dry_run(w, params={"it": row.wrong}).result),
        str([each.message for each in check(local(w, it=row.wrong))]),
        str(run(local(w, it=row.wrong)).failure()),
        refusal_of(lambda: with_params(w, it=row.wrong)),
    ]
    for each in said:
        text = " ".join(each.replace('\\"', '"').replace("\\'", "'").split())
        assert row.told in text.replace("but what is inside needs", "but needs"), text


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_bound_value_of_every_kind_comes_back_from_a_plan(row: Row) -> None:
    w = with_params(taking(row.type), it=row.value)
    text = plan(w)
    blind, again = load(text).unwrap(), load(text, registry(w)).unwrap()
    assert blind == again == w and definition_id(blind) == definition_id(w)
    assert plan(blind) == plan(again) == text
    assert run(again).unwrap() == row.value
    by_task = registry(w.body)  # whose parameter's type says which classes its values are of
    assert run(load(text, by_task).unwrap()).unwrap() == row.value
    assert pickle.loads(pickle.dumps(const(row.value))) == const(row.value)
    assert run(const(row.value)).unwrap() == row.value
    assert not diff(w, again).changes and "with_params" in repr(blind)
    assert eval(repr(w), {**globals(), "takes": w.body, "datetime": datetime}) == w


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_default_of_every_kind_is_part_of_the_definition(row: Row) -> None:
    def made(default: Any) -> Any:
        def takes(*, it=default):  # type: ignore[no-untyped-def]
            return it

        takes.__annotations__ = {"it": row.type}
        return task(effect="pure", config={})(takes)

    w = made(row.value)
    assert made(row.value) == w != made("another")
    assert load(plan(w)).unwrap() == w and load(plan(w), registry(w)).unwrap() is w
    assert run(w).unwrap() == row.value and needs(w).parameters[0].optional


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_text_of_every_kind_is_read_on_the_command_line(row: Row) -> None:
    target = Target("job", taking(row.type), {}, {})
    params, _ = values_and_sizes(target, [f"it={row.text}"], [])
    assert params == {"it": row.value} and type(params["it"]) is type(row.value)
    assert run(target.workflow, params=params).unwrap() == row.value
    read([example(row.type)], row.type)


def refusal(annotation: Any, text: str) -> str:
    with pytest.raises(Misuse) as misuse:
        values_and_sizes(Target("job", taking(annotation), {}, {}), [f"it={text}"], [])
    (line,) = misuse.value.lines
    return str(line)


@pytest.mark.parametrize(
    ("annotation", "text", "said"),
    [
        (dict[str, Limit], '{"eu": {"day": "x"}}', "it['eu'].day is \"x\", not date"),
        (dict[str, Limit], '{"eu": {}}', "it['eu'] has no 'day', which Limit needs"),
        (
            dict[str, Limit],
            '{"eu": {"dya": 1}}',
            "it['eu'] has 'dya', which Limit hasn't; did you mean 'day'?",
        ),
        (dict[str, Limit], "[1]", "it is a list, not dict[str, Limit]"),
        (dict[str, Limit], "eu", "it is to be a JSON object"),
        (
            dict[str, Limit],
            '{"eu": {}, "eu": {}}',
            "no JSON object (the key 'eu' is given twice; every key once is expected)",
        ),
        (
            dict[str, float],
            '{"eu": NaN}',
            "no JSON object (NaN is not JSON; a finite number is expected)",
        ),
        (
            dict[str, float],
            '{"eu": -Infinity}',
            "(-Infinity is not JSON; a finite number is expected)",
        ),
        (dict[str, Any], '{"a": ' * 200 + "1" + "}" * 200, "it nests deeper than 100 levels"),
        (dict[str, Any], '{"a": ' * 100_000, "no JSON object ("),
        (dict[str, int], '{"eu": 1', "it starts with { but is no JSON object (Exp"),
        (dict[str, int], '{"eu": "1"}', "it['eu'] is \"1\", not int"),
        (dict[str, int], '{"eu": 1.5}', "it['eu'] is 1.5, not int"),
        (dict[str, int], '{"eu": true}', "it['eu'] is true, not int"),
        (dict[str, str], '{"eu": 1}', "it['eu'] is 1, not str"),
        (dict[str, bool], '{"eu": 1}', "it['eu'] is 1, not bool"),
        (dict[str, int], '{"eu": null}', "it['eu'] is null, not int"),
        (dict[date, int], '{"x": 1}', 'it{…} is "x", not date'),
        (dict[int, int], '{"1": 1, "01": 2}', "it holds the key 1 twice"),
        (dict[Key, int], '{"x": 1}', 'it{…} is "x", not Key'),
        (dict[str, Region], '{"a": "EUU"}', "it['a'] is \"EUU\", not Region; it is one of EU, US"),
        (Special, '{"path": "a", "total": 3}', "it has 'total', which Special hasn't; it has path"),
        (
            Special,
            '{"path": "a", "size": 2000}',
            "it is refused by Special: ValueError: size is at most",
        ),
        (Point, "[1, 2, 3]", "it is given 3 items, but takes 2"),
        (Point, "[]", "it has no 'x', which Point needs"),
        (Settings, "{}", "it has no 'day', which Settings needs"),
        (
            Later,
            '{"day": "2026-07-15", "tag": []}',
            "it has 'tag', which Later hasn't; did you mean 'tags'?",
        ),
        (Page[int], '{"items": [1], "next": {"items": ["x"]}}', 'it.next.items[0] is "x", not int'),
        (Amount | Share, '{"kind": "share", "value": "x"}', 'it.value is "x", not float'),
        (Amount | Share, '{"kind": "other", "value": 1}', 'it.kind is "other", not Literal['),
        (Pair[int], "[1]", "it is given 1 items, but takes 2"),
        (set[tuple[int, list[int]]], "[[1, [2]]]", "it holds what can't be in a set"),
        (list[Path], "[1]", "it[0] is 1, not Path"),
        (Json, '{"a": [1.5]}', "it['a'][0] is 1.5, not dict[str, Json]"),
        (
            list[list[int]],
            "1",
            "needs list[list[int]], such as 'it=[[10]]'; it is to be a JSON list",
        ),
        (Annotated[Connection, Parameter], "x", "no text says one: give it in Python"),
        (
            Annotated[list[Coin], Parameter],
            '[{"cents": 1}, {"cents": -1}]',
            "it[1] is refused by the codec 'tests.Coin': ValueError: a coin is worth something",
        ),
        (Annotated[Coin, Parameter], '{"cent": 1}', "it is refused by the codec 'tests.Coin'"),
    ],
)
def test_json_that_is_no_value_is_refused_by_its_place(
    annotation: Any, text: str, said: str
) -> None:
    line = refusal(annotation, text)
    assert line.startswith("--param it=") and said in line


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (str | int, "3", 3),
        (list[str | int], '["3", 3]', ["3", 3]),
        (dict[str, Limit | None], '{"a": null}', {"a": None}),
        (dict[Literal[1, "x"], int], '{"1": 1, "x": 2}', {1: 1, "x": 2}),
        (dict[Region, timedelta], '{"us": "1h30m"}', {Region.US: timedelta(minutes=90)}),
        (Special, '{"path": "a", "scale": 2}', Special(Path("a"), scale=2)),
        (list[Decimal], '[1.10, "1.10"]', [Decimal("1.10"), Decimal("1.10")]),
        (list[Literal["1", 2]], '["1", 2]', ["1", 2]),
        (list[UUID], f'["{UUID(int=7)}"]', [UUID(int=7)]),
        (dict, '{"a": 1}', {"a": 1}),
        (Json, "a text", ["a text"]),
        (list[list[int]], "[[1], [2]]", [[1], [2]]),
        (Path | None, "null", None),
        (Coin, '{"cents": 5, "country": "DE"}', Coin(5, "DE")),
        (Coin, "|||", Coin(3)),
        (Coin | None, '{"cents": 5}', Coin(5)),
        (Coin | None, "null", None),
        (
            dict[str, Coin],
            '{"left": {"cents": 5}, "right": "|"}',
            {"left": Coin(5), "right": Coin(1)},
        ),
    ],
)
def test_json_is_read_by_the_types_of_its_parts(annotation: Any, text: str, value: Any) -> None:
    found = read([text], annotation)
    assert found == value and repr(found) == repr(value)


# Which is which


KINDS: list[tuple[Any, Kind]] = [
    (Path, "parameter"),
    (Connection, "resource"),
    (Client, "resource"),
    (Perhaps, "unknown"),
    (Limit, "parameter"),
    (list[Limit], "parameter"),
    (list[Client], "resource"),
    (dict[str, Perhaps], "parameter"),
    (Perhaps | None, "unknown"),
    (Limit | Client, "resource"),
    (list, "parameter"),
    (list[Any], "parameter"),
    (Callable[[], int], "resource"),
    (Any, "unknown"),
    (Any | None, "unknown"),
    (Json, "parameter"),
    (Page[Connection], "resource"),
    (Page[int], "parameter"),
    (Page, "parameter"),
    (Annotated[Client, Parameter], "parameter"),
    (Annotated[Client, Parameter()], "parameter"),
    (Annotated[Client | None, Parameter], "parameter"),
    (Annotated[Limit, Resource] | None, "resource"),
    (Annotated[Limit, "x", Resource()], "resource"),
    (Annotated[Any, Resource], "resource"),
    (Annotated[Annotated[int, Resource], Parameter], "parameter"),
    (NewType("Pool", Annotated[Limit, Resource]), "resource"),
    (TypeAliasType("Alias", Annotated[Limit, Resource]), "resource"),
    (TypeAliasType("Token", Secret), "secret"),
    (NewType("Try", Attempt), "fact"),
]


@pytest.mark.parametrize(("annotation", "kind"), KINDS, ids=lambda each: str(each)[:40])
def test_the_type_or_the_marker_says_which_is_which(annotation: Any, kind: Kind) -> None:
    assert kind_of(annotation, None) == kind


@contextmanager
def opened() -> Iterator[Limit]:
    yield Limit(DAY)


def test_a_dataclass_that_is_a_resource_is_opened_and_not_given_as_a_parameter() -> None:
    w = taking(Annotated[Limit, Resource])
    assert run(w, resources={"it": opened}).unwrap() == Limit(DAY)
    told = str(run(w, params={"it": Limit(DAY)}).failure())
    assert "it is a resource: give it in resources, or annotate it in the task as Annotated" in told
    other = str(run(taking(Limit), resources={"it": opened}).failure())
    assert "is given in resources, but is a parameter by its type" in other
    with pytest.raises(Misuse, match="parameter 'it' \\(Limit\\) is missing"):
        values_and_sizes(Target("job", taking(Limit), {"it": opened}, {}), [], [])


def test_what_only_python_can_make_is_a_parameter_where_it_is_marked() -> None:
    w, one = taking(Annotated[Connection, Parameter]), Connection("u")
    assert run(w, params={"it": one}).unwrap() is one
    assert "a str, but needs Connection" in str(run(w, params={"it": "u"}).failure())
    with pytest.raises(TypeError, match="is a Connection; a value in a workflow is plain data"):
        with_params(w, it=one)


def test_a_marker_counts_where_the_type_cannot_be_resolved() -> None:
    @task(effect="read")
    def takes(
        *,
        one: "Annotated[Unresolved, Parameter]",
        two: "Annotated[dict[str, Unresolved], Resource] | None",
        three: "Unresolved",
    ) -> int:
        return 1

    assert [each.kind for each in takes.contract.injected] == ["parameter", "resource", "unknown"]


def test_a_marker_where_another_thing_decides_is_refused() -> None:
    def positional(rows: Annotated[int, Resource]) -> int:
        return rows

    def secret(*, token: Annotated[Secret, Parameter]) -> int:
        return 1

    def fact(*, attempt: Annotated[Attempt, Resource]) -> int:
        return 1

    for function, said in (
        (positional, r"rows: Annotated\[…, Resource\]\): positional parameters are data"),
        (secret, r"token: Annotated\[…, Parameter\]\): Secret is a secret by its class"),
        (fact, "Attempt is a fact by its class: take Resource off"),
    ):
        with pytest.raises(TypeError, match=said):
            task(function)


def test_what_may_be_either_is_told_so_with_near_misses_among_both() -> None:
    w = named("job", taking(Any))

    @task(effect="read")
    def reads(*, dynamo, limit: int = 3) -> int:  # type: ignore[no-untyped-def]
        return 1

    told = str(run(w).failure())
    assert (
        "resource or parameter 'it' (of any type) is missing; give it in params or in res" in told
    )
    assert "Annotated[…, Parameter] or Annotated[…, Resource]" in told
    for where in ({"params": {"dynamno": 1}}, {"resources": {"dynamodb": opened}}):
        told = str(run(reads, **where).failure())  # type: ignore[arg-type]
        (name,) = next(iter(where.values()))
        assert (
            f"resource or parameter 'dynamo' (of any type) is missing; did you mean '{name}'?"
            in told
        )
    with pytest.raises(Misuse, match="resource or parameter 'dynamo' \\(any text\\) is missing"):
        values_and_sizes(Target("job", reads, {}, {}), [], [])
    assert run(reads, resources={"dynamo": opened}).unwrap() == 1
    assert run(taking(Perhaps), params={"it": Perhaps("u")}).unwrap() == Perhaps("u")
    assert "it.url is an int" in str(run(taking(Perhaps), params={"it": Perhaps(1)}).failure())  # type: ignore[arg-type]


def test_needs_says_what_a_name_for_a_type_stands_for_and_counts_it_as_that() -> None:
    def other(*, it):  # type: ignore[no-untyped-def]
        return it

    other.__annotations__ = {"it": date}
    w = par(taking(Day), task(effect="pure")(other))
    assert [each.type for each in needs(w).parameters] == ["Day (date)"]
    assert not [each for each in check(w) if each.rule == "parameter-clash"]


# What can't stand in a definition


@dataclass
class Hidden:
    url: str
    password: str = field(default="", repr=False)


@dataclass
class Moving:
    n: int

    def __post_init__(self) -> None:
        self.n += 1


@dataclass
class Lost:
    scale: InitVar[int]


class Sub(Limit): ...


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Hidden("u", "hunter2"), "Hidden.password is a field that its repr leaves out"),
        (Moving(1), "Moving.n comes out otherwise when the object is made anew from its fields"),
        (Lost(1), "a Lost can't be made anew from its fields, as a workflow makes it .TypeError"),
        (Special(Path("a"), scale=2), "Special.total comes out otherwise"),
        (Sub(DAY), "is a Sub; a value in a workflow is plain data"),
        ({Limit: 1}, "is a "),
        (Client("u", Connection()), "is a Connection; a value in a workflow is plain data"),
    ],
)
def test_an_object_that_is_more_than_its_fields_is_not_bound(value: Any, said: str) -> None:
    for each in (value, [value], Page([value])):
        with pytest.raises(TypeError, match=said) as refused:
            with_params(taking(Any), it=each)
        assert "hunter2" not in str(refused.value)


def test_an_object_that_is_bound_is_made_anew_for_each_who_takes_it() -> None:
    @task(effect="pure")
    def changes(*, it: Page[int]) -> list[int]:
        it.items.append(2)
        return it.items

    page = Page([1])
    w = with_params(changes, it=page)
    page.items.append(9)
    assert run(w).unwrap() == run(w).unwrap() == [1, 2]


def test_a_plan_whose_class_is_not_in_the_registry_is_refused() -> None:
    text = plan(with_params(taking(Any), it=Limit(DAY)))
    told = str(load(text, registry(taking(Any))).failure())
    assert "the registry has no codec 'tests.test_parameters:Limit'" in told
    known = taking(Limit)
    changed = json.loads(plan(with_params(known, it=Limit(DAY))))
    changed["nodes"][1]["params"]["it"]["plain"] = {"dict": {"dya": 1}}
    told = str(load(json.dumps(changed), registry(known)).failure())
    assert told.startswith("/nodes/1/params/it: the codec") and "raises TypeError" in told
