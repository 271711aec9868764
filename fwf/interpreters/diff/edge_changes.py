"""What changed in the edges of a graph, its steps being paired already."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from fwf.algebra.nodes import Graph, Step
from fwf.interpreters.diff.alignment import Pair
from fwf.interpreters.diff.matches import Edit, Findings, Match
from fwf.interpreters.diff.part_words import listed, name_of, words_of
from fwf.printing import printable


def wiring(match: Match, pairs: Iterable[Pair]) -> Findings:
    """The edits of what steps feed on, what they wait for, and what the graph gives."""
    old = cast("Graph[Any, Any]", match.old.node)
    new = cast("Graph[Any, Any]", match.new.node)
    to = {mine: theirs for mine, theirs in pairs if mine is not None and theirs is not None}
    edits: Findings = []
    for at, place in to.items():
        for reason in _step_reasons(old, new, at, place, to):
            was = match.old.part(at, old.steps[at].body)
            now = match.new.part(place, new.steps[place].body)
            edits.append(Edit("changed", reason, match, was=was, now=now))
    for reason in _whole_reasons(old, new, to):
        edits.append(Edit("changed", reason, match, was=match.old, now=match.new))
    return edits


def _step_reasons(
    old: Graph[Any, Any], new: Graph[Any, Any], at: int, place: int, to: Mapping[int, int]
) -> list[str]:
    """What one step takes, and waits for, that it didn't."""
    mine, theirs = old.steps[at], new.steps[place]
    reasons = list[str]()
    if _places_now(mine.inputs, to) != list(theirs.inputs):
        reasons.append(f"takes {_names(new, theirs.inputs)}, was {_names(old, mine.inputs)}")
    if _places_now(mine.after, to) != list(theirs.after):
        reasons.append(f"waits for {_names(new, theirs.after)}, was {_names(old, mine.after)}")
    return reasons


def _places_now(places: Iterable[int], to: Mapping[int, int]) -> list[int | None]:
    return [place if place < 0 else to.get(place) for place in places]


def _whole_reasons(old: Graph[Any, Any], new: Graph[Any, Any], to: Mapping[int, int]) -> list[str]:
    """What the graph as a whole takes and gives that it didn't; or only the order of its steps."""
    reasons = list[str]()
    mine, theirs = _outputs(old), _outputs(new)
    several = isinstance(old.outputs, tuple), isinstance(new.outputs, tuple)
    if _places_now(mine, to) != list(theirs) or several[0] != several[1]:
        reasons.append(f"gives {_names(new, theirs)}, was {_names(old, mine)}")
    if old.arity != new.arity:
        reasons.append(f"takes {new.arity} inputs, was {old.arity}")
    if not reasons and list(to.values()) != sorted(to.values()):
        reasons.append("its steps are listed in another order")
    return reasons


def _outputs(graph: Graph[Any, Any]) -> tuple[int, ...]:
    return graph.outputs if isinstance(graph.outputs, tuple) else (graph.outputs,)


def _names(graph: Graph[Any, Any], places: tuple[int, ...]) -> str:
    return listed((_name(graph.steps, place) for place in places), len(places))


def _name(steps: tuple[Step, ...], place: int) -> str:
    if place < 0:
        return f"input {-place}"
    body = steps[place].body
    return printable(name_of(body) or words_of(body))
