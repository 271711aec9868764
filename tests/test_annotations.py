"""Annotations are read alike however they are written, and whatever Python makes of them."""

import sys
from datetime import date
from types import ModuleType
from typing import Any

import pytest

from fwf import apply, it
from fwf.algebra.builder import expr_of
from fwf.algebra.expr import type_of
from fwf.annotations import annotations
from fwf.records import record
from fwf.types.hints import fields_of

SOURCE = """
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol, TypedDict
from fwf import task

@dataclass
class Counted:
    row_count: int

@dataclass
class Rows(Counted):
    day: date
    extra: NOWHERE

class Pair(NamedTuple):
    day: date
    extra: NOWHERE

class Entry(TypedDict):
    day: date
    extra: NOWHERE

class Dated(Protocol):
    day: date
    extra: NOWHERE

@task(effect="pure")
def load(rows: NOWHERE, rates: list[NOWHERE], n: int, *, day: date, db: NOWHERE) -> str: ...

def unknown(x: int) -> NOWHERE: ...

def rounded(x: NOWHERE) -> int: ...
"""

WAYS = {
    "quoted": SOURCE.replace("NOWHERE", "'Nowhere'"),
    "future": "from __future__ import annotations\n" + SOURCE.replace("NOWHERE", "Nowhere"),
}
if sys.version_info >= (3, 14):
    WAYS["plain"] = SOURCE.replace("NOWHERE", "Nowhere")


@pytest.fixture(params=WAYS)
def module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module with a name in its annotations that only type checkers know."""
    made = ModuleType("annotated")
    monkeypatch.setitem(sys.modules, "annotated", made)
    exec(compile(WAYS[request.param], "annotated.py", "exec", dont_inherit=True), made.__dict__)
    return made


def test_a_name_that_nothing_has_leaves_the_rest_of_a_signature_known(module: Any) -> None:
    contract = module.load.contract
    assert [each.type for each in contract.inputs] == [Any, Any, int]
    assert [(each.name, each.type) for each in contract.injected] == [("day", date), ("db", Any)]
    assert contract.output is str


@pytest.mark.parametrize("name", ["Rows", "Pair", "Entry", "Dated"])
def test_and_all_fields_of_a_class_including_inherited_ones(module: Any, name: str) -> None:
    found = {each for each in fields_of(getattr(module, name)) or () if not each.startswith("_")}
    assert {"day", "extra"} <= found
    assert name != "Rows" or "row_count" in found


def test_and_a_condition_on_such_a_field_is_accepted(module: Any) -> None:
    assert type_of(expr_of(it.extra), module.Rows) is Any
    assert type_of(expr_of(it.row_count), module.Rows) in (int, Any)


def test_and_what_a_function_in_an_expression_returns(module: Any) -> None:
    assert type_of(expr_of(apply(module.unknown, it)), int) is Any
    assert type_of(expr_of(apply(module.rounded, it)), int) in (int, Any)


def test_a_record_has_its_fields_even_where_a_method_has_the_name_of_a_type() -> None:
    @record()
    class Shadowed:
        kind: type[int]
        n: int = 0

        def type(self) -> str: ...

    assert Shadowed(int) == Shadowed(int, 0) and Shadowed.__match_args__ == ("kind", "n")  # type: ignore[attr-defined]


def test_what_has_no_annotations_has_none() -> None:
    class Plain:
        pass

    assert annotations(Plain) == annotations(len) == annotations(int) == {}
