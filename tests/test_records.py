import copy
import pickle
from inspect import signature
from pydoc import render_doc
from typing import Any

import pytest

from fwf.records import changed, record


@record(hidden=("note",))
class Point:
    x: int
    y: int = 0
    note: str = ""


@record(derived=("total",))
class Summed:
    parts: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", sum(self.parts))


@record(eq=False, repr=False)
class Opaque:
    value: Any


@record()
class Adding:
    n: int

    def __call__(self, m: int) -> int:
        return self.n + m


def test_a_record_takes_its_fields_by_position_and_by_name_and_has_defaults() -> None:
    assert (Point(1).x, Point(1).y, Point(x=1, y=2).y) == (1, 0, 2)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        Point(1, z=3)


def test_its_signature_is_that_of_its_fields() -> None:
    assert str(signature(Point)) == "(x: int, y: int = 0, note: str = '')"
    assert str(signature(Summed)) == "(parts: tuple[int, ...])"
    assert "Point(x: int, y: int = 0, note: str = '')" in render_doc(Point)


def test_neither_its_instances_nor_classes_made_from_it_have_that_signature() -> None:
    class Named(Opaque):
        def __init__(self, name: str) -> None: ...

    assert str(signature(Named)) == "(name: str) -> None"
    assert str(signature(Adding(1))) == "(m: int) -> int"


def test_a_record_cannot_be_changed_nor_given_further_attributes() -> None:
    point = Point(1, 2)
    for name in ("x", "z"):
        with pytest.raises(AttributeError, match=f"Point is immutable: '{name}' can't be changed"):
            setattr(point, name, 3)
    with pytest.raises(AttributeError, match="Point is immutable"):
        del point.x
    assert not hasattr(point, "__dict__")


def test_equality_hash_and_repr_go_by_class_and_fields_that_are_not_hidden() -> None:
    assert Point(1, 2) == Point(1, 2, "seen") != Point(2, 2)
    assert hash(Point(1, 2)) == hash(Point(1, 2, "seen"))
    assert repr(Point(1, 2, "seen")) == "Point(x=1, y=2)"
    assert Point(1, 2) != (1, 2)
    assert Opaque(1) != Opaque(1)


def test_records_match_by_position_pickle_copy_and_change() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
    point = Point(1, 2, "seen")
    for other in (pickle.loads(pickle.dumps(point)), copy.deepcopy(point), copy.copy(point)):
        assert other == point and other.note == "seen"
    assert changed(point, y=5) == Point(1, 5) and point.y == 2
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        changed(point, z=1)


def test_derived_slots_are_filled_after_construction() -> None:
    assert Summed((1, 2, 3)).total == 6
