"""What a definition says of any object: the same data on every machine, in every process.

Plain data says all of itself. Of other objects it is their class and, of dataclasses, the fields
that they show; of functions and classes the place where they are defined. Never a `repr`, which may
show an address.
"""

from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from pyrsistent import pmap

from fwf.algebra.functions import place_of
from fwf.algebra.values import Coded, freeze

MAX_DEPTH = 10
"""How deep dataclasses in one another are looked into."""


def described(value: object, depth: int = 0) -> object:
    """Object ⟶ a frozen value that stands for it: itself if it is plain, else a `Coded`."""
    try:
        return freeze(value)
    except Exception:  # it isn't plain; whatever its `__repr__` raises then
        place = place_of(type(value))
    if isinstance(value, FunctionType | MethodType | BuiltinFunctionType | type):
        return Coded(place, place_of(value))
    fields: Any = getattr(type(value), "__dataclass_fields__", None)
    if fields is None or depth >= MAX_DEPTH:
        return Coded(place, None)
    shown = [name for name, field in fields.items() if field.repr]
    said = {name: described(getattr(value, name, None), depth + 1) for name in shown}
    return Coded(place, pmap(said))
