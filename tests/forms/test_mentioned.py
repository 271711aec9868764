"""What a workflow makes known, by name."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from fwf import const, par, param, pure, task, with_params
from fwf.algebra.plain_values import encode, freeze
from fwf.forms.mentioned import names_in
from tests.samples import Colour, Limit, Orders, Visits, enrich, load, orders


@dataclass
class Part:
    n: int


@dataclass
class Whole:
    parts: list[Part] | None


class Size(Enum):
    LARGE = 1


@task(effect="read")
def reads(n: dict[str, Whole], *, size: Size) -> tuple[Orders, ...]:
    return ()


def test_inputs_outputs_and_parameters_of_tasks_are_known_and_what_is_in_them() -> None:
    names = names_in(reads)
    for cls in (Whole, Part, Orders):
        assert names.instances[f"{cls.__module__}:{cls.__qualname__}"] is cls
    assert dict(names.enums) == {"Size": Size}
    assert "tests.Money" in names.codecs
    assert "tests.samples:Visits" not in names.codecs


def test_constants_make_their_classes_and_zones_known() -> None:
    when = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
    w = par(const([Limit(Colour.RED)]), with_params(pure(param("v")), v=when))
    names = names_in(w)
    assert names.instances["tests.samples:Limit"] is Limit
    assert set(names.enums) == {"Colour"}
    assert set(names.zones) == {"Asia/Tokyo"}


def test_all_parts_of_a_workflow_are_asked() -> None:
    names = names_in(par(const(1), const(2) >> orders) >> const(1))
    assert names.instances["tests.samples:Orders"] is Orders
    names = names_in(enrich >> load)
    assert names.instances["tests.samples:Visits"] is Visits


def test_a_class_that_is_mentioned_a_thousand_times_is_known() -> None:
    """Also where the codecs of more classes are asked for than are remembered."""
    made = [type(f"C{n}", (), {"__annotations__": {"n": int}}) for n in range(600)]
    classes: list[Any] = [dataclass(cls) for cls in made]

    def gives(cls: Any) -> Any:
        def give() -> Any: ...

        give.__annotations__["return"] = tuple[cls, Part]
        give.__name__ = give.__qualname__ = f"give_{cls.__name__}"
        return task(effect="read")(give)

    names = names_in(par(*map(gives, classes)))
    assert names.instances[f"{Part.__module__}:Part"] is Part
    assert len(names.instances) == 601


def test_values_that_nest_deep_are_encoded_in_a_moment() -> None:
    value: Any = 1
    for _ in range(90):
        value = {"a": value}
    assert encode(freeze(value)).count(b"dict") == 90
