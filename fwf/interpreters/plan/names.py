"""What resolves the names in a plan: a registry, or nothing, so that stand-ins take their place."""

from collections.abc import Callable
from datetime import timedelta, tzinfo
from typing import Any, Protocol, TypeVar

from fwf.algebra.nodes import Extension, Task
from fwf.algebra.values import Coded, Member
from fwf.interpreters.plan.refusal import Refused

R = TypeVar("R")


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
