"""What resolves the names in a plan: a registry, or nothing, so that stand-ins take their place."""

from collections.abc import Callable
from datetime import timedelta, tzinfo
from typing import Any, Final, Protocol, TypeVar

from fwf.algebra.extensions import field_names
from fwf.algebra.functions import place_of
from fwf.algebra.nodes import Extension, Task
from fwf.algebra.values import Coded, Member
from fwf.derived import CLASSES
from fwf.interpreters.plan.refusal import Refused

R = TypeVar("R")
WORDS: Final = {place_of(cls): cls for cls in CLASSES}
"""Extensions that every plan may have, whatever its registry knows."""


class Names(Protocol):
    """What is recorded ⟶ what it stands for; each raises `LookupError` where nothing is known."""

    def task(self, recorded: Task[Any, Any]) -> Task[Any, Any]: ...
    def function(self, place: str) -> Callable[[Any], Any]: ...
    def type(self, name: str) -> Any: ...
    def member(self, recorded: Member) -> object: ...
    def coded(self, recorded: Coded) -> object: ...
    def zone(self, key: str, offset: timedelta | None) -> tzinfo: ...
    def extension(self, recorded: Extension[Any, Any]) -> Extension[Any, Any]: ...


def resolved(find: Callable[..., R], at: str, *recorded: Any) -> R:
    """What a name stands for; raises `Refused`, with the place, where nothing is known."""
    try:
        return find(*recorded)
    except LookupError as error:
        raise Refused(at, str(error.args[0])) from None


def made_of(cls: type[Extension[Any, Any]], recorded: Extension[Any, Any]) -> Extension[Any, Any]:
    """A class, called on the fields of what a plan says of it; raises if that means another."""
    names = field_names(type(recorded))
    place = place_of(cls)
    try:
        made: Extension[Any, Any] = cls(**{name: getattr(recorded, name) for name in names})
        same = made == recorded
    except Exception as error:  # whatever somebody's class raises
        raise LookupError(f"{place} raises {type(error).__qualname__}: {error}") from error
    if not same:
        raise LookupError(
            f"{place} has come to mean something else than in the plan: write the plan anew"
        )
    return made
