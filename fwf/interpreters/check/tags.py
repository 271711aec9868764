"""Rules about error tags: an `on=` that names no error, but nearly one that there is."""

import builtins
import sys
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from types import ModuleType
from typing import Any, Final, cast

from fwf.algebra.nodes import Fail, Fallback, Node, Retry
from fwf.algebra.subexpressions import error_tags
from fwf.faults import TAGS, Issue, exception_class, tag_of, tags_of_class
from fwf.interpreters.check.subject import Subject

NEAR = 0.85
"""How alike a tag and a known one must be: one letter of seven wrong, or two swapped.

Tags are made up freely, so only what is nearly the same counts as a slip.
"""


def misspelt_tag(subject: Subject) -> Iterator[Issue]:
    """A filter names an error that nothing fails with, and that is nearly one that is known."""
    filters = [(here, tags) for here in subject.places if (tags := _tags_asked_for(here.node))]
    declared = {here.node.tag for here in subject.places if isinstance(here.node, Fail)}
    here_and_built_in = {*TAGS, *declared, *_tags_in([builtins])}
    known_tags: set[str] | None = None
    for here, tags in filters:
        for tag in tags:
            if tag in here_and_built_in:
                continue
            if known_tags is None:  # only what is unknown so far is worth the search
                known_tags = {*here_and_built_in, *_tags_in(_modules(subject))}
            meant = None if tag in known_tags else _nearest_tag(tag, known_tags)
            if meant is not None:
                word = subject.word(here, _WORDS.get(type(here.node), "failed"))
                yield Issue(
                    subject.path(here),
                    "misspelt-tag",
                    f"{word}(on={tag!r}): no error has this tag; did you mean {meant!r}?",
                )


_WORDS: Final[dict[type, str]] = {Retry: "retry", Fallback: "fallback"}


def _tags_asked_for(node: Node) -> tuple[str, ...]:
    """The tags that a node asks failures for: in its own filter, or in its expressions."""
    return node.on if isinstance(node, Retry | Fallback) else tuple(error_tags(node))


def _nearest_tag(tag: str, tags: set[str]) -> str | None:
    """The known tag that an unknown one stands for; None if it is near to none.

    That of a class which it names by another name, one that it names without the module, or one
    that is spelt alike.
    """
    cls = exception_class(tag)
    if cls is not None:
        return tag_of(cls) if tag_of(cls) != tag else None
    if "." not in tag:
        inside = [each for each in tags if each.rpartition(".")[2] == tag]
        if inside:
            return min(inside)
    near = [each for each in tags if each.count(".") == tag.count(".") and _alike(tag, each)]
    return min(near, key=lambda each: (-_ratio(tag, each), each), default=None)


def _alike(tag: str, other: str) -> bool:
    """Whether each part of two dotted names is nearly that of the other."""
    parts = zip(tag.split("."), other.split("."), strict=True)
    return all(_ratio(one, two) >= NEAR for one, two in parts)


def _ratio(one: str, other: str) -> float:
    """From 0 to 1, how alike two words are; case is no difference."""
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def _modules(subject: Subject) -> Iterator[ModuleType]:
    """The modules that tasks are defined in, those that they import, and import from."""
    names: dict[str, None] = {}
    for _, task in subject.tasks():
        home: dict[str, Any] = getattr(task.fn, "__globals__", {})
        names[str(home.get("__name__"))] = None
        for value in list(home.values()):
            kind = cast(Any, type(value))
            if issubclass(kind, ModuleType):
                names[_own_text(value, "__name__")] = None
            elif issubclass(kind, type):
                names[_own_text(value, "__module__")] = None
    return (module for name in names if isinstance(module := sys.modules.get(name), ModuleType))


def _own_text(value: object, name: str) -> str:
    """An attribute from the `__dict__` of a module or a class, so that no property is called."""
    return str(vars(value).get(name))


def _tags_in(modules: Iterable[ModuleType]) -> Iterator[str]:
    """The tags of the exceptions that modules have, and of those that these are derived from."""
    for module in modules:
        for value in list(vars(module).values()):
            if issubclass(type(value), type) and issubclass(value, BaseException):
                yield from tags_of_class(value)
