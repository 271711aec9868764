"""Which fields do a dataclass, a named tuple, a typed dictionary declare? Which must be given?"""

import sys
import typing
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from fwf.annotations import annotations
from fwf.types.aliases import ANY, bare, is_typeddict, lenient, qualifier, substituted


class Field(NamedTuple):
    """One field. `argument`: whether it is given to make an object; `stored`: whether one has it.

    Of a dataclass, `field(init=False)` is no argument, and an `InitVar` isn't kept.
    """

    name: str
    type: Any
    required: bool = True
    argument: bool = True
    stored: bool = True


Shape = tuple[Field, ...]


class _Unresolved(Exception):
    """Carries a shape in which a name couldn't be resolved: it may be on another day."""

    def __init__(self, shape: Shape | None) -> None:
        self.shape = shape


def is_dataclass(cls: Any) -> bool:
    """Whether a class is a dataclass, without importing `dataclasses`."""
    return isinstance(cls, type) and hasattr(cls, "__dataclass_fields__")


def is_named_tuple(cls: Any) -> bool:
    """Whether a class is a named tuple."""
    return isinstance(cls, type) and hasattr(cls, "_fields") and issubclass(cls, tuple)


def class_of(annotation: Any) -> Any:
    """`Page[int]` ⟶ Page: the class that a type is, or is made from."""
    kind = bare(annotation)
    return typing.get_origin(kind) or kind


def shape_of(annotation: Any) -> Shape | None:
    """Type ⟶ its fields in order, as `Page[int]` has them; None if it isn't a class of records."""
    cls = class_of(annotation)
    if not (is_dataclass(cls) or is_named_tuple(cls) or is_typeddict(cls)):
        return None
    try:
        return _shape(bare(annotation))
    except _Unresolved as partly:
        return partly.shape
    except TypeError:  # it can't be hashed, as `Page[Literal[[]]]` can't
        return _fields_of(bare(annotation))[0]


@lru_cache(maxsize=1024)
def _shape(annotation: Any) -> Shape:
    shape, is_complete = _fields_of(annotation)
    if not is_complete:
        raise _Unresolved(shape)
    return shape


def _fields_of(annotation: Any) -> tuple[Shape, bool]:
    cls = class_of(annotation)
    hints, is_complete = hints_of(cls)
    typed = {name: _in(annotation, cls, name, kind) for name, kind in hints.items()}
    if is_dataclass(cls):
        return tuple(_of_dataclass(cls, typed)), is_complete
    if is_named_tuple(cls):
        optional = cls._field_defaults
        of = (Field(name, typed.get(name, ANY), name not in optional) for name in cls._fields)
        return tuple(of), is_complete
    required = _required(cls, hints)
    return tuple(Field(name, typed[name], name in required) for name in hints), is_complete


def _of_dataclass(cls: Any, typed: dict[str, Any]) -> Iterator[Field]:
    import dataclasses  # which is loaded, as the class was made by it

    for name, field in cls.__dataclass_fields__.items():
        sort = field._field_type.name
        if sort != "_FIELD_CLASSVAR":
            missing = dataclasses.MISSING
            is_required = field.default is missing and field.default_factory is missing
            is_stored = sort == "_FIELD"
            yield Field(
                name, typed.get(name, ANY), is_required and field.init, field.init, is_stored
            )


def _required(cls: Any, hints: dict[str, Any]) -> set[str]:
    """The keys that a typed dictionary must have, also where annotations are texts."""
    qualifiers = {name: set(_qualifiers(kind)) for name, kind in hints.items()}
    return {
        name
        for name in hints
        if "Required" in qualifiers[name]
        or (name in cls.__required_keys__ and "NotRequired" not in qualifiers[name])
    }


def _qualifiers(annotation: Any) -> Iterator[str]:
    while typing.get_origin(annotation) is typing.Annotated or qualifier(annotation):
        yield qualifier(annotation)
        annotation = typing.get_args(annotation)[0]


# Annotations


def hints_of(cls: Any) -> tuple[dict[str, Any], bool]:
    """Class ⟶ its annotations, and whether all could be resolved; those that can't be are `Any`."""
    try:
        return typing.get_type_hints(cls, include_extras=True), True
    except Exception:  # one name that exists only for type checkers; take the others singly
        names_and_types: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            scope = vars(sys.modules.get(base.__module__, typing))
            own = annotations(base) if base.__module__ != "builtins" else {}
            names = {base.__name__: base}
            names_and_types |= {name: lenient(kind, scope, names) for name, kind in own.items()}
        return names_and_types, False


def _in(annotation: Any, cls: Any, name: str, kind: Any) -> Any:
    """The type of a field as the type has it, what is said of the field alone taken off."""
    while qualifier(kind) or type(kind).__name__ == "InitVar":
        kind = kind.type if type(kind).__name__ == "InitVar" else typing.get_args(kind)[0]
    bound = _bindings(annotation)
    owner = next((base for base in cls.__mro__ if name in annotations(base)), cls)
    of_all = {key: value for each in bound.values() for key, value in each.items()}
    return substituted(kind, of_all if is_typeddict(cls) else bound.get(owner, {}))


def _bindings(annotation: Any) -> dict[Any, dict[Any, Any]]:
    """Type ⟶ what the type variables of its class, and of the classes below it, stand for."""
    bindings: dict[Any, dict[Any, Any]] = {}
    todo = [annotation]
    while todo:
        top = todo.pop()
        cls = typing.get_origin(top) or top
        if cls in bindings or cls is typing.Generic or not isinstance(cls, type):
            continue
        variables, arguments = getattr(cls, "__parameters__", ()), typing.get_args(top)
        bindings[cls] = dict(zip(variables, arguments, strict=False))
        bases = vars(cls).get("__orig_bases__", cls.__bases__)
        todo.extend(substituted(base, bindings[cls]) for base in bases)
    return bindings
