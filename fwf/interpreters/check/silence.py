"""Which rules are silent in which part of a workflow: `named("load", w, silence="dropped-value")`.

The note of a name is for people and changes no meaning; this one says that somebody has looked.
It holds for all that is in the part, and for wrappers right around it, whose path is the same.
"""

from collections.abc import Collection, Iterator
from typing import Any, cast

from pyrsistent import PSet, PVector

from fwf.algebra.paths import SEPARATOR
from fwf.faults import Issue, near
from fwf.interpreters.check.subject import SILENCE, NodePlace, Subject, silences


def silent_paths(subject: Subject) -> dict[str, set[str]]:
    """The rules that are silenced, and the paths of the parts in which they are."""
    paths: dict[str, set[str]] = {}
    for here, rule in _silences(subject):
        if isinstance(rule, str):
            path = "" if here.node is subject.root else subject.path(here)
            paths.setdefault(rule, set()).add(path)
    return paths


def is_silent(issue: Issue, paths: Collection[str]) -> bool:
    """Whether an issue is in one of these parts."""
    path = issue.path
    return any(not each or path == each or path.startswith(each + SEPARATOR) for each in paths)


def unknown_rule(subject: Subject, rules: Collection[str]) -> Iterator[Issue]:
    """A name silences a rule that there is not."""
    listed = ", ".join(rules)
    for here, rule in _silences(subject):
        if rule not in rules:
            close = near(rule, rules) if isinstance(rule, str) else ""
            yield Issue(
                subject.path(here),
                "unknown-rule",
                f"silence={rule!r}: there is no such rule{close or f'; rules are {listed}'}",
                "warning",
            )


def _silences(subject: Subject) -> Iterator[tuple[NodePlace, object]]:
    for here in subject.places:
        if silences(here.node):
            note: object = cast(Any, here.node).notes[SILENCE]
            several = isinstance(note, PVector | PSet | tuple)
            for rule in cast("Collection[object]", note) if several else (note,):
                yield here, rule
