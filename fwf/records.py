"""`@record`: frozen, slotted classes of fields that cost next to nothing to define.

`dataclass(frozen=True, slots=True)` compiles up to eight methods when a class is defined, half a
millisecond each time: for fifty classes, half of what `import fwf` may take. Records share one
function for each method, and compile only `__init__`, when the first instance is made. Type
checkers take them for dataclasses (PEP 681).
"""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast, dataclass_transform, final

from fwf.annotations import annotations
from fwf.secrets import masked

T = TypeVar("T")
_OF_THE_FIRST_CLASS = frozenset({"__dict__", "__weakref__", "__slots__"})


@dataclass_transform(frozen_default=True, eq_default=True)
def record(
    *,
    eq: bool = True,
    repr: bool = True,
    hidden: tuple[str, ...] = (),
    derived: tuple[str, ...] = (),
) -> Callable[[type[T]], type[T]]:
    """Class with annotated fields ⟶ the frozen, slotted class of these fields.

    eq, repr: whether `==` and `hash`, or `repr`, go by the fields; else the class or its base
        says, and how it is pickled too.
    hidden: fields that `==`, `hash` and `repr` leave out.
    derived: further slots, which `__post_init__` fills from the fields.
    """

    def make(cls: type[T]) -> type[T]:
        names = tuple(annotations(cls))
        body = {key: value for key, value in vars(cls).items() if key not in _OF_THE_FIRST_CLASS}
        defaults = {name: body.pop(name) for name in names if name in body}
        body |= {
            "__slots__": (*names, *derived),
            "__match_args__": names,
            "__init__": _first_init,
            "__setattr__": _refuse,
            "__delattr__": _refuse,
            "__qualname__": cls.__qualname__,
            "__signature__": _SIGNATURE,
            "_defaults": defaults,
            "_seen": tuple(name for name in names if name not in hidden),
        }
        if eq:
            body |= {"__eq__": _equal, "__hash__": _hash}
            body.setdefault("__reduce__", _reduce)
        if repr:
            body["__repr__"] = _repr
        metaclass = cast(Any, type(cls))
        return cast(type[T], metaclass(cls.__name__, cls.__bases__, body))

    return make


def changed(this: T, **changes: Any) -> T:
    """Record, new field values ⟶ the same record with these."""
    names: tuple[str, ...] = cast(Any, this).__match_args__
    values = [changes.pop(name, getattr(this, name)) for name in names]
    return type(this)(*values, **changes)


def ready(*classes: type) -> None:
    """Records ⟶ nothing: compile each one's `__init__` now, where the first instance may not."""
    for cls in classes:
        if vars(cls).get("__init__") is _first_init:
            _compile(cls)


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    _compile(cast(Any, type(self)))
    self.__init__(*args, **kwargs)


def _compile(cls: Any) -> None:
    """Give a class its own `__init__`, which assigns through the slots' descriptors."""
    names: tuple[str, ...] = cls.__match_args__
    scope: dict[str, Any] = {f"set_{name}": cls.__dict__[name].__set__ for name in names}
    scope |= {f"default_{name}": value for name, value in cls._defaults.items()}
    parameters = [f"{name}=default_{name}" if name in cls._defaults else name for name in names]
    lines = [f"set_{name}(self, {name})" for name in names]
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    source = f"def __init__(self, {', '.join(parameters)}):\n  " + "\n  ".join(lines or ["pass"])
    exec(compile(source, f"<record {cls.__qualname__}>", "exec"), scope)  # noqa: S102 (own text)
    cls.__init__ = scope["__init__"]


@final
class _Signature:
    """The signature of a record's class, made when somebody asks for it: `help` does."""

    def __get__(self, this: object, cls: Any) -> Any:
        if this is not None or "__signature__" not in vars(cls):
            raise AttributeError("__signature__")
        from inspect import Parameter, Signature

        hints = annotations(cls)
        return Signature(
            [
                Parameter(
                    name,
                    Parameter.POSITIONAL_OR_KEYWORD,
                    default=cls._defaults.get(name, Parameter.empty),
                    annotation=hints.get(name, Parameter.empty),
                )
                for name in cls.__match_args__
            ]
        )


_SIGNATURE = _Signature()


def _refuse(self: Any, name: str, value: object = None) -> NoReturn:
    raise AttributeError(f"{type(self).__qualname__} is immutable: {name!r} can't be changed")


def _values(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self._seen])


def _equal(self: Any, other: Any) -> Any:
    if self is other:
        return True
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash((cast(Any, type(self)), _values(self)))


def _repr(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._seen)
    return masked(f"{type(self).__qualname__}({fields})")


def _reduce(self: Any) -> tuple[Any, ...]:
    return cast(Any, type(self)), tuple(getattr(self, name) for name in self.__match_args__)
