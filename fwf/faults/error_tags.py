"""What names does a kind of error go by? Its tags: the qualified names of its class and bases."""

import builtins
import sys
from typing import Any

DEFECTS = frozenset(
    {
        "TypeError", "NameError", "AttributeError", "ImportError", "AssertionError",
        "fwf.faults.Permanent",
    }
)  # fmt: skip
"""Exceptions that mean the program is wrong, or say themselves that trying again can't help."""


def tags_of(error: BaseException) -> tuple[str, ...]:
    """Exception ⟶ its tags: the qualified names of its class and bases, and `Defect`."""
    return tags_of_class(type(error))


def tags_of_class(cls: type[BaseException]) -> tuple[str, ...]:
    """Exception class ⟶ the tags of its exceptions."""
    names = [tag_of(each) for each in cls.__mro__ if each is not object]
    if not DEFECTS.isdisjoint(names):
        names.append("Defect")
    return tuple(names)


def tag_of(cls: type) -> str:
    """Class ⟶ its tag: `module.QualName`, and `QualName` alone for built-ins."""
    module = cls.__module__
    if module == "__mp_main__":  # what `multiprocessing` calls the script in its processes
        module = "__main__"
    return cls.__qualname__ if module == "builtins" else f"{module}.{cls.__qualname__}"


def exception_class(tag: str) -> type[BaseException] | None:
    """The exception class that a tag names, if it is built in or its module is loaded.

    Only looked at for the names of its bases. Nothing is imported, and nothing is made of it.
    """
    module, _, name = tag.rpartition(".")
    value: Any = sys.modules.get(module) if module else builtins
    value = getattr(value, name, None)
    return value if isinstance(value, type) and issubclass(value, BaseException) else None


def tags_with_bases(tags: tuple[str, ...]) -> tuple[str, ...]:
    """A tag alone ⟶ with those of its class's bases, as a real error would carry them."""
    cls = exception_class(tags[0]) if len(tags) == 1 else None
    return tags if cls is None else tags_of_class(cls)
