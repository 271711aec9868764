"""What an extension has in its fields: workflows, expressions, schedules and plain data."""

from typing import Any, cast

from fwf.algebra.builder import It
from fwf.algebra.expr import Expr
from fwf.algebra.schedule import Schedule
from fwf.algebra.values import freeze, source
from fwf.algebra.workflow import Workflow


def field_names(cls: Any) -> tuple[str, ...]:
    """Class of an extension ⟶ the fields that it is called with, by name."""
    fields = getattr(cls, "__dataclass_fields__", None)
    if fields is None:
        return getattr(cls, "__match_args__", ())
    own = [each for each in fields.values() if each.init and each._field_type.name == "_FIELD"]
    return tuple(each.name for each in own)


def check_class(cls: Any) -> None:
    """Raise `TypeError` for a class whose fields aren't known, or that compares by itself."""
    base = cast(Any, Workflow)
    is_record = hasattr(cls, "__dataclass_fields__") or hasattr(cls, "__match_args__")
    if not is_record or cls.__eq__ is not base.__eq__ or cls.__repr__ is not base.__repr__:
        raise TypeError(
            f"{cls.__qualname__}: an extension compares and prints as every workflow does: "
            "write @dataclass(frozen=True, slots=True, eq=False, repr=False)"
        )


def workflows_in(value: Any) -> tuple[Workflow[Any, Any], ...]:
    """A field ⟶ the workflows that it is or, as a tuple, has."""
    several: tuple[Any, ...] = cast(Any, value) if type(value) is tuple else (value,)
    is_flow = bool(several) and all(isinstance(each, Workflow) for each in several)
    return several if is_flow else ()


def check_fields(node: Any) -> None:
    """Raise `TypeError` for a field that can't be compared, printed and written down."""
    for name in field_names(type(node)):
        value = getattr(node, name)
        if not _prints_itself(value):
            frozen(value, f"{type(node).__qualname__}({name}=…)")


def field_source(value: Any) -> str:
    """A field ⟶ the source that makes it."""
    return repr(value) if _prints_itself(value) else source(freeze(value))


def _prints_itself(value: Any) -> bool:
    return bool(workflows_in(value)) or isinstance(value, It | Expr | Schedule)


def frozen(value: object, where: str) -> object:
    """A field of plain data, frozen; raises `TypeError` for what is something else."""
    try:
        return freeze(value)
    except TypeError as error:
        raise TypeError(
            f"{where}: {error}; in an extension, also workflows and tuples of them, expressions "
            "(of a function, apply(f)) and schedules"
        ) from None
