"""What resolves the names in a plan: a registry, or nothing, so that stand-ins take their place."""

from collections.abc import Callable
from typing import Any, Final, Protocol

from fwf.algebra.extensions import field_names
from fwf.algebra.functions import place_of
from fwf.algebra.nodes import Extension, Task
from fwf.derived import CLASSES
from fwf.forms import known_names as forms

WORDS: Final = {place_of(cls): cls for cls in CLASSES}
"""Extensions that every plan may have, whatever its registry knows."""


class Names(forms.Names, Protocol):
    """What is recorded ⟶ what it stands for; each raises `LookupError` where nothing is known."""

    def task(self, entry: Task[Any, Any], /) -> Task[Any, Any]: ...
    def function(self, place: str, /) -> Callable[[Any], Any]: ...
    def type(self, name: str, /) -> Any: ...
    def extension(self, entry: Extension[Any, Any], /) -> Extension[Any, Any]: ...


def build_extension(
    cls: type[Extension[Any, Any]], entry: Extension[Any, Any]
) -> Extension[Any, Any]:
    """A class, called on the fields of what a plan says of it; raises if that means another."""
    names = field_names(type(entry))
    place = place_of(cls)
    try:
        extension: Extension[Any, Any] = cls(**{name: getattr(entry, name) for name in names})
        same = extension == entry
    except Exception as error:  # whatever somebody's class raises
        raise LookupError(f"{place} raises {type(error).__qualname__}: {error}") from error
    if not same:
        raise LookupError(
            f"{place} has come to mean something else than in the plan: write the plan anew"
        )
    return extension
