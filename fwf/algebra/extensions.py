"""What an extension has in its fields: workflows, expressions, schedules and plain data."""

from typing import Any, cast

from fwf.algebra.builder import It
from fwf.algebra.expr import Expr
from fwf.algebra.schedule import Schedule
from fwf.algebra.values import freeze
from fwf.algebra.workflow import Workflow


def field_names(cls: Any) -> tuple[str, ...]:
    """Class of an extension ⟶ the fields that it is called with, by name."""
    fields = getattr(cls, "__dataclass_fields__", None)
    if fields is None:
        return getattr(cls, "__match_args__", ())
    own = [each for each in fields.values() if each.init and each._field_type.name == "_FIELD"]
    return tuple(each.name for each in own)


def workflows_in(value: Any) -> tuple[Workflow[Any, Any], ...]:
    """A field ⟶ the workflows that it is or, as a tuple, has."""
    several: tuple[Any, ...] = cast(Any, value) if type(value) is tuple else (value,)
    is_flow = bool(several) and all(isinstance(each, Workflow) for each in several)
    return several if is_flow else ()


def check_fields(node: Any) -> None:
    """Raise `TypeError` for a field that can't be compared, printed and written down."""
    for name in field_names(type(node)):
        value = getattr(node, name)
        if not (workflows_in(value) or isinstance(value, It | Expr | Schedule)):
            frozen(value, f"{type(node).__qualname__}({name}=…)")


def frozen(value: object, where: str) -> object:
    """A field of plain data, frozen; raises `TypeError` for what is something else."""
    try:
        return freeze(value)
    except TypeError as error:
        raise TypeError(
            f"{where}: {error}; in an extension, also workflows and tuples of them, expressions "
            "(of a function, apply(f)) and schedules"
        ) from None
