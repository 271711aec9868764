"""What an extension has in its fields: workflows, expressions, schedules and plain data."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from fwf.algebra.builder import It
from fwf.algebra.checked_fields import checked_name
from fwf.algebra.expr import Expr
from fwf.algebra.plain_values import freeze, source
from fwf.algebra.schedule import Schedule
from fwf.algebra.workflow import AnyWorkflow, Workflow


class Arm(NamedTuple):
    """A part of an extension as people see it: in trees and pictures, in paths.

    label: what is said in front of it: `then`, `on failure`.
    segment: what its paths begin with, as `poll > file_there`; by default the extension's word.
        With none, "", it stands where the extension does, as what is in a retry; unless it is done
        several times.
    tag: what tells its paths from those of the other parts, as `switch['eu'] > load`.
    stands: the part of the meaning that it is, if that isn't `node` itself.
    lasts: for how long what it gave counts, where a run is kept and gone on with by another
        process: as long as the "run"; for the "try" that it was done in, as what a finaliser does;
        or as a "loan", until a finaliser of the extension gives it back.
    """

    node: AnyWorkflow
    label: str = ""
    segment: str | None = None
    tag: str = ""
    stands: AnyWorkflow | None = None
    lasts: Literal["run", "try", "loan"] = "run"


Shape: TypeAlias = Literal["steps", "choice", "aside"]
"""How the parts of an extension stand to one another: each after those that it feeds on, one of
them, or the first and, when it has failed, the others."""


def call(word: str, *parts: object, **options: object) -> list[Any]:
    """`poll(file_there, …)` as pieces of source: texts, and workflows where theirs goes.

    A text in `parts` is source already. Of what has a name, a text is source too; None is left out.
    """
    arguments: list[list[Any]] = [[part] for part in parts]
    for name, value in options.items():
        if value is not None:
            arguments.append([f"{name}=", value])
    return [f"{word}(", *joined(arguments), ")"]


def joined(arguments: Iterable[list[Any]]) -> list[Any]:
    """Arguments in pieces ⟶ the pieces with commas between."""
    pieces: list[Any] = []
    for argument in arguments:
        pieces.extend([", ", *argument] if pieces else argument)
    return pieces


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
    if cls.word:
        checked_name(cls.word, f"{cls.__qualname__}.word")


def workflows_in(value: Any) -> tuple[AnyWorkflow, ...]:
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


def plain_fields(node: Any) -> tuple[str, ...]:
    """An extension's fields of plain data, as keyword arguments for people."""
    from fwf.display.heads import keywords  # which knows all nodes

    plain = bool | int | float | str | timedelta
    fields = {name: getattr(node, name) for name in field_names(type(node))}
    return tuple(keywords({name: each for name, each in fields.items() if isinstance(each, plain)}))


def call_of_class(node: Any) -> list[Any]:
    """The source of a call of an extension's class on its fields, in pieces."""
    cls = cast(Any, type(node))
    fields = {name: getattr(node, name) for name in field_names(cls)}
    pieces = {name: as_piece(each) for name, each in fields.items()}
    return call(cls.__name__, **pieces)


def as_piece(value: Any) -> Any:
    """A field as a piece of source: a workflow as it is, but for an expression; else a text."""
    from fwf.algebra.nodes import Pure  # which extensions are among

    whole = isinstance(value, Workflow) and not isinstance(value, Pure)
    return cast(Any, value) if whole else field_source(value)


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
