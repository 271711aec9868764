"""What a task's parameter is where nobody gives it is part of the task's definition."""

import enum
import json
import pickle
import re
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from fwf import IdempotencyKey, Secret, definition_id, diff, load, par, plan, registry, run, task
from fwf.interpreters.plan import schema
from tests.cli_support import ROOT, environment
from tests.samples import Colour, is_big, plain_values


@dataclass
class Options:
    retries: int = 3
    inner: "Options | None" = None
    password: str = field(default="hunter2", repr=False)
    client: object = None


class Sentinel: ...


class Size(enum.Enum):
    SMALL = 1


def other(value: Any) -> bool:
    return not value


def taking(default: Any) -> Any:
    @task(effect="pure", name="takes", config={})
    def takes(*, limit=default) -> Any:  # type: ignore[no-untyped-def]
        return limit

    return takes


class Point(NamedTuple):
    x: int
    y: int


class Row(list[int]): ...


class Address(NamedTuple):
    host: str
    password: str = "hunter2"

    def __repr__(self) -> str:
        return f"Address({self.host}, ***)"


def holding_itself() -> list[Any]:
    rows: list[Any] = []
    rows.append(rows)
    return rows


def no_items(*_: Any) -> Any:
    raise RuntimeError


DIFFERENT: list[tuple[Any, Any, str]] = [
    (Decimal(0), Decimal(100), "limit is Decimal('100') where it isn't given, was Decimal('0')"),
    (1, True, "limit is True where it isn't given, was 1"),
    (None, 0, "limit is 0 where it isn't given, was None"),
    ("", None, "limit is None where it isn't given, was ''"),
    ({1}, frozenset({1}), "limit is frozenset({1}) where it isn't given, was {1}"),
    ((1,), [1], "limit is [1] where it isn't given, was (1,)"),
    (Colour.RED, Colour.GREEN, "limit is Colour.GREEN where it isn't given, was Colour.RED"),
    (is_big, other, "limit is builtins:function('tests.algebra.test_defaults:other') where it"),
    (int, Sentinel, "limit is builtins:type('tests.algebra.test_defaults:Sentinel') where"),
    (Sentinel(), None, "limit is None where it isn't given, was tests.algebra.test_defaults:Senti"),
    (Options(3), Options(5), "limit is tests.algebra.test_defaults:Options(client=None, inner=Non"),
    (Options(inner=Options(3)), Options(inner=Options(4)), "retries=4"),
    (Options(client=Sentinel()), Options(client=object()), "client=builtins:object"),
    (Point(1, 2), Point(1, 3), "limit is tests.algebra.test_defaults:Point(x=1, y=3) where it"),
    (Point(1, 2), (1, 2), "limit is (1, 2) where it isn't given"),
    ([Options(3)], [Options(5)], "retries=5"),
    ({"a": Point(1, 2)}, {"a": Point(1, 3)}, "y=3"),
    ({Point(1, 2): 3}, {Point(1, 2): 4}, "builtins:dict"),
    (set(map(Point, "abcdef", "abcdef")), {Point(1, 3)}, "limit is builtins:set((tests."),
    (Options(client=Point(1, 2)), Options(client=Point(1, 3)), "y=3"),
    (Row([1]), Row([2]), "tests.algebra.test_defaults:Row"),
    (deque([1]), deque([2]), "collections:deque"),
    (Counter("a"), Counter("b"), "collections:Counter"),
    (
        Path("a"),
        Path("b"),
        "limit is pathlib:Path('b') where it isn't given, was pathlib:Path('a')",
    ),
    (Fraction(1, 2), Fraction(1, 3), "fractions:Fraction"),
    (re.compile("a"), re.compile("a", re.IGNORECASE), "re:Pattern"),
    (1j, 2j, "builtins:complex"),
    (range(3), range(4), "builtins:range"),
    (slice(3), slice(4), "builtins:slice"),
    (bytearray(b"a"), bytearray(b"b"), "builtins:bytearray"),
    (ip_address("10.0.0.1"), ip_address("10.0.0.2"), "ipaddress:IPv4Address"),
    (ValueError("a"), ValueError("b"), "builtins:ValueError"),
    (timezone(timedelta(hours=1)), timezone(timedelta(hours=2)), "datetime:timezone"),
    (ZoneInfo("Europe/Oslo"), ZoneInfo("Asia/Tokyo"), "zoneinfo:ZoneInfo"),
]


@pytest.mark.parametrize(("was", "now", "said"), DIFFERENT)
def test_another_default_is_another_definition_everywhere(was: Any, now: Any, said: str) -> None:
    old, new = taking(was), taking(now)
    assert old != new and definition_id(old) != definition_id(new) and plan(old) != plan(new)
    told = str(diff(old, new))
    assert said in " ".join(told.split()), told
    refused = str(load(plan(old), registry(new)).failure())
    assert "differs from the plan's in injected: write the plan anew" in refused


@pytest.mark.parametrize(
    "make",
    [
        object, Sentinel, Options, dict, lambda: Options(client=Sentinel()), lambda: [object()],
        lambda: Options(client=Options(client={}.get)), lambda: lambda: 0, lambda: Secret.env("T"),
        lambda: (n for n in [1]), lambda: Loud(), lambda: Point(1, 2), holding_itself, Lock,
        lambda: {Point(1, 2), Point(2, 1), Sentinel}, lambda: PurePosixPath("a"), lambda: ...,
        lambda: type("Torn", (list,), {"__iter__": no_items})([1]),
        lambda: Options(inner=Options(password="x")),
    ],
)  # fmt: skip
def test_any_object_may_be_a_default_and_says_the_same_each_time(make: Callable[[], Any]) -> None:
    one, two = taking(make()), taking(make())
    assert one == two and hash(one) == hash(two)
    assert plan(one) == plan(two) and " at 0x" not in plan(one)
    again = load(plan(one)).unwrap()
    assert again == one and plan(again) == plan(one) and definition_id(again) == definition_id(one)
    Draft202012Validator(json.loads(schema())).validate(json.loads(plan(one)))
    assert load(plan(one), registry(two)).unwrap() == one


class Loud:
    def __repr__(self) -> str:
        raise RuntimeError


@given(plain_values)
def test_a_plain_default_comes_back_from_a_plan(value: Any) -> None:
    w = taking(value)
    assert load(plan(w)).unwrap() == w
    assert load(plan(w), registry(w)).unwrap() is w
    Draft202012Validator(json.loads(schema())).validate(json.loads(plan(w)))


def test_no_secret_is_written_out() -> None:
    @task(effect="read", name="asks")
    def asks(*, token: Secret = Secret.env("TOKEN_OF_THE_SHOP"), at: Options = Options()) -> int:  # noqa: B008
        return 1

    @task(effect="read", name="asks")
    def careless(*, token: Secret = "hunter2") -> int:  # type: ignore[assignment]
        return 1

    url, several = taking(Address("db")), taking([{"a": Secret.env("TOKEN_OF_THE_SHOP")}])
    for w in (asks, careless, url, several):
        for text in (plan(w), repr(w), repr(w.contract), str(diff(w, taking(1)))):
            assert "hunter2" not in text and "TOKEN_OF" not in text
    assert '"coded":"fwf.secrets:Secret"' in plan(asks)


def test_a_list_that_is_a_default_is_taken_as_it_was_at_first() -> None:
    given: list[int] = [1]
    w, before = taking(given), taking([1])
    given.append(2)
    assert w == before and run(w).unwrap() == [1, 2]


def test_defaults_of_every_kind_of_parameter_count() -> None:
    def made(n: Any) -> Any:
        @task(effect="read", name="t", config={})
        async def t(
            x: int, *, n: int = n, key: IdempotencyKey | None = None, db: Any = Size.SMALL
        ) -> int:
            return x

        return t

    assert made(1) != made(2) and made(1) == made(1)
    assert par(made(1), made(1)) != par(made(1), made(2))


def test_what_has_no_default_says_nothing_of_one() -> None:
    @task(effect="read")
    def t(*, day: str) -> int:
        return 1

    said = json.loads(plan(t))["tasks"][0]["injected"]
    assert said == [{"name": "day", "type": "str", "kind": "parameter", "optional": False}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optional": False}, "/tasks/0/injected/0/default: 'default' is no field here"),
        ({"default": {"set": [1, 1]}}, "/tasks/0/injected/0/default/set: holds a value twice"),
        ({"optional": 1}, "/tasks/0/injected/0/default: 'default' is no field here"),
    ],
)
def test_a_default_that_can_not_be_is_refused(change: dict[str, Any], message: str) -> None:
    said = json.loads(plan(taking(1)))
    said["tasks"][0]["injected"][0].update(change)
    assert str(load(json.dumps(said)).failure()).startswith(message)


def test_a_default_says_the_same_in_another_process() -> None:
    code = (
        "from tests.algebra.test_defaults import *; "
        "print([definition_id(taking(each)) for row in DIFFERENT for each in row[:2]])"
    )

    def said(seed: str) -> str:  # not by this process, in which a library may pickle errors its way
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True, text=True, check=True, cwd=ROOT,
            env=environment(PYTHONHASHSEED=seed),
        )  # fmt: skip
        return done.stdout

    assert said("7") == said("8") != ""


def test_a_contract_with_a_default_pickles() -> None:
    contract = taking(Options()).contract
    assert pickle.loads(pickle.dumps(contract)) == contract
