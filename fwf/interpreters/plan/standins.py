"""What takes the place of things that only a plan's names are known of.

A workflow of stand-ins is equal to the one that was written down, because names are what
workflows are compared by. It can be shown, checked, compared and dry-run, but not run.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple, NoReturn, cast, final

from fwf.algebra.extensions import Arm
from fwf.algebra.nodes import Extension, Node, Task
from fwf.algebra.plain_values import Coded, Member
from fwf.algebra.workflow import AnyWorkflow
from fwf.forms.known_names import is_own, own_value
from fwf.records import record
from fwf.types.hints import ANY


class NamedType(NamedTuple):
    """A type of which only the name is known; it may fit any other.

    A tuple, because types of many parts are hashed again and again.
    """

    name: str

    def __str__(self) -> str:
        return self.name


def named_type(name: str) -> Any:
    """Name ⟶ what stands for the type."""
    return _WIRING.get(name) or NamedType(name)


_WIRING: dict[str, Any] = {"Any": ANY, "object": object, "None": type(None)}
"""Types that say how a task is wired, not what its data is."""


@final
class RecordedZone(tzinfo):
    """A time zone of which only its name, and its offset at one moment, are known."""

    def __init__(self, key: str, offset: timedelta | None) -> None:
        self.key = key
        self.offset = offset

    def utcoffset(self, dt: datetime | None, /) -> timedelta | None:
        return self.offset

    def dst(self, dt: datetime | None, /) -> None:
        return None

    def tzname(self, dt: datetime | None, /) -> str:
        return self.key

    def __reduce__(self) -> tuple[Any, ...]:
        return RecordedZone, (self.key, self.offset)

    def __repr__(self) -> str:
        return f"RecordedZone({self.key!r}, {self.offset!r})"


class RecordedExtension(Extension[Any, Any]):
    """An extension of which the name, the fields and the meaning are known."""

    __slots__ = ("_arms", "_field_values", "_recorded_meaning")
    _field_values: Mapping[str, Any]
    _recorded_meaning: Node
    _arms: tuple[Arm, ...]

    def desugar(self) -> AnyWorkflow:
        return self._recorded_meaning

    def arms(self) -> tuple[Arm, ...]:
        return self._arms or super().arms()

    def __getattr__(self, name: str) -> Any:
        if name not in self._field_values:
            raise AttributeError(name)
        return self._field_values[name]


def stand_in_extension(
    place: str,
    fields: Mapping[str, Any],
    meaning: Node,
    word: str = "",
    arms: tuple[Arm, ...] = (),
) -> Extension[Any, Any]:
    """Place of a class, fields, meaning, how people see it ⟶ what stands for the extension."""
    module, _, qualname = place.partition(":")
    body = {"__slots__": (), "__module__": module, "__qualname__": qualname}
    body |= {"__match_args__": tuple(fields), "word": word}
    cls = cast(Any, type(qualname.rpartition(".")[2], (RecordedExtension,), body))
    extension = cls.__new__(cls)
    for name, value in (("_field_values", fields), ("_recorded_meaning", meaning), ("_arms", arms)):
        object.__setattr__(extension, name, value)
    extension.__post_init__()
    return cast(Extension[Any, Any], extension)


def stand_in_function(module: str, qualname: str) -> Callable[..., Any]:
    """Where a function is defined ⟶ one of that name, which can't be called."""
    function: Callable[..., Any] = _raising(qualname)
    function.__code__ = _CODE
    function.__module__ = module
    function.__qualname__ = qualname
    function.__name__ = qualname.rpartition(".")[2]
    return function


def _raising(name: str) -> Any:
    def absent(*_: object, **__: object) -> NoReturn:
        raise NameError(
            f"of {name} the plan says only the name, so it can't be called: load the plan with "
            "the registry that has it, load(text, registry(…))"
        )

    return absent


_CODE = _raising("").__code__.replace(co_filename="<plan>", co_firstlineno=1)
"""Where messages say that a stand-in is defined."""


@final
@record()
class StandIns:
    """Resolves every name to what stands for it."""

    def task(self, entry: Task[Any, Any]) -> Task[Any, Any]:
        return entry

    def function(self, place: str) -> Callable[[Any], Any]:
        module, _, qualname = place.partition(":")
        return stand_in_function(module, qualname)

    def type(self, name: str) -> Any:
        return named_type(name)

    def member(self, entry: Member) -> object:
        return entry

    def coded(self, entry: Coded) -> object:
        return own_value(entry) if is_own(entry) else entry

    def zone(self, key: str, offset: timedelta | None) -> tzinfo:
        return RecordedZone(key, offset)

    def extension(self, entry: Extension[Any, Any]) -> Extension[Any, Any]:
        return entry
