"""How do objects of dataclasses, of named tuples, and paths stand in a definition?

An object of a dataclass or a named tuple is its class and the frozen values of its fields, and is
made anew from them. So it must be no more than these: what making it anew changes is refused, and
so is a field that its `repr` leaves out, because a workflow prints and writes down all that it
holds. A path stands for itself.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast, final

from pyrsistent import PMap, pmap

from fwf.algebra.functions import place_of
from fwf.records import record

PATH = "pathlib:Path"
"""What paths are called, whose classes and modules have other names elsewhere."""
_PATHS = {
    "PosixPath": "Path",
    "WindowsPath": "Path",
    "PurePosixPath": "PurePosixPath",
    "PureWindowsPath": "PureWindowsPath",
    "Path": "Path",
}
PATHS = frozenset(f"pathlib:{name}" for name in _PATHS.values())


@final
@record()
class Instance:
    """An object of a dataclass or a named tuple: its class, and its fields, frozen."""

    cls: Any
    fields: PMap[str, object]

    @property
    def place(self) -> str:
        """Where the class is defined, as `module:qualified.name`."""
        return place_of(self.cls)

    def names(self) -> tuple[str, ...]:
        """Its fields in the order of the class."""
        return arguments_of(self.cls)

    def rebuild(self, thaw: Callable[[object], Any]) -> Any:
        """The object anew."""
        return self.cls(**{name: thaw(self.fields[name]) for name in self.names()})


def is_path(cls: type) -> bool:
    """Whether a class is a path's, without importing `pathlib`."""
    return hasattr(cls, "as_posix") and any(
        base.__name__ == "PurePath" and base.__module__.partition(".")[0] == "pathlib"
        for base in cls.__mro__
    )


def path_place(cls: type) -> str:
    """The class of a path ⟶ what it is called on every machine; empty for somebody's own."""
    own = cls.__module__.partition(".")[0] == "pathlib" and cls.__name__ in _PATHS
    return f"pathlib:{_PATHS[cls.__name__]}" if own and is_path(cls) else ""


def path_source(path: Any) -> str:
    """Path ⟶ Python source that makes it, on any machine."""
    return f"{path_place(cast(Any, type(path))).removeprefix('pathlib:')}({path.as_posix()!r})"


def is_instance_class(cls: Any) -> bool:
    """Whether a class itself, and none below it, is a dataclass or a named tuple."""
    own = cast("Mapping[str, Any]", vars(cls))
    if "__dataclass_fields__" in own:
        from fwf.algebra.workflow import Workflow  # which has values in it

        return not issubclass(cls, Workflow)
    return "_fields" in own and issubclass(cls, tuple)


def arguments_of(cls: Any) -> tuple[str, ...]:
    """Class ⟶ the fields that its objects are made from."""
    fields = getattr(cls, "__dataclass_fields__", None)
    if fields is None:
        return tuple(cls._fields)
    return tuple(name for name, each in fields.items() if each.init and _is_field(each))


def _is_field(field: Any) -> bool:
    return bool(field._field_type.name == "_FIELD")


@lru_cache(maxsize=256)
def own_codec(cls: Any) -> tuple[str, Callable[[Any], object], Callable[[Any], Any]] | None:
    """Class ⟶ what its objects are called where they are written down, as what, and made from it.

    None for a class whose objects are more than their fields, or a path.
    """
    path = path_place(cls)
    if path:
        return path, cls.as_posix, cls
    if not is_instance_class(cls):
        return None
    names = arguments_of(cls)

    def to_plain(value: Any) -> dict[str, Any]:
        return {name: getattr(value, name) for name in names}

    return place_of(cls), to_plain, lambda fields: cls(**fields)


def frozen(value: Any, freeze: Callable[[Any], object]) -> Instance:
    """Object ⟶ its class and its fields, frozen."""
    cls = cast(Any, type(value))
    names = arguments_of(cls)
    unset = [name for name in names if not hasattr(value, name)]
    if unset:
        raise TypeError(f"a {cls.__qualname__} whose {unset[0]!r} isn't set can't be made anew")
    return Instance(cls, pmap({name: freeze(getattr(value, name)) for name in names}))


def check(
    value: Any, instance: Instance, thaw: Callable[[object], Any], encode: Callable[[Any], bytes]
) -> None:
    """Raise `TypeError` for an object that is more than its class and its shown fields."""
    cls = cast(Any, type(value))
    fields: dict[str, Any] = getattr(cls, "__dataclass_fields__", {})
    for name in instance.names():
        if fields and not fields[name].repr:
            raise TypeError(
                f"{cls.__qualname__}.{name} is a field that its repr leaves out, and a workflow "
                "prints and writes down all that it holds: give the value when the workflow runs, "
                "or have the task take it as a Secret"
            )
    try:
        again = instance.rebuild(thaw)
    except Exception as error:  # whatever somebody's class raises
        raise TypeError(
            f"a {cls.__qualname__} can't be made anew from its fields, as a workflow makes it "
            f"({type(error).__name__}: {error}); {_REMEDY}"
        ) from None
    for name in fields or instance.names():
        if not fields or _is_field(fields[name]):
            _refuse_other(cls, name, encode(getattr(value, name)), encode(getattr(again, name)))


_REMEDY = "call fwf.register_codec for the class"


def _refuse_other(cls: Any, name: str, was: bytes, now: bytes) -> None:
    if was != now:
        raise TypeError(
            f"{cls.__qualname__}.{name} comes out otherwise when the object is made anew from its "
            f"fields, as a workflow makes it; {_REMEDY}"
        )
