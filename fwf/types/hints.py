"""What is certain about two annotations: do they fit, and which fields does one declare?"""

import types
import typing
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, Never, TypeVar, Union, cast

from fwf.faults import Fault
from fwf.types import aliases, table_types
from fwf.types.aliases import bare, is_typeddict
from fwf.types.shapes import hints_of, is_dataclass, shape_of

ANY: Any = aliases.ANY
"""Nothing is known, or nothing is asked."""
MAX_DEPTH, MAX_PARTS = 8, 256
"""How far a computed type may nest, and how many parts it may have at each level in it."""


@typing.final
class SameType:
    """The output type of a part that passes its input on."""

    def __repr__(self) -> str:
        return "the same"


SAME = SameType()
_UNIONS = (Union, types.UnionType)
_NUMBERS = {float: (int,), complex: (int, float)}


def compatible(output: Any, needed: Any) -> bool:
    """Type, type ⟶ False only if no value of the first can be one of the second.

    A subclass or a superclass fits (the value may be the narrower one), and so does whatever
    can't be decided: `Any`, type variables, protocols, unresolved names. Tables of which both
    declare the columns fit if these are the same.
    """
    if output is needed or needed is ANY or output is ANY or needed is object:
        return True
    for fit in (_remembered_fit, _fits):  # an annotation that can't be hashed isn't remembered
        try:
            return fit(output, needed)
        except TypeError:  # nor can one be asked about
            continue
    return True


def _fits(output: Any, needed: Any) -> bool:
    if table_types.unlike(output, needed):
        return False
    output, needed = _plain(output), _plain(needed)
    if output is needed or ANY in (output, needed) or needed is object or output is Never:
        return True
    if typing.get_origin(output) in _UNIONS:
        return any(compatible(part, needed) for part in typing.get_args(output))
    if typing.get_origin(needed) in _UNIONS:
        return any(compatible(output, part) for part in typing.get_args(needed))
    output_class = typing.get_origin(output) or output
    input_class = typing.get_origin(needed) or needed
    if not (isinstance(output_class, type) and isinstance(input_class, type)):
        return True
    if not _classes_meet(output_class, input_class):
        return False
    return _arguments_fit(output, needed, output_class, input_class)


_remembered_fit = lru_cache(maxsize=4096)(_fits)


def _plain(annotation: Any) -> Any:
    """See through names for types, `Literal` and what else hides a class."""
    annotation = bare(annotation)
    if typing.get_origin(annotation) is Literal:
        return union({type(value) for value in typing.get_args(annotation)})
    if isinstance(annotation, TypeVar):
        return ANY
    if is_typeddict(typing.get_origin(annotation) or annotation):
        return dict
    return annotation


def _classes_meet(output: type, needed: type) -> bool:
    if _is_protocol(output) or _is_protocol(needed):
        return True
    if issubclass(output, needed) or issubclass(needed, output):
        return True
    return issubclass(output, _NUMBERS.get(needed, ()))


def _arguments_fit(output: Any, needed: Any, output_class: type, input_class: type) -> bool:
    mine, theirs = typing.get_args(output), typing.get_args(needed)
    if input_class is Sequence and theirs and issubclass(output_class, Sequence):
        return output_class not in (str, bytes) and compatible(item_of(output), theirs[0])
    if output_class is not input_class or not mine or not theirs:
        return True
    if output_class is tuple:
        return _tuples_fit(mine, theirs)
    return len(mine) != len(theirs) or all(map(compatible, mine, theirs))


def _tuples_fit(mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> bool:
    if Ellipsis in mine or Ellipsis in theirs:
        parts = [part for part in (*mine, *theirs) if part is not Ellipsis]
        return not parts or all(compatible(mine[0], part) for part in theirs if part is not ...)
    return len(mine) == len(theirs) and all(map(compatible, mine, theirs))


def union(parts: Iterable[Any]) -> Any:
    """Types ⟶ their union; `Any` if one is unknown, `Never` if there are none."""
    members: list[Any] = []
    for part in parts:
        if part is ANY:
            return ANY
        if part is not Never and part not in members:
            members.append(part)
    if not members:
        return Never
    if len(members) == 1:
        return members[0]
    try:
        union_type: Any = Union[tuple(members)]  # noqa: UP007 (built at run time)
    except TypeError:  # an annotation that can't be hashed
        return ANY
    return ANY if len(typing.get_args(union_type)) > MAX_PARTS else union_type


def meet(parts: Iterable[Any]) -> Any:
    """Types ⟶ the narrowest of those that one value must have; `Any` if nothing is asked."""
    narrowest: Any = ANY
    for part in parts:
        open_ = narrowest is ANY or narrowest is object
        if part is ANY:
            continue
        if part is object:
            narrowest = object if narrowest is ANY else narrowest
        elif open_ or _narrower(part, narrowest):
            narrowest = part
    return narrowest


def _narrower(part: Any, other: Any) -> bool:
    return isinstance(part, type) and isinstance(other, type) and issubclass(part, other)


def tuple_of(parts: Iterable[Any]) -> Any:
    """Types ⟶ `tuple[…]` of them."""
    return types.GenericAlias(tuple, tuple(map(_bounded, parts)))


def list_of(part: Any) -> Any:
    """Type ⟶ `list[…]` of it."""
    return types.GenericAlias(list, (_bounded(part),))


def result_of(part: Any) -> Any:
    """Type ⟶ `Result[…, Fault]` of it."""
    from returns.result import Result  # 20 ms that only workflows with faults as data need

    return types.GenericAlias(Result, (_bounded(part), Fault))


def value_of(annotation: Any) -> Any:
    """`Result[A, Fault]` ⟶ A; `Any` where it isn't known."""
    arguments = typing.get_args(annotation)
    return arguments[0] if len(arguments) == 2 and arguments[1] == Fault else ANY


def sequence_of(part: Any) -> Any:
    """Type ⟶ `Sequence[…]` of it."""
    return types.GenericAlias(Sequence, (_bounded(part),))


def _bounded(part: Any) -> Any:
    """The type, or `Any` where it nests so deep that comparing it would cost more than it tells."""
    inner, depth = [(part, 1)], 0
    while inner := _arguments(inner):
        depth += 1
        if depth >= MAX_DEPTH or sum(times for _, times in inner) > MAX_PARTS:
            return ANY
    return part


def _arguments(kinds: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """Types and how often they occur ⟶ the same of their arguments, each object once."""
    by_id: dict[int, Any] = {}
    counts = Counter[int]()
    for kind, times in kinds:
        arguments = () if type(kind) is type else typing.get_args(kind)
        by_id.update(zip(map(id, arguments), arguments, strict=True))
        for each, n in Counter(map(id, arguments)).items():
            counts[each] += n * times
        if len(by_id) > MAX_PARTS:
            break
    return [(by_id[each], times) for each, times in counts.items()]


def item_of(annotation: Any) -> Any:
    """`list[A]` ⟶ A; `Any` where it isn't known, as of a named tuple, whose items are fields."""
    annotation = bare(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    is_sequence = isinstance(origin, type) and issubclass(origin, Sequence)
    is_sequence = is_sequence and not _is_named_tuple(annotation)
    return arguments[0] if is_sequence and len(set(arguments) - {...}) == 1 else ANY


def _is_named_tuple(cls: Any) -> bool:
    return hasattr(cls, "_fields")


def length_of(annotation: Any) -> int | None:
    """`tuple[A, B]` ⟶ 2; None for what isn't a tuple of so many items."""
    annotation = bare(annotation)
    if not isinstance(annotation, types.GenericAlias) or annotation.__origin__ is not tuple:
        return None
    arguments = annotation.__args__
    opens = any(each is ... or typing.get_origin(each) is typing.Unpack for each in arguments)
    opens = opens or any(getattr(each, "__unpacked__", False) for each in arguments)
    return None if opens else len(arguments)


def fields_of(annotation: Any) -> dict[str, Any] | None:
    """Type ⟶ its declared fields, or None if the type doesn't declare them all.

    Dataclasses, named tuples, typed dictionaries and protocols declare them.
    """
    cls = typing.get_origin(bare(annotation)) or bare(annotation)
    if not isinstance(cls, type) or not _declares_fields(cls) or hasattr(cls, "__getattr__"):
        return None
    shape = shape_of(annotation)
    hints = {each.name: each.type for each in shape or ()}
    if is_typeddict(cls):
        return hints
    hints = {**hints_of(cls)[0], **hints}
    return {**{name: ANY for name in dir(cls) if not name.startswith("__")}, **hints}


def _declares_fields(cls: Any) -> bool:
    return is_dataclass(cls) or is_typeddict(cls) or _is_named_tuple(cls) or _is_protocol(cls)


def _is_protocol(cls: Any) -> bool:
    return bool(getattr(cls, "_is_protocol", False))


def name_of(annotation: Any) -> str:
    """Type ⟶ its short name, as a reader would write it: `tuple[Orders, list[int]]`."""
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is ANY:
        return "Any"
    if annotation is Ellipsis:
        return "..."
    if annotation is Fault:
        return "Fault"
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in _UNIONS:
        return " | ".join(map(name_of, arguments))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is Annotated:
        return name_of(arguments[0])
    if origin is not None and arguments:
        return f"{name_of(origin)}[{', '.join(map(name_of, arguments))}]"
    if isinstance(annotation, list):
        return f"[{', '.join(map(name_of, cast(Any, annotation)))}]"
    return str(getattr(annotation, "__qualname__", annotation)).rpartition("<locals>.")[2]


def full_name_of(annotation: Any) -> str:
    """Type ⟶ its name and, where that is a name for another type, that one: `Day (date)`."""
    name, meant = name_of(annotation), name_of(bare(annotation))
    return name if meant in (name, "Any") else f"{name} ({meant})"
